"""The items of ``make validate`` about loans, reduced, in plain Python; their closed forms.

Seeds are fixed. Shares and means of two to eight lanes are not normal: one of the three beyond 4
would be a false alarm in about 1 of 20 choices of seeds; two numbers must be exact.
"""

import itertools

import numpy as np
import pytest

from proteus import validation
from proteus.errors import ConfigError
from proteus.validation import loans, running
from tests.helpers.budget import budget
from tests.helpers.cells import run_plain

pytestmark = pytest.mark.plain

LIMIT = 4


@pytest.mark.parametrize(
    ("compare", "parameters", "lanes"),
    [
        (validation.loan_liquidation, {"level": 0.4, "steps": 100}, 8),
        (validation.jump_loss, {}, 4),
        (validation.two_rates, {}, 2),
        (validation.pool_rate, {"used": 0.8}, 2),
        (validation.pool_rate, {"used": 0.95}, 2),
    ],
)
def test_loans_give_what_theory_says(compare, parameters, lanes, monkeypatch):
    monkeypatch.setattr(running, "advance_block", run_plain)
    monkeypatch.setattr(running, "usable_cores", lambda: 1)
    found = compare(**parameters, lanes=lanes * budget("validation"))
    assert (np.abs(found.z) < LIMIT).all(), dict(zip(found.names, found.z, strict=True))


def test_chances_of_a_fall_are_those_published():
    """Against MODEL2 L, and against a walk that is watched at 20,000 times."""
    published = {0.45: 0.8301, 0.40: 0.6763, 0.35: 0.5361, 0.30: 0.4084}
    for level, chance in published.items():
        assert loans.hits(level) == pytest.approx(chance, abs=5e-5)
    draws = np.random.default_rng(1).normal(0, 1 / np.sqrt(2_000), (2_000, 2_000))
    drift = np.where(np.arange(2_000) % 2 == 0, 0.5, -0.5)[:, None] / 2_000
    lowest = (draws + drift).cumsum(axis=1).min(axis=1)
    later = 0.5826 / np.sqrt(2_000)
    share = (lowest <= -np.log(0.6 / 0.4)).mean()
    assert share == pytest.approx(loans.hits(0.4, later=later), abs=4 * 0.5 / np.sqrt(2_000))


def test_a_walk_falls_as_counting_says():
    """All ways of up to nine jumps, weighed one by one."""
    q, mean, most = 0.8, 1.1, 9
    chance = 0.0
    for down in (q, 1 - q):
        for count in range(most + 1):
            weight = np.exp(-mean) * mean**count / np.prod(np.arange(1, count + 1, dtype=float))
            for way in itertools.product((-1, 1), repeat=count):
                downs = way.count(-1)
                if count and np.cumsum(way).min() < 0:
                    chance += 0.5 * weight * down**downs * (1 - down) ** (count - downs)
    assert loans.falls(q, mean) == pytest.approx(chance, abs=1e-6)


def test_the_curve_is_that_of_the_facts():
    """L1 to L7 of the facts: optimum 0.8, base 0.01, slopes 0.04 and 0.6."""
    known = {0: 0.01, 0.008: 0.0104, 0.2: 0.02, 0.5: 0.035, 0.8: 0.05, 0.9: 0.35, 1: 0.65}
    for used, rate in known.items():
        assert loans.curve(used) == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize(
    ("compare", "key", "value"),
    [
        (validation.loan_liquidation, "level", 0.5),
        (validation.loan_liquidation, "steps", 10),
        (validation.jump_loss, "accuracy", 0.7),
        (validation.jump_loss, "jumps_expected", 0),
        (validation.two_rates, "rate_per_s", 100),
        (validation.two_rates, "used", 1),
        (validation.pool_rate, "used", 0),
    ],
)
def test_what_is_not_allowed(compare, key, value):
    with pytest.raises(ConfigError, match=f"{key}="):
        compare(**{key: value})
