"""A log of one lane, for the slow computation of its measures, recorded in plain Python."""

from __future__ import annotations

from typing import Any

import pytest

from proteus.market.agents.traders import CLASS_MAKER, CLASS_NAMES
from proteus.market.book.codes import (
    BUY,
    CANCEL_NAMES,
    EVENT_ACK,
    EVENT_REJECT,
    EVENT_RFQ_EXPIRE,
    EVENT_RFQ_REJECT,
    EXPIRE_NAMES,
    GTC,
    NO_PRICE,
)
from proteus.market.cell import CellConfig
from proteus.market.environment.news import value_at
from proteus.market.mechanisms import requests
from proteus.market.metrics import sums
from proteus.market.trading import booking, loop, placing, rfq_publishing
from proteus.market.trading.world import World
from tests.helpers.cells import build, run_plain
from tests.reference.lane_log import End, Fill, Log, Side, State


def record(config: CellConfig) -> tuple[Log, World]:
    """Run replicate 0 of a cell in plain Python; return its log and the world it ended in."""
    block = build(config)
    log = _empty_log(block.world)
    with pytest.MonkeyPatch.context() as patch:
        for module, name, hook in (
            (booking, "publish_book", _log_state),
            (booking, "measure_book", _log_near),
            (booking, "_book_fill", _log_fill),
            (booking, "_book_answer", _log_answer),
            (rfq_publishing, "publish_price", _log_price),
            (rfq_publishing, "measure_book", _log_live),
            (placing, "count_intent", _log_intent),
            (requests, "add_quote", _log_offer),
            (requests, "hold", _log_taken),
            (loop, "start_shock", _log_jump),
            (loop, "measure_grid", _log_grid),
            (sums, "_close_sums", _log_end),
        ):
            patch.setattr(module, name, _before(getattr(module, name), hook, log, block.world))
        run_plain(block.mechanism, block.world)
    assert not block.world.progress.fault.any()
    return log, block.world


def _before(original: Any, hook: Any, log: Log, world: World) -> Any:
    def call(*arguments: Any) -> Any:
        hook(log, world, *arguments)
        return original(*arguments)

    return call


def _empty_log(world: World) -> Log:
    settings = world.settings
    roles = world.traders.role
    return Log(
        n_ticks=settings.n_ticks,
        horizon=settings.horizon_ns,
        warmup=settings.warmup_ns,
        tau=settings.tau_ns,
        horizons=[int(h) for h in settings.horizons_ns],
        elapsed=[int(e) for e in settings.elapsed_ns],
        grid=settings.volatility_grid_ns,
        initial=settings.initial_ticks,
        makers=[trader for trader in range(len(roles)) if roles[trader] == CLASS_MAKER],
    )


def _value(world: World, time: int) -> float:
    return float(value_at(world.news, world.news_parameters, 0, time))


def _keeps_apart(world: World) -> bool:
    """Tell whether makers and takers never meet their own kind."""
    return world.market.volume.shape[1] == 2


def _quotes(world: World) -> list[tuple[int, int, int]]:
    """List (side, price, lots) of the resting orders that a taker can trade against."""
    orders, n_ticks = world.market.orders, world.settings.n_ticks
    found = []
    for slot in range(orders.lots.shape[1]):
        makes = world.traders.role[orders.trader[0, slot]] == CLASS_MAKER
        rests = orders.client_id[0, slot] and orders.previous[0, slot] != slot
        if rests and (makes or not _keeps_apart(world)):
            rank, side = int(orders.rank[0, slot]), int(orders.side[0, slot])
            price = rank if side == BUY else n_ticks - rank
            found.append((side, price, int(orders.lots[0, slot])))
    return found


def _log_state(log: Log, world: World, data: Any, book: Any, lane: int, time: int, last: int):
    resting = _quotes(world)
    bids = [price for side, price, _ in resting if side == BUY]
    asks = [price for side, price, _ in resting if side != BUY]
    bid, ask = max(bids, default=None), min(asks, default=None)
    lots = tuple(
        sum(lots for side, price, lots in resting if (side == BUY) == buys and price == best)
        for buys, best in ((True, bid), (False, ask))
    )
    last = log.initial if last == NO_PRICE else int(last)
    log.show(State(int(time), bid, ask, lots, last))


def _log_price(log: Log, world: World, data: Any, lane: int, time: int, last: int) -> None:
    """Log a public state without a public book."""
    log.show(State(int(time), None, None, (0, 0), int(last)))


def _log_live(log: Log, world: World, sums: Any, _: World, lane: int, time: int) -> None:
    """Log the quotes that live, which are not public."""
    _log_near(log, world, sums, world, lane, time)
    resting, lots_at_best = _quotes(world), 0
    for buys in (True, False):
        prices = [price for side, price, _ in resting if (side == BUY) == buys]
        best = (max if buys else min)(prices, default=0)
        lots_at_best += sum(
            lots for side, price, lots in resting if (side == BUY) == buys and price == best
        )
    log.quotes.append((int(time), lots_at_best))


def _log_near(log: Log, world: World, sums: Any, _: World, lane: int, time: int) -> None:
    resting, near = _quotes(world), 0
    for buys in (True, False):
        prices = [price for side, price, _ in resting if (side == BUY) == buys]
        best = (max if buys else min)(prices, default=0)
        near += sum(
            lots for side, price, lots in resting
            if (side == BUY) == buys and abs(price - best) <= world.settings.depth_ticks
        )  # fmt: skip
    log.near.append((int(time), near))


def _side(world: World, slot: int, sign: int) -> Side:
    trader = int(world.market.orders.trader[0, slot])
    origins = world.origins
    return Side(
        trader=trader,
        role=CLASS_NAMES[world.traders.role[trader]],
        sign=sign,
        order=(trader, int(origins.cause[0, slot])),
        belief=int(origins.belief[0, slot]) / 1e9,
        reference=int(origins.reference_doubled[0, slot]) / 2,
        intent=int(origins.intent_ns[0, slot]),
        is_quote=bool(origins.is_quote[0, slot]),
        at_once=bool(origins.is_immediate[0, slot]),
    )


def _log_fill(log: Log, world: World, _: World, lane: int, time: int, i: int, in_clear: bool):
    outbox, orders = world.market.outbox, world.market.orders
    slots = [int(outbox.order[0, i]), int(outbox.other[0, i])]
    sides = tuple(_side(world, slot, 1 if orders.side[0, slot] == BUY else -1) for slot in slots)
    auction = next((side.sign for side in sides if side.role == "maker"), 0)
    log.fills.append(
        Fill(
            time=int(time),
            price=int(outbox.price[0, i]),
            lots=int(outbox.lots[0, i]),
            batch=(int(time), auction if _keeps_apart(world) else 0) if in_clear else None,
            sides=sides,
            values=tuple(round(_value(world, time + h), 9) for h in log.horizons),
        )
    )


def _log_answer(
    log: Log, world: World, mechanism: Any, _: World, lane: int, time: int, i: int, order: int, word
):
    side, outbox = _side(world, order, 1), world.market.outbox
    kind, lots = outbox.kind[0, i], int(outbox.lots[0, i])
    if kind == EVENT_ACK or side.role == "maker" or side.is_quote:
        return
    log.lost.append((side.order, int(time), lots))
    gone = sum(lots for name, _, lots in log.lost if name == side.order)
    gone += sum(fill.lots for fill in log.fills for each in fill.sides if each.order == side.order)
    is_refused = kind in (EVENT_REJECT, EVENT_RFQ_REJECT)
    if is_refused or gone == world.market.orders.submitted[0, order]:
        cause = (
            "refused" if is_refused else _cause(log, world, kind, int(outbox.reason[0, i]), order)
        )
        log.ends.append(End(side.order, side.role, side.intent, int(time), cause))


def _log_offer(log: Log, world: World, alive: Any, market: Any, lane: int, slot: int, *_: Any):
    """Log whether a quote for the side of its request is inside its limit."""
    request = int(alive.request[0, slot])
    side, limit = (int(each[0, request]) for each in (market.orders.side, market.orders.rank))
    price = int(market.orders.rank[0, slot])
    if side == BUY:
        price = world.settings.n_ticks - price
    else:
        limit = world.settings.n_ticks - limit
    if market.orders.side[0, slot] != side:
        inside = price <= limit if side == BUY else price >= limit
        log.offers.setdefault(_side(world, request, 1).order, []).append(inside)


def _log_taken(log: Log, world: World, alive: Any, lane: int, request: int, *_: Any) -> None:
    log.offers[_side(world, int(request), 1).order].append(True)


def _cause(log: Log, world: World, kind: int, reason: int, order: int) -> str:
    """Why an order ended: traders take back only what rests, when its lifetime is over."""
    if kind == EVENT_RFQ_EXPIRE:
        offers = log.offers.get(_side(world, order, 1).order, [])
        missed = EXPIRE_NAMES[reason] == "request_ttl" and offers and not any(offers)
        return "priced_out" if missed else "expired"
    name = CANCEL_NAMES[reason]
    if name == "requested":
        assert world.market.orders.lifetime[0, order] == GTC
        return "expired"
    return {"self_trade": "self_trade", "immediate_or_cancel": "priced_out"}[name]


def _log_intent(log: Log, world: World, execution: Any, settings: Any, lane: int, role, time):
    log.intents.append((CLASS_NAMES[role], int(time)))


def _log_jump(log: Log, world: World, shocks: Any, _: World, lane: int, time: int) -> None:
    log.jumps.append((int(time), _value(world, time - 1), _value(world, time)))


def _log_grid(log: Log, world: World, sums: Any, _: World, lane: int, time: int, what: int) -> None:
    log.values[int(time)] = _value(world, time)


def _log_end(log: Log, world: World, sums: Any, _: World, lane: int, value: int) -> None:
    log.values[0] = _value(world, 0)
    log.values[log.horizon] = _value(world, log.horizon)
