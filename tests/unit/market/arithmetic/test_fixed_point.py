"""Products over divisors against Python's integers, which have no largest."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from proteus.compiler.jit import kernel
from proteus.market.arithmetic import fixed_point
from proteus.market.arithmetic.fixed_point import (
    AGAINST_PAYER,
    AMOUNT_OVERFLOW,
    CEIL,
    FLOOR,
    HALF_EVEN,
    HALF_UP,
    ROUNDINGS,
    multiply_divide,
    rounding_of,
)

LARGEST = 2**63 - 1
EDGES = sorted(
    {0, LARGEST}
    | {2**k + d for k in (0, 1, 2, 16, 31, 32, 33, 48, 61, 62) for d in (-1, 0, 1)}
    | {10**9 - 1, 10**9, 10**9 + 1, 10**18, LARGEST - 1, 3, 5, 7}
)
MAGNITUDES = (FLOOR, CEIL, HALF_UP, HALF_EVEN)


@kernel
def fill(a, b, c, rounding, out):
    for i in range(a.shape[0]):
        out[i] = multiply_divide(a[i], b[i], c[i], rounding)


def in_kernel(triples, rounding):
    a, b, c = (np.array(column, np.int64) for column in zip(*triples, strict=True))
    out = np.zeros(len(a), np.int64)
    fill(a, b, c, rounding, out)
    return out.tolist()


def exact(a, b, c, rounding):
    """The truth: Python's integers; ``round`` of a Fraction is half-even by definition."""
    floor, rest = divmod(a * b, c)
    value = {
        FLOOR: floor,
        CEIL: floor + (rest > 0),
        HALF_UP: floor + (2 * rest >= c),
        HALF_EVEN: round(Fraction(a * b, c)),
    }[rounding]
    return value if value <= LARGEST else AMOUNT_OVERFLOW


def random_triples(count):
    """Magnitudes of all lengths, half of them with a result near a tie or the largest amount."""
    draw = np.random.default_rng(20)
    bits = draw.integers(0, 64, (count, 3))
    words = draw.integers(0, 2**63, (count, 3), dtype=np.int64) >> np.minimum(bits, 62)
    triples = [(int(a), int(b), int(c) + (c < LARGEST)) for a, b, c in words.tolist()]
    tied = [(a, b, max(1, min(LARGEST, 2 * a * b // max(1, b | 1)))) for a, b, _ in triples[::4]]
    return triples + tied


@pytest.mark.parametrize("rounding", MAGNITUDES)
def test_a_hundred_thousand_random_triples(rounding):
    triples = random_triples(100_000)
    truth = [exact(*triple, rounding) for triple in triples]
    assert in_kernel(triples, rounding) == truth
    # None of it is idle: products beyond 64 bits, overflows and ties all occur.
    assert (
        sum(
            a * b >= 2**64 and v != AMOUNT_OVERFLOW
            for (a, b, _), v in zip(triples, truth, strict=True)
        )
        > 10_000
    )
    assert truth.count(AMOUNT_OVERFLOW) > 1_000


@pytest.mark.parametrize("rounding", MAGNITUDES)
def test_all_triples_of_boundaries(rounding):
    triples = [triple for triple in itertools.product(EDGES, EDGES, EDGES) if triple[2] > 0]
    assert in_kernel(triples, rounding) == [exact(*triple, rounding) for triple in triples]


@pytest.mark.plain
def test_plain_python_gives_the_same():
    for triple in [*random_triples(500), (LARGEST, LARGEST, LARGEST), (LARGEST, 3, 2)]:
        for rounding in MAGNITUDES:
            assert int(multiply_divide(*triple, rounding)) == exact(*triple, rounding)


@pytest.mark.parametrize(
    ("rounding", "floors", "ceils", "tie_down", "tie_up"),
    [(FLOOR, 2, 2, 2, 3), (CEIL, 3, 3, 3, 4), (HALF_UP, 2, 3, 3, 4), (HALF_EVEN, 2, 3, 2, 4)],
)
def test_each_rounding_by_its_definition(rounding, floors, ceils, tie_down, tie_up):
    """9/4, 11/4, and the ties 5/2 and 7/2."""
    got = in_kernel([(9, 1, 4), (11, 1, 4), (5, 1, 2), (7, 1, 2)], rounding)
    assert got == [floors, ceils, tie_down, tie_up]


def test_against_the_payer_depends_on_who_owes():
    assert rounding_of(AGAINST_PAYER, True) == CEIL
    assert rounding_of(AGAINST_PAYER, False) == FLOOR
    for rounding in MAGNITUDES:
        assert rounding_of(rounding, True) == rounding_of(rounding, False) == rounding


def test_the_roundings_have_the_names_of_the_rules():
    assert list(ROUNDINGS) == ["floor", "ceil", "half_up", "half_even", "against_payer"]
    assert sorted(ROUNDINGS.values()) == list(range(5))
    assert fixed_point.AMOUNT_OVERFLOW < 0  # no amount: magnitudes are never negative
