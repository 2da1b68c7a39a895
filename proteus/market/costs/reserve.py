"""What is kept for the fees of an open order: no sequence of its fills costs more."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.codes import TAKER
from proteus.market.costs.tables import GAS, SURPLUS, CostTables, rate_at


def fee_reserves(tables: CostTables, n_ticks: int) -> NDArray[np.int64]:
    """Return what a lot may cost at most by limit, int64 [2, n_ticks + 1] nano, side first.

    That is the fee of a fill of one lot as taker at the worst price within the limit, at any time
    and in any tier, rounded up, and what balances may be rounded by. Gas is not in it.
    """
    reserve = np.zeros((2, n_ticks + 1), np.int64)
    if tables.kind.shape[0]:
        for side in (BUY, SELL):
            reserve[side, 1:n_ticks] = _most_at(tables, side, n_ticks)
        reserve[BUY] = np.maximum.accumulate(reserve[BUY])
        reserve[SELL] = np.maximum.accumulate(reserve[SELL][::-1])[::-1]
    return reserve


def _most_at(tables: CostTables, side: int, n_ticks: int) -> list[int]:
    """Return the most that a fill of a lot may cost at each price."""
    segments = range(len(tables.from_ns))
    return [
        max(_of_segment(tables, segment, side, price) for segment in segments)
        for price in range(1, n_ticks)
    ]


def _of_segment(tables: CostTables, segment: int, side: int, price: int) -> int:
    most = 0
    for part, kind in enumerate(tables.kind):
        if kind == GAS:
            continue
        fees = [
            _fee(tables, (segment, part), rate_at(tables, segment, part, tier, TAKER, side), price)
            for tier in range(tables.bound.shape[2])
        ]
        step = int(tables.round_to[segment, part])
        most += max(-(-max(fees) // step) * step, int(tables.minimum[segment, part]))
        most += int(tables.balance_to[segment, part])
    return most


def _fee(tables: CostTables, of: tuple[int, int], at: int, price: int) -> Fraction:
    """Return the exact fee of a lot in nano; of a surplus the most that its cap lets through."""
    if tables.kind[of[1]] == SURPLUS:
        factor = int(tables.cap[at]) * 2 * price
    else:
        factor = int(tables.numerator[at]) * int(tables.curves[tables.curve[at], price])
    return Fraction(factor, int(tables.denominator[at])) * int(tables.round_to[of])
