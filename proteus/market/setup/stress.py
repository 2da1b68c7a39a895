"""From the windows that a cell names to those that kernels read."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from proteus.basics import units
from proteus.compiler.arrays import allocate
from proteus.market.cell import CellConfig
from proteus.market.environment.channels import Environment
from proteus.market.environment.setup import Burst
from proteus.market.events.windows import (
    OF_FORKS,
    OF_LAG,
    OF_LATENCY,
    OF_LOTS,
    OF_WAKE_UPS,
    WHOLE,
    Windows,
)
from proteus.market.setup.members import Member
from proteus.market.stress.models import (
    EVERYBODY,
    FORKS,
    JUMPS,
    LAG,
    LATENCY,
    LOTS,
    RATE,
    Target,
    Window,
)

WORDS = 2**32


def bursts_of(cell: CellConfig) -> tuple[Burst, ...]:
    """Return when the news of a cell jumps more often than usual, or less."""
    return tuple(
        Burst(window.begin_ns, window.end_ns, window.factor_on(cell.latent.jump_rate_per_s))
        for window in cell.stress.about(JUMPS)
    )


def wake_ups_per_s(cell: CellConfig, member: Member) -> float:
    """Return how often a trader wakes up on its schedule when it does so most often."""
    usual = cell.wake_ups_per_s(member.group)
    busy = [
        window.factor_on(member.group.schedule.rate_per_s)
        for window in cell.stress.about(RATE)
        if window.target and window.target.group in (EVERYBODY, member.group_name)
    ]
    has_rate = member.group.schedule.law in ("periodic", "poisson")
    return usual * max([1.0, *busy]) if has_rate else usual


def slowest(cell: CellConfig) -> Environment:
    """Return the environment of a cell with the longest lag that its oracle ever has."""
    oracle, lags = cell.environment.oracle, cell.stress.about(LAG)
    if oracle is None or not lags:
        return cell.environment
    longest = max(oracle.lag_ms, *(float(each.instead_of(oracle.lag_ms)) for each in lags))
    slow = oracle.model_copy(update={"lag_ms": longest})
    return cell.environment.model_copy(update={"oracle": slow})


class _Row(NamedTuple):
    what: int
    window: Window
    number: float
    is_about: list[bool]
    further: list[float]


def windows_of(cell: CellConfig, members: tuple[Member, ...]) -> Windows:
    """Lay out the windows of a cell; those of news and costs are in their numbers."""
    rows = [
        row
        for window in sorted(cell.stress.windows.values(), key=lambda each: each.begin_ns)
        for row in _rows(cell, members, window, window.target)
    ]
    count = max(len(members), 1)

    def column(values: list[Any], dtype: Any, *traders: int) -> Any:
        return np.array(values, dtype).reshape(len(rows), *traders)

    return allocate(
        Windows, W=len(rows), A=count,
        what=column([row.what for row in rows], np.int8),
        begin_ns=column([row.window.begin_ns for row in rows], np.int64),
        end_ns=column([row.window.end_ns for row in rows], np.int64),
        number=column([row.number for row in rows], np.float64),
        is_about=column([row.is_about for row in rows], np.bool_, count),
        further=column([row.further for row in rows], np.float64, count).T.copy(),
    )  # fmt: skip


def _rows(
    cell: CellConfig, members: tuple[Member, ...], window: Window, target: Target | None
) -> list[_Row]:
    """Return the rows of a window: one, or one for each leg, or for each rate of wake-ups."""
    everybody = [True] * max(len(members), 1)
    nothing = [0.0] * len(everybody)
    if target is None:
        return []
    if target.what == LAG and cell.environment.oracle:
        lag = window.instead_of(cell.environment.oracle.lag_ms) * units.NS_PER_MS
        return [_Row(OF_LAG, window, int(lag), everybody, nothing)]
    if target.what == FORKS:
        chance = window.instead_of(getattr(cell.settlement, "fork_probability", 0))
        return [_Row(OF_FORKS, window, round(chance * WORDS), everybody, nothing)]
    about = [target.group in (EVERYBODY, member.group_name) for member in members] or [False]
    if target.what == LATENCY:
        factor = float(window.exact_factor)
        return [_Row(OF_LATENCY + leg, window, factor, about, nothing) for leg in target.legs]
    if target.what == LOTS:
        return [_Row(OF_LOTS, window, round(window.exact_factor * WHOLE), about, nothing)]
    return _of_rates(members, window, about) if target.what == RATE else []


def _of_rates(members: tuple[Member, ...], window: Window, about: list[bool]) -> list[_Row]:
    """Return a row for each factor: a value is another factor for another group."""
    by_factor: dict[float, list[int]] = {}
    for trader, member in enumerate(members):
        if about[trader]:
            factor = window.factor_on(member.group.schedule.rate_per_s)
            by_factor.setdefault(factor, []).append(trader)
    return [
        _Row(
            OF_WAKE_UPS, window, factor, [trader in traders for trader in range(len(members))],
            [
                _further_per_ns(member, factor) if trader in traders else 0.0
                for trader, member in enumerate(members)
            ],
        )
        for factor, traders in by_factor.items()
    ]  # fmt: skip


def _further_per_ns(member: Member, factor: float) -> float:
    """Return how often a trader wakes up on top; who has no rate does not."""
    schedule = member.group.schedule
    if schedule.law not in ("periodic", "poisson"):
        return 0.0
    return max(factor - 1.0, 0.0) * schedule.rate_per_s / units.NS_PER_S
