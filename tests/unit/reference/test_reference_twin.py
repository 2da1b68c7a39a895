"""The reference book on examples worked by hand."""

from typing import Any

import pytest

from tests.reference.allocation import allocate
from tests.reference.orders import Order, Replayed, Row
from tests.reference.replay import replay


def limit(order_id: int, side: str, price: int, quantity: int, **more: Any) -> Row:
    row = {"kind": "limit", "order_id": order_id, "side": side, "quantity": quantity}
    return row | {"price_ticks": price} | more


def market(order_id: int, side: str, quantity: int, **more: Any) -> Row:
    return {"kind": "market", "order_id": order_id, "side": side, "quantity": quantity} | more


def cancel(order_id: int, **more: Any) -> Row:
    return {"kind": "cancel", "order_id": order_id} | more


def amend(order_id: int, **more: Any) -> Row:
    return {"kind": "amend", "order_id": order_id} | more


def fills(result: Replayed) -> list[tuple[int, int, int, int]]:
    """Fills as (maker, taker, price, lots)."""
    columns = ("maker_order_id", "taker_order_id", "price_ticks", "quantity")
    return [tuple(row[column] for column in columns) for row in result.fills]


def book(result: Replayed) -> list[tuple[int, int, int]]:
    """Resting orders as (id, price, lots)."""
    return [(row["order_id"], row["price_ticks"], row["quantity"]) for row in result.book]


def cancels(result: Replayed) -> list[tuple[int, int, str]]:
    """Cancelled lots as (id, lots, reason)."""
    return [(row["order_id"], row["quantity"], row["reason"]) for row in result.cancels]


def rejects(result: Replayed) -> list[tuple[int, str]]:
    return [(row["order_id"], row["reason"]) for row in result.rejects]


# Allocation: open lots 5, 3, 2 (ids 9, 4, 7; the last of a later batch) share what is given.

LEVEL = [(9, 5, 1), (4, 3, 1), (7, 2, 2)]
THREE_TENS = [(1, 10, 1), (2, 10, 1), (3, 10, 1)]


@pytest.mark.parametrize(
    ("level", "rule", "lots", "expected"),
    [
        (LEVEL, "time", 6, [5, 1, 0]),
        (LEVEL, "time", 12, [5, 3, 2]),
        (LEVEL, "pro_rata", 5, [2, 2, 1]),  # 2.5, 1.5, 1.0: equal remainders, id 4 before id 9
        (LEVEL, "pro_rata", 4, [2, 1, 1]),  # 2.0, 1.2, 0.8
        (LEVEL, "pro_rata", 9, [4, 3, 2]),  # 4.5, 2.7, 1.8
        (LEVEL, "pro_rata_fifo", 5, [3, 1, 1]),
        (LEVEL, "pro_rata_fifo", 4, [3, 1, 0]),
        (LEVEL, "pro_rata_fifo", 9, [5, 3, 1]),
        (THREE_TENS, "pro_rata", 5, [2, 2, 1]),
        (THREE_TENS, "pro_rata_fifo", 5, [3, 1, 1]),
        (LEVEL, "earlier_batches_first", 4, [3, 1, 0]),  # 2.5, 1.5 inside the first batch
        (LEVEL, "earlier_batches_first", 9, [5, 3, 1]),
    ],
)
def test_allocation(
    level: list[tuple[int, int, int]], rule: str, lots: int, expected: list[int]
) -> None:
    orders = [
        Order(order_id, 0, "buy", 1, quantity, False, False, False, arrival, batch)
        for arrival, (order_id, quantity, batch) in enumerate(level)
    ]
    assert allocate(rule, lots, orders) == expected


# The continuous book. Asks: 3 at 49 before 1 and 2 at 50.

ASKS = [limit(1, "sell", 50, 5), limit(2, "sell", 50, 5), limit(3, "sell", 49, 2)]


@pytest.mark.parametrize(
    ("order", "expected_fills", "expected_book", "expected_cancels"),
    [
        (limit(4, "buy", 48, 9), [], [(4, 48, 9), (3, 49, 2), (1, 50, 5), (2, 50, 5)], []),
        (limit(4, "buy", 49, 9), [(3, 4, 49, 2)], [(4, 49, 7), (1, 50, 5), (2, 50, 5)], []),
        (
            limit(4, "buy", 50, 9),
            [(3, 4, 49, 2), (1, 4, 50, 5), (2, 4, 50, 2)],
            [(2, 50, 3)],
            [],
        ),
        (
            limit(4, "buy", 49, 9, tif="ioc"),
            [(3, 4, 49, 2)],
            [(1, 50, 5), (2, 50, 5)],
            [(4, 7, "immediate_or_cancel")],
        ),
        (
            market(4, "buy", 14),
            [(3, 4, 49, 2), (1, 4, 50, 5), (2, 4, 50, 5)],
            [],
            [(4, 2, "immediate_or_cancel")],
        ),
        (
            limit(4, "buy", 50, 12, tif="fok"),
            [(3, 4, 49, 2), (1, 4, 50, 5), (2, 4, 50, 5)],
            [],
            [],
        ),
    ],
)
def test_book_price_time_priority(
    order: Row,
    expected_fills: list[tuple[int, int, int, int]],
    expected_book: list[tuple[int, int, int]],
    expected_cancels: list[tuple[int, int, str]],
) -> None:
    result = replay([*ASKS, order], "clob")
    assert fills(result) == expected_fills
    assert book(result) == expected_book
    assert cancels(result) == expected_cancels


def test_book_serves_earlier_time_first_whatever_the_row_order() -> None:
    late, early = limit(1, "sell", 50, 1, time_ns=9), limit(2, "sell", 50, 1, time_ns=3)
    assert fills(replay([late, early, market(3, "buy", 1, time_ns=9)], "clob")) == [(2, 3, 50, 1)]


def test_book_pro_rata_fills_are_listed_by_time() -> None:
    result = replay([*ASKS, limit(4, "buy", 50, 5)], "clob", allocation="pro_rata")
    assert fills(result) == [(3, 4, 49, 2), (1, 4, 50, 2), (2, 4, 50, 1)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (limit(4, "buy", 50, 0), "invalid_quantity"),
        (limit(1, "buy", 1000, 0), "invalid_quantity"),
        (limit(4, "buy", 0, 1), "invalid_price"),
        (limit(1, "buy", 1000, 1), "invalid_price"),
        (limit(1, "buy", 50, 1, post_only=True), "duplicate_order_id"),
        (limit(4, "buy", 49, 9, post_only=True, tif="fok"), "post_only_would_cross"),
        (market(4, "buy", 9, post_only=True), "post_only_would_cross"),
        (limit(4, "buy", 50, 13, tif="fok"), "fok_not_filled"),
        (market(4, "buy", 13, tif="fok"), "fok_not_filled"),
        (cancel(4), "unknown_order"),
        (amend(4, quantity=0), "unknown_order"),
        (amend(1, quantity=0, price_ticks=0), "invalid_quantity"),
        (amend(1, price_ticks=1000), "invalid_price"),
    ],
)
def test_book_rejects_and_changes_nothing(row: Row, reason: str) -> None:
    result = replay([*ASKS, row], "clob")
    assert rejects(result) == [(row["order_id"], reason)]
    assert book(result) == book(replay(ASKS, "clob"))
    assert not result.fills
    assert not result.cancels


def test_an_id_is_used_up_by_an_accepted_order_and_not_by_a_rejected_one() -> None:
    rows = [limit(1, "buy", 0, 1), limit(1, "buy", 9, 1), cancel(1), limit(1, "buy", 9, 1)]
    result = replay([*rows, cancel(1)], "clob")
    assert rejects(result) == [
        (1, "invalid_price"),
        (1, "duplicate_order_id"),
        (1, "unknown_order"),
    ]
    assert cancels(result) == [(1, 1, "requested")]


def test_post_only_rests_when_it_does_not_cross_and_a_market_one_is_cancelled() -> None:
    rests = limit(1, "buy", 49, 2, post_only=True)
    result = replay([rests, market(2, "buy", 3, post_only=True)], "clob")
    assert book(result) == [(1, 49, 2)]
    assert cancels(result) == [(2, 3, "immediate_or_cancel")]


@pytest.mark.parametrize(
    ("row", "expected_fills", "expected_book"),
    [
        (amend(1, quantity=4), [(1, 9, 50, 3)], [(1, 50, 1), (2, 50, 5)]),
        (amend(1, price_ticks=50), [(1, 9, 50, 3)], [(1, 50, 2), (2, 50, 5)]),
        (amend(1, quantity=6), [(2, 9, 50, 3)], [(2, 50, 2), (1, 50, 6)]),
        (amend(1, price_ticks=51), [(2, 9, 50, 3)], [(2, 50, 2), (1, 51, 5)]),
        (amend(1, price_ticks=49, quantity=1), [(1, 9, 49, 1), (2, 9, 50, 2)], [(2, 50, 3)]),
        (amend(7, price_ticks=50, quantity=6), [(1, 7, 50, 5), (2, 7, 50, 1), (2, 9, 50, 3)], None),
        (amend(8, price_ticks=50, quantity=6), [(1, 9, 50, 3)], None),  # post-only: stays
    ],
)
def test_book_amend(
    row: Row,
    expected_fills: list[tuple[int, int, int, int]],
    expected_book: list[tuple[int, int, int]] | None,
) -> None:
    asks = [limit(1, "sell", 50, 5), limit(2, "sell", 50, 5)]
    bids = [limit(7, "buy", 40, 1), limit(8, "buy", 40, 1, post_only=True)]
    result = replay([*asks, *bids, row, limit(9, "buy", 50, 3)], "clob")
    assert fills(result) == expected_fills
    if expected_book is not None:
        assert book(result) == [(7, 40, 1), (8, 40, 1), *expected_book]
    assert rejects(result) == ([(8, "post_only_would_cross")] if row["order_id"] == 8 else [])


# Self-trade prevention: asks 1 (own, 4 lots) then 2 (3 lots) at 50; agent 1 buys 6 with order 3.

OWN_THEN_OTHER = [limit(1, "sell", 50, 4, agent=1), limit(2, "sell", 50, 3, agent=2)]


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
@pytest.mark.parametrize("allocation", ["time", "pro_rata", "pro_rata_fifo"])
def test_book_self_trade(
    allocation: str,
    mode: str,
    expected_fills: list[tuple[int, int, int, int]],
    expected_book: list[tuple[int, int, int]],
    cancelled: list[tuple[int, int]],
) -> None:
    rows = [*OWN_THEN_OTHER, limit(3, "buy", 50, 6, agent=1)]
    result = replay(rows, "clob", self_trade=mode, allocation=allocation)
    if (mode, allocation) == ("none", "pro_rata"):  # 24/7 and 18/7: the lot goes to order 2
        expected_fills, expected_book = [(1, 3, 50, 3), (2, 3, 50, 3)], [(1, 50, 1)]
    assert fills(result) == expected_fills
    assert book(result) == expected_book
    assert cancels(result) == [(order_id, lots, "self_trade") for order_id, lots in cancelled]


def test_book_self_trade_under_pro_rata_comes_before_any_fill_of_the_level() -> None:
    other_then_own = [limit(1, "sell", 50, 3, agent=2), limit(2, "sell", 50, 4, agent=1)]
    rows = [*other_then_own, limit(3, "buy", 50, 2, agent=1)]
    assert fills(replay(rows, "clob", self_trade="cancel_newest")) == [(1, 3, 50, 2)]
    assert not replay(rows, "clob", self_trade="cancel_newest", allocation="pro_rata").fills


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("none", [(1, 3, 50, 3)]),
        ("cancel_oldest", [(2, 3, 50, 3)]),
        ("cancel_newest", []),
        ("cancel_both", []),
        ("decrement", []),
    ],
)
def test_book_fill_or_kill_counts_what_self_trade_prevention_leaves(
    mode: str, expected: list[tuple[int, int, int, int]]
) -> None:
    rows = [*OWN_THEN_OTHER, limit(3, "buy", 50, 3, agent=1, tif="fok")]
    result = replay(rows, "clob", self_trade=mode)
    assert fills(result) == expected
    assert rejects(result) == ([] if expected else [(3, "fok_not_filled")])
