"""The pages of ``docs/papers``: one for each paper and a list, from the numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from proteus.basics.versions import STAMP
from proteus.papers.paper import AGREES, LEVEL, Claim, Paper, verdicts
from proteus.papers.table import NUMBERS, PAPERS, Found

INDEX = "README.md"
COLUMNS = ("number", "published", "where", "ours", "95 % interval", "lanes", "verdict")
_UNEXPLAINED = "nothing here explains it."


def write(found: Found, folder: Path) -> None:
    """Write the numbers, the pages of the papers that have some, and the list."""
    found.write(folder / NUMBERS)
    for paper in PAPERS:
        if paper.name in found.claims:
            text = page(paper, found.claims[paper.name], found.sizes[paper.name])
            (folder / f"{paper.name}.md").write_text(text, encoding="utf-8")
    (folder / INDEX).write_text(index(found), encoding="utf-8")


def unexplained(claims: Sequence[Claim]) -> list[str]:
    """Return the numbers that differ where nothing explains it."""
    pairs = zip(claims, verdicts(claims), strict=True)
    return [claim.number for claim, verdict in pairs if verdict != AGREES and not claim.why]


def rows(claims: Sequence[Claim]) -> list[tuple[str, ...]]:
    """Return the cells of ``COLUMNS`` as text."""
    return [
        (
            claim.number, claim.published, claim.where, _written(claim.ours),
            _interval(claim), str(claim.lanes), verdict,
        )
        for claim, verdict in zip(claims, verdicts(claims), strict=True)
    ]  # fmt: skip


def _interval(claim: Claim) -> str:
    if claim.error == 0.0:
        return "exact"
    first, last = claim.interval
    return f"{_written(first)} to {_written(last)}"


def _written(value: float) -> str:
    """Write a number with five digits, and what float64 makes of zero as 0."""
    return "0" if abs(value) < 1e-12 else f"{value:.5g}"


def page(paper: Paper, claims: Sequence[Claim], size: str) -> str:
    """Return the page of one paper."""
    said = verdicts(claims)
    differing: dict[str, list[str]] = {}
    for claim, verdict in zip(claims, said, strict=True):
        if verdict != AGREES:
            differing.setdefault(claim.why or _UNEXPLAINED, []).append(claim.number)
    table = [COLUMNS, ("---",) * len(COLUMNS), *rows(claims)]
    parts = [
        f"# {paper.title}",
        f"Written by `make papers`, {STAMP}; size={size}. `python -m proteus.papers {paper.name}` "
        "runs it.",
        paper.citation,
        f"**What it says.** {paper.says}",
        f"**What we find.** {_counted(said)}",
        "\n".join("| " + " | ".join(row) + " |" for row in table),
        *(["**Where they differ.**"] if differing else []),
        *("- " + " · ".join(numbers) + f": {why}" for why, numbers in differing.items()),
        f"**Given by the paper.** {paper.given}",
        f"**Chosen by us.** {paper.chosen}",
        f"**Left out.** {paper.left_out}",
        f"**How the source was checked.** {paper.checked}",
    ]
    return "\n\n".join(_wrapped(part) for part in parts) + "\n"


def _wrapped(part: str) -> str:
    """Break the lines of a paragraph, not those of a table."""
    if part.startswith(("|", "#")):
        return part
    return "\n".join(
        fill(line, 99, subsequent_indent="  " if line.startswith("- ") else "",
             break_long_words=False, break_on_hyphens=False)
        for line in part.splitlines()
    )  # fmt: skip


def _counted(said: Sequence[str]) -> str:
    return f"{said.count(AGREES)} of {len(said)} agree."


def index(found: Found) -> str:
    """Return the list of all papers, with what was found for each."""
    lines = ["| paper | what is reproduced | numbers that agree |", "| --- | --- | --- |"]
    for paper in PAPERS:
        said = verdicts(found.claims.get(paper.name, []))
        counted = f"{said.count(AGREES)} of {len(said)}" if said else "not run"
        cited = paper.citation.split("),")[0] + ")"
        lines.append(f"| [{cited}]({paper.name}.md) | {paper.title} | {counted} |")
    head = f"""# Papers reproduced

Written by `make papers`, {STAMP}. Each paper is one command, as `python -m proteus.papers budish`;
`python -m proteus.papers` lists them, and `size=quick` takes a tenth of the lanes. The engine is
configured as the paper says, with its own traders, mechanism and ledger, on the seeds of the paper
alone; what the paper does not give is ours, and each page says which.

A number agrees unless chance is a poor excuse: the gap beyond what rounding can do is put over
the standard errors of both sides, all numbers of a page are one family, and Holm's adjusted p value
must be above {LEVEL}. A direction ("above 0") agrees only if the whole 95 % interval lies there.
Where a number differs, the page says why, or that nothing explains it. What could not be read in a
stored source is not cited with a number: each page says how its source was checked.
"""
    return "\n".join([head, *lines, ""])


def listed() -> list[str]:
    """Return a line for each paper: what the command takes, and what it is."""
    width = max(len(paper.name) for paper in PAPERS)
    return [f"{paper.name:<{width}}  {paper.citation.split('),')[0]}): {paper.title}"
            for paper in PAPERS]  # fmt: skip
