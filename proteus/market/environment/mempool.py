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

Where a message is
    Those that wait are a chain for each trader. What a block takes is one chain in its order, and
    only the first of it is in the queue of events; each puts the next one there. A block of a
    hundred messages would otherwise be a hundred entries that everything sent meanwhile must pass.

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
SHARE_OF_ALL = -1  # who has no share of its own offers that of all


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
    came: np.ndarray  # int64 [L, A] when that at the head began to wait
    offers: np.ndarray  # int64 [L, A] tip that it offers, nano
    line: np.ndarray  # int32 [L, A] whose head a block takes, the first of them last
    lined_up: np.ndarray  # int64 [L] traders in it
    after: np.ndarray  # int32 [L, M] next one of the trader, or of the block, or NO_ENVELOPE
    tip: np.ndarray  # int64 [L, M] that it offers, nano; once a block has taken it: that it pays
    is_taken: np.ndarray  # int8 [L, M] 1: a block has taken it, and it is about to be received
    arrived_ns: np.ndarray  # int64 [L, M] when it began to wait
    tie: np.ndarray  # uint32 [L, M] order of those that came in the same nanosecond, if several did
    newest: np.ndarray  # int32 [L] the one that began to wait last, or NO_ENVELOPE
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
        first=NO_ENVELOPE, last=NO_ENVELOPE, after=NO_ENVELOPE, newest=NO_ENVELOPE, reads=reads,
    )  # fmt: skip


@inline_kernel
def sees_edges(parameters):
    """Tell whether tips depend on what senders expect."""
    return parameters.by_blocks != 0 and parameters.tips == TIPS_EDGE_SHARE


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
def see_gain(mempool, parameters, lane, gain, own_share):
    """Offer a share of what the message that is sent next is expected to gain.

    Parameters
        gain: nano, at least 0. own_share: as in ``share_of``.
    """
    share = share_of(parameters, own_share)
    mempool.offered[lane] = multiply_divide(gain, share, np.int64(PARTS), FLOOR)


@inline_kernel
def share_of(parameters, own_share):
    """Return the share that a sender offers: its own, in parts of PARTS, or SHARE_OF_ALL."""
    return np.int64(parameters.tip_share if own_share == SHARE_OF_ALL else own_share)


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
    mempool.arrived_ns[lane, envelope] = time
    mempool.tie[lane, envelope] = tie
    mempool.newest[lane] = envelope
    last = mempool.last[lane, trader]
    if last == NO_ENVELOPE:
        _put_first(mempool, lane, trader, envelope)
    else:
        mempool.after[lane, last] = envelope
    mempool.last[lane, trader] = envelope
    mempool.waiting[lane] += 1


@inline_kernel
def rival_of(mempool, lane, time):
    """Return the message that began to wait last, if that was at this time, or NO_ENVELOPE.

    Only then do tie words decide anything, so that others need none.
    """
    newest = np.int64(mempool.newest[lane])
    if newest != NO_ENVELOPE and mempool.arrived_ns[lane, newest] == time:
        return newest
    return np.int64(NO_ENVELOPE)


@inline_kernel
def line_up(mempool, lane, most_tip):
    """Put the heads of all queues into the order in which a block takes them.

    Parameters
        most_tip: what the base fee leaves for a tip, at least 0, nano.
    """
    mempool.lined_up[lane] = 0
    for trader in range(mempool.first.shape[1]):
        if mempool.first[lane, trader] != NO_ENVELOPE:
            _join_line(mempool, lane, trader, most_tip)


@inline_kernel
def _join_line(mempool, lane, trader, most_tip):
    """Put a trader where its head belongs; seen from the front, where most of them belong."""
    at = mempool.lined_up[lane]
    mempool.lined_up[lane] = at + 1
    while at > 0:
        other = np.int64(mempool.line[lane, at - 1])
        if not _goes_before(mempool, lane, other, trader, most_tip):
            break
        mempool.line[lane, at] = other
        at -= 1
    mempool.line[lane, at] = trader


@inline_kernel
def take(mempool, lane, time, most_tip):
    """Take the message that comes next in a block, after ``line_up``.

    Parameters
        time: of the block. most_tip: as there.

    Returns
        Its envelope and its sender, or NO_ENVELOPE and NO_TRADER if none waits.
    """
    front = mempool.lined_up[lane] - 1
    if front < 0:
        return np.int64(NO_ENVELOPE), np.int64(NO_TRADER)
    best = np.int64(mempool.line[lane, front])
    mempool.reordered[lane] += _is_reordered(mempool, lane, front, best, most_tip)
    mempool.lined_up[lane] = front
    envelope = np.int64(mempool.first[lane, best])
    _take_head(mempool, lane, best)
    if mempool.first[lane, best] != NO_ENVELOPE:
        _join_line(mempool, lane, best, most_tip)
    mempool.waited_ns[lane] += time - mempool.arrived_ns[lane, envelope]
    paid = min(mempool.tip[lane, envelope], most_tip)
    mempool.tip[lane, envelope] = paid
    mempool.tips[lane] += paid
    mempool.is_taken[lane, envelope] = 1
    return envelope, best


@inline_kernel
def _is_reordered(mempool, lane, front, best, most_tip):
    """Tell whether the head of anybody behind the front came before that of the first."""
    last = np.int64(mempool.line[lane, 0])
    if _capped(mempool, lane, last, most_tip) == _capped(mempool, lane, best, most_tip):
        return False  # all tips in the line are equal
    for at in range(front):
        if _came_before(mempool, lane, np.int64(mempool.line[lane, at]), best):
            return True
    return False


@inline_kernel
def follow(mempool, lane, before, envelope):
    """Let a message that a block has taken be received after the one that it took before."""
    mempool.after[lane, before] = envelope


@inline_kernel
def is_released(mempool, lane, envelope):
    """Tell whether a message that is due comes out of a block, once; if not, it has to wait."""
    released = mempool.is_taken[lane, envelope] != 0
    mempool.is_taken[lane, envelope] = 0
    return released


@inline_kernel
def _take_head(mempool, lane, trader):
    head = mempool.first[lane, trader]
    after = mempool.after[lane, head]
    mempool.after[lane, head] = NO_ENVELOPE
    _put_first(mempool, lane, trader, after)
    mempool.waiting[lane] -= 1
    mempool.taken[lane] += 1


@inline_kernel
def _put_first(mempool, lane, trader, envelope):
    """Make a message the head of its trader's queue, or NO_ENVELOPE: then that is empty.

    What the choice of a block reads of heads stands beside each other.
    """
    mempool.first[lane, trader] = envelope
    if envelope == NO_ENVELOPE:
        mempool.last[lane, trader] = NO_ENVELOPE
    else:
        mempool.came[lane, trader] = mempool.arrived_ns[lane, envelope]
        mempool.offers[lane, trader] = mempool.tip[lane, envelope]


@inline_kernel
def _goes_before(mempool, lane, trader, other, most_tip):
    """Tell whether the head of one trader's queue goes before another's."""
    tip = _capped(mempool, lane, trader, most_tip)
    rival = _capped(mempool, lane, other, most_tip)
    if tip != rival:
        return tip > rival
    return _came_before(mempool, lane, trader, other)


@inline_kernel
def _capped(mempool, lane, trader, most_tip):
    return min(mempool.offers[lane, trader], most_tip)


@inline_kernel
def _came_before(mempool, lane, trader, other):
    came, rival = mempool.came[lane, trader], mempool.came[lane, other]
    if came != rival:
        return came < rival
    one, two = mempool.first[lane, trader], mempool.first[lane, other]
    tie, rival_tie = mempool.tie[lane, one], mempool.tie[lane, two]
    return tie < rival_tie if tie != rival_tie else trader < other


@inline_kernel
def is_shown(parameters, keys, lane, entity, address):
    """Tell whether a waiting message is shown.

    Parameters
        entity: of its sender. address: its cause, slot and wake-up (``envelopes.pack_address``).
    """
    word = words_at(keys, lane, STREAM_MEMPOOL, entity, address, address >> 32)[0]
    return uniform(word) < parameters.visible
