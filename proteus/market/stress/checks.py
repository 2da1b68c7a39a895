"""What windows of stress may not say of a cell."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from proteus.basics import units
from proteus.market.stress.models import (
    COSTS,
    EVERYBODY,
    FORKS,
    JUMPS,
    LAG,
    LATENCY,
    LOTS,
    OF_MARKET,
    ONLY_FACTOR,
    RATE,
    Stress,
    Target,
    Window,
)

_KEYS = ", ".join((
    "one of population.GROUP.schedule.rate_per_s", "population.GROUP.latency",
    "population.GROUP.latency.LEG", "population.GROUP.lots", *OF_MARKET,
))  # fmt: skip
Contradiction = tuple[str, Any, str]  # key below stress.windows, its value, what is allowed


def contradictions(stress: Stress, cell: Any) -> Iterator[Contradiction]:
    """List what does not fit.

    Parameters
        stress: the windows. cell: the CellConfig that they are about.
    """
    groups = {name: group for name, group in cell.population.items() if group.count}
    for name, window in stress.windows.items():
        target = window.target
        if target is None:
            yield f"{name}.key", window.key, _KEYS
            continue
        if window.end_ns > cell.horizon_ns:
            yield f"{name}.to_s", window.to_s, f"at most horizon_s={cell.horizon_s}"
        if target.group not in (EVERYBODY, *groups):
            yield f"{name}.key", window.key, f"of a group with traders: {', '.join(groups)}"
        elif target.what in (RATE, LATENCY, LOTS):
            concerned = [groups[each] for each in _named(target, groups)]
            yield from _of_traders(name, window, target, concerned)
        else:
            yield from _of_market(name, window, target, cell)
        if target.what in ONLY_FACTOR and window.factor is None:
            yield f"{name}.value", window.value, f"null, with a factor: {window.key} has one only"
    yield from _overlaps(stress, list(groups))


def _named(target: Target, groups: Any) -> list[str]:
    return list(groups) if target.group == EVERYBODY else [target.group]


def _of_traders(
    name: str, window: Window, target: Target, groups: list[Any]
) -> Iterator[Contradiction]:
    """List what does not fit the traders that a window is about."""
    if target.what == LATENCY and window.factor == 0:
        yield f"{name}.factor", window.factor, "more than 0"
    if target.what == LOTS and (window.factor or 0) > 1:
        yield f"{name}.factor", window.factor, "at most 1: nobody sends more than it wants"
    if target.what == RATE:
        has_rate = [each for each in groups if each.schedule.law in ("periodic", "poisson")]
        if window.value is not None and len(has_rate) < len(groups):
            yield f"{name}.value", window.value, "null, with a factor: some there have no rate"
        if (window.factor or 0) > 1 and not has_rate:
            allowed = "at most 1: nobody there has schedule.law periodic or poisson"
            yield f"{name}.factor", window.factor, allowed


def _of_market(name: str, window: Window, target: Target, cell: Any) -> Iterator[Contradiction]:
    """List what a window is about that the market does not have."""
    key = f"{name}.key"
    if target.what == JUMPS and cell.latent.model != "bayesian":
        yield key, window.key, "of latent=bayesian: the value of log_odds is tabulated for one rate"
    elif target.what == JUMPS and cell.latent.jump_rate_per_s == 0:
        yield key, window.key, "of news with latent.jump_rate_per_s above 0"
    if target.what == LAG and cell.environment.oracle is None:
        yield key, window.key, "of a market with an oracle, as environment=oracle has"
    elif target.what == LAG:
        check_ns = cell.environment.oracle.check_ns
        lag_ns = int(window.instead_of(cell.environment.oracle.lag_ms) * units.NS_PER_MS)
        if lag_ns > _MOST_CHECKS * check_ns:
            given = "value" if window.factor is None else "factor"
            allowed = f"a lag of at most {_MOST_CHECKS} times check_ms"
            yield f"{name}.{given}", getattr(window, given), allowed
    if target.what == COSTS and not cell.has_costs:
        yield key, window.key, "of a market that charges, as costs=notional does"
    if target.what == FORKS and cell.settlement.mode != "blocks":
        yield key, window.key, "of settlement=blocks"
    elif target.what == FORKS and window.instead_of(cell.settlement.fork_probability) > 1:
        given = "value" if window.factor is None else "factor"
        yield f"{name}.{given}", getattr(window, given), "a chance of at most 1"


_MOST_CHECKS = 10_000  # of an oracle during which a report is on its way


def _overlaps(stress: Stress, groups: list[str]) -> Iterator[Contradiction]:
    """List windows that say two things about the same at one time."""
    for (name, one), (other, two) in itertools.combinations(stress.windows.items(), 2):
        if one.target is None or two.target is None or one.target.what != two.target.what:
            continue
        is_shared = one.target.what in OF_MARKET
        if not is_shared:
            both = {*_named(one.target, groups)} & {*_named(two.target, groups)}
            legs = {*one.target.legs} & {*two.target.legs}
            is_shared = bool(both) and (bool(legs) or one.target.what != LATENCY)
        if is_shared and one.begin_ns < two.end_ns and two.begin_ns < one.end_ns:
            yield f"{other}.from_s", two.from_s, f"outside of stress.windows.{name}, also {one.key}"
