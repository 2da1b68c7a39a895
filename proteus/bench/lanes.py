"""Whole lanes on one core, in the blocks that the engine would choose for many of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import BlockPool
from proteus.market.setup.members import CellSetup
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_NONE
from proteus.market.variables import measure
from proteus.runs.dispatch import LARGEST_BLOCK

ROOT = 7


class Work(NamedTuple):
    """What the lanes did. R lanes."""

    events: NDArray[np.int64]  # [R]
    messages: NDArray[np.int64]  # [R]


def run_lanes(setup: CellSetup, lanes: int, pool: BlockPool | None = None) -> Work:
    """Build, run and measure replicates 0 .. lanes-1 of a cell, block by block.

    Parameters
        setup: the cell. lanes: how many. pool: blocks of the cell; None: the first one is built.
    """
    events, messages = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
    keys = replicate_keys(ROOT, np.arange(lanes))
    pool = pool or BlockPool(setup)
    for first in range(0, lanes, LARGEST_BLOCK):
        part = slice(first, first + LARGEST_BLOCK)
        block = pool.take(keys[part])
        advance_block(block.mechanism, block.world, NEVER_NS)
        measure(block.world)
        progress = block.world.progress
        assert (progress.fault == FAULT_NONE).all(), "a lane stopped"
        events[part], messages[part] = progress.events, progress.messages
        pool.give_back(block)
    return Work(events, messages)
