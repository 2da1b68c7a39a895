"""A pool of cash that is lent against lots, in fractions: MODEL2 K1, K2, K4 and K5."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from tests.reference.draws import ns

NANO = 10**9  # in currency, and what a contract pays
ONE = 10**18  # rates and shares are whole numbers of it
LARGEST = 2**63 - 1
VIRTUAL_SHARES, VIRTUAL_NANO = 1_000, 1  # so that the first share has a price


class RefusedError(Exception):
    """An action that is refused; then nothing has changed. Its word is the reason."""


@dataclass
class Account:
    """The position of a trader in the pool."""

    supplied: int = 0  # shares
    borrowed: int = 0  # shares
    lots: int = 0  # pledged
    is_short: bool = False  # those are short ones


class Sale(NamedTuple):
    """What a liquidation moves."""

    lots: int
    price: int  # that the liquidator pays for them, nano
    repaid: int  # of that, the rest is the owner's
    fee: int  # that it pays the treasury
    lost: int  # debt that is left without collateral
    borne: int  # of that, by the treasury; the rest by lenders


class Pool:
    """Totals of cash and shares are the truth; amounts are nano."""

    def __init__(self, rules: Any, tick_nano: int, traders: int) -> None:
        self.rules, self.tick_nano = rules, tick_nano
        self.grid_ns, self.year_ns = ns(rules.accrue_ms), ns(1000 * rules.year_s)
        self.accounts = [Account() for _ in range(traders)]
        self.cash = self.debt = self.supply = self.treasury = 0
        self.debt_shares = self.supply_shares = 0
        self.accrued_ns = self.interest = self.bad_debt = 0
        self.price = 0
        self.rest = Fraction(0)  # of interest, below a nano
        self.rate = self.rate_now()

    # --- interest ---------------------------------------------------------------------------------

    def rate_now(self) -> int:
        """The rate a year by the utilisation; each step is rounded down."""
        rules, used = self.rules, 0
        if rules.curve == "fixed":
            return of_one(rules.base)
        if self.debt:
            used = self.debt * ONE // (self.cash + self.debt)
        base, first, second, kink = (
            of_one(each) for each in (rules.base, rules.slope_1, rules.slope_2, rules.kink)
        )
        if used <= kink:
            return base + first * used // (kink if rules.normalised else ONE)
        low = first if rules.normalised else first * kink // ONE
        return base + low + second * (used - kink) // (ONE - kink if rules.normalised else ONE)

    def accrue(self, time_ns: int) -> None:
        """Charge the interest of all steps of the grid that are over."""
        while self.accrued_ns + self.grid_ns <= time_ns:
            whole = self.debt * self.growth() + self.rest
            interest = floor(whole)
            self.rest = whole - interest
            fee = interest * of_one(self.rules.reserve_factor) // ONE
            self.debt += interest
            self.supply += interest - fee
            self.treasury += fee
            self.interest += interest
            self.accrued_ns += self.grid_ns
            self.rate = self.rate_now()

    def growth(self) -> Fraction:
        """What a debt grows by in one step."""
        if self.rules.accrual == "simple":
            return Fraction(self.rate * self.grid_ns, self.year_ns * ONE)
        x = self.rate * self.grid_ns // self.year_ns
        if self.rules.accrual == "compound_taylor3":
            second = x * x // (2 * ONE)
            return Fraction(x + second + second * x // (3 * ONE), ONE)
        with localcontext(prec=60):
            return Fraction(int(((Decimal(x) / ONE).exp() - 1) * ONE), ONE)

    # --- claims and debts -------------------------------------------------------------------------

    def share_of_supply(self, nano: int) -> Fraction:
        """How many shares an amount of the supply is."""
        return Fraction(
            nano * (self.supply_shares + VIRTUAL_SHARES), self.supply + VIRTUAL_NANO
        )  # fmt: skip

    def share_of_debt(self, nano: int) -> Fraction:
        """How many shares an amount of the debt is."""
        return Fraction(nano * (self.debt_shares + VIRTUAL_SHARES), self.debt + VIRTUAL_NANO)

    def claim(self, trader: int) -> int:
        """What the claims of an account are worth, rounded down."""
        per_share = Fraction(self.supply + VIRTUAL_NANO, self.supply_shares + VIRTUAL_SHARES)
        return floor(self.accounts[trader].supplied * per_share)

    def owed(self, trader: int) -> int:
        """What an account owes, rounded up; who has the last shares owes all that is left."""
        shares = self.accounts[trader].borrowed
        if shares == self.debt_shares:
            return self.debt
        per_share = Fraction(self.debt + VIRTUAL_NANO, self.debt_shares + VIRTUAL_SHARES)
        return min(ceil(shares * per_share), self.debt)

    def supplies(self, trader: int, nano: int, means: int) -> None:
        """Lend an amount to the pool."""
        shares = floor(self.share_of_supply(nano))
        if nano > means:
            raise RefusedError("wallet_short")
        self.cash += nano
        self.supply += nano
        self.supply_shares += shares
        self.accounts[trader].supplied += shares

    def withdraws(self, trader: int) -> int:
        """Pay an account all its claims, if there is the cash; returns what it gets."""
        nano = self.claim(trader)
        if nano == 0 or nano > self.cash - self.treasury:
            return 0
        self.cash -= nano
        self.supply -= nano
        self.supply_shares -= self.accounts[trader].supplied
        self.accounts[trader].supplied = 0
        return nano

    def borrows(self, trader: int, nano: int) -> None:
        """Lend an account an amount, up to its LTV; equal is enough."""
        shares = ceil(self.share_of_debt(nano))
        if nano > self.cash - self.treasury:
            raise RefusedError("pool_short")
        self.lower_debt(trader, -shares, -nano)
        if not self.carries(trader, self.rules.ltv, self.owed(trader)):
            self.lower_debt(trader, shares, nano)
            raise RefusedError("below_ltv")
        self.cash -= nano

    def repays(self, trader: int, nano: int, means: int) -> int:
        """Repay an amount, at most what is owed; returns what was repaid."""
        owed = self.owed(trader)
        nano, shares = min(nano, owed), floor(self.share_of_debt(nano))
        if nano == owed:
            shares = self.accounts[trader].borrowed
        if shares == 0 or owed == 0 or nano > means:
            return 0
        self.cash += nano
        self.lower_debt(trader, shares, nano)
        return nano

    def lower_debt(self, trader: int, shares: int, nano: int) -> None:
        self.accounts[trader].borrowed -= shares
        self.debt_shares -= shares
        self.debt -= nano

    # --- health -----------------------------------------------------------------------------------

    def worth(self, is_short: bool, price: int) -> int:
        """What a lot is worth: inside its range by a tick, a short one the rest of the payoff."""
        inside = min(max(price, self.tick_nano), NANO - self.tick_nano)
        return NANO - inside if is_short else inside

    def carries(self, trader: int, share: float, debt: int) -> bool:
        """Whether a share of what an account has pledged is at least a debt."""
        account = self.accounts[trader]
        value = self.worth(account.is_short, self.price)
        return account.lots * value * Fraction(of_one(share), ONE) >= debt

    def health(self, trader: int, debt: int) -> int | None:
        """The health factor of 1e9, rounded down; none without a debt or a price."""
        if debt <= 0 or self.price <= 0:
            return None
        account = self.accounts[trader]
        value = self.worth(account.is_short, self.price)
        weighted = account.lots * value * Fraction(of_one(self.rules.threshold), ONE)
        return min(floor(NANO * weighted / debt), LARGEST)

    # --- liquidation ------------------------------------------------------------------------------

    def bonus(self, value: int) -> int:
        """What a liquidator gains on a lot, and never so much that the owner's health falls."""
        rules = self.rules
        part = value * of_one(rules.bonus) // ONE
        most = value * ONE // of_one(rules.threshold) - value
        return min(max(part, nano_of(rules.bonus_least)), most, value)

    def most_repaid(self, lots: int, value: int, cost: int, debt: int) -> int:
        """How much of a debt one liquidation may repay, by the policy."""
        rules, share = self.rules, Fraction(of_one(self.rules.threshold), ONE)
        if rules.policy == "close_factor":
            is_near = lots * value * share > debt * Fraction(of_one(rules.close_health), ONE)
            return ceil(debt * Fraction(of_one(rules.close_factor), ONE)) if is_near else debt
        if rules.policy == "target_health":  # (T D - C t) / (T - b t), each for the pool
            target = Fraction(of_one(rules.target), ONE)
            missing = ceil(target * debt) - floor(lots * value * share)
            room = target - Fraction(ceil(of_one(rules.threshold) * Fraction(value, cost)), ONE)
            if room <= 0 or missing < 0:
                return debt
            return min(ceil(missing / room), debt)
        return debt

    def sale(self, held: int, value: int, cost: int, lots: int, most: int) -> tuple[int, int, int]:
        """Lots that go, what is paid for them, and the treasury's part of the bonus."""
        lots = min(lots, held, ceil(Fraction(most, cost)) if cost else held)
        share = Fraction(of_one(self.rules.protocol_share), ONE)
        return lots, lots * cost, floor(lots * (value - cost) * share)

    def liquidates(self, borrower: int, lots: int, means: int | None) -> Sale:
        """Let somebody who has so much cash (None: no end) take lots of an account that fails."""
        account, debt = self.accounts[borrower], self.owed(borrower)
        if lots == 0:
            raise RefusedError("zero_amount")
        if debt == 0 or self.carries(borrower, self.rules.threshold, debt):
            raise RefusedError("healthy")
        value = self.worth(account.is_short, self.price)
        cost = value - self.bonus(value)
        most = self.most_repaid(account.lots, value, cost, debt)
        lots, price, fee = self.sale(account.lots, value, cost, lots, most)
        repaid, left = min(price, most), account.lots - lots
        if means is not None and price + fee > means:
            raise RefusedError("wallet_short")
        least = nano_of(self.rules.dust)
        if repaid < debt and left and min(debt - repaid, left * value) < least:
            raise RefusedError("dust")
        shares = account.borrowed if repaid == debt else floor(self.share_of_debt(repaid))
        self.cash += repaid + fee
        self.treasury += fee
        self.lower_debt(borrower, shares, repaid)
        account.lots = left
        lost, borne = (0, 0) if left or not account.borrowed else self.writes_off(borrower)
        return Sale(lots, price, repaid, fee, lost, borne)

    def writes_off(self, trader: int) -> tuple[int, int]:
        """Lose a debt without collateral: all of it, and what of it the treasury bears."""
        lost = self.owed(trader)
        self.lower_debt(trader, self.accounts[trader].borrowed, lost)
        borne = min(lost, self.treasury)
        self.treasury -= borne
        self.supply -= lost - borne
        self.bad_debt += lost
        return lost, borne


def of_one(number: float) -> int:
    """A decimal number of the configuration in 1e18."""
    return round(Fraction(str(number)) * ONE)


def nano_of(number: float) -> int:
    """Currency in nano."""
    return round(Fraction(str(number)) * NANO)
