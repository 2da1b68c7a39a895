"""A lane of the real engine, in plain Python, whose traders do only what a test says."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from proteus.market import variables
from proteus.market.agents.traders import INTENT_ORDER, INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, SELL
from proteus.market.cell import CellConfig
from proteus.market.environment.news import NEWS_OK, extend_news
from proteus.market.events.envelopes import CAUSE_SCHEDULE, pack_address
from proteus.market.events.latency import CONSTANT
from proteus.market.events.queue import KIND_NEWS, pop, push
from proteus.market.events.schedule import NONE
from proteus.market.metrics.sums import close_lane
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading import desk, loop, protocol, rfq_desk
from proteus.market.trading.world import World
from proteus.plans import planner

S = 10**9
MS = 10**6
# A jump rate so small that the only jumps are those a test places by hand.
STILL = ("latent.dt=500", "latent.total_variance=0", "latent.jump_rate_per_s=0.000001")
CLOB = "mechanism=clob"
FBA = ("mechanism=fba", "delta=100")
DUAL_FLOW = ("mechanism=dual_flow", "delta=100")
RFQ = (
    "mechanism=rfq", "mechanism.response={law: constant, base_ms: 5, spread_ms: 0, shape: 0}",
    "population.maker.policy.belief_gain_signal=0", "population.maker.policy.belief_gain_trade=0",
)  # fmt: skip
MAKER, OTHER_MAKER, INFORMED, NOISE, OTHER_NOISE = range(5)  # the first traders of the baseline
NO_WORDS = (np.uint32(0),) * 4  # of constant latencies, which do not look at them
SHORT = ("horizon_s=10", "metrics.tau_ms=2000", "record.warmup_s=1")


def near(expected: Any) -> Any:
    """Compare up to rounding; a NaN is equal to a NaN that is expected."""
    return pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


@functools.cache
def small_cell(words: tuple[str, ...]) -> CellConfig:
    """Compose the cell of a hand market."""
    return planner.from_words([*STILL, *SHORT, *words]).cells[0]


def still_block(*words: str, recorded: bool = False) -> Block:
    """Build one lane: latencies of 1 ms, nobody wakes up by itself, v = 0.5."""
    keys, setup = replicate_keys(7, np.array([0])), set_up_cell(small_cell(words))
    block = build_block(with_log(setup) if recorded else setup, keys, growth=1, audit=True)
    traders, schedules = block.world.traders, block.world.schedules
    traders.latency_law[:] = CONSTANT
    traders.latency_base[:] = MS
    schedules.law[:] = NONE
    schedules.on_news[:] = False
    schedules.on_fill[:] = False
    return block


class HandMarket:
    """Send orders and quotes at given times; the engine does the rest."""

    def __init__(
        self, *words: str, jump_ns: int | None = None, payoff: int = 1, recorded: bool = False
    ) -> None:
        """Start the lane; ``jump_ns`` is when v jumps from 0.5 to 0.8 (to 0.2 if X = 0)."""
        self.mechanism, self.world = still_block(*words, recorded=recorded)
        self.numbers = 0
        world: World = self.world
        loop.start_lane(self.mechanism, world, 0)
        world.news.payoff[0] = payoff
        world.news_parameters.jump_law[:] = 1.0, math.log(4), 0.0  # always towards X
        if jump_ns is not None:
            world.news.next_jump_ns[0] = jump_ns
            push(world.queue, 0, jump_ns, KIND_NEWS, 0)
        key = world.market.keys[0]
        until = world.settings.horizon_ns + int(world.settings.horizons_ns[-1])
        assert extend_news(world.news, world.news_parameters, *key, 0, until) == NEWS_OK

    def run(self, until: int) -> None:
        """Process every event up to a time, that time included."""
        loop.run_lane(self.mechanism, self.world, 0, until + 1)
        assert self.world.progress.fault[0] == 0

    def order(
        self, time: int, trader: int, side: int, price: int, lots: int,
        lifetime: int = GTC, duration: int = 0,
    ) -> None:  # fmt: skip
        """Let a trader send an order."""
        self._send(time, trader, [(INTENT_ORDER, side, price, lots, lifetime, duration, 0.0)])

    def quote(
        self, time: int, trader: int, bid: tuple[int, int], ask: tuple[int, int], belief: float
    ) -> None:
        """Let a maker say what should stand: (price, lots) on both sides."""
        sides = [(INTENT_QUOTE, side, *quote, GTC, 0, belief)
                 for side, quote in ((BUY, bid), (SELL, ask))]  # fmt: skip
        self._send(time, trader, sides)

    def request(self, time: int, trader: int, side: int, price: int, lots: int) -> None:
        """Let a taker ask for quotes."""
        self.run(time)
        world = self.world
        world.intents.count[0] = 0
        intend(world.intents, 0, INTENT_ORDER, side, price, lots, GTC, 0, 0.0)
        address = pack_address(CAUSE_SCHEDULE, 0, self.numbers)
        rfq_desk.ask(self.mechanism, world, 0, trader, time, address, NO_WORDS)
        self.numbers += 1

    def _send(self, time: int, trader: int, wanted: list[tuple[Any, ...]]) -> None:
        self.run(time)
        world = self.world
        world.intents.count[0] = 0
        for intent in wanted:
            intend(world.intents, 0, *intent)
        first = 1 if len(wanted) == 2 and desk._moves_up(world, 0, trader) else 0
        for i in range(len(wanted)):
            slot = (first + i) % len(wanted)
            address = pack_address(CAUSE_SCHEDULE, slot, self.numbers)
            desk._send(world, 0, trader, time, slot, address, NO_WORDS)
        self.numbers += 1

    def finish(self) -> dict[str, Any]:
        """Run to the end of trading, settle, and return the measured variables of the lane."""
        self.run(self.world.settings.horizon_ns - 1)
        protocol.close(self.mechanism, self.world, 0)
        assert close_lane(self.world.sums, self.world.totals, self.world, 0)
        return {name: values[0] for name, values in variables.measure(self.world).items()}

    def book(self) -> list[tuple[int, int, int, int]]:
        """List resting orders as (trader, side, price, lots), in order of arrival."""
        orders, n_ticks = self.world.market.orders, self.world.settings.n_ticks
        resting = [
            slot for slot in range(orders.lots.shape[1])
            if orders.client_id[0, slot] and orders.previous[0, slot] != slot
        ]  # fmt: skip
        resting.sort(key=lambda slot: orders.arrival[0, slot])
        return [
            (
                int(orders.trader[0, slot]),
                int(orders.side[0, slot]),
                int(orders.rank[0, slot] if orders.side[0, slot] == BUY
                    else n_ticks - orders.rank[0, slot]),
                int(orders.lots[0, slot]),
            )
            for slot in resting
        ]  # fmt: skip


def pending(world: World) -> list[tuple[int, int, int]]:
    """List pending events as (time, kind, item), next first."""
    queue = world.queue
    copy = type(queue)(*(np.copy(field) for field in queue))
    return [tuple(map(int, pop(copy, 0))) for _ in range(queue.size[0])]
