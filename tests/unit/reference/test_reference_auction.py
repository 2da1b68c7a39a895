"""The reference auction on examples worked by hand, and on laws counted by brute force."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.helpers.budget import budget, is_proof
from tests.helpers.streams import NS_PER_MS, Row, Stream, is_valid, streams
from tests.reference.orders import SELF_TRADE_MODES, Replayed
from tests.reference.replay import replay
from tests.unit.reference.test_reference_twin import (
    amend,
    book,
    cancels,
    fills,
    limit,
    market,
    rejects,
)

PRICE_RULES = ("midpoint", "reference", "lower", "upper", "t7")

EXAMPLES = settings(
    max_examples=budget("reference_twin"),
    deadline=None,
    derandomize=not is_proof(),
    suppress_health_check=[HealthCheck.too_slow],
)


def clear(rows: list[Row], rule: str, reference: int = 500, **more: str) -> tuple[int, ...] | None:
    """Price, volume, surplus, low, high of the only clear, if there is one."""
    result = replay(rows, "fba", price_rule=rule, reference_ticks=reference, **more)
    assert len(result.clears) <= 1
    columns = ("price_ticks", "volume", "surplus", "low", "high")
    return tuple(result.clears[0][c] for c in columns) if result.clears else None


# W = [max(50, 52), min(60, 57)] in the first book.

INTERVAL = [
    limit(1, "buy", 60, 5),
    limit(2, "sell", 50, 5),
    limit(3, "buy", 52, 3),
    limit(4, "sell", 57, 4),
]


@pytest.mark.parametrize(
    ("rule", "reference", "price", "surplus"),
    [
        ("midpoint", 500, 55, 0),
        ("midpoint", 55, 55, 0),
        ("midpoint", 54, 54, 0),
        ("midpoint", 10, 54, 0),
        ("lower", 500, 52, 3),
        ("upper", 500, 57, -4),
        ("reference", 500, 57, -4),
        ("reference", 56, 56, 0),
        ("reference", 10, 52, 3),
    ],
)
def test_point_in_the_interval(rule: str, reference: int, price: int, surplus: int) -> None:
    assert clear(INTERVAL, rule, reference) == (price, 5, surplus, 52, 57)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # The level where the volume ends is filled and unfilled: it fixes the price.
        ([limit(1, "buy", 60, 8), limit(2, "sell", 50, 5)], (60, 5, 3, 60, 60)),
        ([limit(1, "buy", 60, 5), limit(2, "sell", 50, 8)], (50, 5, -3, 50, 50)),
        # Market orders bound nothing: the finite end, or the reference.
        ([market(1, "buy", 5), limit(2, "sell", 50, 5)], (50, 5, 0, 50, 1000)),
        ([limit(1, "buy", 60, 5), market(2, "sell", 5)], (60, 5, 0, 0, 60)),
        ([market(1, "buy", 5), market(2, "sell", 5)], (500, 5, 0, 0, 1000)),
        # Market orders left over: no price serves them, the limits still bound it.
        (
            [market(1, "buy", 9), limit(2, "sell", 50, 5), limit(3, "buy", 70, 1)],
            (70, 5, 5, 70, 1000),
        ),
        (
            [market(1, "buy", 9), market(2, "sell", 5), limit(3, "buy", 40, 1)],
            (40, 5, 5, 40, 1000),
        ),
        ([limit(1, "buy", 49, 5), limit(2, "sell", 50, 5)], None),
        ([market(1, "buy", 5), limit(2, "buy", 50, 5)], None),
    ],
)
@pytest.mark.parametrize("rule", PRICE_RULES)
def test_interval_of_one_price(
    rows: list[Row], expected: tuple[int, ...] | None, rule: str
) -> None:
    assert clear(rows, rule) == expected


MARKETS = [market(1, "buy", 10), market(2, "sell", 10)]


@pytest.mark.parametrize(
    ("rows", "reference", "price"),
    [
        # 1. One limit has the most volume: 7 at 60 (at 50: 4).
        (
            [limit(1, "buy", 60, 10), limit(2, "sell", 50, 4), limit(3, "sell", 60, 3)],
            500,
            60,
        ),
        # 2. Least surplus: +3 at 40, -5 at 60.
        ([*MARKETS, limit(3, "buy", 40, 3), limit(4, "sell", 60, 5)], 55, 40),
        # 3. Bid surplus at both limits: the highest; ask surplus at both: the lowest.
        ([limit(1, "buy", 60, 10), limit(2, "sell", 50, 4)], 10, 60),
        ([limit(1, "buy", 60, 4), limit(2, "sell", 50, 10)], 500, 50),
        # 4. +3 at 40 and -3 at 60: the reference, clamped.
        ([*MARKETS, limit(3, "buy", 40, 3), limit(4, "sell", 60, 3)], 500, 60),
        ([*MARKETS, limit(3, "buy", 40, 3), limit(4, "sell", 60, 3)], 47, 47),
        ([*MARKETS, limit(3, "buy", 40, 3), limit(4, "sell", 60, 3)], 10, 40),
        # Zero surplus at 50 and 60: the reference, clamped.
        ([limit(1, "buy", 60, 5), limit(2, "sell", 50, 5)], 500, 60),
        ([limit(1, "buy", 60, 5), limit(2, "sell", 50, 5)], 53, 53),
        ([limit(1, "buy", 60, 5), limit(2, "sell", 50, 5)], 10, 50),
        # All four limits have the most volume; +3, +3, -4, -4: the higher of the first two.
        (INTERVAL, 55, 52),
        # 5. Only market orders: the reference.
        (MARKETS, 123, 123),
    ],
)
def test_t7_ladder(rows: list[Row], reference: int, price: int) -> None:
    result = clear(rows, "t7", reference)
    assert result is not None
    assert result[0] == price


def test_reference_is_the_last_clearing_price() -> None:
    pair = [limit(1, "buy", 60, 5), limit(2, "sell", 60, 5)]
    markets = [market(3, "buy", 1, time_ns=250 * NS_PER_MS)]
    markets += [market(4, "sell", 1, time_ns=250 * NS_PER_MS)]
    result = replay([*pair, *markets], "fba")
    assert [(row["time_ns"], row["price_ticks"]) for row in result.clears] == [
        (250 * NS_PER_MS, 60),
        (500 * NS_PER_MS, 60),
    ]


def test_an_order_at_the_end_of_a_batch_belongs_to_the_next() -> None:
    sell = market(1, "sell", 5)
    early, late = NS_PER_MS - 1, NS_PER_MS
    result = replay([sell, limit(2, "buy", 60, 5, time_ns=early)], "fba", delta=1)
    assert [row["time_ns"] for row in result.fills] == [NS_PER_MS]
    result = replay([sell, limit(2, "buy", 60, 5, time_ns=late)], "fba", delta=1)
    assert not result.fills
    assert cancels(result) == [(1, 5, "immediate_or_cancel")]


def test_fills_pair_both_sides_in_price_then_arrival_order() -> None:
    buys = [limit(1, "buy", 55, 2), limit(2, "buy", 60, 3), market(3, "buy", 1)]
    sells = [limit(4, "sell", 50, 4), limit(5, "sell", 45, 3)]
    result = replay([*sells, *buys], "fba")
    rows = [(r["buy_order_id"], r["sell_order_id"], r["quantity"]) for r in result.fills]
    assert rows == [(3, 5, 1), (2, 5, 2), (2, 4, 1), (1, 4, 2)]
    assert {row["maker_order_id"] for row in result.fills} == {4, 5}
    assert book(result) == [(4, 50, 1)]


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"tif": "fok"}, "not_in_batch"), ({"post_only": True}, "not_in_batch")],
)
def test_not_in_batch(more: Row, reason: str) -> None:
    rows = [limit(1, "buy", 60, 5, **more), market(2, "sell", 5, **more)]
    assert rejects(replay(rows, "fba")) == [(1, reason), (2, reason)]


@pytest.mark.parametrize(
    ("row", "makers"),
    [
        (amend(1, quantity=4), {1: 3}),  # keeps its place
        (amend(1, quantity=6), {2: 3}),  # goes behind
        (amend(1, price_ticks=49), {1: 3}),
        (amend(1, price_ticks=51), {2: 3}),
    ],
)
def test_auction_amend(row: Row, makers: dict[int, int]) -> None:
    asks = [limit(1, "sell", 50, 5), limit(2, "sell", 50, 5)]
    result = replay([*asks, row, limit(3, "buy", 60, 3)], "fba", allocation="time")
    assert {maker: lots for maker, _, _, lots in fills(result)} == makers


@pytest.mark.parametrize(
    ("rows", "shares"),
    [
        ([], {1: 2, 2: 2, 3: 2}),  # order 1 is of an earlier batch
        ([amend(1, quantity=1, time_ns=250 * NS_PER_MS)], {1: 1, 2: 3, 3: 2}),
        ([amend(1, quantity=4, time_ns=250 * NS_PER_MS)], {2: 2, 3: 2, 1: 2}),  # joins batch 2
    ],
)
def test_earlier_batches_first(rows: list[Row], shares: dict[int, int]) -> None:
    now = 250 * NS_PER_MS
    asks = [limit(2, "sell", 50, 4, time_ns=now), limit(3, "sell", 50, 4, time_ns=now)]
    buy = limit(4, "buy", 50, 6, time_ns=now)
    result = replay([limit(1, "sell", 50, 2), *asks, *rows, buy], "fba")
    assert {maker: lots for maker, _, _, lots in fills(result)} == shares


def test_a_market_order_amended_to_a_limit_stays_immediate() -> None:
    result = replay([market(1, "buy", 5), amend(1, price_ticks=40)], "fba")
    assert cancels(result) == [(1, 5, "immediate_or_cancel")]
    assert not result.book


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
def test_auction_self_trade(mode: str, volume: int, cancelled: list[tuple[int, int]]) -> None:
    rows = [limit(1, "buy", 60, 5, agent=1), limit(2, "sell", 50, 3, agent=1)]
    result = replay([*rows, limit(3, "sell", 55, 4, agent=2)], "fba", self_trade=mode)
    assert sum(row["quantity"] for row in result.fills) == volume
    assert cancels(result) == [(order_id, lots, "self_trade") for order_id, lots in cancelled]


# Laws, counted from the outside: from messages and results, with no code of the auction.

Outcome = tuple[str, int | None, int, int]  # side, limit, lots filled, lots left


def valid_orders(stream: Stream) -> list[Row]:
    """The limit and market orders of a stream that are valid in themselves, each id once."""
    rows: dict[int, Row] = {}
    for row in stream.rows:
        if is_valid(row, stream.n_ticks):
            rows.setdefault(row["order_id"], row)
    return list(rows.values())


def one_batch(stream: Stream) -> list[Row]:
    """The valid orders of a stream, all in one batch."""
    rows = [row | {"time_ns": 0, "post_only": False} for row in valid_orders(stream)]
    return [row for row in rows if row.get("tif") != "fok"]


def outcomes(rows: list[Row], result: Replayed) -> list[Outcome]:
    """What became of each order at the clear."""
    filled = {row["order_id"]: 0 for row in rows}
    for fill in result.fills:
        filled[fill["buy_order_id"]] += fill["quantity"]
        filled[fill["sell_order_id"]] += fill["quantity"]
    left = {order_id: lots for order_id, _, lots in book(result)}
    left |= {order_id: lots for order_id, lots, _ in cancels(result)}
    for row in rows:
        assert filled[row["order_id"]] + left.get(row["order_id"], 0) == row["quantity"]
    return [
        (r["side"], r.get("price_ticks"), filled[r["order_id"]], left.get(r["order_id"], 0))
        for r in rows
    ]


def is_fair(price: int, orders: list[Outcome]) -> bool:
    """No limit is filled at a worse price than its own, none strictly better is left unfilled."""
    for side, limit_ticks, filled, left in orders:
        if limit_ticks is None:
            continue
        gain = limit_ticks - price if side == "buy" else price - limit_ticks
        if (filled and gain < 0) or (left and gain > 0):
            return False
    return True


def most_volume(rows: list[Row], n_ticks: int) -> int:
    """The most lots that can trade at one price."""
    volumes: list[int] = []
    for price in range(1, n_ticks):
        bids = [r for r in rows if r["side"] == "buy" and r.get("price_ticks", price) >= price]
        asks = [r for r in rows if r["side"] == "sell" and r.get("price_ticks", price) <= price]
        volumes.append(min(sum(r["quantity"] for r in side) for side in (bids, asks)))
    return max(volumes)


@pytest.mark.parametrize("rule", PRICE_RULES)
@EXAMPLES
@given(stream=streams())
def test_volume_is_maximal_and_prices_are_walrasian(rule: str, stream: Stream) -> None:
    rows, n_ticks = one_batch(stream), stream.n_ticks
    result = replay(
        rows, "fba", price_rule=rule, n_ticks=n_ticks, reference_ticks=stream.reference_ticks
    )
    orders = outcomes(rows, result)
    assert sum(row["quantity"] for row in result.fills) == most_volume(rows, n_ticks)
    for row in result.clears:
        fair = [price for price in range(1, n_ticks) if is_fair(price, orders)]
        assert fair == list(range(max(1, row["low"]), min(n_ticks - 1, row["high"]) + 1))
        assert row["price_ticks"] in fair
        if (row["low"] == 0) != (row["high"] == n_ticks):
            assert row["price_ticks"] in (row["low"], row["high"])


@pytest.mark.parametrize("self_trade", SELF_TRADE_MODES)
@pytest.mark.parametrize("mechanism", ["clob", "fba"])
@EXAMPLES
@given(stream=streams())
def test_lots_are_conserved_and_the_book_is_not_crossed(
    mechanism: str, self_trade: str, stream: Stream
) -> None:
    orders = valid_orders(stream)
    rows = orders + [row for row in stream.rows if row["kind"] == "cancel"]
    result = replay(rows, mechanism, n_ticks=stream.n_ticks, self_trade=self_trade)
    refused = {row["order_id"] for row in result.rejects if row["row"] < len(orders)}
    n_lots = {r["order_id"]: r["quantity"] for r in orders if r["order_id"] not in refused}
    for fill in result.fills:
        n_lots[fill["buy_order_id"]] -= fill["quantity"]
        n_lots[fill["sell_order_id"]] -= fill["quantity"]
    for order_id, _, lots in book(result):
        n_lots[order_id] -= lots
    for order_id, lots, _ in cancels(result):
        n_lots[order_id] -= lots
    assert not any(n_lots.values())
    bids = [row["price_ticks"] for row in result.book if row["side"] == "buy"]
    asks = [row["price_ticks"] for row in result.book if row["side"] == "sell"]
    assert not bids or not asks or max(bids) < min(asks)
