"""Compiled loops that feed prepared orders straight to a mechanism, as the engine would.

These are no part of a result, so the kernel hash knows nothing of this file; an edit of it is
noticed because the cache goes by the source of a kernel too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler import jit
from proteus.market.book.book import fill_in, ladder_of, rank_of, release_slot, take_slot
from proteus.market.book.codes import BUY, GTC
from proteus.market.environment.news import extend_news, fill_normals, start_news
from proteus.market.mechanisms.interface import clear, enter, withdraw

KEPT_BATCHES = 2  # an order that is still open after this many clears is cancelled
_LANE = 0


@jit.state
class Draws(NamedTuple):
    """Random numbers behind a stream. N messages."""

    is_cancel: NDArray[np.bool_]  # [N]
    is_crossing: NDArray[np.bool_]  # [N] an order that crosses, if the book is full
    pick: NDArray[np.int64]  # [N] order slot at which the search for one to cancel starts
    behind_ticks: NDArray[np.int64]  # [N] distance of an order behind the mid
    beyond_ticks: NDArray[np.int64]  # [N] distance of a crossing order beyond the mid
    mid_ticks: NDArray[np.int64]  # [N]


@jit.state
class Stream(NamedTuple):
    """Messages in order of arrival. N messages."""

    is_cancel: NDArray[np.bool_]  # [N]
    slot: NDArray[np.int64]  # [N] of a cancel: the order slot meant
    client_id: NDArray[np.int64]  # [N] the order, or the order meant
    trader: NDArray[np.int64]  # [N]
    side: NDArray[np.int64]  # [N]
    rank: NDArray[np.int64]  # [N]
    lots: NDArray[np.int64]  # [N]
    is_taker: NDArray[np.bool_]  # [N] role of an order, where makers and takers are kept apart


@jit.inline_kernel
def _post(mechanism: Any, market: Any, stream: Any, row: int) -> Any:
    orders = market.orders
    slot = take_slot(orders, _LANE)
    fill_in(
        orders, _LANE, slot, stream.client_id[row], stream.trader[row], stream.trader[row],
        stream.side[row], stream.rank[row], stream.lots[row], GTC, 0,
    )  # fmt: skip
    orders.ladder[_LANE, slot] = ladder_of(market.book, stream.side[row], stream.is_taker[row])
    enter(mechanism, market, _LANE, slot, np.int64(0))
    return slot


@jit.inline_kernel
def _finish(market: Any) -> None:
    """Give back the slots of dead orders and empty the outbox."""
    orders, outbox = market.orders, market.outbox
    for i in range(outbox.count[_LANE]):
        for slot in (outbox.order[_LANE, i], outbox.other[_LANE, i]):
            if orders.lots[_LANE, slot] == 0 and orders.client_id[_LANE, slot] != 0:
                release_slot(orders, _LANE, slot)
    outbox.count[_LANE] = 0


@jit.inline_kernel
def _step(mechanism: Any, market: Any, stream: Any, row: int) -> None:
    if not stream.is_cancel[row]:
        _post(mechanism, market, stream, row)
    elif market.orders.client_id[_LANE, stream.slot[row]] == stream.client_id[row]:
        withdraw(mechanism, market, _LANE, stream.slot[row])
    _finish(market)


@jit.kernel
def write_stream(
    mechanism: Any, market: Any, draws: Any, full: int, stream: Any, resting: NDArray[np.int64]
) -> None:
    """Trade a stream once to learn which orders are alive when a cancel is sent.

    Parameters
        mechanism, market: fresh; used up. draws: Draws. full: resting orders of a full book, above
            which some orders cross.
        stream: Stream with trader, side and lots filled in; the rest is written.
        resting: int64 [N], written: resting orders after each message.
    """
    orders = market.orders
    slots = orders.lots.shape[1]
    for row in range(draws.pick.shape[0]):
        alive = slots - orders.n_free[_LANE]
        stream.is_cancel[row] = draws.is_cancel[row] and alive > 0
        if stream.is_cancel[row]:
            slot = draws.pick[row]
            while orders.client_id[_LANE, slot] == 0:
                slot = (slot + 1) % slots
            stream.slot[row] = slot
            stream.client_id[row] = orders.client_id[_LANE, slot]
        else:
            crosses = draws.is_crossing[row] and alive > full
            distance = draws.beyond_ticks[row] if crosses else -draws.behind_ticks[row]
            side = stream.side[row]
            price = draws.mid_ticks[row] + (distance if side == BUY else -distance)
            stream.rank[row] = rank_of(price, side, market.book.n_ticks[_LANE])
            stream.client_id[row] = row + 1
        _step(mechanism, market, stream, row)
        resting[row] = slots - orders.n_free[_LANE]


@jit.kernel
def run_stream(mechanism: Any, market: Any, stream: Any) -> None:
    """Trade a stream.

    Parameters
        mechanism, market: fresh; written. stream: Stream.
    """
    for row in range(stream.lots.shape[0]):
        _step(mechanism, market, stream, row)


@jit.kernel
def run_auctions(
    mechanism: Any, market: Any, stream: Any, kept: NDArray[np.int64], volume: NDArray[np.int64]
) -> None:
    """Collect the orders of each batch, clear, and cancel what has waited too long.

    Parameters
        mechanism, market: fresh; written. stream: Stream of orders alone.
        kept: int64 [K, 2, S], scratch: slots and ids of the last K batches of S orders.
        volume: int64 [B], written: lots executed in each clear.
    """
    batch_size = kept.shape[2]
    for batch in range(volume.shape[0]):
        place = batch % kept.shape[0]
        for i in range(batch_size):
            slot, client_id = kept[place, 0, i], kept[place, 1, i]
            if client_id != 0 and market.orders.client_id[_LANE, slot] == client_id:
                withdraw(mechanism, market, _LANE, slot)
                _finish(market)
        for i in range(batch_size):
            row = batch * batch_size + i
            kept[place, 0, i] = _post(mechanism, market, stream, row)
            kept[place, 1, i] = stream.client_id[row]
            _finish(market)
        clear(mechanism, market, _LANE)
        volume[batch] = 0
        for auction in range(market.volume.shape[1]):
            volume[batch] += market.volume[_LANE, auction]
        _finish(market)


@jit.kernel
def draw_normals(news: Any, keys: Any, count: int) -> None:
    """Draw the normals of grid steps 1 .. count of the first lane, chunk by chunk.

    Parameters
        news: News, whose scratch is written. keys: uint32 [L, 2], replicate keys.
    """
    chunk = news.words.shape[0]
    first = 1
    while first <= count:
        last = min(count, first | (chunk - 1))
        fill_normals(news.words, news.normals, news.tails, keys[0, 0], keys[0, 1], first, last)
        first = last + 1


@jit.kernel
def make_news(news: Any, parameters: Any, keys: Any, steps: int) -> None:
    """Make the paths of all lanes, as far at a time as the engine does.

    Parameters
        news: News, written. parameters: NewsParameters. keys: uint32 [L, 2]. steps: of the grid.
    """
    at_once = news.value.shape[1] // 2
    for lane in range(keys.shape[0]):
        start_news(news, parameters, keys[lane, 0], keys[lane, 1], lane)
        known = 0
        while known < steps:
            known = min(known + at_once, steps)
            until = np.int64(known * parameters.dt_ns)
            extend_news(news, parameters, keys[lane, 0], keys[lane, 1], lane, until)
