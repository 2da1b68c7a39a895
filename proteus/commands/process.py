"""What the commands share: exit codes, how they begin, fail and end. Imports nothing heavy."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn, TextIO

from proteus import plugins
from proteus.configuration.locate import SEARCH_PATH
from proteus.errors import ConfigError, ResultsError, RunError, ViolationError

EXIT_DONE, EXIT_WRONG_INPUT, EXIT_VIOLATION, EXIT_STOPPED, EXIT_INTERRUPTED = 0, 2, 3, 4, 130

PARTS_STAY = "interrupted: finished parts stay in their folders; run the same command again"
CONFIG_DIR = "--config-dir"  # a further folder of configuration
_show_as_python = warnings.showwarning
_asked: list[int] = []  # signals that asked this process to stop
_SELDOM = 200_000  # objects between two collections


class Parser(argparse.ArgumentParser):
    """Say what is wrong in one sentence, as every entry point does.

    Parameters
        prog: how the command is called.
        description: what ``--help`` shows, line by line: the docstring of the command.
    """

    def __init__(self, prog: str, description: str | None = None) -> None:
        as_written = argparse.RawDescriptionHelpFormatter
        super().__init__(prog, description=description, formatter_class=as_written)

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError."""
        raise ConfigError(message)

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words of a command, of which none may be empty.

        Raises
            ConfigError: words that are not allowed.
        """
        chosen = self.parse_intermixed_args(words)  # options may stand among the words
        for action in self._actions:
            value = getattr(chosen, action.dest, None)
            if "" in (value if isinstance(value, list) else [value]):
                name = action.option_strings[0] if action.option_strings else action.metavar
                raise ConfigError(f"{name}= is not allowed: it must not be empty")
        return chosen


def process(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Be the process of a command: run it with the words after the program name, and exit.

    Libraries make hundreds of thousands of objects while they are loaded, and none of them is
    garbage: looking for some as often as Python does is a tenth of a short run.
    """
    gc.set_threshold(_SELDOM)
    _hear(_interrupt)
    warnings.showwarning = _show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ± shows a question mark
    try:
        words = _with_folders(sys.argv[1:])
    except ConfigError as error:
        say(f"error: {error}")
        sys.exit(EXIT_WRONG_INPUT)
    try:
        code = main(words)
        _hear(signal.SIG_IGN)  # the command has ended, and its code says how
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of stdout, as head, has seen enough
        _leave_stdout()
        sys.exit(EXIT_DONE)
    except OSError as error:
        if error.filename is not None:
            raise
        _leave_stdout()
        say(f"stopped: stdout cannot be written: {error.strerror}; what was saved is in its folder")
        sys.exit(EXIT_STOPPED)
    if code == EXIT_INTERRUPTED:
        # A person who asked twice does not wait for the blocks in flight; and Python ends by the
        # signal, with another code, if the interrupt met it in a text that a library compiled.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _with_folders(words: Sequence[str]) -> list[str]:
    """Take what is for every command and all its processes out of its words.

    That is ``--config-dir FOLDER``, and ``--verbose``.

    Raises
        ConfigError: no folder is named.
    """
    rest, folders = [], []
    left = iter(words)
    for word in left:
        name, is_given, value = word.partition("=")
        if word == "--verbose":
            os.environ[plugins.VERBOSE] = "1"
        elif name == CONFIG_DIR:
            folder = value if is_given else next(left, "")
            if folder.startswith("-") or not os.path.isdir(folder):
                raise ConfigError(f"{CONFIG_DIR}={folder} is not allowed: it must name a folder")
            folders.append(folder)
        else:
            rest.append(word)
    if folders:
        known = os.environ.get(SEARCH_PATH)
        os.environ[SEARCH_PATH] = os.pathsep.join([*folders, *([known] if known else [])])
    return rest


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int,
    file: TextIO | None = None, line: str | None = None,
) -> None:  # fmt: skip
    """Show what is left out of another package as a sentence, and anything else as Python does."""
    if issubclass(category, plugins.PluginWarning):
        say(f"warning: {message}")
    else:
        _show_as_python(message, category, filename, lineno, file, line)


def _hear(handler: Callable[[int, FrameType | None], NoReturn] | signal.Handlers) -> None:
    """Set what happens when a person, or a scheduler that ends a job, asks to stop."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Note that somebody has asked to stop, and raise KeyboardInterrupt."""
    _asked.append(number)
    raise KeyboardInterrupt


def _leave_stdout() -> None:
    """Write to nowhere from now on: Python flushes stdout once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def guarded(command: Callable[[], int], interrupted: str = "interrupted") -> int:
    """Run a command and return its exit code; what stops it is one sentence on stderr.

    Parameters
        command: does the work and returns an exit code.
        interrupted: what to say when a person stops it, unless the interrupt says more.
    """
    try:
        return command()
    except ViolationError as error:
        say(f"violation: {error}")
        return EXIT_VIOLATION
    except (ConfigError, ResultsError) as error:
        say(f"error: {error}")
        return EXIT_WRONG_INPUT
    except RunError as error:
        if error.__cause__ is not None and os.environ.get(plugins.VERBOSE):
            say(str(error.__cause__))
        say(f"stopped: {error}")
        return EXIT_STOPPED
    except KeyboardInterrupt as error:
        say(str(error) or interrupted)
        return EXIT_INTERRUPTED
    except Exception as error:
        if not _asked and plugins.is_of_plugin(error) and not os.environ.get(plugins.VERBOSE):
            say(f"stopped: {plugins.place_of(error)}; --verbose shows how it came there")
            return EXIT_STOPPED
        if not _asked:
            raise
        say(interrupted)  # a library has turned the interrupt into another error
        return EXIT_INTERRUPTED


def say(message: str) -> None:
    """Write a message to stderr; stdout is for results."""
    print(message, file=sys.stderr, flush=True)
