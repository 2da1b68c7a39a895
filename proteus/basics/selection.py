"""Which lanes are recorded: the words behind ``record.events`` and ``record.traces``.

    seed:0..3                 these seeds of every cell, both ends included
    cell:1                    every seed of a cell, by its number in the plan
    mechanism:fba             every seed of the cells with this label; any swept dimension
    violations                the lanes that break an invariant or outgrow their memory
    all                       every lane
    cell:1/seed:0..3          lanes of which all parts hold
    seed:0+violations         lanes of either

One text without spaces or commas, so that a shell needs no quotes and Hydra sees no sweep.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from proteus.errors import ConfigError

_SEEDS = re.compile(r"(\d{1,19})(?:\.\.(\d{1,19}))?")
_PART = re.compile(r"(all|violations)|([a-z]\w*):([^:/+]+)")
_EXAMPLES = "as seed:0..3, cell:1/seed:0, mechanism:fba, violations or all, joined by + or /"

Lanes = NDArray[np.bool_]


class Grid(Protocol):
    """What a selection reads of a plan."""

    @property
    def axes(self) -> Mapping[str, Sequence[object]]:
        """Values of each swept dimension."""

    @property
    def cells(self) -> Sequence[object]:
        """The unique cells."""

    @property
    def cell_of(self) -> NDArray[np.int64]:
        """Number of the cell at each grid point, one axis per dimension [*axes]."""

    @property
    def replicates(self) -> NDArray[np.int64]:
        """Numbers of the seeds, increasing, [R]."""


class Part(NamedTuple):
    """One condition: a key and its value, which is empty for ``all`` and ``violations``."""

    key: str
    value: str


Term = tuple[Part, ...]


class Chosen(NamedTuple):
    """Lanes of one cell, bool [R]: those to record, and those to record if they are violated."""

    always: Lanes
    if_violated: Lanes


def parse(text: str) -> tuple[Term, ...]:
    """Read a selection.

    Returns
        Terms, of which any must hold; of a term every part must hold.

    Raises
        ValueError: what is allowed, as a sentence that follows "key=value is not allowed: ".
    """
    return tuple(_parse_term(term) for term in text.split("+"))


def _parse_term(term: str) -> Term:
    parts = []
    for word in term.split("/"):
        found = _PART.fullmatch(word)
        if not found:
            raise ValueError(f"must name lanes, {_EXAMPLES}")
        part = Part(found[1] or found[2], found[3] or "")
        if part.key == "seed":
            first, last = seed_range(part.value)
            if first > last:
                raise ValueError(f"{word} must go upwards, as seed:{last}..{first}")
        if part.key == "cell" and not part.value.isdecimal():
            raise ValueError(f"{word} must name a cell by its number, as cell:0")
        parts.append(part)
    return tuple(parts)


def seed_range(value: str) -> tuple[int, int]:
    """Return the first and the last seed that ``0..3`` or ``5`` means.

    Raises
        ValueError: it means none.
    """
    found = _SEEDS.fullmatch(value)
    if not found:
        raise ValueError(f"seed:{value} must name seeds, as seed:5 or seed:0..3")
    return int(found[1]), int(found[2] or found[1])


def choose(text: str | None, plan: Grid, cell: int) -> Chosen:
    """Find the lanes of one cell that a selection picks; None picks none."""
    count = len(plan.replicates)
    chosen = Chosen(np.zeros(count, np.bool_), np.zeros(count, np.bool_))
    for term in parse(text) if text is not None else ():
        held = np.ones(count, np.bool_)
        for part in term:
            held &= _holds(part, plan, cell)
        is_conditional = any(part.key == "violations" for part in term)
        (chosen.if_violated if is_conditional else chosen.always)[held] = True
    return chosen


def _holds(part: Part, plan: Grid, cell: int) -> Lanes | bool:
    """Tell for which lanes of a cell a part holds."""
    if not part.value:
        return True
    if part.key == "seed":
        first, last = seed_range(part.value)
        return np.asarray((plan.replicates >= first) & (plan.replicates <= last))
    if part.key == "cell":
        return cell == int(part.value)
    axis = [*plan.axes].index(part.key)
    at = [as_text(value) for value in plan.axes[part.key]].index(as_text(part.value))
    return bool((np.take(plan.cell_of, at, axis=axis) == cell).any())


def as_text(value: object) -> str:
    """Write a label so that 50, 50.0 and "50" are the same."""
    try:
        return f"{float(str(value)):.15g}"
    except ValueError:
        return str(value)


def check(key: str, text: str | None, plan: Grid) -> None:
    """Refuse a selection of what the plan does not have.

    Parameters
        key: the key it belongs to, for the error. text: the selection. plan: the sweep.

    Raises
        ConfigError: a seed, cell, dimension or label that the plan does not have, or parts that
            no lane has together.
    """
    for term in parse(text) if text is not None else ():
        for part in term:
            allowed = _what_there_is(part, plan)
            if allowed:
                raise ConfigError(f"{key}={text} is not allowed: {allowed}")
        words = "/".join(":".join(filter(None, part)) for part in term)
        held = [choose(words, plan, cell) for cell in range(len(plan.cells))]
        if not any(chosen.always.any() or chosen.if_violated.any() for chosen in held):
            raise ConfigError(f"{key}={text} is not allowed: no lane is {words}")


def _what_there_is(part: Part, plan: Grid) -> str:
    """Say what a part may name, if the plan does not have what it names; empty if it does."""
    if not part.value:
        return ""
    if part.key == "seed":
        first, last = int(plan.replicates[0]), int(plan.replicates[-1])
        low, high = seed_range(part.value)
        return "" if first <= low and high <= last else f"the run has seeds {first} to {last}"
    if part.key == "cell":
        last_cell = len(plan.cells) - 1
        return "" if int(part.value) <= last_cell else f"the plan has cells 0 to {last_cell}"
    return _labels_there_are(part, plan.axes)


def _labels_there_are(part: Part, axes: Mapping[str, Sequence[object]]) -> str:
    if part.key not in axes:
        return f"{part.key} must be seed, cell or one of {', '.join(axes)}"
    labels = [str(value) for value in axes[part.key]]
    known = as_text(part.value) in [as_text(label) for label in labels]
    return "" if known else f"{part.key} must be one of {', '.join(labels)}"
