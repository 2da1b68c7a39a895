"""Markets in stress against the plain-Python twin, row by row.

The twin reads the windows of the cell each time it asks what holds (``tests/reference/stress.py``),
in fractions and lists; every number is compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import RULED
from tests.helpers.random_stress import random_stressed_tree
from tests.helpers.twinning import assert_twins
from tests.reference.draws import FURTHER
from tests.reference.stress import of_trader

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)


def compare(mechanism: str, numbers: range, plain: bool, until_s: float) -> Counter[str]:
    """Run both for some random cells; returns how often what is new happened."""
    seen: Counter[str] = Counter()
    for number in numbers:
        chooser = Random(f"stress {mechanism} {number}")
        cell = read_cell(random_stressed_tree(chooser, mechanism, until_s))
        twin = assert_twins(cell, 0, plain=plain)
        for trader in twin.traders:
            seen["further wake-ups"] += trader.wakes[FURTHER]
            seen["slow or fast links"] += len(of_trader(twin, trader, "latency.submission"))
            seen["cut lots"] += len(of_trader(twin, trader, "lots"))
        keys = {window.key for window in cell.stress.windows.values()}
        seen["late reports"] += ("environment.oracle.lag_ms" in keys) * twin.oracle.reports
        seen["forks"] += sum(row["kind"] == "environment_fork" for row in twin.rows)
        seen["bursts of news"] += "latent.jump_rate_per_s" in keys
        seen["other fees"] += "costs.scale" in keys
        seen["fills"] += twin.fills
    return seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_every_event_equals_the_twin_in_plain_python(mechanism: str) -> None:
    seen = compare(mechanism, range(budget("stress_twin")), True, 0.4)
    assert set(+seen) >= {"further wake-ups", "slow or fast links", "fills"}, seen


@pytest.mark.skipif(not is_proof(), reason="compiles the rich loop")
@EVERY_MECHANISM
def test_every_event_equals_the_twin(mechanism: str) -> None:
    seen = compare(mechanism, range(1_000, 1_000 + budget("stress_twin")), False, 0.8)
    assert len(+seen) == 8, seen
    assert min(seen.values()) >= 5, seen
