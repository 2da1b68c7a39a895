"""Stdout as a person sees it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_WITHOUT = (100, 50)  # columns and rows where stdout is no terminal, as in a file


def console() -> Console:
    """Return what prints to stdout, as wide and as high as the terminal."""
    from rich.console import Console

    columns, rows = shutil.get_terminal_size(_WITHOUT)
    return Console(width=columns, height=rows, highlight=False)
