"""A fingerprint of what a lane's environment did, whoever looked at it.

Channels that nothing in the market moves (blocks, the base fee of others' demand, an oracle that
reads the value) are the same bits for a replicate, whatever the mechanism, whoever subscribes, and
however lanes are spread over workers. Each of their rows is folded into 64 bits of the lane as it
happens; ``trace_hash`` is one hash of all replicates. Philox is the mixing function: the words
before are the key, the row is the counter.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.rng import philox

ENVIRONMENT_KEY = "environment_schema"  # in what is written
ENVIRONMENT_SCHEMA = 1  # of channels, their fields and how they are folded

CHANNELS = {"oracle": 0, "blocks": 1, "congestion": 2}
CHANNEL_ORACLE = 0  # a report is issued: its price, nano
CHANNEL_BLOCKS = 1  # a block is made: its number
CHANNEL_CONGESTION = 2  # a block is made: its base fee, nano


@state
class Trace(NamedTuple):
    """Fingerprints. L lanes."""

    words: np.ndarray  # uint32 [L, 2] of the rows so far
    rows: np.ndarray  # int64 [L] so far


def allocate_trace(lanes: int) -> Trace:
    """Allocate fingerprints of nothing."""
    return allocate(Trace, L=lanes)


@inline_kernel
def fold(trace, lane, channel, time, value):
    """Add a row: when, in which channel (``CHANNEL_*``), and what; int64 numbers at least 0."""
    for number, part in ((0, time), (1, value)):
        words = philox(
            trace.words[lane, 0], trace.words[lane, 1], 2 * channel + number, part, part >> 32, 0
        )
        trace.words[lane, 0], trace.words[lane, 1] = words[0], words[1]
    trace.rows[lane] += 1


def trace_hash(words: NDArray[np.uint32], rows: NDArray[np.int64]) -> str:
    """Hash the fingerprints of replicates.

    Parameters
        words: [R, 2] and rows: [R], of ``Trace``, in order of the replicates.

    Returns
        64 hexadecimal digits. Equal hashes mean equal traces, under one ENVIRONMENT_SCHEMA.
    """
    digest = hashlib.sha256(f"proteus environment {ENVIRONMENT_SCHEMA}".encode())
    digest.update(np.ascontiguousarray(words, ">u4").tobytes())
    digest.update(np.ascontiguousarray(rows, ">i8").tobytes())
    return digest.hexdigest()
