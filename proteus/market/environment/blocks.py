"""When blocks are made: in slots of fixed length, some of which are missed, or at random times.

Rules
    ``slots``    slot k ends at k x interval, k = 1, 2, ...; a block is made then, unless the slot
                 is missed, which happens to each with the same probability by itself
    ``poisson``  the gaps between blocks are exponential, at least 1 ns

    A missed slot is no block: time passes, and what would have been in it waits.

Source
    docs of Ethereum's consensus layer, for slots; Nakamoto (2008), section 11, for random times.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import ENTITY_MARKET, STREAM_BLOCK, exponential, uniform, words_at

LAWS = {"slots": 0, "poisson": 1}
LAW_POISSON = 1


@state
class BlockParameters(NamedTuple):
    """The numbers of one cell's blocks."""

    law: int  # LAWS
    interval_ns: int  # length of a slot or mean gap; 0: there are no blocks
    missed: float  # share of the slots


@state
class Blocks(NamedTuple):
    """The sequence of blocks of each lane. L lanes."""

    made: np.ndarray  # int64 [L] so far; the next one has this number
    slot: np.ndarray  # int64 [L] of the next block, from 1; blocks under poisson
    last_ns: np.ndarray  # int64 [L] when the last block was made; 0 before the first
    next_ns: np.ndarray  # int64 [L] when the next one will be


def allocate_blocks(lanes: int) -> Blocks:
    """Allocate sequences that ``expect_block`` starts; 0 lanes without blocks."""
    return allocate(Blocks, L=lanes)


@inline_kernel
def expect_block(blocks, parameters, keys, lane):
    """Draw when the next block is made, after the last one."""
    slot = blocks.slot[lane] + 1
    if parameters.law == LAW_POISSON:
        gap = min(exponential(_word(keys, lane, slot)) * parameters.interval_ns, NEVER_NS * 1.0)
        blocks.next_ns[lane] = blocks.last_ns[lane] + max(np.int64(gap), 1)
    else:
        while uniform(_word(keys, lane, slot)) < parameters.missed:
            slot += 1
        blocks.next_ns[lane] = slot * parameters.interval_ns
    blocks.slot[lane] = slot


@inline_kernel
def _word(keys, lane, index):
    return words_at(keys, lane, STREAM_BLOCK, ENTITY_MARKET, index, 0)[0]


@inline_kernel
def make_block(blocks, lane):
    """Make the block that was expected, and return its number, from 0."""
    number = blocks.made[lane]
    blocks.made[lane] = number + 1
    blocks.last_ns[lane] = blocks.next_ns[lane]
    return number
