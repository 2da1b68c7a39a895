"""What rules have put into the queue: blocks and reports, settlement, policies."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.events.queue import (
    KIND_ACCRUAL,
    KIND_ENVIRONMENT,
    KIND_LIQUIDATION,
    KIND_SETTLEMENT,
    KIND_TAKEN_BACK,
    NEVER_NS,
)
from proteus.market.mechanisms.interface import is_continuous
from proteus.market.trading import credit, hooks, liquidating
from proteus.market.trading.shortage import end_shortage


@inline_kernel
def ring_rules(mechanism, world, lane, time, kind, item):
    """Let rules do what they put into the queue.

    Returns
        Whether the mechanism did something that must be booked.
    """
    market, event = world.market, world.progress.events[lane]
    if kind == KIND_ENVIRONMENT:
        hooks.at_environment(
            world.rules, world.ledger, world.log, world.queue, world.messages, world.news,
            world.news_parameters, world.data, market.keys, lane, item, time, event,
        )  # fmt: skip
        return False
    if kind == KIND_SETTLEMENT or kind == KIND_TAKEN_BACK:
        hooks.at_settlement(
            world.rules, world.ledger, world.log, world.queue, market.keys, world.traders,
            world.private, world.news, world.news_parameters, world.data, world.sums.risk,
            world.settings.initial_ticks, lane, kind, item, time, event,
        )  # fmt: skip
        return end_shortage(world.rules, mechanism, world, lane, time)
    if kind == KIND_ACCRUAL:
        credit.accrue(
            world.rules, world.ledger, world.log, world.queue, world.data,
            world.settings.initial_ticks, lane, time, event,
        )  # fmt: skip
        return False
    if kind == KIND_LIQUIDATION:
        return liquidating.keep(world.rules, mechanism, world, lane, time)
    public_before = np.int64(NEVER_NS) if is_continuous(mechanism) else market.clears[lane]
    hooks.at_timer(
        world.rules, world.ledger, world.log, world.queue, market.orders, world.private,
        market.keys, lane, kind, item, public_before, time, event,
    )  # fmt: skip
    return False
