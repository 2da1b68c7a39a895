"""What the commands share: exit codes, and mistakes as one sentence. Imports nothing heavy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from proteus.errors import ConfigError, ResultsError

EXIT_DONE, EXIT_WRONG_INPUT, EXIT_VIOLATION = 0, 2, 3


class Parser(argparse.ArgumentParser):
    """Say what is wrong in one sentence, as every entry point does."""

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError."""
        raise ConfigError(message)


def guarded(command: Callable[[], int]) -> int:
    """Run a command and return its exit code; wrong input is one sentence on stderr.

    Parameters
        command: does the work and returns an exit code.
    """
    try:
        return command()
    except (ConfigError, ResultsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_WRONG_INPUT
