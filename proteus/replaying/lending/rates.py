"""Fixed-term loans for the door: ``proteus.replay(mechanism="rate_book" | "rate_auction")``.

The kernels of the book, of the batch auction and of loans run on one lane, in plain Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd

from proteus.compiler.arrays import allocate
from proteus.errors import ConfigError
from proteus.market.arithmetic.wide import to_int
from proteus.market.book.book import best_price
from proteus.market.book.codes import BUY, NO_PRICE, SELL
from proteus.market.lending.collateral import Collateral, health_order
from proteus.market.loans.acting import act_loans
from proteus.market.loans.codes import CREDIT_NAMES, MOST_STEPS, REASONS, STATUS
from proteus.market.loans.health import is_healthy, value_of
from proteus.market.loans.state import (
    LoanMarket,
    Loans,
    LoanTerms,
    allocate_events,
    allocate_loans,
    events_of,
)
from proteus.market.loans.state import Message as Told
from proteus.market.mechanisms import clob, fba
from proteus.market.mechanisms.base import Sizes
from proteus.replaying.cells import Messages
from proteus.replaying.lending.door import check_states, make_table, run
from proteus.replaying.lending.messages import RATES, Message, read_messages
from proteus.replaying.lending.proteus_pool import (
    COLLATERAL_TERMS,
    POLICY_TERMS,
    check_collateral,
    make_policy,
)
from proteus.replaying.lending.terms import (
    LARGEST,
    YEAR_S,
    Accounts,
    Choice,
    Terms,
    Whole,
    account_numbers,
    read_terms,
    read_wallets,
)

ASSETS = ("cash_nano", "lots")
LOAN_COLUMNS = (
    "loan", "lender", "borrower", "rate_permille", "principal", "interest", "owed", "start_s",
    "maturity_s", "status",
)  # fmt: skip
EVENT_COLUMNS = (
    "row", "time_s", "kind", "account", "other", "order", "loan", "amount", "rate_permille",
    "debt_before", "debt_after", "reason",
)  # fmt: skip
_SHORT = Accounts(is_all=False)
_LOANS: Terms = {
    "term_s": Whole(1, 2**40),
    "year_s": Whole(1, 2**40, YEAR_S),
    **COLLATERAL_TERMS,
    **POLICY_TERMS,
    "price": Whole(0, LARGEST),
    "short": _SHORT,  # accounts whose lots are short ones
}
TERMS: Mapping[str, Terms] = {
    "rate_book": _LOANS,
    "rate_auction": {
        **_LOANS,
        "interval_s": Whole(1, 2**40),
        "price_rule": Choice(("midpoint", "reference", "lower", "upper", "t7"), "midpoint"),
        "allocation": Choice(
            ("time", "pro_rata", "pro_rata_fifo", "earlier_batches_first"), "earlier_batches_first"
        ),
        "reference_permille": Whole(1, MOST_STEPS, 50),
    },
}


class LentByRate(NamedTuple):
    """What messages to a market of loans did. N messages, A accounts; nano and lots."""

    results: pd.DataFrame  # [N] accepted or why not, and what the action returned
    pool: pd.DataFrame  # a row per state
    accounts: pd.DataFrame  # a row per state and account
    loans: pd.DataFrame  # a row per loan, as it is at the end
    events: pd.DataFrame  # what happened, in its order


def replay(
    messages: Messages,
    mechanism: str,
    *,
    wallets: Mapping[Any, tuple[int, int]] | None = None,
    states: str = "every",
    **terms: Any,
) -> LentByRate:
    """Feed recorded messages to a market of loans; ``docs/credit.md`` lists columns and keywords.

    Parameters
        messages: table in order of ``time_s``. mechanism: rate_book or rate_auction.
        wallets: account names to nano of cash and lots at the start.
        states: after every message, or only the last one.
        terms: keywords of the mechanism.

    Returns
        LentByRate. What is due at the time of a message happens before it, whatever comes of it.

    Raises
        MessageError: a column or row that cannot be read. ConfigError: a keyword.
    """
    check_states(states)
    held = read_wallets(wallets, ASSETS)
    read = read_messages(messages, RATES, {name: number for number, name in enumerate(held)})
    given = read_terms(f"mechanism={mechanism}", TERMS[mechanism], terms)
    orders = sum(message.kind in ("offer", "request") for message in read)
    venue = RateVenue(mechanism, given, held, orders)
    tables = run(venue, read, list(held), states, REASONS)
    return LentByRate(
        *tables, make_table(venue.loans(), LOAN_COLUMNS), make_table(venue.events, EVENT_COLUMNS),
    )  # fmt: skip


def _check(terms: Mapping[str, Any], held: Mapping[Any, tuple[int, int]]) -> None:
    """Check what single keywords do not show."""
    check_collateral(terms)
    lots = sum(amounts[1] for amounts in held.values())
    if lots * terms["payoff"] > LARGEST:
        most = LARGEST // terms["payoff"]
        allowed = f"lots of payoff={terms['payoff']} fit 2**63 nano up to {most} together"
        raise ConfigError(f"wallets is not allowed: all hold {lots} lots; {allowed}")


class RateVenue:
    """One lane of a market of loans."""

    def __init__(
        self, mechanism: str, terms: Mapping[str, Any], held: Mapping[Any, tuple[int, int]],
        orders: int,
    ) -> None:  # fmt: skip
        _check(terms, held)
        self.names: list[Any] = list(held)
        self.slots: int = max(orders, 1)
        self.terms: LoanTerms = LoanTerms(
            terms["term_s"], terms["year_s"],
            Collateral(*(terms[name] for name in Collateral._fields)), make_policy(terms),
        )  # fmt: skip
        self.mechanism: Any = _mechanism(mechanism, terms, self.slots)
        reference = terms.get("reference_permille", 1)
        self.state: LoanMarket = allocate_loans(1, self.slots, self.slots, len(held), reference)
        self.state.price[:] = terms["price"]
        self.state.accounts.wallet[0] = [*held.values()]
        numbers = {name: number for number, name in enumerate(held)}
        short = account_numbers("short", terms["short"], _SHORT, numbers)
        self.state.accounts.is_short[0, short] = True
        self.events: list[dict[str, Any]] = []

    def act(self, message: Message) -> int:
        """Do one message: ACCEPTED or a refusal."""
        self._make_room()
        number = message.row if message.kind in ("offer", "request") else message.order
        if message.kind == "repay":
            number = message.loan
        numbers = (
            message.time_s, message.action, message.agent, message.amount, message.rate_permille,
            message.expires_s, number, message.borrower,
        )  # fmt: skip
        told = Told(*(cast("int", np.int64(each)) for each in numbers))
        refusal = int(act_loans(self.terms, self.mechanism, self.state, 0, told))
        self._read_events(message.row)
        return refusal

    def _make_room(self) -> None:
        """See that the loans of one message fit: each ends an order, or a part of one."""
        loans, count = self.state.loans, int(self.state.loans.count[0])
        rows = loans.owed.shape[1]
        if rows - count > self.state.placed.used[0]:
            return
        larger = allocate(Loans, L=1, N=2 * rows + 1)
        for old, new in zip(loans, larger, strict=True):
            new[..., : old.shape[-1]] = old
        events = allocate_events(1, events_of(self.slots, 2 * rows + 1))
        self.state = self.state._replace(loans=larger, events=events)

    def _read_events(self, row: int) -> None:
        """Move what happened out of the log."""
        events = self.state.events
        count = int(events.count[0])
        assert count <= events.capacity
        for at in range(count):
            about = {
                name: int(getattr(events, name)[0, at])
                for name in ("account", "other", "order", "loan", "amount", "rate")
            }
            reason = int(events.reason[0, at])
            self.events.append({
                "row": row,
                "time_s": int(events.time[0, at]),
                "kind": CREDIT_NAMES[int(events.kind[0, at])],
                "account": self._name(about["account"]),
                "other": self._name(about["other"]),
                "order": _number(about["order"]),
                "loan": _number(about["loan"]),
                "amount": about["amount"],
                "rate_permille": about["rate"],
                "debt_before": int(events.before[0, at]),
                "debt_after": int(events.after[0, at]),
                "reason": REASONS[reason] if reason else None,
            })  # fmt: skip
        events.count[0] = 0

    def _name(self, account: int) -> Any:
        return self.names[account] if account >= 0 else None

    def result(self) -> tuple[int, int]:
        """Return what the last message returned."""
        return int(self.state.result[0, 0]), int(self.state.result[0, 1])

    def pool(self, time_s: int) -> list[dict[str, Any]]:
        """Return the totals of the market, and the best rates that are open."""
        state = self.state
        row = {
            "offered": int(state.accounts.offered.sum()),
            "lent": int(state.accounts.debt.sum()),
            "overdue": int(state.accounts.overdue.sum()),
            "treasury": int(state.treasury[0]),
            "bad_debt": int(state.bad_debt[0]),
            "loans": int(state.loans.count[0]),
            "rate_permille": int(state.rate[0]),
            "clears": int(state.market.clears[0]),
            "price": int(state.price[0]),
        }
        for name, side in (("best_offer_permille", SELL), ("best_request_permille", BUY)):
            rate = int(best_price(state.market.book, 0, 0, side))
            row[name] = 0 if rate == NO_PRICE else rate
        return [row]

    def accounts(self, time_s: int) -> list[dict[str, Any]]:
        """Return each account; a health factor, in 1e9, of None: nothing is owed."""
        state, accounts, rows = self.state, self.state.accounts, []
        for number in range(len(self.names)):
            held, debt = accounts.pledged[0, number], accounts.debt[0, number]
            value = value_of(self.terms, state, 0, number)
            health = None
            if debt > 0:
                health = to_int(health_order(self.terms.collateral, held, value, debt))
            rows.append({
                "cash": int(accounts.wallet[0, number, 0]),
                "lots": int(accounts.wallet[0, number, 1]),
                "offered": int(accounts.offered[0, number]),
                "claims": int(accounts.claims[0, number]),
                "collateral": int(held),
                "debt": int(debt),
                "reserved": int(accounts.reserved[0, number]),
                "overdue": int(accounts.overdue[0, number]),
                "health_factor": health,
                "is_healthy": bool(is_healthy(self.terms, state, 0, number, held)),
                "seized_long": int(accounts.seized[0, number, 0]),
                "seized_short": int(accounts.seized[0, number, 1]),
            })  # fmt: skip
        return rows

    def loans(self) -> list[dict[str, Any]]:
        """Return each loan as it is now."""
        loans = self.state.loans
        return [
            {
                "loan": number,
                "lender": self.names[loans.lender[0, number]],
                "borrower": self.names[loans.borrower[0, number]],
                "rate_permille": int(loans.rate[0, number]),
                "principal": int(loans.principal[0, number]),
                "interest": int(loans.interest[0, number]),
                "owed": int(loans.owed[0, number]),
                "start_s": int(loans.start[0, number]),
                "maturity_s": int(loans.maturity[0, number]),
                "status": STATUS[int(loans.status[0, number])],
            }
            for number in range(int(loans.count[0]))
        ]


def _number(value: int) -> int | None:
    return value if value >= 0 else None


def _mechanism(name: str, terms: Mapping[str, Any], slots: int) -> Any:
    """Build the order book, or the batch auction, that lends."""
    if name == "rate_book":
        sizes = Sizes(1, slots, 1, False, 0)
        return clob.make(clob.ClobConfig(name="clob", allocation="time", self_trade="none"), sizes)
    config = fba.FbaConfig(
        name="fba", price_rule=terms["price_rule"], allocation=terms["allocation"],
        self_trade="none", random_close=0.0,
    )  # fmt: skip
    return fba.make(config, Sizes(1, slots, 1, False, terms["interval_s"]))
