"""The classic small study: three traders on a 100 ms schedule for 20 s, lanes per second."""

from __future__ import annotations

from functools import partial

from proteus.bench.figures import RUNS, Figure, rate, timed
from proteus.bench.lanes import run_lanes
from proteus.market.setup.block import BlockPool
from proteus.market.setup.cell import set_up_cell
from proteus.plans.planner import from_words

_EXPERIMENT = "+experiment=classic"
_MARKETS = {
    "continuous book": ("mechanism=clob",),
    "batch auction, 50 ms": ("mechanism=fba", "delta=50"),
}
_LANES = 1_024


def measure() -> list[Figure]:
    """Measure lanes per second of one core, everything measured."""
    figures = []
    for name, words in _MARKETS.items():
        setup = set_up_cell(from_words([_EXPERIMENT, *words]).cells[0])
        run = partial(run_lanes, setup, _LANES, BlockPool(setup))
        events = int(run().events.sum())
        timings = [timed(run) for _ in range(RUNS)]
        figures += [
            rate(f"classic study, {name}", "lanes/s", _LANES, timings),
            Figure(f"classic study, {name}: events", "per lane", (events / _LANES,)),
        ]
    return figures
