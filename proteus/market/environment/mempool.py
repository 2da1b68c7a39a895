"""Messages that wait for a block, and which of them the next block takes.

Rules
    A message waits for the first block strictly after its nanosecond. A block takes up to
    ``capacity`` of those that wait, one after the other: of the messages at the head of each
    trader's own queue the one with the highest tip, then the one that came first, then the one
    with the smaller tie word. A trader's messages thus keep the order in which it sent them; tips
    reorder only between traders. Without a limit and without tips that is the order of arrival.

    Nobody's message is taken while the base fee is above ``max_fee``, and a tip is no more than
    what ``max_fee`` leaves of the base fee.

    Of a waiting order its side, limit and lots may be shown, the sender never: an addressed draw
    decides for each, so that it does not depend on who looks. Who reads them and sees a rival for
    the same trade offers all of its edge.

Source
    EIP-1559 and its section on transaction ordering: by priority fee, then by arrival.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.book.codes import NO_ENVELOPE, NO_TRADER
from proteus.market.rng import STREAM_MEMPOOL, uniform, words_at

TIPS = {"none": 0, "fixed": 1, "edge_share": 2}
TIPS_FIXED = 1
TIPS_EDGE_SHARE = 2
UNLIMITED = 2**62  # a capacity or fee that nothing reaches
PARTS = 10**9  # a share is a number of these


@state
class RouteParameters(NamedTuple):
    """The numbers of one cell's way to the venue."""

    by_blocks: int  # 1: messages wait for blocks
    capacity: int  # messages a block takes, or UNLIMITED
    tips: int  # TIPS
    tip: int  # of a message with fixed tips, nano
    tip_share: int  # of the edge, in parts of PARTS
    max_fee: int  # of a message, for base fee and tip, nano, or UNLIMITED
    visible: float  # share of the waiting messages that is shown
    shows_base_fee: int  # 1: traders know the base fee of the next block


@state
class Mempool(NamedTuple):
    """Messages that wait, as a queue for each trader. L lanes, A traders, M envelopes or orders."""

    first: np.ndarray  # int32 [L, A] envelope at the head of the trader's queue, or NO_ENVELOPE
    last: np.ndarray  # int32 [L, A] at its end
    after: np.ndarray  # int32 [L, M] the trader's next one, or NO_ENVELOPE
    sender: np.ndarray  # int32 [L, M] whose it is
    tip: np.ndarray  # int64 [L, M] that it offers, nano; once a block has taken it: that it pays
    is_taken: np.ndarray  # int8 [L, M] 1: a block has taken it, and it is about to be received
    arrived_ns: np.ndarray  # int64 [L, M] when it began to wait
    tie: np.ndarray  # uint32 [L, M] order of those that came in the same nanosecond
    carried: np.ndarray  # int64 [L, M] number of the block with the newest message about an order
    reads: np.ndarray  # bool [A] the trader reads what waits
    offered: np.ndarray  # int64 [L] tip of the message that is sent next, nano
    waiting: np.ndarray  # int64 [L] messages
    taken: np.ndarray  # int64 [L] messages that blocks have taken
    reordered: np.ndarray  # int64 [L] of them, those that another had come before
    waited_ns: np.ndarray  # int64 [L] for a block, by those that were taken
    tips: np.ndarray  # int64 [L] that they paid, nano


def allocate_mempool(lanes: int, reads: NDArray[np.bool_], envelopes: int) -> Mempool:
    """Allocate empty queues; 0 lanes where messages go straight to the venue.

    Parameters
        reads: bool [A], which traders read what waits.
    """
    return allocate(
        Mempool, L=lanes, A=len(reads), M=envelopes,
        first=NO_ENVELOPE, last=NO_ENVELOPE, after=NO_ENVELOPE, reads=reads,
    )  # fmt: skip


@inline_kernel
def see_edge(mempool, parameters, lane, edge, lots, has_rival):
    """Offer a share of the edge of the message that is sent next, where tips are that.

    Parameters
        edge: that its sender sees in it, nano a lot; of a cancel or replace of a quote, the
            distance between the belief and the price that stands. lots: that it is about.
            has_rival: another wants the same trade, so it offers all of the edge.
    """
    if parameters.tips == TIPS_EDGE_SHARE and edge > 0:
        share = np.int64(PARTS) if has_rival else np.int64(parameters.tip_share)
        mempool.offered[lane] = multiply_divide(edge * lots, share, np.int64(PARTS), FLOOR)


@inline_kernel
def carry(mempool, lane, slot, number):
    """Note which block carries a message about the order in a slot."""
    mempool.carried[lane, slot] = number


@inline_kernel
def offer(mempool, parameters, lane, envelope):
    """Note what a message that is being sent offers: the edge that was seen is of this one."""
    is_fixed = parameters.tips == TIPS_FIXED
    mempool.tip[lane, envelope] = parameters.tip if is_fixed else mempool.offered[lane]
    mempool.offered[lane] = 0


@inline_kernel
def wait(mempool, lane, trader, envelope, time, tie):
    """Put a message that has come at the end of its trader's queue."""
    mempool.after[lane, envelope] = NO_ENVELOPE
    mempool.sender[lane, envelope] = trader
    mempool.arrived_ns[lane, envelope] = time
    mempool.tie[lane, envelope] = tie
    last = mempool.last[lane, trader]
    if last == NO_ENVELOPE:
        mempool.first[lane, trader] = envelope
    else:
        mempool.after[lane, last] = envelope
    mempool.last[lane, trader] = envelope
    mempool.waiting[lane] += 1


@inline_kernel
def take(mempool, lane, time, most_tip):
    """Take the message that comes next in a block, or return NO_ENVELOPE.

    Parameters
        time: of the block. most_tip: what the base fee leaves for a tip, at least 0, nano.
    """
    best = earliest = np.int64(NO_TRADER)
    for trader in range(mempool.first.shape[1]):
        if mempool.first[lane, trader] != NO_ENVELOPE:
            if best == NO_TRADER or _goes_before(mempool, lane, trader, best, most_tip):
                best = np.int64(trader)
            if earliest == NO_TRADER or _came_before(mempool, lane, trader, earliest):
                earliest = np.int64(trader)
    if best == NO_TRADER:
        return np.int64(NO_ENVELOPE)
    envelope = np.int64(mempool.first[lane, best])
    _take_head(mempool, lane, best)
    mempool.reordered[lane] += best != earliest
    mempool.waited_ns[lane] += time - mempool.arrived_ns[lane, envelope]
    paid = min(mempool.tip[lane, envelope], most_tip)
    mempool.tip[lane, envelope] = paid
    mempool.tips[lane] += paid
    mempool.is_taken[lane, envelope] = 1
    return envelope


@inline_kernel
def is_released(mempool, lane, envelope):
    """Tell whether a message that is due comes out of a block, once; if not, it has to wait."""
    released = mempool.is_taken[lane, envelope] != 0
    mempool.is_taken[lane, envelope] = 0
    return released


@inline_kernel
def _take_head(mempool, lane, trader):
    after = mempool.after[lane, mempool.first[lane, trader]]
    mempool.first[lane, trader] = after
    if after == NO_ENVELOPE:
        mempool.last[lane, trader] = NO_ENVELOPE
    mempool.waiting[lane] -= 1
    mempool.taken[lane] += 1


@inline_kernel
def _goes_before(mempool, lane, trader, other, most_tip):
    """Tell whether the head of one trader's queue goes before another's."""
    one, two = mempool.first[lane, trader], mempool.first[lane, other]
    tip, rival = min(mempool.tip[lane, one], most_tip), min(mempool.tip[lane, two], most_tip)
    if tip != rival:
        return tip > rival
    return _came_before(mempool, lane, trader, other)


@inline_kernel
def _came_before(mempool, lane, trader, other):
    one, two = mempool.first[lane, trader], mempool.first[lane, other]
    came, rival = mempool.arrived_ns[lane, one], mempool.arrived_ns[lane, two]
    if came != rival:
        return came < rival
    return mempool.tie[lane, one] < mempool.tie[lane, two]


@inline_kernel
def is_shown(parameters, keys, lane, entity, address):
    """Tell whether a waiting message is shown.

    Parameters
        entity: of its sender. address: its cause, slot and wake-up (``envelopes.pack_address``).
    """
    word = words_at(keys, lane, STREAM_MEMPOOL, entity, address, address >> 32)[0]
    return uniform(word) < parameters.visible
