"""From the configuration of policies to their numbers, exactly.

Amounts of epochs are tabulated: a schedule, halving and their order are Python's integers, and a
kernel looks a number up.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.basics.units import NANO
from proteus.compiler.arrays import allocate
from proteus.market.incentives.added import ADDED_KINDS, SCORE_CODES
from proteus.market.incentives.codes import (
    ALL_OF_POOL,
    FINES,
    NO_CAP,
    PAYS,
    SLASHES,
)
from proteus.market.incentives.models import (
    AnyPolicy,
    DiscountedDepth,
    FeePool,
    Fine,
    Incentives,
    IssuerPool,
    MessageRatio,
    MissedUptime,
    PenaltyPolicy,
    Response,
    RewardPolicy,
    Slash,
    TwoSidedQuadratic,
    Volume,
)
from proteus.market.incentives.state import PolicyTable


def policy_entity(name: str) -> int:
    """Return the address of a policy's draws: 32 bits of the hash of its name."""
    return int.from_bytes(hashlib.sha256(b"proteus policy " + name.encode()).digest()[:4], "big")


def amount_at(policy: AnyPolicy, time_ns: int) -> int:
    """Return what an epoch that begins at a time pays or charges.

    Returns
        Nano-currency, of a fine for each thing that is counted; nano-shares of a stake;
        ALL_OF_POOL.
    """
    if isinstance(policy, PenaltyPolicy):
        charge = policy.charge
        number = charge.amount if isinstance(charge, Fine) else charge.share
        return _nano(number.at(time_ns).values[0])
    if policy.per_epoch is None:
        return ALL_OF_POOL
    halvings = 0
    if policy.halving_s is not None:
        halvings = time_ns // units.seconds_to_ns(policy.halving_s)
    return _nano(policy.per_epoch.at(time_ns).values[0]) >> halvings


def weights_of(score: DiscountedDepth, step_ticks: int, n_ticks: int) -> list[int]:
    """Return the weight of a lot by steps behind the best price, nano, rounded down; 0 at last."""
    factor, weights = Fraction(str(score.discount)), [NANO]
    exact = Fraction(NANO)
    while weights[-1] and len(weights) * step_ticks < n_ticks:
        exact *= factor
        weights.append(int(exact))
    return [*weights, 0]


def make_table(
    incentives: Incentives, horizon_ns: int, tick_nano: int, is_maker: NDArray[np.bool_],
    decay: NDArray[np.float64] | None = None,
) -> PolicyTable:  # fmt: skip
    """Make the numbers of all policies; ``checks`` has found nothing against them.

    Parameters
        is_maker: bool [A], which traders are makers.
        decay: float64 [A], weight of the newest epoch in what a trader thinks that its lots earn;
            0, as all are by default: it does not know.
    """
    rows = [_row(name, policy, horizon_ns, tick_nano) for name, policy in incentives.in_order]
    takes_part = [_takes_part(policy, is_maker) for _, policy in incentives.in_order]
    sizes = {
        "P": len(rows), "A": len(is_maker), "E": _longest(rows, "amount"),
        "W": _longest(rows, "weight"), "M": _longest(rows, "numbers"),
    }  # fmt: skip
    columns: dict[str, Any] = {"n_ticks": NANO // tick_nano, "horizon_ns": horizon_ns}
    if decay is not None:
        columns["decay"] = decay
    if rows:
        columns["takes_part"] = np.array(takes_part, np.bool_)
        for key in rows[0]:
            columns[key] = _column([row[key] for row in rows])
    return allocate(PolicyTable, **sizes, **columns)


def _longest(rows: list[dict[str, Any]], key: str) -> int:
    return max((len(row[key]) for row in rows), default=0)


def _column(values: list[Any]) -> NDArray[Any]:
    """Return a column of numbers, or of lists that end with zeros."""
    if not isinstance(values[0], list):
        return np.array(values)
    longest = max(map(len, values))
    return np.array([[*value, *[0] * (longest - len(value))] for value in values], np.int64)


def _takes_part(policy: AnyPolicy, is_maker: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if policy.traders == "all":
        return np.ones_like(is_maker)
    return is_maker if policy.traders == "makers" else ~is_maker


def _row(name: str, policy: AnyPolicy, horizon_ns: int, tick_nano: int) -> dict[str, Any]:
    epochs = horizon_ns // policy.epoch_ns
    sampling = policy.sampling
    is_reward = isinstance(policy, RewardPolicy)
    score = policy.score if isinstance(policy, RewardPolicy) else policy.measure
    return {
        "score": SCORE_CODES[score.name],
        "act": PAYS if is_reward else FINES,
        "epoch_ns": policy.epoch_ns,
        "epochs": epochs,
        "amount": [amount_at(policy, epoch * policy.epoch_ns) for epoch in range(epochs)],
        "sample_ns": sampling.every_ns if sampling else 0,
        "at_instant": sampling is not None and sampling.at == "instant",
        "entity": policy_entity(name),
        **_money_of(policy),
        **_numbers_of(score, tick_nano),
    }


def _money_of(policy: AnyPolicy) -> dict[str, Any]:
    money = {"most_per_lot": NO_CAP, "fee_share": 0, "funded": 0, "staked": 0}
    if isinstance(policy, PenaltyPolicy):
        if isinstance(policy.charge, Slash):
            money |= {"act": SLASHES, "staked": _nano(policy.charge.stake)}
        return money
    if isinstance(policy.pool, IssuerPool):
        money["funded"] = _nano(policy.pool.currency)
    if isinstance(policy.pool, FeePool):
        money["fee_share"] = _nano(policy.pool.share)
    if policy.most_per_lot is not None:
        money["most_per_lot"] = _nano(policy.most_per_lot)
    return money


def _numbers_of(score: Any, tick_nano: int) -> dict[str, Any]:
    """Return the numbers of a score; those that another score has are neutral."""
    numbers: dict[str, Any] = {
        "spread": 0, "min_lots": 1, "divisor": 1, "lowest": 0, "highest": 0, "target": 0, "step": 1,
        "weight": [], "skip_from": 0, "within_ns": 0, "required": 0, "most_per_fill": 0,
        "counts_taker": False, "counts_maker": False, "both_sides": False, "numbers": [],
    }  # fmt: skip
    if score.name in ADDED_KINDS:
        return numbers | {
            "min_lots": getattr(score, "min_lots", 1),
            "numbers": [*score.numbers(tick_nano)],
            "both_sides": score.BOTH_SIDES,
        }
    if not isinstance(score, (Volume, DiscountedDepth, MessageRatio)):
        numbers["spread"] = 2 * _nano(score.max_spread) // tick_nano
        numbers["min_lots"] = score.min_lots
    if isinstance(score, Volume):
        numbers |= {
            "lowest": _nano(score.lowest_price) // tick_nano,
            "highest": _nano(score.highest_price) // tick_nano,
            "counts_taker": score.role != "maker",
            "counts_maker": score.role != "taker",
        }
    elif isinstance(score, TwoSidedQuadratic):
        numbers |= {
            "divisor": score.one_side_divisor,
            "lowest": _nano(score.lowest_mid) // tick_nano,
            "highest": _nano(score.highest_mid) // tick_nano,
        }
    elif isinstance(score, DiscountedDepth):
        step = _nano(score.step) // tick_nano
        numbers |= {
            "target": score.target_lots,
            "step": step,
            "weight": weights_of(score, step, NANO // tick_nano),
            "skip_from": _nano(score.skip_from) // tick_nano,
        }
    elif isinstance(score, Response):
        numbers["within_ns"] = units.milliseconds_to_ns(score.within_ms)
    elif isinstance(score, MissedUptime):
        numbers["required"] = _nano(score.required_share)
    elif isinstance(score, MessageRatio):
        numbers["most_per_fill"] = score.most_per_fill
    return numbers


def _nano(value: float) -> int:
    return units.currency_to_nano(value)
