"""Cost of a lane-second against the number of lanes and the horizon, and memory.

The cost is that of building, running and measuring blocks on one core. Over the lanes it has the
first block in it, which a few lanes have to bear; over the horizon it has not, because blocks are
used again. What a cell costs once, however many lanes it has, stands apart.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from proteus.bench.figures import RUNS, Figure, timed
from proteus.bench.lanes import ROOT, run_lanes
from proteus.bench.loop import EXPERIMENT
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import BlockPool, block_bytes, build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.members import CellSetup
from proteus.plans.planner import from_words
from proteus.runs.dispatch import LARGEST_BLOCK

# Strong reversion: the fair value moves equally little at every horizon, so that a lane-second is
# the same work early and late, in a short run and in a long one.
LOAD = (EXPERIMENT, "latent.mean_reversion_per_s=5")
_LANES = (10, 100, 1_000, 10_000)
_LANES_HORIZON_S = 60  # that of the experiment
_HORIZONS_S = (10, 100, 1_000)
_HORIZON_LANES = 10 * LARGEST_BLOCK
_LEAST_LANE_SECONDS = 20_000  # a sample repeats small runs up to this much work
_FLAT = 0.10
_MOST_BYTES = 2 * 2**30
_MEASURE_MEMORY = "from proteus.bench import scaling; scaling.print_peak_bytes()"


class Case(NamedTuple):
    """What a sample runs."""

    setup: CellSetup
    horizon_s: int
    lanes: int
    pool: BlockPool | None  # blocks that are there before; None: built by every run


def measure() -> list[Figure]:
    """Measure how flat the cost of a lane-second is, bytes per lane and the peak of 10,000."""
    wide = _set_up(_LANES_HORIZON_S)
    by_lanes = {f"{lanes:,} lanes": Case(wide, _LANES_HORIZON_S, lanes, None) for lanes in _LANES}
    by_horizon = {f"{horizon_s:,} s": _long_case(horizon_s) for horizon_s in _HORIZONS_S}
    set_up_s = tuple(timed(lambda: _long_case(_LANES_HORIZON_S)).clock_s for _ in range(RUNS))
    return [
        *_costs("lanes", by_lanes),
        *_costs("horizon", by_horizon),
        Figure("cell set-up, news and first block", "s", set_up_s),
        Figure("memory of a lane", "bytes", (_bytes_per_lane(wide),)),
        Figure("peak memory, 10,000 lanes", "bytes", (_peak_bytes(),), at_most=_MOST_BYTES),
    ]


def print_peak_bytes() -> None:
    """Run the largest number of lanes through the engine and print the peak of this process.

    The kernel counts the peak of a program anew when it is executed. ``getrusage`` does not: its
    peak is that of the process that started this one, where that was larger.
    """
    from proteus.runs.cell import run_cell
    from proteus.runs.workers import usable_cores

    plan = from_words([*LOAD, f"horizon_s={_LANES_HORIZON_S}", f"seeds.count={_LANES[-1]}"])
    run_cell(plan.cells[0], plan.replicates, root=ROOT, workers=usable_cores(), block_lanes=None)
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")))


def _long_case(horizon_s: int) -> Case:
    """Set up a cell whose first block is built."""
    setup = _set_up(horizon_s)
    pool = BlockPool(setup)
    pool.give_back(pool.take(replicate_keys(ROOT, np.arange(LARGEST_BLOCK))))
    return Case(setup, horizon_s, _HORIZON_LANES, pool)


def _set_up(horizon_s: int) -> CellSetup:
    return set_up_cell(from_words([*LOAD, f"horizon_s={horizon_s}"]).cells[0])


def _costs(axis: str, cases: Mapping[str, Case]) -> list[Figure]:
    """Measure the cases in turn, RUNS times, and how far the dearest lies above the cheapest."""
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(RUNS):
        for name, case in cases.items():
            samples[name].append(_microseconds_per_lane_second(case))
    medians = [statistics.median(each) for each in samples.values()]
    return [
        *(Figure(f"lane-second, {name}", "us", tuple(each)) for name, each in samples.items()),
        Figure(f"spread over {axis}", "share", (max(medians) / min(medians) - 1,), at_most=_FLAT),
    ]


def _microseconds_per_lane_second(case: Case) -> float:
    lane_seconds = case.lanes * case.horizon_s
    repeats = max(1, _LEAST_LANE_SECONDS // lane_seconds)
    timings = [timed(lambda: run_lanes(case.setup, case.lanes, case.pool)) for _ in range(repeats)]
    seconds = sum(timing.processor_s for timing in timings)
    return 1e6 * seconds / (repeats * lane_seconds)


def _bytes_per_lane(setup: CellSetup) -> float:
    """Return what one more lane adds to a block."""

    def size(lanes: int) -> int:
        keys = replicate_keys(ROOT, np.arange(lanes))
        return block_bytes(build_block(setup, keys, growth=1, audit=False))

    return float(size(2) - size(1))


def _peak_bytes() -> float:
    command = [sys.executable, "-c", _MEASURE_MEMORY]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
