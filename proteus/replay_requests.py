"""The message door of the request-for-quote market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proteus import units
from proteus.errors import ConfigError
from proteus.events import BUY, SELL
from proteus.mechanisms.base import Sizes
from proteus.mechanisms.book import EMPTY
from proteus.mechanisms.door import UNCHANGED
from proteus.mechanisms.market import allocate_market
from proteus.mechanisms.rfq import RfqConfig, make
from proteus.mechanisms.rfq_door import (
    KIND_ACCEPT,
    KIND_CANCEL,
    KIND_QUOTE,
    KIND_REQUEST,
    NO_SIDE,
    RequestRows,
    replay_requests,
)
from proteus.message_rows import MessageError, read_codes, read_frame, read_integers, read_times
from proteus.replayed import Replayed, read_output, run_rows
from proteus.rng import replicate_keys

POLICIES = ("request_ttl_ms", "quote_ttl_ms", "tie", "least_share")  # the others need traders

_KINDS = {
    "request": KIND_REQUEST, "quote": KIND_QUOTE, "accept": KIND_ACCEPT, "cancel": KIND_CANCEL,
}  # fmt: skip
_SIDES = {"buy": BUY, "sell": SELL}
_COLUMNS = (
    "time_ns", "kind", "order_id", "request_id", "agent", "side", "price_ticks", "quantity",
    "ttl_ns", "tif", "post_only", "role",
)  # fmt: skip
_ABSENT = np.iinfo(np.int64).min  # an id that a row does not give


def replay(
    messages: pd.DataFrame | Sequence[Mapping[str, Any]],
    config: RfqConfig,
    policies: Sequence[str],
    n_ticks: int,
    reference_ticks: int,
    seed: int,
) -> Replayed:
    """Feed recorded requests, quotes, acceptances and cancels to the venue.

    Parameters
        messages: DataFrame or list of dicts. ``kind`` is request, quote, accept or cancel. A
            request has ``side, quantity`` and, unless it takes any price, ``price_ticks``; its
            ``order_id`` and ``request_id`` default to each other. A quote has its own ``order_id``,
            the ``request_id`` it answers, ``price_ticks, quantity``; its ``side`` defaults to the
            one its request needs. An accept gives the ``order_id`` of a quote, or only the
            ``request_id`` for the best one, and may give a ``quantity`` that it takes at most and a
            limit. A cancel withdraws the request that it names by either id. ``ttl_ns`` of requests
            and quotes defaults to the mechanism's; ``agent`` of a request or quote to -1 -
            order_id, of the others to whoever may send it. ``tif, post_only, role`` are not used.
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
    slots = max(len(table["kind"]), 1)
    keys = replicate_keys(seed, np.zeros(1, np.int64))
    market = allocate_market(1, slots, n_ticks, reference_ticks, slots + 8, keys)
    market.address[0, : len(table["order_id"])] = table["order_id"]
    mechanism = make(config, Sizes(1, slots, 1, False, 0))
    rows = _rows(table)
    output = run_rows(
        len(rows.kind), market, lambda out, row: replay_requests(mechanism, market, rows, out, row)
    )
    return read_output(output, market, _shown(table))


def _read(
    messages: pd.DataFrame | Sequence[Mapping[str, Any]], config: RfqConfig
) -> dict[str, NDArray[np.int64]]:
    """Return the columns as arrays in time order, defaults filled in, every value checked."""
    frame = read_frame(messages, _COLUMNS)
    if len(frame) and "kind" not in frame:
        raise MessageError("column kind is missing")
    kind = read_codes(frame, "kind", _KINDS, None)
    order_id = read_integers(frame, "order_id", _ABSENT)
    request_id = read_integers(frame, "request_id", _ABSENT)
    for row in range(len(kind)):
        _check_ids(row, int(kind[row]), int(order_id[row]), int(request_id[row]))
    is_request, is_quote = kind == KIND_REQUEST, kind == KIND_QUOTE
    order_id = np.where(is_request & (order_id == _ABSENT), request_id, order_id)
    request_id = np.where(is_request & (request_id == _ABSENT), order_id, request_id)
    own = np.where(is_request | is_quote, -1 - order_id, _ABSENT)
    ttl_ms = np.where(is_request, config.request_ttl_ms, config.quote_ttl_ms)
    side = read_codes(frame, "side", _SIDES, None, is_request)
    given = frame["side"].notna().to_numpy(bool) if "side" in frame else np.zeros(len(kind), bool)
    time = read_times(frame)
    table = {
        "time_ns": time,
        "kind": kind,
        "order_id": order_id,
        "request_id": request_id,
        "agent": read_integers(frame, "agent", own),
        "side": np.where(given, side, NO_SIDE),
        "price_ticks": read_integers(frame, "price_ticks", UNCHANGED),
        "quantity": read_integers(frame, "quantity", UNCHANGED),
        "ttl_ns": read_integers(
            frame, "ttl_ns", np.array([units.milliseconds_to_ns(ms) for ms in ttl_ms], np.int64)
        ),
    }
    in_time_order = np.argsort(time, kind="stable")
    return {name: column[in_time_order] for name, column in table.items()}


def _check_ids(row: int, kind: int, order_id: int, request_id: int) -> None:
    """Check that a row says what it is about."""
    if kind == KIND_QUOTE:
        for name, value in (("order_id", order_id), ("request_id", request_id)):
            if value == _ABSENT:
                raise MessageError(f"{name} is missing in row {row}: a quote has both ids")
    elif order_id == _ABSENT and request_id == _ABSENT:
        raise MessageError(f"order_id and request_id are missing in row {row}: give one of them")


def _dense(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Number ids from 0, EMPTY where there is none; returns how many there are too."""
    known = np.unique(ids[ids != _ABSENT])
    places = np.searchsorted(known, ids)
    return np.where(ids == _ABSENT, EMPTY, places).astype(np.int64), len(known)


def _rows(table: Mapping[str, NDArray[np.int64]]) -> RequestRows:
    order, orders = _dense(table["order_id"])
    request, requests = _dense(table["request_id"])
    agent, _ = _dense(table["agent"])
    return RequestRows(
        time_ns=table["time_ns"],
        kind=table["kind"],
        order=order,
        request=request,
        agent=agent,
        side=table["side"].astype(np.int64),
        price=table["price_ticks"],
        quantity=table["quantity"],
        ttl=table["ttl_ns"],
        slot_of=np.full(orders, EMPTY, np.int64),
        request_slot_of=np.full(requests, EMPTY, np.int64),
    )


def _shown(table: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the id under which each row is reported: its order id, or that of its request."""
    return np.where(table["order_id"] == _ABSENT, table["request_id"], table["order_id"])
