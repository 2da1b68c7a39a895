"""The event queue of a lane, and the one table that orders events at equal time.

Events are processed in order of (time, priority, sequence). The priorities:

    0 news            a jump of the latent probability
    1 environment     a block is made, an oracle reports
    2 settlement      legs that are due, finality, reverts
    3 accrual         interest
    4 liquidation     loans that mature, accounts that fail
    5 incentive       an epoch is paid, or its policy looks at the book
    6 sample          of the mid or of equity
    7 batch clear     so a message that arrives exactly at k Delta belongs to the next batch
    8 message         an order, cancel or replace arrives at the venue
    9 notification    an ack, reject, cancel or fill report arrives at a trader
   10 wake-up         a trader looks and decides; a lifetime or another timer ends

Entries of 1 to 5 belong to rules that a market adds (``trading.hooks``); nothing else pushes them.

Messages that arrive in the same nanosecond are ordered by an addressed random key of (trader,
wake-up), then by sending order. Because links are first-in-first-out, a message that waits for
the one sent before it inherits its key.

The queue is a small array kept sorted, latest first: few events are pending at once, and the next
one is popped from the end. Taken from the design, which measured 1.3 times a heap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.rng import STREAM_TIE, words_at

# Kinds of queue entries, up to MOST_KINDS; the priority of each.
KIND_NEWS = 0
KIND_CLEAR = 1
KIND_MESSAGE = 2
KIND_NOTIFICATION = 3
KIND_WAKE = 4
KIND_WAKE_NEWS = 5
KIND_TIMER = 6  # a lifetime, a deadline, or what a trader waits for
KIND_MEASURE = 7  # a sample is taken, and the warm-up ends
KIND_ENVIRONMENT = 8
KIND_SETTLEMENT = 9
KIND_ACCRUAL = 10
KIND_LIQUIDATION = 11
KIND_INCENTIVE = 12
KIND_TAKEN_BACK = 13  # a trader is told that a fill of its own was taken back
KIND_FURTHER = 14  # a wake-up that stress has added
PRIORITY_NEWS = 0
PRIORITY_ENVIRONMENT = 1
PRIORITY_SETTLEMENT = 2
PRIORITY_ACCRUAL = 3
PRIORITY_LIQUIDATION = 4
PRIORITY_INCENTIVE = 5
PRIORITY_SAMPLE = 6
PRIORITY_CLEAR = 7
PRIORITY_MESSAGE = 8
PRIORITY_NOTIFICATION = 9
PRIORITY_WAKE = 10
PRIORITIES = {
    KIND_NEWS: PRIORITY_NEWS,
    KIND_CLEAR: PRIORITY_CLEAR,
    KIND_MESSAGE: PRIORITY_MESSAGE,
    KIND_NOTIFICATION: PRIORITY_NOTIFICATION,
    KIND_WAKE: PRIORITY_WAKE,
    KIND_WAKE_NEWS: PRIORITY_WAKE,
    KIND_TIMER: PRIORITY_WAKE,
    KIND_MEASURE: PRIORITY_SAMPLE,
    KIND_ENVIRONMENT: PRIORITY_ENVIRONMENT,
    KIND_SETTLEMENT: PRIORITY_SETTLEMENT,
    KIND_ACCRUAL: PRIORITY_ACCRUAL,
    KIND_LIQUIDATION: PRIORITY_LIQUIDATION,
    KIND_INCENTIVE: PRIORITY_INCENTIVE,
    KIND_TAKEN_BACK: PRIORITY_NOTIFICATION,
    KIND_FURTHER: PRIORITY_WAKE,
}
_PRIORITY_OF_KIND = tuple(PRIORITIES[kind] for kind in range(len(PRIORITIES)))

_PRIORITY_SHIFT = 56
_KIND_BITS = 6
_KIND_MASK = (1 << _KIND_BITS) - 1
MOST_KINDS = 1 << _KIND_BITS


@written_first("time", "key", "item")
@state
class Queue(NamedTuple):
    """Pending events of each lane, latest first. L lanes, Q entries."""

    time: np.ndarray  # int64 [L, Q] ns
    key: np.ndarray  # int64 [L, Q] priority << 56 | sequence << 6 | kind
    item: np.ndarray  # int64 [L, Q] trader, envelope or jump, by kind
    size: np.ndarray  # int64 [L]
    sequence: np.ndarray  # int64 [L] entries ever pushed
    overflow: np.ndarray  # int64 [L] 1: an entry found no room


def allocate_queue(lanes: int, entries: int) -> Queue:
    """Allocate empty queues."""
    return allocate(Queue, L=lanes, Q=entries)


@inline_kernel
def push(queue, lane, time, kind, item):
    """Insert an event that is not a message."""
    key = _next_key(queue, lane, kind)
    at = queue.size[lane]
    if at == queue.time.shape[1]:
        queue.overflow[lane] = 1
        return
    while at > 0 and _is_before(queue, lane, at - 1, time, key):
        _move_up(queue, lane, at)
        at -= 1
    _place(queue, lane, at, time, key, item)


@inline_kernel
def push_message(queue, messages, entities, keys, lane, time, envelope):
    """Insert the arrival of a message; equal arrival times are ordered by addressed keys."""
    key = _next_key(queue, lane, KIND_MESSAGE)
    at = queue.size[lane]
    if at == queue.time.shape[1]:
        queue.overflow[lane] = 1
        return
    while at > 0:
        if queue.time[lane, at - 1] == time and is_message(queue, lane, at - 1):
            rival = queue.item[lane, at - 1]
            if _goes_first(messages, entities, keys, lane, envelope, rival):
                break
        elif not _is_before(queue, lane, at - 1, time, key):
            break
        _move_up(queue, lane, at)
        at -= 1
    _place(queue, lane, at, time, key, envelope)


@inline_kernel
def next_time(queue, lane):
    """Return the time of the next event; the queue is not empty."""
    return queue.time[lane, queue.size[lane] - 1]


@inline_kernel
def pop(queue, lane):
    """Remove the next event and return its time, kind and item."""
    at = queue.size[lane] - 1
    queue.size[lane] = at
    return queue.time[lane, at], queue.key[lane, at] & _KIND_MASK, queue.item[lane, at]


@inline_kernel
def is_message(queue, lane, at):
    """Tell whether an entry is the arrival of a message."""
    return queue.key[lane, at] & _KIND_MASK == KIND_MESSAGE


@inline_kernel
def _next_key(queue, lane, kind):
    sequence = queue.sequence[lane]
    queue.sequence[lane] = sequence + 1
    priority = np.int64(_PRIORITY_OF_KIND[kind])
    return priority << _PRIORITY_SHIFT | sequence << _KIND_BITS | kind


@inline_kernel
def _is_before(queue, lane, at, time, key):
    """Tell whether the entry at ``at`` comes before (time, key)."""
    other = queue.time[lane, at]
    return other < time or (other == time and queue.key[lane, at] < key)


@inline_kernel
def _move_up(queue, lane, at):
    queue.time[lane, at] = queue.time[lane, at - 1]
    queue.key[lane, at] = queue.key[lane, at - 1]
    queue.item[lane, at] = queue.item[lane, at - 1]


@inline_kernel
def _place(queue, lane, at, time, key, item):
    queue.time[lane, at] = time
    queue.key[lane, at] = key
    queue.item[lane, at] = item
    queue.size[lane] += 1


@inline_kernel
def _goes_first(messages, entities, keys, lane, envelope, rival):
    """Tell whether a message sent later goes before its rival of the same nanosecond."""
    word = tie_word(messages, entities, keys, lane, envelope)
    return word < tie_word(messages, entities, keys, lane, rival)


@inline_kernel
def tie_word(messages, entities, keys, lane, envelope):
    """Return the random word that orders a message among those of its nanosecond."""
    tie = messages.tie[lane, envelope]
    entity = entities[np.int64(messages.trader[lane, envelope])]
    return words_at(keys, lane, STREAM_TIE, entity, tie, tie >> 32)[0]


NEVER_NS = 2**61  # a time after every run; the first jump when the jump rate is 0
