"""The message door against the plain-Python twin: equal to the last row, for every policy."""

from collections import Counter
from collections.abc import Callable
from numbers import Integral
from typing import Any
from zlib import crc32

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import proteus
from tests.helpers.budget import budget, is_proof
from tests.helpers.streams import Row, Stream, streams
from tests.reference.orders import SELF_TRADE_MODES, Replayed
from tests.reference.replay import replay

CLOB_ALLOCATIONS = ("time", "pro_rata", "pro_rata_fifo")
FBA_ALLOCATIONS = (*CLOB_ALLOCATIONS, "earlier_batches_first", "random")
PRICE_RULES = ("midpoint", "reference", "lower", "upper", "t7")
DUAL_FLOW_PRICE_RULES = (*PRICE_RULES, "takers")

COLUMNS = {
    "fills": [
        "time_ns",
        "buy_order_id",
        "sell_order_id",
        "maker_order_id",
        "taker_order_id",
        "price_ticks",
        "quantity",
    ],
    "book": ["order_id", "side", "price_ticks", "quantity"],
    "clears": ["time_ns", "price_ticks", "volume", "surplus", "low", "high"],
    "rejects": ["time_ns", "row", "order_id", "reason"],
    "cancels": ["time_ns", "row", "order_id", "quantity", "reason"],
}


def for_all_streams(
    name: str, case: str, check: Callable[[Stream, bool], None], is_fresh: bool = is_proof()
) -> None:
    """Run a check on random streams, given as rows or as a table.

    The count is a row of the budget. A case has the same streams each time, other cases have
    others; a proof draws fresh ones, unless it counts what happens in them.
    """
    run = given(streams(), st.booleans())(check)
    run = settings(
        max_examples=budget(name),
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )(run)
    if not is_fresh:
        run = seed(crc32(case.encode()))(run)
    run()


def plain(value: Any) -> Any:
    """A cell as a plain int or str, or None."""
    if value is pd.NA:
        return None
    return int(value) if isinstance(value, Integral) else value


def table_rows(table: pd.DataFrame, name: str, mechanism: str) -> list[Row]:
    """The rows of a returned table as plain dicts; its columns are the promised ones."""
    names_auction = name == "clears" and mechanism == "dual_flow"
    promised = COLUMNS[name] + (["auction"] if names_auction else [])
    assert list(table.columns) == promised, f"{name}: columns {list(table.columns)}"
    return [
        {str(key): plain(value) for key, value in row.items()} for row in table.to_dict("records")
    ]


def comparable(rows: list[Row], name: str) -> list[Row]:
    """Cancels of one message or clear have no promised order."""
    return sorted(rows, key=str) if name == "cancels" else rows


def first_difference(name: str, kernel: list[Row], twin: list[Row]) -> str | None:
    """Name the first row that differs, or None."""
    for place in range(max(len(kernel), len(twin))):
        left, right = kernel[place : place + 1], twin[place : place + 1]
        if left != right:
            return f"{name} row {place}\n  kernel: {left}\n  twin:   {right}"
    return None


def assert_equal_to_twin(stream: Stream, as_table: bool, mechanism: str, **policies: Any) -> None:
    """Replay a stream through the kernels and through the twin, and compare every table."""
    parameters: dict[str, Any] = {"n_ticks": stream.n_ticks, **policies}
    messages = pd.DataFrame(stream.rows) if as_table else stream.rows
    kernel = proteus.replay(messages, mechanism=mechanism, **parameters)
    twin: Replayed = replay(stream.rows, mechanism, **parameters)
    for name in ("rejects", "clears", "fills", "cancels", "book"):
        difference = first_difference(
            name,
            comparable(table_rows(getattr(kernel, name), name, mechanism), name),
            comparable(getattr(twin, name), name),
        )
        if difference:
            listing = "\n".join(f"    {row}," for row in stream.rows)
            pytest.fail(f"{mechanism} {parameters}\n{difference}\nmessages = [\n{listing}\n]")


@pytest.mark.parametrize("self_trade", SELF_TRADE_MODES)
@pytest.mark.parametrize("allocation", CLOB_ALLOCATIONS)
def test_clob_equals_twin(allocation: str, self_trade: str) -> None:
    def check(stream: Stream, as_table: bool) -> None:
        assert_equal_to_twin(stream, as_table, "clob", allocation=allocation, self_trade=self_trade)

    for_all_streams("replay_twin_clob", f"{allocation} {self_trade}", check)


@pytest.mark.parametrize("self_trade", SELF_TRADE_MODES)
@pytest.mark.parametrize("allocation", FBA_ALLOCATIONS)
def test_fba_equals_twin(allocation: str, self_trade: str) -> None:
    def check(stream: Stream, as_table: bool) -> None:
        for price_rule in PRICE_RULES:
            assert_equal_to_twin(
                stream,
                as_table,
                "fba",
                delta=stream.delta,
                reference_ticks=stream.reference_ticks,
                price_rule=price_rule,
                allocation=allocation,
                self_trade=self_trade,
            )

    for_all_streams("replay_twin_fba", f"{allocation} {self_trade}", check)


@pytest.mark.parametrize("self_trade", SELF_TRADE_MODES)
@pytest.mark.parametrize("allocation", ["pro_rata", "random"])
def test_dual_flow_equals_twin(allocation: str, self_trade: str) -> None:
    def check(stream: Stream, as_table: bool) -> None:
        for price_rule in DUAL_FLOW_PRICE_RULES:
            assert_equal_to_twin(
                stream,
                as_table,
                "dual_flow",
                delta=stream.delta,
                reference_ticks=stream.reference_ticks,
                price_rule=price_rule,
                allocation=allocation,
                self_trade=self_trade,
            )

    for_all_streams("replay_twin_dual_flow", f"{allocation} {self_trade}", check)


CLOB_OUTCOMES = {
    "invalid_price",
    "invalid_quantity",
    "invalid_tif",
    "duplicate_order_id",
    "unknown_order",
    "another_agent",
    "differs_from_order",
    "post_only_would_cross",
    "fok_not_filled",
    "requested",
    "immediate_or_cancel",
    "self_trade",
    "fill",
    "book",
}
FBA_OUTCOMES = CLOB_OUTCOMES - {"post_only_would_cross", "fok_not_filled"} | {"not_in_batch"}


@pytest.mark.parametrize(
    ("mechanism", "outcomes"),
    [("clob", CLOB_OUTCOMES), ("fba", FBA_OUTCOMES), ("dual_flow", FBA_OUTCOMES)],
)
def test_streams_reach_every_outcome(mechanism: str, outcomes: set[str]) -> None:
    """A comparison on streams in which nothing happens would prove nothing."""
    counts: Counter[str] = Counter()

    def count(stream: Stream, as_table: bool) -> None:
        result = replay(stream.rows, mechanism, n_ticks=stream.n_ticks, self_trade="cancel_oldest")
        counts.update(row["reason"] for row in result.rejects + result.cancels)
        counts.update(fill=len(result.fills), book=len(result.book))

    for_all_streams("replay_twin_clob", "outcomes", count, is_fresh=False)
    assert set(counts) == outcomes
    assert min(counts.values()) >= 3, counts
