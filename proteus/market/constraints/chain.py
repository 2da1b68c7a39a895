"""A chain: each constraint in its place says how many lots of an intent may be sent.

What has been sent is noted when it is (``note_sent``), and what can no longer fill when the trader
is told (``note_told``), so a chain asks nothing that the trader does not know.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW, FLOOR, multiply_divide
from proteus.market.book.book import rank_of
from proteus.market.book.codes import BUY, NO_ORDER, SELL
from proteus.market.constraints.added import fits_added
from proteus.market.constraints.codes import AS_ACCEPTANCE, AS_REDUCTION, AS_STANDING
from proteus.market.constraints.funds import cost_if_one, cost_if_zero, payable_lots
from proteus.market.constraints.table import (
    CAPITAL,
    EXPOSURE_PER_SIDE,
    FIRST_ADDED,
    INVENTORY_LIMIT,
    LEVERAGE,
    LOSS_LIMIT,
    MESSAGE_RATE,
    NO_GAS,
    NONE,
    ORDER_SIZE,
)
from proteus.market.events.queue import NEVER_NS

_PLACES = 8  # that a version may have, from that of its id on
_MOST_LOTS = 10**15  # far above what anybody holds


@cold_kernel
def allowed(constraints, lane, trader, time, becomes, side, price, lots, known):
    """Ask the chain of a trader, and count the first that cuts.

    Parameters
        becomes: AS_*. side, lots: of the intent. price: its limit, ticks. known: cash in nano and
            position in lots, as the trader knows them, and nano that the message costs.

    Returns
        How many lots may be sent, and the constraint that cuts first, NO_GAS, or NONE.
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
            if kind == CAPITAL and lacks_gas(constraints, lane, trader, known):
                constraints.no_gas[lane, trader] += 1
                return np.int64(0), np.int64(NO_GAS)
            constraints.cuts[lane, trader, kind] += 1
            if table.drops[trader, place]:
                return np.int64(0), kind
            rest = _rest(
                constraints, lane, trader, place + 1, time, becomes, side, price, fits, known
            )
            return rest, kind
    return lots, np.int64(NONE)


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
    numbers = constraints.table.numbers[trader, place]
    held = known[1] if side == BUY else -known[1]
    may_fill = constraints.open_lots[lane, trader, side]
    fits = lots
    if kind == CAPITAL and lacks_gas(constraints, lane, trader, known):
        fits = np.int64(0)
    elif kind == LOSS_LIMIT:
        fits = lots if time >= constraints.stopped_ns[lane, trader] else np.int64(0)
    elif kind == INVENTORY_LIMIT:
        if not (becomes == AS_STANDING or becomes >= AS_ACCEPTANCE):
            fits = numbers[0] - held - may_fill
    elif becomes == AS_REDUCTION or becomes == AS_STANDING:
        pass
    elif kind == MESSAGE_RATE:
        early = constraints.earned_ns[lane, trader, place] - time
        fits = lots if early <= numbers[1] else np.int64(0)
    elif kind == ORDER_SIZE:
        fits = numbers[0]
    elif becomes >= AS_ACCEPTANCE:
        pass  # it has been counted since the request or the quote was sent
    elif kind == EXPOSURE_PER_SIDE:
        fits = numbers[0] - may_fill
    elif kind == LEVERAGE:
        fits = _lots_of_wealth(constraints, lane, trader, numbers[0]) - held - may_fill
    elif kind == CAPITAL:
        fits = payable_lots(
            known[0] - known[2], known[1],
            constraints.if_zero[lane, trader] + constraints.uncounted[lane, trader, 0],
            constraints.if_one[lane, trader] + constraints.uncounted[lane, trader, 1],
            side, price * constraints.tick_nano[0], constraints.reserve[side, price],
            constraints.table.haircut[trader], lots,
        )  # fmt: skip
    elif kind >= FIRST_ADDED:
        fits = fits_added(
            kind, numbers, side, price, lots, known[1], constraints.open_lots[lane, trader, BUY],
            constraints.open_lots[lane, trader, SELL], known[0],
            constraints.reference[lane, trader],
        )  # fmt: skip
    return min(lots, max(fits, 0))


@inline_kernel
def lacks_gas(constraints, lane, trader, known):
    """Tell whether a trader cannot pay a message of what it has free at either payoff."""
    gas = known[2]
    if gas == 0:
        return False
    zero = constraints.if_zero[lane, trader] + constraints.uncounted[lane, trader, 0]
    one = constraints.if_one[lane, trader] + constraints.uncounted[lane, trader, 1]
    free = min(known[0] - zero, known[0] + known[1] * NANO - one)
    return gas == AMOUNT_OVERFLOW or free < gas


@inline_kernel
def _lots_of_wealth(constraints, lane, trader, leverage):
    """Return the most lots that are worth so many billionths of the wealth of a trader."""
    wealth = constraints.wealth[lane, trader]
    if wealth <= 0:
        return np.int64(0)
    worth = constraints.reference[lane, trader] * constraints.tick_nano[0]  # twice that of a lot
    lots = multiply_divide(leverage, wealth, worth * NANO, FLOOR)
    return np.int64(_MOST_LOTS) if lots == AMOUNT_OVERFLOW else min(lots, np.int64(_MOST_LOTS))


@cold_kernel
def mark(constraints, lane, trader, time, known, reference, endowment):
    """Mark what a trader holds when it decides, and let it stop if it has lost too much.

    Parameters
        known: cash in nano, with its claims, and position in lots, as it knows them.
        reference: twice the public reference price in its view, ticks. endowment: its capital, nano
    """
    table = constraints.table
    wealth = 2 * known[0] + known[1] * reference * constraints.tick_nano[0]
    constraints.reference[lane, trader] = reference
    constraints.wealth[lane, trader] = wealth
    constraints.stops[lane, trader] = False
    for place in range(table.kind.shape[1]):
        if table.kind[trader, place] != LOSS_LIMIT or time < constraints.stopped_ns[lane, trader]:
            continue
        loss, pause = table.numbers[trader, place, 0], table.numbers[trader, place, 1]
        if wealth - 2 * endowment <= -2 * loss:
            constraints.stops[lane, trader] = True
            constraints.stopped_ns[lane, trader] = time + pause if pause > 0 else NEVER_NS


@inline_kernel
def next_to_cancel(constraints, lane, trader, after):
    """Return the place of the next order of a trader, by its id, that may still fill, or -1.

    It is none of its quotes, which it knows by itself.

    Parameters
        after: its id is above this.
    """
    versions, found = constraints.versions, np.int64(-1)
    for at in range(versions.id.shape[1]):
        client_id = versions.id[lane, at]
        if client_id <= after or versions.lots[lane, at] <= 0:
            continue
        is_own = versions.trader[lane, at] == trader and versions.order[lane, at] != NO_ORDER
        if is_own and (found < 0 or client_id < versions.id[lane, found]):
            found = np.int64(at)
    return found


@cold_kernel
def note_sent(constraints, lane, trader, client_id, before, order, side, rank, lots):
    """Follow a version that was just sent, until its end is told.

    Parameters
        before: version that it replaces, or 0. order: its slot, or NO_ORDER of a quote.
            rank: of its limit.

    Returns
        False if there was too little room: one that may still fill has lost its place.
    """
    versions, mask = constraints.versions, constraints.versions.id.shape[1] - 1
    at = client_id & mask
    for further in range(1, _PLACES):  # one that stands for long keeps its place
        if versions.lots[lane, at] == 0:
            break
        at = (client_id + further) & mask
    has_room = versions.lots[lane, at] == 0
    versions.id[lane, at] = client_id
    versions.trader[lane, at] = trader
    versions.order[lane, at] = order
    versions.rank[lane, at] = rank
    versions.before[lane, at] = before
    versions.lots[lane, at] = lots
    _change(constraints, lane, trader, side, rank, lots)
    return has_room


@inline_kernel
def use_message(constraints, lane, trader, time):
    """Let a message use up what its bucket has earned."""
    table = constraints.table
    for place in range(table.kind.shape[1]):
        if table.kind[trader, place] == MESSAGE_RATE:
            earned = max(constraints.earned_ns[lane, trader, place], time)
            constraints.earned_ns[lane, trader, place] = earned + table.numbers[trader, place, 0]


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
    price = np.int64(rank_of(rank, side, constraints.reserve.shape[1] - 1))
    return price * constraints.tick_nano[0], constraints.reserve[side, price]


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
    at = _place_of(versions, lane, client_id)
    before = versions.before[lane, at]
    old = at if before == 0 else _place_of(versions, lane, before)
    of = old if replaces else at
    is_known = versions.id[lane, at] == client_id
    is_known = is_known and (of == at or versions.id[lane, of] == before)
    _change(constraints, lane, trader, side, np.int64(versions.rank[lane, of]), -lots)
    versions.lots[lane, of] -= lots
    if refuses and versions.id[lane, old] == before:
        versions.rank[lane, at] = versions.rank[lane, old]
        versions.lots[lane, at] = versions.lots[lane, old]
        versions.lots[lane, old] = 0
    return is_known


@inline_kernel
def _place_of(versions, lane, client_id):
    """Return the place of a version; of one that has none that of another."""
    mask = versions.id.shape[1] - 1
    for further in range(_PLACES):
        at = (client_id + further) & mask
        if versions.id[lane, at] == client_id:
            return at
    return client_id & mask
