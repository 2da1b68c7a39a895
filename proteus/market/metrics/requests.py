"""Requests for quotes: who answers, who wins, by how much, and what each rank would have earned.

At an acceptance the quotes that live are ranked by price, the accepted one first. The markout of a
rank is that of one lot traded at its price, q (v(t) - P) of its dealer: of the first it is earned,
of the others it is what winning would have brought. Under other mechanisms all sums stay zero.

Source
    Fermanian, Gueant & Pu (2017) arXiv:1511.07773, for the cover price.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import cold_kernel, inline_kernel, state
from proteus.market.book.book import rank_of
from proteus.market.book.codes import NO_ORDER, NO_RANK, SELL
from proteus.market.environment.news import value_at

RANKS = 4  # ranks that are told apart


@state
class Requests(NamedTuple):
    """Counts and sums. L lanes, K ranks."""

    asked: np.ndarray  # int64 [L] dealers asked, summed over requests
    answered: np.ndarray  # int64 [L] of these: whose quote came while the request lived
    late_quotes: np.ndarray  # int64 [L] quotes that came too late
    late_acceptances: np.ndarray  # int64 [L] refused by the venue
    last_looks: np.ndarray  # int64 [L] that ended
    refusals: np.ndarray  # int64 [L] of these: with a refusal
    wins: np.ndarray  # int64 [L] acceptances that traded
    covered: np.ndarray  # int64 [L] of these: with another quote alive
    cover_gap: np.ndarray  # int64 [L] sum over these of winner minus cover, ticks, as ranks
    ranked: np.ndarray  # int64 [L, K] trades with a quote of that rank
    markout: np.ndarray  # float64 [L, K] sum of q (v - P) of one lot at its price, currency


def allocate_requests(lanes: int) -> Requests:
    """Allocate sums of zero."""
    return allocate(Requests, L=lanes, K=RANKS)


@cold_kernel
def measure_acceptance(sums, alive, world, lane, request, quote, time):
    """Measure the competition for a request whose quote is about to trade."""
    orders, n_ticks = world.market.orders, world.settings.n_ticks
    side = orders.side[lane, quote]
    sums.wins[lane] += 1
    value = value_at(world.news, world.news_parameters, lane, time)
    sign = -1.0 if side == SELL else 1.0
    place, last, rank = 0, np.int64(NO_ORDER), np.int64(orders.rank[lane, quote])
    while place < RANKS and rank != NO_RANK:
        sums.ranked[lane, place] += 1
        price = rank_of(rank, side, n_ticks) / n_ticks
        sums.markout[lane, place] += sign * (value - price)
        last, rank = following_quote(alive, orders, lane, request, quote, last)
        if place == 0 and rank != NO_RANK:
            sums.covered[lane] += 1
            sums.cover_gap[lane] += orders.rank[lane, quote] - rank
        place += 1


@inline_kernel
def following_quote(alive, orders, lane, request, but, last):
    """Return the best quote after ``last`` and its rank, ``but`` left out, or NO_ORDER and NO_RANK.

    Equal ranks follow each other in order of arrival.
    """
    best, best_rank, passed = np.int64(NO_ORDER), np.int64(NO_RANK), last == NO_ORDER
    quote = np.int64(alive.first[lane, request])
    while quote != NO_ORDER:
        if quote != but and orders.side[lane, quote] == orders.side[lane, but]:
            rank = orders.rank[lane, quote]
            behind = last == NO_ORDER or rank < orders.rank[lane, last]
            if not behind and rank == orders.rank[lane, last]:
                behind = passed
            if behind and rank > best_rank:
                best, best_rank = quote, np.int64(rank)
        passed = passed or quote == last
        quote = np.int64(alive.next[lane, quote])
    return best, best_rank
