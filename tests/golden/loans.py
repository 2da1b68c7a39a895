"""Edge cases of lending, told to the pool and to both markets of loans: ``lending/*.golden``.

A file of ``lending/`` starts with lines ``# what it shows``, then ``rule: words`` that stand in
docs/credit.md, perhaps ``terms: key=value ...`` (of a pool alone: ``pool:``), and a table of who
does what:

    lend      supply to the pool; an offer at a rate, good until a time (inclusive)
    borrow    borrow from the pool; a request at a rate, good until a time
    undo      of a lender: withdraw the amount; of an order: cancel that of a line, counted from 0
    repay, pledge, release, liquidate, price, wait

Amounts are currency, of pledge, release and liquidate lots; a price is currency. ``-`` is nothing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import proteus

FOLDER = Path(__file__).with_name("lending")
MECHANISMS = ("pool", "rate_book", "rate_auction")
COLUMNS = ["at_s", "who", "does", "amount", "rate", "until_s", "about"]
NANO, WAD = 10**9, 10**18
WALLETS = {"lena": (1_000 * NANO, 0), "luis": (1_000 * NANO, 0), "bea": (10 * NANO, 1_000),
           "ben": (10 * NANO, 1_000), "shark": (1_000 * NANO, 0)}  # fmt: skip
TERMS: dict[str, dict[str, Any]] = {
    "pool": {"curve": "fixed", "base": WAD // 10, "accrue_s": 100, "reserve_factor": 0},
    "rate_book": {"term_s": 100},
    "rate_auction": {"term_s": 100, "interval_s": 10},
}
KINDS = {"lend": ("supply", "offer"), "borrow": ("borrow", "request"), "repay": ("repay",) * 2,
         "pledge": ("add_collateral",) * 2, "release": ("withdraw_collateral",) * 2,
         "liquidate": ("liquidate",) * 2, "undo": ("withdraw", "cancel"),
         "price": ("price",) * 2, "wait": ("accrue",) * 2}  # fmt: skip


def names() -> list[str]:
    """The scenarios there are."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def golden_path(name: str, mechanism: str) -> Path:
    """Where the outcome of a scenario is kept."""
    return FOLDER / f"{name}.{mechanism}.golden"


def read_story(name: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What stands above the table of a scenario, by its key, and the rows of the table."""
    lines = [line for line in (FOLDER / f"{name}.txt").read_text().splitlines() if line.strip()]
    head = next(at for at, line in enumerate(lines) if line.split() == COLUMNS)
    keys = dict(line.split(": ", 1) for line in lines[:head] if not line.startswith("#"))
    rows = [dict(zip(COLUMNS, line.split(), strict=True)) for line in lines[head + 1 :]]
    return keys, rows


def told(name: str, mechanism: str) -> list[str]:
    """What every message does under a mechanism, and who has what in the end."""
    rows = read_story(name)[1]
    lent = played(name, mechanism)
    tables = [lent.results, lent.accounts[lent.accounts["row"] == len(rows) - 1]]
    tables.append(lent.pool.iloc[-1:])
    if mechanism != "pool":
        tables += [lent.loans, lent.events]
    return [line for table in tables for line in [*_lines(table), ""]]


@cache
def played(name: str, mechanism: str) -> Any:
    """What a mechanism makes of a scenario."""
    keys, rows = read_story(name)
    said = keys.get("terms", "") + (f" {keys.get('pool', '')}" if mechanism == "pool" else "")
    terms = {**TERMS[mechanism], **dict(map(_term, said.split()))}
    return proteus.replay(  # type: ignore[call-overload]
        [message(row, mechanism) for row in rows], mechanism=mechanism, wallets=WALLETS,
        price=NANO // 2, year_s=1_000, **terms,
    )  # fmt: skip


def _term(word: str) -> tuple[str, Any]:
    key, _, value = word.partition("=")
    return key, int(value) if value.isdecimal() else value


def message(row: dict[str, str], mechanism: str) -> dict[str, Any]:
    """A row of a scenario, as a mechanism takes it."""
    is_pool, does = mechanism == "pool", row["does"]
    told: dict[str, Any] = {"time_s": int(row["at_s"]), "kind": KINDS[does][not is_pool]}
    if does == "price":
        return {**told, "price": _nano(row["amount"])}
    if does == "wait":
        return told
    told["agent"] = row["who"]
    if does == "undo" and not is_pool:
        return {**told, "order": int(row["about"])}
    if row["amount"] == "all":
        told["all"] = True
    elif row["amount"] != "-":
        is_lots = does in ("pledge", "release", "liquidate")
        told["amount"] = int(row["amount"]) if is_lots else _nano(row["amount"])
    if does == "liquidate":
        told["borrower"] = row["about"]
    if not is_pool and does in ("lend", "borrow"):
        told["rate_permille"] = _nano(row["rate"]) // 10**6
        if row["until_s"] != "-":
            told["expires_s"] = int(row["until_s"])
    if not is_pool and does == "repay" and row["about"] != "-":
        told["loan"] = int(row["about"])
    return told


def _nano(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * NANO + int(part.ljust(9, "0")) if part else int(whole) * NANO


def _lines(table: pd.DataFrame) -> list[str]:
    """A table as text."""
    return [line.rstrip() for line in table.to_string(index=False, na_rep="-").splitlines()]


def broken(name: str, mechanism: str) -> dict[str, str]:
    """What does not hold in some state of a scenario, by the class of the invariant.

    conserved: cash is only moved. balanced: what is owed is what others are owed. placed: every
    lot is somewhere once.
    """
    lent, found = played(name, mechanism), {}
    cash, lots = (sum(wallet[at] for wallet in WALLETS.values()) for at in (0, 1))
    pools = lent.pool.set_index("row")
    for row, accounts in lent.accounts.groupby("row"):
        pool, total = pools.loc[row], accounts.select_dtypes("number").sum()
        if mechanism == "pool":
            held, owed = total["cash"] + pool["cash"], pool["cash"] + pool["borrow_assets"]
            due = pool["supply_assets"] + pool["treasury"]
        else:
            held = total["cash"] + total["offered"] + pool["treasury"]
            owed, due = total["debt"], total["claims"]
        placed = total["lots"] + total["collateral"] + total["seized_long"]
        for law, left, right in (
            ("conserved", held, cash), ("balanced", owed, due), ("placed", placed, lots),
        ):  # fmt: skip
            if left != right:
                found.setdefault(law, f"{left} is not {right} after row {row}")
    return found
