"""Spoofers and makers who read depth against the plain-Python twin, row by row."""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import BY_ORDERS
from tests.helpers.random_spoofing import random_spoofed_tree
from tests.helpers.twinning import assert_twins

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", BY_ORDERS)


def compare(mechanism: str, numbers: range, plain: bool, until_s: float) -> Counter[str]:
    """Run both for some random cells; returns how often each thing happened."""
    seen: Counter[str] = Counter()
    for number in numbers:
        chooser = Random(f"spoofing {mechanism} {number}")
        cell = read_cell(random_spoofed_tree(chooser, mechanism, until_s))
        twin = assert_twins(cell, 0, plain=plain)
        spoofers = {each.number for each in twin.traders if each.group.kind == "spoofer"}
        for row in twin.rows:
            if row.get("trader") not in spoofers:
                continue
            if row["kind"] == "order":
                seen["large" if row["lots"] >= 20 else "small"] += 1
            elif row["kind"] == "cancel":
                seen[f"{row['source']} cancels"] += 1
    return seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_every_event_equals_the_twin_in_plain_python(mechanism: str) -> None:
    seen = compare(mechanism, range(budget("spoofer_twin")), True, 0.6)
    assert seen["large"] >= 5, seen
    assert seen["small"] >= 1, seen
    assert seen["trader cancels"] >= 5, seen


@pytest.mark.skipif(not is_proof(), reason="compiles a loop of its own")
@EVERY_MECHANISM
def test_every_event_equals_the_twin(mechanism: str) -> None:
    seen = compare(mechanism, range(1_000, 1_000 + budget("spoofer_twin")), False, 1.2)
    assert min(seen["large"], seen["small"], seen["trader cancels"]) >= 20, seen
