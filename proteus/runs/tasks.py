"""Jobs and tasks: the lanes of a cell, and the part of them that a worker takes at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.cell import CellConfig
from proteus.market.setup.designs import INDEPENDENT, Design
from proteus.market.variables.dimensions import Labels

if TYPE_CHECKING:
    from proteus.results.outcome import Outcome


class Job(NamedTuple):
    """Replicates of one cell that are to be simulated. R lanes."""

    number: int  # of the cell, for whoever asked
    cell: CellConfig
    root: int  # root seed
    replicates: NDArray[np.int64]  # [R]
    recorded: NDArray[np.bool_]  # [R]
    if_violated: NDArray[np.bool_]  # [R] recorded when the lane is run again and stays violated
    block_lanes: int | None  # lanes in a block; None: chosen
    task_lanes: int | None  # lanes in a task; None: chosen
    is_rich: bool  # the loop has all hooks
    dims: Labels  # optional dims that are measured, with the labels of the sweep
    episode: int = 0  # the first
    carried: NDArray[np.uint8] | None = None  # [R, bytes] what it begins with
    design: Design = INDEPENDENT  # of the seeds


class Task(NamedTuple):
    """Lanes of one cell for one worker, with all that it must know. L lanes."""

    number: int
    key: str  # equal keys mean equal cells
    cell: CellConfig
    root: int
    replicates: NDArray[np.int64]  # [L]
    if_violated: NDArray[np.bool_]  # [L]
    block_lanes: int
    is_recorded: bool
    is_rich: bool  # the loop has all hooks
    dims: Labels  # optional dims that are measured, with the labels of the sweep
    episode: int = 0  # the first
    carried: NDArray[np.uint8] | None = None  # [L, bytes] what it begins with
    design: Design = INDEPENDENT  # of the seeds


class Workers(NamedTuple):
    """The workers of a run.

    Attributes
        submit: begins a task. capacity: tasks that can run at the same time, at least 1.
        cancel: takes back a task that has not begun; tells whether it did.
        are_remote: a task travels to another process.
    """

    submit: Callable[[Task], Future[Outcome]]
    capacity: Callable[[], int]
    cancel: Callable[[Future[Outcome]], bool]
    are_remote: bool
