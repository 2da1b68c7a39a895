"""The full loop: ``+experiment=bench`` on one core, everything measured."""

from __future__ import annotations

import numpy as np

from proteus.bench.figures import RUNS, Figure, rate, timed
from proteus.bench.lanes import ROOT, run_lanes
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.environment.news import extend_news
from proteus.market.events.queue import KIND_WAKE, Queue, pop
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.members import CellSetup
from proteus.market.trading.loop import advance, start_lane
from proteus.market.trading.world import FAULT_NONE
from proteus.plans.planner import from_words

EXPERIMENT = "+experiment=bench"
LEAST_MESSAGES = 6_000  # a lane
LEAST_MOVING = 0.85  # share of requotes that move a price
_LANES = 64
_WATCHED_NS = 10 * 10**9  # of the lane whose requotes are counted


def measure() -> list[Figure]:
    """Measure events, messages and lanes per second, and check that the load is the agreed one."""
    setup = set_up_cell(from_words([EXPERIMENT]).cells[0])
    moving = _moving_share(setup)
    work = run_lanes(setup, _LANES)
    events, messages = int(work.events.sum()), int(work.messages.sum())
    fewest = int(work.messages.min())
    assert fewest >= LEAST_MESSAGES, f"a lane has only {fewest} messages"
    assert moving >= LEAST_MOVING, f"only {moving:.0%} of requotes move a price"
    timings = [timed(lambda: run_lanes(setup, _LANES)) for _ in range(RUNS)]
    return [
        rate("full loop", "events/s", events, timings, at_least=6e6),
        rate("full loop", "messages/s", messages, timings),
        rate("full loop", "lanes/s", _LANES, timings),
        Figure("full loop: events", "per lane", (events / _LANES,)),
        Figure("full loop: fewest messages", "per lane", (fewest,), at_least=LEAST_MESSAGES),
        Figure("full loop: requotes that move a price", "share", (moving,), at_least=LEAST_MOVING),
    ]


def _moving_share(setup: CellSetup) -> float:
    """Return the share of the makers' scheduled requotes that change the price of a quote.

    One lane runs in plain Python, event by event, through the parts that the kernel is made of.
    """
    block = build_block(setup, replicate_keys(ROOT, np.arange(1)), growth=1, audit=False)
    mechanism, world = block
    quoted, role = world.private.quote_price[0], world.traders.role
    requotes, moved, barrier_ns = 0, 0, 0
    with np.errstate(over="ignore"):  # the words of Philox wrap around
        start_lane(mechanism, world, 0)
        while barrier_ns < _WATCHED_NS:
            barrier_ns += world.settings.barrier_ns
            known_ns = barrier_ns + world.settings.lookahead_ns
            extend_news(world.news, world.news_parameters, *world.market.keys[0], 0, known_ns)
            while (event := _next_event(world.queue))[0] < barrier_ns:
                _, kind, trader = event
                before = quoted[trader].copy() if kind == KIND_WAKE else None
                advance(mechanism, world, 0, barrier_ns, 1)
                if before is not None and role[trader] == CLASS_MAKER:
                    requotes += 1
                    moved += int((quoted[trader] != before).any())
    assert world.progress.fault[0] == FAULT_NONE, "the watched lane stopped"
    return moved / requotes


def _next_event(queue: Queue) -> tuple[int, int, int]:
    """Return time, kind and item of the next event, and leave it where it is."""
    time_ns, kind, item = pop(queue, 0)
    queue.size[0] += 1
    return time_ns, kind, item
