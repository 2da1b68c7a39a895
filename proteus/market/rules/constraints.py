"""Chains of constraints, bound: what a trader knows, what it sends, and what the venue can see.

A trader knows its position by its fill reports, and of its cash all but fills that it has not been
told of: a charge, a reward or a fine of its own account it sees when it is made. Who keeps to
capital keeps the gas of its messages aside while they are under way, and sends none that it cannot
pay; a cancel, and the refusal in a last look, it always sends.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.codes import BUY, EVENT_FILL, NO_ORDER, SELL
from proteus.market.constraints import chain, venue
from proteus.market.constraints.codes import AS_STANDING
from proteus.market.constraints.funds import uncounted
from proteus.market.constraints.state import keeps_gas
from proteus.market.constraints.table import NONE
from proteus.market.environment.mempool import TIPS_FIXED
from proteus.market.events.envelopes import (
    MESSAGE_ACCEPT,
    MESSAGE_CANCEL,
    MESSAGE_CONFIRM,
    MESSAGE_DECLINE,
    MESSAGE_ORDER,
    MESSAGE_QUOTE,
    MESSAGE_REPLACE,
    NOTICE_ACK,
    NOTICE_FILL,
    NOTICE_REJECT,
)
from proteus.market.events.log import is_recorded, record_cut
from proteus.market.ledger.accounts import CASH, CONTRACT, VENUE, account_of
from proteus.market.ledger.codes import DEFAULT, TERM_CLAIMS
from proteus.market.ledger.entries import worth_of_term
from proteus.market.rules import posting
from proteus.market.rules.costs import expected_gas
from proteus.market.settlement.legs import coming_in, is_immediate

_NO_MESSAGE = -1
_MESSAGES = (  # that an intent becomes, by AS_*
    MESSAGE_ORDER, MESSAGE_REPLACE, MESSAGE_REPLACE, _NO_MESSAGE, MESSAGE_ORDER, MESSAGE_QUOTE,
    MESSAGE_ACCEPT, MESSAGE_CONFIRM,
)  # fmt: skip


@deferred_kernel(int)
def allowed_lots(
    rules, ledger, log, private, lane, trader, time, event, becomes, side, price, lots
):
    """Return how many lots of an intent a trader's chain lets pass; its price is in ticks."""
    constraints, table = rules.constraints, rules.constraints.table
    stands = becomes == AS_STANDING and not table.is_marked[trader]  # then nothing cuts
    if stands or not table.is_tracked[trader]:
        return lots
    _leave_out(constraints, rules.settlement.legs, lane, trader, constraints.told[lane, trader])
    cash = ledger.balance[lane, trader, CASH] - constraints.untold[lane, trader]
    gas = np.int64(0)
    if keeps_gas(constraints) and table.has_capital[trader] and becomes != AS_STANDING:
        cash -= constraints.gas[lane, trader]
        gas = expected_gas(rules, lane, _MESSAGES[becomes], time)
    known = cash, private.position[lane, trader], gas
    fits, kind = chain.allowed(constraints, lane, trader, time, becomes, side, price, lots, known)
    if kind != NONE and is_recorded(log):
        record_cut(log, lane, event, time, trader, side, price, lots - fits, kind)
    return fits


@inline_kernel
def _leave_out(constraints, legs, lane, trader, before):
    """Note what does not count of what pending fills bring, those before a number."""
    haircut = constraints.table.haircut[trader]
    if haircut > 0:
        cash, lots = coming_in(legs, lane, trader, before)
        zero, one = uncounted(cash, lots, haircut)
        constraints.uncounted[lane, trader, 0] = zero
        constraints.uncounted[lane, trader, 1] = one


@deferred_kernel()
def mark(constraints, endowment, ledger, private, view, lane, trader, time):
    """Mark what a trader holds when it decides, by what it knows."""
    cash = ledger.balance[lane, trader, CASH] - constraints.untold[lane, trader]
    cash -= worth_of_term(ledger, lane, trader, TERM_CLAIMS)
    known = cash + endowment[lane, trader], private.position[lane, trader]
    reference = np.int64(view.reference_doubled[lane])
    chain.mark(constraints, lane, trader, time, known, reference, endowment[lane, trader])


@deferred_kernel()
def note_message(constraints, overflow, messages, orders, origins, lane, trader, envelope, time):
    """Note what a trader sends: a version that may fill, and what it takes of its rate."""
    kind = messages.kind[lane, envelope]
    if kind == MESSAGE_ORDER or kind == MESSAGE_QUOTE:
        slot = np.int64(messages.order[lane, envelope])
        constraints.entered[lane, slot] = False
    if not constraints.table.is_tracked[trader]:
        return
    if kind != MESSAGE_CANCEL and kind != MESSAGE_DECLINE:
        chain.use_message(constraints, lane, trader, time)
    has_room = True
    if kind == MESSAGE_ORDER or kind == MESSAGE_QUOTE:
        order = np.int64(NO_ORDER) if origins.is_quote[lane, slot] else slot
        has_room = chain.note_sent(
            constraints, lane, trader, orders.client_id[lane, slot], np.int64(0), order,
            orders.side[lane, slot], np.int64(orders.rank[lane, slot]), orders.lots[lane, slot],
        )  # fmt: skip
    elif kind == MESSAGE_REPLACE:
        has_room = chain.note_sent(
            constraints, lane, trader, messages.new_id[lane, envelope],
            messages.client_id[lane, envelope], np.int64(NO_ORDER), messages.side[lane, envelope],
            np.int64(messages.rank[lane, envelope]), messages.lots[lane, envelope],
        )  # fmt: skip
    if not has_room:
        overflow[lane] = 1


@deferred_kernel()
def keep_gas(rules, messages, lane, trader, envelope, time):
    """Keep aside what a message that is sent will cost, with the tip that it offers."""
    constraints = rules.constraints
    if constraints.table.has_capital[trader]:
        kept = max(expected_gas(rules, lane, messages.kind[lane, envelope], time), 0)
        if rules.channels.route.by_blocks and rules.channels.route.tips != TIPS_FIXED:
            kept += rules.environment.mempool.tip[lane, envelope]
        constraints.gas_of[lane, envelope] = kept
        constraints.gas[lane, trader] += kept


@inline_kernel
def release_gas(constraints, lane, trader, envelope):
    """Stop keeping the gas of a message that has reached the venue, where it is charged."""
    if constraints.table.has_capital[trader]:
        constraints.gas[lane, trader] -= constraints.gas_of[lane, envelope]


@deferred_kernel(bool)
def can_pay(constraints, legs, balance, lane, trader, slot, side, rank, lots):
    """Tell whether a trader can pay an order that reaches the venue (``venue.can_pay``)."""
    _leave_out(constraints, legs, lane, trader, legs.fills[lane])
    return venue.can_pay(constraints, balance, lane, trader, slot, side, rank, lots)


@deferred_kernel()
def count(constraints, endowment, legs, balance, orders, outbox, lane, slot):
    """Count what an event has changed of the orders at the venue (``venue.count``)."""
    for i in range(outbox.count[lane]):
        order, other = np.int64(outbox.order[lane, i]), np.int64(outbox.other[lane, i])
        _leave_out(constraints, legs, lane, orders.trader[lane, order], legs.fills[lane])
        if outbox.kind[lane, i] == EVENT_FILL:
            _leave_out(constraints, legs, lane, orders.trader[lane, other], legs.fills[lane])
    venue.count(constraints, endowment, balance, orders, outbox, lane, slot)


# --- accounts that are short after fills were taken back ------------------------------------------


@cold_kernel
def order_of_short(constraints, legs, ledger, orders, lane):
    """Return the slot of an order that must be cancelled as its owner is short, or NO_ORDER."""
    if constraints.shaken[lane] != 0:
        for trader in range(constraints.table.has_capital.shape[0]):
            if constraints.table.has_capital[trader]:
                _leave_out(constraints, legs, lane, trader, legs.fills[lane])
                zero, one = _lacking(constraints, ledger, lane, trader)
                zero += constraints.uncounted[lane, trader, 0]
                one += constraints.uncounted[lane, trader, 1]
                slot = venue.newest_of_short(constraints, orders, lane, trader, zero, one)
                if slot != NO_ORDER:
                    return slot
    return np.int64(NO_ORDER)


@cold_kernel
def unreserved(constraints, legs, ledger, lane, trader):
    """Return the cash of an account that neither its orders nor its position keep, nano.

    It is what could pay for a further order at the worse payoff; below 0 the account is short.
    """
    _leave_out(constraints, legs, lane, trader, legs.fills[lane])
    zero, one = _lacking(constraints, ledger, lane, trader)
    zero += constraints.uncounted[lane, trader, 0]
    return -max(zero, one + constraints.uncounted[lane, trader, 1])


@inline_kernel
def _lacking(constraints, ledger, lane, trader):
    """Return what an account lacks for its orders at the venue, nano by payoff; below 0: nothing.

    What does not count of what comes in is not in it.
    """
    cash, position = ledger.balance[lane, trader, CASH], ledger.balance[lane, trader, CONTRACT]
    zero = constraints.promised[lane, trader, 0] - cash
    return zero, constraints.promised[lane, trader, 1] - cash - position * NANO


@deferred_kernel()
def make_good(rules, ledger, log, lane, time, event):
    """Let the venue pay what accounts still lack when nothing of theirs is left to cancel."""
    constraints = rules.constraints
    if constraints.shaken[lane] == 0:
        return
    constraints.shaken[lane] = 0
    payer = account_of(ledger, VENUE)
    for trader in range(constraints.table.has_capital.shape[0]):
        if constraints.table.has_capital[trader]:
            zero, one = _lacking(constraints, ledger, lane, trader)
            amount = max(zero, one)
            if amount > 0:
                posting.pay(rules, ledger, log, lane, time, event, payer, trader, amount, DEFAULT)


@deferred_kernel()
def note_report(constraints, settlement, messages, lane, trader, envelope, price):
    """Note a fill that a trader is going to be told of; its price in ticks goes with the report."""
    if constraints.table.is_tracked[trader]:
        messages.rank[lane, envelope] = price
        if not is_immediate(settlement):
            messages.new_id[lane, envelope] = settlement.legs.fills[lane] - 1
        constraints.untold[lane, trader] += _cash_of(constraints, messages, lane, envelope)


@inline_kernel
def _cash_of(constraints, messages, lane, envelope):
    """Return what a reported fill brings its owner, nano."""
    # The rank of a report is the price seen from the buyers' side.
    price = chain.price_and_reserve(constraints, BUY, messages.rank[lane, envelope])[0]
    sign = 1 if messages.side[lane, envelope] == SELL else -1
    return sign * price * messages.lots[lane, envelope]


@deferred_kernel()
def hear(constraints, settlement, overflow, messages, lane, trader, envelope):
    """Let the chain of a trader learn an answer or a fill."""
    if not constraints.table.is_tracked[trader]:
        return
    kind, lots = messages.kind[lane, envelope], messages.lots[lane, envelope]
    if kind == NOTICE_FILL:
        constraints.untold[lane, trader] -= _cash_of(constraints, messages, lane, envelope)
        if not is_immediate(settlement):
            constraints.told[lane, trader] = messages.new_id[lane, envelope] + 1
    if lots > 0:
        is_known = chain.note_told(
            constraints, lane, trader, messages.client_id[lane, envelope], kind == NOTICE_ACK,
            kind == NOTICE_REJECT, messages.side[lane, envelope], lots,
        )  # fmt: skip
        if not is_known:
            overflow[lane] = 1
