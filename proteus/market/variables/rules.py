"""What costs and other rules move: the terms of PnL, what each class, group and trader paid or got.

They are measured in sweeps in which some cell has rules; in a cell of such a sweep that has none,
nothing was paid. Amounts are whole numbers and are added before they are converted.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.ledger.accounts import (
    CASH,
    CONTRACT,
    NETWORK,
    NOT_CARRIED,
    POOL,
    PROPOSER,
    STAKES,
    VALUE_THEN,
    account_of,
)
from proteus.market.ledger.codes import (
    FEE,
    FILL,
    GAS_BURNED,
    GAS_TIP,
    PAYOFF,
    PNL_TERMS,
    POSTINGS,
    REBATE,
    REWARD,
    ROUNDING,
    TERM_CLAIMS,
    TERM_DRIFT,
    TERM_NAMES,
)
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    CLASS,
    TERM,
    TRADER,
    Values,
    Variable,
    classes_of,
    currency,
    has_role,
    ratio,
)
from proteus.market.variables.population import by_group_and_trader, of_traders

Amounts = NDArray[np.int64]  # [L, A]

_COSTS = ((FEE, REBATE, GAS_BURNED, GAS_TIP, ROUNDING), -1)  # all of them, what is paid counts

_MOVED = {  # name: the codes, how it is called, and which sign counts as positive
    "fees_paid": ((FEE,), "fees paid to the venue", -1),
    "rebates_received": ((REBATE,), "rebates received from the venue", 1),
    "gas_paid": ((GAS_BURNED,), "gas paid and burned", -1),
    "tips_paid": ((GAS_TIP,), "tips paid to the proposer", -1),
    "rounding_paid": ((ROUNDING,), "paid because amounts are rounded", -1),
    "rewards_received": ((REWARD,), "rewards of policies", 1),
}


def total_of(world: World, code: int, what: int) -> Amounts:
    """Return what each trader got under a code, [L, A]: cash, lots, or v of these lots then."""
    traders = len(world.traders.kind)
    place = world.ledger.place[code]
    if place == NOT_CARRIED:
        return np.zeros((len(world.progress.fault), traders), np.int64)
    return np.asarray(world.ledger.total[:, :traders, place, what])


def _moved(world: World, codes: tuple[int, ...], sign: int) -> Amounts:
    return np.asarray(sign * sum(total_of(world, code, CASH) for code in codes))


def _execution_error(world: World) -> Values:
    """Return what a lot cost noise traders beyond the fair value, with all costs that they paid."""
    execution, role = world.sums.execution, has_role(world, CLASS_NOISE)
    paid = execution.error[:, CLASS_NOISE] + _moved(world, *_COSTS)[:, role].sum(axis=1)
    return ratio(currency(paid), execution.lots[:, CLASS_NOISE])


def _effective_spread(world: World) -> Values:
    """Return the effective spread with twice what the takers' sides of its fills were charged."""
    spreads, paid = world.sums.spreads, world.sums.spreads.effective / world.settings.n_ticks
    if isinstance(world.rules, Rules):
        paid = paid + 2 * world.rules.costs.against_makers / NANO
    return ratio(paid, spreads.effective_lots)


def _surplus(world: World) -> Values:
    """Return what trading gained those noise traders of whom it is said what it is worth."""
    if not isinstance(world.rules, Rules) or not world.rules.costs.has_worth:
        return np.full(len(world.progress.fault), np.nan)
    costs = world.rules.costs
    traded = (
        total_of(world, FILL, CASH) + total_of(world, FILL, VALUE_THEN) - _moved(world, *_COSTS)
    )
    return currency(costs.gained + traded[:, costs.payers.worth > 0].sum(axis=1))


def _of_classes(amounts: Amounts, world: World) -> Amounts:
    """Add up the traders of each class, [L, K]."""
    return np.asarray(amounts @ (world.traders.role[:, None] == np.arange(classes_of(world))))


def terms_of(world: World) -> NDArray[np.int64]:
    """Return PnL marked at v_T in its terms, int64 [L, A, terms]: they add up to it exactly."""
    terms = np.zeros((*world.totals.marked.shape, len(PNL_TERMS)), np.int64)
    value = world.totals.final_value[:, None]
    for code, posting in POSTINGS.items():
        if code == PAYOFF:  # comes after the mark
            continue
        then = total_of(world, code, VALUE_THEN)
        if posting.term in PNL_TERMS:
            terms[..., PNL_TERMS.index(posting.term)] += total_of(world, code, CASH) + then
        drift = total_of(world, code, CONTRACT) * value - then
        terms[..., PNL_TERMS.index(TERM_DRIFT)] += drift
    return terms


def _by_class_and_term(world: World) -> Values:
    terms = np.moveaxis(terms_of(world), 2, 0)
    return currency(np.stack([_of_classes(term, world) for term in terms], axis=-1))


def _by_trader_and_term(world: World) -> Values:
    terms = np.moveaxis(terms_of(world), 2, 0)
    return currency(np.stack([of_traders(term, world) for term in terms], axis=-1))


def account_pnl(which: int) -> Callable[[World], Values]:
    """Return what reads the PnL of an account that is no trader's."""

    def held(world: World) -> Values:
        number = account_of(world.ledger, which)
        ledger = world.ledger
        if number >= ledger.balance.shape[1]:
            return np.zeros(len(ledger.balance))
        claims = ledger.total[:, number, ledger.term == TERM_CLAIMS, CASH].sum(axis=1)
        return currency(ledger.balance[:, number, CASH] - claims)

    return held


def _amount_rows(name: str, codes: tuple[int, ...], title: str, sign: int) -> tuple[Variable, ...]:
    """Declare one amount by class, by group and by trader."""
    amounts = functools.partial(_moved, codes=codes, sign=sign)
    listed = ", ".join(POSTINGS[code].name for code in codes)
    formula = f"sum of the entries {listed}"
    by_class = Variable(
        name=name,
        dims=(CLASS,),
        unit="currency",
        long_name=title,
        formula=formula,
        source="accounts",
        compute=lambda world: currency(_of_classes(amounts(world), world)),
        needs=TERM,
    )
    populated = by_group_and_trader(name, "currency", title, formula, amounts, currency)
    return (by_class, *(row._replace(needs=TERM) for row in populated))


def _codes_of_terms() -> str:
    """List the codes of entries of each term."""
    listed = [
        f"{TERM_NAMES[term]}: {', '.join(p.name for p in POSTINGS.values() if p.term == term)}"
        for term in PNL_TERMS
        if term != TERM_DRIFT
    ]
    return "; ".join(listed)


RULE_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="pnl_by_term",
        dims=(CLASS, TERM),
        unit="currency",
        long_name="PnL marked at v_T, by what it comes from",
        sign="positive: they win",
        formula=(
            "sum of the entries of each term, contracts at v when they moved; drift: lots that an "
            f"entry moves x (v_T - v then), of every code. {_codes_of_terms()}"
        ),
        source="accounts",
        compute=_by_class_and_term,
    ),
    Variable(
        name="pnl_by_term_by_trader",
        dims=(TRADER, TERM),
        unit="currency",
        long_name="PnL marked at v_T of each trader, by what it comes from",
        sign="positive: it wins",
        formula="as pnl_by_term, of a trader; the traders of a class sum to the class",
        source="accounts",
        compute=_by_trader_and_term,
    ),
    *(
        Variable(
            name=f"pnl_{name}",
            unit="currency",
            long_name=f"cash of the account {name} at the end, less what it was funded with",
            formula=f"what {name} was paid less what it paid, funds and stakes apart",
            source="accounts",
            compute=account_pnl(which),
            needs=TERM,
        )
        for which, name in (
            (NETWORK, "network"),
            (PROPOSER, "proposer"),
            (POOL, "pool"),
            (STAKES, "stakes"),
        )
    ),
    *(row for name, about in _MOVED.items() for row in _amount_rows(name, *about)),
    Variable(
        name="effective_spread_net",
        unit="currency",
        long_name="effective spread with fees and rebates of takers",
        sign="positive: takers pay",
        formula=(
            "effective_spread + twice the fees and rounding less rebates of the takers' sides of "
            "its fills (fills.parquet) per lot, averaged as it is. Gas and tips are of messages, "
            "and not in it"
        ),
        source="Colliard & Foucault 2012",
        compute=_effective_spread,
        needs=TERM,
        missing="no_fill",
    ),
    Variable(
        name="taker_execution_error_net",
        unit="currency",
        long_name="execution error of noise traders with all costs",
        sign="positive: they pay",
        formula=(
            "(sum over fills of noise of |q| d (P - v(t)) + fees + rounding + gas + tips that "
            "noise traders paid - their rebates, by ledger.parquet) / their lots filled; gas of "
            "messages that led to no fill counts"
        ),
        source="Hagstromer 2021",
        compute=_execution_error,
        needs=TERM,
        missing="no_fill",
    ),
    Variable(
        name="surplus_noise",
        unit="currency",
        long_name="gains from trade of noise traders with a private value",
        sign="positive: they win",
        formula=(
            "sum over fills of noise traders whose group has a reservation_scale of |q| (what a "
            "lot is worth to it by itself, value_nano of its order - d (P - v(t))) - all costs "
            "that they paid, as in taker_execution_error_net"
        ),
        source="Goettler, Parlour & Rajan 2005",
        compute=_surplus,
        needs=TERM,
        missing="no_private_value",
    ),
)
