"""Where studies are written, how the newest is found, and how their commands end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from proteus.errors import ConfigError, ResultsError, RunError
from proteus.files import whole
from proteus.plan import Plan

OUTPUTS = "outputs"
EXIT_DONE, EXIT_WRONG_INPUT, EXIT_VIOLATION, EXIT_STOPPED, EXIT_INTERRUPTED = 0, 2, 3, 4, 130


def fresh(plan: Plan) -> Path:
    """Return outputs/<study>/<size>/<time>-<hash> for a plan, or its ``output_dir``."""
    settings = plan.settings
    if settings.output_dir is not None:
        return Path(settings.output_dir)
    name = f"{datetime.now():%Y-%m-%dT%H-%M-%S}-{plan.config_hash[:8]}"
    return Path(OUTPUTS) / str(settings.study) / str(settings.size) / name


def newest(study: str, size: str) -> Path | None:
    """Return the last folder that :func:`fresh` named for a study of a size and that was finished.

    A finished study has its report; what was interrupted has none.
    """
    folder = Path(OUTPUTS) / study / size
    found = sorted(path.parent for path in folder.glob("*/report.md"))
    return found[-1] if found else None


def check_empty(folder: Path) -> None:
    """Refuse a folder that holds files.

    Raises
        ConfigError: it does, or it is a file.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ConfigError(f"output_dir={folder} is not empty: choose another folder")


def write_text(path: Path, text: str) -> None:
    """Write a text whole.

    Raises
        ResultsError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as temporary:
            temporary.write_text(text)
    except OSError as error:
        raise ResultsError(f"{path.parent} cannot be written: {error.strerror}") from None


def say(message: str) -> None:
    """Write a message to stderr; stdout is for results."""
    print(message, file=sys.stderr, flush=True)


def guarded(command: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: wrong input is one sentence and exit code 2."""
    try:
        return command(arguments)
    except (ConfigError, ResultsError) as error:
        say(f"error: {error}")
        return EXIT_WRONG_INPUT
    except RunError as error:
        say(f"stopped: {error}")
        return EXIT_STOPPED
    except KeyboardInterrupt:
        say("interrupted: finished parts stay in their folders; run the same command again")
        return EXIT_INTERRUPTED
