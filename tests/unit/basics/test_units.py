"""Conversions at the border: exact, or one clear sentence."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.basics import units
from proteus.basics.units import UnitError


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        (250, 250_000_000),
        (0, 0),
        (0.1, 100_000),
        (0.000001, 1),
        ("0.3", 300_000),
        (" 1e-6 ", 1),
        (Decimal("0.000003"), 3),
        (np.float64(0.7), 700_000),
        (np.int64(12), 12_000_000),
        (1e3, 1_000_000_000),
        ("4611686018427.387904", 2**62),
    ],
)
def test_milliseconds_are_converted_from_their_digits(value, nanoseconds):
    assert units.milliseconds_to_ns(value) == nanoseconds


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (0.0000001, "multiple of 0.000001"),
        ("0.0000015", "multiple of 0.000001"),
        (-1, "at least 0"),
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        (True, "must be a number"),
        (np.True_, "must be a number"),
        (None, "must be a number"),
        ("ten", "must be a number"),
        ([1], "must be a number"),
        (1 + 2j, "must be a number"),
        ("4611686018427.387905", "at most 4611686018427"),
        ("1e400", "at most"),
        ("1e-400", "multiple of"),
    ],
)
def test_a_wrong_time_is_refused_with_key_value_and_what_is_allowed(value, allowed):
    with pytest.raises(UnitError, match=allowed) as caught:
        units.milliseconds_to_ns(value, "delta")
    assert str(caught.value).startswith(f"delta={value} is not allowed: ")
    assert "\n" not in str(caught.value)


@given(st.integers(0, 2**62))
def test_every_nanosecond_survives_the_way_through_text(nanoseconds):
    text = f"{Decimal(nanoseconds).scaleb(-6):f}"
    assert units.milliseconds_to_ns(text) == nanoseconds
    assert units.milliseconds_to_ns(Decimal(text)) == nanoseconds


@given(st.integers(0, 10**15))
def test_a_float_means_the_digits_it_prints(microseconds):
    value = microseconds / 1000
    exact = Fraction(repr(value)) * 10**6
    if exact.denominator == 1:
        assert units.milliseconds_to_ns(value) == exact
    else:
        with pytest.raises(UnitError):
            units.milliseconds_to_ns(value)


def test_seconds_and_milliseconds_agree():
    assert units.seconds_to_ns(0.25) == units.milliseconds_to_ns(250) == 250_000_000


@pytest.mark.parametrize(("tick", "nano"), [(0.001, 10**6), (0.5, 5 * 10**8), ("0.0025", 2500000)])
def test_a_tick_that_divides_one_is_converted(tick, nano):
    assert units.tick_to_nano(tick) == nano


@pytest.mark.parametrize("tick", [0.003, 0, 1, 0.7, -0.1, "1e-10", 2])
def test_a_tick_that_does_not_divide_one_is_refused(tick):
    with pytest.raises(UnitError, match="tick"):
        units.tick_to_nano(tick)


def test_prices_are_whole_ticks_strictly_inside():
    assert units.price_to_ticks(0.5, 10**6) == 500
    assert units.price_to_ticks("0.001", 10**6) == 1
    for price in (0, 1, 0.0005, 1.5):
        with pytest.raises(UnitError, match=r"multiple of the tick 0\.001"):
            units.price_to_ticks(price, 10**6)
