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

    def pay(self, giver: Account, receiver: Account, cash: int, lots_back: int = 0) -> None:
        """Cash goes one way, and contracts of a fill that is taken back the other."""
        self.cash[giver] -= cash
        self.cash[receiver] += cash
        self.lots[giver] += lots_back
        self.lots[receiver] -= lots_back

    def settle(self, payoff_nano: int) -> None:
        """The issuer takes every contract back and pays."""
        for account, lots in list(self.lots.items()):
            self.lots[account] -= lots
            self.lots[ISSUER] += lots
            self.cash[ISSUER] -= lots * payoff_nano
            self.cash[account] += lots * payoff_nano
        assert self.cash.total() == self.lots.total() == 0
