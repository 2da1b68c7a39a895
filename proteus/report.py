"""Report on sweeps: ``python -m proteus.report FOLDER [FOLDER ...]``.

Writes one page, in one file and without a network: the verdict first, then the primary endpoint,
curves, contrasts, frontiers, distributions, welfare, precision, parity, violations, provenance.

    python -m proteus.report outputs/x                     # outputs/x/report.html
    python -m proteus.report outputs/x --figures pdf       # also outputs/x/figures/*.pdf
    python -m proteus.report outputs/x --tables tex        # also outputs/x/tables/*.tex
    python -m proteus.report outputs/x outputs/y           # report.html in this folder

stdout names the page on its last line; errors go to stderr.

Exit codes: 0 done, 2 wrong input, 3 a lane was stopped: its cell is refused, the page is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proteus.commands.process import EXIT_DONE, EXIT_VIOLATION, Parser, guarded, process
from proteus.errors import ConfigError, ResultsError
from proteus.pages import FIGURES, REPORT

if TYPE_CHECKING:
    from proteus.pages.bundle import Bundle
    from proteus.pages.sections import Section

FORMATS = ("png", "pdf", "svg")
TABLES = ("csv", "md", "tex")


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    return guarded(lambda: _report(parser().read(arguments)))


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.report", __doc__)
    made.add_argument("folders", metavar="FOLDER", nargs="+", help="output folders of sweeps")
    made.add_argument("--output", metavar="FILE", help="the page; default FOLDER/report.html")
    made.add_argument(
        "--figures", metavar="F", help=f"also write figures as files: {', '.join(FORMATS)}"
    )
    made.add_argument(
        "--tables", metavar="F", help=f"also write tables as files: {', '.join(TABLES)}"
    )
    return made


def _report(chosen: argparse.Namespace) -> int:
    """Read the bundles, draw, write."""
    for flag, kind, kinds in (
        ("--figures", chosen.figures, FORMATS), ("--tables", chosen.tables, TABLES),
    ):  # fmt: skip
        if kind is not None and kind not in kinds:
            raise ConfigError(f"{flag}={kind} is not allowed: it must be one of {', '.join(kinds)}")
    folders = [Path(folder) for folder in chosen.folders]
    for folder in folders:
        if chosen.folders.count(str(folder)) > 1:
            raise ConfigError(f"FOLDER={folder} is given twice: every folder is one chapter")
    from proteus.basics.files import why_not_written
    from proteus.pages.bundle import read
    from proteus.pages.report import report_page
    from proteus.pages.sections import sections

    bundles = [read(folder) for folder in folders]
    target = Path(chosen.output) if chosen.output is not None else _default(folders)
    reason = why_not_written(target)  # before everything is drawn
    if reason:
        raise ConfigError(f"--output={target} cannot be written: {reason}")
    drawn = [sections(one) for one in bundles]
    written = _write_figures(bundles, drawn, target.parent, chosen.figures)
    written += _write_tables(bundles, target.parent, chosen.tables)
    _write(target, report_page(bundles, drawn))
    print(*written, target, sep="\n", flush=True)
    return EXIT_VIOLATION if any(one.violated for one in bundles) else EXIT_DONE


def _default(folders: Sequence[Path]) -> Path:
    """Return where the page goes: beside the results, or here where there are several."""
    if len(folders) > 1:
        return Path(REPORT)
    return (folders[0] if folders[0].is_dir() else folders[0].parent) / REPORT


def _write_figures(
    bundles: Sequence[Bundle], drawn: Sequence[list[Section]], folder: Path, kind: str | None
) -> list[Path]:
    """Write each figure as a file of its own."""
    from proteus.plots.style import save

    written = []
    for one, parts in zip(bundles, drawn, strict=True):
        into = folder / FIGURES / (one.name if len(bundles) > 1 else "")
        for each in [each for part in parts for each in part.drawn] if kind else ():
            path = into / f"{each.name}.{kind}"
            try:
                into.mkdir(parents=True, exist_ok=True)
                save(each.figure, path)
            except OSError as error:
                raise ResultsError(f"{path} cannot be written: {error.strerror}") from None
            written.append(path)
    return written


def _write_tables(bundles: Sequence[Bundle], folder: Path, kind: str | None) -> list[Path]:
    """Write the tables of each bundle."""
    if kind is None:
        return []
    from proteus.studies import paper

    written = []
    for one in bundles:
        into = folder / "tables" / (one.name if len(bundles) > 1 else "")
        written += paper.write(one.dataset, into, kind)
    return written


def _write(target: Path, page: str) -> None:
    from proteus.basics.files import whole

    try:
        with whole(target) as temporary:
            temporary.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{target} cannot be written: {error.strerror}") from None


if __name__ == "__main__":
    process(main)
