"""The papers that are reproduced, in the order of the list; their numbers as a table, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from proteus.basics.versions import csv_text, read_version
from proteus.errors import ResultsError
from proteus.papers import (
    avellaneda_stoikov,
    budish,
    colliard_foucault,
    farmer,
    glosten_milgrom,
    gode_sunder,
    haas,
    kyle,
    riggs,
    roll,
    smith,
    warmuz,
)
from proteus.papers.paper import Claim, Paper

PAPERS: tuple[Paper, ...] = (
    budish.PAPER, haas.PAPER, avellaneda_stoikov.PAPER, glosten_milgrom.PAPER, kyle.PAPER,
    roll.PAPER, gode_sunder.PAPER, farmer.PAPER, smith.PAPER, colliard_foucault.PAPER,
    riggs.PAPER, warmuz.PAPER,
)  # fmt: skip
SIZES: Mapping[str, float] = {"quick": 0.1, "standard": 1.0}  # share of the standard lanes
ROOT = 2027  # of the lanes of ``make papers``
NUMBERS = "numbers.csv"
_SEEDS = 1_000  # root seeds that a paper may use


def seed(paper: Paper) -> int:
    """Return the root seed of a paper; it may use the next ones, which no other paper has."""
    return ROOT + _SEEDS * [each.name for each in PAPERS].index(paper.name)


def run(paper: Paper, size: str) -> list[Claim]:
    """Run a paper in one of ``SIZES``."""
    return paper.run(SIZES[size], seed(paper))


class Found:
    """What was found for some papers: claims, and the size that they were run in."""

    def __init__(self) -> None:
        """Begin without any."""
        self.claims: dict[str, list[Claim]] = {}
        self.sizes: dict[str, str] = {}

    def take(self, paper: str, size: str, claims: Sequence[Claim]) -> None:
        """Take what one run of a paper has found, in place of what was there."""
        self.claims[paper], self.sizes[paper] = list(claims), size

    def write(self, path: Path) -> None:
        """Write every number, one row each."""
        rows: list[dict[str, Any]] = [
            {"paper": paper, "size": self.sizes[paper], **claim._asdict()}
            for paper, claims in self.claims.items()
            for claim in claims
        ]
        path.write_text(csv_text(pd.DataFrame(rows)), encoding="utf-8")


def read(path: Path) -> Found:
    """Read the numbers of earlier runs; there are none where there is no file.

    Raises
        ResultsError: the file is none of ours.
    """
    found = Found()
    if not path.exists():
        return found
    table = pd.read_csv(path, keep_default_na=False, float_precision="round_trip")
    missing = {"paper", "size", *Claim._fields} - {*table.columns}
    if missing:
        raise ResultsError(f"{path} is no table of papers: it has no column {min(missing)}")
    read_version(path, {"schema_version": table.schema_version.max()})
    for paper, rows in table.groupby("paper", sort=False):
        claims = [
            Claim(*(_typed(name, getattr(row, name)) for name in Claim._fields))
            for row in rows.itertuples()
        ]
        found.take(str(paper), str(rows["size"].iloc[0]), claims)
    return found


def _typed(name: str, value: Any) -> Any:
    kind = Claim.__annotations__[name]
    return int(value) if kind == "int" else float(value) if kind == "float" else str(value)
