"""Numbers of 128 bits against Python's integers, which have no largest."""

import itertools
import random

import pytest

from proteus.market.arithmetic import wide
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW, CEIL, FLOOR, HALF_UP

pytestmark = pytest.mark.plain

MOST = 2**128 - 2  # the one above it stands for everything beyond
EDGES = sorted(
    {0, 1, 3, 10**18, 10**27, MOST}
    | {2**k + d for k in (31, 32, 63, 64, 65, 95, 96, 126) for d in (-1, 0, 1)}
)


def exact(a, b, c, rounding):
    floor, rest = divmod(a * b, c)
    return floor + {FLOOR: 0, CEIL: rest > 0, HALF_UP: 2 * rest >= c}[rounding]


def check(a, b, c):
    numbers = [wide.of_int(each) for each in (a, b, c)]
    for rounding in (FLOOR, CEIL, HALF_UP):
        found = wide.multiply_divide_wide(*numbers, rounding)
        truth = exact(a, b, c, rounding)
        if truth > MOST:
            assert wide.is_overflow(found), (a, b, c, rounding)
        else:
            assert wide.to_int(found) == truth, (a, b, c, rounding)
    if a * b // c <= MOST:
        assert wide.to_int(wide.product_rest_wide(*numbers)) == a * b % c


def test_boundaries():
    divisors = [each for each in EDGES if 0 < each < 2**127][::3]
    for a, b in itertools.combinations_with_replacement(EDGES[::2], 2):
        check(a, b, divisors[(a + b) % len(divisors)])


def test_random_numbers_of_all_lengths():
    draw = random.Random(24)
    for _ in range(300):
        a, b = (min(draw.getrandbits(draw.randint(0, 128)), MOST) for _ in range(2))
        check(a, b, draw.getrandbits(draw.randint(1, 126)) + 1)


def test_products_of_all_256_bits():
    draw = random.Random(256)
    for _ in range(200):
        a, b = (min(draw.getrandbits(128) | 1 << 127, MOST) for _ in range(2))
        check(a, b, draw.getrandbits(127) | 1 << 126)
        ours, theirs = wide.of_int(a), wide.of_int(b)
        for more in (a, max(a - 1, 0)):
            other = wide.of_int(more)
            assert wide.is_product_less(other, theirs, ours, theirs) == (more * b < a * b)
    for a, b in itertools.product((MOST, 2**128 - 2**64, 2**127 + 2**64 - 1), repeat=2):
        assert (
            sum(
                int(word) << (64 * place)
                for place, word in enumerate(
                    wide._product_words(wide.of_int(a), wide.of_int(b))[::-1]
                )
            )
            == a * b
        )


def test_sums_differences_and_order():
    for a, b in itertools.product(EDGES, EDGES):
        ours, theirs = wide.of_int(a), wide.of_int(b)
        total = wide.add(ours, theirs)
        assert wide.is_overflow(total) if a + b > MOST else wide.to_int(total) == a + b
        assert wide.is_less(ours, theirs) == (a < b)
        assert wide.is_product_less(ours, ours, theirs, theirs) == (a < b)
        if a >= b:
            assert wide.to_int(wide.subtract(ours, theirs)) == a - b


def test_what_is_beyond_stays_beyond():
    one, beyond = wide.of_int(1), wide.OVERFLOW
    assert wide.is_overflow(wide.add(beyond, one))
    assert wide.is_overflow(wide.multiply_divide_wide(beyond, one, wide.of_int(10**30), FLOOR))
    assert wide.is_overflow(wide.multiply_divide_wide(one, one, wide.of_int(0), FLOOR))
    assert wide.narrow(wide.of_int(2**63)) == AMOUNT_OVERFLOW
    assert wide.narrow(wide.of_int(2**63 - 1)) == 2**63 - 1
