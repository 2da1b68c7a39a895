"""Requests through the message door against the plain-Python twin, equal to the last row."""

from collections import Counter
from random import Random
from typing import Any
from zlib import crc32

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import proteus
from proteus.replaying.orders import MessageError
from tests.helpers.budget import budget, is_proof
from tests.helpers.request_streams import request_streams
from tests.property.test_fuzz_messages import GARBAGE, assert_is_one_sentence
from tests.property.test_replay_against_twin import comparable, first_difference, table_rows
from tests.reference.replay import replay

OUTCOMES = {
    "invalid_quantity", "invalid_price", "invalid_ttl", "duplicate_order_id", "unknown_request",
    "unknown_order", "request_over", "own_request", "already_quoted", "not_yours", "quote_over",
    "wrong_side", "beyond_limit", "part_too_small", "no_quote", "firm_quote",
    "request_ttl", "quote_ttl", "request_closed", "rest_unfilled", "withdrawn", "fill", "book",
}  # fmt: skip


def for_all_streams(case: str, check: Any) -> None:
    """Run a check on random streams; the same ones each time unless this is a proof."""
    run = given(request_streams(), st.booleans())(check)
    run = settings(
        max_examples=budget("replay_twin_rfq"),
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )(run)
    if not is_proof():
        run = seed(crc32(case.encode()))(run)
    run()


@pytest.mark.parametrize("tie", ["time", "size"])
@pytest.mark.parametrize("least_share", [0.0, 0.5, 1.0])
def test_rfq_equals_twin(tie: str, least_share: float) -> None:
    parameters = {"tie": tie, "least_share": least_share}

    def check(stream: tuple[int, list[dict[str, Any]]], as_table: bool) -> None:
        n_ticks, rows = stream
        # A table makes integer columns with gaps float64, which these ids are too large for.
        messages = pd.DataFrame(rows, dtype=object) if as_table else rows
        kernel = proteus.replay(messages, mechanism="rfq", n_ticks=n_ticks, **parameters)
        twin = replay(rows, "rfq", n_ticks=n_ticks, **parameters)
        for name in ("rejects", "clears", "fills", "cancels", "book"):
            difference = first_difference(
                name,
                comparable(table_rows(getattr(kernel, name), name, "rfq"), name),
                comparable(getattr(twin, name), name),
            )
            if difference:
                listing = "\n".join(f"    {row}," for row in rows)
                pytest.fail(f"{parameters}\n{difference}\nmessages = [\n{listing}\n]")

    for_all_streams(f"{tie} {least_share}", check)


def test_garbage_is_refused_in_a_sentence_or_runs() -> None:
    """A cell that cannot be read names its column and row; nothing else comes of it."""
    became: list[str] = []

    def check(stream: tuple[int, list[dict[str, Any]]], as_table: bool) -> None:
        n_ticks, rows = stream
        chooser = Random(str(rows))
        for row in chooser.sample(rows, chooser.choice((0, 1, 1))):
            column = chooser.choice([*row, "ttl_ns", "side"])
            row[column] = chooser.choice(GARBAGE)
        try:
            proteus.replay(rows, "rfq", n_ticks=n_ticks)
            became.append("ran")
        except MessageError as error:
            assert_is_one_sentence(str(error))
            became.append("refused")

    for_all_streams("garbage", check)
    assert min(became.count("ran"), became.count("refused")) > 3


def test_streams_reach_every_outcome() -> None:
    """A comparison on streams in which nothing happens would prove nothing."""
    counts: Counter[str] = Counter()

    def count(stream: tuple[int, list[dict[str, Any]]], as_table: bool) -> None:
        n_ticks, rows = stream
        result = replay(rows, "rfq", n_ticks=n_ticks, least_share=0.4)
        counts.update(row["reason"] for row in result.rejects + result.cancels)
        counts.update(fill=len(result.fills), book=len(result.book))

    for_all_streams("outcomes", count)
    assert set(counts) == OUTCOMES, counts
    assert min(counts.values()) >= 3, counts
