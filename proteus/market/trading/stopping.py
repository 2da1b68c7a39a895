"""Who has lost too much takes back whatever may still fill; what it wants is not sent any more.

A message for each order that it knows of, all at once: they have the latency of one message.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.agents.external import is_waiting
from proteus.market.book.codes import BUY, NO_ENVELOPE, SELL
from proteus.market.constraints.chain import next_to_cancel
from proteus.market.events.envelopes import MESSAGE_CANCEL, pack_address, take_envelope
from proteus.market.events.latency import latency_words
from proteus.market.rules.state import Rules
from proteus.market.rules.uses import CHAINS, uses
from proteus.market.trading import desk, limits

_SLOT = 255  # of these messages among those of a wake-up


@limits.at_sent.implement(Rules)
@inline_kernel
def _at_sent(rules, world, lane, trader, time, cause, number):
    if not uses(rules, CHAINS) or is_waiting(world.policies, lane):
        return  # who is decided for outside has not said yet what it wants
    if rules.constraints.stops[lane, trader]:
        _take_back(world, lane, trader, time, cause, number)


@deferred_kernel()
def _take_back(world, lane, trader, time, cause, number):
    """Cancel the quotes of a trader that still stand, and its orders, the oldest first."""
    private, versions = world.private, world.rules.constraints.versions
    for side in (BUY, SELL):
        if private.quote_id[lane, trader, side] != 0:
            envelope = desk.cancel_quote(world, lane, trader, side)
            _post(world, lane, trader, envelope, time, cause, number)
    at = next_to_cancel(world.rules.constraints, lane, trader, 0)
    while at >= 0:
        client_id = versions.id[lane, at]
        envelope = take_envelope(
            world.messages, lane, MESSAGE_CANCEL, trader, np.int64(versions.order[lane, at]),
            client_id,
        )  # fmt: skip
        _post(world, lane, trader, envelope, time, cause, number)
        at = next_to_cancel(world.rules.constraints, lane, trader, client_id)


@cold_kernel
def _post(world, lane, trader, envelope, time, cause, number):
    if envelope != NO_ENVELOPE:
        address = pack_address(cause, _SLOT, number)
        words = latency_words(world.traders, world.market.keys, lane, trader, address)
        desk.post(world, lane, trader, envelope, time, address, words)
