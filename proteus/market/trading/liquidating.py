"""Accounts of credit that fail: their orders are cancelled, then lots of theirs are seized.

Like the hooks these are chosen by the type of ``world.rules``; of every type but ``Rules`` they are
empty. Requests and quotes for them are firm and end by themselves, so of them nothing is cancelled;
lots that they may give away are not seized.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel, interface
from proteus.market.book.codes import EVENT_CREDIT_REJECT, NO_ORDER, NO_TRADER
from proteus.market.constraints.venue import count_order
from proteus.market.environment.news import value_at
from proteus.market.events.envelopes import MESSAGE_CREDIT, release_envelope
from proteus.market.events.log import MISSING, SOURCE_RULES, SOURCE_TRADER
from proteus.market.ledger.accounts import nano
from proteus.market.lending.codes import ACCEPTED, HEALTHY, LARGEST, LIQUIDATE
from proteus.market.mechanisms.interface import withdraw
from proteus.market.rules import credit_liquidation as bound
from proteus.market.rules.credit import mark
from proteus.market.rules.credit_books import note, note_liquidation
from proteus.market.rules.state import Rules
from proteus.market.rules.uses import CREDIT, uses
from proteus.market.trading import timers


@interface
def keep(rules, mechanism, world, lane, time):
    """Let the treasury seize lots of every account that fails, that of least health first.

    Returns
        Whether the mechanism did something that must be booked.
    """


@interface
def is_call(rules, messages, lane, envelope):
    """Tell whether a message that has reached the venue asks for lots of another account."""


@interface
def receive(rules, mechanism, world, lane, time, envelope):
    """Let a liquidator that asks for lots have them, if their owner fails.

    Returns
        Whether the mechanism did something that must be booked.
    """


@interface
def cancel_orders(mechanism, world, lane, trader):
    """Cancel the open orders of a trader, the oldest first; tells whether there are any."""


@keep.otherwise
@inline_kernel
def _nobody_fails(rules, mechanism, world, lane, time):
    return False


@is_call.otherwise
@inline_kernel
def _is_none(rules, messages, lane, envelope):
    return False


@receive.otherwise
@inline_kernel
def _receive_none(rules, mechanism, world, lane, time, envelope):
    return False


@keep.implement(Rules)
@inline_kernel
def _keep(rules, mechanism, world, lane, time):
    return uses(rules, CREDIT) and _seize_all(rules, mechanism, world, lane, time)


@deferred_kernel(bool)
def _seize_all(rules, mechanism, world, lane, time):
    """Do what ``keep`` says."""
    cancels = False
    bound.forget(rules.credit, lane)
    borrower = bound.worst_of(rules.credit, lane)
    while borrower != NO_TRADER:
        rules.credit.liquidations.is_done[lane, borrower] = True
        cancels |= cancel_orders(mechanism, world, lane, borrower)
        orders, desk = world.market.orders, np.int64(rules.credit.liquidations.desk)
        lots = bound.free_lots(rules, orders, lane, borrower)
        if lots > 0:
            seize(rules, world, lane, time, desk, borrower, lots)
        borrower = bound.worst_of(rules.credit, lane)
    if cancels:
        timers.set_timer(mechanism, world, lane, time)
    return cancels


@is_call.implement(Rules)
@inline_kernel
def _is_call(rules, messages, lane, envelope):
    is_about_credit = uses(rules, CREDIT) and messages.kind[lane, envelope] == MESSAGE_CREDIT
    return is_about_credit and messages.new_id[lane, envelope] == LIQUIDATE


@receive.implement(Rules)
@inline_kernel
def _receive(rules, mechanism, world, lane, time, envelope):
    return _answer(rules, mechanism, world, lane, time, envelope)


@deferred_kernel(bool)
def _answer(rules, mechanism, world, lane, time, envelope):
    """Do what ``receive`` says."""
    messages = world.messages
    liquidator = np.int64(messages.trader[lane, envelope])
    borrower, lots = messages.belief[lane, envelope], messages.lots[lane, envelope]
    rules.credit.under_way[lane, liquidator] = 0
    release_envelope(messages, lane, envelope)
    _hear(rules, world, lane, time, liquidator, borrower, lots)
    refusal, cancels = np.int64(HEALTHY), False
    if bound.fails(rules.credit, lane, borrower):
        cancels = cancel_orders(mechanism, world, lane, borrower)
        free = bound.free_lots(rules, world.market.orders, lane, borrower)
        refusal = seize(rules, world, lane, time, liquidator, borrower, min(lots, free))
    if refusal != ACCEPTED:
        _refuse(rules, world, lane, time, liquidator, lots, refusal)
    if cancels:
        timers.set_timer(mechanism, world, lane, time)
    return cancels


@cold_kernel
def _hear(rules, world, lane, time, liquidator, borrower, lots):
    """Read the price, and record what is asked for."""
    mark(rules, world.ledger, world.data, world.settings.initial_ticks, lane)
    note_liquidation(
        rules, world.ledger, world.log, lane, time, world.progress.events[lane], SOURCE_TRADER,
        liquidator, borrower, lots, MISSING,
    )  # fmt: skip


@cold_kernel
def _refuse(rules, world, lane, time, liquidator, lots, refusal):
    """Record why a liquidator gets nothing."""
    note(
        rules, world.ledger, world.log, lane, time, world.progress.events[lane], SOURCE_RULES,
        EVENT_CREDIT_REJECT, liquidator, lots, refusal,
    )  # fmt: skip


@cold_kernel
def seize(rules, world, lane, time, liquidator, borrower, lots):
    """Let a liquidator take lots of an account that fails; returns ACCEPTED or the refusal."""
    value = nano(value_at(world.news, world.news_parameters, lane, time))
    refusal = bound.liquidate(
        rules, world.ledger, world.log, world.sums.risk, lane, time, world.progress.events[lane],
        value, liquidator, borrower, lots,
    )  # fmt: skip
    if refusal == ACCEPTED:
        bound.tell(
            rules, world.queue, world.market.keys, world.traders, world.private, lane, time,
            liquidator, borrower,
        )  # fmt: skip
    return refusal


@cancel_orders.otherwise
@inline_kernel
def _cancel_none(mechanism, world, lane, trader):
    return False


@cancel_orders.where(withdraw)
@inline_kernel
def _cancel_orders(mechanism, world, lane, trader):
    orders, constraints = world.market.orders, world.rules.constraints
    slot = _order_after(orders, constraints, lane, trader, np.int64(0))
    cancels = slot != NO_ORDER
    while slot != NO_ORDER:
        version = orders.client_id[lane, slot]
        withdraw(mechanism, world.market, lane, slot)
        count_order(constraints, orders, lane, slot)
        slot = _order_after(orders, constraints, lane, trader, version)
    return cancels


@cold_kernel
def _order_after(orders, constraints, lane, trader, version):
    """Return the slot of a trader's oldest order at the venue after a version, or NO_ORDER."""
    found, oldest = np.int64(NO_ORDER), np.int64(LARGEST)
    for slot in range(constraints.entered.shape[1]):
        own = orders.client_id[lane, slot]
        is_open = constraints.entered[lane, slot] and orders.lots[lane, slot] > 0
        is_later = is_open and orders.trader[lane, slot] == trader and own > version
        if is_later and own < oldest:
            found, oldest = np.int64(slot), own
    return found
