"""What every step of a request for quotes uses: timers, private messages, answers, and draws.

Each is compiled once for all who use it.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.codes import NO_ENVELOPE
from proteus.market.events.envelopes import cause_of, take_envelope, wake_of
from proteus.market.events.latency import MARKET_DATA, SUBMISSION, delay, slow_delay
from proteus.market.events.queue import KIND_TIMER, push
from proteus.market.rng import words_at
from proteus.market.trading import stressing
from proteus.market.trading.reports import notify


@cold_kernel
def set_timer(world, lane, time, kind, trader, slot, client_id):
    """Set a timer about an order, unless trading has ended by then; returns it, or NO_ENVELOPE."""
    if time >= world.settings.horizon_ns:
        return np.int64(NO_ENVELOPE)
    timer = take_envelope(world.messages, lane, kind, trader, slot, client_id)
    if timer != NO_ENVELOPE:
        push(world.queue, lane, time, KIND_TIMER, timer)
    return timer


@inline_kernel
def index_of(world, lane, slot):
    """Return the index by which draws about the request at ``slot`` are addressed."""
    address = world.origins.cause[lane, slot]
    cause = cause_of(address)
    return cause >> 2 << 29 | wake_of(address) << 2 | cause & 3


@cold_kernel
def told_at(mechanism, world, lane, time, trader, word):
    """Return when a private message is at a trader; that link is first-in-first-out."""
    takes = delay(world.traders, trader, MARKET_DATA, word)
    told = time + stressing.delayed(world.rules, trader, MARKET_DATA, time, takes)
    told = max(told, mechanism.known.told_until[lane, trader])
    mechanism.known.told_until[lane, trader] = told
    return told


@inline_kernel
def caution(world, trader):
    """Return how long before a deadline an acceptance must be sent, ns; it may wait for a block."""
    return slow_delay(world.traders, trader, SUBMISSION) + world.settings.block_ns


@cold_kernel
def words_of(keys, lane, stream, entity, index, block):
    """Draw, once for all kinds."""
    return words_at(keys, lane, stream, entity, index, block)


@cold_kernel
def answer_to(world, lane, time, kind, trader, order, client_id, side, lots, word):
    """Send an answer over the acknowledgement link, once for all kinds."""
    notify(world, lane, time, kind, trader, order, client_id, side, lots, word)
