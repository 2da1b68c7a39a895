"""What the venue tells a trader about its own orders: answers and fill reports, over its links."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.agents.external import attach_price
from proteus.market.book.codes import NO_ENVELOPE
from proteus.market.events.envelopes import NOTICE_FILL, take_envelope
from proteus.market.events.latency import ACKNOWLEDGEMENT, FILL_REPORT, delay, fill_report_word
from proteus.market.events.queue import KIND_NOTIFICATION, push
from proteus.market.trading import limits, stressing


@inline_kernel
def notify(world, lane, time, kind, trader, order, client_id, side, lots, word):
    """Send an answer over the acknowledgement link.

    Parameters
        kind: NOTICE_*. word: uint32, random word of the latency.
    """
    takes = delay(world.traders, trader, ACKNOWLEDGEMENT, np.uint32(word))
    arrives = time + stressing.delayed(world.rules, trader, ACKNOWLEDGEMENT, time, takes)
    arrives = max(arrives, world.private.acked_until[lane, trader])
    world.private.acked_until[lane, trader] = arrives
    envelope = take_envelope(world.messages, lane, kind, trader, order, client_id)
    if envelope != NO_ENVELOPE:
        world.messages.side[lane, envelope] = side
        world.messages.lots[lane, envelope] = lots
        push(world.queue, lane, arrives, KIND_NOTIFICATION, envelope)


@inline_kernel
def report_fill(world, lane, time, slot, price, lots):
    """Send the owner of an order a fill report over the fill report link."""
    orders, origins, messages = world.market.orders, world.origins, world.messages
    trader = orders.trader[lane, slot]
    word = fill_report_word(
        world.traders, world.market.keys, lane, trader, origins.cause[lane, slot],
        origins.reports[lane, slot],
    )  # fmt: skip
    origins.reports[lane, slot] += 1
    takes = delay(world.traders, trader, FILL_REPORT, word)
    arrives = time + stressing.delayed(world.rules, trader, FILL_REPORT, time, takes)
    arrives = max(arrives, world.private.filled_until[lane, trader])
    world.private.filled_until[lane, trader] = arrives
    client_id = orders.client_id[lane, slot]
    envelope = take_envelope(messages, lane, NOTICE_FILL, trader, slot, client_id)
    if envelope != NO_ENVELOPE:
        messages.side[lane, envelope] = orders.side[lane, slot]
        messages.lots[lane, envelope] = lots
        messages.belief[lane, envelope] = origins.belief[lane, slot]
        messages.filled_ns[lane, envelope] = time
        messages.lifetime[lane, envelope] = origins.lifetime[lane, slot]
        limits.at_report(world.rules, messages, lane, trader, envelope, price)
        attach_price(world.policies, world.traders, messages, lane, trader, envelope, price)
        push(world.queue, lane, arrives, KIND_NOTIFICATION, envelope)
