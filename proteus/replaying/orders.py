"""The message door: recorded messages through a mechanism's own kernels, without traders.

``replay`` checks and translates a table of messages, hands it to the kernels the simulator uses,
and translates what comes out. Capacity follows the messages: nothing is ever dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, overload

import numpy as np
import yaml
from numpy.typing import NDArray

from proteus import plugins
from proteus.basics import units
from proteus.basics.schema import MAX_TICKS
from proteus.configuration.locate import conf_file
from proteus.configuration.reading import read_mechanism
from proteus.errors import ConfigError, MessageError, RunError, nearest
from proteus.market.book.codes import BUY, FOK, GTC, IOC, NO_ORDER, NO_OWNER, SELL
from proteus.market.door.ids import numbers_of
from proteus.market.door.orders import (
    KIND_AMEND,
    KIND_CANCEL,
    KIND_LIMIT,
    KIND_MARKET,
    STALLED,
    UNCHANGED,
    Output,
    Rows,
    replay_rows,
)
from proteus.market.mechanisms.base import MechanismConfig, Sizes
from proteus.market.mechanisms.interface import Market, allocate_market, next_timer
from proteus.market.mechanisms.rfq import RfqConfig
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.rng import replicate_keys
from proteus.replaying import requests
from proteus.replaying.cells import Messages, Table, read_table
from proteus.replaying.lending import door as lending
from proteus.replaying.lending import rates as loans
from proteus.replaying.lending.door import Lent
from proteus.replaying.lending.rates import LentByRate
from proteus.replaying.output import Replayed, read_output, run_rows
from proteus.replaying.rows import (
    check_integer,
    check_sum,
    in_order_of,
    is_given,
    list_prices,
    read_codes,
    read_integers,
    read_times,
)

__all__ = ["Lent", "LentByRate", "MessageError", "Replayed", "replay"]

MOST_TICKS = 2**31
MOST_LEVELS = 1000
_KINDS = {"limit": KIND_LIMIT, "market": KIND_MARKET, "cancel": KIND_CANCEL, "amend": KIND_AMEND}
_SIDES = {"buy": BUY, "sell": SELL}
_LIFETIMES = {"gtc": GTC, "ioc": IOC, "fok": FOK}
_COLUMNS = (
    "time_ns", "kind", "order_id", "agent", "side", "price_ticks", "quantity", "tif",
    "post_only", "role",
)  # fmt: skip


POOL = "pool"
LENDING = (POOL, *loans.TERMS)  # mechanisms of this door that are none of a market


@overload
def replay(messages: Messages, mechanism: Literal["pool"], **terms: Any) -> Lent: ...


@overload
def replay(
    messages: Messages, mechanism: Literal["rate_book", "rate_auction"], **terms: Any
) -> LentByRate: ...


@overload
def replay(messages: Messages, mechanism: str = "clob", **policies: Any) -> Replayed: ...


def replay(
    messages: Messages,
    mechanism: str = "clob",
    *,
    n_ticks: int = 1000,
    reference_ticks: int | None = None,
    delta: float = 250,
    seed: int = 0,
    levels: int = 0,
    **policies: Any,
) -> Replayed | Lent | LentByRate:
    """Feed recorded messages to a mechanism.

    Parameters
        messages: DataFrame, Arrow table, Polars frame or list of dicts with columns ``time_ns,
            kind`` (limit, market, cancel, amend), ``order_id, agent, side`` (buy, sell),
            ``price_ticks, quantity, tif`` (gtc, ioc, fok), ``post_only, role`` (maker, taker; used
            by dual_flow only); missing columns and empty cells take defaults. Rows are taken in
            time order; at equal times in the order given. In an amend an absent price or quantity
            is unchanged, and the quantity is the new open quantity; a cancel with a quantity takes
            that many lots. What else an amend or a cancel says must be so of its order.
        mechanism: ``clob``, ``fba``, ``dual_flow`` or ``rfq``; for the rows of the latter see
            :func:`proteus.replaying.requests.replay`; ``pool``: that of ``lending.door``;
            ``rate_book``, ``rate_auction``: that of ``lending.rates``.
        n_ticks: prices are 1 .. n_ticks-1; at most 2**31.
        reference_ticks: reference price before the first trade; default n_ticks // 2.
        delta: batch interval in ms.
        seed: root seed of random allocation.
        levels: how many of the best levels of each side ``depth`` lists; 0: none.
        policies: keys of ``conf/mechanism/<mechanism>.yaml``; ``self_trade`` defaults to none.

    Returns
        Replayed; of a pool Lent, of loans by rate LentByRate. A batch mechanism of orders runs on
        until the first clear after them.

    Raises
        MessageError: an unknown column, kind or side, or a value that is not a number.
        ConfigError: an unknown mechanism or policy, or a number that is not allowed.
        RunError: a mechanism of another package that makes no progress.
    """
    if isinstance(mechanism, str) and mechanism in LENDING:
        _check_unused(mechanism, n_ticks, reference_ticks, delta, seed, levels)
        if mechanism == POOL:
            return lending.replay(messages, **policies)
        return loans.replay(messages, mechanism, **policies)
    chosen = mechanism_config(mechanism, policies)
    reference = _reference(n_ticks, reference_ticks)
    check_integer("seed", seed, 0, 2**63 - 1)
    check_integer("levels", levels, 0, 0 if isinstance(chosen, RfqConfig) else MOST_LEVELS)
    delta_ns = _interval_ns(delta)
    if isinstance(chosen, RfqConfig):
        return requests.replay(messages, chosen, tuple(policies), n_ticks, reference, seed)
    table = _read_messages(messages, getattr(chosen, "allocation", "time") == "time")
    prices, levels_of = list_prices(table.rows.price, n_ticks, MAX_TICKS)
    table = table._replace(rows=table.rows._replace(price=levels_of))
    numbers = Numbers(n_ticks, reference, delta_ns, seed, levels)
    output, market = run_orders(table, mechanism, chosen, prices, numbers)
    return read_output(output, market, table.order_ids, table.in_time_order)


class Numbers(NamedTuple):
    """The numbers of a replay."""

    n_ticks: int
    reference_ticks: int
    delta_ns: int
    seed: int = 0
    levels: int = 0


def run_orders(
    table: OrderRows,
    mechanism: str,
    chosen: MechanismConfig,
    prices: NDArray[np.int64] | None,
    numbers: Numbers,
) -> tuple[Output, Market]:
    """Run orders that are checked, as ``replay`` does, through the kernels of a mechanism.

    Parameters
        table: its prices are levels of ``prices``, or ticks where there are none; it is read, but
            for ``slot_of``, which must be empty. mechanism: its name, and ``chosen`` what it is.

    Returns
        What the kernels wrote, and the market that it leaves.

    Raises
        RunError: a mechanism of another package that makes no progress.
    """
    rows, slots = table.rows, max(len(table.rows.kind), 1)
    keys = replicate_keys(numbers.seed, np.zeros(1, np.int64))
    # One event fills or cancels each order at most a few times: two sides, dust, self-trades.
    market = allocate_market(
        1, slots, numbers.n_ticks, numbers.reference_ticks, 6 * slots + 8, keys, chosen.auctions,
        prices,
    )  # fmt: skip
    market.address[0, : len(rows.kind)] = table.order_ids
    sizes = Sizes(1, slots, max(table.agents, 1), False, numbers.delta_ns)
    state = MECHANISMS[mechanism].make(chosen, sizes)

    def run(output: Output, row: int) -> int:
        following: int = replay_rows(state, market, rows, output, row)
        if following == STALLED:
            due = next_timer(state, market, 0)
            why = f"its next timer is not later than the one before: {due} ns"
            raise RunError(f"mechanism={mechanism} makes no progress: {why}")
        return following

    return run_rows(len(rows.kind), market, run, numbers.levels), market


def _reference(n_ticks: int, reference_ticks: int | None) -> int:
    """Check how many ticks there are, and return the reference price, in ticks."""
    check_integer("n_ticks", n_ticks, 2, MOST_TICKS)
    reference = n_ticks // 2 if reference_ticks is None else reference_ticks
    check_integer("reference_ticks", reference, 1, n_ticks - 1)
    return reference


def _check_unused(mechanism: str, *given: Any) -> None:
    """Check that lending is told nothing of books and batches of orders."""
    if given != (1000, None, 250, 0, 0):
        unused = "n_ticks, reference_ticks, delta, seed, levels"
        raise ConfigError(f"mechanism={mechanism} is not allowed with {unused}: it has none")


def mechanism_config(name: str, policies: Mapping[str, Any]) -> MechanismConfig:
    """Lay policies over the defaults of ``conf/mechanism``."""
    if not isinstance(name, str) or name not in MECHANISMS:
        there = plugins.why_left_out(name) or nearest(str(name), [*MECHANISMS, *LENDING])
        raise ConfigError(f"mechanism={name} does not exist{there}")
    path = conf_file("mechanism", name)
    if path is None:
        raise ConfigError(f"mechanism={name} is not allowed: it has no file in conf/mechanism")
    defaults = yaml.safe_load(path.read_text(encoding="utf-8"))
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


class OrderRows(NamedTuple):
    """The messages as the kernels take them. N rows in time order."""

    rows: Rows
    order_ids: NDArray[np.int64]  # [N]
    agents: int  # numbers of agents
    in_time_order: NDArray[np.int64] | None  # [N] their rows in the table; None: the same


def _read_messages(messages: Messages, is_by_time: bool) -> OrderRows:
    """Return the columns as arrays in time order, every value checked."""
    table = read_table(messages, _COLUMNS)
    for column in ("kind", "order_id"):
        if table.rows and column not in table.columns:
            raise MessageError(f"column {column} is missing")
    kind = read_codes(table, "kind", _KINDS, required=True)
    is_new = (kind == KIND_LIMIT) | (kind == KIND_MARKET)
    time = read_times(table)
    ids = read_integers(table, "order_id", None)
    order, n_ids = numbers_of(ids)
    agent, agents = _agents(table)
    columns: dict[str, NDArray[Any]] = {
        "time_ns": time,
        "kind": kind,
        "order": order,
        "agent": agent,
        "side": read_codes(table, "side", _SIDES, is_new),
        "price": read_integers(table, "price_ticks", UNCHANGED),
        "quantity": read_integers(table, "quantity", UNCHANGED),
        "lifetime": read_codes(table, "tif", _LIFETIMES),
        "post_only": read_codes(table, "post_only", {False: 0, True: 1}),
        "is_taker": read_codes(table, "role", {"maker": 0, "taker": 1}),
    }
    check_sum(columns["quantity"], 63 if is_by_time else 61)  # sharing out multiplies by three
    columns["ids"] = ids
    in_time_order = in_order_of(time)
    if in_time_order is not None:
        columns = {name: column[in_time_order] for name, column in columns.items()}
    ids = columns.pop("ids")
    rows = Rows(**columns, slot_of=np.full(n_ids, NO_ORDER, np.int32))
    return OrderRows(rows, ids, agents, in_time_order)


def _agents(table: Table) -> tuple[NDArray[np.int32], int]:
    """Number the agents; an order without one is the only one of its owner."""
    if "agent" not in table.columns:
        return np.full(table.rows, NO_OWNER, np.int32), 0
    given = is_given(table, "agent")
    agent = read_integers(table, "agent", 0)
    agents = np.full(table.rows, NO_OWNER, np.int32)
    numbers, count = numbers_of(agent[given])
    agents[given] = numbers
    return agents, count
