"""The one command: ``proteus COMMAND``, as ``proteus run``; ``proteus --help`` lists them.

    proteus run mechanism=fba delta=250        # python -m proteus.sweep mechanism=fba delta=250
    proteus COMMAND --help                     # what a command takes
    proteus --version
    eval "$(proteus --completion bash)"        # Tab completes commands, keys, options (also zsh)
    proteus --completion fish | source

Each command is a module of its own, and only that one is loaded. Exit codes are those of the
commands; 2 is wrong input.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from collections.abc import Iterable, Sequence

from proteus.basics.version import VERSION
from proteus.commands.process import EXIT_DONE, guarded, process
from proteus.configuration.locate import docs_folder
from proteus.errors import ConfigError, nearest

_COMMANDS = {
    "run": ("proteus.sweep", "simulate a grid of cells"),
    "compare": ("proteus.compare", "contrast two bundles or cells, paired by seed"),
    "report": ("proteus.report", "write the page of a sweep, verdict first"),
    "phases": ("proteus.phases", "run a phase of the programme, and judge it"),
    "calibrate": ("proteus.calibrate", "find a regime that makers survive in"),
    "equilibrium": ("proteus.equilibrium", "find the quotes at which makers earn nothing"),
    "ab": ("proteus.ab", "change rules, and see who gains and who pays"),
    "compete": ("proteus.compete", "let makers compete, and rank them"),
    "stress": ("proteus.stress.__main__", "run the stress pack over mechanisms and makers"),
    "whatif": ("proteus.whatif.__main__", "run recorded orders through other mechanisms"),
    "fit": ("proteus.fit.__main__", "fit a population to recorded orders"),
    "papers": ("proteus.papers.__main__", "reproduce published results"),
    "watch": ("proteus.watch", "show one recorded lane"),
    "trajectories": ("proteus.trajectories.__main__", "write data sets of episodes for learners"),
    "bench": ("proteus.bench.__main__", "measure speed and memory"),
}
_COMPLETION, _COMPLETE, _VERSION_FLAG = "--completion", "--complete", "--version"
_BASH = """_proteus() {
  local IFS=$'\\n'
  COMPREPLY=($(COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" proteus --complete 2>/dev/null))
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _proteus proteus
"""
_SCRIPTS = {
    "bash": _BASH,
    "zsh": "autoload -U +X bashcompinit && bashcompinit\n" + _BASH,
    "fish": "complete -c proteus -a '(env COMP_LINE=(commandline -cp) proteus --complete)'\n",
}


def entry() -> None:
    """Run the command line and leave the process with its exit code."""
    process(main)


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    return guarded(lambda: _dispatch(arguments))


def commands() -> dict[str, tuple[str, str]]:
    """Return the commands there are: name to module and what it does."""
    return {
        name: row for name, row in _COMMANDS.items() if importlib.util.find_spec(row[0]) is not None
    }


def _dispatch(arguments: Sequence[str]) -> int:
    known = commands()
    if not arguments:
        raise ConfigError(f"a command is missing: write proteus {'|'.join(known)}")
    first, *rest = arguments
    if first in ("--help", "-h"):
        print(__doc__)
        print("\n".join(f"  {name:<12} {what}" for name, (_, what) in known.items()))
        print(f"\nPages that texts name, as docs/metrics.md: {docs_folder()}")
        return EXIT_DONE
    if first == _VERSION_FLAG:
        print(VERSION)
        return EXIT_DONE
    if first == _COMPLETION:
        print(_script(rest), end="")
        return EXIT_DONE
    if first == _COMPLETE:
        print(*_choices(os.environ.get("COMP_LINE", "")), sep="\n")
        return EXIT_DONE
    if first not in known:
        raise ConfigError(f"command={first} does not exist{nearest(first, known)}")
    code: int = importlib.import_module(known[first][0]).main(rest)
    return code


def _script(words: Sequence[str]) -> str:
    """Return what a shell reads to complete the command."""
    shell = words[0] if words else ""
    if shell not in _SCRIPTS:
        raise ConfigError(f"{_COMPLETION}={shell} is not allowed: write {', '.join(_SCRIPTS)}")
    return _SCRIPTS[shell]


def _choices(line: str) -> list[str]:
    """List what the last word of a command line may become."""
    until = os.environ.get("COMP_POINT", "")
    _, *words = line[: int(until) if until.isdecimal() else None].split(" ")
    words = [word for word in words[:-1] if word] + words[-1:]
    if len(words) < 2:
        known: Iterable[str] = [*commands(), "--help", _VERSION_FLAG, _COMPLETION]
    elif words[0] == "run" and words[-1].startswith("-"):
        known = ["--help", "--resume", "--version"]
    elif words[0] in ("run", "calibrate") or (
        words[0] in ("equilibrium", "ab", "trajectories") and not words[-1].startswith("-")
    ):
        known = _keys(words[1:])
    else:
        known = _options(words[0])
    return [choice for choice in known if choice.startswith(words[-1] if words else "")]


def _options(command: str) -> list[str]:
    """List the options of a command that argparse reads; folders are left to the shell."""
    row = commands().get(command)
    module = importlib.import_module(row[0]) if row else None
    parser = getattr(module, "parser", None)
    actions = parser()._actions if parser else []
    return [option for action in actions for option in action.option_strings]


def _keys(words: Sequence[str]) -> list[str]:
    """List what the last word may become; most often without composing a configuration."""
    from proteus.configuration.completion import words_for

    known = words_for(words)
    return known if known is not None else _of_schema(words) or _of_hydra(words)


def _of_schema(words: Sequence[str]) -> list[str]:
    """Ask the schema, where the last word is a key and its values can be listed."""
    key, is_value, _ = words[-1].partition("=")
    if not is_value:
        return []
    from proteus.configuration.choices import words_for

    return words_for(key, words[:-1])


def _of_hydra(words: Sequence[str]) -> list[str]:
    """Ask Hydra, which knows the groups and keys of the configuration."""
    from contextlib import redirect_stdout
    from io import StringIO

    from proteus.configuration.locate import OF_AN_EXPERIMENT
    from proteus.sweep import main as sweep

    line = " ".join(["proteus", *words])
    os.environ.update(COMP_LINE=line, COMP_POINT=str(len(line)))
    answer = StringIO()
    with redirect_stdout(answer):
        sweep(["--shell-completion", "query=bash"])
    return [
        word for word in answer.getvalue().split()
        if re.split("[.=]", word)[0] not in OF_AN_EXPERIMENT
    ]  # fmt: skip


if __name__ == "__main__":
    entry()
