"""Two workers against one, through the engine."""

from __future__ import annotations

from proteus.bench.figures import RUNS, Figure, timed
from proteus.bench.lanes import ROOT
from proteus.bench.loop import EXPERIMENT
from proteus.engine import run_cell
from proteus.plan import from_words

_LANES = 2_000  # so many that what a cell costs once hardly counts


def measure() -> list[Figure]:
    """Measure how much sooner two workers finish; the runs of both alternate."""
    plan = from_words([EXPERIMENT, f"seeds.count={_LANES}"])
    cell, replicates = plan.cells[0], plan.replicates

    def clock_s(workers: int) -> float:
        def run() -> None:
            run_cell(cell, replicates, root=ROOT, workers=workers, block_lanes=None)

        return timed(run).clock_s

    clock_s(2)
    one, two = zip(*((clock_s(1), clock_s(2)) for _ in range(RUNS)), strict=True)
    ratios = tuple(alone / both for alone, both in zip(one, two, strict=True))
    return [
        Figure("two workers against one", "times as fast", ratios, at_least=1.8),
        Figure("one worker", "lanes/s", tuple(_LANES / seconds for seconds in one)),
        Figure("two workers", "lanes/s", tuple(_LANES / seconds for seconds in two)),
    ]
