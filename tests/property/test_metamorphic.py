"""Metamorphic laws: how results must change when messages change, without knowing the results."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import proteus
from proteus.replaying.orders import Replayed
from tests.helpers.budget import budget, is_proof
from tests.helpers.streams import NS_PER_MS, Row, Stream, is_valid, streams

SELF_TRADE_MODES = ("none", "cancel_newest", "cancel_oldest", "cancel_both", "decrement")
ALLOCATIONS = {
    "clob": ("time", "pro_rata", "pro_rata_fifo"),
    "fba": ("time", "pro_rata", "pro_rata_fifo", "earlier_batches_first", "random"),
    "dual_flow": ("pro_rata", "random"),
}
MECHANISMS = tuple(ALLOCATIONS)
BATCHES = ("fba", "dual_flow")
PRICE_RULES = ("midpoint", "reference", "lower", "upper", "t7")
MIRRORED_RULES = {"lower": "upper", "upper": "lower"}
OPPOSITE = {"buy": "sell", "sell": "buy"}
NEW_ID = 1  # no stream uses it

LAW = settings(
    max_examples=budget("metamorphic"),
    deadline=None,
    database=None,
    derandomize=not is_proof(),
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def policies(draw: st.DrawFn, mechanism: str, self_trade: bool = True) -> Row:
    """Policies of a mechanism; the seed fixes random allocation."""
    chosen: Row = {"allocation": draw(st.sampled_from(ALLOCATIONS[mechanism]))}
    if self_trade:
        chosen["self_trade"] = draw(st.sampled_from(SELF_TRADE_MODES))
    if mechanism in BATCHES:
        rules = PRICE_RULES if mechanism == "fba" else (*PRICE_RULES, "takers")
        chosen["price_rule"] = draw(st.sampled_from(rules))
    return chosen


def run(rows: list[Row], mechanism: str, **parameters: Any) -> Replayed:
    return proteus.replay(rows, mechanism, **parameters)


def table(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns, or all but the row of the message, as a list of tuples."""
    names = list(columns) or [name for name in frame if name != "row"]
    return list(frame[names].itertuples(index=False, name=None))


def reference_of(stream: Stream) -> int:
    return stream.n_ticks // 2 if stream.reference_ticks is None else stream.reference_ticks


def new_orders(stream: Stream) -> list[Row]:
    """The valid new orders of a stream, each id once, without fill-or-kill and post-only."""
    rows: dict[int, Row] = {}
    for row in stream.rows:
        if is_valid(row, stream.n_ticks):
            rows.setdefault(row["order_id"], row)
    return [
        {key: cell for key, cell in row.items() if key != "post_only"}
        for row in rows.values()
        if row.get("tif") != "fok"
    ]


def one_batch(stream: Stream) -> list[Row]:
    return [row | {"time_ns": 0} for row in new_orders(stream)]


def filled_lots(result: Replayed) -> Counter[int]:
    """Lots traded by order id."""
    lots: Counter[int] = Counter()
    for buy, sell, quantity in table(result.fills, "buy_order_id", "sell_order_id", "quantity"):
        lots[buy] += quantity
        lots[sell] += quantity
    return lots


# 1. Swap sides and reflect prices: everything mirrors.


def mirrored(rows: list[Row], n_ticks: int) -> list[Row]:
    reflected = []
    for row in rows:
        changed = dict(row)
        if "side" in row:
            changed["side"] = OPPOSITE[row["side"]]
        if "price_ticks" in row:
            changed["price_ticks"] = n_ticks - row["price_ticks"]
        reflected.append(changed)
    return reflected


def mirror_image(result: Replayed, n_ticks: int) -> list[list[tuple[Any, ...]]]:
    """The tables of a result as they are when the messages are mirrored."""
    fills = result.fills.rename(
        columns={"buy_order_id": "sell_order_id", "sell_order_id": "buy_order_id"}
    )[list(result.fills)]
    book, clears = result.book.copy(), result.clears.copy()
    fills["price_ticks"] = n_ticks - fills["price_ticks"]
    book["price_ticks"] = n_ticks - book["price_ticks"]
    asks_first = pd.concat([book[book["side"] == "sell"], book[book["side"] == "buy"]])
    asks_first["side"] = asks_first["side"].map(OPPOSITE)
    clears["price_ticks"] = n_ticks - clears["price_ticks"]
    clears["surplus"] *= -1
    clears["low"], clears["high"] = n_ticks - clears["high"], n_ticks - clears["low"]
    cancels = sorted(table(result.cancels))
    if "auction" in clears:  # the bid auction becomes the ask auction, which is listed second
        clears["auction"] = clears["auction"].map({"bid": "ask", "ask": "bid"})
        clears = clears.sort_values(["time_ns", "auction"], ascending=[True, False])
        second = fills["maker_order_id"] == fills["sell_order_id"]
        fills = fills.iloc[np.lexsort((second, fills["time_ns"]))]
    return [table(fills), table(asks_first), table(clears), table(result.rejects), cancels]


def all_tables(result: Replayed) -> list[list[tuple[Any, ...]]]:
    parts = [table(part) for part in (result.fills, result.book, result.clears, result.rejects)]
    return [*parts, sorted(table(result.cancels))]


@pytest.mark.parametrize("mechanism", MECHANISMS)
@LAW
@given(stream=streams(), data=st.data())
def test_mirror(mechanism: str, stream: Stream, data: st.DataObject) -> None:
    chosen = data.draw(policies(mechanism))
    n_ticks, reference = stream.n_ticks, reference_of(stream)
    common = {"n_ticks": n_ticks, "delta": stream.delta}
    result = run(stream.rows, mechanism, reference_ticks=reference, **common, **chosen)
    if "price_rule" in chosen:
        chosen["price_rule"] = MIRRORED_RULES.get(chosen["price_rule"], chosen["price_rule"])
    rows = mirrored(stream.rows, n_ticks)
    other = run(rows, mechanism, reference_ticks=n_ticks - reference, **common, **chosen)
    assert all_tables(other) == mirror_image(result, n_ticks)


# 2. Shift all prices: prices shift, nothing else changes.


def shifted(rows: list[Row], ticks: int) -> list[Row]:
    return [
        row | {"price_ticks": row["price_ticks"] + ticks} if "price_ticks" in row else row
        for row in rows
    ]


@pytest.mark.parametrize("mechanism", MECHANISMS)
@LAW
@given(stream=streams(), ticks=st.integers(1, 200), data=st.data())
def test_shift(mechanism: str, stream: Stream, ticks: int, data: st.DataObject) -> None:
    chosen = data.draw(policies(mechanism)) | {"n_ticks": 300, "delta": stream.delta}
    base = shifted(stream.rows, 1)  # in the wide contract every price is valid
    reference = reference_of(stream)
    result = run(base, mechanism, reference_ticks=reference, **chosen)
    rows = shifted(base, ticks)
    other = run(rows, mechanism, reference_ticks=reference + ticks, **chosen)
    for frame in (result.fills, result.book, result.clears):
        frame["price_ticks"] += ticks
    low, high = result.clears["low"], result.clears["high"]
    result.clears["low"] = low.where(low == 0, low + ticks)  # infinite ends stay
    result.clears["high"] = high.where(high == 300, high + ticks)
    assert all_tables(other) == all_tables(result)


# 3. The order of arrival inside a batch matters only at the marginal level.


def ladder(row: Row, mechanism: str) -> tuple[str, str]:
    """Whom an order stands with: its side and, where roles are apart, its role."""
    return row["side"], row.get("role", "taker") if mechanism == "dual_flow" else ""


@pytest.mark.parametrize("mechanism", BATCHES)
@LAW
@given(stream=streams(), data=st.data())
def test_permutation_of_a_batch(mechanism: str, stream: Stream, data: st.DataObject) -> None:
    chosen = data.draw(policies(mechanism, self_trade=False)) | {"n_ticks": stream.n_ticks}
    rows = one_batch(stream)
    result = run(rows, mechanism, **chosen)
    other = run(data.draw(st.permutations(rows)), mechanism, **chosen)
    assert table(other.clears) == table(result.clears)
    lots, other_lots = filled_lots(result), filled_lots(other)
    levels: dict[tuple[tuple[str, str], int | None], list[Row]] = {}
    for row in rows:
        levels.setdefault((ladder(row, mechanism), row.get("price_ticks")), []).append(row)
    marginal = []
    for level, members in levels.items():
        total = sum(lots[row["order_id"]] for row in members)
        assert total == sum(other_lots[row["order_id"]] for row in members)
        if 0 < total < sum(row["quantity"] for row in members):
            marginal.append(level[0])
    assert len(marginal) == len(set(marginal))  # one level of a ladder at most
    if chosen["allocation"] in ("pro_rata", "random"):  # they do not look at the time
        assert lots == other_lots


# 4. Split an order in two: together they trade what the one did.


def split(rows: list[Row], place: int, first_lots: int) -> list[Row]:
    whole = rows[place]
    rest = {"order_id": NEW_ID, "quantity": whole["quantity"] - first_lots}
    return [*rows[:place], whole | {"quantity": first_lots}, whole | rest, *rows[place + 1 :]]


def joined(frame: pd.DataFrame, order_id: int) -> Counter[tuple[Any, ...]]:
    """Lots by everything else, the second half of a split order counted to the first."""
    lots: Counter[tuple[Any, ...]] = Counter()
    for *key, quantity in table(frame):
        lots[tuple(order_id if cell == NEW_ID else cell for cell in key)] += quantity
    return lots


@st.composite
def split_streams(draw: st.DrawFn) -> tuple[Stream, int, int]:
    """A stream of new orders, the place of one to split, and the lots of its first half."""
    stream = draw(streams())
    rows = sorted(new_orders(stream), key=lambda row: row["time_ns"])
    places = [place for place, row in enumerate(rows) if row["quantity"] > 1]
    assume(places)
    place = draw(st.sampled_from(places))
    lots = draw(st.integers(1, rows[place]["quantity"] - 1))
    return Stream(stream.n_ticks, stream.delta, stream.reference_ticks, rows), place, lots


@pytest.mark.parametrize("mechanism", ["clob", "fba"])
@LAW
@given(case=split_streams())
def test_split_under_time_priority(mechanism: str, case: tuple[Stream, int, int]) -> None:
    stream, place, lots = case
    parameters = {"n_ticks": stream.n_ticks, "delta": stream.delta, "allocation": "time"}
    order_id = stream.rows[place]["order_id"]
    result = run(stream.rows, mechanism, **parameters)
    other = run(split(stream.rows, place, lots), mechanism, **parameters)
    assert joined(other.fills, order_id) == joined(result.fills, order_id)
    assert joined(other.book, order_id) == joined(result.book, order_id)
    assert table(other.clears) == table(result.clears)


@pytest.mark.parametrize("mechanism", BATCHES)
@LAW
@given(case=split_streams())
def test_split_under_pro_rata_changes_only_rounding(
    mechanism: str, case: tuple[Stream, int, int]
) -> None:
    """Each share is rounded by less than one lot, so two halves differ by at most two."""
    stream, place, lots = case
    rows, order_id = one_batch(stream), stream.rows[place]["order_id"]
    result = run(rows, mechanism, n_ticks=stream.n_ticks, allocation="pro_rata")
    halves = split(rows, place, lots)
    other = run(halves, mechanism, n_ticks=stream.n_ticks, allocation="pro_rata")
    both = filled_lots(other)[order_id] + filled_lots(other)[NEW_ID]
    assert table(other.clears) == table(result.clears)
    assert abs(both - filled_lots(result)[order_id]) <= 2


# 5. The price lies in W, the volume is maximal, and a cleared book stays cleared.


def executable_lots(rows: list[Row], price: int) -> int:
    bids = [r for r in rows if r["side"] == "buy" and r.get("price_ticks", price) >= price]
    asks = [r for r in rows if r["side"] == "sell" and r.get("price_ticks", price) <= price]
    return min(sum(row["quantity"] for row in side) for side in (bids, asks))


@LAW
@given(stream=streams(), chosen=policies("fba", self_trade=False))
def test_volume_is_maximal(stream: Stream, chosen: Row) -> None:
    rows, ticks = one_batch(stream), range(1, stream.n_ticks)
    result = run(rows, "fba", n_ticks=stream.n_ticks, **chosen)
    most = max(executable_lots(rows, price) for price in ticks)
    assert result.fills["quantity"].sum() == most
    for price, volume, low, high in table(result.clears, "price_ticks", "volume", "low", "high"):
        assert max(low, 1) <= price <= min(high, stream.n_ticks - 1)
        assert volume == executable_lots(rows, price) == most
        assert all(executable_lots(rows, p) == most for p in ticks if low <= p <= high)


@LAW
@given(stream=streams(), chosen=policies("fba"))
def test_clearing_again_does_nothing(stream: Stream, chosen: Row) -> None:
    parameters = {"n_ticks": stream.n_ticks, "delta": stream.delta} | chosen
    result = run(stream.rows, "fba", **parameters)
    end_ns = max(row["time_ns"] for row in stream.rows)
    again = [
        {"time_ns": end_ns + k * stream.delta * NS_PER_MS, "kind": "cancel", "order_id": NEW_ID}
        for k in (1, 2, 9)
    ]
    other = run([*stream.rows, *again], "fba", **parameters)
    refused = [(NEW_ID, "unknown_order")] * len(again)
    names = "order_id", "reason"
    assert table(other.rejects, *names) == [*table(result.rejects, *names), *refused]
    for name in ("fills", "book", "clears", "cancels"):
        assert table(getattr(other, name)) == table(getattr(result, name))
    rested = [row | {"kind": "limit"} for row in result.book.to_dict("records")]
    assert run(rested, "fba", n_ticks=stream.n_ticks).fills.empty
    for low, price, high in table(result.clears, "low", "price_ticks", "high"):
        assert low <= price <= high


# 6. One more buy never lowers the ends of W, one more sell never raises them.


@pytest.mark.parametrize("side", ["buy", "sell"])
@LAW
@given(stream=streams(), quantity=st.integers(1, 30), data=st.data())
def test_one_more_order_moves_w_its_way(
    side: str, stream: Stream, quantity: int, data: st.DataObject
) -> None:
    """Of limit orders: without a limit on a side W has no end there that could move."""
    rows = [row for row in one_batch(stream) if row["kind"] == "limit"]
    price = data.draw(st.integers(1, stream.n_ticks - 1))
    more = {"kind": "limit", "order_id": NEW_ID, "side": side, "quantity": quantity}
    result = run(rows, "fba", n_ticks=stream.n_ticks)
    other = run([*rows, more | {"price_ticks": price}], "fba", n_ticks=stream.n_ticks)
    assume(len(result.clears) == 1)
    sign = 1 if side == "buy" else -1
    for end in ("low", "high"):
        assert sign * (other.clears[end][0] - result.clears[end][0]) >= 0
    assert other.clears["volume"][0] >= result.clears["volume"][0]


# 7. The order book is never crossed and trades go down the queue, at the resting prices.


def assert_in_priority_and_not_crossed(book: pd.DataFrame) -> None:
    bids, asks = (book[book["side"] == side]["price_ticks"] for side in ("buy", "sell"))
    assert bids.is_monotonic_decreasing
    assert asks.is_monotonic_increasing
    assert bids.empty or asks.empty or bids.max() < asks.min()


def assert_down_the_queue(before: Replayed, after: Replayed, taker: int) -> int:
    """What one message traded is the front of the opposite queue; the number of trades."""
    trades = after.fills.iloc[len(before.fills) :]
    if trades.empty:
        return 0
    assert set(trades["taker_order_id"]) == {taker}
    opposite = "sell" if (trades["buy_order_id"] == taker).all() else "buy"
    columns = ("order_id", "price_ticks", "quantity")
    queue = table(before.book[before.book["side"] == opposite], *columns)[: len(trades)]
    made = table(trades, "maker_order_id", *columns[1:])
    assert made[:-1] == queue[:-1]
    assert made[-1][:2] == queue[-1][:2]
    assert made[-1][2] <= queue[-1][2]
    return len(trades)


@settings(LAW, max_examples=budget("metamorphic_prefixes"))
@given(stream=streams())
def test_trades_go_down_the_queue(stream: Stream) -> None:
    rows = sorted(stream.rows, key=lambda row: row["time_ns"])
    before, n_trades = run([], "clob", n_ticks=stream.n_ticks), 0
    for cut, row in enumerate(rows, start=1):
        after = run(rows[:cut], "clob", n_ticks=stream.n_ticks)
        assert_in_priority_and_not_crossed(after.book)
        n_trades += assert_down_the_queue(before, after, row["order_id"])
        before = after
    assert n_trades == len(before.fills)


# 8. Batches of one clock tick with single arrivals are the order book, but for the price.


@pytest.mark.parametrize("allocation", ALLOCATIONS["clob"])
@LAW
@given(stream=streams())
def test_the_shortest_batch_is_the_order_book(allocation: str, stream: Stream) -> None:
    one_ns = 1 / NS_PER_MS
    rows = [
        {key: cell for key, cell in row.items() if key != "post_only" and cell != "fok"}
        | {"time_ns": place}
        for place, row in enumerate(stream.rows)
    ]
    parameters = {"n_ticks": stream.n_ticks, "allocation": allocation}
    clob = run(rows, "clob", **parameters)
    fba = run(rows, "fba", delta=one_ns, **parameters)
    parties = ("buy_order_id", "sell_order_id", "maker_order_id", "taker_order_id", "quantity")
    assert table(fba.fills, *parties) == table(clob.fills, *parties)
    assert table(fba.book) == table(clob.book)
    assert table(fba.rejects) == table(clob.rejects)
    about = "order_id", "quantity", "reason"  # an immediate order lives to the clear
    assert table(fba.cancels, *about) == table(clob.cancels, *about)
    assert table(fba.fills, "time_ns") == [(time + 1,) for (time,) in table(clob.fills, "time_ns")]
