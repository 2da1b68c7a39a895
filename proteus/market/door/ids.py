"""Ids and agents at the door are any integers of 64 bits; kernels know them by number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.jit import kernel
from proteus.market.book.codes import NO_ID

_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: an odd 2**64 / golden ratio
_ROOM = 4  # numbers per id that may stay unused before ids are looked up


def numbers_of(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Return a number from 0 for every id, the same for equal ones, and how many there may be.

    Ids that lie close together are their distance from the least; others are looked up.

    Source
        Knuth (1998), The Art of Computer Programming 3, 6.4: multiplicative hashing, algorithm L.
    """
    least, most = (int(ids.min()), int(ids.max())) if len(ids) else (0, -1)
    count = most - least + 1
    if count <= _ROOM * len(ids):
        return ids - least, count
    bits = max(4, (2 * len(ids)).bit_length())
    home = (ids.view(np.uint64) * _SPREAD) >> np.uint64(64 - bits)
    table = np.full(1 << bits, NO_ID, np.int32)
    known = np.zeros(len(ids), np.int64)
    return home.view(np.int64), int(_look_up(ids, table, known, home.view(np.int64)))


@kernel
def _look_up(ids, table, known, numbers):
    """Number ids in the order in which they come; returns how many there are.

    Parameters
        ids: int64 [N]. table: int32 [2^B], all NO_ID, B such that it is at most half full.
        known: int64 [N] scratch: the id with each number.
        numbers: int64 [N] of each id where its search begins; then its number.
    """
    count = 0
    for row in range(ids.shape[0]):
        at = numbers[row]
        while table[at] != NO_ID and known[table[at]] != ids[row]:
            at = at + 1 if at + 1 < table.shape[0] else 0
        if table[at] == NO_ID:
            table[at] = count
            known[count] = ids[row]
            count += 1
        numbers[row] = table[at]
    return count
