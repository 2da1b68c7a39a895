"""Envelopes: messages to the venue, notifications to traders, and running timers.

An address says which cause a message has, so that its latencies are the same whatever the
mechanism does in between: the kind of cause (schedule, news, notification, expiry), the number of
the wake-up, and the slot of the message among those of that wake-up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.book.codes import NO_ENVELOPE
from proteus.market.rng import STREAM_LATENCY, STREAM_LATENCY_FURTHER

# Kinds of envelopes: messages on their way to the venue,
MESSAGE_ORDER = 0  # a new order, or a request for quotes
MESSAGE_CANCEL = 1
MESSAGE_REPLACE = 2
MESSAGE_QUOTE = 3
MESSAGE_ACCEPT = 4  # of a quote, by a taker
MESSAGE_CONFIRM = 5  # a dealer's last look ends with a trade
MESSAGE_DECLINE = 6  # or with none
# what is told to a trader,
NOTICE_ACK = 7
NOTICE_REJECT = 8
NOTICE_CANCEL = 9
NOTICE_FILL = 10
NOTICE_QUOTE = 11
NOTICE_PRICE = 12  # of a trade that a dealer was asked for, or of the cover
# and timers.
TIMER_LIFETIME = 13  # a resting order is cancelled
TIMER_DEADLINE = 14  # a request or quote ends at the venue
TIMER_ANSWER = 15  # a dealer has thought about a request
TIMER_CHOICE = 16  # a taker picks among the quotes it has
TIMER_LAST_MOMENT = 17  # an acceptance of a held quote sent later may come too late
TIMER_HOLD = 18  # a dealer's last look ends
# To the pool of credit: ``new_id`` says what of it, ``lots`` is the amount.
MESSAGE_CREDIT = 19

# Causes of a message, in the order of the latency streams in ``rng``.
CAUSE_SCHEDULE = 0
CAUSE_NEWS = 1
CAUSE_NOTIFIED = 2
CAUSE_EXPIRY = 3
CAUSE_FURTHER = STREAM_LATENCY_FURTHER - STREAM_LATENCY  # a wake-up that stress has added

_SLOT_SHIFT = 40
_CAUSE_SHIFT = 48
_WAKE_MASK = (1 << _SLOT_SHIFT) - 1


@written_first(
    "kind", "trader", "order", "new_id", "side", "rank", "lots", "open_lots", "belief", "cause",
    "answer", "tie", "filled_ns", "lifetime",
)  # fmt: skip
@state
class Messages(NamedTuple):
    """A pool of envelopes. L lanes, M envelopes.

    What is narrow fits: traders, order slots and envelopes are counted by arrays in memory, far
    below 2^31, and ranks end at MAX_TICKS. What only requests for quotes need is in
    ``mechanisms.rfq.Enclosures``.
    """

    kind: np.ndarray  # int8 [L, M] MESSAGE_*, NOTICE_* or TIMER_*
    trader: np.ndarray  # int32 [L, M] sender or receiver
    order: np.ndarray  # int32 [L, M] slot of the order that it is about
    client_id: np.ndarray  # int64 [L, M] order version meant; a slot may be another's by now. Of a
    # message to a pool of credit MISSING
    new_id: np.ndarray  # int64 [L, M] of a replace: the version it makes; of a fill report, where
    # fills wait for their settlement: the number of the fill
    side: np.ndarray  # int8 [L, M] of the order, request or quote that it is about
    rank: np.ndarray  # int32 [L, M] of a replace or acceptance: its limit; of a quote or trade
    # that is told: its price on ``side``
    lots: np.ndarray  # int64 [L, M] asked for, quoted, filled or ended
    open_lots: np.ndarray  # int64 [L, M] of a lifetime: lots that the trader knows to be open
    belief: np.ndarray  # int64 [L, M] nano: the maker's belief behind the version it is about; of a
    # call to a pool of credit: the trader that it is about
    cause: np.ndarray  # int64 [L, M] of a message, or of the one that a timer will send: its
    # cause, slot and wake-up; of the choice among quotes: those of the request
    answer: np.ndarray  # uint32 [L, M] random word of the latency of what answers it: the venue's
    # answer to a message, the quote of a dealer who has thought about a request
    tie: np.ndarray  # int64 [L, M] of a message: cause and wake-up that order equal arrival times
    filled_ns: np.ndarray  # int64 [L, M] of a fill report: when the order was filled
    lifetime: np.ndarray  # int32 [L, M] of a fill report: envelope of the order's lifetime
    free: np.ndarray  # int32 [L, M] stack of free envelopes
    n_free: np.ndarray  # int64 [L]
    overflow: np.ndarray  # int64 [L] 1: no envelope was free


def allocate_messages(lanes: int, envelopes: int) -> Messages:
    """Allocate a pool of free envelopes."""
    stack = np.arange(envelopes - 1, -1, -1, dtype=np.int32)
    return allocate(Messages, L=lanes, M=envelopes, free=stack, n_free=envelopes)


@inline_kernel
def pack_address(cause, slot, wake):
    """Pack the cause of a message into one integer."""
    return np.int64(cause) << _CAUSE_SHIFT | np.int64(slot) << _SLOT_SHIFT | np.int64(wake)


@inline_kernel
def cause_of(address):
    """Return the kind of cause of an address."""
    return address >> _CAUSE_SHIFT


@inline_kernel
def slot_of(address):
    """Return the slot of a message among those of its wake-up."""
    return (address >> _SLOT_SHIFT) & 0xFF


@inline_kernel
def wake_of(address):
    """Return the number of the wake-up."""
    return address & _WAKE_MASK


@inline_kernel
def take_envelope(messages, lane, kind, trader, order, client_id):
    """Take a free envelope and address it, or return NO_ENVELOPE and note the overflow."""
    n_free = messages.n_free[lane]
    if n_free == 0:
        messages.overflow[lane] = 1
        return np.int64(NO_ENVELOPE)
    messages.n_free[lane] = n_free - 1
    envelope = np.int64(messages.free[lane, n_free - 1])
    messages.kind[lane, envelope] = kind
    messages.trader[lane, envelope] = trader
    messages.order[lane, envelope] = order
    messages.client_id[lane, envelope] = client_id
    return envelope


@inline_kernel
def release_envelope(messages, lane, envelope):
    """Give an envelope back."""
    messages.client_id[lane, envelope] = 0
    messages.free[lane, messages.n_free[lane]] = envelope
    messages.n_free[lane] += 1
