"""Compare two bundles or cells: ``python -m proteus.compare A B``, paired by seed.

A and B are output folders, each with a cell where it has several:

    python -m proteus.compare outputs/x:mechanism=clob outputs/x:mechanism=fba,delta=100
    python -m proteus.compare outputs/x outputs/y --metric price_rmse --csv rmse.csv
    python -m proteus.compare outputs/x --baseline clob

A is the baseline. Pairs that differ in more than the treatment are refused unless --allow names the
keys. stdout carries the table; --csv writes all columns into a file, which is then the last line.
Nothing else is written. Errors go to stderr.

Exit codes: 0 done, 2 wrong input.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proteus.commands.process import EXIT_DONE, Parser, guarded, process
from proteus.errors import ConfigError, ResultsError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_CELL = re.compile(r"^(?P<folder>.+?)(:(?P<labels>\w+=[^:/]*))?$")
_COLUMNS = ("variable", "estimand", "baseline", "family")  # some of those that compare writes


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    return guarded(lambda: _compare(parser().read(arguments)))


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.compare", __doc__)
    made.add_argument("a", metavar="A", help="FOLDER or FOLDER:key=value,..., the baseline")
    made.add_argument("b", metavar="B", nargs="?", help="the same; without it A's own cells")
    made.add_argument("--baseline", default=None, help="without B: the mechanism compared with")
    made.add_argument("--metric", action="append", metavar="NAME", help="only this variable")
    made.add_argument("--allow", action="append", metavar="KEY", default=[], help="may differ")
    made.add_argument("--csv", metavar="FILE", help="write all columns there; default: nowhere")
    return made


def _compare(chosen: argparse.Namespace) -> int:
    """Contrast, print and write."""
    from proteus.commands.terminal import console

    if chosen.csv is not None:
        _check_target(Path(chosen.csv))
    table, reasons = _two(chosen) if chosen.b is not None else _one(chosen)
    terminal = console()
    for _, rows in table.groupby([*_axes(table), "baseline"], sort=False, dropna=False):
        terminal.print(_shown(rows))
    for reason in dict.fromkeys(reasons):
        terminal.print(f"No verdict: {reason}.")
    if chosen.csv is not None:
        _write(table, Path(chosen.csv))
        print(chosen.csv, flush=True)
    return EXIT_DONE


def _one(chosen: argparse.Namespace) -> tuple[pd.DataFrame, list[str]]:
    """Compare the cells of one folder with a baseline mechanism; also why some give no verdict."""
    from proteus.analysis.contrasts import compare, exploratory, paired
    from proteus.results.dataset import load

    if chosen.allow:
        raise ConfigError("--allow is for two bundles: a sweep names its own in parity.exceptions")
    dataset, baseline = load(chosen.a), chosen.baseline or "clob"
    table = compare(dataset, baseline, metrics=chosen.metric)
    return table, [reason for pair in paired(dataset, baseline) if (reason := exploratory(pair))]


def _two(chosen: argparse.Namespace) -> tuple[pd.DataFrame, list[str]]:
    """Compare two cells after checking that only the treatment differs; also why no verdict."""
    from proteus.analysis.bundles import CODE, differences, open_cell, pair
    from proteus.analysis.contrasts import exploratory, tidy
    from proteus.analysis.endpoint import declared
    from proteus.analysis.measures import measures
    from proteus.plans import parity

    if chosen.baseline is not None:
        raise ConfigError(f"--baseline={chosen.baseline} is not allowed: A is the baseline of B")
    a, b = (open_cell(*_split(word)) for word in (chosen.a, chosen.b))
    if a.place == b.place:
        raise ConfigError(f"{chosen.a} and {chosen.b} are the same cell: choose another")
    parity.check_exceptions(
        "--allow", chosen.allow, (a.configuration, b.configuration), (CODE, "seeds")
    )
    unfair = parity.allowed(differences(a, b), chosen.allow)
    if unfair:
        raise ConfigError(
            f"{chosen.a} and {chosen.b} cannot be compared: they differ in {parity.words(unfair)}; "
            f"--allow KEY accepts a difference"
        )
    common = [measure for measure in measures(a.data, chosen.metric) if measure.variable in b.data]
    same_endpoint = declared(a.data) == declared(b.data)
    both = pair(a, b)
    table = tidy([both], common, declared(a.data) if same_endpoint else None)
    reason = exploratory(both)
    return table, [reason] if reason else []


def _split(word: str) -> tuple[Path, dict[str, str]]:
    """Split FOLDER:key=value,key=value."""
    found = _CELL.match(word)
    if found is None:
        raise ConfigError("a folder is missing: give FOLDER or FOLDER:key=value")
    labels = {}
    for part in (found["labels"] or "").split(",") if found["labels"] else ():
        key, sign, value = part.partition("=")
        if not sign:
            raise ConfigError(f"cannot read {part!r} in {word}: write FOLDER:key=value,key=value")
        labels[key] = value
    return Path(found["folder"]), labels


def _shown(table: pd.DataFrame) -> Table:
    """Lay out the columns that fit a terminal; the file has all."""
    from rich.table import Table

    from proteus.analysis import showing
    from proteus.analysis.summary import interval_text
    from proteus.results.coordinates import describe

    first = table.iloc[0]
    cell = describe({axis: first[axis] for axis in _axes(table)})
    title = f"{cell} - {first['baseline']}, paired by seed; ± half-width of the 95 % interval"
    grid = Table(title=title, title_justify="left", box=None, pad_edge=False)
    heads = (
        "variable", "units", "difference", "baseline", "p adjusted", "detectable", "pairing",
        "seeds",
    )  # fmt: skip
    for head in heads:
        grid.add_column(head, justify="left" if head in heads[:2] else "right", overflow="fold")
    for row in table.to_dict("records"):
        found = showing.shown(row["variable"], row["difference"], row["low"], row["high"])
        level = showing.sign(row["variable"]) * row["baseline_value"]
        numbers = (level, row["detectable"], row["variance_reduction"])
        baseline, detectable, pairing = (f"{number:.3g}" for number in numbers)
        p = row["note"] or showing.p_alone(row["p_adjusted"])
        difference = interval_text(found.value, found.half)
        name = _variable({str(column): value for column, value in row.items()})
        cells = (difference, baseline, p, detectable, pairing, str(row["n"]))
        grid.add_row(name, row["units"], *cells)
    return grid


def _axes(table: pd.DataFrame) -> list[str]:
    """Return the columns that label the treated cell: those before ``baseline``."""
    names = [str(name) for name in table.columns]
    return names[: names.index("baseline")]


def _variable(row: dict[str, Any]) -> str:
    """Name the measure with its labels; the declared endpoint has a star."""
    from proteus.analysis.showing import called_in
    from proteus.market.variables.dimensions import label_text, shown

    name = called_in(row)
    for dim in shown(row):
        if row[dim] == row[dim]:  # a label, not NaN
            name += rf" \[{label_text(dim, row[dim])}]"
    return f"* {name}" if row["family"] == "primary" else name


def _check_target(path: Path) -> None:
    """Refuse to write where that cannot be, or over a file that is no table of contrasts."""
    from proteus.basics.files import why_not_written

    allowed = "must be a new file, or one that compare wrote, in a folder that exists"
    try:
        with path.open(encoding="utf-8") as file:
            columns = file.readline().strip().split(",")
    except FileNotFoundError:
        columns = None
    except (OSError, ValueError):  # a folder, a table of other bytes, no such name
        columns = []
    if not path.parent.is_dir() or (columns is not None and not {*_COLUMNS} <= {*columns}):
        raise ConfigError(f"--csv={path} is not allowed: {allowed}")
    reason = why_not_written(path)
    if reason:
        raise ConfigError(f"--csv={path} cannot be written: {reason}")


def _write(table: pd.DataFrame, path: Path) -> None:
    from proteus.basics.files import whole
    from proteus.basics.versions import csv_text

    try:
        with whole(path) as temporary:
            temporary.write_text(csv_text(table), encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"--csv={path} cannot be written: {error.strerror}") from None


if __name__ == "__main__":
    process(main)
