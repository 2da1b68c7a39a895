"""What event logs cost: a cell without one, with the log of every lane, and with its files.

The three take turns in one process, by the clock, since files are written by another thread than
the one that simulates.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from proteus.bench.figures import RUNS, Figure, timed
from proteus.bench.lanes import ROOT
from proteus.bench.loop import EXPERIMENT
from proteus.plans.plan import Plan
from proteus.plans.planner import from_words
from proteus.recording.files import open_files
from proteus.recording.limits import Recording
from proteus.results.outcome import LaneLog
from proteus.runs.cell import run_cell

_LANES = 64


def measure() -> list[Figure]:
    """Measure the time with a log over the time without."""
    plan = from_words([EXPERIMENT, f"seeds.count={_LANES}", f"seeds.root={ROOT}"])
    _run(plan, None)
    samples = [(_run(plan, None), _run(plan, _drop), _write(plan)) for _ in range(RUNS)]
    logged = tuple(log / without for without, log, _ in samples)
    written = tuple(files / without for without, _, files in samples)
    return [
        Figure("recording: every lane's log", "times the run without", logged, at_most=2.0),
        Figure("recording: and its files", "times the run without", written),
    ]


def _drop(log: LaneLog) -> None:
    """Take a log and forget it."""


def _run(plan: Plan, take: Callable[[LaneLog], None] | None) -> float:
    """Run the cell on one worker and return the seconds; ``take`` gets the log of every lane."""
    recording = None
    if take is not None:
        every = np.ones(_LANES, np.bool_)
        recording = Recording(every, every, take)

    def run() -> None:
        run_cell(
            plan.cells[0], plan.replicates, root=ROOT, workers=1, block_lanes=None,
            recording=recording,
        )  # fmt: skip

    return timed(run).clock_s


def _write(plan: Plan) -> float:
    with tempfile.TemporaryDirectory() as folder, open_files(plan, Path(folder), [0]) as files:
        return _run(plan, lambda log: files.write(0, log))
