"""What the venue knows of capital: two sums per account, of what its orders there may cost.

An order counts from when it has reached the venue until none of its lots is open. What it counts
for is kept with its slot, so a change of it is a difference, and no test looks at other orders.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.codes import EVENT_FILL, EVENT_REJECT, EVENT_RFQ_REJECT, NO_ORDER
from proteus.market.constraints.chain import price_and_reserve
from proteus.market.constraints.funds import cost_if_one, cost_if_zero, payable_lots


@cold_kernel
def can_pay(constraints, balance, lane, trader, slot, side, rank, lots):
    """Tell whether a trader can pay an order that reaches the venue; one that it can has entered.

    Parameters
        balance: int64 [L, B, 2], true. slot: of the order, or of the one that is changed, which is
            not counted beside what it would be. side, rank, lots: of the latter.
    """
    if constraints.table.has_capital[trader]:
        price, reserve = price_and_reserve(constraints, side, rank)
        others = _others(constraints, lane, trader, slot)
        payable = payable_lots(
            balance[lane, trader, 0], balance[lane, trader, 1],
            others[0], others[1], side, price, reserve, constraints.table.haircut[trader], lots,
        )  # fmt: skip
        if payable < lots:
            constraints.no_funds[lane, trader] += 1
            return False
    constraints.entered[lane, slot] = True
    return True


@inline_kernel
def _others(constraints, lane, trader, slot):
    """Return what all orders but one cost, with what does not count of balances, nano by payoff."""
    missing, promised = constraints.uncounted[lane, trader], constraints.promised[lane, trader]
    counted = constraints.counted[lane, slot]
    return missing[0] + promised[0] - counted[0], missing[1] + promised[1] - counted[1]


@cold_kernel
def count(constraints, endowment, balance, orders, outbox, lane, slot):
    """Count what an event has changed of the orders at the venue, before any leaves its slot.

    Parameters
        endowment: int64 [L, A] nano. outbox: what the mechanism did. slot: of the order that a
            message was about, or NO_ORDER.
    """
    entries = outbox.count[lane]
    is_named = entries > 0 and outbox.order[lane, 0] == slot
    if slot != NO_ORDER and not is_named:
        count_order(constraints, orders, lane, slot)
    for i in range(entries):
        count_order(constraints, orders, lane, np.int64(outbox.order[lane, i]))
        if outbox.kind[lane, i] == EVENT_FILL:
            count_order(constraints, orders, lane, np.int64(outbox.other[lane, i]))
    for i in range(entries):
        kind = outbox.kind[lane, i]
        if kind == EVENT_REJECT or kind == EVENT_RFQ_REJECT:
            continue  # it changes nothing
        _note_used(constraints, endowment, balance, orders, lane, np.int64(outbox.order[lane, i]))
        if kind == EVENT_FILL:
            other = np.int64(outbox.other[lane, i])
            _note_used(constraints, endowment, balance, orders, lane, other)


@inline_kernel
def count_order(constraints, orders, lane, slot):
    """Let an order count for what it is now."""
    if orders.client_id[lane, slot] == 0:
        return
    trader = orders.trader[lane, slot]
    if constraints.table.has_capital[trader]:
        zero, one = _cost_of(constraints, orders, lane, slot)
        constraints.promised[lane, trader, 0] += zero - constraints.counted[lane, slot, 0]
        constraints.promised[lane, trader, 1] += one - constraints.counted[lane, slot, 1]
        constraints.counted[lane, slot, 0] = zero
        constraints.counted[lane, slot, 1] = one


@inline_kernel
def _cost_of(constraints, orders, lane, slot):
    """Return what an order may cost by the two payoffs, nano; one under way costs nothing yet."""
    if not constraints.entered[lane, slot]:
        return np.int64(0), np.int64(0)
    side, lots = orders.side[lane, slot], orders.lots[lane, slot]
    price, reserve = price_and_reserve(constraints, side, np.int64(orders.rank[lane, slot]))
    haircut = constraints.table.haircut[orders.trader[lane, slot]]
    zero = cost_if_zero(side, price, reserve, haircut)
    return lots * zero, lots * cost_if_one(side, price, reserve, haircut)


@inline_kernel
def _note_used(constraints, endowment, balance, orders, lane, slot):
    """Note how much of its capital the owner of an order has not free at the worse payoff."""
    if orders.client_id[lane, slot] == 0:
        return
    trader = orders.trader[lane, slot]
    if constraints.table.has_capital[trader]:
        cash, position = balance[lane, trader, 0], balance[lane, trader, 1]
        free = min(
            cash - constraints.promised[lane, trader, 0] - constraints.uncounted[lane, trader, 0],
            cash + position * NANO - constraints.promised[lane, trader, 1]
            - constraints.uncounted[lane, trader, 1],
        )  # fmt: skip
        used = endowment[lane, trader] - free
        constraints.used_most[lane, trader] = max(constraints.used_most[lane, trader], used)


@cold_kernel
def newest_of_short(constraints, orders, lane, trader, short_zero, short_one):
    """Return the slot of a trader's newest order that costs it anything where it is short.

    Parameters
        short_zero, short_one: nano that it lacks by payoff, if above 0.
    """
    newest = np.int64(NO_ORDER)
    for slot in range(constraints.entered.shape[1]):
        client_id = orders.client_id[lane, slot]
        if client_id != 0 and orders.trader[lane, slot] == trader:
            zero, one = constraints.counted[lane, slot, 0], constraints.counted[lane, slot, 1]
            helps = (short_zero > 0 and zero > 0) or (short_one > 0 and one > 0)
            is_newer = newest == NO_ORDER or client_id > orders.client_id[lane, newest]
            if helps and is_newer:
                newest = np.int64(slot)
    return newest


@deferred_kernel(bool)
def are_sums_whole(constraints, orders, lane):
    """Tell whether the sums of every account are those over the orders that are at the venue."""
    for trader in range(constraints.table.has_capital.shape[0]):
        if not constraints.table.has_capital[trader]:
            continue
        zero = one = np.int64(0)
        for slot in range(constraints.entered.shape[1]):
            if orders.client_id[lane, slot] != 0 and orders.trader[lane, slot] == trader:
                cost = _cost_of(constraints, orders, lane, slot)
                zero += cost[0]
                one += cost[1]
        promised = constraints.promised[lane, trader]
        if promised[0] != zero or promised[1] != one:
            return False
    return True
