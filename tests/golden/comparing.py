"""Say what changed: the first quantity, in which event, under which rule; then the whole diff."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from tests.golden.stories import Story

RED, GREEN, PLAIN = "\033[31m", "\033[32m", "\033[0m"


def check(
    story: Story, mechanism: str, golden: list[str], tell: Callable[[Story, str], list[str]]
) -> str | None:
    """Return why a story has not its golden outcome, or None if it has.

    Parameters
        tell: gives the outcome, or raises AssertionError where an invariant breaks.
    """
    try:
        found = tell(story, mechanism)
    except AssertionError as broken:
        return f"{story.name} under {mechanism}: {broken}\n{_rules(story, mechanism)}"
    return explain(story, mechanism, golden, found)


def _rules(story: Story, mechanism: str) -> str:
    """Point to what the story is about, and to the rules of the mechanism."""
    return f"rule: docs/mechanisms.md, {story.rule!r}, and the section of `{mechanism}`"


def explain(story: Story, mechanism: str, golden: list[str], found: list[str]) -> str | None:
    """Return why an outcome is not the golden one, or None if it is."""
    if golden == found:
        return None
    lines = [
        f"{story.name} under {mechanism}: {first_change(golden, found)}",
        _rules(story, mechanism),
    ]
    for line in difflib.unified_diff(golden, found, "golden", "found", lineterm="", n=1):
        colour = {"-": RED, "+": GREEN}.get(line[:1], "")
        lines.append(f"{colour}{line}{PLAIN if colour else ''}")
    lines.append("If the change is meant: make golden, and explain it in the commit.")
    return "\n".join(lines)


def first_change(golden: list[str], found: list[str]) -> str:
    """Name the first quantity that changed, and its event."""
    heads: list[str] = []
    for old, new in zip(golden, found, strict=False):
        left, right = old.split(), new.split()
        if left == right:
            heads = left if left and left[0] in ("event", "trader", "rests") else heads
            continue
        place = next(
            (at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]),
            min(len(left), len(right)),
        )
        name = heads[place] if place < len(heads) else "the row"
        was, is_ = (cells[place] if place < len(cells) else "nothing" for cells in (left, right))
        where = f"event {right[0] if right else '?'}" if heads[:1] == ["event"] else "the end"
        return f"{name} changed first, in {where}: {was} became {is_}"
    what = "missing" if len(found) < len(golden) else "new"
    return f"{abs(len(golden) - len(found))} rows at the end are {what}"
