"""What the row of a trader is in the state of a market: an order in its slot, or a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from proteus.market.book.book import fill_in, rank_of
from proteus.market.book.codes import GTC, NO_ORDER
from proteus.market.events.envelopes import MESSAGE_CONFIRM, MESSAGE_CREDIT, take_envelope
from proteus.market.events.log import MISSING, record_cut
from proteus.market.lending.codes import BORROW, LIQUIDATE, SUPPLY
from proteus.market.metrics.execution import OFFER_NONE
from proteus.market.setup.block import Block
from proteus.market.trading import credit, liquidating
from proteus.market.trading.placing import tie_address
from proteus.market.trading.world import World
from proteus.recording.columns import QUOTE, REASON_SPAN, Kind
from proteus.replaying.surroundings import note_under_way

_LANE = 0


def repeat_cut(world: World, row: Mapping[str, Any]) -> None:
    """Write down a cut as it was: what its trader wanted is not known."""
    record_cut(
        world.log, _LANE, world.progress.events[_LANE], row["time_ns"], row["trader"], row["side"],
        row["price_ticks"], row["lots"], row["reason"] % REASON_SPAN,
    )  # fmt: skip


def repeat_credit(world: World, row: Mapping[str, Any], *, is_offer: bool) -> None:
    """Let a message reach the pool of credit."""
    messages = world.messages
    envelope = take_envelope(messages, _LANE, MESSAGE_CREDIT, row["trader"], NO_ORDER, MISSING)
    messages.new_id[_LANE, envelope] = SUPPLY if is_offer else BORROW
    messages.lots[_LANE, envelope] = row["amount"]
    event, time = world.progress.events[_LANE], row["time_ns"]
    credit.receive(
        world.rules, world.ledger, world.log, messages, world.data,
        world.settings.initial_ticks, _LANE, envelope, time, event,
    )  # fmt: skip


def repeat_call(block: Block, row: Mapping[str, Any]) -> bool:
    """Let a liquidator's message reach the pool; tells whether the mechanism must be booked."""
    mechanism, world = block
    messages = world.messages
    envelope = take_envelope(messages, _LANE, MESSAGE_CREDIT, row["trader"], NO_ORDER, MISSING)
    messages.belief[_LANE, envelope] = row["receiver"]
    messages.new_id[_LANE, envelope] = LIQUIDATE
    messages.lots[_LANE, envelope] = row["lots"]
    time = row["time_ns"]
    return bool(liquidating.receive(world.rules, mechanism, world, _LANE, time, envelope))


def place_order(world: World, row: Mapping[str, Any]) -> None:
    """Write a new order into the slot that it had."""
    orders, origins, slot = world.market.orders, world.origins, row["slot"]
    free = orders.free[_LANE, : orders.n_free[_LANE]]
    free[np.flatnonzero(free == slot)] = free[-1]
    orders.n_free[_LANE] -= 1
    side, trader = row["side"], row["trader"]
    rank = rank_of(row["price_ticks"], side, world.settings.n_ticks)
    fill_in(
        orders, _LANE, slot, row["order_id"], trader, world.traders.owner[trader], side, rank,
        row["lots"], row["lifetime"], 0,
    )  # fmt: skip
    world.market.address[_LANE, slot] = tie_address(world, trader, row["cause"])
    origins.belief[_LANE, slot] = row["value_nano"]
    origins.intent_ns[_LANE, slot] = row["intent_ns"]
    origins.reference_doubled[_LANE, slot] = row["reference_half_ticks"]
    origins.cause[_LANE, slot] = row["cause"]
    origins.reports[_LANE, slot] = 0
    origins.is_filled[_LANE, slot] = 0
    origins.is_immediate[_LANE, slot] = row["lifetime"] != GTC
    origins.offer[_LANE, slot] = OFFER_NONE
    note_under_way(world, slot)


def write_replace(world: World, row: Mapping[str, Any], envelope: Any) -> None:
    """Write what the new version of an order would be."""
    messages, side = world.messages, row["side"]
    messages.new_id[_LANE, envelope] = row["other_id"]
    messages.side[_LANE, envelope] = side
    rank = rank_of(row["price_ticks"], side, world.settings.n_ticks)
    messages.rank[_LANE, envelope] = rank
    messages.lots[_LANE, envelope] = row["lots"]
    messages.belief[_LANE, envelope] = row["value_nano"]


def write_pair(block: Block, row: Mapping[str, Any], envelope: Any, kind: Kind) -> None:
    """Write what a quote or an acceptance means besides its own order.

    An acceptance without a quote is that of a dealer, who confirms its own.
    """
    mechanism, world = block
    messages, slot, other = world.messages, row["slot"], row["other_id"]
    if other == MISSING:
        messages.kind[_LANE, envelope] = MESSAGE_CONFIRM
        return
    places = np.flatnonzero(world.market.orders.client_id[_LANE] == other)
    place = places[0] if len(places) else NO_ORDER
    if kind == QUOTE:
        mechanism.alive.request[_LANE, slot] = place
        mechanism.alive.request_id[_LANE, slot] = other
        return
    mechanism.enclosures.other_id[_LANE, envelope] = other
    mechanism.enclosures.other_order[_LANE, envelope] = place
    messages.side[_LANE, envelope] = side = row["side"]
    rank = rank_of(row["price_ticks"], side, world.settings.n_ticks)
    messages.rank[_LANE, envelope] = rank
    messages.lots[_LANE, envelope] = row["lots"]
