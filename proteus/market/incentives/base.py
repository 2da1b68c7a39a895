"""What every score and measure of a policy has, and what one of another package is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from proteus.basics import units
from proteus.basics.schema import Schema

LARGEST_AMOUNT = 1_000_000  # currency; thousands of these are far inside int64 money
MOST_POINTS = 2**36  # of one order or fill: sums over all of an epoch are inside int64


def _exact(value: float) -> float:
    """Return a number in its shortest form, after proving that it is one of whole billionths."""
    try:
        units.currency_to_nano(value)
    except units.UnitError as error:
        allowed = error.allowed.removeprefix("an amount of currency ")
        raise PydanticCustomError("requirement", "{allowed}", {"allowed": allowed}) from None
    return int(value) if value == int(value) else value


_EXACT = AfterValidator(_exact)
Amount = Annotated[float, Field(ge=0, le=LARGEST_AMOUNT), _EXACT]  # currency
Price = Annotated[float, Field(ge=0, le=1), _EXACT]  # currency
Distance = Annotated[float, Field(gt=0, le=1), _EXACT]  # currency
Share = Annotated[float, Field(ge=0, le=1), _EXACT]
Factor = Annotated[float, Field(gt=0, le=1), _EXACT]


class Score(Schema):
    """Hold what scores have in common: what they read.

    One of another package adds its key ``name``, others, and ``numbers``.
    """

    READS_BOOK: ClassVar[bool] = False  # orders that rest and have been published
    BOTH_SIDES: ClassVar[bool] = False  # of a sample the side with fewer points counts, not the sum
    ON_GRID: ClassVar[tuple[str, ...]] = ()  # keys that are whole ticks

    def numbers(self, tick_nano: int) -> tuple[int, ...]:
        """Return what ``ScoreKind.points`` is given of the keys, as int64.

        Parameters
            tick_nano: the price step, nano-currency.
        """
        return ()


class Measure(Score):
    """Hold what the measures of penalties have in common."""


class ScoreKind(NamedTuple):
    """A row of the table of scores: the class that reads its keys, and what something scores.

    ``config`` is below ``Score``: of rewards; or below ``Measure``: of penalties, which charge each
    point. ``points`` is a part of a kernel that returns a whole number from 0 to MOST_POINTS; what
    is outside counts as the nearer end. Of a score that reads the book it is of an order that
    rests, (numbers, side, price, lots, middle); of any other of a side of a fill, (numbers, side,
    is_maker, price, lots), but not of one within a group. Prices are ticks, ``side`` is BUY or
    SELL, ``middle`` is twice the mid of the orders that have the lots of the key ``min_lots``, or
    1 if the class has no such key; without a mid nobody scores.
    """

    config: type[Score]
    points: Callable[..., Any]
