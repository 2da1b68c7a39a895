"""Makers against fair value: spread captured, adverse selection, markouts.

For a fill j of q_j lots (bought: > 0) at P_j, with m_j the maker's belief when it sent the quote:

    spread captured       q_j (m_j - P_j)
    adverse selection(h)  q_j (v(t_j + h) - m_j)
    markout(h)            their sum

Totals are int64 nano-currency, so that the decomposition of maker PnL holds fill by fill; splits
by class are shares of them and float64.

Source
    Foucault, Pagano & Roell, Market Liquidity, ch. 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.codes import BUY
from proteus.market.environment.news import value_at
from proteus.market.ledger.accounts import nano
from proteus.market.metrics.clear_split import lots_against


@state
class Markouts(NamedTuple):
    """Sums over makers' fills. L lanes, H horizons, K classes of counterparty."""

    captured: np.ndarray  # int64 [L] q (m - P), nano
    adverse: np.ndarray  # int64 [L, H] q (v(t + h) - m), nano
    lots: np.ndarray  # int64 [L] |q|
    captured_by: np.ndarray  # float64 [L, K] nano
    adverse_by: np.ndarray  # float64 [L, H, K] nano
    lots_by: np.ndarray  # float64 [L, K]


def allocate_markouts(lanes: int, horizons: int, classes: int) -> Markouts:
    """Allocate sums of zero, for so many classes."""
    return allocate(Markouts, L=lanes, H=horizons, K=classes)


@inline_kernel
def measure_maker(markouts, world, lane, slot, other_role, price, lots, time, value, in_clear):
    """Measure a maker's side of a fill; ``value`` is v now, nano."""
    settings = world.settings
    side = world.market.orders.side[lane, slot]
    quantity = lots if side == BUY else -lots
    belief = world.origins.belief[lane, slot]
    captured = quantity * (belief - price * settings.tick_nano)
    markouts.captured[lane] += captured
    markouts.lots[lane] += lots
    split, ladder = world.sums.clear_split, world.market.orders.ladder[lane, slot]
    first, last = (0, markouts.lots_by.shape[1]) if in_clear else (other_role, other_role + 1)
    for role in range(first, last):
        against = lots_against(split, lane, ladder, lots, role, other_role, in_clear)
        markouts.lots_by[lane, role] += against
        share = against / lots if in_clear else 1.0
        markouts.captured_by[lane, role] += captured * share
    for h in range(settings.horizons_ns.shape[0]):
        if h > 0:  # the first horizon is 0
            later = time + settings.horizons_ns[h]
            value = nano(value_at(world.news, world.news_parameters, lane, later))
        adverse = quantity * (value - belief)
        markouts.adverse[lane, h] += adverse
        for role in range(first, last):
            against = lots_against(split, lane, ladder, lots, role, other_role, in_clear)
            share = against / lots if in_clear else 1.0
            markouts.adverse_by[lane, h, role] += adverse * share
