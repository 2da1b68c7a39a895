"""Laws of requests for quotes: how results change when messages change, without knowing them."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import proteus
from tests.helpers.budget import budget, is_proof
from tests.helpers.request_streams import request_streams

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
    tables = {name: getattr(result, name) for name in ("fills", "book", "rejects", "cancels")}
    for name in ("rejects", "cancels"):  # by id alone: laws move rows and times
        tables[name] = tables[name].drop(columns=["row", "time_ns"])
    return {name: list(table.itertuples(index=False, name=None)) for name, table in tables.items()}


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


FIRST_QUOTE, NOBODY = 1_000, 9_999  # ids: requests are below, quotes from the first on


def apart(rows: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Give every request and quote an id of its own; return each row with its request."""
    requests: dict[int, int] = {}  # by the id that was drawn: its own
    quotes: dict[int, tuple[int, int]] = {}  # the same, and its request
    found = []
    for number, drawn in enumerate(rows):
        row = dict(drawn)
        if row["kind"] == "request":
            about = row["request_id"] = number
            requests[drawn.get("request_id", drawn.get("order_id"))] = number
            row.pop("order_id", None)
        elif row["kind"] != "quote" and "order_id" in row:
            if row["order_id"] not in quotes:
                continue
            row["order_id"], about = quotes[row["order_id"]]
            row.pop("request_id", None)
        elif row["request_id"] not in requests:
            continue
        else:
            about = row["request_id"] = requests[row["request_id"]]
        if row["kind"] == "quote":
            row["order_id"] = FIRST_QUOTE + number
            quotes[drawn["order_id"]] = row["order_id"], about
        found.append((about, row))
    return found


def test_requests_know_nothing_of_each_other():
    """Without the rows about other requests, a request has the same trades and ends."""
    seen: Counter[str] = Counter()

    @settings(LAW, max_examples=3 * budget("metamorphic"))  # a trade is rare
    @given(request_streams())
    def law(stream):
        n_ticks, drawn = stream
        rows = apart(drawn)
        last = {"time_ns": drawn[-1]["time_ns"], "kind": "cancel", "order_id": NOBODY}
        whole = run([*(row for _, row in rows), last], n_ticks)
        for name, count in Counter(about for about, _ in rows).items():
            if count < 3:
                continue  # it has no quote, or nobody wants it
            own = [row for about, row in rows if about == name]
            ids = {name, NOBODY, *(row["order_id"] for row in own if row["kind"] == "quote")}
            alone = run([*own, last], n_ticks)
            for table, place in (("fills", 3), ("book", 0), ("rejects", 0), ("cancels", 0)):
                assert alone[table] == [row for row in whole[table] if row[place] in ids]
                seen[table] += len(alone[table])

    law()
    assert min(seen[table] for table in ("fills", "book", "rejects", "cancels")) > 20
