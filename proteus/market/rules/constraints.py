"""Chains of constraints, bound: what a trader knows, what it sends, and what the venue can see.

A trader knows its position by its fill reports, and of its cash all but fills that it has not been
told of: a charge, a reward or a fine of its own account it sees when it is made.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.codes import BUY, NO_ORDER, SELL
from proteus.market.constraints import chain
from proteus.market.constraints.funds import uncounted
from proteus.market.constraints.state import is_unconstrained
from proteus.market.events.envelopes import (
    MESSAGE_CANCEL,
    MESSAGE_DECLINE,
    MESSAGE_ORDER,
    MESSAGE_QUOTE,
    MESSAGE_REPLACE,
    NOTICE_ACK,
    NOTICE_FILL,
    NOTICE_REJECT,
)
from proteus.market.ledger.accounts import CASH, CONTRACT, VENUE, account_of
from proteus.market.ledger.codes import DEFAULT
from proteus.market.rules import posting
from proteus.market.settlement.legs import coming_in, is_immediate


@inline_kernel
def allowed_lots(rules, ledger, private, lane, trader, time, becomes, side, price, lots):
    """Return how many lots of an intent a trader's chain lets pass; its price is in ticks."""
    constraints = rules.constraints
    if not constraints.table.is_tracked[trader]:
        return lots
    _leave_out(rules, lane, trader, constraints.told[lane, trader])
    cash = ledger.balance[lane, trader, CASH] - constraints.untold[lane, trader]
    known = cash, private.position[lane, trader]
    return chain.allowed(constraints, lane, trader, time, becomes, side, price, lots, known)


@inline_kernel
def _leave_out(rules, lane, trader, before):
    """Note what does not count of what pending fills bring, those before a number."""
    constraints, haircut = rules.constraints, rules.constraints.table.haircut[trader]
    if haircut > 0:
        cash, lots = coming_in(rules.settlement.legs, lane, trader, before)
        zero, one = uncounted(cash, lots, haircut)
        constraints.uncounted[lane, trader, 0] = zero
        constraints.uncounted[lane, trader, 1] = one


@cold_kernel
def note_message(rules, messages, orders, lane, trader, envelope, time):
    """Note what a trader sends: a version that may fill, and what it takes of its rate."""
    constraints, kind = rules.constraints, messages.kind[lane, envelope]
    if kind == MESSAGE_ORDER or kind == MESSAGE_QUOTE:
        slot = np.int64(messages.order[lane, envelope])
        constraints.entered[lane, slot] = False
    if not constraints.table.is_tracked[trader]:
        return
    if kind != MESSAGE_CANCEL and kind != MESSAGE_DECLINE:
        chain.use_message(constraints, lane, trader, time)
    if kind == MESSAGE_ORDER or kind == MESSAGE_QUOTE:
        chain.note_sent(
            constraints, lane, trader, orders.client_id[lane, slot], np.int64(0),
            orders.side[lane, slot], np.int64(orders.rank[lane, slot]), orders.lots[lane, slot],
        )  # fmt: skip
    elif kind == MESSAGE_REPLACE:
        chain.note_sent(
            constraints, lane, trader, messages.new_id[lane, envelope],
            messages.client_id[lane, envelope], messages.side[lane, envelope],
            np.int64(messages.rank[lane, envelope]), messages.lots[lane, envelope],
        )  # fmt: skip


@cold_kernel
def can_pay(rules, ledger, orders, lane, trader, slot, side, rank, lots):
    """Tell whether a trader can pay an order that reaches the venue; one that it can has entered.

    Parameters
        slot: of the order, or of the one that is changed. side, rank, lots: what it would be.
    """
    constraints = rules.constraints
    if is_unconstrained(constraints):
        return True
    _leave_out(rules, lane, trader, rules.settlement.legs.fills[lane])
    if constraints.table.has_capital[trader] and not chain.fits_at_venue(
        constraints, orders, ledger.balance, lane, trader, slot, side, rank, lots
    ):
        constraints.no_funds[lane, trader] += 1
        return False
    constraints.entered[lane, slot] = True
    return True


# --- accounts that are short after fills were taken back ------------------------------------------


@cold_kernel
def order_of_short(rules, ledger, orders, lane):
    """Return the slot of an order that must be cancelled as its owner is short, or NO_ORDER."""
    constraints = rules.constraints
    if constraints.shaken[lane] != 0:
        for trader in range(constraints.table.has_capital.shape[0]):
            if constraints.table.has_capital[trader]:
                _leave_out(rules, lane, trader, rules.settlement.legs.fills[lane])
                zero, one = _lacking(rules, ledger, orders, lane, trader)
                zero += constraints.uncounted[lane, trader, 0]
                one += constraints.uncounted[lane, trader, 1]
                slot = chain.newest_of_short(constraints, orders, lane, trader, zero, one)
                if slot != NO_ORDER:
                    return slot
    return np.int64(NO_ORDER)


@inline_kernel
def _lacking(rules, ledger, orders, lane, trader):
    """Return what an account lacks for its orders at the venue, nano by payoff; below 0: nothing.

    What does not count of what comes in is not in it.
    """
    zero, one = chain.costs_at_venue(rules.constraints, orders, lane, trader, NO_ORDER)
    cash = ledger.balance[lane, trader, CASH]
    return zero - cash, one - cash - ledger.balance[lane, trader, CONTRACT] * NANO


@cold_kernel
def make_good(rules, ledger, log, orders, lane, time, event):
    """Let the venue pay what accounts still lack when nothing of theirs is left to cancel."""
    constraints = rules.constraints
    if constraints.shaken[lane] == 0:
        return
    constraints.shaken[lane] = 0
    venue = account_of(ledger, VENUE)
    for trader in range(constraints.table.has_capital.shape[0]):
        if constraints.table.has_capital[trader]:
            zero, one = _lacking(rules, ledger, orders, lane, trader)
            if max(zero, one) > 0:
                amount = max(zero, one)
                posting.pay(rules, ledger, log, lane, time, event, venue, trader, amount, DEFAULT)


@cold_kernel
def note_report(rules, messages, lane, trader, envelope, price):
    """Note a fill that a trader is going to be told of; its price in ticks goes with the report."""
    if rules.constraints.table.is_tracked[trader]:
        messages.rank[lane, envelope] = price
        if not is_immediate(rules.settlement):
            messages.new_id[lane, envelope] = rules.settlement.legs.fills[lane] - 1
        rules.constraints.untold[lane, trader] += _cash_of(rules, messages, lane, envelope)


@inline_kernel
def _cash_of(rules, messages, lane, envelope):
    """Return what a reported fill brings its owner, nano."""
    # The rank of a report is the price seen from the buyers' side.
    price = chain.price_and_reserve(rules.constraints, BUY, messages.rank[lane, envelope])[0]
    sign = 1 if messages.side[lane, envelope] == SELL else -1
    return sign * price * messages.lots[lane, envelope]


@cold_kernel
def hear(rules, messages, lane, trader, envelope):
    """Let the chain of a trader learn an answer or a fill."""
    constraints = rules.constraints
    if not constraints.table.is_tracked[trader]:
        return
    kind, lots = messages.kind[lane, envelope], messages.lots[lane, envelope]
    if kind == NOTICE_FILL:
        constraints.untold[lane, trader] -= _cash_of(rules, messages, lane, envelope)
        if not is_immediate(rules.settlement):
            constraints.told[lane, trader] = messages.new_id[lane, envelope] + 1
    if lots > 0:
        is_known = chain.note_told(
            constraints, lane, trader, messages.client_id[lane, envelope], kind == NOTICE_ACK,
            kind == NOTICE_REJECT, messages.side[lane, envelope], lots,
        )  # fmt: skip
        if not is_known:
            rules.overflow[lane] = 1
