"""Published results reproduced: ``python -m proteus.papers [NAME ...] [size=quick]``.

Without a name it lists the papers; ``all`` runs every one of them:

    python -m proteus.papers
    python -m proteus.papers budish farmer size=quick
    python -m proteus.papers all --pages docs/papers      # make papers

Prints the paper's numbers beside ours and writes a page for each into outputs/papers, or into the
folder of ``--pages``, whose last line names it. ``--rewrite FOLDER`` writes pages anew from the
numbers that are there, and runs nothing. Exit codes: 0 done, 1 a number differs and nothing
explains it, 2 wrong input.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from proteus.commands.process import EXIT_DONE, Parser, guarded, process, say
from proteus.errors import ConfigError, nearest

DIFFERS = 1
FOLDER = Path("outputs/papers")
_SIZE, _ALL = "size=", "all"


def main(words: Sequence[str]) -> int:
    """Run what is named, or list what there is."""
    return guarded(lambda: _papers(parser().read(words)))


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.papers", __doc__)
    made.add_argument("words", nargs="*", metavar="NAME", help="papers, all, size=quick|standard")
    made.add_argument("--pages", type=Path, metavar="FOLDER", help="write the pages there")
    made.add_argument("--rewrite", type=Path, metavar="FOLDER", help="pages from its numbers alone")
    return made


def _papers(asked: argparse.Namespace) -> int:
    from proteus.papers import page, table

    names, size = _read(asked.words)
    if asked.rewrite is not None:
        if names or asked.pages is not None:
            raise ConfigError("--rewrite is not allowed with papers or --pages: it runs nothing")
        page.write(table.read(asked.rewrite / table.NUMBERS), asked.rewrite)
        return EXIT_DONE
    if not names:
        print("\n".join(page.listed()))
        return EXIT_DONE
    folder = asked.pages or FOLDER
    _make(folder)
    found = table.read(folder / table.NUMBERS)
    surprising: list[str] = []
    for paper in table.PAPERS:
        if paper.name in names:
            say(f"{paper.name} ...")
            claims = table.run(paper, size)
            found.take(paper.name, size, claims)
            _show(paper.citation, page.COLUMNS, page.rows(claims))
            surprising += page.unexplained(claims)
            page.write(found, folder)
    print(folder)
    return DIFFERS if surprising else EXIT_DONE


def _read(words: Sequence[str]) -> tuple[set[str], str]:
    """Return the papers and the size that the words name.

    Raises
        ConfigError: a word is neither.
    """
    from proteus.papers.table import PAPERS, SIZES

    known = [paper.name for paper in PAPERS]
    names, size = set[str](), "standard"
    for word in words:
        if word.startswith(_SIZE):
            size = word.removeprefix(_SIZE)
            if size not in SIZES:
                raise ConfigError(f"{word} is not allowed: must be one of {', '.join(SIZES)}")
        elif word == _ALL:
            names |= {*known}
        elif word in known:
            names.add(word)
        else:
            raise ConfigError(f"unknown paper {word}{nearest(word, [*known, _ALL])}")
    return names, size


def _make(folder: Path) -> None:
    """Make a folder before the work that goes there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made: {error.strerror}") from None


def _show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title)
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*row)
    Console(width=150, highlight=False).print(shown)


if __name__ == "__main__":
    process(main)
