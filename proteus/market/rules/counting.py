"""What policies count: orders that rest and are public, fills, messages, answers to requests.

``rules`` is written, of it what is scored alone; the rest is read.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel
from proteus.market.book.book import rank_of, rests
from proteus.market.book.codes import BUY, SELL
from proteus.market.incentives.codes import (
    FIRST_ADDED,
    MEASURE_MESSAGES,
    SCORE_RESPONSE,
    SCORE_VOLUME,
)
from proteus.market.incentives.scores import (
    added_of_fill,
    distance_of,
    is_response,
    volume_of_fill,
)
from proteus.market.rules.roles import makes


@inline_kernel
def look(incentives, orders, lane, public_before):
    """List the orders that rest and have been published, each side from its best price on."""
    standing, n_ticks = incentives.standing, incentives.table.n_ticks[0]
    standing.count[lane] = 0
    for slot in range(orders.client_id.shape[1]):
        is_public = orders.client_id[lane, slot] != 0 and rests(orders, lane, slot)
        if is_public and orders.batch[lane, slot] < public_before:
            _insert(standing, orders, lane, slot, n_ticks)


@inline_kernel
def _insert(standing, orders, lane, slot, n_ticks):
    """Put an order into the list, before the worse ones of its side."""
    side, rank = np.int64(orders.side[lane, slot]), np.int64(orders.rank[lane, slot])
    at = standing.count[lane]
    standing.count[lane] = at + 1
    while at > 0 and _is_behind(standing, lane, at - 1, side, rank, n_ticks):
        standing.trader[lane, at] = standing.trader[lane, at - 1]
        standing.side[lane, at] = standing.side[lane, at - 1]
        standing.price[lane, at] = standing.price[lane, at - 1]
        standing.lots[lane, at] = standing.lots[lane, at - 1]
        at -= 1
    standing.trader[lane, at] = orders.trader[lane, slot]
    standing.side[lane, at] = side
    standing.price[lane, at] = rank_of(rank, side, n_ticks)
    standing.lots[lane, at] = orders.lots[lane, slot]


@inline_kernel
def _is_behind(standing, lane, at, side, rank, n_ticks):
    other = standing.side[lane, at]
    if other != side:
        return other > side
    return rank_of(standing.price[lane, at], side, n_ticks) < rank


@deferred_kernel()
def count_fill(rules, orders, groups, lane, buy, sell, earlier, price, lots, clears):
    """Count a fill for both of its traders.

    Parameters
        groups: int64 [A], of the population. buy, sell: slots. earlier: the one that was there
            first. price: ticks. clears: so far, that of the fill among them.
    """
    incentives, table = rules.incentives, rules.incentives.table
    buyer, seller = np.int64(orders.trader[lane, buy]), np.int64(orders.trader[lane, sell])
    buyer_makes = makes(rules.roles, orders, lane, buy, earlier, clears)
    seller_makes = makes(rules.roles, orders, lane, sell, earlier, clears)
    for policy in range(table.score.shape[0]):
        for trader in (buyer, seller):
            incentives.lots[lane, policy, trader] += lots
            incentives.fills[lane, policy, trader] += 1
        if table.score[policy] == SCORE_VOLUME:
            incentives.score[lane, policy, buyer] += volume_of_fill(
                table, policy, buyer, groups[seller], groups[buyer], buyer_makes, price, lots
            )
            incentives.score[lane, policy, seller] += volume_of_fill(
                table, policy, seller, groups[buyer], groups[seller], seller_makes, price, lots
            )
        elif table.score[policy] >= FIRST_ADDED and table.sample_ns[policy] == 0:
            incentives.score[lane, policy, buyer] += added_of_fill(
                table, policy, buyer, BUY, groups[seller], groups[buyer], buyer_makes, price, lots
            )
            incentives.score[lane, policy, seller] += added_of_fill(
                table, policy, seller, SELL, groups[buyer], groups[seller], seller_makes, price,
                lots,
            )  # fmt: skip


@deferred_kernel()
def count_message(rules, lane, trader):
    """Count a message that has reached the venue."""
    incentives, table = rules.incentives, rules.incentives.table
    for policy in range(table.score.shape[0]):
        if table.score[policy] == MEASURE_MESSAGES:
            incentives.score[lane, policy, trader] += 1


@deferred_kernel()
def count_answer(rules, orders, lane, quote, request, elapsed_ns, reference):
    """Count a dealer's first answer to a request that lives.

    Parameters
        quote, request: slots. elapsed_ns: between their arrivals at the venue.
        reference: twice the public reference price, ticks.
    """
    incentives, table = rules.incentives, rules.incentives.table
    dealer, side = np.int64(orders.trader[lane, quote]), orders.side[lane, quote]
    price = rank_of(np.int64(orders.rank[lane, quote]), side, table.n_ticks[0])
    distance = distance_of(price, side, reference)
    for policy in range(table.score.shape[0]):
        if table.score[policy] == SCORE_RESPONSE:
            incentives.score[lane, policy, dealer] += is_response(
                table, policy, dealer, elapsed_ns, distance, orders.lots[lane, quote],
                orders.submitted[lane, request],
            )  # fmt: skip
