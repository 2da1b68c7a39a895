"""Whole markets against the plain-Python twin: every event equal, for random configurations.

The twin takes the engine's news, which ``tests/unit/test_latent.py`` compares alone; all the rest
it works out by itself, and every number in it is compared exactly: no false alarms.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from proteus.config import CellConfig
from proteus.reading import read_cell
from tests.budget import budget, is_proof
from tests.cells import MECHANISM_NAMES
from tests.random_cells import random_tree
from tests.simulation.twinning import assert_twins

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)


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
        "quote_ttl", "request_closed", "rest_unfilled", "last_look", "request_over", "quote_over",
    },
}  # fmt: skip


@EVERY_MECHANISM
def test_every_event_equals_the_twin(mechanism: str) -> None:
    """A comparison of markets in which nothing happens would prove nothing, so that is counted."""
    seen: Counter[str] = Counter()

    def check(cell: CellConfig) -> None:
        rows = assert_twins(cell, 0).rows
        seen.update(row["kind"] for row in rows)
        seen.update(row["reason"] for row in rows if "reason" in row)

    for_random_cells(f"market_twin_{mechanism}", mechanism, check)
    assert set(seen) == HAPPENS[mechanism]
    assert min(seen.values()) >= 5, seen


@pytest.mark.nojit
@EVERY_MECHANISM
def test_every_event_equals_the_twin_in_plain_python(mechanism: str) -> None:
    for number in range(2):
        tree = random_tree(Random(f"{mechanism} {number}"), mechanism)
        assert_twins(read_cell(tree | {"horizon_s": 0.35}), number, plain=True)
