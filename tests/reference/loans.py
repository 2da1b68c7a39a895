"""Fixed-term loans by rate, written to be read: K3 and K5 of the model, in fractions and dicts.

Orders meet in the twins of the book and of the batch auction; here a price is a rate, in steps of
0.001 a year, and a lot is a nano. Who borrows buys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, inf
from typing import Any

from tests.reference.auction import Auction
from tests.reference.book import Book
from tests.reference.orders import Message

Row = dict[str, Any]

STEPS = 1_000
N_TICKS = 5_001
WAD = 10**18


@dataclass
class Account:
    """What somebody has, owes and is owed."""

    cash: int
    lots: int
    is_short: bool
    offered: int = 0
    pledged: int = 0
    seized: list[int] = field(default_factory=lambda: [0, 0])


@dataclass
class Order:
    """An open offer or request."""

    agent: Any
    side: str
    limit: int
    left: int
    expires: int | None


@dataclass
class Loan:
    """A loan between two accounts."""

    lender: Any
    borrower: Any
    rate: int
    principal: int
    interest: int
    owed: int
    start: int
    maturity: int
    status: str = "running"


class Clearing(Auction):
    """The batch auction; the most volume trades at some limit, so no other price is tried."""

    def ticks(self) -> list[int]:  # type: ignore[override]
        limits = {order.price_ticks for order in self.open.values()}
        return sorted(price for price in limits if price is not None) or [1]


class Lending:
    """A market of loans."""

    def __init__(self, mechanism: str, terms: Row, wallets: dict[Any, tuple[int, int]]) -> None:
        self.terms = terms
        self.market: Any = Book(N_TICKS, "time", "none")
        self.next_clear = inf
        if mechanism == "rate_auction":
            self.next_clear = terms["interval_s"]
            self.market = Clearing(
                N_TICKS, terms["reference_permille"], terms["interval_s"], terms["price_rule"],
                terms["allocation"], "none",
            )  # fmt: skip
        short = terms.get("short", ())
        self.accounts = {
            name: Account(cash, lots, name in short) for name, (cash, lots) in wallets.items()
        }
        self.loans: list[Loan] = []
        self.maturing: list[Loan] = []
        self.orders: dict[int, Order] = {}  # by arrival
        self.price, self.treasury, self.bad_debt = terms["price"], 0, 0

    # What an account owes, may owe and is owed.

    def debts(self, name: Any) -> list[Loan]:
        """Loans to pay, the first due first."""
        return [loan for loan in self.loans if loan.borrower == name and loan.owed > 0]

    def debt(self, name: Any) -> int:
        return sum(loan.owed for loan in self.debts(name))

    def overdue(self, name: Any) -> int:
        return sum(loan.owed for loan in self.debts(name) if loan.status == "overdue")

    def claims(self, name: Any) -> int:
        return sum(loan.owed for loan in self.loans if loan.lender == name)

    def interest(self, amount: int, rate: int) -> int:
        """The interest of the whole term, rounded up."""
        return ceil(Fraction(amount * rate * self.terms["term_s"], STEPS * self.terms["year_s"]))

    def requests(self, name: Any) -> list[int]:
        """The open requests of an account, the oldest first."""
        return [n for n, each in self.orders.items() if each.agent == name and each.side == "buy"]

    def reserved(self, name: Any) -> int:
        """What open requests may come to owe, each at its own rate."""
        asked = [self.orders[number] for number in self.requests(name)]
        return sum(each.left + self.interest(each.left, each.limit) for each in asked)

    def worth(self, name: Any) -> int:
        """A lot: the price, clipped, or for a short one what is left of the payoff."""
        payoff, tick = self.terms["payoff"], self.terms["tick"]
        clipped = min(max(self.price, tick), payoff - tick)
        return payoff - clipped if self.accounts[name].is_short else clipped

    def carries(self, name: Any, share: str, lots: int, owed: int) -> bool:
        return Fraction(self.terms[share], WAD) * lots * self.worth(name) >= owed

    # Time.

    def advance(self, now: int) -> None:
        """Loans mature, a batch clears, orders expire: in this order at one time, up to now."""
        while True:
            due: list[tuple[float, int]] = [(self.next_clear, 1)]
            due += [(loan.maturity, 0) for loan in self.maturing[:1]]
            due += [
                (each.expires, 2) for each in self.orders.values()
                if each.expires is not None and each.expires < now
            ]  # fmt: skip
            time, what = min(due)
            if time > now:
                break
            if what == 0:
                self.mature(self.maturing.pop(0))
            elif what == 1:
                self.clear(int(time))
            else:
                self.end(next(n for n, each in self.orders.items() if each.expires == time))
        if self.next_clear < inf:
            self.market.batch = now // self.terms["interval_s"] + 1

    def clear(self, time: int) -> None:
        self.cancel_failing()
        self.market.batch = time // self.terms["interval_s"]
        self.market.clear(time)
        self.lend(time)
        self.next_clear += self.terms["interval_s"]

    def mature(self, loan: Loan) -> None:
        """A loan is paid as far as the cash goes; what is left is overdue."""
        if loan.owed == 0:
            return
        self.pay([loan], loan.borrower, min(self.accounts[loan.borrower].cash, loan.owed))
        if loan.owed > 0:
            loan.status = "overdue"

    # Orders.

    def enter(self, number: int, row: Row, side: str) -> tuple[int, int]:
        """An order enters, and what it trades at once is lent."""
        steps, amount, time = row["rate_permille"], row["amount"], row["time_s"]
        self.orders[number] = Order(row["agent"], side, steps, amount, row.get("expires_s"))
        self.market.apply(Message(
            time, "limit", number, row["agent"], side, steps, amount, "gtc", False, None, number
        ))  # fmt: skip
        self.lend(time)
        left = self.orders[number].left if number in self.orders else 0
        return amount - left, left

    def end(self, number: int) -> int:
        """An order ends: what is in escrow for it goes back. Returns what was open of it."""
        order = self.orders.pop(number)
        if order.side == "sell":
            self.accounts[order.agent].offered -= order.left
            self.accounts[order.agent].cash += order.left
        self.market.apply(Message(
            0, "cancel", number, None, None, None, None, None, None, None, None
        ))  # fmt: skip
        return order.left

    def cancel_failing(self) -> None:
        """Requests that the LTV no longer allows end, the newest first."""
        while failing := [name for name in self.accounts if self.fails(name)]:
            self.end(max(self.requests(name)[-1] for name in failing))

    def fails(self, name: Any) -> bool:
        """An account with requests may not owe all that it asks for."""
        owed = self.debt(name) + self.reserved(name)
        pledged = self.accounts[name].pledged
        return bool(self.requests(name)) and not self.carries(name, "ltv", pledged, owed)

    def lend(self, time: int) -> None:
        """Make a loan of each fill: rounded up, and at most what was reserved for its interest."""
        fills, self.market.out.fills = self.market.out.fills, []
        for fill in fills:
            asked, offered = (self.orders[fill[f"{side}_order_id"]] for side in ("buy", "sell"))
            amount, rate = fill["quantity"], fill["price_ticks"]
            kept = self.interest(asked.left - amount, asked.limit)
            freed = self.interest(asked.left, asked.limit) - kept
            interest = min(self.interest(amount, rate), freed)
            for order in (asked, offered):
                order.left -= amount
            self.accounts[offered.agent].offered -= amount
            self.accounts[asked.agent].cash += amount
            loan = Loan(
                offered.agent, asked.agent, rate, amount, interest, amount + interest, time,
                time + self.terms["term_s"],
            )  # fmt: skip
            self.loans.append(loan)
            self.maturing.append(loan)
        self.orders = {number: each for number, each in self.orders.items() if each.left > 0}

    # Money.

    def pay(self, loans: list[Loan], payer: Any, amount: int) -> None:
        """Pay loans in their order, out of a wallet to their lenders."""
        for loan in loans:
            part = min(amount, loan.owed)
            loan.owed -= part
            amount -= part
            self.accounts[payer].cash -= part
            self.accounts[loan.lender].cash += part
            if loan.owed == 0:
                loan.status = "repaid"

    def liquidate(self, row: Row) -> str | tuple[int, int]:
        """Sell lots of an account below a health of 1, or with a loan overdue, at a discount."""
        name, account = row["borrower"], self.accounts[row["borrower"]]
        debt, most, value = self.debt(name), self.overdue(name), self.worth(name)
        is_carried = self.carries(name, "threshold", account.pledged, debt)
        if is_carried and most == 0:
            return "healthy"
        threshold = Fraction(self.terms["threshold"], WAD)
        bonus = min(
            max(floor(value * Fraction(self.terms["bonus"], WAD)), self.terms["bonus_least"]),
            floor(value / threshold) - value, value,
        )  # fmt: skip
        if not is_carried:
            most = max(most, self.most_repaid(account.pledged, value, value - bonus, debt))
        lots = min(row["amount"], account.pledged)
        if value > bonus:
            lots = min(lots, ceil(Fraction(most, value - bonus)))
        price = lots * (value - bonus)
        fee = floor(lots * bonus * Fraction(self.terms["protocol_share"], WAD))
        repaid, liquidator = min(price, most), self.accounts[row["agent"]]
        if price + fee > liquidator.cash:
            return "wallet_short"
        left, kept = debt - repaid, account.pledged - lots
        dust = self.terms["dust"]
        if left > 0 and kept > 0 and (left < dust or kept * value < dust):
            return "dust"
        for number in [n for n, each in self.orders.items() if each.agent == name]:
            self.end(number)
        liquidator.cash -= price - repaid + fee
        account.cash += price - repaid
        self.treasury += fee
        account.pledged -= lots
        liquidator.seized[account.is_short] += lots
        self.pay(self.debts(name), row["agent"], repaid)
        if account.pledged == 0:
            self.write_off(name)
        return lots, repaid

    def most_repaid(self, lots: int, value: int, cost: int, debt: int) -> int:
        """How much the policy lets be repaid of an unhealthy debt."""
        share = {name: Fraction(self.terms[name], WAD)
                 for name in ("threshold", "close_health", "close_factor", "target")}  # fmt: skip
        weighted = share["threshold"] * lots * value
        if self.terms["policy"] == "close_factor" and weighted > share["close_health"] * debt:
            return ceil(debt * share["close_factor"])
        if self.terms["policy"] == "target_health":
            # (T D - C t) / (T - b t), in the units in which the rules round.
            owed, counted = ceil(debt * share["target"]), floor(weighted)
            room = self.terms["target"] - ceil(Fraction(self.terms["threshold"] * value, cost))
            if room > 0 and owed >= counted:
                return min(debt, ceil(Fraction((owed - counted) * WAD, room)))
        return debt

    def write_off(self, name: Any) -> None:
        """What is owed without collateral: the treasury bears it, then each lender."""
        for loan in self.debts(name):
            borne = min(loan.owed, self.treasury)
            self.treasury -= borne
            self.accounts[loan.lender].cash += borne
            self.bad_debt += loan.owed
            loan.owed, loan.status = 0, "written_off"

    # Messages.

    def act(self, number: int, row: Row) -> str | tuple[int, int]:
        """What a message returns, or why it is refused."""
        self.advance(row["time_s"])
        kind, amount = row["kind"], row.get("amount")
        if kind == "price":
            self.price = row["price"]
        if kind in ("price", "accrue"):
            return 0, 0
        account = self.accounts[row["agent"]]
        if kind == "cancel":
            order = self.orders.get(row["order"])
            if order is None or order.agent != row["agent"]:
                return "unknown_order"
            return self.end(row["order"]), 0
        if amount == 0:
            return "zero_amount"
        if kind in ("offer", "request"):
            return self.order(number, row, account)
        if kind == "repay":
            return self.repay(row, account)
        if kind == "liquidate":
            return self.liquidate(row)
        assert amount is not None
        return self.move_collateral(row["agent"], account, amount, kind == "add_collateral")

    def order(self, number: int, row: Row, account: Account) -> str | tuple[int, int]:
        """An offer or a request."""
        if row.get("expires_s") is not None and row["expires_s"] < row["time_s"]:
            return "expired"
        name, amount = row["agent"], row["amount"]
        if row["kind"] == "request":
            more = amount + self.interest(amount, row["rate_permille"])
            owed = self.debt(name) + self.reserved(name) + more
            if owed >= 2**63:
                return "amount_overflow"
            if not self.carries(name, "ltv", account.pledged, owed):
                return "below_ltv"
            return self.enter(number, row, "buy")
        if amount > account.cash:
            return "wallet_short"
        account.cash -= amount
        account.offered += amount
        if self.next_clear == inf:
            self.cancel_failing()
        return self.enter(number, row, "sell")

    def repay(self, row: Row, account: Account) -> str | tuple[int, int]:
        """One loan or the first due; at most what is owed."""
        loans = self.debts(row["agent"])
        if row.get("loan") is not None:
            known = self.loans[row["loan"]] if row["loan"] < len(self.loans) else None
            if known is None or known.borrower != row["agent"]:
                return "unknown_loan"
            loans = [known]
        owed = sum(loan.owed for loan in loans)
        if owed == 0:
            return "repays_nothing"
        amount = owed if row.get("all") else min(row["amount"], owed)
        if amount > account.cash:
            return "wallet_short"
        self.pay(loans, row["agent"], amount)
        return amount, owed - amount

    def move_collateral(
        self, name: Any, account: Account, lots: int, is_in: bool
    ) -> str | tuple[int, int]:
        """Pledge lots, or release them: the rest carries the debt, and with requests the LTV."""
        if is_in:
            if lots > account.lots:
                return "wallet_short"
            lots = -lots
        elif lots > account.pledged:
            return "more_than_held"
        left, debt, reserved = account.pledged - lots, self.debt(name), self.reserved(name)
        if not is_in and not self.carries(name, "threshold", left, debt):
            return "below_ltv"
        if not is_in and reserved and not self.carries(name, "ltv", left, debt + reserved):
            return "below_ltv"
        account.pledged = left
        account.lots += lots
        return abs(lots), 0

    def rows(self) -> list[Row]:
        """Every account, in the columns of the door that are not derived."""
        return [
            {
                "account": name, "cash": each.cash, "lots": each.lots, "offered": each.offered,
                "claims": self.claims(name), "collateral": each.pledged, "debt": self.debt(name),
                "reserved": self.reserved(name), "overdue": self.overdue(name),
                "is_healthy": self.carries(name, "threshold", each.pledged, self.debt(name)),
                "seized_long": each.seized[0], "seized_short": each.seized[1],
            }
            for name, each in self.accounts.items()
        ]  # fmt: skip
