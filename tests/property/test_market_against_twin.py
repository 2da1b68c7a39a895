"""Whole markets against the plain-Python twin: every event equal, for random configurations.

The twin takes the engine's news, which ``tests/unit/market/environment/test_news.py`` compares
alone; all the rest it works out by itself, and every number is compared exactly: no false alarms.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from proteus.configuration.reading import read_cell
from proteus.market.cell import CellConfig
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import RULED
from tests.helpers.random_cells import random_tree
from tests.helpers.twinning import assert_twins

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)


def for_random_cells(name: str, mechanism: str, check: Callable[[CellConfig], None]) -> None:
    """Check random cells; the same each time, fresh ones in a proof.

    A mismatch is not made smaller: it names the first event, and the lane runs in a second.
    """
    run = given(st.randoms(use_true_random=True))(
        lambda chooser: check(read_cell(random_tree(chooser, mechanism)))
    )
    run = settings(
        max_examples=budget(name),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )(run)
    if not is_proof():
        run = seed(crc32(mechanism.encode()))(run)
    run()


# What happens in a market, by the kinds and reasons of the log's rows.
EVERYWHERE = {"intent", "ack", "fill", "book", "news", "end"}
OF_ORDERS = EVERYWHERE | {
    "order", "replace", "cancel", "requested", "immediate_or_cancel", "unknown_order", "reject",
}  # fmt: skip
HAPPENS = {
    "clob": OF_ORDERS | {"self_trade"},
    "fba": OF_ORDERS | {"self_trade", "batch_clear"},
    "dual_flow": OF_ORDERS | {"batch_clear"},
    "rfq": EVERYWHERE | {
        "rfq_request", "rfq_quote", "rfq_accept", "rfq_expire", "rfq_reject", "request_ttl",
        "quote_ttl", "request_closed", "rest_unfilled", "request_over",
    },
}  # fmt: skip
SELDOM = {"last_look", "quote_over"}  # for these there is a test of their own


@EVERY_MECHANISM
def test_every_event_equals_the_twin(mechanism: str) -> None:
    """A comparison of markets in which nothing happens would prove nothing, so that is counted."""
    seen: Counter[str] = Counter()

    def check(cell: CellConfig) -> None:
        rows = assert_twins(cell, 0).rows
        seen.update(row["kind"] for row in rows)
        seen.update(row["reason"] for row in rows if "reason" in row)

    for_random_cells(f"market_twin_{mechanism}", mechanism, check)
    often = Counter({what: count for what, count in seen.items() if what not in SELDOM})
    assert set(often) == HAPPENS[mechanism]
    assert min(often.values()) >= 5, seen


@pytest.mark.plain
def test_what_seldom_ends_a_quote_equals_the_twin() -> None:
    """Dealers who refuse in their last look, and acceptances that come after their quote."""
    seen: Counter[str] = Counter()
    for number in range(2):
        tree = random_tree(Random(f"rfq {number}"), "rfq")
        tree["mechanism"] |= {
            "dealers": 3, "response_probability": 1.0, "request_ttl_ms": 200, "quote_ttl_ms": 20,
            "decision_ms": 10, "least_share": 0.0, "last_look": True, "hold_ms": 100,
            "tolerance": 0.0,
        }  # fmt: skip
        rows = assert_twins(read_cell(tree), number, plain=True).rows
        seen.update(row["reason"] for row in rows if "reason" in row)
    assert min(seen[reason] for reason in SELDOM) >= 5, seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_every_event_equals_the_twin_in_plain_python(mechanism: str) -> None:
    for number in range(2):
        tree = random_tree(Random(f"{mechanism} {number}"), mechanism)
        assert_twins(read_cell(tree | {"horizon_s": 0.35}), number, plain=True)
