"""Words that would change nothing: a key that counts only beside another one, which is not set so.

An axis that changes nothing is a grid of equal cells, and a rule of the market that does not hold
is not the market that was asked for; both are refused. A single value of a trader is not: a script
may set a policy and its sizes apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from proteus import overrides
from proteus.config import CellConfig
from proteus.errors import ConfigError


class Need(NamedTuple):
    """What a key needs in order to count.

    Attributes
        key: pattern of the key. beside: the key it depends on, with groups of the pattern.
        holds: whether a value of that key lets it count. allowed: such values, in words.
    """

    key: str
    beside: str
    holds: Callable[[Any], bool]
    allowed: str


def _one_of(*values: Any) -> Callable[[Any], bool]:
    return lambda value: value in values


def _more_than(least: float) -> Callable[[Any], bool]:
    return lambda value: value > least


_NEEDS = (
    Need(r"delta", "mechanism.uses_delta", _one_of(True), "true, as of fba,"),
    Need(r"execution\.leakage\.(\w+)\..+", "mechanism.name", _one_of(), r"\1"),
    Need(r"execution\.leakage\.rfq\.cover\..+", "mechanism.dealers", _more_than(1), "at least 2"),
    Need(r"mechanism\.(hold_ms|tolerance)", "mechanism.last_look", _one_of(True), "true"),
    Need(
        r"(.+\.schedule)\.cluster_gap_ms", r"\1.cluster_probability", _more_than(0), "more than 0"
    ),
    Need(r"(.+\.schedule)\.rate_per_s", r"\1.law", lambda law: law != "none", "another law"),
    Need(r"(.+\.policy)\.widen_by", r"\1.at_limit", _one_of("widen"), "widen"),
    Need(r"(.+\.policy)\.distance", r"\1.limit", _one_of("exponential"), "exponential"),
    Need(r"(.+\.policy)\.(low|high)_ticks", r"\1.limit", _one_of("uniform"), "uniform"),
    Need(r"(population\.\w+)\.(?!count$).+", r"\1.count", _more_than(0), "more than 0"),
    Need(r"latent\.jump(_accuracy|s)", "latent.jump_rate_per_s", _more_than(0), "more than 0"),
)


def check(words: Sequence[str], designed: Iterable[str], cells: Sequence[CellConfig]) -> None:
    """Refuse a word, or a key of a design, that changes nothing in any cell.

    Parameters
        words: those given. designed: keys of the design. cells: all points of the grid.

    Raises
        ConfigError: the word, and what would have to stand beside it.
    """
    for word in words:
        key = overrides.key(word)
        if overrides.is_axis(word) or key.startswith(("mechanism.", "execution.leakage.")):
            _check_key(key, word, cells)
    for key in designed:
        _check_key(key, f"{key} in design.factors", cells)


def _check_key(key: str, written: str, cells: Sequence[CellConfig]) -> None:
    for need in _NEEDS:
        match = re.fullmatch(need.key, key)
        if match:
            beside, allowed = match.expand(need.beside), match.expand(need.allowed)
            found = [value for cell in cells if (value := _look_up(cell, beside)) is not None]
            counts = need.holds if need.beside != "mechanism.name" else _one_of(allowed)
            if found and not any(map(counts, found)):
                raise ConfigError(
                    f"{written} changes nothing: {beside} must be {allowed} for it to count"
                )


def _look_up(cell: CellConfig, key: str) -> Any:
    """Return the value of a dotted key; None where the cell has no such key."""
    value: Any = cell
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return value
