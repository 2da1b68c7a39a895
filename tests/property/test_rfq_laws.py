"""Laws of requests for quotes: how results change when messages change, without knowing them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import proteus
from tests.budget import budget, is_proof
from tests.property.request_streams import request_streams

OPPOSITE = {"buy": "sell", "sell": "buy"}
LAW = settings(
    max_examples=budget("metamorphic"),
    deadline=None,
    database=None,
    derandomize=not is_proof(),
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def run(rows: list[dict[str, Any]], n_ticks: int) -> dict[str, list[tuple[Any, ...]]]:
    result = proteus.replay(rows, "rfq", n_ticks=n_ticks, tie="size", least_share=0.25)
    return {
        name: list(getattr(result, name).itertuples(index=False, name=None))
        for name in ("fills", "book", "rejects", "cancels")
    }


@LAW
@given(request_streams())
def test_mirror(stream):
    """Swap sides and reflect prices: the same trades at reflected prices."""
    n_ticks, rows = stream
    mirrored = [
        row | {"side": OPPOSITE[row["side"]]} if "side" in row else dict(row) for row in rows
    ]
    for row in mirrored:
        if "price_ticks" in row:
            row["price_ticks"] = n_ticks - row["price_ticks"]
    one, other = run(rows, n_ticks), run(mirrored, n_ticks)
    assert one["rejects"] == other["rejects"]
    assert one["cancels"] == other["cancels"]
    assert [
        (time, sell, buy, maker, taker, n_ticks - price, lots)
        for time, buy, sell, maker, taker, price, lots in one["fills"]
    ] == other["fills"]


@pytest.mark.parametrize("ticks", [3])
@LAW
@given(stream=request_streams())
def test_shift_of_prices_and_time(stream, ticks):
    """Shift all prices and times: trades, ends and reasons stay, prices and times shift."""
    n_ticks, rows = stream
    inside = [row for row in rows if 0 < row.get("price_ticks", 1) < n_ticks]
    shifted = [
        row | {"time_ns": row["time_ns"] + 50}
        | ({"price_ticks": row["price_ticks"] + ticks} if "price_ticks" in row else {})
        for row in inside
    ]  # fmt: skip
    one, other = run(inside, n_ticks), run(shifted, n_ticks + ticks)
    assert (one["rejects"], one["cancels"]) == (other["rejects"], other["cancels"])
    assert [
        (time + 50, *ids, price + ticks, lots) for time, *ids, price, lots in one["fills"]
    ] == other["fills"]


@LAW
@given(request_streams())
def test_requests_know_nothing_of_each_other(stream):
    """Without the rows about other requests, a request has the same trades and ends."""
    n_ticks, rows = stream
    rows = [row for row in rows if row["kind"] in ("request", "quote") or "order_id" not in row]
    named = [row.get("request_id", row.get("order_id")) for row in rows]
    whole = run(rows, n_ticks)
    used = [row["order_id"] for row in rows if "order_id" in row]
    if len(set(used)) < len(used) or any(
        row["kind"] == "request" and "request_id" not in row for row in rows
    ):
        return  # an id that two requests share ties them to each other
    for name in set(named):
        alone = run([row for row, about in zip(rows, named, strict=True) if about == name], n_ticks)
        assert alone["fills"] == [fill for fill in whole["fills"] if fill in alone["fills"]]
        assert set(alone["fills"]) <= set(whole["fills"])
