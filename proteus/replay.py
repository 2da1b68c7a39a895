"""The message door: recorded messages through a mechanism's own kernels, without traders.

``replay`` checks and translates a table of messages, hands it to the kernels the simulator uses,
and translates what comes out. Capacity follows the messages: nothing is ever dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from proteus import units
from proteus.config import ConfigError
from proteus.events import (
    BUY,
    CANCEL_NAMES,
    EVENT_CANCEL,
    EVENT_FILL,
    EVENT_REJECT,
    FOK,
    GTC,
    IOC,
    REJECT_NAMES,
    SELL,
)
from proteus.locate import conf_folder
from proteus.mechanisms.base import MechanismConfig, Sizes
from proteus.mechanisms.book import EMPTY
from proteus.mechanisms.door import (
    KIND_AMEND,
    KIND_CANCEL,
    KIND_LIMIT,
    KIND_MARKET,
    UNCHANGED,
    Output,
    Rows,
    replay_rows,
)
from proteus.mechanisms.dual_flow import AUCTION_NAMES
from proteus.mechanisms.market import Market, allocate_market
from proteus.mechanisms.table import MECHANISMS
from proteus.reading import nearest, read_mechanism
from proteus.rng import replicate_keys
from proteus.schema import MAX_TICKS

Table = dict[str, NDArray[np.int64]]
LATEST_NS = 2**62  # so that the clear after the last message has a time

_KINDS = {"limit": KIND_LIMIT, "market": KIND_MARKET, "cancel": KIND_CANCEL, "amend": KIND_AMEND}
_SIDES = {"buy": BUY, "sell": SELL}
_LIFETIMES = {"gtc": GTC, "ioc": IOC, "fok": FOK}
_SIDE_NAMES = {BUY: "buy", SELL: "sell"}
_COLUMNS = (
    "time_ns", "kind", "order_id", "agent", "side", "price_ticks", "quantity", "tif",
    "post_only", "role",
)  # fmt: skip


class MessageError(ValueError):
    """A table of messages that cannot be read: names the column, the row and what is allowed."""


@dataclass(frozen=True)
class Replayed:
    """What came out of a replay; every field is a DataFrame.

    fills: time_ns, buy_order_id, sell_order_id, maker_order_id, taker_order_id, price_ticks,
    quantity. book: order_id, side, price_ticks, quantity, in priority order, bids first.
    clears: time_ns, price_ticks, volume, surplus, low, high; under dual_flow one row for each
    auction that trades, and auction (bid, ask). rejects: order_id, reason. cancels: order_id,
    quantity, reason.
    """

    fills: pd.DataFrame
    book: pd.DataFrame
    clears: pd.DataFrame
    rejects: pd.DataFrame
    cancels: pd.DataFrame


def replay(
    messages: pd.DataFrame | Sequence[Mapping[str, Any]],
    mechanism: str = "clob",
    *,
    n_ticks: int = 1000,
    reference_ticks: int | None = None,
    delta: float = 250,
    seed: int = 0,
    **policies: Any,
) -> Replayed:
    """Feed recorded messages to a mechanism.

    Parameters
        messages: DataFrame or list of dicts with columns ``time_ns, kind`` (limit, market,
            cancel, amend), ``order_id, agent, side`` (buy, sell), ``price_ticks, quantity, tif``
            (gtc, ioc, fok), ``post_only, role`` (maker, taker; used by dual_flow only); missing
            columns take defaults. Rows are taken in time order; at equal times in the order given.
            In an amend an absent price or quantity is unchanged, and the quantity is the new open
            quantity; the role stays.
        mechanism: ``clob``, ``fba`` or ``dual_flow``.
        n_ticks: prices are 1 .. n_ticks-1.
        reference_ticks: reference price before the first trade; default n_ticks // 2.
        delta: batch interval in ms.
        seed: root seed of random allocation.
        policies: keys of ``conf/mechanism/<mechanism>.yaml``; ``self_trade`` defaults to none.

    Returns
        Replayed. A batch mechanism runs on until the first clear after the last message.

    Raises
        MessageError: an unknown column, kind or side, or a value that is not a number.
        ConfigError: an unknown mechanism or policy.
    """
    table = _read_messages(messages)
    chosen = _mechanism_config(mechanism, {"self_trade": "none", **policies})
    _check_integer("n_ticks", n_ticks, 2, MAX_TICKS)
    reference = n_ticks // 2 if reference_ticks is None else reference_ticks
    _check_integer("reference_ticks", reference, 1, n_ticks - 1)
    _check_integer("seed", seed, 0, 2**63 - 1)
    delta_ns = _interval_ns(delta)
    ids, order = np.unique(table["order_id"], return_inverse=True)
    agents, agent = np.unique(table["agent"], return_inverse=True)
    slots = max(len(order), 1)
    keys = replicate_keys(seed, np.zeros(1, np.int64))
    # One event fills or cancels each order at most a few times: two sides, dust, self-trades.
    market = allocate_market(
        1, slots, n_ticks, reference, 6 * slots + 8, keys, auctions=chosen.auctions
    )
    market.address[0, : len(order)] = table["order_id"]
    sizes = Sizes(1, slots, max(len(agents), 1), False, delta_ns)
    state = MECHANISMS[mechanism].make(chosen, sizes)
    output = _run(state, market, _rows(table, order, agent, len(ids)))
    return _frames(output, market, table["order_id"])


def _mechanism_config(name: str, policies: Mapping[str, Any]) -> MechanismConfig:
    """Lay policies over the defaults of ``conf/mechanism``."""
    if not isinstance(name, str) or name not in MECHANISMS:
        raise ConfigError(f"mechanism={name} does not exist{nearest(str(name), [*MECHANISMS])}")
    defaults = yaml.safe_load((conf_folder() / "mechanism" / f"{name}.yaml").read_text())
    return read_mechanism({**defaults, **policies})


def _check_integer(name: str, value: Any, least: int, most: int) -> None:
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not (is_integer and least <= value <= most):
        allowed = f"must be an integer {least} .. {most}"
        raise MessageError(f"{name}={value!r} is not allowed: {allowed}")


def _interval_ns(delta: Any) -> int:
    try:
        delta_ns = units.milliseconds_to_ns(delta, "delta")
    except units.UnitError as error:
        raise MessageError(str(error)) from None
    if delta_ns == 0:
        raise MessageError(f"delta={delta!r} is not allowed: must be more than 0 ms")
    return delta_ns


def _read_messages(messages: pd.DataFrame | Sequence[Mapping[str, Any]]) -> Table:
    """Return the columns as arrays in time order, defaults filled in, every value checked."""
    frame = _table(messages)
    unknown = [str(column) for column in frame.columns if column not in _COLUMNS]
    if unknown:
        raise MessageError(f"unknown column {unknown[0]}; allowed: {', '.join(_COLUMNS)}")
    if not frame.columns.is_unique:
        raise MessageError("a column is given twice; each is allowed once")
    for column in ("kind", "order_id"):
        if len(frame) and column not in frame:
            raise MessageError(f"column {column} is missing")
    kind = _codes(frame, "kind", _KINDS, None)
    is_new = (kind == KIND_LIMIT) | (kind == KIND_MARKET)
    time = _integers(frame, "time_ns", 0)
    if (time < 0).any() or (time > LATEST_NS).any():
        bad = time[(time < 0) | (time > LATEST_NS)][0]
        raise MessageError(f"time_ns={bad} is not allowed: must be 0 .. {LATEST_NS}")
    in_time_order = np.argsort(time, kind="stable")
    order_id = _integers(frame, "order_id", None)
    table = {
        "time_ns": time,
        "order_id": order_id,
        "agent": _integers(frame, "agent", -1 - order_id),
        "kind": kind,
        "side": _codes(frame, "side", _SIDES, None, is_new),
        "price_ticks": _integers(frame, "price_ticks", UNCHANGED),
        "quantity": _integers(frame, "quantity", UNCHANGED),
        "tif": _codes(frame, "tif", _LIFETIMES, GTC),
        "post_only": _codes(frame, "post_only", {False: 0, True: 1}, 0),
        "is_taker": _codes(frame, "role", {"maker": 0, "taker": 1}, 1),
    }
    return {name: column[in_time_order] for name, column in table.items()}


def _table(messages: Any) -> pd.DataFrame:
    """Return the messages as a table, or refuse what is none."""
    if isinstance(messages, pd.DataFrame):
        return messages
    is_list = isinstance(messages, Sequence) and not isinstance(messages, (str, bytes))
    if not (is_list and all(isinstance(row, Mapping) for row in messages)):
        allowed = "must be a DataFrame or a list of rows, each a dict"
        raise MessageError(f"messages of type {type(messages).__name__} are not allowed: {allowed}")
    # Rows given as dicts stay objects: a column with gaps would become float and lose large ids.
    return pd.DataFrame(messages, dtype=object)


def _is_absent(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def _integers(
    frame: pd.DataFrame, name: str, default: int | NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Read a column of integers; absent values take the default, or are an error without one."""
    values = np.broadcast_to(
        np.asarray(0 if default is None else default, np.int64), len(frame)
    ).copy()
    column = frame[name].tolist() if name in frame else [None] * len(frame)
    for row, value in enumerate(column):
        if _is_absent(value) and default is not None:
            continue
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        whole = whole or (isinstance(value, float) and value.is_integer())
        if not (whole and -(2**63) <= value < 2**63):
            raise MessageError(f"{name}={value!r} in row {row} is not allowed: must be an integer")
        values[row] = int(value)
    return values


def _codes(
    frame: pd.DataFrame,
    name: str,
    codes: Mapping[Any, int],
    default: int | None,
    required: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Read a column of names as codes; absent values take the default where one is needed."""
    column = frame[name].tolist() if name in frame else [None] * len(frame)
    read = np.zeros(len(frame), np.int64)
    for row, value in enumerate(column):
        if _is_absent(value) and required is not None and not required[row]:
            continue
        known = isinstance(value, (str, bool, np.bool_))
        code = default if _is_absent(value) else codes.get(value) if known else None
        if code is None:
            allowed = ", ".join(str(key) for key in codes)
            raise MessageError(f"{name}={value!r} in row {row} is not allowed: must be {allowed}")
        read[row] = code
    return read


def _rows(table: Table, order: NDArray[np.int64], agent: NDArray[np.int64], n_ids: int) -> Rows:
    return Rows(
        time_ns=table["time_ns"],
        kind=table["kind"].astype(np.int8),
        order=order.astype(np.int64),
        agent=agent.astype(np.int32),
        side=table["side"].astype(np.int8),
        price=table["price_ticks"],
        quantity=table["quantity"],
        lifetime=table["tif"].astype(np.int8),
        post_only=table["post_only"].astype(np.int8),
        is_taker=table["is_taker"].astype(np.int8),
        slot_of=np.full(n_ids, EMPTY, np.int64),
    )


def _run(state: Any, market: Market, rows: Rows) -> Output:
    """Run the kernel, growing the output as often as it asks."""
    output = _allocate_output(2 * market.outbox.kind.shape[1] + 8)
    row = 0
    while row <= len(rows.kind):
        row = replay_rows(state, market, rows, output, row)
        if row <= len(rows.kind):
            output = output._replace(
                **{name: _grown(getattr(output, name)) for name in output._fields[:-1]}
            )
    return output


def _allocate_output(entries: int) -> Output:
    return Output(
        kind=np.zeros(entries, np.int8),
        time_ns=np.zeros(entries, np.int64),
        order=np.zeros(entries, np.int64),
        other=np.zeros(entries, np.int64),
        price=np.zeros(entries, np.int64),
        lots=np.zeros(entries, np.int64),
        reason=np.zeros(entries, np.int8),
        clears=np.zeros((entries, 7), np.int64),
        count=np.zeros(2, np.int64),
    )


def _grown(column: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([column, np.zeros_like(column)])


def _frames(output: Output, market: Market, order_ids: NDArray[np.int64]) -> Replayed:
    used = slice(0, int(output.count[0]))
    kind, reason, lots = output.kind[used], output.reason[used], output.lots[used]
    order, other = output.order[used], output.other[used]
    cancelled, rejected = kind == EVENT_CANCEL, kind == EVENT_REJECT
    return Replayed(
        fills=_fills(output, market, order_ids, order, other, kind == EVENT_FILL),
        book=_book(market, order_ids),
        clears=_clears(output, market),
        rejects=pd.DataFrame(
            {
                "order_id": order_ids[order[rejected]],
                "reason": [REJECT_NAMES[code] for code in reason[rejected]],
            }
        ),
        cancels=pd.DataFrame(
            {
                "order_id": order_ids[order[cancelled]],
                "quantity": lots[cancelled],
                "reason": [CANCEL_NAMES[code] for code in reason[cancelled]],
            }
        ),
    )


def _clears(output: Output, market: Market) -> pd.DataFrame:
    """Return a row per auction that traded; where there are two, each is named."""
    names = ["time_ns", "price_ticks", "volume", "surplus", "low", "high"]
    rows = output.clears[: int(output.count[1])]
    clears = pd.DataFrame(rows[:, : len(names)], columns=names)
    if market.volume.shape[1] > 1:
        clears["auction"] = [AUCTION_NAMES[int(number)] for number in rows[:, len(names)]]
    return clears


def _fills(
    output: Output,
    market: Market,
    order_ids: NDArray[np.int64],
    maker: NDArray[np.int64],
    taker: NDArray[np.int64],
    filled: NDArray[np.bool_],
) -> pd.DataFrame:
    maker, taker = maker[filled], taker[filled]
    maker_buys = market.orders.side[0, maker] == BUY
    at = np.flatnonzero(filled)
    return pd.DataFrame(
        {
            "time_ns": output.time_ns[at],
            "buy_order_id": order_ids[np.where(maker_buys, maker, taker)],
            "sell_order_id": order_ids[np.where(maker_buys, taker, maker)],
            "maker_order_id": order_ids[maker],
            "taker_order_id": order_ids[taker],
            "price_ticks": output.price[at],
            "quantity": output.lots[at],
        }
    )


def _book(market: Market, order_ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return the resting orders: bids best to worst, then asks, each level in time order."""
    orders, n_ticks = market.orders, int(market.book.n_ticks[0])
    slots = np.arange(orders.lots.shape[1])
    resting = slots[(orders.lots[0] > 0) & (orders.previous[0] != slots)]
    side, rank, arrival = (
        column[0, resting] for column in (orders.side, orders.rank, orders.arrival)
    )
    in_priority = resting[np.lexsort((arrival, -rank, side))]
    side, rank = orders.side[0, in_priority], orders.rank[0, in_priority]
    return pd.DataFrame(
        {
            "order_id": order_ids[in_priority] if len(order_ids) else in_priority,
            "side": [_SIDE_NAMES[code] for code in side],
            "price_ticks": np.where(side == BUY, rank, n_ticks - rank).astype(np.int64),
            "quantity": orders.lots[0, in_priority],
        }
    )
