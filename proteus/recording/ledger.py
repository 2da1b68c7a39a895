"""``ledger.parquet``: every entry of a recorded lane, from the rows of its log.

A fill is two entries, contracts one way and cash the other; what rules move has a row of its own;
at the end every account gives its contracts to the issuer, who pays X for each. Entries of nothing
are left out. Per asset all balances sum to zero after every entry.

What an epoch of a policy moves stands before the row of the policy that says for whom, which epoch
and what score; its entries have these too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from proteus.market.ledger.codes import (
    DEFAULT,
    FILL,
    FUND,
    PAYOFF,
    PENALTY,
    POSTINGS,
    REWARD,
    SLASH,
    UNSTAKE,
)
from proteus.recording.columns import (
    END,
    POLICY_EPOCH,
    POLICY_PENALTY,
    POLICY_REWARD,
    POSTING,
    is_kind,
)
from proteus.recording.columns import FILL as FILL_ROW
from proteus.recording.tables import CELL, SEED, owners
from proteus.results.outcome import Rows

_NAME = pa.dictionary(pa.int16(), pa.string())
_COLUMNS = ("cause", "time_ns", "code", "asset", "giver", "receiver", "amount")
_OF_POLICY = ("policy", "epoch", "score")  # of an entry that an epoch of a policy leads to
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
    pa.field("policy", _NAME),
    pa.field("policy_version", _NAME),
    pa.field("epoch", pa.int64()),
    pa.field("score", pa.int64()),
)


class Accounts(NamedTuple):
    """Who a lane's entries are between: the names of its traders, and its price step in nano.

    ``policies`` are the versions of its policies by name, in the order of their numbers.
    """

    traders: Sequence[str]
    tick_nano: int
    policies: Mapping[str, str]

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
        cause, time_ns, code, asset, giver, receiver, amount: int64 [entries]; and policy (number),
        epoch, score, MISSING where no epoch of a policy leads to an entry.
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
    at = np.flatnonzero(is_kind(rows, POSTING))
    made = {name: values[at] for name, values in rows.items()}
    moved = {name: made[name] for name in _COLUMNS if name != "cause"}
    return {"cause": made["event"], **moved, **_policies_of(rows, at)}


def _policies_of(rows: Rows, at: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return what the next row of a policy says of each posting, where it is of that epoch.

    A stake comes back in an epoch if the next entry loses it, and else at the end.
    """
    told = np.flatnonzero(
        is_kind(rows, POLICY_REWARD) | is_kind(rows, POLICY_PENALTY) | is_kind(rows, POLICY_EPOCH)
    )
    found = {name: _all(MISSING, at) for name in _OF_POLICY}
    if not len(told):
        return found
    code = rows["code"][at]
    is_lost = (code == UNSTAKE) & (np.append(code[1:], UNSTAKE) == SLASH)
    next_told = told[np.minimum(np.searchsorted(told, at), len(told) - 1)]
    is_of_epoch = (next_told > at) & (rows["event"][next_told] == rows["event"][at])
    is_of_epoch &= np.isin(code, (FUND, REWARD, PENALTY, DEFAULT, SLASH)) | is_lost
    for name, values in found.items():
        values[is_of_epoch] = rows[name][next_told[is_of_epoch]]
    found["score"][code == FUND] = MISSING  # of nobody
    return found


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
    names = ["row", *_COLUMNS, *_OF_POLICY]
    joined = {
        name: np.concatenate([part.get(name, _all(MISSING, part["cause"])) for part in parts])
        for name in names if name in _OF_POLICY or name in parts[0]
    }  # fmt: skip
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
        else:
            arrays.append(_named(entries[name], [*names[name].values()]))
    policies = entries["policy"]
    arrays += [
        _named(policies, [*texts]) for texts in (accounts.policies, accounts.policies.values())
    ]
    arrays += [_or_null(entries[name]) for name in ("epoch", "score")]
    return pa.table(arrays, schema=schema)


def _named(numbers: NDArray[np.int64], names: list[str]) -> pa.Array:
    """Return names by their numbers, which go from 0; null where there is none."""
    missing = numbers == MISSING
    indices = pa.array(np.where(missing, 0, numbers).astype(np.int16), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def _or_null(numbers: NDArray[np.int64]) -> pa.Array:
    return pa.array(numbers, mask=numbers == MISSING)
