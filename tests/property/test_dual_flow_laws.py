"""Laws of the dual-flow batch: two plain auctions that know nothing of each other."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from proteus.replaying.orders import Replayed
from tests.helpers.streams import ID_STEP, NS_PER_MS, Row, Stream, streams
from tests.property.test_metamorphic import (
    LAW,
    NEW_ID,
    OPPOSITE,
    one_batch,
    policies,
    reference_of,
    run,
    table,
)

AUCTIONS = ("bid", "ask")
MAKERS_SIDE = {"bid": "buy", "ask": "sell"}
PARTIES = ("time_ns", "buy_order_id", "sell_order_id", "price_ticks", "quantity")
CLEARS = ("time_ns", "price_ticks", "volume", "surplus", "low", "high")


def auction_of(row: Row) -> str:
    """The auction of every message about an order, whatever else the message says."""
    return AUCTIONS[row["order_id"] // ID_STEP % 2]


def with_roles(rows: list[Row]) -> list[Row]:
    """The messages with the roles that put each order into the auction of its id."""
    return [
        row | {"role": "maker" if row["side"] == MAKERS_SIDE[auction_of(row)] else "taker"}
        if "side" in row
        else row
        for row in rows
    ]


def fills_of(result: Replayed, auction: str) -> list[tuple[Any, ...]]:
    """The fills in which the makers are on the side of an auction."""
    maker_buys = result.fills["maker_order_id"] == result.fills["buy_order_id"]
    return table(result.fills[maker_buys == (auction == "bid")], *PARTIES)


def clears_of(result: Replayed, auction: str) -> list[tuple[Any, ...]]:
    return table(result.clears[result.clears["auction"] == auction], *CLEARS)


def assert_is_two_plain_auctions(rows: list[Row], parameters: Row) -> int:
    """Compare with a plain batch auction of each half; the number of clears."""
    dual = run(rows, "dual_flow", **parameters)
    books, cancels, rejects = [], [], []
    for auction in AUCTIONS:
        half = [row for row in rows if auction_of(row) == auction]
        plain = run(half, "fba", **parameters)
        assert fills_of(dual, auction) == table(plain.fills, *PARTIES)
        assert clears_of(dual, auction) == table(plain.clears, *CLEARS)
        books += table(plain.book)
        cancels += table(plain.cancels)
        rejects += table(plain.rejects)
    assert sorted(table(dual.book)) == sorted(books)
    assert sorted(table(dual.cancels)) == sorted(cancels)
    assert sorted(table(dual.rejects)) == sorted(rejects)
    return len(dual.clears)


@LAW
@given(stream=streams(), data=st.data())
def test_it_is_two_plain_auctions(stream: Stream, data: st.DataObject) -> None:
    """The same policies, and references that start equal: nothing crosses over."""
    chosen = data.draw(policies("dual_flow"))
    chosen["price_rule"] = data.draw(st.sampled_from(("midpoint", "reference", "upper", "t7")))
    parameters = {"n_ticks": stream.n_ticks, "delta": stream.delta}
    parameters |= {"reference_ticks": reference_of(stream)} | chosen
    assert_is_two_plain_auctions(with_roles(stream.rows), parameters)


def test_both_auctions_of_a_stream_trade() -> None:
    """By hand: 3 at 50 and 2 at 60, so the law above compares something."""
    orders = [(0, "buy", 50), (2, "sell", 50), (1, "buy", 60), (3, "sell", 60)]
    rows = [
        {"kind": "limit", "order_id": number * ID_STEP, "side": side, "price_ticks": price,
         "quantity": 3 if price == 50 else 2}
        for number, side, price in orders
    ]  # fmt: skip
    assert assert_is_two_plain_auctions(with_roles(rows), {"n_ticks": 100}) == 2


@LAW
@given(stream=streams(), chosen=policies("dual_flow"))
def test_nobody_meets_its_own_kind_and_no_auction_stays_crossed(
    stream: Stream, chosen: Row
) -> None:
    rows = with_roles(stream.rows)
    result = run(rows, "dual_flow", n_ticks=stream.n_ticks, delta=stream.delta, **chosen)
    for buy, sell, maker, taker in table(
        result.fills, "buy_order_id", "sell_order_id", "maker_order_id", "taker_order_id"
    ):
        auction = auction_of({"order_id": buy})
        assert auction_of({"order_id": sell}) == auction
        assert (maker, taker) == ((buy, sell) if auction == "bid" else (sell, buy))
    number = result.book["order_id"] // ID_STEP % 2
    for place in range(len(AUCTIONS)):
        resting = result.book[number == place]
        bids, asks = (resting[resting["side"] == side]["price_ticks"] for side in OPPOSITE)
        assert bids.empty or asks.empty or bids.max() < asks.min()


def most_lots(rows: list[Row], n_ticks: int) -> int:
    """The most lots that can trade at one price, counted price by price."""
    most = 0
    for price in range(1, n_ticks):
        bids = [r for r in rows if r["side"] == "buy" and r.get("price_ticks", price) >= price]
        asks = [r for r in rows if r["side"] == "sell" and r.get("price_ticks", price) <= price]
        most = max(most, min(sum(row["quantity"] for row in side) for side in (bids, asks)))
    return most


@LAW
@given(stream=streams(), chosen=policies("dual_flow", self_trade=False))
def test_the_volume_of_each_auction_is_maximal(stream: Stream, chosen: Row) -> None:
    rows = one_batch(stream)
    result = run(rows, "dual_flow", n_ticks=stream.n_ticks, **chosen)
    for auction in AUCTIONS:
        makers, takers = MAKERS_SIDE[auction], OPPOSITE[MAKERS_SIDE[auction]]
        half = [
            row for row in rows
            if row["side"] == (makers if row.get("role") == "maker" else takers)
        ]  # fmt: skip
        traded = sum(lots for *_, lots in fills_of(result, auction))
        assert traded == most_lots(half, stream.n_ticks)
        for _, price, volume, _, low, high in clears_of(result, auction):
            assert volume == traded
            assert max(low, 1) <= price <= min(high, stream.n_ticks - 1)


@LAW
@given(stream=streams(), chosen=policies("dual_flow"))
def test_clearing_again_does_nothing(stream: Stream, chosen: Row) -> None:
    rows = with_roles(stream.rows)
    parameters = {"n_ticks": stream.n_ticks, "delta": stream.delta} | chosen
    result = run(rows, "dual_flow", **parameters)
    end_ns = max(row["time_ns"] for row in rows)
    again = [
        {"time_ns": end_ns + k * stream.delta * NS_PER_MS, "kind": "cancel", "order_id": NEW_ID}
        for k in (1, 2, 9)
    ]
    other = run([*rows, *again], "dual_flow", **parameters)
    for name in ("fills", "book", "clears", "cancels"):
        pd.testing.assert_frame_equal(getattr(other, name), getattr(result, name))
    rested = [row | {"kind": "limit"} for row in result.book.to_dict("records")]
    assert run(with_roles(rested), "dual_flow", n_ticks=stream.n_ticks).fills.empty


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("role", ["maker", "taker"])
@LAW
@given(stream=streams(), quantity=st.integers(1, 30), data=st.data())
def test_one_more_order_moves_w_of_its_auction_only(
    role: str, side: str, stream: Stream, quantity: int, data: st.DataObject
) -> None:
    rows = [row for row in one_batch(stream) if row["kind"] == "limit"]
    price = data.draw(st.integers(1, stream.n_ticks - 1))
    more = {"kind": "limit", "order_id": NEW_ID, "side": side, "quantity": quantity, "role": role}
    result = run(rows, "dual_flow", n_ticks=stream.n_ticks)
    other = run([*rows, more | {"price_ticks": price}], "dual_flow", n_ticks=stream.n_ticks)
    own, apart = AUCTIONS if (side == "buy") == (role == "maker") else AUCTIONS[::-1]
    assert clears_of(other, apart) == clears_of(result, apart)
    assert fills_of(other, apart) == fills_of(result, apart)
    assume(clears_of(result, own))
    ((_, _, volume, _, *ends),) = clears_of(result, own)
    ((_, _, other_volume, _, *other_ends),) = clears_of(other, own)
    sign = 1 if side == "buy" else -1
    assert all(sign * (new - old) >= 0 for old, new in zip(ends, other_ends, strict=True))
    assert other_volume >= volume
