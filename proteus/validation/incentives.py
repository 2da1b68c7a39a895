"""V21: what policies pay where it is known: quotes at known distances, and a cap on volume.

Source
    Polymarket, "Liquidity rewards" (2025); Kalshi, liquidity and volume incentives (2025).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import poisson as poisson_law

from proteus.basics.units import NANO
from proteus.market.ledger.accounts import CASH
from proteus.market.ledger.codes import REWARD
from proteus.market.trading.world import World
from proteus.validation.comparison import Array, Comparison, between, mean_of, sampled, whole
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

_START_S = 1e-6  # when makers post their quotes
_POOL, _EPOCHS = 20, 4
_SPREAD, _DISCOUNT, _STEP = 0.03, 0.5, 0.01
_CAP = 0.005  # currency per lot


def liquidity_rewards(
    near: float = 0.01, far: float = 0.02, near_lots: int = 10, far_lots: int = 30,
    *, lanes: int = 20, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare how two makers share pools with the formulas of their scores.

    Both quote both sides of 0.5 and nobody trades. By ((v - s) / v)^2 x lots with v = 0.03, and by
    0.5^n x lots for n cents behind the best price, with a target that takes both.

    Parameters
        near, far: half-spreads, 0.001 .. 0.029 in whole thousandths, near < far.
        near_lots, far_lots: sizes of their quotes, 1 .. 1000. lanes, root: as in ``identities``.

    Returns
        Comparison of four numbers, two for each score: the share of the near maker, and what is
        paid to both, currency. Rounding takes less than a nano of each payment.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    between("far", far, near + 0.0005, 0.0295)
    between("near", near, 0.0005, 0.0295)
    sizes = [whole("near_lots", near_lots, 1, 1000), whole("far_lots", far_lots, 1, 1000)]
    distances, (lanes, root) = [round(near, 3), round(far, 3)], sampled(lanes, root)
    quadratic = [(_SPREAD - s) ** 2 * lots for s, lots in zip(distances, sizes, strict=True)]
    steps = int((round(1000 * far) - round(1000 * near)) // (1000 * _STEP))
    discounted = [sizes[0], _DISCOUNT**steps * sizes[1]]
    target = f"incentives.policies.liquidity.score.target_lots={sizes[0] + 1}"
    expected, simulated = [], []
    for score, words in (
        (quadratic, ["incentives=polymarket", "incentives.policies.liquidity.score.min_lots=1"]),
        (discounted, ["incentives=kalshi_liquidity", target]),
    ):
        paid = simulate(compose(_quoting(distances, sizes) + words), lanes, root, _rewards)
        shares = paid[:, 0] / paid.sum(axis=1)
        worst = np.abs(shares - score[0] / sum(score)).argmax()
        expected += [score[0] / sum(score), float(_EPOCHS)]
        simulated += [shares[worst], paid.sum(axis=1).min()]
    return Comparison(
        ["near share, quadratic", "paid, quadratic", "near share, discounted", "paid, discounted"],
        expected, simulated, 0.0, lanes=lanes, tolerance=1e-8,
    )  # fmt: skip


def _quoting(distances: list[float], sizes: list[int]) -> list[str]:
    words = market("clob", ns(5 * _EPOCHS))
    for name, half_spread, lots in zip(("near", "far"), distances, sizes, strict=True):
        policy = {**FROZEN_MAKER, "half_spread": half_spread, "quote_lots": lots}
        words += trader(name, "maker", schedule=once(_START_S), policy=policy)
    return words


def _rewards(world: World) -> Array:
    """Return what each trader got of pools, currency, [L, A]."""
    ledger = world.ledger
    traders, place = ledger.bought.shape[1], ledger.place[REWARD]
    return np.asarray(ledger.total[:, :traders, place, CASH] / NANO)


def volume_rewards(
    rate_per_s: float = 20, reward_lots: int = 20, *, lanes: int = 2_000, root: int = ROOT
) -> Comparison:
    """Compare a capped reward for a Poisson volume with its mean, epoch by epoch.

    An epoch of a second has c x ``reward_lots`` to pay, and what earlier ones left; it pays at most
    c for each lot that was taken in it. What is left is a walk on the whole numbers.

    Parameters
        rate_per_s: lots that are taken, 1 .. 100. reward_lots: 1 .. 200.
        lanes, root: as in ``identities``.

    Returns
        Comparison of one number: what is paid in four epochs, currency.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    rate = between("rate_per_s", rate_per_s, 1, 100, ends=True)
    least, (lanes, root) = whole("reward_lots", reward_lots, 1, 200), sampled(lanes, root)
    policy = "incentives.policies.volume"
    words = [
        "incentives=kalshi_volume", f"{policy}.traders=takers", f"{policy}.score.role=taker",
        f"{policy}.epoch_s=1", f"{policy}.per_epoch={_CAP * least:.9g}",
        f"{policy}.most_per_lot={_CAP}", f"{policy}.pool.currency={_POOL}",
    ]  # fmt: skip
    taking = {"marketable_probability": 1, "size_mean_lots": 1, "max_lots": 1}
    quoting = {**FROZEN_MAKER, "half_spread": 0.01, "quote_lots": 1_000_000}
    cell = compose([
        *market("clob", ns(_EPOCHS)), "execution.protection_ticks=500",
        *trader("quoting", "maker", schedule=once(_START_S), policy=quoting),
        *trader("taking", "noise", schedule=poisson(rate), policy=taking), *words,
    ])  # fmt: skip
    paid = mean_of(simulate(cell, lanes, root, _rewards).sum(axis=1))
    return Comparison(
        ["paid"], [_CAP * _mean_paid(rate, least)], [paid.value], [paid.error], lanes=lanes
    )


def _mean_paid(rate: float, least: int) -> float:
    """Return the mean of the lots that are paid for: min(least + left, taken), over all epochs."""
    lots = np.arange(int(rate + 12 * rate**0.5) + 12)
    taken = poisson_law.pmf(lots, rate)
    left, total = {0: 1.0}, 0.0
    for _ in range(_EPOCHS):
        after: dict[int, float] = {}
        for carried, chance in left.items():
            paid = np.minimum(least + carried, lots)
            total += chance * float(taken @ paid)
            for number, weight in zip(least + carried - paid, chance * taken, strict=True):
                after[int(number)] = after.get(int(number), 0.0) + float(weight)
        left = after
    return total
