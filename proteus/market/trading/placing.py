"""An intent becomes an order: written into a slot, with where it comes from, and counted."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.book.book import fill_in, rank_of, take_slot
from proteus.market.book.codes import GTC, NO_ENVELOPE, NO_ORDER
from proteus.market.events.envelopes import wake_of
from proteus.market.events.log import is_recorded
from proteus.market.information.history import newest, reference_doubled
from proteus.market.ledger.accounts import nano
from proteus.market.metrics.execution import OFFER_NONE, count_intent
from proteus.market.trading.recorder import record_intent
from proteus.market.trading.world import FAULT_CAPACITY, stop_lane


@inline_kernel
def place_order(world, lane, trader, time, i, address, answer_word):
    """Write the order of intent ``i`` into a slot, taken now, that lives until the order dies.

    Parameters
        address: cause of the order. answer_word: of the latency of answers to it.

    Returns
        The slot, or NO_ORDER when the pool is exhausted.
    """
    orders, origins, intents = world.market.orders, world.origins, world.intents
    slot = take_slot(orders, lane)
    if slot == NO_ORDER:
        stop_lane(world.progress, lane, FAULT_CAPACITY, world.progress.events[lane])
        return np.int64(NO_ORDER)
    client_id = next_id(world, lane)
    side, price, lots = intents.side[lane, i], intents.price[lane, i], intents.lots[lane, i]
    rank = rank_of(price, side, world.settings.n_ticks)
    owner, lifetime = world.traders.owner[trader], intents.lifetime[lane, i]
    fill_in(orders, lane, slot, client_id, trader, owner, side, rank, lots, lifetime, 0)
    world.market.address[lane, slot] = tie_address(world, trader, address)
    origins.belief[lane, slot] = nano(intents.belief[lane, i])
    origins.intent_ns[lane, slot] = time
    origins.reference_doubled[lane, slot] = reference_doubled(
        world.data, lane, newest(world.data, lane), world.settings.initial_ticks
    )
    origins.cause[lane, slot] = address
    origins.answer[lane, slot] = answer_word
    origins.reports[lane, slot] = 0
    origins.is_filled[lane, slot] = 0
    origins.is_immediate[lane, slot] = lifetime != GTC
    origins.offer[lane, slot] = OFFER_NONE
    origins.lifetime[lane, slot] = NO_ENVELOPE
    return slot


@inline_kernel
def note_intent(world, lane, time, slot):
    """Count and record the decision of a taker to send the order at ``slot``."""
    role = world.traders.role[world.market.orders.trader[lane, slot]]
    count_intent(world.sums.execution, world.settings, lane, role, time)
    if is_recorded(world.log):
        record_intent(world.log, world, lane, time, slot)


@inline_kernel
def next_id(world, lane):
    """Return the next identity of an order version."""
    world.progress.last_id[lane] += 1
    return world.progress.last_id[lane]


@inline_kernel
def tie_address(world, trader, address):
    """Pack trader and cause into the 64 bits that random allocation is addressed by."""
    cause = (address >> 40) ^ (wake_of(address) << 12)
    return world.traders.entity[trader] << 32 | (cause & 0xFFFFFFFF)
