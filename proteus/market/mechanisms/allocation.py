"""How a marginal level is shared when it has more lots than there are to trade.

Rules
    time                    first come, first served
    pro_rata                by size, rounded down; the dust one lot each by largest remainder
    pro_rata_fifo           by size, rounded down; the dust by time
    earlier_batches_first   older batches in full first; pro_rata_fifo inside the marginal batch
    random                  in an addressed random order

Source
    Budish, Cramton & Shim (2015) QJE 130:1547, section VII (earlier batches first, no time
    priority inside a batch); exchange pro-rata rules with a FIFO pass for what rounding left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import cold_kernel, inline_kernel, state, written_first
from proteus.market.book.codes import NO_ORDER
from proteus.market.rng import STREAM_ALLOCATION, words_at

TIME = 0
PRO_RATA = 1
PRO_RATA_FIFO = 2
EARLIER_BATCHES_FIRST = 3
RANDOM = 4
_LARGEST = np.iinfo(np.int64).max
_FITS = 3_037_000_499  # the largest number whose square fits int64
_MOST_ROUNDS = 64  # of a selection, each over what is left, before all is sorted
ALLOCATION_CODES = {
    "time": TIME,
    "pro_rata": PRO_RATA,
    "pro_rata_fifo": PRO_RATA_FIFO,
    "earlier_batches_first": EARLIER_BATCHES_FIRST,
    "random": RANDOM,
}


@written_first("lots", "ranked", "weight", "tie")
@state
class Shares(NamedTuple):
    """Scratch for sharing one level, whatever the lane. C order slots."""

    lots: np.ndarray  # int64 [C] result: lots allocated to the order in the slot
    ranked: np.ndarray  # int64 [C] slots being ordered
    weight: np.ndarray  # int64 [C] first sort key per slot, larger first
    tie: np.ndarray  # int64 [C] second sort key per slot, smaller first
    keyed: np.ndarray  # bool [1] ties by addressed random key (simulation) or by address (replay)


def allocate_shares(slots: int, keyed: bool) -> Shares:
    """Allocate scratch for ``slots`` orders."""
    return allocate(Shares, C=slots, keyed=keyed)


@cold_kernel
def share_level(rule, shares, orders, addresses, keys, lane, first, volume, total):
    """Share ``volume`` lots among the queue of one level that holds ``total`` lots.

    Parameters
        rule: one of the codes above.
        shares: scratch; ``shares.lots[slot]`` is written for the orders of the level.
        addresses, keys: addresses and replicate keys for random order and ties.
        first: slot at the head of the level's queue.

    A long queue costs what it trades: where shares go in the order of the queue, those behind the
    last order that trades are not written. With ``volume`` < ``total`` the caller must stop there.
    """
    if rule == TIME:
        _by_time(shares, orders, lane, first, volume)
    elif rule == RANDOM:
        count = _list_random(shares, orders, addresses, keys, lane, first)
        _sort_ranked(shares, count)
        _in_ranked_order(shares, orders, lane, count, volume)
    elif rule == PRO_RATA:
        count, dust = _list_remainders(shares, orders, addresses, keys, lane, first, volume, total)
        _rank_first(shares, count, dust)
        for i in range(min(dust, count)):
            shares.lots[shares.ranked[i]] += 1
    elif rule == PRO_RATA_FIFO:
        dust = _round_down(shares, orders, lane, first, NO_ORDER, volume, total)
        _add_by_time(shares, orders, lane, first, NO_ORDER, dust)
    else:
        _by_batches(shares, orders, lane, first, volume)


@inline_kernel
def _by_time(shares, orders, lane, first, volume):
    slot = first
    while slot != NO_ORDER and volume > 0:
        lots = min(volume, orders.lots[lane, slot])
        shares.lots[slot] = lots
        volume -= lots
        slot = orders.next[lane, slot]


@inline_kernel
def _add_by_time(shares, orders, lane, first, end, dust):
    slot = first
    while slot != end and dust > 0:
        lots = min(dust, orders.lots[lane, slot] - shares.lots[slot])
        shares.lots[slot] += lots
        dust -= lots
        slot = orders.next[lane, slot]


@inline_kernel
def _divide_product(volume, lots, total):
    """Return quotient and remainder of volume * lots / total; both factors are at most total."""
    if total <= _FITS or volume <= _LARGEST // lots:
        product = volume * lots
        quotient = product // total
        return quotient, product - quotient * total
    quotient, remainder = np.int64(0), np.int64(0)
    for bit in range(62, -1, -1):  # the product does not fit int64: multiply and divide bit by bit
        quotient, remainder = 2 * quotient, 2 * remainder
        if (lots >> bit) & 1:
            remainder += volume
        if remainder >= total:
            remainder -= total
            quotient += 1
        if remainder >= total:
            remainder -= total
            quotient += 1
    return quotient, remainder


@inline_kernel
def _round_down(shares, orders, lane, first, end, volume, total):
    """Give everyone volume * lots // total; return the lots that rounding left."""
    dust = volume
    slot = first
    while slot != end:
        lots, _ = _divide_product(volume, orders.lots[lane, slot], total)
        shares.lots[slot] = lots
        dust -= lots
        slot = orders.next[lane, slot]
    return dust


@inline_kernel
def _by_batches(shares, orders, lane, first, volume):
    start = first
    while start != NO_ORDER and volume > 0:
        batch = orders.batch[lane, start]
        held = np.int64(0)
        end = start
        while end != NO_ORDER and orders.batch[lane, end] == batch:
            held += orders.lots[lane, end]
            end = orders.next[lane, end]
        given = min(volume, held)
        dust = _round_down(shares, orders, lane, start, end, given, held)
        _add_by_time(shares, orders, lane, start, end, dust)
        volume -= given
        start = end


@inline_kernel
def _tie_key(addresses, keys, lane, slot, random):
    address = addresses[lane, slot]
    if not random:
        return address
    entity, index = address >> 32, address
    words = words_at(keys, lane, STREAM_ALLOCATION, entity, index, 0)
    return np.int64(words[0])


@inline_kernel
def _list_random(shares, orders, addresses, keys, lane, first):
    count = 0
    slot = first
    while slot != NO_ORDER:
        shares.ranked[count] = slot
        shares.weight[slot] = 0
        shares.tie[slot] = _tie_key(addresses, keys, lane, slot, True)
        count += 1
        slot = orders.next[lane, slot]
    return count


@inline_kernel
def _list_remainders(shares, orders, addresses, keys, lane, first, volume, total):
    """Give everyone volume * lots // total, and list all with what rounding left of each.

    Returns how many they are, and the lots that rounding left.
    """
    count, dust = 0, volume
    slot = first
    random = shares.keyed[0]
    while slot != NO_ORDER:
        lots, remainder = _divide_product(volume, orders.lots[lane, slot], total)
        shares.lots[slot] = lots
        dust -= lots
        shares.ranked[count] = slot
        shares.weight[slot] = remainder
        shares.tie[slot] = _tie_key(addresses, keys, lane, slot, random)
        count += 1
        slot = orders.next[lane, slot]
    return count, dust


@inline_kernel
def _in_ranked_order(shares, orders, lane, count, volume):
    for i in range(count):
        slot = shares.ranked[i]
        lots = min(volume, orders.lots[lane, slot])
        shares.lots[slot] = lots
        volume -= lots


@inline_kernel
def _goes_before(shares, one, other):
    weight, other_weight = shares.weight[one], shares.weight[other]
    if weight != other_weight:
        return weight > other_weight
    return shares.tie[one] < shares.tie[other]


@inline_kernel
def _rank_first(shares, count, wanted):
    """Bring the ``wanted`` orders that go before all others to the front of ``ranked[:count]``.

    They stay in no order of their own: each gets a lot. O(n), and never worse than a sort.

    Source
        Hoare (1961), Algorithm 65: Find. Communications of the ACM 4:321.
    """
    ranked, low, high = shares.ranked, 0, count - 1
    rounds = 0
    while low < wanted <= high:
        if rounds == _MOST_ROUNDS:
            _sort_ranked(shares, count)
            return
        rounds += 1
        middle, left, right = ranked[(low + high) >> 1], low, high
        while left <= right:
            while _goes_before(shares, ranked[left], middle):
                left += 1
            while _goes_before(shares, middle, ranked[right]):
                right -= 1
            if left <= right:
                swap = ranked[left]
                ranked[left] = ranked[right]
                ranked[right] = swap
                left += 1
                right -= 1
        # All up to ``right`` go before all from ``left`` on; between them there is at most one.
        if wanted <= right + 1:
            high = right
        if wanted > left:
            low = left
        if right + 1 < wanted <= left:
            return


@inline_kernel
def _sort_ranked(shares, count):
    """Heap sort of ``ranked[:count]`` by (weight down, tie up): no allocation, O(n log n)."""
    for start in range(count // 2 - 1, -1, -1):
        _sift_down(shares, start, count)
    for end in range(count - 1, 0, -1):
        last = shares.ranked[end]
        shares.ranked[end] = shares.ranked[0]
        shares.ranked[0] = last
        _sift_down(shares, 0, end)


@inline_kernel
def _sift_down(shares, root, end):
    ranked = shares.ranked
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and _goes_before(shares, ranked[child], ranked[child + 1]):
            child += 1
        if not _goes_before(shares, ranked[root], ranked[child]):
            return
        swap = ranked[root]
        ranked[root] = ranked[child]
        ranked[child] = swap
        root = child
