"""Scores of a sample, of a fill and of an answer, in integers.

Book scores read the orders that rest and have been published. Distances are half ticks from the
mid of the orders that have ``min_lots``; an order beyond it is at no distance. Without a mid, which
takes both sides, everybody scores nothing. What has been scored becomes a share of SHARE_ONE,
rounded down, so that each sample of an epoch weighs the same.

``standing`` and ``table`` are read, ``points`` and ``score`` written; ``policy`` is the number of
the policy. Sums cannot leave int64 (``checks``).

Source
    Polymarket, "Liquidity rewards"; Kalshi, "Liquidity incentive program" (``docs/venues.md``).
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.book.codes import BUY, NO_PRICE, SELL
from proteus.market.incentives.added import points_of_fill, points_of_order
from proteus.market.incentives.codes import (
    FIRST_ADDED,
    NO_MIDDLE,
    PAYS,
    SCORE_DEPTH,
    SCORE_TWO_SIDED,
    SHARE_ONE,
)


@inline_kernel
def sample(incentives, lane, policy):
    """Take a sample of what stands: add to the scores of the open epoch."""
    table, standing, points = incentives.table, incentives.standing, incentives.points
    incentives.samples[lane, policy] += 1
    middle = middle_doubled(standing, lane, table.min_lots[policy])
    if middle == NO_MIDDLE:
        return
    points[lane, :, :] = 0
    code = table.score[policy]
    if code == SCORE_DEPTH:
        _score_depth(table, policy, standing, points, lane, incentives.score)
    elif code >= FIRST_ADDED:
        _score_added(table, policy, standing, points, lane, middle, incentives.score)
    elif code == SCORE_TWO_SIDED:
        _score_two_sided(table, policy, standing, points, lane, middle, incentives.score)
    else:  # SCORE_UPTIME or MEASURE_UPTIME
        _score_uptime(table, policy, standing, points, lane, middle, incentives.score)


# One market has few of these, so each is compiled when it is first used.


@deferred_kernel()
def _score_depth(table, policy, standing, points, lane, score):
    for side in (BUY, SELL):
        count_depth(table, policy, standing, points, lane, side)
        add_shares(points, lane, side, score, policy)


@deferred_kernel()
def _score_added(table, policy, standing, points, lane, middle, score):
    count_added(table, policy, standing, points, lane, middle)
    if table.act[policy] == PAYS:
        add_shares(points, lane, BUY, score, policy)
    else:
        add_points(points, lane, BUY, score, policy)


@deferred_kernel()
def _score_two_sided(table, policy, standing, points, lane, middle, score):
    count_quadratic(table, policy, standing, points, lane, middle)
    join_sides(table, policy, points, lane, middle)
    add_shares(points, lane, BUY, score, policy)


@deferred_kernel()
def _score_uptime(table, policy, standing, points, lane, middle, score):
    count_near(table, policy, standing, points, lane, middle)
    add_met(table, policy, points, lane, score)


@inline_kernel
def middle_doubled(standing, lane, min_lots):
    """Return twice the mid of the orders of at least so many lots, in ticks, or NO_MIDDLE."""
    bid, ask = NO_PRICE, NO_PRICE
    for row in range(standing.count[lane]):
        price = standing.price[lane, row]
        if standing.lots[lane, row] < min_lots:
            continue
        if standing.side[lane, row] == BUY:
            bid = max(bid, price)
        elif ask == NO_PRICE or price < ask:
            ask = price
    return NO_MIDDLE if bid == NO_PRICE or ask == NO_PRICE else bid + ask


@inline_kernel
def distance_of(price, side, middle):
    """Return how far a price is from the mid on its own side, in half ticks, at least 0."""
    away = middle - 2 * price if side == BUY else 2 * price - middle
    return max(away, 0)


@inline_kernel
def count_quadratic(table, policy, standing, points, lane, middle):
    """Count (v - s)^2 x lots of each trader's orders, by side: the source's S x v^2."""
    for row in range(standing.count[lane]):
        trader, side = standing.trader[lane, row], standing.side[lane, row]
        lots = standing.lots[lane, row]
        inside = table.spread[policy] - distance_of(standing.price[lane, row], side, middle)
        if inside > 0 and lots >= table.min_lots[policy] and table.takes_part[policy, trader]:
            points[lane, trader, side] += inside * inside * lots


@inline_kernel
def join_sides(table, policy, points, lane, middle):
    """Make one score of both sides, c times the source's: the thinner, or 1 / c of one side.

    One side alone scores while the mid is within its band.
    """
    lowest, highest = 2 * table.lowest[policy], 2 * table.highest[policy]
    for trader in range(points.shape[1]):
        bids, asks = points[lane, trader, BUY], points[lane, trader, SELL]
        joint = table.divisor[policy] * min(bids, asks)
        if lowest <= middle <= highest:
            joint = max(joint, bids, asks)
        points[lane, trader, BUY] = joint


@inline_kernel
def count_depth(table, policy, standing, points, lane, side):
    """Count weight x lots of the orders of a side that help it to its target.

    All orders of the level that reaches it count, none behind. A side that does not reach it, or
    whose best price is nearly certain, scores nothing.
    """
    best = level = NO_PRICE
    better = here = 0
    for row in range(standing.count[lane]):
        if standing.side[lane, row] != side:
            continue
        price, lots = standing.price[lane, row], np.int64(standing.lots[lane, row])
        if best == NO_PRICE:
            best = level = price
        if price != level:
            better, here, level = better + here, 0, price
        if better >= table.target[policy]:
            break
        here += lots
        trader = standing.trader[lane, row]
        if table.takes_part[policy, trader]:
            steps = abs(price - best) // table.step[policy]
            weight = table.weight[policy, min(steps, table.weight.shape[1] - 1)]
            points[lane, trader, side] += weight * lots
    own_best = best if side == BUY else table.n_ticks[0] - best
    if better + here < table.target[policy] or own_best >= table.skip_from[policy]:
        points[lane, :, side] = 0


@cold_kernel
def count_added(table, policy, standing, points, lane, middle):
    """Count what each trader's orders score by the rule of another package, as points of BUY."""
    code, numbers = table.score[policy], table.numbers[policy]
    for row in range(standing.count[lane]):
        trader, side = standing.trader[lane, row], standing.side[lane, row]
        if table.takes_part[policy, trader]:
            points[lane, trader, side] += points_of_order(
                code, numbers, side, standing.price[lane, row], standing.lots[lane, row], middle
            )
    for trader in range(points.shape[1]):
        bids, asks = points[lane, trader, BUY], points[lane, trader, SELL]
        points[lane, trader, BUY] = min(bids, asks) if table.both_sides[policy] else bids + asks


@inline_kernel
def count_near(table, policy, standing, points, lane, middle):
    """Count the lots of each trader's orders that are near enough to the mid, by side."""
    for row in range(standing.count[lane]):
        trader, side = standing.trader[lane, row], standing.side[lane, row]
        distance = distance_of(standing.price[lane, row], side, middle)
        if distance <= table.spread[policy] and table.takes_part[policy, trader]:
            points[lane, trader, side] += standing.lots[lane, row]


@inline_kernel
def add_met(table, policy, points, lane, score):
    """Add one to the score of each trader who has lots enough on both sides."""
    for trader in range(points.shape[1]):
        fewest = min(points[lane, trader, BUY], points[lane, trader, SELL])
        if fewest >= table.min_lots[policy]:
            score[lane, policy, trader] += 1


@inline_kernel
def add_shares(points, lane, side, score, policy):
    """Add to each score the trader's share of the points of a side, of SHARE_ONE."""
    total = 0
    for trader in range(points.shape[1]):
        total += points[lane, trader, side]
    if total == 0:
        return
    for trader in range(points.shape[1]):
        part = points[lane, trader, side]
        score[lane, policy, trader] += multiply_divide(part, SHARE_ONE, total, FLOOR)


@inline_kernel
def add_points(points, lane, side, score, policy):
    """Add the points of a side to each score as they are."""
    for trader in range(points.shape[1]):
        score[lane, policy, trader] += points[lane, trader, side]


@inline_kernel
def volume_of_fill(table, policy, trader, other_group, group, is_maker, price, lots):
    """Return the lots of a fill that count for one of its traders.

    Parameters
        group, other_group: of the trader and of whom it traded with; NO_GROUP is nobody's.
        is_maker: its role in the fill. price: ticks.
    """
    if not _may_score(table, policy, trader, other_group, group):
        return 0
    in_role = table.counts_maker[policy] if is_maker else table.counts_taker[policy]
    in_band = table.lowest[policy] <= price <= table.highest[policy]
    return lots if in_role and in_band else 0


@inline_kernel
def _may_score(table, policy, trader, other_group, group):
    """Tell whether a fill can score for a trader: it takes part, and met another group."""
    return table.takes_part[policy, trader] and (group != other_group or group < 0)


@inline_kernel
def added_of_fill(table, policy, trader, side, other_group, group, is_maker, price, lots):
    """Return what a side of a fill scores by the rule of another package, as ``volume_of_fill``."""
    if not _may_score(table, policy, trader, other_group, group):
        return np.int64(0)
    code, numbers = table.score[policy], table.numbers[policy]
    return points_of_fill(code, numbers, side, is_maker, price, lots)


@inline_kernel
def is_response(table, policy, dealer, elapsed_ns, distance, lots, wanted):
    """Tell whether an answer to a request counts for the dealer.

    Parameters
        elapsed_ns: from the arrival of the request at the venue to that of the answer.
        distance: of its price from the public reference, half ticks. lots: offered.
        wanted: lots of the request, as many as the dealer could offer at all.
    """
    fewest = min(table.min_lots[policy], wanted)
    is_near = distance <= table.spread[policy]
    in_time = elapsed_ns <= table.within_ns[policy]
    return table.takes_part[policy, dealer] and in_time and is_near and lots >= fewest
