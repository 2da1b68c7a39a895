"""A chain: each constraint in its place says how many lots of an intent may be sent.

What has been sent is noted when it is (``note_sent``), and what can no longer fill when the trader
is told (``note_told``), so a chain asks nothing that the trader does not know.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.book import rank_of
from proteus.market.book.codes import BUY, NO_ORDER
from proteus.market.constraints.codes import AS_ACCEPTANCE, AS_REDUCTION, AS_STANDING
from proteus.market.constraints.funds import cost_if_one, cost_if_zero, payable_lots
from proteus.market.constraints.table import (
    CAPITAL,
    EXPOSURE_PER_SIDE,
    INVENTORY_LIMIT,
    MESSAGE_RATE,
    NONE,
    ORDER_SIZE,
)


@cold_kernel
def allowed(constraints, lane, trader, time, becomes, side, price, lots, known):
    """Return how many lots the chain of a trader lets pass, and count the first that cuts.

    Parameters
        becomes: AS_*. side, lots: of the intent. price: its limit, ticks. known: cash in nano and
            position in lots, as the trader knows them.
    """
    table = constraints.table
    for place in range(table.kind.shape[1]):
        kind = table.kind[trader, place]
        if kind == NONE or lots == 0:
            break
        fits = _fits(
            constraints, lane, trader, place, kind, time, becomes, side, price, lots, known
        )
        if fits < lots:
            constraints.cuts[lane, trader, kind] += 1
            if table.drops[trader, place]:
                return np.int64(0)
            return _rest(
                constraints, lane, trader, place + 1, time, becomes, side, price, fits, known
            )
    return lots


@inline_kernel
def _rest(constraints, lane, trader, place, time, becomes, side, price, lots, known):
    """Ask what follows the first that cut, of which nothing is counted."""
    table = constraints.table
    for at in range(place, table.kind.shape[1]):
        kind = table.kind[trader, at]
        if kind == NONE or lots == 0:
            break
        fits = _fits(constraints, lane, trader, at, kind, time, becomes, side, price, lots, known)
        lots = np.int64(0) if fits < lots and table.drops[trader, at] else fits
    return lots


@inline_kernel
def _fits(constraints, lane, trader, place, kind, time, becomes, side, price, lots, known):
    """Return how many lots one constraint lets pass, 0 to ``lots``."""
    number = constraints.table.first[trader, place]
    fits = lots
    if kind == INVENTORY_LIMIT:
        if not (becomes == AS_STANDING or becomes >= AS_ACCEPTANCE):
            held = known[1] if side == BUY else -known[1]
            fits = number - held - constraints.open_lots[lane, trader, side]
    elif becomes == AS_REDUCTION or becomes == AS_STANDING:
        pass
    elif kind == MESSAGE_RATE:
        early = constraints.earned_ns[lane, trader, place] - time
        fits = lots if early <= constraints.table.second[trader, place] else np.int64(0)
    elif kind == ORDER_SIZE:
        fits = number
    elif becomes >= AS_ACCEPTANCE:
        pass  # it has been counted since the request or the quote was sent
    elif kind == EXPOSURE_PER_SIDE:
        fits = number - constraints.open_lots[lane, trader, side]
    elif kind == CAPITAL:
        tick_nano = NANO // (constraints.reserve.shape[1] - 1)
        fits = payable_lots(
            known[0], known[1],
            constraints.if_zero[lane, trader] + constraints.uncounted[lane, trader, 0],
            constraints.if_one[lane, trader] + constraints.uncounted[lane, trader, 1],
            side, price * tick_nano, constraints.reserve[side, price],
            constraints.table.haircut[trader], lots,
        )  # fmt: skip
    return min(lots, max(fits, 0))


@cold_kernel
def note_sent(constraints, lane, trader, client_id, before, side, rank, lots):
    """Follow a version that was just sent, until its end is told.

    Parameters
        before: version that it replaces, or 0. rank: of its limit.
    """
    versions = constraints.versions
    at = client_id & (versions.id.shape[1] - 1)
    versions.id[lane, at] = client_id
    versions.rank[lane, at] = rank
    versions.before[lane, at] = before
    _change(constraints, lane, trader, side, rank, lots)


@inline_kernel
def use_message(constraints, lane, trader, time):
    """Let a message use up what its bucket has earned."""
    table = constraints.table
    for place in range(table.kind.shape[1]):
        if table.kind[trader, place] == MESSAGE_RATE:
            earned = max(constraints.earned_ns[lane, trader, place], time)
            constraints.earned_ns[lane, trader, place] = earned + table.first[trader, place]


@inline_kernel
def _change(constraints, lane, trader, side, rank, lots):
    """Let so many lots more, or fewer, be able to fill at a limit."""
    price, reserve = price_and_reserve(constraints, side, rank)
    haircut = constraints.table.haircut[trader]
    constraints.open_lots[lane, trader, side] += lots
    constraints.if_zero[lane, trader] += lots * cost_if_zero(side, price, reserve, haircut)
    constraints.if_one[lane, trader] += lots * cost_if_one(side, price, reserve, haircut)


@inline_kernel
def price_and_reserve(constraints, side, rank):
    """Return the limit that a rank is, and what is kept for the fees of a lot, nano."""
    n_ticks = constraints.reserve.shape[1] - 1
    price = np.int64(rank_of(rank, side, n_ticks))
    return price * (NANO // n_ticks), constraints.reserve[side, price]


@cold_kernel
def note_told(constraints, lane, trader, client_id, replaces, refuses, side, lots):
    """Stop following lots that cannot fill any more, or have filled.

    Parameters
        replaces: they are those of the version before, of which the new one has taken the place.
        refuses: the version was refused, so it is the one before that stands on under its name.

    Returns
        False if the version is too old to be known: there was too little room.
    """
    versions = constraints.versions
    mask = versions.id.shape[1] - 1
    at = client_id & mask
    before = versions.before[lane, at]
    of = before & mask if replaces and before != 0 else at
    is_known = versions.id[lane, at] == client_id
    is_known = is_known and (of == at or versions.id[lane, of] == before)
    _change(constraints, lane, trader, side, np.int64(versions.rank[lane, of]), -lots)
    if refuses and before != 0:
        versions.rank[lane, at] = versions.rank[lane, before & mask]
    return is_known


@cold_kernel
def fits_at_venue(constraints, orders, balance, lane, trader, slot, side, rank, lots):
    """Tell whether a trader can pay an order beside all others of its own at the venue.

    Parameters
        balance: int64 [L, B, 2], true. slot: of the order, or of the one that is changed.
    """
    haircut = constraints.table.haircut[trader]
    if_zero, if_one = costs_at_venue(constraints, orders, lane, trader, slot)
    if_zero += constraints.uncounted[lane, trader, 0]
    if_one += constraints.uncounted[lane, trader, 1]
    price, reserve = price_and_reserve(constraints, side, rank)
    payable = payable_lots(
        balance[lane, trader, 0], balance[lane, trader, 1], if_zero, if_one, side, price, reserve,
        haircut, lots,
    )  # fmt: skip
    return payable == lots


@inline_kernel
def costs_at_venue(constraints, orders, lane, trader, slot):
    """Return what the orders of a trader at the venue cost at worst, nano by payoff.

    Parameters
        slot: of one that does not count, or NO_ORDER.
    """
    if_zero = if_one = np.int64(0)
    for other in range(constraints.entered.shape[1]):
        if other != slot and is_at_venue(constraints, orders, lane, trader, other):
            zero, one = cost_of_order(constraints, orders, lane, trader, other)
            if_zero += zero
            if_one += one
    return if_zero, if_one


@inline_kernel
def is_at_venue(constraints, orders, lane, trader, slot):
    """Tell whether a slot holds an order of a trader that has reached the venue."""
    is_open = constraints.entered[lane, slot] and orders.client_id[lane, slot] != 0
    return is_open and orders.trader[lane, slot] == trader


@inline_kernel
def cost_of_order(constraints, orders, lane, trader, slot):
    """Return what an order costs at worst, nano by payoff."""
    side, haircut = orders.side[lane, slot], constraints.table.haircut[trader]
    price, reserve = price_and_reserve(constraints, side, np.int64(orders.rank[lane, slot]))
    lots = orders.lots[lane, slot]
    zero = lots * cost_if_zero(side, price, reserve, haircut)
    return zero, lots * cost_if_one(side, price, reserve, haircut)


@cold_kernel
def newest_of_short(constraints, orders, lane, trader, short_zero, short_one):
    """Return the slot of a trader's newest order that costs it anything where it is short.

    Parameters
        short_zero, short_one: nano that it lacks by payoff, if above 0.
    """
    newest = np.int64(NO_ORDER)
    for slot in range(constraints.entered.shape[1]):
        if is_at_venue(constraints, orders, lane, trader, slot):
            zero, one = cost_of_order(constraints, orders, lane, trader, slot)
            helps = (short_zero > 0 and zero > 0) or (short_one > 0 and one > 0)
            is_newer = newest == NO_ORDER
            is_newer = is_newer or orders.client_id[lane, slot] > orders.client_id[lane, newest]
            if helps and is_newer:
                newest = np.int64(slot)
    return newest
