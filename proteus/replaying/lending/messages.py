"""Tables of lending messages as rows that are checked, nothing of which is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from proteus.errors import MessageError
from proteus.market.lending.codes import ACTIONS, ALL, ASSETS, NOBODY
from proteus.market.loans.codes import ACTIONS as LOAN_ACTIONS
from proteus.market.loans.codes import MOST_STEPS, NO_NUMBER
from proteus.market.mechanisms.interface import NEVER
from proteus.replaying.cells import Messages, Table, read_table
from proteus.replaying.rows import is_given, read_integers, refused

COLUMNS = (
    "time_s", "kind", "agent", "asset", "amount", "shares", "all", "borrower", "takes_claims",
    "price", "fee",
)  # fmt: skip
RATES = "rates"  # the rules of both markets of loans
_COLUMNS_OF_RATES = (
    "time_s", "kind", "agent", "amount", "rate_permille", "expires_s", "order", "loan", "all",
    "borrower", "price",
)  # fmt: skip
_EVERY = tuple(dict.fromkeys((*COLUMNS, *_COLUMNS_OF_RATES)))
_KINDS = {**ACTIONS, RATES: LOAN_ACTIONS}
_NUMBERS = {  # what absent ones are
    "time_s": 0, "amount": 0, "shares": 0, "price": 0, "fee": 0, "rate_permille": 0,
    "expires_s": NEVER, "order": NO_NUMBER, "loan": NO_NUMBER,
}  # fmt: skip
NEEDED, MAY = 0, 1
# What a message of each kind may say besides its time, kind and agent.
_AMOUNT = {"amount": MAY, "shares": MAY}
_WHOLE = {"asset": NEEDED, "amount": MAY, "all": MAY}
_SAYS: dict[str, dict[str, dict[str, int]]] = {
    "morpho": {
        "supply": _AMOUNT, "withdraw": _AMOUNT, "borrow": _AMOUNT, "repay": _AMOUNT,
        "add_collateral": {"amount": NEEDED}, "withdraw_collateral": {"amount": NEEDED},
        "liquidate": {"borrower": NEEDED, **_AMOUNT}, "price": {"price": NEEDED}, "accrue": {},
        "set_fee": {"fee": NEEDED},
    },
    "compound": {
        "mint": _WHOLE, "redeem": {"asset": NEEDED, "shares": MAY, "all": MAY},
        "redeem_underlying": _WHOLE, "borrow": _WHOLE, "repay": _WHOLE,
        "liquidate": {"borrower": NEEDED, "amount": MAY, "all": MAY},
        "heal": {"borrower": NEEDED}, "price": {"asset": NEEDED, "price": NEEDED},
        "accrue": {"asset": NEEDED},
    },
    "aave": {
        "supply": _WHOLE, "withdraw": _WHOLE, "borrow": _WHOLE, "repay": _WHOLE,
        "liquidate": {"borrower": NEEDED, "amount": MAY, "all": MAY, "takes_claims": MAY},
        "price": {"asset": NEEDED, "price": NEEDED}, "mint_to_treasury": {},
    },
}  # fmt: skip
_SAYS["proteus"] = {
    "supply": {"amount": NEEDED}, "withdraw": {**_AMOUNT, "all": MAY}, "borrow": {"amount": NEEDED},
    "repay": {**_AMOUNT, "all": MAY}, "add_collateral": {"amount": NEEDED},
    "withdraw_collateral": {"amount": NEEDED}, "liquidate": {"borrower": NEEDED, "amount": NEEDED},
    "price": {"price": NEEDED}, "accrue": {},
}  # fmt: skip
_ORDER = {"amount": NEEDED, "rate_permille": NEEDED, "expires_s": MAY}
_SAYS[RATES] = {
    "offer": _ORDER, "request": _ORDER, "cancel": {"order": NEEDED},
    "repay": {"amount": MAY, "all": MAY, "loan": MAY}, "add_collateral": {"amount": NEEDED},
    "withdraw_collateral": {"amount": NEEDED}, "liquidate": {"borrower": NEEDED, "amount": NEEDED},
    "price": {"price": NEEDED}, "accrue": {},
}  # fmt: skip
_OF_NOBODY = ("price", "accrue", "set_fee", "mint_to_treasury")
LATEST_S = 2**40


class Message(NamedTuple):
    """A message as the kernels take it."""

    row: int  # of the table
    time_s: int
    kind: str
    action: int  # codes.*
    agent: int  # account, or NOBODY
    asset: int
    amount: int  # of assets, of collateral, a price or a fee; or ALL
    shares: int
    borrower: int  # account, or NOBODY
    takes_claims: bool
    rate_permille: int  # a year
    expires_s: int  # or NEVER
    order: int  # row of an offer or request, or NO_NUMBER
    loan: int  # or NO_NUMBER


def read_messages(messages: Messages, rules: str, accounts: Mapping[Any, int]) -> list[Message]:
    """Read a table of messages, in its order, which must be that of time.

    Raises
        MessageError: the column and the row of what cannot be read, is missing, or says nothing.
    """
    table = read_table(messages, _COLUMNS_OF_RATES if rules == RATES else COLUMNS)
    if table.rows and "kind" not in table.columns:
        raise MessageError("column kind is missing")
    numbers = {
        name: read_integers(table, name, absent).tolist() for name, absent in _NUMBERS.items()
    }
    given = {name: is_given(table, name) for name in _EVERY}
    read, last = [], 0
    for row in range(table.rows):
        message = _read(table, rules, accounts, row, numbers, given)
        if message.time_s < last:
            raise refused("time_s", message.time_s, row, f"the row before it is at {last}")
        last = message.time_s
        read.append(message)
    return read


def _read(
    table: Table,
    rules: str,
    accounts: Mapping[Any, int],
    row: int,
    numbers: Mapping[str, list[int]],
    given: Mapping[str, Any],
) -> Message:
    kinds = _KINDS[rules]
    kind = _cell(table, "kind", row)
    if kind not in kinds:
        raise refused("kind", kind, row, f"must be {', '.join(kinds)}")
    says = _SAYS[rules][kind]
    needs = {"kind", "time_s", "agent"} - ({"agent"} if kind in _OF_NOBODY else set())
    for name in _EVERY:
        is_needed = name in needs or says.get(name) == NEEDED
        if given[name][row] and not (name in needs or name in says):
            raise refused(name, _cell(table, name, row), row, f"{kind} must leave it empty")
        if is_needed and not given[name][row] and name != "time_s":
            raise MessageError(f"{name} in row {row} is missing: {kind} needs it")
    for name, values in numbers.items():
        is_wrong = values[row] < 0 and given[name][row]
        if is_wrong or (name == "time_s" and values[row] > LATEST_S):
            most = f" .. {LATEST_S}" if name == "time_s" else " or more"
            raise refused(name, values[row], row, f"must be 0{most}")
    rate = numbers["rate_permille"][row]
    if given["rate_permille"][row] and not 1 <= rate <= MOST_STEPS:
        raise refused("rate_permille", rate, row, f"must be 1 .. {MOST_STEPS}")
    is_all = _flag(table, "all", row, given)
    if is_all and (given["amount"][row] or given["shares"][row]):
        raise refused("all", True, row, "amount and shares must then be empty")
    amount = numbers["price" if kind == "price" else "fee" if kind == "set_fee" else "amount"][row]
    return Message(
        row, numbers["time_s"][row], kind, kinds[kind],
        _account(table, "agent", row, accounts) if given["agent"][row] else NOBODY,
        _asset(table, row) if given["asset"][row] else ASSETS.index("D"),
        ALL if is_all else amount, ALL if is_all else numbers["shares"][row],
        _account(table, "borrower", row, accounts) if given["borrower"][row] else NOBODY,
        _flag(table, "takes_claims", row, given),
        *(numbers[name][row] for name in ("rate_permille", "expires_s", "order", "loan")),
    )  # fmt: skip


def _cell(table: Table, name: str, row: int) -> Any:
    column = table.columns.get(name)
    return None if column is None else column.cell(row)


def _account(table: Table, name: str, row: int, accounts: Mapping[Any, int]) -> int:
    who = _cell(table, name, row)
    if who not in accounts:
        raise refused(name, who, row, "must be an account of wallets")
    return accounts[who]


def _asset(table: Table, row: int) -> int:
    asset = _cell(table, "asset", row)
    if asset not in ASSETS:
        raise refused("asset", asset, row, f"must be {', '.join(ASSETS)}")
    return ASSETS.index(asset)


def _flag(table: Table, name: str, row: int, given: Mapping[str, Any]) -> bool:
    if not given[name][row]:
        return False
    value = _cell(table, name, row)
    if not isinstance(value, (bool, np.bool_)):
        raise refused(name, value, row, "must be True, False")
    return bool(value)
