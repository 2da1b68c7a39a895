"""A constraint on prices: an order may pay at most so much more than the public price.

Source
    The distance is made up; price collars of this kind are usual in pre-trade risk controls, as in
    SEC rule 15c3-5 and (EU) 2017/589, article 15.
"""

from __future__ import annotations

from typing import Literal

from proteus.basics.schema import Ticks
from proteus.compiler.jit import inline_kernel
from proteus.market.book.codes import BUY
from proteus.market.constraints.base import Constraint, ConstraintKind


class StayNear(Constraint):
    """Send nothing whose limit is more than ``ticks`` beyond the public reference price."""

    kind: Literal["stay_near"]
    ticks: Ticks

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the distance in half ticks."""
        return (2 * self.ticks,)


@inline_kernel
def fits(numbers, side, price, lots, held, buys, sells, cash, reference):
    """Return all lots or none."""
    beyond = 2 * price - reference if side == BUY else reference - 2 * price
    return lots if beyond <= numbers[0] else 0


STAY_NEAR = ConstraintKind(StayNear, fits)
