"""What is measured of credit: what is lent and at which rate, interest, and what is lost.

They are measured in sweeps in which some cell has credit; in a cell without it nothing was lent.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.market.agents.traders import CLASS_LENDER
from proteus.market.book.codes import NO_TRADER
from proteus.market.ledger.accounts import CASH, DUST_ACCOUNT, LENDING, TREASURY
from proteus.market.ledger.codes import BORROW, INTEREST
from proteus.market.lending.codes import LARGEST
from proteus.market.lending.credit import Credit
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.market.variables.base import CREDIT, Values, Variable, currency, has_role, ratio
from proteus.market.variables.population import by_group_and_trader
from proteus.market.variables.rules import account_pnl, total_of

Amounts = NDArray[np.int64]  # [L, A]


def _credit(world: World) -> Credit | None:
    """Return the credit of a world that has some, else None."""
    rules = world.rules
    return rules.credit if isinstance(rules, Rules) and len(rules.credit.booked) else None


def _reading(read: Callable[[Credit], Values]) -> Callable[[World], Values]:
    """Read what a pool has summed, or give 0 where there is none."""

    def compute(world: World) -> Values:
        credit = _credit(world)
        none = np.zeros(len(world.progress.fault))
        return none if credit is None else np.asarray(read(credit), np.float64)

    return compute


def _outstanding(world: World) -> Values:
    credit = _credit(world)
    if credit is None:
        return np.zeros((len(world.progress.fault), 2))
    sums = np.stack([credit.debt_area, credit.claim_area], axis=1)
    return np.asarray(sums / credit.steps[:, None] / NANO)


def _least(world: World) -> Values:
    """Return the least health factor, NaN where nobody ever owed anything."""
    credit = _credit(world)
    if credit is None:
        return np.full(len(world.progress.fault), np.nan)
    return np.where(credit.least == LARGEST, np.nan, credit.least / NANO)


def _lent(world: World) -> Values:
    """Return what the pool has paid out as loans: what was borrowed less the interest in it.

    Loans that go on from the episode before are none of it.
    """
    borrowed = total_of(world, BORROW, CASH).sum(axis=1) + total_of(world, INTEREST, CASH).clip(
        max=0
    ).sum(axis=1)
    credit = _credit(world)
    return currency(borrowed - (0 if credit is None else credit.opened))


def _share_lost(world: World) -> Values:
    credit = _credit(world)
    if credit is None:
        return np.full(len(world.progress.fault), np.nan)
    return ratio(currency(credit.pool.bad_debt), _lent(world))


def _leverage(world: World) -> Values:
    """Return the worth of lots of those who owe over what is theirs of it; NaN without a debt."""
    credit = _credit(world)
    if credit is None:
        return np.full(len(world.progress.fault), np.nan)
    return ratio(credit.held_area, credit.held_area - credit.owed_area)


def _shortfall(world: World) -> Values:
    """Return what those who may borrow owe after contracts have paid, out of the cash they have."""
    credit = _credit(world)
    if credit is None:
        return np.zeros(len(world.progress.fault))
    borrowers = np.flatnonzero(credit.leverage)
    left = world.ledger.balance[:, borrowers, CASH]
    return currency(np.maximum(-left, 0).sum(axis=1))


def _paid(world: World) -> Amounts:
    return np.maximum(-total_of(world, INTEREST, CASH), 0)


def _received(world: World) -> Amounts:
    return np.maximum(total_of(world, INTEREST, CASH), 0)


def _pnl_of_lenders(world: World) -> Values:
    return currency(world.totals.marked[:, has_role(world, CLASS_LENDER)].sum(axis=1))


def _pnl_of_liquidators(world: World) -> Values:
    credit = _credit(world)
    if credit is None:
        return np.zeros(len(world.progress.fault))
    are_there = credit.liquidators.calls.copy()
    if credit.liquidations.desk != NO_TRADER:
        are_there[credit.liquidations.desk] = True
    return currency(world.totals.marked[:, are_there].sum(axis=1))


def _row(
    name: str,
    unit: str,
    long_name: str,
    formula: str,
    compute: Callable[[World], Values],
    sign: str = "",
) -> Variable:
    return Variable(
        name=name, unit=unit, long_name=long_name, formula=formula, source="accounts",
        compute=compute, sign=sign, needs=CREDIT,
    )  # fmt: skip


_PAID = "interest that borrowers were charged"
_PAID_FORMULA = "minus the sum of its entries interest, where that is a charge"
_RECEIVED = "interest that lenders were credited with"
_RECEIVED_FORMULA = "sum of its entries interest, where that is a gain"


def _interest(
    name: str, title: str, formula: str, amounts: Callable[[World], Amounts]
) -> tuple[Variable, ...]:
    """Declare interest together, by group and by trader."""
    parts = by_group_and_trader(name, "currency", title, formula, amounts, currency)
    whole = _row(
        name, "currency", title, f"sum over traders of: {formula}",
        lambda world: currency(amounts(world).sum(axis=1)),
    )  # fmt: skip
    return (whole, *(row._replace(needs=CREDIT) for row in parts))


CREDIT_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="credit_outstanding",
        dims=(CREDIT,),
        unit="currency",
        long_name="debts, and claims of lenders, mean over time",
        formula="mean over accruals of what was owed, and of what lenders had, before it",
        source="accounts",
        compute=_outstanding,
    ),
    _row(
        "utilisation", "1", "share of the pool that is lent, mean over time",
        "mean over accruals of debt / (cash + debt) before it, 0 without debt",
        _reading(lambda credit: credit.used_area / credit.steps / NANO),
    ),
    _row(
        "borrow_rate", "1/year", "rate of the pool, mean over time",
        "mean over accruals of the rate of the step that it ends, a year of credit.year_s",
        _reading(lambda credit: credit.rate_area / credit.steps / NANO),
    ),
    Variable(
        name="health_least",
        unit="1",
        long_name="least health factor of an account that owes something",
        formula=(
            "min over accruals before T, after interest, and over accounts with a debt of "
            "credit.threshold x the worth of its lots / debt, rounded down to 1e-9"
        ),
        source="accounts",
        compute=_least,
        needs=CREDIT,
        missing="no_debt",
    ),
    _row(
        "unhealthy", "1", "accounts with a health factor below 1",
        "mean over accruals before T of the number of accounts whose health factor is below 1",
        _reading(lambda credit: credit.unhealthy / np.maximum(credit.looks, 1)),
    ),
    Variable(
        name="leverage_mean",
        unit="1",
        long_name="leverage of those who owe something, mean over time",
        formula=(
            "sum over accruals before T and over accounts with a debt of the worth of their lots, "
            "over that sum less their debts"
        ),
        source="accounts",
        compute=_leverage,
        needs=CREDIT,
        missing="no_debt",
    ),
    _row(
        "credit_lent", "currency", "currency lent",
        "sum of what the pool paid out as loans", _lent,
    ),
    *_interest("interest_paid", _PAID, _PAID_FORMULA, _paid),
    *_interest("interest_received", _RECEIVED, _RECEIVED_FORMULA, _received),
    _row(
        "bad_debt", "currency", "debt that was written off",
        "sum of what accounts owed beyond what they had, when it was written off",
        _reading(lambda credit: currency(credit.pool.bad_debt)),
    ),
    Variable(
        name="bad_debt_share",
        unit="1",
        long_name="share of what was lent that was written off",
        formula="bad_debt / credit_lent",
        source="accounts",
        compute=_share_lost,
        needs=CREDIT,
        missing="no_debt",
    ),
    _row(
        "payoff_shortfall", "currency", "what borrowers cannot pay after contracts have paid",
        "sum over accounts that may borrow of their cash below 0 at the very end; no bad debt, as "
        "debts are closed at v_T before",
        _shortfall,
    ),
    _row(
        "bad_debt_jump", "currency", "debt that was written off after a jump",
        "bad_debt of accounts that, since they were last found healthy, met a jump of v against "
        "them larger than the worth of a lot less its debt was then",
        _reading(lambda credit: currency(credit.liquidations.by_jump)),
    ),
    _row(
        "bad_debt_rest", "currency", "debt that was written off without such a jump",
        "bad_debt less bad_debt_jump",
        _reading(lambda credit: currency(credit.pool.bad_debt - credit.liquidations.by_jump)),
    ),
    _row(
        "lender_loss", "currency", "losses that lenders bore",
        "bad_debt, and what the treasury's desk lost by T, less what the reserves of the treasury "
        "covered",
        _reading(lambda credit: currency(credit.lost)),
    ),
    _row(
        "liquidations", "1", "liquidations",
        "number of times that lots of an account below a health factor of 1 were seized",
        _reading(lambda credit: credit.liquidations.count),
    ),
    _row(
        "liquidated_value", "currency", "worth of the lots that were seized",
        "sum over liquidations of lots x their worth, at the price that decided",
        _reading(lambda credit: currency(credit.liquidations.value)),
    ),
    _row(
        "cascade_size", "1", "longest run of liquidations",
        "most liquidations of which each is at most 1 s after the one before",
        _reading(lambda credit: credit.liquidations.most),
    ),
    _row(
        "cascade_lots", "lots", "lots of the longest run of liquidations",
        "lots that were seized in the run of cascade_size; of equally long ones the most",
        _reading(lambda credit: credit.liquidations.most_lots),
    ),
    _row(
        "liquidator_pnl", "currency", "PnL of liquidators, marked at v_T",
        "sum over traders of kind liquidator, and that of the treasury's desk, of their PnL; it is "
        "part of pnl_informed too",
        _pnl_of_liquidators, "positive: they win",
    ),
    _row(
        "pnl_lender", "currency", "PnL of lenders, marked at v_T",
        "sum over lenders of interest less losses", _pnl_of_lenders, "positive: they win",
    ),
    *(
        _row(
            f"pnl_{name}", "currency", f"{about} at the end",
            f"what {name} was paid less what it paid, claims apart", account_pnl(which),
        )
        for which, name, about in (
            (TREASURY, "treasury", "reserves of the pool"),
            (LENDING, "lending", "cash of the pool itself"),
            (DUST_ACCOUNT, "dust", "what rounding left over"),
        )
    ),
)  # fmt: skip
