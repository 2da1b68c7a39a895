"""Makers in parts against the plain-Python twin: every event of a market equal.

The twin takes logarithms, matrix exponentials and roots from SciPy; every price is compared.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.cells import RULED
from tests.helpers.random_lab import RULES, random_lab
from tests.helpers.twinning import assert_twins


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", RULED)
def test_every_part_equals_the_twin_in_plain_python(mechanism):
    """Not one rule alone is hit."""
    seen = Counter()
    for rule in RULES:
        for number in range(2):
            tree = random_lab(Random(f"lab {mechanism} {rule} {number}"), mechanism, rule)
            rows = assert_twins(read_cell(tree | {"horizon_s": 0.5}), number, plain=True).rows
            seen.update((rule, row["kind"]) for row in rows)
    assert sum(1 for rule in RULES if seen[rule, "fill"]) >= 2, seen
