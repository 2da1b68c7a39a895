"""Messages that reach the venue of a market with rules: some wait, some are about credit."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.trading import credit, hooks, liquidating


@inline_kernel
def pass_door(mechanism, world, lane, time, item):
    """Let rules have a message first.

    Returns
        Whether the mechanism does not get it, as it waits or is about credit, and whether there is
        something that must be booked all the same.
    """
    messages, event = world.messages, world.progress.events[lane]
    if hooks.hold_back(
        world.rules, world.log, world.queue, messages, world.traders.entity, world.market.keys,
        lane, item, time, event,
    ):  # fmt: skip
        return True, False
    if liquidating.is_call(world.rules, messages, lane, item):
        return True, liquidating.receive(world.rules, mechanism, world, lane, time, item)
    if credit.receive(
        world.rules, world.ledger, world.log, messages, world.data, world.settings.initial_ticks,
        lane, item, time, event,
    ):  # fmt: skip
        return True, False
    hooks.at_door(
        world.rules, world.ledger, world.log, world.market.orders, lane,
        messages.trader[lane, item], item, messages.kind[lane, item], messages.order[lane, item],
        messages.client_id[lane, item], time, event,
    )  # fmt: skip
    return False, False
