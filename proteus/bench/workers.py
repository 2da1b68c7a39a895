"""Two workers against one, through the engine.

The ratio means something only where two cores are free: how many the two workers got stands beside.
"""

from __future__ import annotations

import time

import numpy as np

from proteus.bench.figures import RUNS, Figure
from proteus.bench.lanes import ROOT
from proteus.bench.loop import EXPERIMENT
from proteus.market.cell import CellConfig
from proteus.plans.planner import from_words
from proteus.runs.cell import run_cell

_LANES = 2_000  # enough that what a cell costs once is a small part


def measure() -> list[Figure]:
    """Measure how much sooner two workers finish; the runs of both alternate."""
    cell = from_words([EXPERIMENT]).cells[0]
    _run(cell, 2)
    alone, together = zip(*((_run(cell, 1), _run(cell, 2)) for _ in range(RUNS)), strict=True)
    ratios = tuple(one / two for (one, _), (two, _) in zip(alone, together, strict=True))
    cores = tuple(processor_s / clock_s for clock_s, processor_s in together)
    return [
        Figure("two workers against one", "times as fast", ratios, at_least=1.9),
        Figure("two workers: cores they got", "cores", cores),
        Figure("one worker", "lanes/s", tuple(_LANES / clock_s for clock_s, _ in alone)),
        Figure("two workers", "lanes/s", tuple(_LANES / clock_s for clock_s, _ in together)),
    ]


def _run(cell: CellConfig, workers: int) -> tuple[float, float]:
    """Return the seconds that a run takes: by the clock, and of all cores."""
    replicates = np.arange(_LANES)
    clock, processor = time.perf_counter(), time.process_time()
    run_cell(cell, replicates, root=ROOT, workers=workers, block_lanes=None)
    return time.perf_counter() - clock, time.process_time() - processor
