"""Haas, Khapko & Zoican (2021): alone in a batch, or in competition."""

from __future__ import annotations

import math

import numpy as np

from proteus.basics.units import NANO
from proteus.market.agents.traders import CLASS_SNIPER
from proteus.market.trading.world import World
from proteus.papers.paper import Claim, Paper, direction, lanes_of, number
from proteus.recording.columns import ORDER
from proteus.validation.comparison import Array, Estimate, mean_of, share_error
from proteus.validation.logs import rows
from proteus.validation.running import (
    FROZEN_MAKER,
    NEWS_ONLY,
    compose,
    jumps,
    market,
    ns,
    once,
    simulate,
    trader,
)

_CASES = (
    (20.0, 20.0),
    (100.0, 20.0),
    (500.0, 20.0),
    (100.0, 5.0),
    (100.0, 80.0),
)  # Delta, mean, ms
_START_S = 1e-6
_SECONDS = 20
_ABSTRACT = "abstract"


def run(share: float, root: int) -> list[Claim]:
    """Let two snipers with random delays meet a stale quote, for batches and speeds."""
    lanes = lanes_of(6_000, share)
    claims, alone, rents = [], [], []
    for place, (interval, mean) in enumerate(_CASES):
        found = _duels("fba", interval, mean, lanes, root + place)
        lone = found[:, 0]
        law = mean / interval * -math.expm1(-interval / mean)
        estimate = Estimate(lone.mean(), share_error(law, len(lone)))
        alone.append(estimate)
        rents.append(mean_of(found[:, 1]))
        claims.append(number(
            f"share of duels with one sniper in the batch; batches of {interval:g} ms, "
            f"mean delay {mean:g} ms", law, "m / D (1 - exp(-D / m))", estimate, len(lone),
            published=f"{law:.4f}, derived here",
        ))  # fmt: skip
    continuous = _duels("clob", None, 20.0, lanes, root + len(_CASES))
    lanes = len(continuous)
    return [
        *claims,
        _less("alone, batches of 20 ms less 100 ms", alone[0], alone[1], lanes),
        _less("alone, batches of 100 ms less 500 ms", alone[1], alone[2], lanes),
        _less("alone, delays of 80 ms less 20 ms", alone[4], alone[1], lanes),
        _less("alone, delays of 20 ms less 5 ms", alone[1], alone[3], lanes),
        _less("rent of a duel, continuous less batches of 100 ms", mean_of(continuous[:, 1]),
              rents[1], lanes),
        _less("rent of a duel, delays of 80 ms less 5 ms", rents[4], rents[3], lanes),
        _less("rent of a duel, batches of 20 ms less 500 ms", rents[0], rents[2], lanes),
    ]  # fmt: skip


def _less(name: str, first: Estimate, second: Estimate, lanes: int) -> Claim:
    difference = Estimate(first.value - second.value, math.hypot(first.error, second.error))
    return direction(name, "above 0", _ABSTRACT, difference, lanes)


def _duels(
    mechanism: str, interval_ms: float | None, mean_ms: float, lanes: int, root: int
) -> Array:
    """Return whether one sniper was alone, and what both earned, of lanes with one jump: [n, 2]."""
    delta_ns = None if interval_ms is None else ns(interval_ms / 1000)
    horizon_ns = ns(_SECONDS) + 1
    delay = {"law": "shifted_exponential", "spread_ms": mean_ms}
    cell = compose([
        *market(mechanism, horizon_ns, delta_ns=delta_ns), *jumps(1 / _SECONDS, accuracy=0.7),
        *trader("stale", "maker", schedule=once(_START_S), signal={},
                policy={**FROZEN_MAKER, "half_spread": 0.01, "quote_lots": 1}),
        *trader("duelling", "sniper", count=2, schedule=NEWS_ONLY, signal={},
                policy={"theta": 0, "latency_risk": 0, "lots": 1}, latency=delay),
    ])  # fmt: skip
    late_ns = horizon_ns - ns(40 * mean_ms / 1000) - 2 * (delta_ns or 0)

    def read(world: World) -> Array:
        lone = np.full(len(world.news.payoff), np.nan)
        for lane, orders in enumerate(rows(world, ORDER)):
            sent = orders.time[orders.trader > 0]
            jump = world.news.jump_ns[lane, 0]
            if world.news.n_jumps[lane] == 1 and jump < late_ns and len(sent) == 2:
                batches = sent // (delta_ns or 1)
                lone[lane] = batches[0] != batches[1]
        earned = -world.sums.execution.error[:, CLASS_SNIPER] / NANO
        return np.stack([lone, earned], axis=1)

    found = simulate(cell, lanes, root, read, recorded=True)
    return np.asarray(found[np.isfinite(found[:, 0])])


PAPER = Paper(
    name="haas",
    title="Speed and learning in batch auctions",
    citation=(
        "Haas, Khapko & Zoican (2021), Speed and learning in high-frequency auctions, Journal "
        "of Financial Markets 54."
    ),
    checked=(
        "The abstract, in several stored copies; it has directions and no numbers. The model "
        "itself was not at hand."
    ),
    says=(
        "Traders duel for stale quotes. In frequent batches one of them is often alone, and "
        "has the information for himself; longer batches and faster traders bring both into "
        "the same batch, where they compete in price. Batches leave smaller rents than "
        "continuous trading."
    ),
    given="Two traders who learn at random times, batches of a fixed length.",
    chosen=(
        "Exponential delays with the means shown, one jump of 0.2 in a lane, a maker who "
        "quotes one lot 0.01 away and does not learn; batches from 20 to 500 ms. The share "
        "alone is m / D (1 - exp(-D / m)), as the phase of the first order is uniform and the "
        "second has no memory."
    ),
    left_out=(
        "The equilibrium spread: our maker does not answer. Prices of snipers are not "
        "strategic: in a batch the midpoint rule shares the gain of one who is alone, which "
        "stands for his markup."
    ),
    run=run,
)
