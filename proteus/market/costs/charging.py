"""What a fill or a message costs: the five components of a charge, in nano-currency.

A charge is begun, the parts of the model add to ``due``, and who posts it reads that. Amounts are
exact until their one rounding. Every fill is charged by itself where orders trade one by one; in a
clear, once with all lots of the order in it.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW, multiply_divide, rounding_of
from proteus.market.book.codes import BUY
from proteus.market.costs.codes import FEE, GAS_BURNED, GAS_TIP, REBATE, ROUNDING
from proteus.market.costs.tables import GAS, SURPLUS, rate_at, segment_at

OF_THE_MODEL = -1  # for a base fee or a tip: what the model says
_LARGEST_GAS = 2**62  # nano, of a message


@inline_kernel
def charges_nothing(costs):
    """Tell whether the model has no part."""
    return costs.tables.kind.shape[0] == 0


@inline_kernel
def has_gas(costs):
    """Tell whether messages cost anything."""
    return costs.tables.has_gas[0]


@inline_kernel
def begin_charge(costs, lane):
    """Set what is due to nothing."""
    for component in range(costs.due.shape[1]):
        costs.due[lane, component] = 0


@inline_kernel
def take_order(costs, lane, slot, order):
    """Say whose the slot is; another order than the last one there has paid nothing yet.

    Parameters
        order: a number that no other order of the lane has, above 0.
    """
    if costs.order[lane, slot] == order:
        return
    costs.order[lane, slot] = order
    forget_paid(costs, lane, slot)
    for part in range(costs.tables.kind.shape[0]):
        costs.kept[lane, slot, part] = 0


@inline_kernel
def forget_paid(costs, lane, slot):
    """Let the minimum count anew, as it does in each clear."""
    for part in range(costs.tables.kind.shape[0]):
        costs.fees[lane, slot, part] = 0
        costs.paid[lane, slot, part] = 0


@inline_kernel
def charge_fill(costs, lane, slot, role, side, price, lots, anchor, time):
    """Add to what is due what a side of a fill costs.

    ``take_order`` and ``volume.find_tiers`` come first.

    Parameters
        slot: of the order. role: TAKER or MAKER. side: BUY or SELL. price: ticks, 1 .. n_ticks - 1.
        lots: up to MAX_LOTS. anchor: half ticks, from which a surplus is counted: the limit of a
            resting order, the public reference at the intent of an immediate one. time: ns.
    """
    tables = costs.tables
    segment, value = segment_at(tables, time), price * lots * tables.tick_nano[0]
    for part in range(tables.kind.shape[0]):
        if tables.kind[part] == GAS:
            continue
        tier = costs.tier[lane, part]
        amount, is_fee = _amount(tables, segment, part, tier, role, side, price, lots, anchor)
        if is_fee:
            costs.fees[lane, slot, part] += amount
            most = max(costs.fees[lane, slot, part], tables.minimum[segment, part])
            amount = max(most - costs.paid[lane, slot, part], 0)
            costs.paid[lane, slot, part] += amount
            costs.due[lane, FEE] += amount
        else:
            costs.due[lane, REBATE] -= amount
        beyond = beyond_balance(tables, segment, part, side, value, amount)
        costs.kept[lane, slot, part] += beyond
        costs.due[lane, ROUNDING] += beyond
        back = given_back(tables, segment, part, costs.kept[lane, slot, part])
        costs.kept[lane, slot, part] -= back
        costs.due[lane, REBATE] += back


@inline_kernel
def cost_of_fill(costs, lane, role, side, price, lots, anchor, time):
    """Return what a fill would cost an order that has paid nothing yet, nano; below 0: it earns.

    Parameters are those of ``charge_fill``; nothing is written.
    """
    tables = costs.tables
    segment, value = segment_at(tables, time), price * lots * tables.tick_nano[0]
    cost = np.int64(0)
    for part in range(tables.kind.shape[0]):
        if tables.kind[part] == GAS:
            continue
        tier = costs.tier[lane, part]
        amount, is_fee = _amount(tables, segment, part, tier, role, side, price, lots, anchor)
        if is_fee:
            amount = max(amount, tables.minimum[segment, part])
        beyond = beyond_balance(tables, segment, part, side, value, amount)
        cost += amount + beyond - given_back(tables, segment, part, beyond)
    return cost


@inline_kernel
def _amount(tables, segment, part, tier, role, side, price, lots, anchor):
    """Return what a part charges, rounded, nano, and whether it is a fee, even one of nothing.

    What is no fee is a rebate, an amount of at most 0.
    """
    at = rate_at(tables, segment, part, tier, role, side)
    rate = tables.numerator[at]
    if tables.kind[part] == SURPLUS:
        improvement = anchor - 2 * price if side == BUY else 2 * price - anchor
        cap = tables.cap[at] * 2 * price
        rate, shape = min(rate * max(improvement, 0), cap), np.int64(1)
    else:
        shape = tables.curves[tables.curve[at], price]
    if rate == 0 or shape == 0:
        return np.int64(0), False
    is_fee = (rate > 0) == (shape > 0)
    units = multiply_divide(
        abs(shape) * lots, abs(rate), tables.denominator[at],
        rounding_of(tables.rounding[part], is_fee),
    )  # fmt: skip
    amount = units * tables.round_to[segment, part]
    return amount if is_fee else -amount, is_fee


@inline_kernel
def beyond_balance(tables, segment, part, side, value, fee):
    """Return what rounds the balance after a fill down to the multiple that it must be, nano.

    Parameters
        value: price times lots. fee: of the fill, below 0 if it is a rebate.
    """
    balance_to = tables.balance_to[segment, part]
    if balance_to == 0:
        return np.int64(0)
    change = (-value if side == BUY else value) - fee
    return change % balance_to


@inline_kernel
def given_back(tables, segment, part, kept):
    """Return what an order gets back of its rounding fees so far, nano."""
    rebate = tables.balance_rebate[segment, part]
    return rebate if rebate > 0 and kept > rebate else np.int64(0)


@inline_kernel
def charge_action(costs, lane, action, base_fee, tip, time):
    """Add to what is due what a message costs.

    Parameters
        action: ACTION_*. base_fee, tip: nano per unit of gas, or OF_THE_MODEL. time: ns.

    Returns
        Whether the amount fits; if not, nothing is added.
    """
    burned = _gas(costs.tables, action, base_fee, costs.tables.base_fee, time)
    tipped = _gas(costs.tables, action, tip, costs.tables.tip, time)
    if burned == AMOUNT_OVERFLOW or tipped == AMOUNT_OVERFLOW:
        return False
    costs.due[lane, GAS_BURNED] += burned
    costs.due[lane, GAS_TIP] += tipped
    return True


@inline_kernel
def gas_of_action(costs, action, base_fee, tip, time):
    """Return what a message costs, nano, or AMOUNT_OVERFLOW; parameters as ``charge_action``."""
    burned = _gas(costs.tables, action, base_fee, costs.tables.base_fee, time)
    tipped = _gas(costs.tables, action, tip, costs.tables.tip, time)
    if burned == AMOUNT_OVERFLOW or tipped == AMOUNT_OVERFLOW:
        return np.int64(AMOUNT_OVERFLOW)
    return burned + tipped


@inline_kernel
def _gas(tables, action, price, prices, time):
    """Return units of an action times a price of gas, over all parts."""
    segment, gas = segment_at(tables, time), np.int64(0)
    for part in range(tables.kind.shape[0]):
        if tables.kind[part] != GAS:
            continue
        of_unit = prices[segment, part] if price == OF_THE_MODEL else price
        numerator = tables.gas_numerator[segment, part, action]
        denominator = tables.gas_denominator[segment, part, action]
        rounding = rounding_of(tables.rounding[part], True)
        units = multiply_divide(numerator, of_unit, denominator, rounding)
        round_to = tables.round_to[segment, part]
        if units == AMOUNT_OVERFLOW or units > (_LARGEST_GAS - gas) // round_to:
            return np.int64(AMOUNT_OVERFLOW)
        gas += units * round_to
    return gas
