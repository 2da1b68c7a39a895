"""The columns of an event log: which rows have them, and where the recorder keeps them.

A table of numbers: codes for what is written as names, and ``MISSING`` where a row has no value.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.book.codes import (
    BUY,
    CANCEL_NAMES,
    EPOCH_NAMES,
    EVENT_ACK,
    EVENT_BATCH_CLEAR,
    EVENT_BOOK,
    EVENT_CANCEL,
    EVENT_CREDIT_ACCRUAL,
    EVENT_CREDIT_BAD_DEBT,
    EVENT_CREDIT_COLLATERAL_IN,
    EVENT_CREDIT_COLLATERAL_OUT,
    EVENT_CREDIT_LIQUIDATION,
    EVENT_CREDIT_OFFER,
    EVENT_CREDIT_OPEN,
    EVENT_CREDIT_REJECT,
    EVENT_CREDIT_REPAY,
    EVENT_CREDIT_REQUEST,
    EVENT_CUT,
    EVENT_END,
    EVENT_ENVIRONMENT_BLOCK,
    EVENT_ENVIRONMENT_FORK,
    EVENT_ENVIRONMENT_REPORT,
    EVENT_ENVIRONMENT_WAIT,
    EVENT_FILL,
    EVENT_INTENT,
    EVENT_NAMES,
    EVENT_NEWS,
    EVENT_ORDER,
    EVENT_POLICY_EPOCH,
    EVENT_POLICY_PENALTY,
    EVENT_POLICY_REWARD,
    EVENT_POSTING,
    EVENT_REJECT,
    EVENT_REPLACE,
    EVENT_RFQ_ACCEPT,
    EVENT_RFQ_EXPIRE,
    EVENT_RFQ_QUOTE,
    EVENT_RFQ_REJECT,
    EVENT_RFQ_REQUEST,
    EVENT_SETTLEMENT_FAILED,
    EVENT_SETTLEMENT_FINAL,
    EVENT_SETTLEMENT_PENDING,
    EVENT_SETTLEMENT_REVERTED,
    EVENT_WAIT,
    EXPIRE_NAMES,
    FAILED_NAMES,
    FOK,
    GTC,
    IOC,
    REJECT_NAMES,
    RFQ_REJECT_NAMES,
    SELL,
)
from proteus.market.constraints.added import CODES
from proteus.market.constraints.table import NO_GAS
from proteus.market.events.log import (
    MISSING,
    SOURCE_NEWS,
    SOURCE_RULES,
    SOURCE_TRADER,
    SOURCE_VENUE,
    Log,
)
from proteus.market.ledger.accounts import ASSET_NAMES, LEDGER_CODES
from proteus.market.ledger.codes import POSTINGS
from proteus.market.lending.codes import INSUFFICIENT_LIQUIDITY
from proteus.market.lending.codes import REASONS as LENDING_REASONS
from proteus.market.trading.world import FAULT_CAPACITY
from proteus.results.outcome import Rows

Kind = tuple[int, int]  # source and event type

INTENT: Kind = (SOURCE_TRADER, EVENT_INTENT)
ORDER: Kind = (SOURCE_TRADER, EVENT_ORDER)
REPLACE: Kind = (SOURCE_TRADER, EVENT_REPLACE)
CANCEL: Kind = (SOURCE_TRADER, EVENT_CANCEL)
ACK: Kind = (SOURCE_VENUE, EVENT_ACK)
REJECT: Kind = (SOURCE_VENUE, EVENT_REJECT)
CANCELLED: Kind = (SOURCE_VENUE, EVENT_CANCEL)
FILL: Kind = (SOURCE_VENUE, EVENT_FILL)
CLEAR: Kind = (SOURCE_VENUE, EVENT_BATCH_CLEAR)
BOOK: Kind = (SOURCE_VENUE, EVENT_BOOK)
END: Kind = (SOURCE_VENUE, EVENT_END)
NEWS: Kind = (SOURCE_NEWS, EVENT_NEWS)
POSTING: Kind = (SOURCE_RULES, EVENT_POSTING)
CHAIN_BLOCK: Kind = (SOURCE_RULES, EVENT_ENVIRONMENT_BLOCK)
REPORT: Kind = (SOURCE_RULES, EVENT_ENVIRONMENT_REPORT)
FORK: Kind = (SOURCE_RULES, EVENT_ENVIRONMENT_FORK)
WAITS_FOR_BLOCK: Kind = (SOURCE_TRADER, EVENT_ENVIRONMENT_WAIT)
POLICY_REWARD: Kind = (SOURCE_RULES, EVENT_POLICY_REWARD)
POLICY_PENALTY: Kind = (SOURCE_RULES, EVENT_POLICY_PENALTY)
POLICY_EPOCH: Kind = (SOURCE_RULES, EVENT_POLICY_EPOCH)
SETTLEMENTS: tuple[Kind, ...] = tuple(
    (SOURCE_RULES, kind)
    for kind in (
        EVENT_SETTLEMENT_PENDING, EVENT_SETTLEMENT_FINAL, EVENT_SETTLEMENT_FAILED,
        EVENT_SETTLEMENT_REVERTED,
    )
)  # fmt: skip
FAILED: Kind = (SOURCE_RULES, EVENT_SETTLEMENT_FAILED)
CUT: Kind = (SOURCE_RULES, EVENT_CUT)
CREDIT_OFFER: Kind = (SOURCE_TRADER, EVENT_CREDIT_OFFER)
CREDIT_REQUEST: Kind = (SOURCE_TRADER, EVENT_CREDIT_REQUEST)
CREDIT_REJECT: Kind = (SOURCE_RULES, EVENT_CREDIT_REJECT)
CREDIT_ACCRUAL: Kind = (SOURCE_RULES, EVENT_CREDIT_ACCRUAL)
CREDIT_COLLATERAL: tuple[Kind, ...] = (
    (SOURCE_RULES, EVENT_CREDIT_COLLATERAL_IN), (SOURCE_RULES, EVENT_CREDIT_COLLATERAL_OUT),
)  # fmt: skip
CREDIT_MOVED: tuple[Kind, ...] = (
    CREDIT_OFFER, CREDIT_REQUEST, CREDIT_REJECT, (SOURCE_RULES, EVENT_CREDIT_OPEN),
    (SOURCE_RULES, EVENT_CREDIT_REPAY), (SOURCE_RULES, EVENT_CREDIT_BAD_DEBT),
)  # fmt: skip
CREDIT_SEIZED: Kind = (SOURCE_RULES, EVENT_CREDIT_LIQUIDATION)
CREDIT_CALLED: Kind = (SOURCE_TRADER, EVENT_CREDIT_LIQUIDATION)
LIQUIDATION = (CREDIT_SEIZED, CREDIT_CALLED)
CREDIT_ACCOUNTS = (*CREDIT_MOVED, *CREDIT_COLLATERAL, *LIQUIDATION)  # rows about one account
WAITS: Kind = (SOURCE_VENUE, EVENT_WAIT)
REQUEST: Kind = (SOURCE_TRADER, EVENT_RFQ_REQUEST)
QUOTE: Kind = (SOURCE_TRADER, EVENT_RFQ_QUOTE)
ACCEPT: Kind = (SOURCE_TRADER, EVENT_RFQ_ACCEPT)  # of a dealer: its last look confirms
DECLINE: Kind = (SOURCE_TRADER, EVENT_RFQ_REJECT)  # a dealer's last look refuses
EXPIRED: Kind = (SOURCE_VENUE, EVENT_RFQ_EXPIRE)
REFUSED: Kind = (SOURCE_VENUE, EVENT_RFQ_REJECT)
KINDS = (
    INTENT, ORDER, REPLACE, CANCEL, ACK, REJECT, CANCELLED, FILL, CLEAR, BOOK, END, NEWS,
    REQUEST, QUOTE, ACCEPT, DECLINE, EXPIRED, REFUSED, WAITS, POSTING, *SETTLEMENTS,
    POLICY_REWARD, POLICY_PENALTY, POLICY_EPOCH, CHAIN_BLOCK, REPORT, FORK, WAITS_FOR_BLOCK,
    CUT, *CREDIT_ACCOUNTS, CREDIT_ACCRUAL,
)  # fmt: skip

NEW_AT_VENUE = (ORDER, REQUEST, QUOTE)
_NEW = (INTENT, *NEW_AT_VENUE)
_CHANGES = (REPLACE, CANCEL, ACCEPT, DECLINE)
_ANSWERS = (ACK, REJECT, CANCELLED, EXPIRED, REFUSED)
_ABOUT_ORDERS = (*_NEW, *_CHANGES, *_ANSWERS, FILL, WAITS, WAITS_FOR_BLOCK)
_POLICIES = (POLICY_REWARD, POLICY_PENALTY, POLICY_EPOCH)

_REFUSALS = {  # of the pool; a name says its code
    code: f"credit_{name}"
    for code, name in LENDING_REASONS["proteus"].items()
    if code != INSUFFICIENT_LIQUIDITY
}
REASON_SPAN = 1_000  # a reason is its code plus this times the event type
REASONS = {
    kind * REASON_SPAN + code: name
    for kind, names in (
        (EVENT_CANCEL, CANCEL_NAMES),
        (EVENT_REJECT, REJECT_NAMES),
        (EVENT_RFQ_REJECT, RFQ_REJECT_NAMES),
        (EVENT_RFQ_EXPIRE, EXPIRE_NAMES),
        (EVENT_SETTLEMENT_FAILED, FAILED_NAMES),
        (EVENT_POLICY_EPOCH, EPOCH_NAMES),
        (EVENT_CREDIT_REJECT, _REFUSALS),
        (EVENT_CUT, {**{code: name for name, code in CODES.items()}, NO_GAS: "no_gas"}),
        (EVENT_END, {**LEDGER_CODES, FAULT_CAPACITY: "capacity"}),
    )
    for code, name in names.items()
}
assert len(set(REASONS.values())) == len(REASONS)  # a name says its code


class Column(NamedTuple):
    """One column of the log."""

    name: str
    field: str  # of ``recorder.Log``
    kinds: tuple[Kind, ...]  # the rows that have it
    unit: str = ""
    names: dict[int, str] | None = None  # of codes, where names are written


COLUMNS = (
    Column("event", "event", KINDS),
    Column("time_ns", "time", KINDS, "ns"),
    Column(
        "source", "source", KINDS,
        names={
            SOURCE_TRADER: "trader", SOURCE_VENUE: "venue", SOURCE_NEWS: "news",
            SOURCE_RULES: "rules",
        },
    ),
    Column("kind", "kind", KINDS, names=EVENT_NAMES),
    Column(
        "trader", "trader",
        (*_ABOUT_ORDERS, POLICY_REWARD, POLICY_PENALTY, CUT, *CREDIT_ACCOUNTS),
    ),
    Column("order_id", "order", (*_ABOUT_ORDERS, POSTING)),
    Column("other_id", "other", (REPLACE, FILL, QUOTE, ACCEPT)),
    Column("slot", "slot", (*_NEW, *_CHANGES)),
    Column(
        "side", "side", (*_NEW, REPLACE, ACCEPT, FILL, CLEAR, CUT),
        names={BUY: "buy", SELL: "sell"},
    ),
    Column("price_ticks", "price", (*_NEW, REPLACE, ACCEPT, FILL, CLEAR, BOOK, END, CUT), "ticks"),
    Column(
        "lots", "lots", (*_NEW, REPLACE, ACCEPT, *_ANSWERS, FILL, CLEAR, *SETTLEMENTS, CUT,
         *LIQUIDATION),
        "lots",
    ),
    Column("bid_ticks", "low", (BOOK,), "ticks"),
    Column("ask_ticks", "high", (BOOK,), "ticks"),
    Column("bid_lots", "lots", (BOOK,), "lots"),
    Column("ask_lots", "more", (BOOK,), "lots"),
    Column("low_ticks", "low", (CLEAR,), "ticks"),
    Column("high_ticks", "high", (CLEAR,), "ticks"),
    Column("surplus_lots", "more", (CLEAR,), "lots"),
    Column(
        "value_nano", "value", (*_NEW, REPLACE, NEWS, END, CHAIN_BLOCK, REPORT), "nano-currency"
    ),
    Column("lifetime", "code", _NEW, names={GTC: "gtc", IOC: "ioc", FOK: "fok"}),
    Column(
        "reason", "code",
        (REJECT, CANCELLED, EXPIRED, REFUSED, END, FAILED, POLICY_EPOCH, CUT, CREDIT_REJECT),
        names=REASONS,
    ),
    Column("intent_ns", "intent", _NEW, "ns"),
    Column("reference_half_ticks", "reference", _NEW, "half ticks"),
    Column("cause", "cause", (*_NEW, *_CHANGES, WAITS_FOR_BLOCK)),
    Column("asset", "slot", (POSTING,), names=ASSET_NAMES),
    Column("giver", "trader", (POSTING, *SETTLEMENTS)),
    Column("receiver", "other", (POSTING, *SETTLEMENTS, *LIQUIDATION)),
    Column(
        "amount", "value",
        (POSTING, *SETTLEMENTS, *_POLICIES, *CREDIT_ACCOUNTS, CREDIT_ACCRUAL),
        "nano-currency, or lots",
    ),
    Column(
        "code", "code", (POSTING,), names={code: row.name for code, row in POSTINGS.items()}
    ),
    Column("fill", "more", (POSTING, *SETTLEMENTS)),
    Column("policy", "slot", _POLICIES),
    Column("epoch", "other", _POLICIES),
    Column("score", "more", _POLICIES),
    Column("version", "order", (CHAIN_BLOCK, REPORT, FORK)),
    Column("messages", "lots", (CHAIN_BLOCK,)),
    Column("gas_used", "more", (CHAIN_BLOCK,), "gas"),
    Column("depth", "more", (FORK,), "blocks"),
    Column("tip", "value", (WAITS_FOR_BLOCK,), "nano-currency"),
    Column("tie", "low", (WAITS_FOR_BLOCK,)),
    Column("cash", "more", CREDIT_ACCOUNTS, "nano-currency"),
    Column("collateral", "low", CREDIT_ACCOUNTS, "lots"),
    Column("debt", "high", (*CREDIT_ACCOUNTS, CREDIT_ACCRUAL), "nano-currency"),
    Column("health_factor", "reference", CREDIT_ACCOUNTS, "1e-9"),
    Column("debt_before", "low", (CREDIT_ACCRUAL,), "nano-currency"),
    Column("rate", "price", (CREDIT_ACCRUAL,), "1e-18 a year"),
    Column("index", "intent", (CREDIT_ACCRUAL,), "1e-12"),
)  # fmt: skip
ADDED_IN_5 = (
    "asset", "giver", "receiver", "amount", "code", "fill", "policy", "epoch", "score", "version",
    "messages", "gas_used", "depth", "tip", "tie",
)  # fmt: skip
ADDED_IN_6 = ("cash", "collateral", "debt", "health_factor", "debt_before", "rate", "index")
ADDED_LATER = (*ADDED_IN_5, *ADDED_IN_6)  # what older files do not have
NAMES = tuple(column.name for column in COLUMNS)

_SHIFT = 6  # event types stay below 2**6
_CODES = (max(source for source, _ in KINDS) + 1) << _SHIFT


def _rows_that_have(column: Column) -> NDArray[np.bool_]:
    """Tell for every code of (source, event type) whether its rows have the column."""
    table = np.zeros(_CODES, np.bool_)
    for source, kind in column.kinds:
        table[source << _SHIFT | kind] = True
    return table


_HAS = {column.name: _rows_that_have(column) for column in COLUMNS}


def rows_of(log: Log, lane: int, first: int = 0) -> Rows:
    """Copy the rows of one lane out of a block's log, from number ``first`` on.

    Returns
        Every column of ``COLUMNS``, int64 [n]; ``MISSING`` where a row does not have it.
    """
    fields: Any = log
    end = min(int(log.count[lane]), log.kind.shape[1])
    kinds = log.kind[lane, first:end]
    codes = log.source[lane, first:end] << _SHIFT | kinds
    rows = {}
    for column in COLUMNS:
        values = getattr(fields, column.field)[lane, first:end]
        if column.name == "reason":
            values = np.where(values == MISSING, MISSING, values + REASON_SPAN * kinds)
        rows[column.name] = np.where(_HAS[column.name][codes], values, MISSING)
    return rows


def written(column: Column, number: int) -> str:
    """Write one number of a column as the file does."""
    if number == MISSING:
        return "null"
    return str(number) if column.names is None else column.names.get(number, "unknown")


def is_kind(rows: Rows, kind: Kind) -> NDArray[np.bool_]:
    """Tell which rows are of a kind, bool [N]."""
    return np.asarray((rows["source"] == kind[0]) & (rows["kind"] == kind[1]))
