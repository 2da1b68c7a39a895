"""What every step of every task does, lane by lane: intents from numbers, and numbers from views.

They are kernels for their speed alone: at 64 lanes the same in NumPy takes longer than the market.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.held import opened
from proteus.compiler.jit import inline_kernel, kernel, state
from proteus.market.agents.external import DECIDED, WAITS
from proteus.market.agents.ticks import ceil_ticks, floor_ticks
from proteus.market.agents.traders import CLASS_NOISE, INTENT_ORDER, INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, IOC, SELL
from proteus.market.trading.world import STAGE_ENDED

COMMON = 12  # features that every task begins with; a maker's own quotes follow


@state
class Wanted(NamedTuple):
    """What the traders of a task want. L lanes, M traders, C numbers of an action."""

    actions: np.ndarray  # float64 [L, C] what was said last, of who decided there
    least: np.ndarray  # float64 [C] of each number
    largest: np.ndarray  # float64 [C]
    most: np.ndarray  # float64 [2] offset, currency, and lots that a share of 1 means
    offset: np.ndarray  # float64 [L, 2] currency: of quotes from the reference, by side; of orders
    # beyond the executable price, in the first place
    lots: np.ndarray  # int64 [L, 2] by side
    belief: np.ndarray  # float64 [L] currency: what the contract is worth, from the reference
    since: np.ndarray  # int64 [L] when one of them last decided, ns
    held: np.ndarray  # int64 [L, M] inventory at its last decision, as reported, lots
    spread: np.ndarray  # float64 [L, M] what it then quoted, currency; 0 without two sides


@state
class Shown(NamedTuple):
    """What the trader of a task is shown. L lanes, F features."""

    vector: np.ndarray  # float32 [L, F]
    low: np.ndarray  # float32 [F]
    high: np.ndarray  # float32 [F]
    scale: np.ndarray  # float64 [1] lots that count as one
    shows_quotes: np.ndarray  # bool [1] the features of own quotes follow the common ones


@kernel
def are_allowed(held_wanted):
    """Tell whether all numbers of all actions are within their bounds; those that are none are not.

    Parameters
        held_wanted: ``Held`` Wanted; read.
    """
    wanted = opened(held_wanted)
    for lane in range(wanted.actions.shape[0]):
        for at in range(wanted.actions.shape[1]):
            number = wanted.actions[lane, at]
            if not (wanted.least[at] <= number <= wanted.largest[at]):
                return False
    return True


@kernel
def read_shares(held_wanted):
    """Turn numbers into offsets of both sides, lots of both, and a belief.

    Offsets and the belief are signed squares, so that they are fine near the reference and reach
    every price; of lots -1 is none and 1 the most.

    Parameters
        held_wanted: ``Held`` Wanted, of five numbers an action; offsets, lots and beliefs are
            written.
    """
    wanted = opened(held_wanted)
    for lane in range(wanted.since.shape[0]):
        for side in (BUY, SELL):
            away, size = wanted.actions[lane, side], wanted.actions[lane, 2 + side]
            wanted.offset[lane, side] = away * abs(away) * wanted.most[0]
            wanted.lots[lane, side] = np.int64(np.rint((size + 1.0) / 2.0 * wanted.most[1]))
        worth = wanted.actions[lane, 4]
        wanted.belief[lane] = worth * abs(worth) * wanted.most[0]


@kernel
def quote(held_world, held_wanted):
    """Write quotes around the reference for every lane that waits, in whole ticks, outward.

    Parameters
        held_world: ``Held`` World; its intents are written. held_wanted: ``Held`` Wanted, of which
            offsets, lots and beliefs are read and the rest is written.
    """
    world, wanted = opened(held_world), opened(held_wanted)
    external, intents = world.policies.others.policy, world.intents
    ticks = world.settings.n_ticks
    for lane in range(external.waits.shape[0]):
        if external.waits[lane] != WAITS:
            continue
        trader, middle = external.trader[lane], world.seen.reference_doubled[lane] / 2
        bid = np.int64(floor_ticks(middle - wanted.offset[lane, BUY] * ticks))
        ask = np.int64(ceil_ticks(middle + wanted.offset[lane, SELL] * ticks))
        bid_lots = wanted.lots[lane, BUY] if 1 <= bid < ticks else np.int64(0)
        ask_lots = wanted.lots[lane, SELL] if 1 <= ask < ticks else np.int64(0)
        belief = min(max(middle / ticks + wanted.belief[lane], 0.0), 1.0)
        intents.count[lane] = 0
        intend(intents, lane, INTENT_QUOTE, BUY, bid, bid_lots, GTC, 0, belief)
        intend(intents, lane, INTENT_QUOTE, SELL, ask, ask_lots, GTC, 0, belief)
        number = external.number[trader]
        has_both = bid_lots > 0 and ask_lots > 0
        wanted.spread[lane, number] = max(ask - bid, 0) / ticks if has_both else 0.0
        _go(world, external, wanted, lane, trader)


@kernel
def order(held_world, held_wanted):
    """Write an order beyond the executable price for every lane that waits, in whole ticks, inward.

    It buys if it has lots on that side, sells if it has some there, and else is none; it trades at
    once or not at all. Parameters are those of ``quote``.
    """
    world, wanted = opened(held_world), opened(held_wanted)
    external, intents = world.policies.others.policy, world.intents
    ticks = world.settings.n_ticks
    for lane in range(external.waits.shape[0]):
        if external.waits[lane] != WAITS:
            continue
        trader, side = external.trader[lane], BUY if wanted.lots[lane, BUY] > 0 else SELL
        away, met = wanted.offset[lane, 0] * ticks, world.seen.executable[lane, 1 - side]
        price = floor_ticks(met + away) if side == BUY else ceil_ticks(met - away)
        price = np.int64(min(max(price, 1), ticks - 1))
        is_noise = world.traders.role[trader] == CLASS_NOISE
        belief = 0.0 if is_noise else world.seen.reference_doubled[lane] / (2 * ticks)
        intents.count[lane] = 0
        if wanted.lots[lane, side] > 0:
            lots = wanted.lots[lane, side]
            intend(intents, lane, INTENT_ORDER, side, price, lots, IOC, 0, belief)
        _go(world, external, wanted, lane, trader)


@inline_kernel
def _go(world, external, wanted, lane, trader):
    external.waits[lane] = DECIDED
    wanted.since[lane] = world.seen.time[lane]
    wanted.held[lane, external.number[trader]] = world.private.position[lane, trader]


@kernel
def show(held_world, held_shown):
    """Write the common features of every lane, and those of own quotes.

    Parameters
        held_world: ``Held`` World; read. held_shown: ``Held`` Shown; its vector is written, within
            its bounds. A lane that has ended shows what it saw last, what it knows of itself now,
            and no time left.
    """
    world, shown = opened(held_world), opened(held_shown)
    external, view = world.policies.others.policy, world.seen
    horizon, ticks, scale = world.settings.horizon_ns, world.settings.n_ticks, shown.scale[0]
    for lane in range(external.waits.shape[0]):
        vector, trader = shown.vector, external.trader[lane]
        left = horizon - view.time[lane]
        has_ended = world.progress.stage[lane] == STAGE_ENDED
        reference = view.reference_doubled[lane] / (2 * ticks)
        has_signal = world.traders.has_signal[trader]
        vector[lane, 0] = 0.0 if has_ended else left / horizon
        vector[lane, 1] = reference
        vector[lane, 2] = view.executable[lane, BUY] / ticks
        vector[lane, 3] = view.executable[lane, SELL] / ticks
        vector[lane, 4] = 1.0 if has_signal else 0.0
        vector[lane, 5] = view.signal[lane] if has_signal else 0.0
        vector[lane, 6] = world.private.position[lane, trader] / scale
        _show_logs(external, vector, lane, external.number[trader], reference, ticks, scale)
        if shown.shows_quotes[0]:
            for side in (BUY, SELL):
                _show_quote(world.private, vector, lane, trader, side, reference, ticks, scale)
        for at in range(COMMON + 8 if shown.shows_quotes[0] else COMMON):
            vector[lane, at] = min(max(vector[lane, at], shown.low[at]), shown.high[at])


@inline_kernel
def _show_logs(external, vector, lane, number, reference, ticks, scale):
    """Sum up own fills and the prints of others since the last decision."""
    room = external.fill_order.shape[2]
    bought, sold, total = np.int64(0), np.int64(0), np.int64(0)
    fills, prints = external.fills[lane, number], external.prints[lane, number]
    for i in range(min(fills, room)):
        lots = external.fill_lots[lane, number, i]
        if external.fill_side[lane, number, i] == BUY:
            bought += lots
        else:
            sold += lots
    listed = min(prints, room)
    for i in range(listed):
        total += external.print_price[lane, number, i]
    vector[lane, 7] = bought / scale
    vector[lane, 8] = sold / scale
    vector[lane, 9] = prints
    vector[lane, 10] = total / (listed * ticks) if listed > 0 else reference
    vector[lane, 11] = 1.0 if max(fills, prints) > room else 0.0


@inline_kernel
def _show_quote(private, vector, lane, trader, side, reference, ticks, scale):
    """Show what stands on one side, and what may yet fill there."""
    at, stands = COMMON + 4 * side, private.quote_id[lane, trader, side] != 0
    price = private.quote_price[lane, trader, side] / ticks
    away = reference - price if side == BUY else price - reference
    vector[lane, at] = 1.0 if stands else 0.0
    vector[lane, at + 1] = away if stands else 0.0
    vector[lane, at + 2] = private.quote_lots[lane, trader, side] / scale if stands else 0.0
    vector[lane, at + 3] = private.exposure[lane, trader, side] / scale
