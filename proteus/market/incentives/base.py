"""What every score and measure of a policy has, and what one of another package is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from proteus.basics.schema import Schema

MOST_POINTS = 2**36  # of one order or fill: sums over all of an epoch are inside int64


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
