"""What an epoch pays, charges and takes from stakes, in whole nano-currency.

A pool pays pro rata of the scores of an epoch, rounded down; what is left, and what nobody has
earned, is carried to the next epoch. A pool never goes below zero: an epoch that it cannot pay in
full is paid pro rata of what there is, and counted as short.

All written is ``incentives``; ``due`` is the result, int64 [L, A]. Moving money is the caller's.
"""

from __future__ import annotations

from proteus.basics.units import NANO
from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import CEIL, FLOOR, multiply_divide
from proteus.market.incentives.codes import ALL_OF_POOL, FIRST_ADDED, MEASURE_UPTIME, NO_CAP


@inline_kernel
def pay_epoch(incentives, lane, policy):
    """Share the reward of the epoch that ends: write ``due``, and take it from the pool.

    Invariants
        What is paid and what is carried add up to the budget; nobody gets less than nothing.
    """
    table, due = incentives.table, incentives.due
    due[lane, :] = 0
    budget = _budget(incentives, lane, policy)
    total, paid = 0, 0
    for trader in range(due.shape[1]):
        total += incentives.score[lane, policy, trader]
    if total > 0:
        for trader in range(due.shape[1]):
            part = incentives.score[lane, policy, trader]
            amount = multiply_divide(budget, part, total, FLOOR)
            amount = _capped(amount, table.most_per_lot[policy], part)
            due[lane, trader] = amount
            paid += amount
    incentives.carried[lane, policy] = budget - paid
    incentives.pool[lane, policy] -= paid


@inline_kernel
def _capped(amount, most_per_lot, lots):
    """Return an amount, or the most that so many lots may get; the product stays in int64."""
    if most_per_lot == NO_CAP or (most_per_lot > 0 and lots > amount // most_per_lot):
        return amount
    return most_per_lot * lots


@inline_kernel
def _budget(incentives, lane, policy):
    """Return what the epoch has to pay: its amount and what was carried, or what is left."""
    amount = incentives.table.amount[policy, incentives.epoch[lane, policy]]
    there = incentives.pool[lane, policy]
    if amount == ALL_OF_POOL:
        return there
    wanted = amount + incentives.carried[lane, policy]
    if wanted > there:
        incentives.short[lane, policy] += 1
        return there
    return wanted


@inline_kernel
def share_of_fees(table, policy, fees):
    """Return what flows into a pool of the fees of an epoch, nano-currency."""
    return multiply_divide(max(fees, 0), table.fee_share[policy], NANO, FLOOR)


@inline_kernel
def units_missed(incentives, lane, policy, trader):
    """Return what a trader's epoch lacks: samples, messages too many, or points."""
    table = incentives.table
    if not table.takes_part[policy, trader]:
        return 0
    score = incentives.score[lane, policy, trader]
    if table.score[policy] == MEASURE_UPTIME:
        samples = incentives.samples[lane, policy]
        required = multiply_divide(samples, table.required[policy], NANO, CEIL)
        return max(required - score, 0)
    if table.score[policy] >= FIRST_ADDED:
        return score
    fills = max(incentives.fills[lane, policy, trader], 1)
    return max(score - (table.most_per_fill[policy] + 1) * fills, 0)


@inline_kernel
def fine_of(incentives, lane, policy, trader):
    """Return the fine of a trader for the epoch that ends, nano-currency, or AMOUNT_OVERFLOW."""
    amount = incentives.table.amount[policy, incentives.epoch[lane, policy]]
    return multiply_divide(amount, units_missed(incentives, lane, policy, trader), 1, FLOOR)


@inline_kernel
def payable(fine, means):
    """Return how much of a fine can be paid; the rest is a default.

    Parameters
        means: unreserved cash of the trader, nano-currency, or UNLIMITED.
    """
    return min(fine, max(means, 0))


@inline_kernel
def slash_of(incentives, lane, policy, trader):
    """Return what an epoch takes from the trader's stake, rounded down, nano-currency."""
    if units_missed(incentives, lane, policy, trader) == 0:
        return 0
    share = incentives.table.amount[policy, incentives.epoch[lane, policy]]
    return multiply_divide(incentives.stake[lane, policy, trader], share, NANO, FLOOR)


@inline_kernel
def open_epoch(incentives, lane, policy):
    """Begin the next epoch: nothing is scored, sampled or filled in it."""
    incentives.epoch[lane, policy] += 1
    incentives.samples[lane, policy] = 0
    incentives.score[lane, policy, :] = 0
    incentives.lots[lane, policy, :] = 0
    incentives.fills[lane, policy, :] = 0
