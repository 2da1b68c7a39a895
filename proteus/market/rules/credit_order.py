"""The order in which accounts fail: of long and of short lots apart, who fails first comes first.

All lots of a side are worth the same, so of two accounts at any price the one with fewer lots for
its debt has the less health. So their order changes only where one of them acts or is charged
interest; it is then put in its place, and a look at a price reads the first of each side.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.wide import is_product_less, widen
from proteus.market.lending.credit import DEBT, NOWHERE


@cold_kernel
def put_in_order(credit, lane, trader):
    """Put an account that has changed in its place; ``credit`` is written, ``lane`` is the row.

    It must be called before another account changes. Whom nothing can fail stands nowhere.
    """
    held, pool = credit.liquidations, credit.pool
    is_there = credit.booked[lane, trader, DEBT] > 0 and pool.pledged[lane, trader] > 0
    side = 1 if pool.is_short[lane, trader] else 0
    place = held.place[lane, trader]
    if place != NOWHERE and (not is_there or place % 2 != side):
        _take_out(held, lane, place // 2, place % 2)
        held.place[lane, trader] = NOWHERE
    if not is_there:
        return
    if held.place[lane, trader] == NOWHERE:
        _stand(held, lane, held.in_order[lane, side], side, trader)
        held.in_order[lane, side] += 1
    at = held.place[lane, trader] // 2
    while at > 0 and _is_before(credit, lane, trader, held.order[lane, side, at - 1]):
        _stand(held, lane, at, side, held.order[lane, side, at - 1])
        at -= 1
    last = held.in_order[lane, side] - 1
    while at < last and _is_before(credit, lane, held.order[lane, side, at + 1], trader):
        _stand(held, lane, at, side, held.order[lane, side, at + 1])
        at += 1
    _stand(held, lane, at, side, trader)


@cold_kernel
def put_all_in_order(credit, lane):
    """Put all accounts in order that have changed at once, as by interest: hardly any moves."""
    held = credit.liquidations
    for side in range(2):
        for start in range(held.in_order[lane, side]):
            trader, at = held.order[lane, side, start], start
            while at > 0 and _is_before(credit, lane, trader, held.order[lane, side, at - 1]):
                _stand(held, lane, at, side, held.order[lane, side, at - 1])
                at -= 1
            _stand(held, lane, at, side, trader)


@inline_kernel
def _is_before(credit, lane, first, second):
    """Tell whether an account has fewer lots for its debt than another, exactly."""
    return is_product_less(
        widen(credit.pool.pledged[lane, first]), widen(credit.booked[lane, second, DEBT]),
        widen(credit.pool.pledged[lane, second]), widen(credit.booked[lane, first, DEBT]),
    )  # fmt: skip


@inline_kernel
def _stand(held, lane, at, side, trader):
    held.order[lane, side, at], held.place[lane, trader] = trader, 2 * at + side


@inline_kernel
def _take_out(held, lane, at, side):
    """Let those behind a place move up."""
    held.in_order[lane, side] -= 1
    for behind in range(at, held.in_order[lane, side]):
        _stand(held, lane, behind, side, held.order[lane, side, np.int64(behind + 1)])
