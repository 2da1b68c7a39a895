"""What a trader makes of a notification: an answer of the venue, or a fill report."""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.jit import inline_kernel
from proteus.market.agents.external import hear_fill
from proteus.market.agents.ordinary import learn_fill
from proteus.market.book.codes import BUY, NO_ENVELOPE, NO_ORDER, NO_TRADER
from proteus.market.events.envelopes import NOTICE_ACK, NOTICE_FILL, release_envelope
from proteus.market.trading import limits


@inline_kernel
def read_notice(world, lane, envelope):
    """Let a trader learn an answer or a fill.

    Returns
        The trader if it reacts at once, else NO_TRADER.
    """
    messages, private = world.messages, world.private
    trader = np.int64(messages.trader[lane, envelope])
    side = np.int64(messages.side[lane, envelope])
    client_id, lots = messages.client_id[lane, envelope], messages.lots[lane, envelope]
    kind = messages.kind[lane, envelope]
    limits.at_notice(world.rules, messages, lane, trader, envelope)
    if private.quote_order[lane, trader, side] != NO_ORDER:
        private.exposure[lane, trader, side] -= lots
    if kind != NOTICE_ACK and private.quote_id[lane, trader, side] == client_id:
        private.quote_lots[lane, trader, side] -= lots
        if private.quote_lots[lane, trader, side] <= 0:
            private.quote_id[lane, trader, side] = 0
    reacts = False
    if kind == NOTICE_FILL:
        learn_own_fill(world, lane, trader, side, lots, envelope)
        reacts = world.schedules.on_fill[trader]
    release_envelope(messages, lane, envelope)
    return trader if reacts else np.int64(NO_TRADER)


@inline_kernel
def learn_own_fill(world, lane, trader, side, lots, envelope):
    """Let a fill report change what the trader knows of its inventory, and what it believes."""
    messages = world.messages
    sign = 1 if side == BUY else -1
    world.private.position[lane, trader] += sign * lots
    belief = messages.belief[lane, envelope] / NANO
    filled_ns = messages.filled_ns[lane, envelope]
    now = world.progress.now[lane]
    hear_fill(world.policies, world.traders, messages, lane, trader, envelope, now)
    learn_fill(
        world.policies, world.traders, lane, trader, np.float64(sign), belief, filled_ns, now
    )
    lifetime = np.int64(messages.lifetime[lane, envelope])
    client_id = messages.client_id[lane, envelope]
    if lifetime != NO_ENVELOPE and messages.client_id[lane, lifetime] == client_id:
        messages.open_lots[lane, lifetime] -= lots
