"""Markets with an oracle, blocks, a base fee and tips against the plain-Python twin, row by row.

The twin has rules of its own for all of it (``tests/reference/environment.py``), in fractions and
lists; every number is compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import RULED
from tests.helpers.random_cells import random_surrounded_tree
from tests.helpers.twinning import assert_twins

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)


def compare(mechanism: str, numbers: range, plain: bool, **shorter: float) -> Counter[str]:
    """Run both for some random cells; returns how often what is new happened."""
    seen: Counter[str] = Counter()
    for number in numbers:
        tree = random_surrounded_tree(Random(f"environment {mechanism} {number}"), mechanism)
        twin = assert_twins(read_cell(tree | shorter), 0, plain=plain)
        chain = twin.chain
        seen["blocks"] += chain.made
        seen["messages that waited"] += len(chain.waits_ns)
        seen["messages that came earlier than one before them"] += chain.reordered
        seen["paid tips"] += chain.tips > 0
        seen["messages left over"] += len(chain.waiting)
        seen["reports"] += twin.oracle.reports
        seen["fills"] += twin.fills
    return seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_every_event_equals_the_twin_in_plain_python(mechanism: str) -> None:
    count = budget("environment_twin")
    seen = compare(mechanism, range(count), True, horizon_s=0.4)
    assert set(+seen) >= {"blocks", "messages that waited", "paid tips", "reports", "fills"}, seen


@pytest.mark.skipif(not is_proof(), reason="compiles the rich loop")
@EVERY_MECHANISM
def test_every_event_equals_the_twin(mechanism: str) -> None:
    seen = compare(mechanism, range(1_000, 1_000 + budget("environment_twin")), False)
    assert len(+seen) == 7, seen
    assert min(seen.values()) >= 5, seen
