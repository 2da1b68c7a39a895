"""Markets with costs against the plain-Python twin: every posting and every event equal.

The twin charges in fractions of currency, tries every tick for what a trader may pay, and walks
the list of all fills for a tier; every number is compared exactly: no false alarms.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import RULED
from tests.helpers.random_cells import random_tree
from tests.helpers.random_costs import by_blocks, random_charged
from tests.helpers.twinning import assert_twins
from tests.reference.costs import COMPONENTS

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)
EVERYTHING = {
    "model": "parts",
    "parts": [
        {"model": "binary_quadratic", "taker_rate": 0.007, "maker_rate": 0.002, "round_to": 0.0001,
         "rounding": "ceil", "balance_to": 0.01, "balance_rebate": 0.01},
        {"model": "tiered", "window_s": 0.3, "tiers": [
            {"taker": 900, "maker": 300}, {"volume": 2, "taker": 500, "maker": -100},
            {"volume": 4, "maker_share_ppm": 100_000, "taker": 100, "maker": -900}]},
        {"model": "surplus", "taker_share": 0.2, "maker_share": 0.1},
        {"model": "gas", "base_fee": [[0, 0.0001], [0.2, 0.0002]], "tip": 0.00001,
         "accept_units": 3, "cancel_units": 0.5, "quote_units": 2, "confirm_units": 7},
        {"model": "smaller_leg", "taker_ppm": 100, "minimum": 0.001},
    ],
}  # fmt: skip


@EVERY_MECHANISM
def test_every_posting_equals_the_twin(mechanism):
    """A comparison without postings would prove nothing, so that each component is counted."""
    seen = Counter()
    for number in range(budget("costs_twin")):
        tree = random_charged(Random(f"costs {mechanism} {number}"), mechanism)
        rows = assert_twins(read_cell(tree), number).rows
        seen.update(row["code"] for row in rows if row["kind"] == "posting")
    assert {"fee", "gas_burned"} <= set(seen)
    assert not is_proof() or min(seen[component] for component in COMPONENTS) >= 5, seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_all_parts_at_once_equal_the_twin(mechanism):
    """Every component occurs, and every tier."""
    seen = Counter()
    for number in range(3):
        tree = random_tree(Random(f"{mechanism} {number}"), mechanism) | {"horizon_s": 0.5}
        tree = by_blocks(tree) | {"costs": EVERYTHING}
        rows = assert_twins(read_cell(tree), number, plain=True).rows
        seen.update(row["code"] for row in rows if row["kind"] == "posting")
    assert min(seen[component] for component in COMPONENTS) >= 1, seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_random_postings_equal_the_twin_in_plain_python(mechanism):
    for number in range(3):
        tree = random_charged(Random(f"costs {mechanism} {number}"), mechanism)
        assert_twins(read_cell(tree | {"horizon_s": 0.4}), number, plain=True)
