"""Markets with costs against the plain-Python twin: every posting and every event equal.

The twin charges in fractions of currency, tries every tick for what a trader may pay, and walks
the list of all fills for a tier; every number is compared exactly: no false alarms.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.budget import budget
from tests.helpers.cells import RULED
from tests.helpers.random_costs import random_charged
from tests.helpers.twinning import assert_twins
from tests.reference.costs import COMPONENTS

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)


def charged(mechanism, number):
    """A cell that is charged, the same for each number."""
    return read_cell(random_charged(Random(f"costs {mechanism} {number}"), mechanism))


@EVERY_MECHANISM
def test_every_posting_equals_the_twin(mechanism):
    """A comparison without postings would prove nothing, so that each component is counted."""
    seen = Counter()
    for number in range(budget("costs_twin")):
        rows = assert_twins(charged(mechanism, number), number).rows
        seen.update(row["code"] for row in rows if row["kind"] == "posting")
    assert set(seen) == set(COMPONENTS)
    assert min(seen.values()) >= 5, seen


@pytest.mark.nojit
@EVERY_MECHANISM
def test_every_posting_equals_the_twin_in_plain_python(mechanism):
    for number in range(3):
        tree = random_charged(Random(f"costs {mechanism} {number}"), mechanism)
        assert_twins(read_cell(tree | {"horizon_s": 0.4}), number, plain=True)
