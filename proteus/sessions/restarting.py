"""Lanes of a block that start over, each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import notes_of
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.members import CellSetup
from proteus.market.setup.snapshots import LANES

Array = NDArray[Any]


class Restarting:
    """The rows of a block that a lane must find as they were, and what stood there."""

    def __init__(self, setup: CellSetup, block: Block, growth: int) -> None:
        """Note how each row starts; blocks of one cell start alike but for their keys."""
        start = build_block(setup, np.zeros((1, 2), np.uint32), growth, audit=False)
        self._keys = block.world.market.keys
        self._rows = [
            (array, first[0])
            for array, first in zip(_rows(block), _rows(start), strict=True)
            if array is not self._keys and len(array) > 0  # a part that is not used has no rows
        ]

    def restart(self, lanes: NDArray[np.intp], keys: NDArray[np.uint32]) -> None:
        """Let lanes start over.

        Parameters
            lanes: int [R], different ones. keys: uint32 [R, 2] of them.
        """
        of: Any = int(lanes[0]) if len(lanes) == 1 else lanes
        for array, start in self._rows:
            array[of] = start
        self._keys[lanes] = keys


def _rows(state: Any) -> Iterator[Array]:
    """List the arrays with a row per lane, but for what a lane writes before it reads it."""
    declared: type = type(state)
    notes, may_stay = notes_of(declared), getattr(state, "written_first", ())
    for name, field in zip(state._fields, state, strict=True):
        if name in notes and notes[name].shape[0].letter == LANES:
            if name not in may_stay:
                yield field
        elif hasattr(field, "_fields"):
            yield from _rows(field)
