"""Fills that could not be paid: a penalty each cycle, more tries, and in the end the close-out.

Rules
    Who fails pays ``fail_penalty_ppm`` of the value that failed, in every cycle, to those who
    waited for it, by value (largest remainder, ties to the smaller agent_uid). A fill is due again
    in the next cycle, ``retries`` times. Then it is closed out: both legs go back at its price, and
    who failed pays what the other side loses by that at the public price; nothing if it gains.
    Penalties and differences are paid as far as settled cash goes. What is missing of a penalty is
    a default; a difference ends there. First all penalties, then all differences, each in order of
    agent_uid.

Source
    Regulation (EU) 909/2014 (CSDR), article 7, and (EU) 2018/1229, articles 16 to 35: penalties by
    day and value, passed on to the side that suffers, and the cash compensation of a failed buy-in.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import CEIL, multiply_divide
from proteus.market.arithmetic.shares import share_out
from proteus.market.book.codes import NO_PRICE
from proteus.market.settlement.base import WHOLE_PPM
from proteus.market.settlement.legs import (
    BUYER_FAILED,
    LEG_CLOSED_OUT,
    LEG_FAILED,
    SELLER_FAILED,
    drop_leg,
    due_after,
    settled_cash,
)

# What a payment is.
PAY_PENALTY = 0
PAY_DEFAULT = 1  # a part of a penalty that was not paid, given back
PAY_DIFFERENCE = 2  # of a close-out


@inline_kernel
def resolve_fails(settlement, balance, lane, time, price):
    """Charge what failed, close it out or try again; parameters as ``settle_due``."""
    legs, sharing, by_uid = settlement.legs, settlement.sharing, settlement.parties.by_uid
    if legs.failed[lane] == 0:
        return
    settlement.sums.fails[lane] += legs.failed[lane]
    for at in range(legs.count[lane]):
        legs.tries[lane, at] += legs.status[lane, at] == LEG_FAILED
    for trader in range(by_uid.shape[0]):
        sharing.cash[trader] = settled_cash(settlement.held, balance, lane, trader)
    for place in range(by_uid.shape[0]):
        _charge(settlement, lane, by_uid[place])
    _close_out(settlement, lane, time)
    for place in range(by_uid.shape[0]):
        _compensate(settlement, lane, by_uid[place], price)


@inline_kernel
def _close_out(settlement, lane, time):
    """End fills that have had all their tries; the others are due again."""
    legs, terms = settlement.legs, settlement.terms
    for at in range(legs.count[lane]):
        if legs.status[lane, at] != LEG_FAILED:
            continue
        if legs.tries[lane, at] > terms.retries:
            settlement.sums.lots_closed_out[lane] += legs.lots[lane, at]
            drop_leg(settlement, lane, at, LEG_CLOSED_OUT, time)
        else:
            legs.due_ns[lane, at] = due_after(terms, time)


@cold_kernel
def _charge(settlement, lane, trader):
    """Let a trader pay the penalty on what failed because of it."""
    legs, sharing, by_uid = settlement.legs, settlement.sharing, settlement.parties.by_uid
    _clear_weights(sharing)
    failed = np.int64(0)
    for at in range(legs.count[lane]):
        other = _other_side(legs, lane, at, trader)
        if legs.status[lane, at] == LEG_FAILED and other != trader:
            sharing.weights[other] += legs.cash[lane, at]
            failed += legs.cash[lane, at]
    penalty = multiply_divide(failed, settlement.terms.fail_penalty_ppm, WHOLE_PPM, CEIL)
    if penalty == 0:
        return
    paid = min(penalty, max(sharing.cash[trader], np.int64(0)))
    share_out(penalty, failed, sharing.weights, by_uid, sharing.shares, sharing.rests)
    share_out(paid, penalty, sharing.shares, by_uid, sharing.paid, sharing.rests)
    for place in range(by_uid.shape[0]):
        other = by_uid[place]
        missing = sharing.shares[other] - sharing.paid[other]
        _pay(settlement, lane, PAY_PENALTY, trader, other, sharing.shares[other])
        _pay(settlement, lane, PAY_DEFAULT, other, trader, missing)


@cold_kernel
def _compensate(settlement, lane, trader, price):
    """Let a trader pay the difference of what was closed out because of it."""
    legs, sharing, by_uid = settlement.legs, settlement.sharing, settlement.parties.by_uid
    if price == NO_PRICE:
        return
    _clear_weights(sharing)
    lost = np.int64(0)
    for at in range(legs.count[lane]):
        other = _other_side(legs, lane, at, trader)
        if legs.status[lane, at] == LEG_CLOSED_OUT and other != trader:
            gain = price * np.int64(legs.lots[lane, at]) - legs.cash[lane, at]  # of having bought
            loss = max(np.int64(0), gain if other == legs.buyer[lane, at] else -gain)
            sharing.weights[other] += loss
            lost += loss
    paid = min(lost, max(sharing.cash[trader], np.int64(0)))
    if paid == 0:
        return
    share_out(paid, lost, sharing.weights, by_uid, sharing.paid, sharing.rests)
    for place in range(by_uid.shape[0]):
        other = by_uid[place]
        _pay(settlement, lane, PAY_DIFFERENCE, trader, other, sharing.paid[other])


@inline_kernel
def _clear_weights(sharing):
    for trader in range(sharing.weights.shape[0]):
        sharing.weights[trader] = 0


@inline_kernel
def _other_side(legs, lane, at, trader):
    """Return against whom a trader failed in a leg; itself if it did not."""
    buyer, seller = np.int64(legs.buyer[lane, at]), np.int64(legs.seller[lane, at])
    if legs.failing[lane, at] == BUYER_FAILED and buyer == trader:
        return seller
    if legs.failing[lane, at] == SELLER_FAILED and seller == trader:
        return buyer
    return np.int64(trader)


@inline_kernel
def _pay(settlement, lane, what, giver, receiver, amount):
    """Note a payment, which changes what both can still pay."""
    payments, sharing = settlement.payments, settlement.sharing
    if amount == 0:
        return
    at = payments.count[lane]
    if at == payments.what.shape[1]:
        settlement.legs.overflow[lane] = 1
        return
    payments.what[lane, at] = what
    payments.giver[lane, at] = giver
    payments.receiver[lane, at] = receiver
    payments.amount[lane, at] = amount
    payments.count[lane] = at + 1
    sharing.cash[giver] -= amount
    sharing.cash[receiver] += amount
