"""The running checksum of a lane's rows: any altered, removed, inserted or moved row is located.

Row i with columns x_c hashes to h_i = mix(k + p i + sum over c of a_c x_c), modulo 2^64, where the
a_c are odd and mix is a bijection; so a change of one column always changes h_i, and any other
change leaves it with probability 2^-64. The checksum of row i is h_0 + ... + h_i: it covers all
rows up to it, so the first wrong one is where the rows first differ from what was written. The key
k comes from the lane and from what the file says about the run. It guards against accidents and
edits by hand, not against someone who computes it anew.

Source
    mix: the finaliser of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, fig. 16).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from proteus.market.events.log import MISSING
from proteus.recording.columns import ADDED_LATER, NAMES
from proteus.results.outcome import Rows


def _word(text: str) -> np.uint64:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


_FACTORS = {name: _word(name) | np.uint64(1) for name in (*NAMES, "row")}


def checksums(rows: Rows, sealed: str, cell: int, seed: int) -> NDArray[np.uint64]:
    """Return the running checksum of every row of a lane.

    Parameters
        rows: every column, int64 [n]. sealed: what the file says about the run.
        cell, seed: the lane.
    """
    count = len(rows["kind"])
    total = np.arange(count, dtype=np.uint64) * _FACTORS["row"]
    total += _word(f"{sealed} {cell} {seed}")
    for name in NAMES:
        # A column that older files do not have adds nothing where a row has no value.
        absent = MISSING if name in ADDED_LATER else 0
        total += (rows[name] - absent).astype(np.uint64) * _FACTORS[name]
    return np.cumsum(_mix(total), dtype=np.uint64)


def _mix(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
