"""The environment of a lane that is run again: it happens by itself, and messages wait as they did.

When blocks are made, what an oracle reads and says, and which waiting messages a block takes all
follow again from the kernels. What a replay cannot know, that a message came and what it offered,
is in the rows of messages that wait.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.market.environment import mempool
from proteus.market.events.log import record_waiting
from proteus.market.events.queue import KIND_ENVIRONMENT, KIND_MESSAGE, pop
from proteus.market.mechanisms.interface import NEVER
from proteus.market.rules import environment
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World

_LANE = 0


class Surroundings:
    """What of the environment is expected, in the order of the queue."""

    def __init__(self, world: World, keys: NDArray[np.uint32]) -> None:
        """Expect what has been put into the queue of a lane that starts; often there is nothing."""
        self._world, self._keys = world, keys
        self._rules: Any = world.rules
        self._expected: list[tuple[int, int, int]] = []  # time, number, item
        self._numbers = itertools.count()
        self._free: list[int] = []  # places for messages that wait
        if isinstance(world.rules, Rules):
            places = world.rules.environment.mempool.tip.shape[1]
            self._free = [*range(places)]
        self._take_entries()

    @property
    def next_ns(self) -> int:
        """Return when something happens next, or NEVER."""
        return self._expected[0][0] if self._expected else int(NEVER)

    @property
    def is_full(self) -> bool:
        """Tell whether there is no place for another message that waits."""
        return not self._free

    def happen(self, time: np.int64) -> None:
        """Let what is expected first happen."""
        world = self._world
        _, _, item = heapq.heappop(self._expected)
        environment.run(
            world.rules, world.ledger, world.log, world.queue, world.news, world.news_parameters,
            world.data, self._keys, _LANE, item, time, world.progress.events[_LANE],
        )  # fmt: skip
        self._take_entries()

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

    def _take_entries(self) -> None:
        """Take what kernels have put into the queue out of it."""
        queue = self._world.queue
        while queue.size[_LANE] > 0:
            time, kind, item = pop(queue, _LANE)
            if kind == KIND_ENVIRONMENT:
                heapq.heappush(self._expected, (int(time), next(self._numbers), int(item)))
            elif kind == KIND_MESSAGE:  # a block has taken it, and it is received by its own row
                assert mempool.is_released(self._rules.environment.mempool, _LANE, item)
                self._free.append(int(item))
