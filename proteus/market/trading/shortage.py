"""Accounts that are short when fills are taken back: their newest orders are cancelled first.

A fill that fails or that a fork drops takes back what its sides have counted on. Who keeps to
capital may then be unable to pay what still may fill. Of its orders that cost anything where it is
short the newest is cancelled, and the next, until the rest can be paid. What is lacking then, the
venue pays as a default. Requests and quotes for them are firm: they end by themselves, so of them
nothing is cancelled.
"""

from __future__ import annotations

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel, interface
from proteus.market.book.codes import NO_ORDER
from proteus.market.constraints.venue import count_order
from proteus.market.mechanisms.interface import withdraw
from proteus.market.rules import constraints
from proteus.market.rules.state import Rules
from proteus.market.trading import timers


@interface
def end_shortage(rules, mechanism, world, lane, time):
    """Cancel orders of accounts that are short, and pay what they still lack.

    Returns
        Whether the mechanism did something that must be booked.
    """


@interface
def cancel_newest(mechanism, world, lane, time):
    """Cancel orders of accounts that are short, the newest first; tells whether there are any."""


@end_shortage.otherwise
@inline_kernel
def _none_is_short(rules, mechanism, world, lane, time):
    return False


@end_shortage.implement(Rules)
@inline_kernel
def _end_shortage(rules, mechanism, world, lane, time):
    if rules.constraints.shaken[lane] == 0:
        return False
    return _cancel_and_pay(rules, mechanism, world, lane, time)


@deferred_kernel(bool)
def _cancel_and_pay(rules, mechanism, world, lane, time):
    """Do what ``end_shortage`` says."""
    cancels = cancel_newest(mechanism, world, lane, time)
    event = world.progress.events[lane]
    constraints.make_good(rules, world.ledger, world.log, lane, time, event)
    return cancels


@cancel_newest.otherwise
@inline_kernel
def _cancel_none(mechanism, world, lane, time):
    return False


@cancel_newest.where(withdraw)
@inline_kernel
def _cancel_newest(mechanism, world, lane, time):
    rules, orders, cancels = world.rules, world.market.orders, False
    legs = rules.settlement.legs
    slot = constraints.order_of_short(rules.constraints, legs, world.ledger, orders, lane)
    while slot != NO_ORDER:
        withdraw(mechanism, world.market, lane, slot)
        count_order(rules.constraints, orders, lane, slot)
        slot = constraints.order_of_short(rules.constraints, legs, world.ledger, orders, lane)
        cancels = True
    if cancels:
        timers.set_timer(mechanism, world, lane, time)
    return cancels
