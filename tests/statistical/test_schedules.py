"""The laws of wake-ups and of latencies, through the compiled kernels.

Every assertion has a false-alarm rate of 1e-6 under the hypothesis that the code is right; with
fixed seeds it passes always or never.
"""

import math

import numpy as np
import pytest
from scipy import stats

from proteus.compiler import jit
from proteus.compiler.jit import inline_kernel
from proteus.market.events.envelopes import CAUSE_SCHEDULE, pack_address
from proteus.market.events.latency import (
    ACKNOWLEDGEMENT,
    FILL_REPORT,
    MARKET_DATA,
    SUBMISSION,
    Latency,
    delay,
)
from proteus.market.events.latency import latency_words as words_of
from proteus.market.events.schedule import first_wake, next_wake
from tests.helpers.budget import budget
from tests.helpers.cells import MS, S, build, cell, finished

FALSE_ALARM = 1e-6
LARGEST_Z = stats.norm.isf(FALSE_ALARM / 2)
WAKES = budget("wakes")
NOISE = "population.noise"
ALONE = (
    "population.maker.count=0", "population.informed.count=0", "population.sniper.count=0",
    f"{NOISE}.count=1",
)  # fmt: skip


@inline_kernel
def _wake_times(schedules, traders, private, keys, out):
    """Write the times of the first wake-ups of trader 0 in every lane, int64 [L, N]."""
    for lane in range(out.shape[0]):
        out[lane, 0] = first_wake(schedules, traders, private, keys, lane, 0)
        for number in range(1, out.shape[1]):
            out[lane, number] = next_wake(schedules, traders, private, keys, lane, 0, number)


@inline_kernel
def _delays(traders, keys, out):
    """Write the four latencies of the first wake-ups of trader 0 in lane 0, int64 [N, 4]."""
    for number in range(out.shape[0]):
        address = pack_address(CAUSE_SCHEDULE, 0, number)
        words = words_of(traders, keys, 0, 0, address)
        out[number, 0] = delay(traders, 0, 0, words[0])
        out[number, 1] = delay(traders, 0, 1, words[1])
        out[number, 2] = delay(traders, 0, 2, words[2])
        out[number, 3] = delay(traders, 0, 3, words[3])


@pytest.fixture(scope="module")
def wake_times():
    entry = jit.compiled(_wake_times)

    def times(*words, lanes=1, count=WAKES):
        world = build(cell(*ALONE, *words), lanes).world
        out = np.zeros((lanes, count), np.int64)
        entry(world.schedules, world.traders, world.private, world.market.keys, out)
        return out

    return times


@pytest.fixture(scope="module")
def delays():
    """Latencies of every law, int64 [N, 4], and the configured numbers in ns."""
    legs = {
        "submission": "{law:constant,base_ms:3,spread_ms:0,shape:0}",
        "acknowledgement": "{law:uniform,base_ms:2,spread_ms:4,shape:0}",
        "fill_report": "{law:shifted_exponential,base_ms:1,spread_ms:5,shape:0}",
        "market_data": "{law:lognormal,base_ms:0.5,spread_ms:3,shape:0.8}",
    }
    words = [f"{NOISE}.latency.{leg}={law}" for leg, law in legs.items()]
    world = build(cell(*ALONE, *words)).world
    out = np.zeros((WAKES, 4), np.int64)
    jit.compiled(_delays)(world.traders, world.market.keys, out)
    return out


def z_score(values, expected):
    return (np.mean(values) - expected) / (np.std(values) / math.sqrt(len(values)))


def check_poisson(counts, mean):
    """Mean and dispersion of counts are those of a Poisson law."""
    counts = np.asarray(counts, float)
    assert abs(counts.mean() - mean) < LARGEST_Z * math.sqrt(mean / counts.size)
    dispersion = np.sum(np.square(counts - mean)) / mean
    tail = stats.chi2(counts.size)
    assert FALSE_ALARM / 2 < tail.sf(dispersion) < 1 - FALSE_ALARM / 2


# --- arrivals -------------------------------------------------------------------------------------


def test_once_is_a_single_wake_up_at_one_over_the_rate(wake_times):
    once = (f"{NOISE}.schedule.law=once", f"{NOISE}.schedule.rate_per_s=400")
    times = wake_times(*once, lanes=3, count=3)
    assert (times[:, 0] == S // 400).all()
    assert (times[:, 1:] > 1000 * S).all()  # never
    world = finished(cell(*ALONE, "population.maker.count=1", *once))
    assert world.private.wakes[0].tolist()[-1] == 1


def test_noise_arrivals_have_exponential_and_independent_gaps(wake_times):
    times = wake_times(f"{NOISE}.schedule.rate_per_s=8")[0]
    gaps = np.diff(times, prepend=0) * 8 / S
    assert stats.kstest(gaps, "expon").pvalue > FALSE_ALARM
    centred = gaps - 1
    assert abs(z_score(centred[1:] * centred[:-1], 0.0)) < LARGEST_Z


def test_noise_arrivals_are_counted_by_a_poisson_law(wake_times):
    times = wake_times(f"{NOISE}.schedule.rate_per_s=8")[0]
    seconds = times[-1] // S
    check_poisson(np.bincount(times[times < seconds * S] // S, minlength=seconds), 8.0)


def test_arrivals_in_a_run_are_poisson_and_independent_of_each_other():
    """The same through the engine: 4 noise traders in many lanes of 3 s at 5 per second."""
    world = finished(cell(f"{NOISE}.count=4"), budget("noise_lanes"))
    is_noise = world.traders.role == 2
    counts = world.private.wakes[:, is_noise]
    check_poisson(counts.ravel(), 15.0)
    check_poisson(counts.sum(axis=1), 60.0)


def test_the_poisson_test_has_power(wake_times):
    """Arrivals every 125 ms with the largest jitter have the right mean and fail by far."""
    times = wake_times(f"{NOISE}.schedule={{law:periodic,rate_per_s:8,jitter:0.99}}")[0]
    seconds = times[-1] // S
    counts = np.bincount(times[times < seconds * S] // S, minlength=seconds)
    assert abs(counts.mean() - 8.0) < 0.01
    with pytest.raises(AssertionError):
        check_poisson(counts, 8.0)


@pytest.mark.parametrize(("probability", "gap_ms"), [(0.3, 10), (0.8, 20)])
def test_clusters_keep_the_rate_and_spread_the_counts(wake_times, probability, gap_ms):
    """Gaps are a mixture of two exponentials with the given mean.

    The variance of the gaps, and with it the dispersion of counts over long times (renewal
    theory: var / mean^2), follows from the mixture.
    """
    schedule = f"cluster_probability:{probability},cluster_gap_ms:{gap_ms}"
    times = wake_times(f"{NOISE}.schedule={{law:poisson,rate_per_s:5,{schedule}}}")[0]
    gaps = np.diff(times, prepend=0) / S
    short = gap_ms / 1000
    long = (0.2 - probability * short) / (1 - probability)
    assert abs(z_score(gaps, 0.2)) < LARGEST_Z

    def mixture(time):
        survival = probability * np.exp(-time / short) + (1 - probability) * np.exp(-time / long)
        return 1 - survival

    assert stats.kstest(gaps, mixture).pvalue > FALSE_ALARM
    variance = 2 * (probability * short**2 + (1 - probability) * long**2) - 0.2**2
    assert abs(z_score(np.square(gaps - 0.2), variance)) < LARGEST_Z
    window = 5 * S
    windows = times[-1] // window
    counts = np.bincount(times[times < windows * window] // window, minlength=windows)
    dispersion = counts.var() / counts.mean()
    assert variance / 0.2**2 > 1.5
    assert dispersion > 1.2
    with pytest.raises(AssertionError):
        check_poisson(counts, 25.0)


# --- periodic schedules ---------------------------------------------------------------------------


def test_phases_are_uniform(wake_times):
    periodic = f"{NOISE}.schedule={{law:periodic,rate_per_s:10,jitter:0.2}}"
    first = wake_times(periodic, lanes=budget("phases"), count=1)[:, 0]
    assert (first >= 0).all()
    assert (first < 100 * MS).all()
    assert stats.kstest(first / (100 * MS), "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("jitter", [0.0, 0.2])
def test_jitter_stays_within_its_bounds_and_does_not_add_up(wake_times, jitter):
    periodic = f"{NOISE}.schedule={{law:periodic,rate_per_s:10,jitter:{jitter}}}"
    times = wake_times(periodic)[0]
    shifts = times[1:] - times[0] - np.arange(1, WAKES) * 100 * MS
    if jitter == 0:
        assert not shifts.any()
        return
    bound = jitter * 100 * MS
    assert (np.abs(shifts) <= bound).all()
    assert stats.kstest((shifts + bound) / (2 * bound), "uniform").pvalue > FALSE_ALARM
    assert (np.diff(times) > 0).all()


# --- latencies ------------------------------------------------------------------------------------


def test_a_constant_latency_is_exact(delays):
    assert set(delays[:, SUBMISSION]) == {3 * MS}


def test_a_uniform_latency(delays):
    drawn = delays[:, ACKNOWLEDGEMENT]
    assert ((drawn >= 2 * MS) & (drawn < 6 * MS)).all()
    assert stats.kstest((drawn - 2 * MS) / (4 * MS), "uniform").pvalue > FALSE_ALARM
    assert abs(z_score(drawn, 4 * MS)) < LARGEST_Z


def test_a_shifted_exponential_latency(delays):
    drawn = delays[:, FILL_REPORT]
    assert (drawn >= MS).all()
    assert stats.kstest((drawn - MS) / (5 * MS), "expon").pvalue > FALSE_ALARM
    assert abs(z_score(drawn, 6 * MS)) < LARGEST_Z


def test_a_lognormal_latency(delays):
    """Median base + spread; mean base + spread exp(shape^2 / 2)."""
    drawn = delays[:, MARKET_DATA]
    logarithm = np.log((drawn - 0.5 * MS) / (3 * MS)) / 0.8
    assert stats.kstest(logarithm, "norm").pvalue > FALSE_ALARM
    assert abs(z_score(drawn, 0.5 * MS + 3 * MS * math.exp(0.32))) < LARGEST_Z
    below_median = np.count_nonzero(drawn < 3.5 * MS)
    assert stats.binomtest(below_median, WAKES, 0.5).pvalue > FALSE_ALARM


def test_the_legs_are_independent(delays):
    legs = (ACKNOWLEDGEMENT, FILL_REPORT, MARKET_DATA)
    for early, late in ((0, 1), (0, 2), (1, 2)):
        found = stats.spearmanr(delays[:, legs[early]], delays[:, legs[late]])
        assert found.pvalue > FALSE_ALARM


@pytest.mark.parametrize("law", ["constant", "uniform", "shifted_exponential", "lognormal"])
def test_every_link_takes_at_least_a_nanosecond(law):
    latency = f"{{law:{law},base_ms:0,spread_ms:0,shape:0}}"
    words = [f"{NOISE}.latency.{leg}={latency}" for leg in Latency.model_fields]
    world = build(cell(*ALONE, *words)).world
    assert [int(delay(world.traders, 0, leg, np.uint32(12345))) for leg in range(4)] == [1] * 4
