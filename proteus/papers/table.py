"""The papers that are reproduced, in the order of the list; their numbers as a table, and back."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, get_type_hints

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
_KINDS: dict[str, Callable[[str], Any]] = {  # how a field of a claim is read
    name: kind if kind in (int, float) else str for name, kind in get_type_hints(Claim).items()
}


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
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {*rows[0]} if rows else set[str]()
    missing = {"paper", "size", *Claim._fields} - columns
    if missing:
        raise ResultsError(f"{path} is no table of papers: it has no column {min(missing)}")
    read_version(path, rows[0])
    for paper, group in groupby(rows, key=lambda row: row["paper"]):
        of_paper = list(group)
        claims = [
            Claim(**{name: kind(row[name]) for name, kind in _KINDS.items()}) for row in of_paper
        ]
        found.take(paper, of_paper[0]["size"], claims)
    return found
