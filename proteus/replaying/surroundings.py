"""What rules of a lane that is run again do by themselves, and messages wait as they did.

When blocks are made, what an oracle reads and says, which waiting messages a block takes, what
settles and what policies pay all follow again from the kernels. What a replay cannot know, that a
message came and what it offered, is in the rows of messages that wait.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from proteus.market.book.codes import NO_ENVELOPE
from proteus.market.environment import mempool
from proteus.market.events.log import record_waiting
from proteus.market.events.queue import (
    KIND_ACCRUAL,
    KIND_ENVIRONMENT,
    KIND_INCENTIVE,
    KIND_LIQUIDATION,
    KIND_MESSAGE,
    KIND_SETTLEMENT,
    PRIORITIES,
    pop,
)
from proteus.market.mechanisms.interface import NEVER
from proteus.market.rules.state import Rules
from proteus.market.setup.block import Block
from proteus.market.trading.ringing import ring_rules
from proteus.market.trading.world import World

_LANE = 0
_OF_RULES = (KIND_ENVIRONMENT, KIND_SETTLEMENT, KIND_INCENTIVE, KIND_ACCRUAL, KIND_LIQUIDATION)


class Surroundings:
    """What rules expect, in the order of the queue."""

    def __init__(self, block: Block) -> None:
        """Expect what has been put into the queue of a lane that starts; often there is nothing."""
        self._mechanism, self._world = block
        self._rules: Any = block.world.rules
        self._expected: list[tuple[int, int, int, int, int]] = []  # time, priority, number, entry
        self._numbers = itertools.count()
        self._free: list[int] = []  # places for messages that wait
        if isinstance(rules := block.world.rules, Rules):
            places = rules.environment.mempool.tip.shape[1]
            self._free = [*range(places)]
        self.take_entries()

    @property
    def next_ns(self) -> int:
        """Return when something happens next, or NEVER."""
        return self._expected[0][0] if self._expected else int(NEVER)

    @property
    def is_full(self) -> bool:
        """Tell whether there is no place for another message that waits."""
        return not self._free

    def happen(self, time: np.int64) -> bool:
        """Let what is expected first happen; tells whether the mechanism must be booked."""
        *_, kind, item = heapq.heappop(self._expected)
        booked = ring_rules(self._mechanism, self._world, _LANE, time, kind, item)
        self.take_entries()
        return bool(booked)

    def wait(self, row: Mapping[str, Any]) -> None:
        """Let a message wait as its row says; the message itself has a row when it is received."""
        world, place = self._world, self._free.pop()
        pool, messages = self._rules.environment.mempool, world.messages
        messages.trader[_LANE, place] = row["trader"]
        messages.client_id[_LANE, place] = row["order_id"]
        messages.cause[_LANE, place] = row["cause"]
        pool.tip[_LANE, place] = row["tip"]
        time, tip, tie = row["time_ns"], row["tip"], np.uint32(row["tie"])
        mempool.wait(pool, _LANE, row["trader"], place, time, tie)
        event = world.progress.events[_LANE]
        record_waiting(world.log, messages, _LANE, event, time, place, tip, tie)

    def take_entries(self) -> None:
        """Take what kernels have put into the queue out of it; what traders are told is dropped."""
        queue = self._world.queue
        if not isinstance(self._world.rules, Rules):
            queue.size[_LANE] = 0
        while queue.size[_LANE] > 0:
            time, kind, item = pop(queue, _LANE)
            if kind in _OF_RULES:
                entry = int(time), PRIORITIES[kind], next(self._numbers), int(kind), int(item)
                heapq.heappush(self._expected, entry)
            elif kind == KIND_MESSAGE:
                self._let_go(item)

    def _let_go(self, place: int) -> None:
        """Free the places of what a block has taken; each is received by its own row."""
        pool = self._rules.environment.mempool
        while place != NO_ENVELOPE:
            assert mempool.is_released(pool, _LANE, place)
            self._free.append(int(place))
            place = pool.after[_LANE, place]


def note_under_way(world: World, slot: int) -> None:
    """Let a new order count at the venue only when it has reached it."""
    if isinstance(world.rules, Rules) and world.rules.constraints.entered.size:
        world.rules.constraints.entered[_LANE, slot] = False


def drop_reports(world: World) -> None:
    """Take back what was sent to traders: there are none."""
    queue, messages = world.queue, world.messages
    queue.size[_LANE] = queue.overflow[_LANE] = messages.overflow[_LANE] = 0
    envelopes = messages.free.shape[1]
    messages.free[_LANE] = np.arange(envelopes - 1, -1, -1)
    messages.n_free[_LANE] = envelopes
