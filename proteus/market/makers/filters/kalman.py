"""Kalman filter of a local level in log-odds: predict, then update, at each observation.

    predict   P <- P + q dt                    the level walks: its variance grows with time
    update    K = P / (P + r),  x <- x + K (z - x),  P <- (1 - K) P

x is the log-odds of the fair value, z = log(p / (1 - p)) of an observed price or signal p, clipped
to a tick inside 0 and 1. The noise of p is given in currency; that of z depends on the state, by
the delta method: r = sd^2 / (p (1 - p))^2 at the predicted p. The first look starts from p0 with
the variance that is configured. Not ready before the first observation.

Source
    Kalman (1960) Journal of Basic Engineering 82:35; Harvey (1989), Forecasting, Structural Time
    Series Models and the Kalman Filter, section 3.2. Vectors: filterpy 2.0.0, same order of steps.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.elementary import portable_exp, portable_log


@inline_kernel
def init(mean, variance):
    """Return the level and its variance before anything is observed."""
    return mean, variance


@inline_kernel
def predict(variance, process, elapsed_s):
    """Return the variance after a while without observations; the level stays.

    Parameters
        variance: of the level. process: q, per second. elapsed_s: dt, seconds.
    """
    return variance + process * elapsed_s


@inline_kernel
def update(mean, variance, observed, noise):
    """Return level and variance after an observation.

    Parameters
        mean, variance: as predicted. observed: z. noise: r, its variance, above 0.
    """
    gain = variance / (variance + noise)
    return mean + gain * (observed - mean), (1.0 - gain) * variance


@inline_kernel
def log_odds(price, least):
    """Return log(p / (1 - p)) of a price in currency, clipped to least .. 1 - least."""
    clipped = min(max(price, least), 1.0 - least)
    return portable_log(clipped) - portable_log(1.0 - clipped)


@inline_kernel
def price_of(level, least):
    """Return the price of a log-odds, currency, within least .. 1 - least."""
    if level >= 0.0:
        price = 1.0 / (1.0 + portable_exp(-level))
    else:
        odds = portable_exp(level)
        price = odds / (1.0 + odds)
    return min(max(price, least), 1.0 - least)


@inline_kernel
def noise_in_log_odds(variance, price):
    """Return the variance of the log-odds of an observation.

    Parameters
        variance: of the observed price, currency^2. price: as predicted, within 0 .. 1.
    """
    slope = price * (1.0 - price)
    return variance / (slope * slope)


@inline_kernel
def ready(observations):
    """Tell whether anything was observed."""
    return observations > 0.0
