"""The lanes of a session in one piece of memory, which the machine maps by huge pages if it can.

A lane has some three hundred arrays. Each by itself lies on pages of four kilobytes, of which a
step of a thousand lanes meets more than a processor remembers where they are: with huge pages that
step takes three quarters of the time, with 64 lanes nine tenths. NumPy asks for them where an
array has at least four megabytes, so all lanes are one array, and the arrays are parts of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.market.setup.block import Block
from proteus.market.setup.snapshots import arrays_of_lanes

_LINE = 64  # bytes: no two arrays share a line of the caches


def multiplied(one: Block, lanes: int) -> Block:
    """Return a block of lanes that each stand where the single one of a block stands.

    What all lanes share, and scratch, is that of the block given.

    Parameters
        one: a block of one lane. lanes: how many, at least 1.
    """
    rows = {id(array): array for _, array in arrays_of_lanes(one) if len(array) > 0}  # else unused
    sizes = [-(-lanes * row.nbytes // _LINE) * _LINE for row in rows.values()]
    memory = np.zeros(sum(sizes) + _LINE, np.uint8)
    at = -memory.ctypes.data % _LINE
    made: dict[int, NDArray[Any]] = {}
    for (key, row), size in zip(rows.items(), sizes, strict=True):
        part = memory[at : at + lanes * row.nbytes].view(row.dtype)
        made[key] = part.reshape(lanes, *row.shape[1:])
        if row.any():
            made[key][:] = row
        at += size
    return Block(*(_replaced(state, made) for state in one))


def _replaced(state: Any, made: dict[int, NDArray[Any]]) -> Any:
    """Return a state with the arrays of it that there are others of."""
    if isinstance(state, np.ndarray):
        return made.get(id(state), state)
    if hasattr(state, "_fields"):
        return state._make(_replaced(field, made) for field in state)
    return state
