"""V18: what is pending under delayed settlement, and how long fills wait for a cycle.

Source
    Little (1961) Operations Research 9:383: mean number in a system = rate x mean time in it.
"""

from __future__ import annotations

import numpy as np

from proteus.market.cell import CellConfig
from proteus.market.rules.state import Rules
from proteus.market.settlement.sums import SettlementSums
from proteus.market.trading.world import World
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    mean_of,
    positive,
    ratio_of,
    sampled,
)
from proteus.validation.running import (
    FROZEN_MAKER,
    ROOT,
    compose,
    market,
    ns,
    once,
    poisson,
    simulate,
    trader,
)

_VALUE = 0.5  # of a lot: bought at p0 + h and sold at p0 - h as often
_DELAYS = 10  # in a lane
_START_S = 1e-6  # when the maker posts its quotes
_LARGEST_MS = 1e6


def _market(rate_per_s: float, horizon_ns: int, *settlement: str) -> CellConfig:
    """Compose a market in which a deep maker fills Poisson orders of one lot as they come."""
    taker = {"marketable_probability": 1, "size_mean_lots": 1, "max_lots": 1}
    return compose([
        *market("clob", horizon_ns, tick=0.01),
        *trader("deep", "maker", schedule=once(_START_S),
                policy={**FROZEN_MAKER, "half_spread": 0.01, "quote_lots": 1_000_000}),
        *trader("takers", "noise", schedule=poisson(rate_per_s), policy=taker),
        *settlement,
    ])  # fmt: skip


def pending_value(
    delay_ms: float = 200, rate_per_s: float = 20, *, lanes: int = 2_000, root: int = ROOT
) -> Comparison:
    """Compare the mean value of fills that are not final with rate x value x delay.

    A lane starts with nothing pending, so over T the law holds for a delay D (1 - D / 2T). The
    cash that the takers must have ready is that of the half of the fills in which they buy.

    Parameters
        delay_ms: D. rate_per_s: of fills of one lot, of mean value 0.5. lanes, root: as in
            ``identities``.

    Returns
        Comparison of two numbers: the mean value pending, and the mean cash locked of the takers,
        currency.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    delay, rate = positive("delay_ms", delay_ms), positive("rate_per_s", rate_per_s)
    between("delay_ms", delay, 0, _LARGEST_MS, ends=True)
    between("rate_per_s", rate * delay / 1000, 0, 1000)
    lanes, root = sampled(lanes, root)
    cell = _market(
        rate, ns(_DELAYS * delay / 1000), "settlement=t_plus", f"settlement.delay_ms={delay!r}"
    )
    pending, locked = simulate(cell, lanes, root, _pending).T
    mean = rate * _VALUE * delay / 1000 * (1 - 1 / (2 * _DELAYS))
    found = mean_of(pending), mean_of(locked)
    half_spread = 0.01
    return Comparison(
        ["mean value pending", "mean cash locked of takers"],
        [mean, mean / 2 * (1 + half_spread / _VALUE)],
        [each.value for each in found], [each.error for each in found], lanes=lanes,
    )  # fmt: skip


def _sums(world: World) -> SettlementSums:
    assert isinstance(world.rules, Rules)
    return world.rules.settlement.sums


def _pending(world: World) -> Array:
    sums = _sums(world)
    areas = np.stack([sums.value_area, sums.locked_area[:, 1]], axis=1)
    return np.asarray(areas / (1e9 * world.settings.horizon_ns))


def cycle_wait(
    cycle_ms: float = 200, rate_per_s: float = 20, *, lanes: int = 2_000, root: int = ROOT
) -> Comparison:
    """Compare how long Poisson fills wait for the next settlement cycle with half its length.

    Parameters
        cycle_ms: c. rate_per_s: of fills. lanes, root: as in ``identities``.

    Returns
        Comparison of two numbers: the mean time to finality, ms, and the mean value pending,
        currency, which rises from 0 to rate x value x c in each cycle.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    cycle, rate = positive("cycle_ms", cycle_ms), positive("rate_per_s", rate_per_s)
    between("cycle_ms", cycle, 0, _LARGEST_MS, ends=True)
    between("rate_per_s", rate * cycle / 1000, 0, 1000)
    lanes, root = sampled(lanes, root)
    horizon_ns = ns(_DELAYS * cycle / 1000) + 1  # the last cycle settles too
    words = "settlement=cycle", f"settlement.cycle_ms={cycle!r}"
    read = simulate(_market(rate, horizon_ns, *words), lanes, root, _waits)
    wait, value = ratio_of(read[:, 0], read[:, 1]), mean_of(read[:, 2])
    return Comparison(
        ["mean time to finality, ms", "mean value pending"],
        [cycle / 2, rate * _VALUE * cycle / 2000],
        [wait.value, value.value], [wait.error, value.error], lanes=lanes,
    )  # fmt: skip


def _waits(world: World) -> Array:
    sums = _sums(world)
    return np.stack([sums.finality_ns / 1e6, sums.finals, _pending(world)[:, 0]], axis=1)
