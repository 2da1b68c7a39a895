"""Worked examples of the parts, and what Proteus asks of any."""

from __future__ import annotations

import numpy as np
import pytest
from proteus.testing import check_filter, check_quoting
from proteus_maker_parts import filters, quoting
from scipy.special import expit, logit


def test_the_mean_is_an_integral_of_weights_by_age():
    """With nothing forgotten at once it is the last-point average of Eckner, weight by weight."""
    times, prices = np.array([0.0, 0.1, 0.3, 0.35]), np.array([0.5, 0.6, 0.4, 0.7])
    for kept in (0.5, 1.0):
        memory, mean, seen = np.zeros(1), 0.5, 0.0
        for time, price in zip(times, prices, strict=True):
            mean = filters.update(np.array([0.1, kept]), memory, mean, price, True, time - seen)
            seen = time
        aged = kept ** np.arange(4)[::-1] * 0.5 ** ((times[-1] - times) / 0.1)
        weights = np.diff([0.0, *aged])  # that of each observation
        assert mean == pytest.approx(weights @ prices, rel=1e-12)


def test_quotes_lean_in_log_odds():
    numbers = np.array([0.02, 0.002, 0.05])
    for held in (-100, 0, 70):
        r, h = quoting.quote(numbers, 0.3, held, 10, 0.1, 1.0, 1.0, 0.0)
        assert r == pytest.approx(expit(logit(0.3) - 0.002 * held), rel=1e-12)
        assert h == pytest.approx(0.025)


def test_the_filter_keeps_the_contract():
    check_filter("timed")


def test_the_rule_keeps_the_contract():
    check_quoting("log_odds")
