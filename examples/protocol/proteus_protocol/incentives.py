"""A score of orders that rest, and what a penalty may count of fills.

Source
    Both are made up. Linear weights are those of maker programmes that pay by band from the mid;
    a charge by lots taken is a transaction tax.
"""

from __future__ import annotations

from typing import Literal

from proteus.basics import units
from proteus.compiler.jit import inline_kernel
from proteus.market.book.codes import BUY
from proteus.market.incentives.base import Distance, Measure, Score, ScoreKind


class LinearDepth(Score):
    """Score lots by how much nearer to the mid they are than ``max_spread``; the thinner side."""

    READS_BOOK = True
    BOTH_SIDES = True
    name: Literal["linear_depth"]
    max_spread: Distance  # currency; a multiple of half a tick

    def numbers(self, tick_nano: int) -> tuple[int, ...]:
        """Return the spread in half ticks."""
        return (2 * units.currency_to_nano(self.max_spread) // tick_nano,)


@inline_kernel
def linear_points(numbers, side, price, lots, middle):
    """Return lots x half ticks inside the spread; an order beyond the mid is at no distance."""
    away = middle - 2 * price if side == BUY else 2 * price - middle
    return lots * max(numbers[0] - max(away, 0), 0)


class TakenLots(Measure):
    """Count the lots that a trader takes."""

    name: Literal["taken_lots"]


@inline_kernel
def taken_points(numbers, side, is_maker, price, lots):
    """Return the lots of a fill for the side that takes."""
    return 0 if is_maker else lots


LINEAR_DEPTH = ScoreKind(LinearDepth, linear_points)
TAKEN_LOTS = ScoreKind(TakenLots, taken_points)
