"""A liquidation that is the larger the worse it stands: no cliff where all may be closed at once.

    repaid = debt x min(1, part + speed (1 - health))

Source
    Made up; close factors that grow as health falls are those of protocols that want to sell little
    collateral at a time.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import CEIL, FLOOR, multiply_divide
from proteus.market.lending.base import LiquidationKind, LiquidationRule
from proteus.market.lending.curves import WAD
from pydantic import Field


class GradualRule(LiquidationRule):
    """Let ``part`` of a debt be repaid at a health of 1, and ``speed`` more for each 1 below it."""

    name: Literal["gradual"]
    part: Annotated[float, Field(gt=0, le=1)]
    speed: Annotated[float, Field(ge=0, le=8)]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return both in 1e18, exactly as they are written."""
        return tuple(round(Fraction(str(each)) * WAD) for each in (self.part, self.speed))


@inline_kernel
def most_repaid(numbers, threshold, lots, value, cost, debt):
    """Return how much may be repaid, rounded up."""
    held = multiply_divide(lots, value, 1, FLOOR)
    counted = multiply_divide(held, threshold, WAD, FLOOR)
    if held < 0 or counted >= debt:
        return debt
    missing = WAD - multiply_divide(counted, WAD, debt, FLOOR)  # 1 - health
    share = numbers[0] + multiply_divide(numbers[1], missing, WAD, CEIL)
    return multiply_divide(debt, min(share, WAD), WAD, CEIL)


GRADUAL = LiquidationKind(GradualRule, most_repaid)
