"""``ledger.parquet``: every entry of a recorded lane, from the rows of its log.

A fill is two entries, contracts one way and cash the other; what rules move has a row of its own;
at the end every account gives its contracts to the issuer, who pays X for each. Entries of nothing
are left out. Per asset all balances sum to zero after every entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from proteus.market.book.codes import BUY
from proteus.market.events.log import MISSING
from proteus.market.ledger.accounts import (
    ACCOUNT_NAMES,
    AFTER_LAST,
    ASSET_NAMES,
    CASH,
    CONTRACT,
    ISSUER,
)
from proteus.market.ledger.codes import FILL, PAYOFF, POSTINGS
from proteus.recording.columns import END, POSTING, is_kind
from proteus.recording.columns import FILL as FILL_ROW
from proteus.recording.tables import CELL, SEED, owners
from proteus.results.outcome import Rows

_NAME = pa.dictionary(pa.int16(), pa.string())
_COLUMNS = ("cause", "time_ns", "code", "asset", "giver", "receiver", "amount")
LEDGER_FIELDS = (
    pa.field(CELL, pa.int64()),
    pa.field(SEED, pa.int64()),
    pa.field("cause", pa.int64()),
    pa.field("time_ns", pa.int64(), metadata={"units": "ns"}),
    pa.field("code", _NAME),
    pa.field("asset", _NAME),
    pa.field("giver", _NAME),
    pa.field("receiver", _NAME),
    pa.field("amount", pa.int64(), metadata={"units": "nano-currency, or lots"}),
)


class Accounts(NamedTuple):
    """Who a lane's entries are between: the names of its traders, and its price step in nano."""

    traders: Sequence[str]
    tick_nano: int

    @property
    def names(self) -> list[str]:
        """Return the name of every account by its number."""
        return [*self.traders, *ACCOUNT_NAMES.values()]

    @property
    def issuer(self) -> int:
        """Return the number of the issuer."""
        return len(self.traders) + ISSUER


def entries_of(rows: Rows, accounts: Accounts) -> dict[str, NDArray[np.int64]]:
    """Return the entries of one lane in their order.

    Parameters
        rows: every column of its log, int64 [n].

    Returns
        cause, time_ns, code, asset, giver, receiver, amount: int64 [entries].
    """
    at, parts = np.arange(len(rows["kind"])), []
    for mask, made in (
        (is_kind(rows, FILL_ROW), _of_fills(rows, accounts)),
        (is_kind(rows, POSTING), [_of_postings(rows)]),
    ):
        parts += [{"row": at[mask], **entry} for entry in made]
    moved = _joined(parts)
    return _joined([moved, _of_the_end(rows, accounts, moved)], without="row")


def _of_fills(rows: Rows, accounts: Accounts) -> list[dict[str, NDArray[np.int64]]]:
    fills = {name: values[is_kind(rows, FILL_ROW)] for name, values in rows.items()}
    owner, buys = owners(rows), fills["side"] == BUY
    earlier, later = (owner[fills[name]] for name in ("order_id", "other_id"))
    buyer, seller = np.where(buys, earlier, later), np.where(buys, later, earlier)
    common = {"cause": fills["event"], "time_ns": fills["time_ns"], "code": _all(FILL, buyer)}
    cash = fills["price_ticks"] * accounts.tick_nano * fills["lots"]
    contracts = {"asset": _all(CONTRACT, buyer), "giver": seller, "receiver": buyer}
    paid = {"asset": _all(CASH, buyer), "giver": buyer, "receiver": seller}
    return [{**common, **contracts, "amount": fills["lots"]}, {**common, **paid, "amount": cash}]


def _of_postings(rows: Rows) -> dict[str, NDArray[np.int64]]:
    made = {name: values[is_kind(rows, POSTING)] for name, values in rows.items()}
    return {"cause": made["event"], **{name: made[name] for name in _COLUMNS if name != "cause"}}


def _of_the_end(
    rows: Rows, accounts: Accounts, moved: dict[str, NDArray[np.int64]]
) -> dict[str, NDArray[np.int64]]:
    """Redeem what every account but the issuer holds; a lane that was stopped pays nothing."""
    end = np.flatnonzero(is_kind(rows, END))[-1:]
    held = np.zeros(len(accounts.names), np.int64)
    contracts = moved["asset"] == CONTRACT
    np.add.at(held, moved["receiver"][contracts], moved["amount"][contracts])
    np.subtract.at(held, moved["giver"][contracts], moved["amount"][contracts])
    held[accounts.issuer] = 0
    if not len(end) or rows["reason"][end[0]] != MISSING:
        held[:] = 0
    holders = np.flatnonzero(held)
    payoff = rows["price_ticks"][end[0]] * accounts.tick_nano if len(holders) else 0
    issuer = _all(accounts.issuer, holders)
    common = {
        "row": _all(len(rows["kind"]), holders), "cause": _all(AFTER_LAST, holders),
        "time_ns": _all(rows["time_ns"][end[0]] if len(end) else 0, holders),
        "code": _all(PAYOFF, holders),
    }  # fmt: skip
    lots, cash = held[holders], held[holders] * payoff
    given = {"asset": _all(CONTRACT, holders), "giver": holders, "receiver": issuer}
    paid = {"asset": _all(CASH, holders), "giver": issuer, "receiver": holders}
    redeemed = [{**common, **given, "amount": lots}, {**common, **paid, "amount": cash}]
    return _joined(redeemed)


def _all(number: int, like: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.full(len(like), number, np.int64)


def _joined(
    parts: Sequence[dict[str, NDArray[np.int64]]], without: str = ""
) -> dict[str, NDArray[np.int64]]:
    """Put entries after each other in the order of their rows; those of nothing are left out."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(joined["row"], kind="stable")
    order = order[joined["amount"][order] != 0]
    return {name: values[order] for name, values in joined.items() if name != without}


def ledger_table(
    schema: pa.Schema, cell: int, seed: int, rows: Rows, accounts: Accounts
) -> pa.Table:
    """Return the entries of one lane as they are written.

    Parameters
        cell, seed: numbers of the lane. rows: every column of its log, int64 [n].
    """
    entries = entries_of(rows, accounts)
    names = {
        "code": {code: posting.name for code, posting in POSTINGS.items()},
        "asset": ASSET_NAMES,
        "giver": dict(enumerate(accounts.names)),
        "receiver": dict(enumerate(accounts.names)),
    }
    arrays = [pa.array(_all(number, entries["cause"])) for number in (cell, seed)]
    for name in _COLUMNS:
        if name not in names:
            arrays.append(pa.array(entries[name]))
            continue
        indices = pa.array(entries[name].astype(np.int16))  # codes are numbered from 0
        arrays.append(pa.DictionaryArray.from_arrays(indices, [*names[name].values()]))
    return pa.table(arrays, schema=schema)
