"""A rate curve without a kink: a parabola over utilisation.

    rate = base + height u^2

u is debt over cash and debt. It is steeper the more is lent, and nowhere suddenly so.

Source
    Made up; smooth curves replace kinked ones where a jump of the slope is thought to be gamed.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.lending.base import RateCurve, RateKind
from proteus.market.lending.curves import WAD
from pydantic import Field

Rate = Annotated[float, Field(ge=0, le=4)]


class ParabolicCurve(RateCurve):
    """Charge ``base``, and ``height`` more, a year, when all is lent."""

    name: Literal["parabolic"]
    base: Rate
    height: Rate

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return both in 1e18, exactly as they are written."""
        return tuple(round(Fraction(str(each)) * WAD) for each in (self.base, self.height))


@inline_kernel
def rate(numbers, used):
    """Return the rate a year, rounded down at each step."""
    square = multiply_divide(used, used, WAD, FLOOR)
    return numbers[0] + multiply_divide(numbers[1], square, WAD, FLOOR)


PARABOLIC = RateKind(ParabolicCurve, rate)
