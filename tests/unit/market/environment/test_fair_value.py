"""The fair-value table against direct quadrature, and its elementary functions."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from proteus.errors import ConfigError
from proteus.market.environment import fair_value
from proteus.market.environment.fair_value import exp_negative, sigmoid, tabulated_value
from tests.helpers.news_cases import S, log_odds

TABLE_ERROR = 1e-6  # what the module promises


def logistic(x):
    return 0.5 * (1 + math.tanh(0.5 * x))


def expected_value(mean, variance):
    """E sigmoid of a normal, by adaptive quadrature."""
    if variance == 0:
        return logistic(mean)
    sd = math.sqrt(variance)

    def density(z):
        return logistic(mean + sd * z) * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)

    return integrate.quad(density, -12, 12, epsabs=1e-12, limit=400, points=[-mean / sd])[0]


def probes(parameters, n=60):
    """Random (x, grid point), more of them where v bends and near settlement."""
    generator = np.random.default_rng(1)
    last = parameters.settle_ns // parameters.dt_ns
    grids = np.concatenate(
        [
            generator.integers(0, last + 1, n // 2),
            last - generator.integers(0, min(100, last), n // 2),
        ]
    )
    return [(4 * x, int(grid)) for x, grid in zip(generator.normal(size=n), grids, strict=True)]


@pytest.mark.parametrize(
    ("kappa", "sigma", "horizon_s"),
    [
        (0.0, 0.05, 20),
        (0.0, 1.0, 20),
        (0.5, 0.4, 20),
        (0.5, 0.3, 1000),
        (1e-9, 0.4, 20),
        (8, 3, 20),
    ],
)
def test_noise_alone(kappa, sigma, horizon_s):
    parameters = log_odds(
        horizon_s * S, sigma=sigma, mean_reversion_per_s=kappa, jump_rate_per_s=0.0
    )
    for x, grid in probes(parameters):
        s = (parameters.settle_ns - grid * parameters.dt_ns) / S
        spread = s if kappa < 1e-6 else -math.expm1(-2 * kappa * s) / (2 * kappa)
        expected = expected_value(x * math.exp(-kappa * s), sigma**2 * spread)
        assert abs(tabulated_value(parameters, x, grid) - expected) < TABLE_ERROR


@pytest.mark.parametrize(
    ("rate", "mean", "sd", "sigma"),
    [(0.2, 1.0, 0.0, 0.0), (0.2, -0.7, 0.3, 0.1), (3.0, 0.2, 0.5, 0.2), (0.05, 6.0, 0.0, 0.05)],
)
def test_jumps_without_reversion(rate, mean, sd, sigma):
    """Without reversion the law is a Poisson mixture of normals."""
    parameters = log_odds(
        sigma=sigma, mean_reversion_per_s=0.0, jump_rate_per_s=rate, jumps=((1.0, mean, sd),)
    )
    for x, grid in probes(parameters, 10):
        s = (parameters.settle_ns - grid * parameters.dt_ns) / S
        numbers = range(int(rate * s + 12 * math.sqrt(rate * s) + 12))
        expected = sum(
            stats.poisson.pmf(n, rate * s) * expected_value(x + n * mean, n * sd**2 + sigma**2 * s)
            for n in numbers
        )
        assert abs(tabulated_value(parameters, x, grid) - expected) < TABLE_ERROR


@pytest.mark.parametrize("jumps", [((1.0, 0.1, 0.3),), ((0.7, 2.0, 0.0), (0.3, -3.0, 0.5))])
@pytest.mark.parametrize("rate", [0.2, 5.0])
def test_jumps_with_reversion(jumps, rate):
    """The same integral by nested adaptive quadrature, in the time variable."""
    kappa, sigma = 0.5, 0.4
    parameters = log_odds(
        10 * S, sigma=sigma, mean_reversion_per_s=kappa, jump_rate_per_s=rate, jumps=jumps
    )

    def exponent(u, s):
        def jump(r, part):
            scaled = u * math.exp(-kappa * r)
            total = sum(w * np.exp(1j * scaled * m - 0.5 * (scaled * d) ** 2) for w, m, d in jumps)
            return getattr(total - 1, part)

        real, imaginary = (
            integrate.quad(jump, 0, s, args=(part,), epsabs=1e-11)[0] for part in ("real", "imag")
        )
        noise = sigma**2 * -math.expm1(-2 * kappa * s) / (2 * kappa)
        return rate * complex(real, imaginary) - 0.5 * noise * u * u

    def expected(x, s):
        y = x * math.exp(-kappa * s)

        def integrand(u):
            return np.exp(1j * u * y + exponent(u, s)).imag / math.sinh(math.pi * u)

        return 0.5 + integrate.quad(integrand, 1e-9, 8, epsabs=1e-9, limit=200)[0]

    for x, grid in [(0.0, 0), (1.5, 300), (-2.0, 900), (0.7, 1050), (3.0, 1099)]:
        s = (parameters.settle_ns - grid * parameters.dt_ns) / S
        assert abs(tabulated_value(parameters, x, grid) - expected(x, s)) < TABLE_ERROR


@pytest.mark.plain
@pytest.mark.boundscheck
def test_lookup_is_clamped_safely():
    parameters = log_odds(S, sigma=0.1, mean_reversion_per_s=0.0, jump_rate_per_s=0.0)
    for grid in (0, 57, 200, 10_000):
        assert tabulated_value(parameters, -1e6, grid) == pytest.approx(0.0, abs=1e-9)
        assert tabulated_value(parameters, 1e6, grid) == pytest.approx(1.0, abs=1e-9)
        for x in np.linspace(-40, 40, 101):
            assert 0.0 <= tabulated_value(parameters, float(x), grid) <= 1.0


def test_too_strong_news_is_refused_in_a_sentence():
    with pytest.raises(ConfigError, match="mean_reversion_per_s"):
        log_odds(1000 * S, sigma=50.0, mean_reversion_per_s=0.0)


def test_elementary_functions_match_numpy():
    z = np.concatenate([[0.0, 40.0], np.random.default_rng(0).uniform(0, 40, 2000)])
    found = np.array([fair_value.exp_negative(float(value)) for value in z])
    np.testing.assert_allclose(found, np.exp(-z), rtol=3e-14)
    assert exp_negative(0.0) == 1.0
    assert sigmoid(0.0) == 0.5
    x = np.linspace(-38, 38, 2001)
    found = np.array([sigmoid(float(value)) for value in x])
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-x)), rtol=4e-14)
    assert 0.0 <= sigmoid(-1e9) < 1e-17
    assert sigmoid(1e9) == 1.0
