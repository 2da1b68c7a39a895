"""News alone: what a normal costs, and a grid step with its fair value and integrals."""

from __future__ import annotations

import numpy as np

from proteus.bench.figures import RUNS, Figure, Timing, timed
from proteus.bench.kernels import draw_normals, make_news
from proteus.bench.lanes import ROOT
from proteus.bench.loop import EXPERIMENT
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.plans.planner import from_words

_LANES = 32
_HORIZON_S = 1_000
_NORMALS = 4_000_000
_MOST_NS = 15.0  # a normal


def measure() -> list[Figure]:
    """Measure nanoseconds per normal and per grid step, of the load of the full loop."""
    setup = set_up_cell(from_words([EXPERIMENT, f"horizon_s={_HORIZON_S}"]).cells[0])
    keys = replicate_keys(ROOT, np.arange(_LANES))
    news = build_block(setup, keys, growth=1, audit=False).world.news
    steps = _HORIZON_S * 10**9 // setup.news.dt_ns
    normals = [timed(lambda: draw_normals(news, keys, _NORMALS)) for _ in range(RUNS + 1)]
    paths = [timed(lambda: make_news(news, setup.news, keys, steps)) for _ in range(RUNS + 1)]
    return [
        Figure("news: a normal", "ns", _each(normals, _NORMALS), at_most=_MOST_NS),
        Figure("news: a grid step", "ns", _each(paths, _LANES * steps)),
    ]


def _each(timings: list[Timing], amount: int) -> tuple[float, ...]:
    """Return nanoseconds of the processor; the first run compiled."""
    return tuple(1e9 * timing.processor_s / amount for timing in timings[1:])
