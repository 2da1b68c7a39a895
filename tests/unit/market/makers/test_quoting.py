"""Quoting rules against published tables, and SciPy's matrix exponential."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from proteus.market.makers.quoting import avellaneda_stoikov, cartea_jaimungal, fixed, glft

pytestmark = pytest.mark.plain

# facts/makers.md: s = 100, sigma = 2, k = 1.5; q, g, T - t, reservation price, spread.
AVELLANEDA_STOIKOV = [
    (0, 0.1, 1, 100, 1.69077042),
    (3, 0.1, 1, 98.8, 1.69077042),
    (-3, 0.1, 0.5, 100.6, 1.49077042),
    (0, 0.01, 1, 100, 1.36890854),
    (0, 0.5, 1, 100, 3.15072829),
    (0, 1, 1, 100, 5.02165125),
    (0, 1e-9, 1, 100, 1.33333334),
]
# facts/makers.md, equations 4.6 and 4.7, D = 1: q, g, sigma, A, k, c1, c2, bid and ask distance.
GLFT = [
    (0, 0.01, 0.3, 0.9, 0.3, 3.27898228, 0.22621944, 3.3129152, 3.3129152),
    (5, 0.01, 0.3, 0.9, 0.3, 3.27898228, 0.22621944, 3.65224436, 2.97358604),
    (-5, 0.01, 0.3, 0.9, 0.3, 3.27898228, 0.22621944, 2.97358604, 3.65224436),
    (0, 0.1, 2, 140, 1.5, 0.64538521, 0.02585861, 0.67124382, 0.67124382),
    (0, 0.05, 10, 33.682, 0.5, 1.9062036, 0.06507974, 2.23160232, 2.23160232),
]


@pytest.mark.parametrize(("q", "g", "left", "reservation", "spread"), AVELLANEDA_STOIKOV)
def test_avellaneda_stoikov_as_published(q, g, left, reservation, spread):
    middle, half = avellaneda_stoikov.quote(100.0, q, g, 2.0, 1.5, left)
    assert middle == pytest.approx(reservation, abs=1e-6)
    assert 2 * half == pytest.approx(spread, abs=2e-8)


def test_avellaneda_stoikov_without_aversion_is_its_limit():
    assert avellaneda_stoikov.quote(100.0, 7, 0.0, 2.0, 1.5, 1.0) == (100.0, pytest.approx(2 / 3))


@pytest.mark.parametrize(("q", "g", "sigma", "a", "k", "c1", "c2", "bid", "ask"), GLFT)
def test_glft_as_published(q, g, sigma, a, k, c1, c2, bid, ask):
    assert glft.coefficients(g, a, k, 1) == pytest.approx((c1, c2), abs=2e-8)
    middle, half = glft.quote(0.0, q, g, sigma, a, k, 1)
    assert (half - middle, half + middle) == pytest.approx((bid, ask), abs=2e-7)


def test_glft_without_aversion_is_its_limit():
    assert glft.coefficients(0.0, 2.0, 4.0, 3) == pytest.approx((0.25, 0.0))
    nearly = glft.coefficients(1e-12, 2.0, 4.0, 3)
    assert nearly == pytest.approx((0.25, 0.0), abs=1e-6)


@settings(deadline=None)
@given(st.floats(1e-6, 10), st.floats(0.1, 200), st.floats(0.1, 200), st.integers(1, 50))
def test_glft_against_the_formula_written_out(g, a, k, size):
    x = g * size / k
    c1 = math.log1p(x) / (g * size)
    c2 = math.sqrt(g / (2 * a * size * k) * (1 + x) ** (k / (g * size) + 1))
    assert glft.coefficients(g, a, k, size) == pytest.approx((c1, c2), rel=1e-8)


def test_glft_has_the_size_of_its_quotes():
    c1 = math.log(1 + 0.1 * 5 / 60) / (0.1 * 5)
    c2 = math.sqrt(0.1 / (2 * 8 * 5 * 60) * (1 + 0.1 * 5 / 60) ** (60 / (0.1 * 5) + 1))
    middle, half = glft.quote(0.0, 2, 0.1, 0.3, 8.0, 60.0, 5)
    assert (middle, half) == pytest.approx((-2 * 0.3 * c2, c1 + 5 * 0.3 * c2 / 2))


@pytest.mark.parametrize("k", [0.0, -1.0])
def test_without_decay_nothing_can_be_quoted(k):
    assert avellaneda_stoikov.quote(0.5, 3, 0.1, 2.0, k, 1.0) == (0.5, math.inf)
    assert glft.quote(0.5, 3, 0.1, 2.0, 10.0, k, 1) == (0.5, math.inf)
    assert glft.quote(0.5, 3, 0.1, 2.0, 0.0, 1.5, 1) == (0.5, math.inf)


@settings(deadline=None)
@given(st.floats(1e-12, 1e-3), st.floats(0, 5))
def test_tiny_decay_is_no_error(k, g):
    for half in (
        avellaneda_stoikov.quote(0.5, 0, g, 1.0, k, 1.0)[1],
        glft.quote(0.5, 0, g, 1.0, 1.0, k, 1)[1],
    ):
        assert half > 0
        assert not math.isnan(half)


@settings(deadline=None)
@given(st.integers(-20, 20), st.floats(0.01, 1), st.floats(0.001, 2))
def test_rules_are_mirrored(q, sigma, g):
    for rule in (
        lambda held: avellaneda_stoikov.quote(0.0, held, g, sigma, 1.5, 1.0),
        lambda held: glft.quote(0.0, held, g, sigma, 10.0, 1.5, 2),
    ):
        (middle, half), (mirrored, same) = rule(q), rule(-q)
        assert (middle, half) == (-mirrored, same)


@settings(deadline=None)
@given(st.floats(0.01, 1), st.floats(1.01, 4))
def test_volatility_moves_the_quotes_of_every_rule_that_names_it(sigma, factor):
    """A public package has a sigma that does nothing."""
    for rule in (
        lambda s: avellaneda_stoikov.quote(0.0, 2, 0.1, s, 1.5, 1.0),
        lambda s: glft.quote(0.0, 2, 0.1, s, 10.0, 1.5, 1),
    ):
        (middle, half), (moved, wider) = rule(sigma), rule(sigma * factor)
        assert moved < middle < 0
        assert wider > half


def test_avellaneda_stoikov_has_the_square_of_volatility():
    """In another public package it is sigma itself."""
    one, two = (avellaneda_stoikov.quote(0.0, 1, 0.1, s, 1.5, 1.0)[0] for s in (1.0, 2.0))
    assert two == pytest.approx(4 * one)


def test_fixed_does_not_lean():
    assert fixed.quote(0.4, 0.03) == (0.4, 0.03)


# --- Cartea-Jaimungal -----------------------------------------------------------------------------

CASES = [  # lambda, k, phi, alpha, Q, T
    (10.0, 60.0, 0.004, 0.001, 4, 20.0),
    (140.0, 1.5, 0.01, 0.001, 6, 1.0),
    (0.5, 100.0, 0.0, 0.0, 3, 5.0),
    (5.0, 20.0, 0.5, 0.1, 5, 2.0),
]


def by_scipy(rate, decay, running, final, levels, left):
    q = np.arange(-levels, levels + 1.0)
    beside = np.full(2 * levels, rate * math.exp(-1))
    matrix = np.diag(-running * decay * q**2) + np.diag(beside, 1) + np.diag(beside, -1)
    return np.log(expm(matrix * left) @ np.exp(-final * decay * q**2)) / decay


@pytest.mark.parametrize("case", CASES)
def test_table_is_that_of_the_matrix_exponential(case):
    *_, horizon = case
    made = cartea_jaimungal.table(*case)
    for point in (0, 1, 7, 100, cartea_jaimungal.POINTS):
        left = horizon * (point / cartea_jaimungal.POINTS) ** 2
        np.testing.assert_allclose(made[point], by_scipy(*case[:-1], left), rtol=1e-9, atol=1e-9)


def cartea_quote(case, inventory, left, size=1):
    _, decay, _, _, levels, horizon = case
    tables = cartea_jaimungal.table(*case)[None]
    return cartea_jaimungal.quote(tables, 0, levels, horizon, decay, 0.0, inventory, size, left)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.2371, 0.9, 1.0])
def test_quotes_are_those_of_the_matrix_exponential(case, share):
    _, decay, _, _, levels, horizon = case
    h = by_scipy(*case[:-1], horizon * share)
    for q in range(-levels + 1, levels):
        middle, half, sides = cartea_quote(case, q, horizon * share)
        bid = 1 / decay - h[q + levels + 1] + h[q + levels]
        ask = 1 / decay - h[q + levels - 1] + h[q + levels]
        assert sides == cartea_jaimungal.BOTH
        np.testing.assert_allclose((half - middle, half + middle), (bid, ask), atol=3e-3 / decay)


def test_at_its_bound_a_maker_quotes_one_side():
    case = CASES[0]
    h = by_scipy(*case[:-1], 20.0)
    middle, half, sides = cartea_quote(case, 4, 20.0)
    assert (middle, sides) == (0.0, cartea_jaimungal.NO_BID)
    assert half == pytest.approx(1 / 60 - h[7] + h[8], abs=1e-6)
    assert cartea_quote(case, -9, 20.0)[2] == cartea_jaimungal.NO_ASK
    assert cartea_quote(case, 4, 20.0)[1] == pytest.approx(cartea_quote(case, -4, 20.0)[1])


def test_inventory_counts_in_quotes():
    case = CASES[0]
    assert cartea_quote(case, 20, 20.0, size=10) == cartea_quote(case, 2, 20.0)
    assert cartea_quote(case, 24, 20.0, size=10) == cartea_quote(case, 2, 20.0)


@pytest.mark.parametrize("q", [-4, 0, 3])
def test_without_penalties_far_from_the_bounds_quotes_do_not_lean(q):
    case = (1.0, 10.0, 0.0, 0.0, 40, 0.5)
    middle, half, _ = cartea_quote(case, q, 0.25)
    assert middle == pytest.approx(0.0, abs=1e-9)
    assert half == pytest.approx(0.1, abs=1e-9)


def test_penalties_lean_against_inventory():
    middles = [cartea_quote(CASES[0], q, 10.0)[0] for q in range(-3, 4)]
    assert middles == sorted(middles, reverse=True)
    assert middles[3] == pytest.approx(0.0, abs=1e-12)
