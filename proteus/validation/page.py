"""The page of ``docs``: every item with its figure and its numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd

from proteus.basics.versions import STAMP
from proteus.validation.figures import draw
from proteus.validation.table import AGREES, LEVEL, SHOWN, Tried, tabulate, written

PAGE, FIGURES = "validation.md", "validation"


def write(tried: Sequence[Tried], folder: Path) -> None:
    """Write ``validation.md`` and a figure per function beside it."""
    table = tabulate(tried)
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    parts = [_head(table)]
    for item, points in groupby(tried, lambda point: point.item):
        figure = f"{FIGURES}/{item.code}_{re.sub('[^a-z]+', '_', item.title.lower())}.svg"
        draw(list(points), folder / figure)
        summary = (item.compare.__doc__ or "").splitlines()[0]
        parts += [
            f"## {item.code} {item.title}", "", f"`{item.name}`: {summary}", "",
            f"![expected and simulated]({figure})", "", *_lines(table[table.title == item.title]),
            "",
        ]  # fmt: skip
    (folder / PAGE).write_text("\n".join(parts), encoding="utf-8")


def _head(table: pd.DataFrame) -> str:
    tested = table.p_holm.notna().sum()
    worst = table.z.abs().max()
    return f"""# Simulation against closed forms

Written by `make validate`, {STAMP}. Each number is known without the engine, and the engine,
configured for that case with its own traders, mechanism and ledger, gives it too.
`python -m proteus.validation V6` runs one item; the functions of `proteus.validation` take other
parameters, and return expected, simulated, standard_error.

z is what exceeds the tolerance over the Monte Carlo standard error; the tolerance bounds what
rounding to ticks and the like can do, and is 0 where there is nothing to round. Where the standard
error is 0 the engine must be exact to the tolerance. All {tested} z scores are one family: a number
differs if its p value, adjusted by Holm, is at most {LEVEL}, so the chance of any false alarm is
{LEVEL:.0%}. V15 is a band outside of the family, and its column of expected numbers is its bound.

{(table.verdict == AGREES).sum()} of {len(table)} numbers agree; the largest |z| is {worst:.2f}.
"""


def _lines(table: pd.DataFrame) -> list[str]:
    rows = [SHOWN, ("---",) * len(SHOWN), *written(table)]
    return ["| " + " | ".join(row[2:]) + " |" for row in rows]
