"""What a task gives back: values per lane, lanes that stopped, recorded rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.variables import Values


class Outcome(NamedTuple):
    """What a task gives. L lanes."""

    number: int  # of the cell
    replicates: NDArray[np.int64]  # [L]
    values: dict[str, Values]  # per variable float64 [L, *dims]; NaN where violated
    violations: list[Violation]
    logs: list[LaneLog]
    carried: list[NDArray[np.uint8]]  # [l, bytes] of the lanes in order, after the last episode


@dataclass(frozen=True)
class Violation:
    """One lane that broke an invariant or outgrew the memory it may have."""

    replicate: int
    reason: str
    event_id: int  # number of the event in the lane, from 0
    time_ns: int
    detail: str


Rows = dict[str, NDArray[np.int64]]  # column to int64 [n]; names, units: ``recording.columns``


class LaneLog(NamedTuple):
    """The log of one lane."""

    replicate: int
    rows: Rows
    is_violated: bool  # the lane broke an invariant or outgrew its memory
