"""What a cancel, an amend or a market order says is used, or it is rejected with a reason."""

from __future__ import annotations

from typing import Any

import pytest

import proteus
from tests.helpers.cells import cell
from tests.helpers.twinning import assert_twins

Row = dict[str, Any]
MS = 1_000_000
MECHANISMS = ("clob", "fba", "dual_flow")


def limit(order_id: int, side: str, price: int, lots: int, **more: Any) -> Row:
    row = {"kind": "limit", "order_id": order_id, "side": side, "price_ticks": price}
    return {**row, "quantity": lots, **more}


def market(order_id: int, side: str, lots: int, **more: Any) -> Row:
    return {"kind": "market", "order_id": order_id, "side": side, "quantity": lots, **more}


ORDER = limit(4, "buy", 40, 6, agent=7, role="maker")


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"agent": 9}, "another_agent"),
        ({"side": "sell"}, "differs_from_order"),
        ({"tif": "ioc"}, "differs_from_order"),
        ({"post_only": True}, "differs_from_order"),
        ({"role": "taker"}, "differs_from_order"),
        ({"quantity": 0}, "invalid_quantity"),
        ({"agent": 9, "side": "sell", "quantity": 0}, "another_agent"),
        ({"side": "sell", "quantity": 0}, "differs_from_order"),
        ({"agent": 7, "side": "buy", "tif": "gtc", "post_only": False, "role": "maker"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("kind", ["cancel", "amend"])
def test_a_change_must_say_what_is_so(mechanism: str, kind: str, said: Row, reason: Any) -> None:
    row = {"quantity": 2, "kind": kind, "order_id": 4, **said}
    result = proteus.replay([ORDER, row], mechanism)
    if reason:
        assert result.rejects[["row", "order_id", "reason"]].to_numpy().tolist() == [[1, 4, reason]]
        assert result.book["quantity"].tolist() == [6]
        assert not len(result.cancels)
    else:
        assert not len(result.rejects)
        assert result.book["quantity"].tolist() == [4 if kind == "cancel" else 2]


@pytest.mark.parametrize("price", [39, 0, 10**6])
def test_a_cancel_with_another_price_is_not_of_its_order(price: int) -> None:
    rows = [ORDER, {"kind": "cancel", "order_id": 4, "price_ticks": price}]
    assert proteus.replay(rows).rejects["reason"].tolist() == ["differs_from_order"]
    rows[1]["price_ticks"] = 40
    assert proteus.replay(rows).cancels["quantity"].tolist() == [6]


def test_the_price_of_a_cancel_is_that_after_an_amend() -> None:
    rows = [ORDER, {"kind": "amend", "order_id": 4, "price_ticks": 41}]
    for price, count in ((40, 1), (41, 0)):
        cancel = {"kind": "cancel", "order_id": 4, "price_ticks": price}
        assert len(proteus.replay([*rows, cancel]).rejects) == count


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_cancel_of_some_lots_keeps_the_place_in_the_queue(mechanism: str) -> None:
    """As LOBSTER's type 2; all of them or more: the order is gone."""
    rows = [limit(i, "buy", 40, 6, role="maker") for i in (1, 2)]
    rows.append({"kind": "cancel", "order_id": 1, "quantity": 4, "time_ns": 5})
    policy = {"allocation": "time"} if mechanism != "dual_flow" else {}
    result = proteus.replay(rows, mechanism, **policy)
    assert result.book[["order_id", "quantity"]].to_numpy().tolist() == [[1, 2], [2, 6]]
    assert result.cancels.to_numpy().tolist() == [[5, 2, 1, 4, "requested"]]
    if mechanism != "dual_flow":
        traded = proteus.replay([*rows, limit(3, "sell", 40, 3, time_ns=6)], mechanism, **policy)
        assert traded.fills["buy_order_id"].tolist() == [1, 2]
    whole = proteus.replay([*rows, {**rows[-1], "quantity": 9, "time_ns": 6}], mechanism)
    assert whole.book["order_id"].tolist() == [2]
    assert whole.cancels["quantity"].tolist() == [4, 2]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_market_order_has_no_price(mechanism: str) -> None:
    rows = [limit(1, "sell", 50, 5, role="maker"), market(2, "buy", 2, price_ticks=60)]
    result = proteus.replay(rows, mechanism)
    assert result.rejects["reason"].tolist() == ["invalid_price"]
    assert not len(result.fills)


# What docs/mechanisms.md says of a clear.


def test_surplus_is_demand_minus_supply_at_the_price_before_it_trades() -> None:
    """Buys 10 at 50 and 3 at market against 4 at 50: 13 - 4; the bid at 49 wants no lot at 50."""
    rows = [limit(1, "buy", 50, 10), market(2, "buy", 3), limit(3, "buy", 49, 7)]
    clears = proteus.replay([*rows, limit(4, "sell", 50, 4)], "fba", n_ticks=100).clears
    assert clears[["price_ticks", "volume", "surplus"]].to_numpy().tolist() == [[50, 4, 9]]


@pytest.mark.parametrize(
    ("limits", "price"),
    [
        ([], 50),  # none in the book: the reference
        # D(40) - S(40) = 3, D(60) - S(60) = -4: the lesser imbalance wins, though none trades
        ([limit(3, "buy", 40, 3), limit(4, "sell", 60, 4)], 40),
        ([limit(3, "buy", 40, 4), limit(4, "sell", 60, 3)], 60),
        ([limit(3, "buy", 40, 3), limit(4, "sell", 60, 3)], 50),  # equal: the reference between
        ([limit(3, "buy", 55, 3), limit(4, "sell", 60, 3)], 55),  # ... moved between them
    ],
)
@pytest.mark.parametrize("n_ticks", [100, 2**31])
def test_t7_where_only_market_orders_trade_beside_resting_limits(
    limits: list[Row], price: int, n_ticks: int
) -> None:
    rows = [market(1, "buy", 5), market(2, "sell", 5), *limits]
    chosen: Row = {"price_rule": "t7", "n_ticks": n_ticks, "reference_ticks": 50}
    clears = proteus.replay(rows, "fba", **chosen).clears
    assert clears[["price_ticks", "volume"]].to_numpy().tolist() == [[price, 5]]


@pytest.mark.parametrize("mechanism", ["fba", "dual_flow"])
def test_a_batch_that_closes_at_the_end_of_trading_does_not_clear(mechanism: str) -> None:
    """Trading is [0, T); through the door there is no T, and the last batch clears."""
    config = cell(f"mechanism={mechanism}", "delta=100", "horizon_s=1.2", "seeds.count=1")
    clears = {
        row["time_ns"] for row in assert_twins(config, 0).rows if row["kind"] == "batch_clear"
    }
    assert 1100 * MS in clears
    assert max(clears) == 1100 * MS
    rows = [limit(1, "buy", 50, 1, role="maker"), limit(2, "sell", 50, 1)]
    assert proteus.replay(rows, mechanism, delta=1200).clears["time_ns"].tolist() == [1200 * MS]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_market_order_cannot_wait(mechanism: str) -> None:
    """It never rests: one that says gtc is told so, instead of being taken for another."""
    for tif, reasons in (("gtc", ["invalid_tif"]), ("ioc", []), (None, [])):
        result = proteus.replay([ORDER, market(5, "sell", 2, tif=tif)], mechanism)
        assert result.rejects["reason"].tolist() == reasons
        assert result.fills["quantity"].tolist() == ([] if reasons else [2])


@pytest.mark.parametrize("tif", ["ioc", None])
def test_what_a_change_says_of_a_market_order_is_so(tif: Any) -> None:
    """In a batch it is open until the clear, and is ioc whether it says so or not."""
    cancels = [{"kind": "cancel", "order_id": 5, "tif": said} for said in ("gtc", "ioc")]
    said = proteus.replay([market(5, "buy", 2, tif=tif), *cancels], "fba")
    assert said.rejects[["row", "reason"]].to_numpy().tolist() == [[1, "differs_from_order"]]
    assert said.cancels["reason"].tolist() == ["requested"]
