"""The message door of the request-for-quote market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proteus.basics import units
from proteus.errors import ConfigError, MessageError
from proteus.market.book.codes import BUY, NO_ID, NO_ORDER, SELL
from proteus.market.door.orders import UNCHANGED
from proteus.market.door.requests import (
    KIND_ACCEPT,
    KIND_CANCEL,
    KIND_QUOTE,
    KIND_REQUEST,
    NO_SIDE,
    RequestRows,
    replay_requests,
)
from proteus.market.mechanisms.base import Sizes
from proteus.market.mechanisms.interface import allocate_market
from proteus.market.mechanisms.rfq import RfqConfig, make
from proteus.market.rng import replicate_keys
from proteus.replaying.output import Replayed, read_output, run_rows
from proteus.replaying.rows import is_absent, read_codes, read_frame, read_integers, read_times

POLICIES = ("request_ttl_ms", "quote_ttl_ms", "tie", "least_share")  # the others need traders

_KINDS = {
    "request": KIND_REQUEST, "quote": KIND_QUOTE, "accept": KIND_ACCEPT, "cancel": KIND_CANCEL,
}  # fmt: skip
_SIDES = {"buy": BUY, "sell": SELL}
_COLUMNS = (
    "time_ns", "kind", "order_id", "request_id", "agent", "side", "price_ticks", "quantity",
    "ttl_ns", "tif", "post_only", "role",
)  # fmt: skip


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
    market.address[0, : len(table["shown"])] = table["shown"]
    mechanism = make(config, Sizes(1, slots, 1, False, 0))
    rows = _rows(table)
    output = run_rows(
        len(rows.kind), market, lambda out, row: replay_requests(mechanism, market, rows, out, row)
    )
    return read_output(output, market, table["shown"])


def _read(
    messages: pd.DataFrame | Sequence[Mapping[str, Any]], config: RfqConfig
) -> dict[str, NDArray[np.int64]]:
    """Return the columns as arrays in time order, defaults filled in, every value checked.

    Ids and agents are numbered from 0, NO_ID where there is none.
    """
    frame = read_frame(messages, _COLUMNS)
    if len(frame) and "kind" not in frame:
        raise MessageError("column kind is missing")
    kind = read_codes(frame, "kind", _KINDS, None)
    is_request, is_quote = kind == KIND_REQUEST, kind == KIND_QUOTE
    has_order, has_request = _given(frame, "order_id"), _given(frame, "request_id")
    _check_ids(is_quote, has_order, has_request)
    order_id, request_id = (read_integers(frame, name, 0) for name in ("order_id", "request_id"))
    shown = np.where(has_order, order_id, request_id)
    request_id = np.where(has_request, request_id, order_id)
    has_order, has_request = has_order | is_request, has_request | is_request
    ttl = np.where(is_request, _ns(config.request_ttl_ms), _ns(config.quote_ttl_ms))
    has_agent = _given(frame, "agent") | is_request | is_quote
    side = read_codes(frame, "side", _SIDES, None, is_request)
    time = read_times(frame)
    table = {
        "time_ns": time,
        "kind": kind,
        "shown": shown,
        "order": _numbered(shown, has_order),
        "request": _numbered(request_id, has_request),
        "agent": _numbered(read_integers(frame, "agent", -1 - shown), has_agent),
        "side": np.where(_given(frame, "side"), side, NO_SIDE),
        "price": read_integers(frame, "price_ticks", UNCHANGED),
        "quantity": read_integers(frame, "quantity", UNCHANGED),
        "ttl": read_integers(frame, "ttl_ns", ttl),
    }
    in_time_order = np.argsort(time, kind="stable")
    return {name: column[in_time_order] for name, column in table.items()}


def _ns(milliseconds: float) -> int:
    return units.milliseconds_to_ns(milliseconds)


def _given(frame: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    """Tell which rows have a value in a column."""
    cells = frame[name].tolist() if name in frame else [None] * len(frame)
    return np.array([not is_absent(cell) for cell in cells], np.bool_)


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
    return np.where(has, np.searchsorted(np.unique(ids[has]), ids), NO_ID).astype(np.int64)


def _rows(table: Mapping[str, NDArray[np.int64]]) -> RequestRows:
    return RequestRows(
        **{name: table[name] for name in RequestRows._fields[:-2]},
        slot_of=np.full(table["order"].max(initial=0) + 1, NO_ORDER, np.int64),
        request_slot_of=np.full(table["request"].max(initial=0) + 1, NO_ORDER, np.int64),
    )
