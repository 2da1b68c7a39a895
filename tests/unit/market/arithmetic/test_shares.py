"""Largest remainders against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.compiler.jit import compiled
from proteus.market.arithmetic.fixed_point import product_rest
from proteus.market.arithmetic.shares import share_out

weights_lists = st.lists(st.integers(0, 2**60), min_size=1, max_size=7).filter(any)


def shared(amount, weights, order=None):
    order = list(range(len(weights))) if order is None else order
    shares, rests = np.zeros(len(weights), np.int64), np.zeros(len(weights), np.int64)
    share_out(amount, sum(weights), np.array(weights), np.array(order), shares, rests)
    return shares.tolist()


@pytest.mark.plain
@given(amount=st.integers(0, 2**60), weights=weights_lists)
def test_parts_add_up_and_are_within_one_unit(amount, weights):
    weights = [weight // len(weights) for weight in weights]
    if not sum(weights):
        return
    parts = shared(amount, weights)
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    assert sum(parts) == amount
    assert all(abs(part - truth) < 1 for part, truth in zip(parts, exact, strict=True))
    up = [truth % 1 for part, truth in zip(parts, exact, strict=True) if part > truth]
    down = [truth % 1 for part, truth in zip(parts, exact, strict=True) if part <= truth]
    assert min(up, default=1) >= max((rest for rest in down if rest), default=0)
    if amount <= sum(weights):
        assert all(part <= weight for part, weight in zip(parts, weights, strict=True))


@pytest.mark.plain
def test_equal_remainders_go_by_the_order():
    assert shared(2, [1, 1, 1]) == [1, 1, 0]
    assert shared(2, [1, 1, 1], [2, 0, 1]) == [1, 0, 1]


@pytest.mark.plain
def test_an_apportionment_from_the_literature():
    """Hamilton's method on the US census of 1790, 105 seats: Balinski & Young (1982)."""
    states = {
        "Connecticut": (236_841, 7), "Delaware": (55_540, 2), "Georgia": (70_835, 2),
        "Kentucky": (68_705, 2), "Maryland": (278_514, 8), "Massachusetts": (475_327, 14),
        "New Hampshire": (141_822, 4), "New Jersey": (179_570, 5), "New York": (331_589, 10),
        "North Carolina": (353_523, 10), "Pennsylvania": (432_879, 13),
        "Rhode Island": (68_446, 2), "South Carolina": (206_236, 6), "Vermont": (85_533, 2),
        "Virginia": (630_560, 18),
    }  # fmt: skip
    people, seats = zip(*states.values(), strict=True)
    assert shared(105, list(people)) == list(seats)


def test_rests_of_products_beyond_64_bits():
    rest = compiled(product_rest)
    largest = 2**63 - 1
    draw = np.random.default_rng(3)
    cases = [(largest, largest, largest), (largest, largest, 3), (largest, 2, 5), (7, 6, 4)]
    cases += draw.integers(1, largest, (200, 3)).tolist()
    for a, b, c in cases:
        assert rest(np.int64(a), np.int64(b), np.int64(c)) == a * b % c
