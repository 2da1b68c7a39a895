"""The message door at its edges: what it refuses, and what it must carry exactly."""

from __future__ import annotations

from typing import Any

import pytest

import proteus

LARGEST = 2**31 - 1


def limit(order_id: Any, side: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    row = {"kind": "limit", "order_id": order_id, "side": side, "price_ticks": 5}
    return {**row, "quantity": quantity, **more}


@pytest.mark.parametrize("allocation", ["earlier_batches_first", "pro_rata"])
def test_products_of_lots_beyond_int64_are_exact(allocation: str) -> None:
    # Three sells of L lots share 2 L + 5 lots pro rata: floor((2 L + 5) / 3) each, 2 or 3 lots of
    # dust; by hand from L = 2147483647: 4294967299 = 3 * 1431655766 + 1.
    rows = [limit(i, "sell", LARGEST) for i in (1, 2, 3)]
    rows += [limit(4, "buy", LARGEST), limit(5, "buy", LARGEST), limit(6, "buy", 5)]
    book = proteus.replay(rows, "fba", n_ticks=10, allocation=allocation).book
    assert book["quantity"].tolist() == [715827880, 715827881, 715827881]


def test_ids_beyond_2_to_the_53_stay_apart() -> None:
    rows = [
        limit(-(2**63), "buy", agent=2**53),
        limit(2**63 - 1, "sell", agent=2**53 + 1),
        {**limit(3, "buy"), "price_ticks": 1},  # without agent: a gap in the column
    ]
    fills = proteus.replay(rows, self_trade="cancel_oldest").fills
    assert fills["buy_order_id"].tolist() == [-(2**63)]
    assert fills["sell_order_id"].tolist() == [2**63 - 1]


@pytest.mark.parametrize(
    ("row", "parameters", "sentence"),
    [
        (limit(1, "buy"), {"delta": 0}, "delta=0 is not allowed"),
        (limit(1, "buy"), {"n_ticks": 10.5}, "n_ticks=10.5 is not allowed"),
        (limit(1, "buy"), {"reference_ticks": 3.5}, "reference_ticks=3.5 is not allowed"),
        (limit(1, "buy"), {"seed": -1}, "seed=-1 is not allowed"),
        (limit(None, "buy"), {}, "order_id=None in row 0"),
        (limit(1, "up"), {}, "side='up' in row 0"),
        ({**limit(1, "buy"), "side": None}, {}, "side=None in row 0"),
        (limit(1, "buy", price_ticks=float("inf")), {}, "price_ticks=inf in row 0"),
        (limit(1, "buy", price_ticks=[5]), {}, r"price_ticks=\[5\] in row 0"),
        (limit(1, "buy", time_ns=2**63 - 1), {}, "time_ns=9223372036854775807"),
        (limit(1, "buy", kind=["limit"]), {}, r"kind=\['limit'\] in row 0"),
    ],
)
def test_refusals_are_one_sentence(
    row: dict[str, Any], parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        proteus.replay([row], "fba", **parameters)
    assert "\n" not in str(caught.value)


def test_no_messages_give_empty_tables() -> None:
    for mechanism in ("clob", "fba"):
        replayed = proteus.replay([], mechanism)
        assert len(replayed.fills) == len(replayed.book) == len(replayed.rejects) == 0


@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow"])
def test_columns_have_the_same_types_where_nothing_happens(mechanism: str) -> None:
    rows = [limit(1, "buy", 4), limit(2, "sell", 1), limit(2, "sell"), limit(3, "sell", tif="ioc")]
    busy, empty = (proteus.replay(some, mechanism) for some in (rows, []))
    for name in ("fills", "book", "clears", "rejects", "cancels"):
        assert getattr(empty, name).dtypes.equals(getattr(busy, name).dtypes), name
    assert len(busy.book)
    assert len(busy.rejects)
    assert not len(empty.book) + len(empty.rejects)
