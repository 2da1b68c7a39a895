"""``python -m proteus.validation [item ...] [--page FOLDER]``: the engine against closed forms.

Prints the table and, last, the file it wrote: ``outputs/validate/table.csv``. With ``--page`` also
writes ``validation.md`` and its figures into a folder. Progress goes to stderr. Exit codes: 0
everything agrees, 1 something differs, 2 unknown item.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from proteus.basics.versions import csv_text
from proteus.commands.process import Parser, guarded, process
from proteus.errors import ConfigError, nearest
from proteus.validation import page
from proteus.validation.items import ITEMS
from proteus.validation.table import DIFFERS, SHOWN, tabulate, written
from proteus.validation.trying import run

FOLDER = Path("outputs/validate")


def main(words: Sequence[str]) -> int:
    """Try what is named, or everything."""
    return guarded(lambda: _validate(words))


def _validate(words: Sequence[str]) -> int:
    parser = Parser("python -m proteus.validation")
    parser.add_argument(
        "names", nargs="*", metavar="item", help="as V6 or queue_wait; default: all"
    )
    parser.add_argument("--page", metavar="FOLDER", type=Path, help="write validation.md there")
    asked = parser.read(words)
    known = {item.code for item in ITEMS} | {item.name for item in ITEMS}
    for name in asked.names:
        if name not in known:
            raise ConfigError(f"unknown item {name}{nearest(name, known)}")
    for folder in (FOLDER, asked.page):
        if folder is not None:
            _make(folder)
    tried = run([
        place for place, item in enumerate(ITEMS)
        if not asked.names or {item.code, item.name} & set(asked.names)
    ])  # fmt: skip
    table = tabulate(tried)
    (FOLDER / "table.csv").write_text(csv_text(table), encoding="utf-8")
    if asked.page is not None:
        page.write(tried, asked.page)
    Console(width=150, highlight=False).print(_shown(table))
    print(FOLDER / "table.csv")
    return int((table.verdict == DIFFERS).any())


def _make(folder: Path) -> None:
    """Make a folder before the work that goes there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made: {error.strerror}") from None


def _shown(table: pd.DataFrame) -> Table:
    shown = Table(title="simulation against closed forms")
    for place, column in enumerate(SHOWN):
        shown.add_column(column, justify="right" if 4 <= place < 9 else "left")
    for row in written(table):
        shown.add_row(*row)
    return shown


if __name__ == "__main__":
    process(main)
