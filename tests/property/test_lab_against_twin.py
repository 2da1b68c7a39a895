"""Makers in parts against the plain-Python twin: every event of a market equal.

The twin takes logarithms, matrix exponentials and roots from SciPy; every price is compared.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.cells import RULED
from tests.helpers.random_lab import OF_BOOKS, RULES, random_lab, random_surroundings
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


@pytest.mark.nojit
@pytest.mark.parametrize("seen", ["oracle", *OF_BOOKS])
@pytest.mark.parametrize("mechanism", RULED)
def test_filters_of_the_oracle_and_of_the_book_equal_the_twin(mechanism, seen):
    """Beside an ordinary maker, as alone in a market nobody would be shown a book."""
    if mechanism == "rfq" and seen != "oracle":
        pytest.skip("it publishes no book")
    quotes = 0
    for number in range(3):
        chooser = Random(f"lab {mechanism} {seen} {number}")
        tree = random_lab(chooser, mechanism, chooser.choice(RULES), seen)
        tree = random_surroundings(chooser, tree, seen) | {"horizon_s": 0.5}
        rows = assert_twins(read_cell(tree), number, plain=True).rows
        count = tree["population"]["red"]["count"]
        sent = (row for row in rows if row["kind"] in ("order", "replace", "rfq_quote"))
        quotes += sum(row["trader"] < count for row in sent)
    assert quotes > 0
