"""Envelopes: messages to the venue, notifications to traders, and running lifetimes.

An address says which cause a message has, so that its latencies are the same whatever the
mechanism does in between: the kind of cause (schedule, news, notification, expiry), the number of
the wake-up, and the slot of the message among those of that wake-up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.book.codes import EMPTY

# Kinds of envelopes.
MESSAGE_ORDER = 0
MESSAGE_CANCEL = 1
MESSAGE_REPLACE = 2
NOTICE_ACK = 3
NOTICE_REJECT = 4
NOTICE_CANCEL = 5
NOTICE_FILL = 6
LIFETIME = 7
MESSAGE_QUOTE = 8
MESSAGE_ACCEPT = 9
MESSAGE_LAST_LOOK = 10  # a dealer confirms an acceptance, or refuses it
NOTICE_QUOTE = 11
NOTICE_PRICE = 17  # of a trade that a dealer was asked for, or of the cover
TIMER_DEADLINE = 12  # a request or quote ends at the venue
TIMER_ANSWER = 13  # a dealer has thought about a request
TIMER_CHOICE = 14  # a taker picks among the quotes it has
TIMER_LAST_MOMENT = 15  # an acceptance of a held quote sent later may come too late
TIMER_HOLD = 16  # a dealer's last look ends

# Causes of a message, in the order of the latency streams in ``rng``.
CAUSE_SCHEDULE = 0
CAUSE_NEWS = 1
CAUSE_NOTIFIED = 2
CAUSE_EXPIRY = 3

_SLOT_SHIFT = 40
_CAUSE_SHIFT = 48
_WAKE_MASK = (1 << _SLOT_SHIFT) - 1


@written_first(
    "kind", "trader", "order", "new_id", "side", "rank", "lots", "belief", "address", "answer",
    "tie", "lifetime",
)  # fmt: skip
@state
class Messages(NamedTuple):
    """A pool of envelopes. L lanes, M envelopes."""

    kind: np.ndarray  # int64 [L, M]
    trader: np.ndarray  # int64 [L, M] sender or receiver
    order: np.ndarray  # int64 [L, M] order slot
    client_id: np.ndarray  # int64 [L, M] order version meant; a slot may be another's by now
    new_id: np.ndarray  # int64 [L, M] of a replace: the version it makes; of a quote or acceptance:
    # the version of the other one, request or quote, whose slot stands in ``lifetime``
    side: np.ndarray  # int64 [L, M]
    rank: np.ndarray  # int64 [L, M] of a replace, quote or acceptance: its limit
    lots: np.ndarray  # int64 [L, M] new lots of a replace; lots reported; open lots of a lifetime
    belief: np.ndarray  # int64 [L, M] nano: the maker's belief behind a replace, or behind a fill
    address: np.ndarray  # int64 [L, M] cause, slot and wake-up; of a quote notice: its deadline, ns
    answer: np.ndarray  # int64 [L, M] of a message: the random word of its answer's latency
    tie: np.ndarray  # int64 [L, M] cause and wake-up that order equal arrival times; of a quote
    # notice: what breaks ties of price, larger first
    lifetime: np.ndarray  # int64 [L, M] of a fill report: the envelope of the order's lifetime
    free: np.ndarray  # int64 [L, M] stack of free envelopes
    n_free: np.ndarray  # int64 [L]
    overflow: np.ndarray  # int64 [L] 1: no envelope was free


def allocate_messages(lanes: int, envelopes: int) -> Messages:
    """Allocate a pool of free envelopes."""
    shape = (lanes, envelopes)
    messages = Messages(
        kind=np.zeros(shape, np.int64),
        trader=np.zeros(shape, np.int64),
        order=np.zeros(shape, np.int64),
        client_id=np.zeros(shape, np.int64),
        new_id=np.zeros(shape, np.int64),
        side=np.zeros(shape, np.int64),
        rank=np.zeros(shape, np.int64),
        lots=np.zeros(shape, np.int64),
        belief=np.zeros(shape, np.int64),
        address=np.zeros(shape, np.int64),
        answer=np.zeros(shape, np.int64),
        tie=np.zeros(shape, np.int64),
        lifetime=np.zeros(shape, np.int64),
        free=np.zeros(shape, np.int64),
        n_free=np.full(lanes, envelopes, np.int64),
        overflow=np.zeros(lanes, np.int64),
    )
    messages.free[:] = np.arange(envelopes - 1, -1, -1, dtype=np.int64)
    return messages


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
    """Take a free envelope and address it, or return EMPTY and note the overflow."""
    n_free = messages.n_free[lane]
    if n_free == 0:
        messages.overflow[lane] = 1
        return np.int64(EMPTY)
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
