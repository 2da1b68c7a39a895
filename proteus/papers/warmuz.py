"""Warmuz, Chaudhary & Pinna (2022): liquidations that make a loan worse, and spiral."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.papers.paper import REACH, Claim, Paper, direction, lanes_of, number
from proteus.replaying.lending.door import replay
from proteus.validation.comparison import Array, Estimate, mean_of

_INCENTIVES = (0.05, 0.10, 0.15)
_UNIT, _PRICE = 10**8, 75 * 10**6  # of what each pledges, and after the fall; before it is 1e8
_LEAST, _MOST = 0.82, 0.99  # loan to value after the fall
_BORROWERS, _FEWEST = 400, 10  # so that some are on either side of each frontier
_PART, _STEPS, _SMALL = 0.10, 12, 0.01  # of the first debt, in a spiral and in a single step
_RICH = 10**14
_TERMS: dict[str, Any] = {
    "decimals_c": 6, "decimals_d": 6, "optimal": 8 * 10**26, "base": 0, "slope_1": 0, "slope_2": 0,
    "reserve_factor_bps": 0, "protocol_fee_bps": 0, "ltv_bps": 7_500, "threshold_bps": 8_000,
    "price_c": _UNIT, "price_d": 10**8, "treasury": "treasury",
}  # fmt: skip


def run(share: float, root: int) -> list[Claim]:
    """Let borrowers fall to random loan-to-values; liquidate them once, then again and again."""
    claims, count = [], max(lanes_of(_BORROWERS, share), _FEWEST)
    for place, incentive in enumerate(_INCENTIVES):
        within = np.random.default_rng(root + place).random(count)  # one in each of equal parts
        drawn = _LEAST + (_MOST - _LEAST) * (np.arange(count) + within) / count
        debts = np.round(drawn * _PRICE).astype(int)  # a unit pledged is worth its price
        before = debts / _PRICE
        frontier, called = 1 / (1 + incentive), f"incentive {100 * incentive:g} %"
        debt, value = _liquidated(debts, incentive, [_SMALL])
        rises = debt / value > before
        owed, left = _liquidated(debts, incentive, [_PART] * _STEPS)
        is_bad = left < owed
        where = "the frontier 1 / (1 + i)"
        claims += [
            number(f"loan to value from which a liquidation raises it; {called}", frontier, where,
                   _between(before, rises), count, slack=1e-6),
            number(f"loan to value from which the spiral ends in bad debt; {called}", frontier,
                   where, _between(before, is_bad), count, slack=1e-6),
            direction(f"bad debt of liquidating less that of halting; {called}", "above 0",
                      "halting beyond the frontier leaves less",
                      mean_of(np.maximum(owed - left, 0) / _PRICE), count),
        ]  # fmt: skip
    return claims


def _between(values: Array, is_above: NDArray[np.bool_]) -> Estimate:
    """Bracket where a condition begins to hold; the 95 % interval is the bracket."""
    below, above = values[~is_above].max(), values[is_above].min()
    return Estimate((below + above) / 2, abs(above - below) / 2 / REACH)


def _liquidated(debts: Array, incentive: float, parts: list[float]) -> tuple[Array, Array]:
    """Return debt and worth of the collateral after liquidations of parts of the first debt.

    By the rules of Aave; who is healthy again is not liquidated further.
    """
    names = [f"b{place}" for place in range(len(debts))]
    wallets = {"lender": (0, _RICH), "liquidator": (0, _RICH), "treasury": (0, 0)}
    wallets |= dict.fromkeys(names, (_UNIT, 0))
    rows: list[dict[str, Any]] = [
        {"kind": "supply", "agent": "lender", "asset": "D", "amount": _RICH}
    ]
    for name, debt in zip(names, debts.tolist(), strict=True):
        rows.append({"kind": "supply", "agent": name, "asset": "C", "amount": _UNIT})
        rows.append({"kind": "borrow", "agent": name, "asset": "D", "amount": debt})
    rows.append({"kind": "price", "asset": "C", "price": _PRICE})
    rows += [
        {"kind": "liquidate", "agent": "liquidator", "borrower": name, "amount": round(part * debt)}
        for part in parts for name, debt in zip(names, debts.tolist(), strict=True)
    ]  # fmt: skip
    bonus = round(10_000 * (1 + incentive))
    lent = replay(rows, rules="aave", wallets=wallets, states="last", bonus_bps=bonus, **_TERMS)
    ours = lent.accounts.set_index("account").loc[names]
    return ours.debt_value.to_numpy(float) / 100, ours.collateral_value.to_numpy(float) / 100


PAPER = Paper(
    name="warmuz",
    title="Toxic liquidation spirals",
    citation="Warmuz, Chaudhary & Pinna (2022), Toxic liquidation spirals, arXiv:2212.07306.",
    checked=(
        "The abstract; the frontier 1 / (1 + i) for a constant incentive i, and how "
        "collateral and debt move in a liquidation, in McFarlane (2025), Toxicity bounds for "
        "dynamic liquidation incentives, arXiv:2510.10171, read in full, which derives it and "
        "credits the paper."
    ),
    says=(
        "A liquidator who repays a unit of debt takes 1 + i of collateral. Beyond a loan to "
        "value of 1 / (1 + i) that makes the loan worse: liquidations go on until the "
        "collateral is gone, and leave bad debt of a borrower who was solvent. Halting them "
        "there would leave less."
    ),
    given="A constant incentive; liquidations of parts of a debt.",
    chosen=(
        "Rules of Aave v3.0 as recorded from its contracts; a liquidation threshold of 0.8, "
        "incentives of 5, 10 and 15 %, loan-to-values drawn between 0.82 and 0.99, parts of "
        "10 % (1 % for a single step). The interval is the bracket between the last borrower "
        "below and the first above."
    ),
    left_out=(
        "Slippage and the fall of prices that liquidations cause, which move the frontier "
        "down; the event of November 2022; dynamic incentives."
    ),
    run=run,
)
