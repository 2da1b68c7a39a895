"""Who takes part for the credit: lenders, who never trade, and who sells what is seized.

The treasury's desk and liquidators sell alike (MODEL2 K5, K6).
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.reference.charging import Reckoning
from tests.reference.makers import Intent
from tests.reference.pool import NANO
from tests.reference.public import View


class Lender:
    """Never trades."""

    costs: Reckoning

    def decide(self, view: View) -> list[Intent]:
        return []


class Seller:
    """Sells what it has taken over: the treasury's desk, and liquidators."""

    costs: Reckoning

    def __init__(self, policy: Any, protection_ticks: int, n_ticks: int) -> None:
        self.policy, self.protection_ticks, self.n_ticks = policy, protection_ticks, n_ticks
        self.position = 0
        self.slope = getattr(policy, "slope", 0.0)  # expected cost of a lot, for each sold at once
        self.seen = 0, 0  # price and half spread when it last looked, nano

    def decide(self, view: View) -> list[Intent]:
        """One immediate order for a part of what it knows to hold."""
        if self.position == 0:
            return []
        middle = Fraction(view.reference_doubled, 2)
        side, price = "sell", floor(middle) - self.protection_ticks
        if self.position < 0:
            side, price = "buy", ceil(middle) + self.protection_ticks
        price = min(max(price, 1), self.n_ticks - 1)
        lots = min(abs(self.position), self.policy.max_lots)
        belief = view.reference_doubled / (2 * self.n_ticks)
        return [Intent(side, price, lots, "ioc", belief=belief)]

    def learn_sale(self, side: str, price: int, lots: int) -> None:
        """A liquidator learns from a fill what selling costs beyond what it had seen."""
        if not hasattr(self.policy, "memory"):
            return
        reference, half_spread = self.seen
        cost = (reference - price if side == "sell" else price - reference) - half_spread
        self.slope += self.policy.memory * (max(cost, 0) / NANO / lots - self.slope)
