"""The message door of the request-for-quote market."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.basics.schema import MAX_TICKS
from proteus.errors import ConfigError, MessageError
from proteus.market.book.codes import BUY, NO_ID, NO_ORDER, SELL
from proteus.market.door.ids import numbers_of
from proteus.market.door.orders import MAX_QUANTITY, UNCHANGED
from proteus.market.door.requests import (
    KIND_ACCEPT,
    KIND_CANCEL,
    KIND_QUOTE,
    KIND_REQUEST,
    RequestRows,
    replay_requests,
)
from proteus.market.mechanisms.base import Sizes
from proteus.market.mechanisms.interface import allocate_market
from proteus.market.mechanisms.rfq import RfqConfig, make
from proteus.market.rng import replicate_keys
from proteus.replaying.cells import Messages, Table, read_table
from proteus.replaying.output import Replayed, read_output, run_rows
from proteus.replaying.rows import (
    EXACT,
    check_sum,
    in_order_of,
    is_given,
    list_prices,
    read_codes,
    read_integers,
    read_times,
    refused,
)

POLICIES = ("request_ttl_ms", "quote_ttl_ms", "tie", "least_share")  # the others need traders

_KINDS = {
    "request": KIND_REQUEST, "quote": KIND_QUOTE, "accept": KIND_ACCEPT, "cancel": KIND_CANCEL,
}  # fmt: skip
_SIDES = {"buy": BUY, "sell": SELL}
_COLUMNS = (
    "time_ns", "kind", "order_id", "request_id", "agent", "side", "price_ticks", "quantity",
    "ttl_ns", "tif", "post_only", "role",
)  # fmt: skip
_UNUSED = {
    "side": ("accept", "cancel"), "price_ticks": ("cancel",), "quantity": ("cancel",),
    "ttl_ns": ("accept", "cancel"), "tif": tuple(_KINDS), "post_only": tuple(_KINDS),
    "role": tuple(_KINDS),
}  # fmt: skip


def replay(
    messages: Messages,
    config: RfqConfig,
    policies: Sequence[str],
    n_ticks: int,
    reference_ticks: int,
    seed: int,
) -> Replayed:
    """Feed recorded requests, quotes, acceptances and cancels to the venue.

    Parameters
        messages: table as that of orders. ``kind`` is request, quote, accept or cancel. A
            request has ``side, quantity`` and, unless it takes any price, ``price_ticks``; its
            ``order_id`` and ``request_id`` default to each other. A quote has its own ``order_id``,
            the ``request_id`` it answers, ``price_ticks, quantity``; its ``side`` defaults to the
            one its request needs. An accept gives the ``order_id`` of a quote, or only the
            ``request_id`` for the best one, and may give a ``quantity`` that it takes at most and a
            limit. A cancel withdraws the request that it names by either id. ``ttl_ns`` of requests
            and quotes defaults to the mechanism's; ``agent`` of a request or quote to somebody
            of its own, of the others to whoever may send it. Other cells must be empty.
        policies: names of the keys that were given.

    Returns
        Replayed; ``book`` lists the quotes that live after the last message.

    Raises
        MessageError: a column or value that cannot be read.
        ConfigError: a key that only simulated traders use.
    """
    for key in policies:
        if key not in POLICIES:
            allowed = f"a replay has no traders; allowed: {', '.join(POLICIES)}"
            raise ConfigError(f"mechanism.{key} is not allowed: {allowed}")
    table = _read(messages, config)
    prices, levels = list_prices(table.rows.price, n_ticks, MAX_TICKS)
    rows = table.rows._replace(price=levels)
    slots = max(len(rows.kind), 1)
    keys = replicate_keys(seed, np.zeros(1, np.int64))
    market = allocate_market(1, slots, n_ticks, reference_ticks, slots + 8, keys, prices=prices)
    market.address[0, : len(rows.kind)] = table.shown
    mechanism = make(config, Sizes(1, slots, 1, False, 0))
    output = run_rows(
        len(rows.kind), market, lambda out, row: replay_requests(mechanism, market, rows, out, row)
    )
    return read_output(output, market, table.shown, table.in_time_order)


class _Read(NamedTuple):
    """The messages as the kernels take them. N rows in time order."""

    rows: RequestRows
    shown: NDArray[np.int64]  # [N] the id that a row goes by in tables
    in_time_order: NDArray[np.int64] | None  # [N] their rows in the table; None: the same


def _read(messages: Messages, config: RfqConfig) -> _Read:
    """Return the columns as arrays in time order, defaults filled in, every value checked.

    Ids and agents are numbered from 0, NO_ID where there is none.
    """
    table = read_table(messages, _COLUMNS)
    if table.rows and "kind" not in table.columns:
        raise MessageError("column kind is missing")
    kind = read_codes(table, "kind", _KINDS, required=True)
    is_request, is_quote = kind == KIND_REQUEST, kind == KIND_QUOTE
    has_order, has_request = is_given(table, "order_id"), is_given(table, "request_id")
    _check_ids(is_quote, has_order, has_request)
    order_id, request_id = (read_integers(table, name, 0) for name in ("order_id", "request_id"))
    shown = np.where(has_order, order_id, request_id)
    request_id = np.where(has_request, request_id, order_id)
    ttl = np.where(is_request, _ns(config.request_ttl_ms), _ns(config.quote_ttl_ms))
    time = read_times(table)
    columns: dict[str, NDArray[Any]] = {
        "time_ns": time,
        "kind": kind,
        "order": _numbered(shown, has_order | is_request),
        "request": _numbered(request_id, has_request | is_request),
        "agent": _agents(table, is_request | is_quote),
        "side": read_codes(table, "side", _SIDES, is_request),
        "price": read_integers(table, "price_ticks", UNCHANGED),
        "quantity": read_integers(table, "quantity", UNCHANGED),
        "ttl": read_integers(table, "ttl_ns", ttl),
        "shown": shown,
    }
    _check_empty(table, kind)
    check_sum(columns["quantity"], 63)
    if config.least_share > 0:
        _check_share(columns["quantity"])
    in_time_order = in_order_of(time)
    if in_time_order is not None:
        columns = {name: column[in_time_order] for name, column in columns.items()}
    shown = columns.pop("shown")
    slots_of = {
        f"{prefix}slot_of": np.full(columns[name].max(initial=0) + 1, NO_ORDER, np.int32)
        for prefix, name in (("", "order"), ("request_", "request"))
    }
    return _Read(RequestRows(**columns, **slots_of), shown, in_time_order)


def _agents(table: Table, is_new: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the agents; a request or quote without one has one of its own."""
    given = is_given(table, "agent")
    agents = np.full(table.rows, NO_ID, np.int32)
    numbers, count = numbers_of(read_integers(table, "agent", 0)[given])
    agents[given] = numbers
    alone = is_new & ~given
    agents[alone] = count + np.arange(np.count_nonzero(alone))
    return agents


def _check_share(quantity: NDArray[np.int64]) -> None:
    """Refuse lots of which a share, a float, is not known to the lot."""
    wrong = (quantity > EXACT) & (quantity <= MAX_QUANTITY)
    if wrong.any():
        row = int(np.argmax(wrong))
        allowed = "must be at most 2**53 lots where least_share is not 0"
        raise refused("quantity", int(quantity[row]), row, allowed)


def _check_empty(table: Table, kind: NDArray[np.int8]) -> None:
    """Refuse what a row says and its kind does not mean."""
    for name, kinds in _UNUSED.items():
        if name not in table.columns:
            continue
        wrong = is_given(table, name) & np.isin(kind, [_KINDS[each] for each in kinds])
        if wrong.any():
            row = int(np.argmax(wrong))
            names = {code: name for name, code in _KINDS.items()}
            allowed = f"must be empty in a row of kind {names[int(kind[row])]}"
            raise refused(name, table.columns[name].cell(row), row, allowed)


def _ns(milliseconds: float) -> int:
    return units.milliseconds_to_ns(milliseconds)


def _check_ids(
    is_quote: NDArray[np.bool_], has_order: NDArray[np.bool_], has_request: NDArray[np.bool_]
) -> None:
    """Check that every row says what it is about."""
    for row in np.flatnonzero(~(has_order | has_request) | (is_quote & ~(has_order & has_request))):
        names = [name for name, has in (("order_id", has_order), ("request_id", has_request))
                 if not has[row]]  # fmt: skip
        needed = "a quote has both" if is_quote[row] else "give one of them"
        raise MessageError(f"{' and '.join(names)} missing in row {row}: {needed}")


def _numbered(ids: NDArray[np.int64], has: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number ids from 0, NO_ID where there is none."""
    numbers = np.full(len(ids), NO_ID, np.int64)
    numbers[has] = numbers_of(ids[has])[0]
    return numbers
