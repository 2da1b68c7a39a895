"""A fee for takers that is a part of the price, up to a cap per lot.

Source
    Amounts are made up; caps per contract are usual, as in the fee schedules of options exchanges.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from proteus.market.costs.base import CostKind, CostModel
from proteus.market.costs.codes import MAKER
from proteus.market.costs.schedule import AmountScheduled, Scheduled, constant


class CappedCosts(CostModel):
    """Charge takers ppm of the price, at most ``cap``; any key may change over time."""

    model: Literal["capped"]
    taker_ppm: Scheduled = constant(0)
    cap: AmountScheduled = constant(1)  # currency per lot

    def per_lot(self, role: int, side: int, price: Fraction, tier: int) -> Fraction:
        """Return the smaller of both; makers pay nothing."""
        if role == MAKER:
            return Fraction(0)
        return min(self.taker_ppm.exact * price / 1_000_000, self.cap.exact)


CAPPED = CostKind(CappedCosts)
