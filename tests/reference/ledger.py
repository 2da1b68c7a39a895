"""Who holds what: every posting has a giver and a receiver."""

from collections import Counter

VENUE, ISSUER = "venue", "issuer"
Account = int | str  # the number of a trader, the venue or the issuer


class Ledger:
    """Cash in nano-currency and contracts in lots."""

    def __init__(self, tick_nano: int) -> None:
        self.tick_nano = tick_nano
        self.cash: Counter[Account] = Counter()
        self.lots: Counter[Account] = Counter()
        self.fees = 0  # that the venue got so far

    def fill(self, buyer: int, seller: int, price_ticks: int, lots: int) -> None:
        """Contracts go one way, cash the other."""
        amount = price_ticks * self.tick_nano * lots
        self.lots[seller] -= lots
        self.lots[buyer] += lots
        self.cash[buyer] -= amount
        self.cash[seller] += amount
        assert self.cash.total() == self.lots.total() == 0

    def pay(self, giver: Account, receiver: Account, amount: int) -> None:
        """Move cash for another reason than a fill."""
        self.cash[giver] -= amount
        self.cash[receiver] += amount

    def settle(self, payoff_nano: int) -> None:
        """The issuer takes every contract back and pays."""
        for account, lots in list(self.lots.items()):
            self.lots[account] -= lots
            self.lots[ISSUER] += lots
            self.cash[ISSUER] -= lots * payoff_nano
            self.cash[account] += lots * payoff_nano
        assert self.cash.total() == self.lots.total() == 0
