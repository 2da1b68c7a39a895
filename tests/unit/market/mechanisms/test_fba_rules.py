"""The batch auction's kernels, rule by rule, on examples worked by hand through the door."""

import itertools
import statistics
import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import proteus
from tests.unit.market.mechanisms.test_clob_rules import (
    SELF_TRADE_MODES,
    book,
    cancels,
    fills,
    rejects,
    table,
)
from tests.unit.reference.test_reference_twin import amend, cancel, limit, market

NS_PER_MS = 1_000_000
DELTA_NS = 250 * NS_PER_MS
PRICE_RULES = ("midpoint", "reference", "lower", "upper", "t7")
IMMEDIATE = "immediate_or_cancel"


def fba(*rows, **parameters):
    return proteus.replay(list(rows), mechanism="fba", **parameters)


def clears(result):
    """Clears as (price, volume, surplus, low, high)."""
    return table(result.clears, "price_ticks", "volume", "surplus", "low", "high")


def filled(result):
    """Lots by order id, for both sides."""
    lots = {}
    for buy, sell, quantity in table(result.fills, "buy_order_id", "sell_order_id", "quantity"):
        lots[buy] = lots.get(buy, 0) + quantity
        lots[sell] = lots.get(sell, 0) + quantity
    return lots


def in_batch(number, row):
    """The same row at the start of a later batch."""
    return row | {"time_ns": number * DELTA_NS}


# Batches are half open: k holds [(k-1) delta, k delta) and clears at k delta.


@pytest.mark.parametrize(
    ("sell_ns", "buy_ns", "clear_ns"),
    [
        (0, 0, DELTA_NS),
        (0, DELTA_NS - 1, DELTA_NS),
        (0, DELTA_NS, 2 * DELTA_NS),
        (DELTA_NS, 2 * DELTA_NS - 1, 2 * DELTA_NS),
        (DELTA_NS - 1, 2 * DELTA_NS, 3 * DELTA_NS),
        (0, 7 * DELTA_NS + 1, 8 * DELTA_NS),
    ],
)
def test_an_order_at_the_end_of_a_batch_joins_the_next(sell_ns, buy_ns, clear_ns):
    result = fba(limit(1, "sell", 50, 5, time_ns=sell_ns), limit(2, "buy", 50, 5, time_ns=buy_ns))
    assert set(result.fills["time_ns"]) == set(result.clears["time_ns"]) == {clear_ns}
    assert fills(result) == [(1, 2, 50, 5)]


def test_a_cancel_at_the_end_of_a_batch_comes_too_late():
    pair = [limit(1, "sell", 50, 5), limit(2, "buy", 50, 5)]
    assert rejects(fba(*pair, cancel(1, time_ns=DELTA_NS))) == [(1, "unknown_order")]
    in_time = fba(*pair, cancel(1, time_ns=DELTA_NS - 1))
    assert cancels(in_time) == [(1, 5, "requested")]
    assert in_time.fills.empty


def test_nothing_is_cleared_without_a_cross():
    much_later = cancel(99, time_ns=5 * DELTA_NS)
    result = fba(limit(1, "sell", 51, 5), limit(2, "buy", 50, 5), much_later)
    assert result.clears.empty
    assert book(result) == [(2, 50, 5), (1, 51, 5)]
    assert clears(fba()) == []


# The point in the interval. W = [max(50, 52), min(60, 57)] in this book.

INTERVAL = [
    limit(1, "buy", 60, 5),
    limit(2, "sell", 50, 5),
    limit(3, "buy", 52, 3),
    limit(4, "sell", 57, 4),
]


@pytest.mark.parametrize(
    ("rule", "reference", "price", "surplus"),
    [
        ("midpoint", 500, 55, 0),  # 54.5: the tick nearer the reference
        ("midpoint", 55, 55, 0),
        ("midpoint", 54, 54, 0),
        ("midpoint", 10, 54, 0),
        ("lower", 500, 52, 3),
        ("upper", 10, 57, -4),
        ("reference", 500, 57, -4),
        ("reference", 56, 56, 0),
        ("reference", 10, 52, 3),
    ],
)
def test_point_in_the_interval(rule, reference, price, surplus):
    result = fba(*INTERVAL, price_rule=rule, reference_ticks=reference)
    assert clears(result) == [(price, 5, surplus, 52, 57)]
    assert fills(result) == [(1, 2, price, 5)]


@pytest.mark.parametrize("rule", PRICE_RULES)
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # the level where the volume ends fixes the price
        ([limit(1, "buy", 60, 8), limit(2, "sell", 50, 5)], (60, 5, 3, 60, 60)),
        ([limit(1, "buy", 60, 5), limit(2, "sell", 50, 8)], (50, 5, -3, 50, 50)),
        # market orders bound nothing: 0 and n_ticks stand for infinite ends
        ([market(1, "buy", 5), limit(2, "sell", 50, 5)], (50, 5, 0, 50, 1000)),
        ([limit(1, "buy", 60, 5), market(2, "sell", 5)], (60, 5, 0, 0, 60)),
        ([market(1, "buy", 5), market(2, "sell", 5)], (500, 5, 0, 0, 1000)),
        ([market(1, "buy", 9), market(2, "sell", 5)], (500, 5, 4, 0, 1000)),
        # market orders left over: the limits behind them still bound the price
        ([market(1, "buy", 9), limit(2, "sell", 50, 5), limit(3, "buy", 70, 1)],
         (70, 5, 5, 70, 1000)),
        ([market(1, "buy", 9), market(2, "sell", 5), limit(3, "buy", 40, 1)],
         (40, 5, 5, 40, 1000)),
        ([limit(1, "buy", 999, 1), limit(2, "sell", 999, 1)], (999, 1, 0, 999, 999)),
        ([limit(1, "buy", 1, 1), limit(2, "sell", 1, 1)], (1, 1, 0, 1, 1)),
    ],
)  # fmt: skip
def test_interval_that_leaves_one_price(rows, expected, rule):
    assert clears(fba(*rows, price_rule=rule)) == [expected]


MARKETS = [market(1, "buy", 10), market(2, "sell", 10)]
BALANCED = [limit(1, "buy", 60, 5), limit(2, "sell", 50, 5)]
OPPOSED = [*MARKETS, limit(3, "buy", 40, 3), limit(4, "sell", 60, 3)]


@pytest.mark.parametrize(
    ("rows", "reference", "price"),
    [
        # most volume: 7 at 60, 4 at 50
        ([limit(1, "buy", 60, 10), limit(2, "sell", 50, 4), limit(3, "sell", 60, 3)], 500, 60),
        # least surplus: +3 at 40, -5 at 60
        ([*MARKETS, limit(3, "buy", 40, 3), limit(4, "sell", 60, 5)], 55, 40),
        # pressure: bid surplus at both limits, the highest; ask surplus at both, the lowest
        ([limit(1, "buy", 60, 10), limit(2, "sell", 50, 4)], 10, 60),
        ([limit(1, "buy", 60, 4), limit(2, "sell", 50, 10)], 500, 50),
        # +3 at 40 and -3 at 60, or no surplus at 50 and 60: the reference, clamped
        (OPPOSED, 500, 60),
        (OPPOSED, 47, 47),
        (OPPOSED, 10, 40),
        (BALANCED, 500, 60),
        (BALANCED, 53, 53),
        (BALANCED, 10, 50),
        # +3 at 50 and 52, -4 at 57 and 60: the highest of the least surplus
        (INTERVAL, 55, 52),
        # only market orders: the reference
        (MARKETS, 123, 123),
    ],
)
def test_t7_ladder(rows, reference, price):
    result = fba(*rows, price_rule="t7", reference_ticks=reference)
    assert [clear[0] for clear in clears(result)] == [price]


def test_the_last_clearing_price_is_the_reference():
    later = [in_batch(1, row) for row in (market(3, "buy", 1), market(4, "sell", 1))]
    result = fba(limit(1, "buy", 60, 5), limit(2, "sell", 60, 5), *later)
    assert table(result.clears, "time_ns", "price_ticks") == [(DELTA_NS, 60), (2 * DELTA_NS, 60)]


def test_fills_pair_both_sides_in_price_then_arrival_order():
    sells = [limit(4, "sell", 50, 4), limit(5, "sell", 45, 3)]
    buys = [limit(1, "buy", 55, 2), limit(2, "buy", 60, 3), market(3, "buy", 1)]
    result = fba(*sells, *buys)  # a lot of order 4 is left: W = [50, 50]
    pairs = [(3, 5, 1), (2, 5, 2), (2, 4, 1), (1, 4, 2)]
    assert table(result.fills, "buy_order_id", "sell_order_id", "quantity") == pairs
    assert {maker for maker, *_ in fills(result)} == {4, 5}  # the earlier arrivals
    assert {price for _, _, price, _ in fills(result)} == {50}
    assert book(result) == [(4, 50, 1)]


# How long an order lives.


def test_immediate_orders_live_for_one_clear():
    orders = [market(1, "buy", 5), limit(2, "buy", 60, 4, tif="ioc"), limit(3, "sell", 50, 7)]
    result = fba(*orders, in_batch(1, limit(4, "sell", 50, 1)))
    assert filled(result) == {1: 5, 2: 2, 3: 7}
    assert cancels(result) == [(2, 2, IMMEDIATE)]
    assert book(result) == [(4, 50, 1)]


def test_what_does_not_fill_rests_for_the_next_batch():
    rows = [limit(1, "buy", 60, 5), limit(2, "sell", 50, 3), in_batch(3, limit(3, "sell", 50, 9))]
    result = fba(*rows)
    assert table(result.fills, "time_ns", "sell_order_id", "quantity") == [
        (DELTA_NS, 2, 3),
        (4 * DELTA_NS, 3, 2),
    ]
    assert book(result) == [(3, 50, 7)]


@pytest.mark.parametrize("more", [{"tif": "fok"}, {"post_only": True}])
def test_orders_without_a_meaning_in_a_batch_are_rejected(more):
    result = fba(limit(1, "buy", 60, 5, **more), market(2, "sell", 5, **more))
    assert rejects(result) == [(1, "not_in_batch"), (2, "not_in_batch")]
    assert book(result) == []


def test_a_market_order_amended_to_a_limit_stays_immediate():
    result = fba(market(1, "buy", 5), amend(1, price_ticks=40), limit(2, "sell", 41, 1))
    assert cancels(result) == [(1, 5, IMMEDIATE)]
    assert book(result) == [(2, 41, 1)]


@pytest.mark.parametrize(
    ("row", "shares"),
    [
        (amend(1, quantity=4), {1: 3, 3: 3}),  # keeps its place
        (amend(1, price_ticks=50), {1: 3, 3: 3}),
        (amend(1, quantity=6), {2: 3, 3: 3}),  # goes behind
        (amend(1, price_ticks=51), {2: 3, 3: 3}),
        (amend(2, price_ticks=49), {2: 3, 3: 3}),  # a better price goes first
    ],
)
def test_queue_position_after_an_amendment(row, shares):
    asks = [limit(1, "sell", 50, 5), limit(2, "sell", 50, 5)]
    assert filled(fba(*asks, row, limit(3, "buy", 60, 3), allocation="time")) == shares


# Sharing the marginal level: 5, 3 and 2 lots (ids 9, 4, 7, in this order of arrival).


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(
    ("allocation", "lots", "shares"),
    [
        ("time", 6, {9: 5, 4: 1}),
        ("pro_rata", 5, {9: 2, 4: 2, 7: 1}),  # 2.5, 1.5, 1.0: equal remainders, lower id
        ("pro_rata", 9, {9: 4, 4: 3, 7: 2}),  # 4.5, 2.7, 1.8
        ("pro_rata_fifo", 5, {9: 3, 4: 1, 7: 1}),
        ("pro_rata_fifo", 9, {9: 5, 4: 3, 7: 1}),
        ("earlier_batches_first", 5, {9: 3, 4: 1, 7: 1}),
    ],
)
def test_sharing_the_marginal_level(allocation, lots, shares, side):
    level = [limit(9, side, 50, 5), limit(4, side, 50, 3), limit(7, side, 50, 2)]
    other = "sell" if side == "buy" else "buy"
    better = limit(8, side, 51 if side == "buy" else 49, 1)  # strictly better: filled in full
    result = fba(*level, better, market(1, other, lots + 1), allocation=allocation)
    assert filled(result) == {**shares, 8: 1, 1: lots + 1}


@pytest.mark.parametrize(
    ("row", "shares"),
    [
        (None, {1: 2, 2: 2, 3: 2}),  # order 1 is of an earlier batch: in full
        (amend(1, quantity=1), {1: 1, 2: 3, 3: 2}),  # stays in its batch
        (amend(1, quantity=4), {1: 2, 2: 2, 3: 2}),  # joins batch 2 behind: 6 of 12 lots
        (amend(1, quantity=6), {1: 2, 2: 3, 3: 1}),  # 6 x 4/14 = 1, 1, 2; dust to order 2
    ],
)
def test_earlier_batches_first(row, shares):
    asks = [limit(1, "sell", 50, 2), limit(2, "sell", 50, 4), limit(3, "sell", 50, 4)]
    second = [*asks[1:], *([row] if row else []), limit(4, "buy", 50, 6)]
    result = fba(asks[0], *(in_batch(1, each) for each in second))
    assert filled(result) == {**shares, 4: 6}


def test_random_allocation_is_a_random_order_that_the_seed_fixes():
    """Three asks of two lots share three: 2, 1 and 0 name the order. False alarm: 2e-9."""
    asks = [limit(order_id, "sell", 50, 2) for order_id in (1, 2, 3)]
    seen = []
    for seed in range(120):
        shares = filled(fba(*asks, limit(9, "buy", 50, 3), allocation="random", seed=seed))
        again = filled(fba(*asks, limit(9, "buy", 50, 3), allocation="random", seed=seed))
        assert shares == again
        seen.append(tuple(shares.get(order_id, 0) for order_id in (1, 2, 3)))
    assert set(seen) == set(itertools.permutations((0, 1, 2)))


# Self-trade prevention at the clear, before pricing: 1 buys 5 at 60, 2 of the same agent sells 3.


@pytest.mark.parametrize(
    ("mode", "volume", "cancelled"),
    [
        ("none", 5, []),
        ("cancel_newest", 4, [(2, 3)]),
        ("cancel_oldest", 0, [(1, 5)]),
        ("cancel_both", 0, [(1, 5), (2, 3)]),
        ("decrement", 2, [(1, 3), (2, 3)]),
    ],
)
def test_self_trade(mode, volume, cancelled):
    own = [limit(1, "buy", 60, 5, agent=1), limit(2, "sell", 50, 3, agent=1)]
    result = fba(*own, limit(3, "sell", 55, 4, agent=2), self_trade=mode)
    assert sum(result.fills["quantity"]) == volume
    assert cancels(result) == [(order_id, lots, "self_trade") for order_id, lots in cancelled]


@pytest.mark.parametrize("mode", SELF_TRADE_MODES)
def test_self_trade_leaves_own_orders_that_do_not_cross(mode):
    own = [limit(1, "buy", 49, 5, agent=1), limit(2, "sell", 50, 5, agent=1)]
    others = [limit(3, "sell", 49, 2, agent=2), limit(4, "buy", 50, 2, agent=3)]
    result = fba(*own, *others, self_trade=mode)
    assert cancels(result) == []
    assert filled(result) == {3: 2, 4: 2}


def test_self_trade_treats_the_best_own_pair_first_and_each_agent_alone():
    """Agent 1: 1 meets 2, then what is left meets 3. Agent 2: 4 meets 5."""
    agent_1 = [limit(1, "buy", 60, 5), limit(2, "sell", 50, 3), limit(3, "sell", 55, 3)]
    agent_2 = [limit(4, "sell", 58, 1), limit(5, "buy", 58, 2)]
    rows = [row | {"agent": 1} for row in agent_1] + [row | {"agent": 2} for row in agent_2]
    result = fba(*rows, self_trade="decrement")
    lots = {(1, 3), (2, 3), (1, 2), (3, 2), (4, 1), (5, 1)}
    assert set(cancels(result)) == {(*pair, "self_trade") for pair in lots}
    assert filled(result) == {5: 1, 3: 1}
    assert book(result) == []


# Random closing times.


def one_pair_per_batch(n_batches, offset_ns=0):
    """A buy and a sell of one lot at 50 in each batch."""
    n_orders = 2 * n_batches
    columns = {"time_ns": np.arange(n_orders) // 2 * DELTA_NS + offset_ns, "kind": "limit"}
    columns |= {"order_id": range(n_orders), "side": ["buy", "sell"] * n_batches}
    return pd.DataFrame(columns | {"price_ticks": 50, "quantity": 1})


def close_times(share, seed=0):
    messages = one_pair_per_batch(400)
    return proteus.replay(messages, "fba", random_close=share, seed=seed).clears["time_ns"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_random_close_moves_each_close_back_by_a_share_of_delta(share):
    ends = np.arange(1, 401) * DELTA_NS
    times = close_times(share).to_numpy()
    assert ((1 - share) * DELTA_NS <= DELTA_NS - (ends - times)).all()
    assert (times <= ends).all()
    if share == 0.0:
        assert (times == ends).all()
        return
    moved_back = (ends - times) / (share * DELTA_NS)
    assert len(set(moved_back)) == 400
    assert stats.kstest(moved_back, "uniform").pvalue > 1e-6  # the false-alarm rate
    assert close_times(share).equals(close_times(share))
    assert not close_times(share).equals(close_times(share, seed=1))


def test_a_message_after_a_random_close_belongs_to_the_next_batch():
    messages = one_pair_per_batch(400, offset_ns=DELTA_NS // 2)
    result = proteus.replay(messages, "fba", random_close=1.0)
    arrived = messages["time_ns"].to_numpy()[result.fills["buy_order_id"].to_numpy()]
    waited = result.fills["time_ns"].to_numpy() - arrived
    assert len(waited) == 400
    assert (waited > 0).all()
    early = waited > DELTA_NS // 2  # its own batch had closed before it came
    assert 140 < early.sum() < 260  # binomial(400, 1/2); false alarm 2e-9


def test_the_cost_of_a_clear_does_not_grow_with_the_run():
    """Seconds per batch of a long and of a short run, medians of 5; a growing cost gives 20."""

    def seconds_per_batch(n_batches):
        messages = one_pair_per_batch(n_batches)
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            result = proteus.replay(messages, "fba")
            seconds.append(time.perf_counter() - start)
            assert len(result.clears) == n_batches
        return statistics.median(seconds) / n_batches

    assert seconds_per_batch(20_000) < 2 * seconds_per_batch(1_000)
