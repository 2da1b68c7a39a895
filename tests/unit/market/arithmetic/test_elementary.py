"""Logarithm and exponential against mpmath at 60 digits."""

import math

import mpmath
import numpy as np
import pytest

from proteus.compiler.jit import kernel
from proteus.market.arithmetic.elementary import portable_exp, portable_log

mpmath.mp.dps = 60
ULP = 2  # largest error in units in the last place; MODEL2 A6


@kernel
def fill_logs(x, out):
    for i in range(x.shape[0]):
        out[i] = portable_log(x[i])


@kernel
def fill_exps(x, out):
    for i in range(x.shape[0]):
        out[i] = portable_exp(x[i])


def errors(fill, truth, x):
    """How far each result is from the true value, in units in the last place of it."""
    out = np.zeros(len(x))
    fill(x, out)
    true = [truth(mpmath.mpf(float(value))) for value in x]
    return [
        float(abs(mpmath.mpf(float(got)) - want) / math.ulp(float(want)))
        for got, want in zip(out, true, strict=True)
    ]


def test_the_logarithm_is_within_two_ulp():
    draw = np.random.default_rng(6)
    near_one = 1 + draw.normal(size=4000) * 2.0 ** -draw.integers(1, 50, 4000)
    anywhere = np.ldexp(draw.uniform(0.5, 1, 4000), draw.integers(-1073, 1024, 4000))
    probabilities = draw.uniform(0, 1, 4000)
    edges = [
        5e-324,
        2.0**-1022,
        math.nextafter(1, 0),
        1.0,
        math.nextafter(1, 2),
        math.sqrt(2),
        math.nextafter(math.sqrt(2), 2),
        math.sqrt(0.5),
        1.7976931348623157e308,
    ]
    x = np.concatenate([near_one[near_one > 0], anywhere[anywhere > 0], probabilities, edges])
    assert max(errors(fill_logs, mpmath.log, x)) <= ULP


def test_the_exponential_is_within_two_ulp():
    draw = np.random.default_rng(7)
    x = np.concatenate(
        [
            draw.uniform(-745, 709.7, 4000),
            draw.normal(size=4000),
            draw.normal(size=4000) * 1e-8,
            np.arange(-1074, 1024) * math.log(2),
            (np.arange(-1000, 1000) + 0.5) * math.log(2),
            [0.0, 709.782712893384, -745.13, -708.4, 5e-324, -5e-324],
        ]
    )
    assert max(errors(fill_exps, mpmath.exp, x)) <= ULP


@pytest.mark.plain
def test_where_there_is_no_number():
    """The conventions of IEEE 754 and C99 F.10.3."""
    logs = [portable_log(x) for x in (0.0, -0.0, -1.0, math.nan, math.inf, 1.0)]
    np.testing.assert_array_equal(logs, [-math.inf, -math.inf, math.nan, math.nan, math.inf, 0.0])
    exps = [portable_exp(x) for x in (-math.inf, -746.0, 0.0, 710.0, math.inf, math.nan)]
    np.testing.assert_array_equal(exps, [0.0, 0.0, 1.0, math.inf, math.inf, math.nan])


def test_plain_python_gives_the_same_bits():
    """The twin and the kernels must take the same decisions."""
    x = np.random.default_rng(8).uniform(1e-9, 40, 2000)
    logs, exps = np.zeros((2, len(x)))
    fill_logs(x, logs)
    fill_exps(x, exps)
    assert [portable_log(value) for value in x.tolist()] == logs.tolist()
    assert [portable_exp(value) for value in x.tolist()] == exps.tolist()
