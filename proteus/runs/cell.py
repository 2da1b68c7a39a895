"""Run the lanes of one cell here, without workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proteus.market.cell import CellConfig
from proteus.market.variables import Values
from proteus.recording.limits import Recording
from proteus.results.outcome import LaneLog, Violation
from proteus.runs.dispatch import run_jobs
from proteus.runs.tasks import Job
from proteus.runs.workers import on_threads


@dataclass(frozen=True)
class CellOutcome:
    """What a cell gives.

    values: per variable float64 [R, *dims], in the order of the replicates; NaN where violated.
    """

    values: dict[str, Values]
    violations: list[Violation]


def run_cell(
    cell: CellConfig,
    replicates: NDArray[np.int64],
    *,
    root: int,
    workers: int,
    block_lanes: int | None,
    recording: Recording | None = None,
    is_rich: bool = False,
) -> CellOutcome:
    """Simulate the replicates of one cell on threads, and keep all of it in memory.

    Parameters
        cell: the configuration. replicates: int64 [R], different ones. root: root seed.
        workers: threads. block_lanes: lanes in a block, or None to choose.
        recording: lanes whose events are recorded; they run in blocks of their own.
        is_rich: the loop has all hooks, also where the cell adds no rules.

    Returns
        CellOutcome; the same bits for any ``workers``, ``block_lanes`` and ``recording``.
    """
    none = np.zeros(len(replicates), np.bool_)
    recording = recording or Recording(none, none, lambda log: None)
    chosen = recording.always, recording.if_violated
    job = Job(0, cell, root, replicates, *chosen, block_lanes, None, is_rich, {})
    place = {int(replicate): at for at, replicate in enumerate(replicates)}
    values: dict[str, Values] = {}
    violations: list[Violation] = []
    logs: list[LaneLog] = []
    with on_threads(workers) as threads:
        for outcome in run_jobs([job], threads):
            places = [place[int(replicate)] for replicate in outcome.replicates]
            for name, column in outcome.values.items():
                whole = values.setdefault(name, np.empty((len(replicates), *column.shape[1:])))
                whole[places] = column
            violations += outcome.violations
            logs += outcome.logs
    for log in sorted(logs, key=lambda log: (not recording.always[place[log.replicate]],
                                             place[log.replicate])):  # fmt: skip
        recording.take(log)
    return CellOutcome(values, sorted(violations, key=lambda bad: place[bad.replicate]))
