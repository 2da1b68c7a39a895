"""The message door: recorded messages through a mechanism's own kernels, without traders.

``replay`` checks and translates a table of messages, hands it to the kernels the simulator uses,
and translates what comes out. Capacity follows the messages: nothing is ever dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from proteus.basics import units
from proteus.basics.schema import MAX_TICKS
from proteus.configuration.locate import conf_folder
from proteus.configuration.reading import read_mechanism
from proteus.errors import ConfigError, MessageError, nearest
from proteus.market.book.codes import BUY, FOK, GTC, IOC, NO_ORDER, SELL
from proteus.market.door.orders import (
    KIND_AMEND,
    KIND_CANCEL,
    KIND_LIMIT,
    KIND_MARKET,
    UNCHANGED,
    Rows,
    replay_rows,
)
from proteus.market.mechanisms.base import MechanismConfig, Sizes
from proteus.market.mechanisms.interface import allocate_market
from proteus.market.mechanisms.rfq import RfqConfig
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.rng import replicate_keys
from proteus.replaying import requests
from proteus.replaying.output import Replayed, read_output, run_rows
from proteus.replaying.rows import check_integer, read_codes, read_frame, read_integers, read_times

__all__ = ["MessageError", "Replayed", "replay"]

Table = dict[str, NDArray[np.int64]]
_KINDS = {"limit": KIND_LIMIT, "market": KIND_MARKET, "cancel": KIND_CANCEL, "amend": KIND_AMEND}
_SIDES = {"buy": BUY, "sell": SELL}
_LIFETIMES = {"gtc": GTC, "ioc": IOC, "fok": FOK}
_COLUMNS = (
    "time_ns", "kind", "order_id", "agent", "side", "price_ticks", "quantity", "tif",
    "post_only", "role",
)  # fmt: skip


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
        mechanism: ``clob``, ``fba``, ``dual_flow`` or ``rfq``; for the rows of the latter see
            :func:`proteus.replaying.requests.replay`.
        n_ticks: prices are 1 .. n_ticks-1.
        reference_ticks: reference price before the first trade; default n_ticks // 2.
        delta: batch interval in ms.
        seed: root seed of random allocation.
        policies: keys of ``conf/mechanism/<mechanism>.yaml``; ``self_trade`` defaults to none.

    Returns
        Replayed. A batch mechanism runs on until the first clear after the last message.

    Raises
        MessageError: an unknown column, kind or side, or a value that is not a number.
        ConfigError: an unknown mechanism or policy, or a number that is not allowed.
    """
    chosen = _mechanism_config(mechanism, policies)
    check_integer("n_ticks", n_ticks, 2, MAX_TICKS)
    reference = n_ticks // 2 if reference_ticks is None else reference_ticks
    check_integer("reference_ticks", reference, 1, n_ticks - 1)
    check_integer("seed", seed, 0, 2**63 - 1)
    delta_ns = _interval_ns(delta)
    if isinstance(chosen, RfqConfig):
        return requests.replay(messages, chosen, tuple(policies), n_ticks, reference, seed)
    table = _read_messages(messages)
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
    rows = _rows(table, order, agent, len(ids))
    output = run_rows(
        len(rows.kind), market, lambda out, row: replay_rows(state, market, rows, out, row)
    )
    return read_output(output, market, table["order_id"])


def _mechanism_config(name: str, policies: Mapping[str, Any]) -> MechanismConfig:
    """Lay policies over the defaults of ``conf/mechanism``."""
    if not isinstance(name, str) or name not in MECHANISMS:
        raise ConfigError(f"mechanism={name} does not exist{nearest(str(name), [*MECHANISMS])}")
    defaults = yaml.safe_load(
        (conf_folder() / "mechanism" / f"{name}.yaml").read_text(encoding="utf-8")
    )
    if "self_trade" in defaults:
        defaults["self_trade"] = "none"
    return read_mechanism({**defaults, **policies})


def _interval_ns(delta: Any) -> int:
    try:
        delta_ns = units.milliseconds_to_ns(delta, "delta")
    except units.UnitError as error:
        raise ConfigError(str(error)) from None
    if delta_ns == 0:
        raise ConfigError(f"delta={delta!r} is not allowed: must be more than 0 ms")
    return delta_ns


def _read_messages(messages: pd.DataFrame | Sequence[Mapping[str, Any]]) -> Table:
    """Return the columns as arrays in time order, defaults filled in, every value checked."""
    frame = read_frame(messages, _COLUMNS)
    for column in ("kind", "order_id"):
        if len(frame) and column not in frame:
            raise MessageError(f"column {column} is missing")
    kind = read_codes(frame, "kind", _KINDS, None)
    is_new = (kind == KIND_LIMIT) | (kind == KIND_MARKET)
    time = read_times(frame)
    in_time_order = np.argsort(time, kind="stable")
    order_id = read_integers(frame, "order_id", None)
    table = {
        "time_ns": time,
        "order_id": order_id,
        "agent": read_integers(frame, "agent", -1 - order_id),
        "kind": kind,
        "side": read_codes(frame, "side", _SIDES, None, is_new),
        "price_ticks": read_integers(frame, "price_ticks", UNCHANGED),
        "quantity": read_integers(frame, "quantity", UNCHANGED),
        "tif": read_codes(frame, "tif", _LIFETIMES, GTC),
        "post_only": read_codes(frame, "post_only", {False: 0, True: 1}, 0),
        "is_taker": read_codes(frame, "role", {"maker": 0, "taker": 1}, 1),
    }
    return {name: column[in_time_order] for name, column in table.items()}


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
        slot_of=np.full(n_ids, NO_ORDER, np.int64),
    )
