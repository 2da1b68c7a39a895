"""The order book's kernels, rule by rule, on examples worked by hand through the message door."""

import numpy as np
import pandas as pd
import pytest

import proteus
from proteus.errors import ConfigError
from proteus.replaying.orders import MessageError
from tests.unit.reference.test_reference_twin import amend, cancel, limit, market

SELF_TRADE_MODES = ("none", "cancel_newest", "cancel_oldest", "cancel_both", "decrement")
ALLOCATIONS = ("time", "pro_rata", "pro_rata_fifo")


def clob(*rows, **parameters):
    return proteus.replay(list(rows), mechanism="clob", **parameters)


def table(frame, *columns):
    """Some columns of a result as a list of plain tuples."""
    return list(frame[list(columns)].itertuples(index=False, name=None))


def fills(result):
    """Fills as (maker, taker, price, lots)."""
    return table(result.fills, "maker_order_id", "taker_order_id", "price_ticks", "quantity")


def book(result):
    """Resting orders as (id, price, lots), in priority order, bids first."""
    return table(result.book, "order_id", "price_ticks", "quantity")


def cancels(result):
    return table(result.cancels, "order_id", "quantity", "reason")


def rejects(result):
    return table(result.rejects, "order_id", "reason")


# Price-time priority and partial fills. Asks: 3 at 49, then 1 and 2 at 50; one bid: 4 at 40.

DEPTH = [
    limit(1, "sell", 50, 5),
    limit(2, "sell", 50, 5),
    limit(3, "sell", 49, 2),
    limit(4, "buy", 40, 6),
]
REST = [(4, 40, 6), (3, 49, 2), (1, 50, 5), (2, 50, 5)]
IMMEDIATE = "immediate_or_cancel"


@pytest.mark.parametrize(
    ("order", "expected_fills", "expected_book", "cancelled"),
    [
        # rests: new best bid; behind at the same price; behind a better bid
        (limit(9, "buy", 48, 9), [], [(9, 48, 9), *REST], []),
        (limit(9, "buy", 40, 9), [], [(4, 40, 6), (9, 40, 9), *REST[1:]], []),
        (limit(9, "buy", 39, 9), [], [(4, 40, 6), (9, 39, 9), *REST[1:]], []),
        # takes the best price first, then the earlier order, at the resting price
        (limit(9, "buy", 99, 1), [(3, 9, 49, 1)], [(4, 40, 6), (3, 49, 1), *REST[2:]], []),
        (limit(9, "buy", 50, 4), [(3, 9, 49, 2), (1, 9, 50, 2)],
         [(4, 40, 6), (1, 50, 3), (2, 50, 5)], []),
        (limit(9, "buy", 49, 7), [(3, 9, 49, 2)],
         [(9, 49, 5), (4, 40, 6), (1, 50, 5), (2, 50, 5)], []),
        (limit(9, "sell", 30, 8), [(4, 9, 40, 6)], [(9, 30, 2), *REST[1:]], []),
        # market, immediate-or-cancel, fill-or-kill
        (market(9, "buy", 4), [(3, 9, 49, 2), (1, 9, 50, 2)],
         [(4, 40, 6), (1, 50, 3), (2, 50, 5)], []),
        (market(9, "sell", 8), [(4, 9, 40, 6)], REST[1:], [(9, 2, IMMEDIATE)]),
        (limit(9, "buy", 49, 7, tif="ioc"), [(3, 9, 49, 2)],
         [(4, 40, 6), (1, 50, 5), (2, 50, 5)], [(9, 5, IMMEDIATE)]),
        (limit(9, "buy", 48, 7, tif="ioc"), [], REST, [(9, 7, IMMEDIATE)]),
        (limit(9, "buy", 50, 12, tif="fok"), [(3, 9, 49, 2), (1, 9, 50, 5), (2, 9, 50, 5)],
         [(4, 40, 6)], []),
        (market(9, "sell", 6, tif="fok"), [(4, 9, 40, 6)], REST[1:], []),
        # post-only: rests one tick away from the market
        (limit(9, "buy", 48, 1, post_only=True), [], [(9, 48, 1), *REST], []),
    ],
)  # fmt: skip
def test_an_order_meets_the_book(order, expected_fills, expected_book, cancelled):
    result = clob(*DEPTH, order)
    assert fills(result) == expected_fills
    assert book(result) == expected_book
    assert cancels(result) == cancelled
    assert rejects(result) == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (limit(9, "buy", 49, 1, post_only=True), "post_only_would_cross"),
        (limit(9, "sell", 40, 1, post_only=True), "post_only_would_cross"),
        (market(9, "buy", 1, post_only=True), "post_only_would_cross"),
        (limit(9, "buy", 50, 13, tif="fok"), "fok_not_filled"),
        (limit(9, "buy", 49, 3, tif="fok"), "fok_not_filled"),
        (market(9, "sell", 7, tif="fok"), "fok_not_filled"),
        (limit(9, "buy", 0, 1), "invalid_price"),
        (limit(9, "buy", 1000, 1), "invalid_price"),
        ({"kind": "limit", "order_id": 9, "side": "buy", "quantity": 1}, "invalid_price"),
        (limit(9, "buy", 45, 0), "invalid_quantity"),
        (limit(9, "buy", 45, -1), "invalid_quantity"),
        (limit(9, "buy", 45, 2**62 + 1), "invalid_quantity"),
        (limit(9, "buy", 0, 0), "invalid_quantity"),
        ({"kind": "market", "order_id": 9, "side": "buy"}, "invalid_quantity"),
        (limit(4, "buy", 45, 1), "duplicate_order_id"),
        (cancel(9), "unknown_order"),
        (amend(9, quantity=1), "unknown_order"),
        (amend(4, quantity=0), "invalid_quantity"),
        (amend(4, price_ticks=1000), "invalid_price"),
    ],
)
def test_a_refused_message_changes_nothing(row, reason):
    result = clob(*DEPTH, row)
    assert rejects(result) == [(row["order_id"], reason)]
    assert book(result) == REST
    assert fills(result) == cancels(result) == []


def test_an_empty_book():
    nothing = clob()
    for frame in (nothing.fills, nothing.book, nothing.clears, nothing.rejects, nothing.cancels):
        assert frame.empty
    result = clob(market(1, "buy", 3), limit(2, "sell", 7, 3, tif="ioc"), limit(3, "buy", 7, 1))
    assert cancels(result) == [(1, 3, IMMEDIATE), (2, 3, IMMEDIATE)]
    assert book(result) == [(3, 7, 1)]


def test_the_extreme_prices_trade():
    result = clob(limit(1, "sell", 1, 2), limit(2, "buy", 1, 1), market(3, "buy", 1), n_ticks=2)
    assert fills(result) == [(1, 2, 1, 1), (1, 3, 1, 1)]


# Cancels, also of what is gone.


@pytest.mark.parametrize(
    ("rows", "cancelled", "refused", "expected_book"),
    [
        ([cancel(1)], [(1, 5, "requested")], [], [(2, 50, 5)]),
        ([cancel(1), cancel(1)], [(1, 5, "requested")], [(1, "unknown_order")], [(2, 50, 5)]),
        # the rest of a partly filled order
        ([market(9, "buy", 3), cancel(1)], [(1, 2, "requested")], [], [(2, 50, 5)]),
        # a cancel that comes too late
        ([market(9, "buy", 5), cancel(1)], [], [(1, "unknown_order")], [(2, 50, 5)]),
        # a dead order's id stays used
        ([cancel(1), limit(1, "sell", 50, 1)], [(1, 5, "requested")],
         [(1, "duplicate_order_id")], [(2, 50, 5)]),
        ([market(9, "buy", 1), cancel(9)], [], [(9, "unknown_order")], [(1, 50, 4), (2, 50, 5)]),
    ],
)  # fmt: skip
def test_cancel(rows, cancelled, refused, expected_book):
    result = clob(limit(1, "sell", 50, 5), limit(2, "sell", 50, 5), *rows)
    assert cancels(result) == cancelled
    assert rejects(result) == refused
    assert book(result) == expected_book


# Queue position: asks 1 then 2 at 50, and order 9 buys 3 after the amendment.


@pytest.mark.parametrize(
    ("row", "expected_fills", "expected_book"),
    [
        (amend(1, quantity=4), [(1, 9, 50, 3)], [(1, 50, 1), (2, 50, 5)]),  # kept
        (amend(1, quantity=5), [(1, 9, 50, 3)], [(1, 50, 2), (2, 50, 5)]),  # kept
        (amend(1, price_ticks=50), [(1, 9, 50, 3)], [(1, 50, 2), (2, 50, 5)]),  # kept
        (amend(1), [(1, 9, 50, 3)], [(1, 50, 2), (2, 50, 5)]),  # kept
        (amend(1, quantity=6), [(2, 9, 50, 3)], [(2, 50, 2), (1, 50, 6)]),  # lost
        (amend(1, price_ticks=51), [(2, 9, 50, 3)], [(2, 50, 2), (1, 51, 5)]),  # lost
        (amend(2, price_ticks=49), [(2, 9, 49, 3)], [(2, 49, 2), (1, 50, 5)]),  # a better price
    ],
)
def test_queue_position_after_an_amendment(row, expected_fills, expected_book):
    result = clob(limit(1, "sell", 50, 5), limit(2, "sell", 50, 5), row, limit(9, "buy", 50, 3))
    assert fills(result) == expected_fills
    assert book(result) == expected_book


def test_a_price_changed_and_changed_back_goes_to_the_end_of_the_queue():
    there_and_back = [amend(1, price_ticks=51), amend(1, price_ticks=50)]
    result = clob(limit(1, "sell", 50, 5), limit(2, "sell", 50, 5), *there_and_back)
    assert book(result) == [(2, 50, 5), (1, 50, 5)]


@pytest.mark.parametrize(
    ("row", "expected_fills", "expected_book"),
    [
        # the new quantity is what is open; order 4 takes as a new arrival and rests with the rest
        (amend(4, price_ticks=49, quantity=3), [(3, 4, 49, 2)], [(4, 49, 1), *REST[2:]]),
        (amend(4, price_ticks=50), [(3, 4, 49, 2), (1, 4, 50, 4)], [(1, 50, 1), (2, 50, 5)]),
    ],
)
def test_an_amendment_that_crosses_trades_at_once(row, expected_fills, expected_book):
    result = clob(*DEPTH, row)
    assert fills(result) == expected_fills
    assert book(result) == expected_book


def test_a_post_only_order_cannot_be_amended_into_a_trade():
    maker = limit(5, "buy", 41, 1, post_only=True)
    result = clob(*DEPTH, maker, amend(5, price_ticks=49), amend(5, price_ticks=48))
    assert rejects(result) == [(5, "post_only_would_cross")]
    assert book(result) == [(5, 48, 1), *REST]


def test_rows_are_taken_in_time_order_and_equal_times_in_row_order():
    late, early = limit(1, "sell", 50, 1, time_ns=9), limit(2, "sell", 50, 1, time_ns=3)
    result = clob(late, early, limit(3, "sell", 50, 1, time_ns=3), market(4, "buy", 3, time_ns=9))
    assert fills(result) == [(2, 4, 50, 1), (3, 4, 50, 1), (1, 4, 50, 1)]
    assert set(result.fills["time_ns"]) == {9}


def test_crossed_input_never_rests():
    """Every row crosses what rests; what is left changes sides each time."""
    result = clob(
        limit(1, "buy", 60, 2),
        limit(2, "sell", 50, 5),
        limit(3, "buy", 55, 4),
        limit(4, "sell", 40, 4),
        limit(5, "buy", 45, 4),
    )
    assert fills(result) == [(1, 2, 60, 2), (2, 3, 50, 3), (3, 4, 55, 1), (4, 5, 40, 3)]
    assert book(result) == [(5, 45, 1)]


def test_ids_and_agents_are_arbitrary_integers():
    low, high = -(2**63) + 1, 2**63 - 1
    result = clob(limit(low, "sell", 50, 2, agent=high), limit(high, "buy", 50, 1, agent=low))
    assert fills(result) == [(low, high, 50, 1)]
    assert table(result.fills, "buy_order_id", "sell_order_id") == [(high, low)]
    assert book(result) == [(low, 50, 1)]


# Self-trade prevention: asks 1 (own, 4 lots) and 2 (other, 3 lots) at 50; order 3 buys 6.


@pytest.mark.parametrize(
    ("mode", "expected_fills", "expected_book", "cancelled"),
    [
        ("none", [(1, 3, 50, 4), (2, 3, 50, 2)], [(2, 50, 1)], []),
        ("cancel_newest", [], [(1, 50, 4), (2, 50, 3)], [(3, 6)]),
        ("cancel_oldest", [(2, 3, 50, 3)], [(3, 50, 3)], [(1, 4)]),
        ("cancel_both", [], [(2, 50, 3)], [(1, 4), (3, 6)]),
        ("decrement", [(2, 3, 50, 2)], [(2, 50, 1)], [(1, 4), (3, 4)]),
    ],
)
def test_self_trade(mode, expected_fills, expected_book, cancelled):
    asks = [limit(1, "sell", 50, 4, agent=1), limit(2, "sell", 50, 3, agent=2)]
    result = clob(*asks, limit(3, "buy", 50, 6, agent=1), self_trade=mode)
    assert fills(result) == expected_fills
    assert book(result) == expected_book
    assert cancels(result) == [(order_id, lots, "self_trade") for order_id, lots in cancelled]


@pytest.mark.parametrize("mode", SELF_TRADE_MODES[1:])
def test_what_comes_before_the_own_order_trades_in_every_mode(mode):
    asks = [limit(1, "sell", 49, 2, agent=2), limit(2, "sell", 50, 2, agent=1)]
    result = clob(*asks, limit(3, "buy", 50, 2, agent=1), self_trade=mode)
    assert fills(result) == [(1, 3, 49, 2)]
    assert cancels(result) == []


@pytest.mark.parametrize("mode", SELF_TRADE_MODES)
def test_fill_or_kill_counts_what_self_trade_prevention_leaves(mode):
    asks = [limit(1, "sell", 50, 4, agent=1), limit(2, "sell", 50, 3, agent=2)]
    result = clob(*asks, limit(3, "buy", 50, 3, agent=1, tif="fok"), self_trade=mode)
    expected = {"none": [(1, 3, 50, 3)], "cancel_oldest": [(2, 3, 50, 3)]}.get(mode, [])
    assert fills(result) == expected
    assert rejects(result) == ([] if expected else [(3, "fok_not_filled")])


# Sharing a level of 5, 3 and 2 lots (ids 9, 4, 7, in this order of arrival).


@pytest.mark.parametrize(
    ("allocation", "lots", "shares"),
    [
        ("time", 6, {9: 5, 4: 1}),
        ("pro_rata", 4, {9: 2, 4: 1, 7: 1}),  # 2.0, 1.2, 0.8
        ("pro_rata", 5, {9: 2, 4: 2, 7: 1}),  # 2.5, 1.5, 1.0: equal remainders, lower id
        ("pro_rata", 9, {9: 4, 4: 3, 7: 2}),  # 4.5, 2.7, 1.8
        ("pro_rata", 1, {9: 1}),
        ("pro_rata_fifo", 4, {9: 3, 4: 1}),
        ("pro_rata_fifo", 5, {9: 3, 4: 1, 7: 1}),
        ("pro_rata_fifo", 9, {9: 5, 4: 3, 7: 1}),
        ("pro_rata_fifo", 1, {9: 1}),
        ("pro_rata", 10, {9: 5, 4: 3, 7: 2}),
        ("pro_rata_fifo", 12, {9: 5, 4: 3, 7: 2}),
    ],
)
def test_sharing_a_level(allocation, lots, shares):
    level = [limit(9, "sell", 50, 5), limit(4, "sell", 50, 3), limit(7, "sell", 50, 2)]
    result = clob(*level, market(1, "buy", lots), allocation=allocation)
    assert fills(result) == [(maker, 1, 50, share) for maker, share in shares.items()]


@pytest.mark.parametrize("allocation", ALLOCATIONS)
def test_a_better_level_fills_in_full_before_the_next_is_shared(allocation):
    asks = [limit(1, "sell", 50, 4), limit(2, "sell", 50, 4), limit(3, "sell", 49, 1)]
    result = clob(*asks, limit(9, "buy", 50, 5), allocation=allocation)
    shares = [(1, 9, 50, 4)] if allocation == "time" else [(1, 9, 50, 2), (2, 9, 50, 2)]
    assert fills(result) == [(3, 9, 49, 1), *shares]


@pytest.mark.parametrize("allocation", ALLOCATIONS)
def test_nothing_is_dropped_however_many_orders_rest(allocation):
    n_orders = 20_000
    price = 500 + np.arange(n_orders) % 100
    messages = pd.DataFrame(
        {"kind": "limit", "order_id": range(n_orders), "side": "sell", "price_ticks": price}
        | {"quantity": 1 + np.arange(n_orders) % 7}
    )
    total = int(messages["quantity"].sum())
    sweep = pd.DataFrame([market(n_orders, "buy", total + 5)])
    result = proteus.replay(pd.concat([messages, sweep]), "clob", allocation=allocation)
    assert result.book.empty
    assert cancels(result) == [(n_orders, 5, IMMEDIATE)]
    in_priority = messages.sort_values("price_ticks", kind="stable")
    columns = ["order_id", "price_ticks", "quantity"]
    expected = in_priority[columns].to_numpy()
    assert (result.fills[["sell_order_id", *columns[1:]]].to_numpy() == expected).all()
    assert proteus.replay(messages, "clob").book["order_id"].tolist() == [*in_priority["order_id"]]


# What the message door refuses to read.


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"colour": 1}, "unknown column colour"),
        ({"kind": "stop"}, "kind='stop' in row 1"),
        ({"side": "bid"}, "side='bid' in row 1"),
        ({"tif": "day"}, "tif='day' in row 1"),
        ({"role": "broker"}, "role='broker' in row 1"),
        ({"post_only": "yes"}, "post_only='yes' in row 1"),
        ({"price_ticks": 10.5}, "price_ticks=10.5 in row 1"),
        ({"quantity": "3"}, "quantity='3' in row 1"),
        ({"quantity": True}, "quantity=True in row 1"),
        ({"order_id": 2**63}, "order_id=9223372036854775808 in row 1"),
        ({"quantity": 2**70}, r"must be an integer of 64 bits"),
        ({"time_ns": -1}, "time_ns=-1"),
    ],
)
@pytest.mark.parametrize("mechanism", ["clob", "fba"])
def test_a_message_that_cannot_be_read(mechanism, more, sentence):
    rows = [limit(1, "buy", 50, 1), limit(2, "buy", 50, 1, **{"tif": "gtc"}) | more]
    with pytest.raises(MessageError, match=sentence):
        proteus.replay(rows, mechanism)


def test_a_row_that_is_no_dict():
    with pytest.raises(MessageError, match="row 1 is 3, not allowed: must be a dict"):
        proteus.replay([limit(1, "buy", 50, 1), 3])


def test_a_missing_column():
    with pytest.raises(MessageError, match="column order_id is missing"):
        clob({"kind": "limit"})


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"n_ticks": 1}, "n_ticks=1 "),
        ({"n_ticks": 2**31 + 1}, "n_ticks=2147483649 "),
        ({"reference_ticks": 0}, "reference_ticks=0 "),
        ({"n_ticks": 10, "reference_ticks": 10}, "reference_ticks=10 .* 1 .. 9"),
        ({"seed": -1}, "seed=-1 "),
        ({"delta": -1}, "delta=-1 "),
        ({"delta": 0}, "delta=0 .* more than 0 ms"),
    ],
)
def test_a_contract_that_is_not_allowed(parameters, sentence):
    with pytest.raises(ConfigError, match=sentence):
        clob(**parameters)


@pytest.mark.parametrize(
    ("mechanism", "policies", "sentence"),
    [
        ("fbb", {}, "mechanism=fbb does not exist; did you mean fba"),
        ("clob", {"price_rule": "midpoint"}, "unknown key mechanism.price_rule"),
        ("clob", {"allocation": "random"}, "mechanism.allocation=random is not allowed"),
        ("clob", {"self_trade": "newest"}, "mechanism.self_trade=newest is not allowed"),
        ("fba", {"price_rule": "mid"}, "mechanism.price_rule=mid is not allowed"),
        ("fba", {"random_close": 1.5}, "mechanism.random_close=1.5 is not allowed"),
    ],
)
def test_a_policy_that_is_not_allowed(mechanism, policies, sentence):
    with pytest.raises(ConfigError, match=sentence):
        proteus.replay([], mechanism, **policies)
