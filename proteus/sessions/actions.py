"""What a trader who is decided for outside wants: quotes on both sides, or one order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.schema import MAX_LOTS
from proteus.errors import ActionError
from proteus.market.agents.traders import INTENT_ORDER, INTENT_QUOTE, Intents
from proteus.market.book.codes import BUY, GTC, IOC, SELL

Array = NDArray[Any]


class Quotes(NamedTuple):
    """What should stand on both sides until the next decision. N lanes; BUY and SELL."""

    price: Array  # integers [N, 2], ticks, 1 .. n_ticks - 1 where there are lots
    lots: Array  # integers [N, 2], 0: nothing on this side
    belief: Array | None = None  # floats [N], what it thinks the contract is worth, currency:
    # measures of the trader depend on it, and under rfq its last looks. None: its reference price


class Orders(NamedTuple):
    """A new order, or a request where those are sent. N lanes."""

    side: Array  # integers [N], BUY or SELL
    price: Array  # integers [N], the limit in ticks, 1 .. n_ticks - 1
    lots: Array  # integers [N], 0: no order
    lifetime_ns: Array  # integers [N], after which what rests is cancelled; 0: it never rests


def write_quotes(
    intents: Intents, quotes: Quotes, decides: Array, n_ticks: int, reference: Array
) -> None:
    """Write quotes to the lanes that wait, once all of them are possible.

    Parameters
        decides: bool [N]. reference: float64 [N], currency, for want of a belief.

    Raises
        ActionError: an array of another shape or type, a price or size that is not allowed.
    """
    count = len(decides)
    price = _integers("price", quotes.price, (count, 2))
    lots = _integers("lots", quotes.lots, (count, 2))
    given = quotes.belief is not None
    belief = _floats("belief", quotes.belief, (count,)) if given else reference
    here = decides[:, None]
    _refuse("lots", lots, here & ((lots < 0) | (lots > MAX_LOTS)), f"must be 0 .. {MAX_LOTS}")
    wrong = here & (lots > 0) & ((price < 1) | (price >= n_ticks))
    _refuse("price", price, wrong, f"must be 1 .. {n_ticks - 1} where there are lots")
    _refuse("belief", belief, decides & ~((belief >= 0) & (belief <= 1)), "must be 0 .. 1")
    intents.kind[:, :2], intents.side[:, :2] = INTENT_QUOTE, (BUY, SELL)
    intents.price[:, :2], intents.lots[:, :2] = price, lots
    intents.lifetime[:, :2], intents.duration[:, :2] = GTC, 0
    intents.belief[:, :2] = belief[:, None]
    intents.count[:] = 2


def write_orders(
    intents: Intents, orders: Orders, decides: Array, n_ticks: int, belief: Array
) -> None:
    """Write orders to the lanes that wait, once all of them are possible.

    Parameters
        decides: bool [N]. belief: float64 [N], currency, what is measured against.

    Raises
        ActionError: as ``write_quotes``.
    """
    count = (len(decides),)
    side = _integers("side", orders.side, count)
    price = _integers("price", orders.price, count)
    lots = _integers("lots", orders.lots, count)
    lifetime = _integers("lifetime_ns", orders.lifetime_ns, count)
    sends = decides & (lots != 0)
    _refuse("lots", lots, decides & ((lots < 0) | (lots > MAX_LOTS)), f"must be 0 .. {MAX_LOTS}")
    _refuse("side", side, sends & (side != BUY) & (side != SELL), f"must be {BUY} or {SELL}")
    _refuse(
        "price", price, sends & ((price < 1) | (price >= n_ticks)), f"must be 1 .. {n_ticks - 1}"
    )
    _refuse("lifetime_ns", lifetime, sends & (lifetime < 0), "must be at least 0")
    intents.kind[:, 0], intents.side[:, 0] = INTENT_ORDER, side
    intents.price[:, 0], intents.lots[:, 0] = price, lots
    intents.lifetime[:, 0] = np.where(lifetime == 0, IOC, GTC)
    intents.duration[:, 0], intents.belief[:, 0] = lifetime, belief
    intents.count[:] = sends


def _integers(name: str, values: Any, shape: tuple[int, ...]) -> Array:
    return _array(name, values, shape, np.integer, "integers")


def _floats(name: str, values: Any, shape: tuple[int, ...]) -> Array:
    return _array(name, values, shape, np.floating, "floats")


def _array(name: str, values: Any, shape: tuple[int, ...], kind: Any, called: str) -> Array:
    array = np.asarray(values)
    if array.shape != shape or not np.issubdtype(array.dtype, kind):
        given = f"{array.dtype} {list(array.shape)}"
        raise ActionError(
            f"actions.{name} of {given} is not allowed: must be {called} {list(shape)}"
        )
    return array


def _refuse(name: str, values: Array, wrong: Array, allowed: str) -> None:
    if wrong.any():
        lane = int(np.argwhere(wrong)[0][0])
        value = values[wrong][0]
        raise ActionError(f"actions.{name}={value} of lane {lane} is not allowed: {allowed}")


WRITERS: dict[type, Callable[..., None]] = {Quotes: write_quotes, Orders: write_orders}
