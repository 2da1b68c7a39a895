"""What orders and fills score under policies whose scores other packages add."""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus import plugins
from proteus.compiler.foreign import or_nothing
from proteus.compiler.jit import inline_kernel
from proteus.market.incentives.base import MOST_POINTS, Measure, ScoreKind
from proteus.market.incentives.codes import FIRST_ADDED, SCORES

ADDED_KINDS = plugins.rows(plugins.INCENTIVES, ScoreKind, SCORES)
SCORE_CODES = {**SCORES, **{name: FIRST_ADDED + at for at, name in enumerate(ADDED_KINDS)}}
ADDED_MEASURES = [k.config for k in ADDED_KINDS.values() if issubclass(k.config, Measure)]
_ONE, _NUMBERS = np.int64(1), np.zeros(1, np.int64)
ORDER_GIVEN = (_NUMBERS, *[_ONE] * 4)  # what ``points`` of an order is called with, by type
FILL_GIVEN = (_NUMBERS, _ONE, True, _ONE, _ONE)  # and that of a fill
ADDED_SCORES = [k.config for k in ADDED_KINDS.values() if k.config not in ADDED_MEASURES]


@inline_kernel
def _unscored(numbers, side, price_or_maker, lots_or_price, middle_or_lots):
    return np.int64(0)


@inline_kernel
def _no_order(code, numbers, side, price, lots, middle):
    return np.int64(0)


@inline_kernel
def _no_fill(code, numbers, side, is_maker, price, lots):
    return np.int64(0)


@inline_kernel
def _inside(points):
    """Return points as a whole number that sums have room for."""
    return np.int64(min(max(points, 0), MOST_POINTS))


def or_order(known: int, points: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more score of orders that rest."""
    asked = or_nothing(points, ORDER_GIVEN, _unscored)

    @inline_kernel
    def added(code, numbers, side, price, lots, middle):
        if code == known:
            return _inside(asked(numbers, side, price, lots, middle))
        return others(code, numbers, side, price, lots, middle)

    return added


def or_fill(known: int, points: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more score of fills."""
    asked = or_nothing(points, FILL_GIVEN, _unscored)

    @inline_kernel
    def added(code, numbers, side, is_maker, price, lots):
        if code == known:
            return _inside(asked(numbers, side, is_maker, price, lots))
        return others(code, numbers, side, is_maker, price, lots)

    return added


points_of_order: Any = _no_order
points_of_fill: Any = _no_fill
for _name, _kind in ADDED_KINDS.items():
    if _kind.config.READS_BOOK:
        points_of_order = or_order(SCORE_CODES[_name], _kind.points, points_of_order)
    else:
        points_of_fill = or_fill(SCORE_CODES[_name], _kind.points, points_of_fill)
