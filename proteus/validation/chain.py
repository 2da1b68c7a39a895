"""V19 and V20: the base fee and the blocks around a market, and how often an oracle reports.

Source
    EIP-1559; Leonardos, Monnot, Reijsbergen, Skoulakis & Piliouras (2021), AFT '21, for the base
    fee. Broadie, Glasserman & Kou (1997) Mathematical Finance 7:325, for a barrier that is watched
    at times: it counts as 0.5826 standard deviations of a step further away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from proteus.basics.units import NANO
from proteus.market.environment.channel_setup import Channels
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.recording.columns import CHAIN_BLOCK, REPORT
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    mean_of,
    one_of,
    ratio_of,
    sampled,
    variance_of,
    whole,
)
from proteus.validation.logs import rows
from proteus.validation.running import ROOT, compose, market, ns, poisson, simulate, trader

_SLOT_MS, _SLOT_NS = 1, 10**6
_ROUNDING = 1e-6  # of a base fee of 10**9 nano, over hundreds of whole numbers
_BARRIER = 0.5826  # -zeta(1/2) / sqrt(2 pi)
_CHECK_MS = 50
_TAIL = 13  # mean gaps in a lane: 1 in 10 million lasts longer
_SLOTS = 200  # in a lane in which messages wait


def _channels(world: World) -> Channels:
    assert isinstance(world.rules, Rules)
    return world.rules.environment


def _blocks(count: int, words: Sequence[str]) -> list[str]:
    """Return the words of a market in which so many slots of 1 ms end and nobody trades."""
    return [
        *market("clob", count * _SLOT_NS + 1), *words,
        f"environment.blocks.interval_ms={_SLOT_MS}",
    ]  # fmt: skip


def base_fee(
    demand_spread: float = 1.0, blocks: int = 60, *, lanes: int = 8_000, root: int = ROOT
) -> Comparison:
    """Compare the base fee under demand that ignores it with a martingale that drifts down.

    The gas used deviates from the target by a share u, uniform within +-s, so that the base fee is
    multiplied by 1 + u / 8 in every block.

    Parameters
        demand_spread: s, 0.01 .. 1. blocks: n, 1 .. 500. lanes, root: as in ``identities``.

    Returns
        Comparison of two numbers: the mean of b_n / b_0, which is 1, and the mean of ln(b_n / b_0),
        n E ln(1 + u / 8), about -n Var(u) / 128.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    spread = between("demand_spread", demand_spread, 0.01, 1, ends=True)
    count = whole("blocks", blocks, 1, 500)
    lanes, root = sampled(lanes, root)
    words = ["environment=congestion", "environment.congestion.base_fee=1.0"]
    words += [f"environment.congestion.demand_spread={spread!r}"]
    ratio = simulate(compose(_blocks(count, words)), lanes, root, _next_base_fee)
    low, high = 1 - spread / 8, 1 + spread / 8
    drift = 4 * (high * math.log(high) - low * math.log(low) - (high - low)) / spread
    found = mean_of(ratio), mean_of(np.log(ratio))
    return Comparison(
        ["mean of b_n / b_0", "mean of ln(b_n / b_0)"], [1.0, count * drift],
        [each.value for each in found], [each.error for each in found], lanes=lanes,
        tolerance=_ROUNDING,
    )  # fmt: skip


def _next_base_fee(world: World) -> Array:
    return np.asarray(_channels(world).congestion.next_base_fee / NANO)


def elastic_base_fee(
    demand_mean: float = 2.0, start: float = 0.1, *, lanes: int = 2, root: int = ROOT
) -> Comparison:
    """Compare the base fee under elastic demand with its fixed point.

    Others value gas uniformly up to 1 and would want m times the target at a fee of 0; m (1 - b)
    is 1 at b = 1 - 1 / m.

    Parameters
        demand_mean: m, 1.2 .. 8. start: base fee of the first block, 0.01 .. 0.99. lanes, root: as
            in ``identities``.

    Returns
        Comparison of one number, exact to the rounding: the base fee after 500 blocks.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    mean = between("demand_mean", demand_mean, 1.2, 8, ends=True)
    first = between("start", start, 0.01, 0.99, ends=True)
    lanes, root = sampled(lanes, root)
    words = ["environment=chain", "environment.oracle=null"]
    words += [f"environment.congestion.base_fee={first!r}"]
    words += ["environment.congestion.demand_spread=0", "environment.congestion.highest_value=1"]
    words += [f"environment.congestion.demand_mean={mean!r}"]
    fee = simulate(compose(_blocks(500, words)), lanes, root, _next_base_fee)
    return Comparison(
        ["base fee"], [1 - 1 / mean], [float(fee.mean())], [0.0], lanes=lanes, tolerance=1e-5
    )


def finality(
    blocks: int = 32, missed: float = 0.2, *, lanes: int = 4_000, root: int = ROOT
) -> Comparison:
    """Compare the time until k blocks are made with a negative binomial number of slots.

    Parameters
        blocks: k, 1 .. 200. missed: share q of the slots without a block, 0.01 .. 0.8. lanes,
            root: as in ``identities``.

    Returns
        Comparison of two numbers: mean and variance of the slots that k blocks take, k / (1 - q)
        and k q / (1 - q)^2.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    count = whole("blocks", blocks, 1, 200)
    share = between("missed", missed, 0.01, 0.8, ends=True)
    lanes, root = sampled(lanes, root)
    mean, variance = count / (1 - share), count * share / (1 - share) ** 2
    most = math.ceil(mean + 9 * math.sqrt(variance) + 20 / (1 - share))
    words = ["environment=blocks", f"environment.blocks.missed={share!r}"]

    def slots(world: World) -> Array:
        return np.array([lane.time[count - 1] / _SLOT_NS for lane in rows(world, CHAIN_BLOCK)])

    taken = simulate(compose(_blocks(most, words)), lanes, root, slots, recorded=True)
    found = mean_of(taken), variance_of(taken)
    return Comparison(
        ["mean slots", "variance of slots"], [mean, variance], [each.value for each in found],
        [each.error for each in found], lanes=lanes,
    )  # fmt: skip


def report_gap(
    deviation: float = 0.01, steps: float = 10, *, lanes: int = 4_000, root: int = ROOT
) -> Comparison:
    """Compare the mean time until an oracle reports with the exit time of a Brownian motion.

    The oracle reads v, whose standard deviation between two checks is s near 0.5. It reports when
    v has moved by d, which takes (d / s + 0.5826)^2 checks in the mean.

    Parameters
        deviation: d, currency, 0.001 .. 0.02. steps: d / s, 4 .. 20. lanes, root: as in
            ``identities``.

    Returns
        Comparison of one number: the mean checks until the first report. The tolerance is what is
        left out: the second order of the overshoot, and that v moves less away from 0.5.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    distance = round(between("deviation", deviation, 0.001, 0.02, ends=True), 9)
    ratio = between("steps", steps, 4, 20, ends=True)
    lanes, root = sampled(lanes, root)
    checks = (ratio + _BARRIER) ** 2
    sigma = 4 * distance / ratio / math.sqrt(_CHECK_MS / 1000)  # of the log-odds
    horizon_ns = ns(math.ceil(_TAIL * checks) * _CHECK_MS / 1000)
    words = [
        *market("clob", horizon_ns), "environment=none", "+channel@environment.oracle=oracle_value",
        "environment.oracle.noise_sd=0", f"environment.oracle.check_ms={_CHECK_MS}",
        f"environment.oracle.deviation={distance!r}", "environment.oracle.heartbeat_s=null",
        "latent.total_variance=null", f"latent.sigma={sigma!r}", f"latent.dt={_CHECK_MS}",
    ]  # fmt: skip

    def first(world: World) -> Array:
        return np.array([lane.time[0] / (_CHECK_MS * 1e6) for lane in rows(world, REPORT)])

    found = mean_of(simulate(compose(words), lanes, root, first, recorded=True))
    tolerance = checks * (0.5 / ratio**2 + 8 * distance**2)
    return Comparison(
        ["checks until a report"],
        [checks],
        [found.value],
        [found.error],
        lanes=lanes,
        tolerance=tolerance,
    )


def block_wait(
    law: str = "slots", missed: float = 0.0, rate_per_s: float = 2_000,
    *, lanes: int = 400, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare how long Poisson messages wait for a block with the mean rest of a gap.

    Parameters
        law: ``slots`` or ``poisson``. missed: share q of the slots, 0 .. 0.5. rate_per_s: of
            messages, 100 .. 5000; slots are of 1 ms. lanes, root: as in ``identities``.

    Returns
        Comparison of one number: the mean wait in slots, 1/2 + q / (1 - q), or 1 under
        ``poisson``. Messages that still wait at the end are left out, which is inside the
        tolerance.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    one_of("law", law, ("slots", "poisson"))
    share = between("missed", missed, 0, 0.5 if law == "slots" else 1e-9, ends=True)
    rate = between("rate_per_s", rate_per_s, 100, 5_000, ends=True)
    lanes, root = sampled(lanes, root)
    words = ["environment=blocks", "execution.route=blocks", f"environment.blocks.law={law}"]
    words += [f"environment.blocks.missed={share if law == 'slots' else 0.0!r}"]
    words += trader(
        "flow", "noise", schedule=poisson(rate),
        policy={"marketable_probability": 1, "size_mean_lots": 1, "max_lots": 1},
    )  # fmt: skip

    def waits(world: World) -> Array:
        pool = _channels(world).mempool
        return np.stack([pool.waited_ns / _SLOT_NS, pool.taken], axis=1)

    read = simulate(compose(_blocks(_SLOTS, words)), lanes, root, waits)
    found = ratio_of(read[:, 0], read[:, 1])
    expected = 1.0 if law == "poisson" else 0.5 + share / (1 - share)
    tolerance = 0.0 if expected == 0.5 else 4 * expected / _SLOTS
    return Comparison(
        ["mean wait, slots"],
        [expected],
        [found.value],
        [found.error],
        lanes=lanes,
        tolerance=tolerance,
    )
