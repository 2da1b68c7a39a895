"""An oracle: it reads a price, reports it now and then, and a report arrives late.

Rules
    Every ``check_ns`` the oracle reads (``sources``). ``public`` is the public reference price,
    ``twap`` the mean of it over the checks of a window, ``value`` is v with noise of its own:
    nothing that the market does moves it. A reading is in nano-currency, within a tick of 0 and 1.
    It is reported iff it deviates from the report issued last, or that one is older than the
    heartbeat:

        absolute   |new - old| >= deviation
        relative   |new - old| / old >= deviation, in parts per 10**9; from 0 anything else deviates
        log_odds   |log(new / (1 - new)) - log(old / (1 - old))| >= deviation, in 10**-9

    Deviations are compared in integers and inclusive, the age is strict. A report arrives
    ``lag_ns`` after it was issued. Before the first, the initial probability stands as issued and
    arrived at 0, as everything public does.

Symmetry
    Reflecting news, sides and prices reflects every reading and report: readings and means are
    rounded half to even, and log-odds half away from zero.

Source
    Chainlink OCR2, median plugin: deviation inclusive, heartbeat strict, any change from 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.elementary import portable_log
from proteus.market.arithmetic.fixed_point import HALF_EVEN, multiply_divide
from proteus.market.environment.news import integrals_at, value_at
from proteus.market.environment.sources import SOURCE_TWAP
from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import ENTITY_MARKET, STREAM_ORACLE, normal, words_at

DEVIATIONS = {"absolute": 0, "relative": 1, "log_odds": 2}
ABSOLUTE = 0
RELATIVE = 1
LOG_ODDS = 2
NO_DEVIATION = -1  # of least: reports come from the heartbeat alone

_SECONDS = 1e-9


@state
class OracleParameters(NamedTuple):
    """The numbers of one cell's oracle."""

    source: int  # sources.SOURCES
    noise_sd: float  # of a reading of the value, currency
    check_ns: int  # 0: there is no oracle
    lag_ns: int
    deviation: int  # ABSOLUTE, RELATIVE or LOG_ODDS
    least: int  # smallest deviation that is reported, in 10**-9, or NO_DEVIATION
    heartbeat_ns: int  # NEVER_NS: there is none
    tick_nano: int  # readings stay this far from 0 and 1


@state
class Oracle(NamedTuple):
    """What the oracle of each lane has read and said. L lanes, W readings, F reports."""

    issued: np.ndarray  # int64 [L] the last report, nano
    issued_ns: np.ndarray  # int64 [L] when
    arrived: np.ndarray  # int64 [L] the last report that everybody has, nano
    checks: np.ndarray  # int64 [L] so far
    reports: np.ndarray  # int64 [L] issued
    arrivals: np.ndarray  # int64 [L] of reports
    flying: np.ndarray  # int64 [L, F] report number n is at n modulo F, nano
    window: np.ndarray  # int64 [L, W] reading number n is at n modulo W, nano
    window_sum: np.ndarray  # int64 [L] of the readings in the window, nano
    error_ns: np.ndarray  # int64 [L] up to which the error runs; NEVER_NS in the warm-up
    error_integral: np.ndarray  # float64 [L, 2] of v and v^2 from 0 to there, seconds
    square_error: np.ndarray  # float64 [L] integral of (arrived - v)^2, currency^2 seconds


def allocate_oracle(lanes: int, initial_nano: int, readings: int, lag_checks: int) -> Oracle:
    """Allocate oracles that have only the initial probability to tell.

    Parameters
        lanes: number of lanes; 0 without an oracle. readings: of a window. lag_checks: checks
            during which a report is on its way.
    """
    return allocate(
        Oracle, L=lanes, W=readings, F=lag_checks + 2,
        issued=initial_nano, arrived=initial_nano, error_ns=NEVER_NS,
    )  # fmt: skip


@inline_kernel
def read_value(oracle, parameters, news, news_parameters, keys, lane, time):
    """Return v with the noise of this check, nano."""
    v = value_at(news, news_parameters, lane, time)
    if parameters.noise_sd > 0.0:
        word = words_at(keys, lane, STREAM_ORACLE, ENTITY_MARKET, oracle.checks[lane], 0)[0]
        v += parameters.noise_sd * normal(word)
    return np.int64(np.rint(min(max(v, 0.0), 1.0) * NANO))


@inline_kernel
def price_in_nano(doubled, tick_nano):
    """Return half of ``doubled`` ticks in nano; a half nano goes to the even one."""
    return multiply_divide(doubled, tick_nano, np.int64(2), HALF_EVEN)


@inline_kernel
def check(oracle, parameters, lane, time, reading):
    """Count a reading, and report it if it is time to.

    Parameters
        reading: nano, of the public reference price, or what ``read_value`` returned.

    Returns
        True if a report was issued; it arrives ``lag_ns`` later.
    """
    number = oracle.checks[lane]
    oracle.checks[lane] = number + 1
    seen = _clipped(reading, parameters.tick_nano)
    if parameters.source == SOURCE_TWAP:
        seen = _mean(oracle, lane, number, seen)
    age = time - oracle.issued_ns[lane]
    if not (
        age > parameters.heartbeat_ns
        or deviates(seen, oracle.issued[lane], parameters.deviation, parameters.least)
    ):
        return False
    oracle.issued[lane] = seen
    oracle.issued_ns[lane] = time
    oracle.flying[lane, oracle.reports[lane] % oracle.flying.shape[1]] = seen
    oracle.reports[lane] += 1
    return True


@inline_kernel
def _clipped(reading, tick_nano):
    return min(max(reading, tick_nano), NANO - tick_nano)


@inline_kernel
def _mean(oracle, lane, number, reading):
    """Put a reading into the window and return the mean of what is there, half to even."""
    size = oracle.window.shape[1]
    at = number % size
    oracle.window_sum[lane] += reading - oracle.window[lane, at]
    oracle.window[lane, at] = reading
    count = min(number + 1, np.int64(size))
    return multiply_divide(oracle.window_sum[lane], np.int64(1), count, HALF_EVEN)


@inline_kernel
def deviates(new, old, deviation, least):
    """Tell whether a price has moved enough to be reported.

    Parameters
        new, old: int64, at least 0, nano; less than 9 times 10**9 apart where it is relative.
        deviation: ABSOLUTE, RELATIVE or LOG_ODDS, of prices between 0 and 1. least: in 10**-9,
        or NO_DEVIATION.
    """
    if least == NO_DEVIATION:
        return False
    moved = abs(new - old)
    if deviation == ABSOLUTE:
        return moved >= least
    if deviation == LOG_ODDS:
        return abs(log_odds_nano(new) - log_odds_nano(old)) >= least
    return moved * NANO >= least * old if old > 0 else moved > 0


@inline_kernel
def log_odds_nano(price):
    """Return the log-odds of a price in nano, in 10**-9; the other side's are the negative."""
    log_odds = portable_log(np.float64(price)) - portable_log(np.float64(NANO - price))
    magnitude = np.int64(abs(log_odds) * NANO + 0.5)
    return magnitude if log_odds >= 0.0 else -magnitude


@inline_kernel
def arrive(oracle, lane):
    """Let the report that was issued first among those on their way arrive."""
    oracle.arrived[lane] = oracle.flying[lane, oracle.arrivals[lane] % oracle.flying.shape[1]]
    oracle.arrivals[lane] += 1


# --- how wrong it is ------------------------------------------------------------------------------


@inline_kernel
def start_error(oracle, news, news_parameters, lane, time):
    """Start the integral of the squared error: the warm-up has ended."""
    first, second = integrals_at(news, news_parameters, lane, time)
    oracle.error_integral[lane, 0], oracle.error_integral[lane, 1] = first, second
    oracle.error_ns[lane] = time


@inline_kernel
def extend_error(oracle, news, news_parameters, lane, time):
    """Bring the integral up to ``time``, over what had arrived until then."""
    width = time - oracle.error_ns[lane]
    if width <= 0:
        return
    told = oracle.arrived[lane] / NANO
    first, second = integrals_at(news, news_parameters, lane, time)
    value = first - oracle.error_integral[lane, 0]
    square = second - oracle.error_integral[lane, 1]
    oracle.square_error[lane] += square - 2.0 * told * value + told * told * (width * _SECONDS)
    oracle.error_integral[lane, 0], oracle.error_integral[lane, 1] = first, second
    oracle.error_ns[lane] = time
