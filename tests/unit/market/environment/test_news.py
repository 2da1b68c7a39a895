"""The path of the news, by example and against a plain-Python twin."""

import itertools
import math
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest

from proteus.market import rng
from proteus.market.environment import news as latent
from proteus.market.environment.masks import MASKED_JUMPS
from proteus.market.environment.news import (
    extend_news,
    integrals_at,
    next_jump,
    start_news,
    value_at,
)
from proteus.market.environment.setup import allocate_news
from tests.helpers.news_cases import MS, S, bayesian, jump_times, log_odds, path

KEY = rng.replicate_key(7, 0)
BUSY = {"jump_rate_per_s": 40.0}
BOTH_MODELS = pytest.mark.parametrize("model", [bayesian, log_odds])


def uniform(stream, index, word=0, key=KEY, mask=0):
    words = rng.draw(*key, stream, rng.ENTITY_MARKET, index, 0)
    return ((int(words[word]) ^ mask) + 0.5) / 2**32


def normal(stream, index, word, key, mask=0):
    return NormalDist().inv_cdf(uniform(stream, index, word, key, mask))


def twin(parameters, steps, key=KEY, mask=0):
    """Return x at grid points 0 .. steps, and the jumps as (time, x just after), plainly.

    Every word has the mask laid over it.
    """
    x, grid_x, jumps = parameters.initial_log_odds, [parameters.initial_log_odds], []
    direction = 1
    if parameters.model == latent.MODEL_BAYESIAN:
        is_one = uniform(rng.STREAM_PAYOFF, 0, 0, key, mask) < parameters.initial_probability
        direction = 1 if is_one else -1
    kappa = parameters.reversion_per_ns

    def gap(number):
        mean = parameters.jump_gap_ns
        share = uniform(rng.STREAM_NEWS_JUMP_TIME, number, 0, key, mask)
        return max(1, int(-math.log(share) * mean))

    jump_ns = gap(0)
    for g in range(1, steps + 1):
        while jump_ns < g * parameters.dt_ns:
            stream, number = rng.STREAM_NEWS_JUMP_SIZE, len(jumps)
            share = uniform(stream, number, 0, key, mask)
            mean, sd = next(row[1:] for row in parameters.jump_law if share < row[0])
            size = mean + sd * normal(stream, number, 1, key, mask)
            x += direction * size * math.exp(kappa * (jump_ns - (g - 1) * parameters.dt_ns))
            jumps.append((jump_ns, x))
            jump_ns += gap(len(jumps))
        z = normal(rng.STREAM_NEWS_DIFFUSION, g >> 2, g & 3, key, mask)
        x = parameters.phi * x + direction * parameters.drift + parameters.step_sd * z
        grid_x.append(x)
    return grid_x, jumps


@pytest.mark.nojit
@pytest.mark.boundscheck
@pytest.mark.parametrize(("replicate", "payoff"), [(0, 1), (2, 0)])
def test_bayesian_path_equals_plain_twin(replicate, payoff):
    parameters = bayesian(**BUSY)
    news = path(parameters, S, replicate)
    assert news.payoff[0] == payoff
    grid_x, jumps = twin(parameters, 100, rng.replicate_key(7, replicate))
    expected = [1 / (1 + math.exp(-x)) for x in grid_x]
    np.testing.assert_allclose(news.value[0, :101], expected, rtol=1e-12)
    assert [time for time, _ in jumps] == jump_times(news).tolist()
    expected = [1 / (1 + math.exp(-x)) for _, x in jumps]
    np.testing.assert_allclose(news.jump_value[0, : len(jumps)], expected, rtol=1e-12)
    assert len(jumps) > 20


@pytest.mark.nojit
@pytest.mark.boundscheck
def test_log_odds_path_equals_plain_twin():
    """At settlement v is p, so paths that settle at each grid point show x there."""
    parameters = log_odds(**BUSY)
    news = path(parameters, S)
    grid_x, jumps = twin(parameters, 100)
    assert news.log_odds[0] == pytest.approx(grid_x[-1], rel=1e-12)
    settled = parameters._replace(settle_ns=0)
    value = path(settled, S).value[0, :101]
    np.testing.assert_allclose(value, 1 / (1 + np.exp(-np.array(grid_x))), atol=1e-6)
    assert [time for time, _ in jumps] == jump_times(news).tolist()


@pytest.mark.plain
@BOTH_MODELS
def test_a_mirrored_path_equals_the_twin_whose_words_are_complemented(model):
    """The engine turns the sign of the diffusion; the twin complements every word."""
    parameters = model(**BUSY)
    news = allocate_news(1, S, parameters.dt_ns, 100)
    news.masks[0] = 0xFFFFFFFF
    start_news(news, parameters, *KEY, 0)
    assert extend_news(news, parameters, *KEY, 0, S) == latent.NEWS_OK
    grid_x, jumps = twin(parameters, 100, mask=0xFFFFFFFF)
    assert news.log_odds[0] == pytest.approx(grid_x[-1], rel=1e-12)
    assert [time for time, _ in jumps] == jump_times(news).tolist()
    assert len(jumps) > MASKED_JUMPS  # the last masks stand for all that follow


@pytest.mark.nojit
def test_a_path_goes_on_where_another_was_at_its_end_of_trading():
    """Not where it was when the contract settles, nor at the last point made."""
    parameters = log_odds(horizon_ns=600 * MS, settle_ns=700 * MS, **BUSY)
    before = path(parameters, S)
    expected, _ = twin(parameters, 100)
    assert before.end[0] == pytest.approx(expected[60], rel=1e-12)
    after, key = allocate_news(1, S, parameters.dt_ns, 100), rng.replicate_key(7, 1)
    after.is_carried[0], after.start[0] = True, before.end[0]
    start_news(after, parameters, *key, 0)
    assert extend_news(after, parameters, *key, 0, S) == latent.NEWS_OK
    begun = parameters._replace(initial_log_odds=before.end[0])
    expected, _ = twin(begun, 100, key)
    assert after.end[0] == pytest.approx(expected[60], rel=1e-12)
    assert after.value[0, 0] == path(begun, S).value[0, 0] != before.value[0, 0]


@BOTH_MODELS
@pytest.mark.boundscheck
def test_path_does_not_depend_on_how_it_is_cut(model):
    parameters = model(**BUSY)
    whole = path(parameters, 6 * S)
    cut = allocate_news(1, 6 * S, parameters.dt_ns, 100)
    start_news(cut, parameters, *KEY, 0)
    steps = itertools.cycle([1, 7 * MS, 10 * MS, 33 * MS + 1, 250 * MS, 1290 * MS])
    until_ns = 0
    while until_ns < 6 * S:
        until_ns = min(until_ns + next(steps), 6 * S)
        assert extend_news(cut, parameters, *KEY, 0, until_ns) == latent.NEWS_OK
        assert (cut.grid_done[0] - 1) * parameters.dt_ns < until_ns
        assert cut.grid_done[0] * parameters.dt_ns >= until_ns
    for field in set(whole._fields) - {"words", "normals", "tails", "decays", "row_squares"}:
        np.testing.assert_array_equal(getattr(cut, field), getattr(whole, field), err_msg=field)
    assert integrals_at(cut, parameters, 0, 6 * S) == integrals_at(whole, parameters, 0, 6 * S)


@BOTH_MODELS
def test_small_window_shows_the_same_values(model):
    parameters = model(**BUSY)
    whole = path(parameters, 6 * S)
    window = allocate_news(1, 120 * MS, parameters.dt_ns, 5)
    assert window.value.shape[1] == 16
    start_news(window, parameters, *KEY, 0)
    for now_ns in range(0, 6 * S, 3_333_333):
        assert extend_news(window, parameters, *KEY, 0, now_ns + 20 * MS) == latent.NEWS_OK
        for past_ns in (now_ns, now_ns - 99 * MS):
            expected = value_at(whole, parameters, 0, past_ns)
            assert value_at(window, parameters, 0, past_ns) == expected
        assert integrals_at(window, parameters, 0, now_ns) == integrals_at(
            whole, parameters, 0, now_ns
        )


@BOTH_MODELS
@pytest.mark.parametrize("slots", [8, 16, 64])
def test_one_call_may_run_far_beyond_the_window(model, slots):
    parameters = model(horizon_ns=S, **BUSY)
    whole = path(parameters, 6 * S)
    window = allocate_news(1, (slots - 3) * 10 * MS, parameters.dt_ns, 100)
    assert window.value.shape[1] == slots
    start_news(window, parameters, *KEY, 0)
    assert extend_news(window, parameters, *KEY, 0, 6 * S) == latent.NEWS_OK
    assert window.log_odds[0] == whole.log_odds[0]
    assert window.payoff[0] == whole.payoff[0]
    for back_ns in reversed(range(0, (slots - 1) * 10 * MS, 3_333_333)):
        for read in (value_at, integrals_at):  # integrals are read forwards
            time_ns = 6 * S - back_ns
            assert read(window, parameters, 0, time_ns) == read(whole, parameters, 0, time_ns)


@BOTH_MODELS
@pytest.mark.nojit
@pytest.mark.boundscheck
def test_integrals_are_exact_sums_over_the_pieces(model):
    parameters = model(**BUSY)
    news = path(parameters, S // 2)
    jumps = jump_times(news).tolist()
    breaks = sorted({*range(0, S // 2, parameters.dt_ns), *jumps})
    probes = [0, 1, 5 * MS + 1, 10 * MS, *jumps[:4], jumps[5] + 1, jumps[6] - 1, 499_999_999]
    for time_ns in sorted(probes):
        edges = [t for t in breaks if t < time_ns] + [time_ns]
        pieces = [
            (Fraction(float(value_at(news, parameters, 0, a))), b - a)
            for a, b in itertools.pairwise(edges)
        ]
        expected = [sum(v**power * width for v, width in pieces) / S for power in (1, 2)]
        found = integrals_at(news, parameters, 0, time_ns)
        assert found == pytest.approx([float(e) for e in expected], rel=1e-13, abs=1e-16)


@BOTH_MODELS
@pytest.mark.plain
@pytest.mark.boundscheck
def test_jump_acts_at_its_nanosecond(model):
    parameters = model(horizon_ns=S, jump_rate_per_s=0.001)
    jump_ns = 123 * MS + 456
    news = allocate_news(1, S, parameters.dt_ns, 1)
    start_news(news, parameters, *KEY, 0)
    news.next_jump_ns[0] = jump_ns
    extend_news(news, parameters, *KEY, 0, S)
    before, after = (value_at(news, parameters, 0, t) for t in (jump_ns - 1, jump_ns))
    assert before == value_at(news, parameters, 0, 120 * MS) == news.value[0, 12]
    assert after == news.jump_value[0, 0] == value_at(news, parameters, 0, 130 * MS - 1)
    assert abs(after - before) > 0.01
    assert value_at(news, parameters, 0, 130 * MS) == news.value[0, 13] != after
    assert news.jumps_before[0, 12:14].tolist() == [0, 1]
    assert next_jump(news, 0, -1) == jump_ns
    assert next_jump(news, 0, 0) == news.next_jump_ns[0] > S


@BOTH_MODELS
@pytest.mark.nojit
def test_jump_on_a_grid_point_comes_after_its_diffusion(model):
    parameters = model(horizon_ns=S, jump_rate_per_s=0.001)
    calm = path(parameters._replace(jump_gap_ns=math.inf), S)
    for cut_ns in (120 * MS, 119 * MS, 200 * MS):
        news = allocate_news(1, S, parameters.dt_ns, 1)
        start_news(news, parameters, *KEY, 0)
        news.next_jump_ns[0] = 120 * MS
        extend_news(news, parameters, *KEY, 0, cut_ns)
        extend_news(news, parameters, *KEY, 0, 200 * MS)
        assert news.value[0, 11] == calm.value[0, 11]
        assert news.value[0, 12] == news.jump_value[0, 0] != calm.value[0, 12]
        assert value_at(news, parameters, 0, 120 * MS) == news.value[0, 12]
        assert news.jumps_before[0, 11:13].tolist() == [0, 1]
        if model is bayesian:
            logit = np.log(news.value[0, 12:20] / (1 - news.value[0, 12:20]))
            calm_logit = np.log(calm.value[0, 12:20] / (1 - calm.value[0, 12:20]))
            np.testing.assert_allclose(np.abs(logit - calm_logit), math.log(4), rtol=1e-12)


@pytest.mark.nojit
def test_jumps_keep_their_times_and_diffusion_its_normals():
    base = bayesian(**BUSY)
    times = jump_times(path(base, S))
    for other in (bayesian(dt=40, **BUSY), bayesian(sigma=2.0, total_variance=None, **BUSY)):
        np.testing.assert_array_equal(jump_times(path(other, S)), times)
    np.testing.assert_array_equal(jump_times(path(log_odds(**BUSY), S)), times)
    calm = log_odds(jump_rate_per_s=0.0, mean_reversion_per_s=0.0)
    jumpy = log_odds(mean_reversion_per_s=0.0, jumps=((1.0, 0.25, 0.0),), **BUSY)
    added = path(jumpy, S).log_odds[0] - path(calm, S).log_odds[0]
    assert added == pytest.approx(0.25 * len(times), rel=1e-12)


@pytest.mark.nojit
@pytest.mark.parametrize(
    "parameters",
    [
        bayesian(initial_probability=0.3, total_variance=0.0, jump_rate_per_s=0.0),
        bayesian(initial_probability=0.3, total_variance=0.0, jump_accuracy=0.5, **BUSY),
        log_odds(initial_probability=0.3, sigma=0.0, jump_rate_per_s=0.0, mean_reversion_per_s=0.0),
        log_odds(
            initial_probability=0.3, sigma=0.0, mean_reversion_per_s=0.0, jumps=((1.0, 0.0, 0.0),)
        ),
    ],
    ids=["bayesian", "bayesian, empty jumps", "log_odds", "log_odds, empty jumps"],
)
def test_noise_jumps_and_reversion_switch_off_exactly(parameters):
    value = path(parameters, S).value[0, :101]
    assert set(value) == {value[0]}
    assert value[0] == pytest.approx(0.3, abs=1e-6)


@pytest.mark.nojit
def test_mean_reversion_alone_is_deterministic():
    parameters = log_odds(initial_probability=0.9, sigma=0.0, jump_rate_per_s=0.0)
    news = path(parameters, 2 * S)
    expected = 1 / (1 + 9 ** -math.exp(-0.5 * 21))
    np.testing.assert_allclose(news.value[0, :201], expected, atol=1e-6)
    assert news.log_odds[0] == pytest.approx(math.log(9) * math.exp(-1.0), rel=1e-12)


@pytest.mark.boundscheck
def test_full_jump_ring_is_reported_and_more_slots_give_the_same_bits():
    parameters = bayesian(jump_rate_per_s=100.0)
    small = allocate_news(1, S, parameters.dt_ns, 0)
    start_news(small, parameters, *KEY, 0)
    assert extend_news(small, parameters, *KEY, 0, 2 * S) == latent.NEWS_JUMP_CAPACITY
    large = allocate_news(1, S, parameters.dt_ns, 0, jump_capacity=256)
    start_news(large, parameters, *KEY, 0)
    assert extend_news(large, parameters, *KEY, 0, S) == latent.NEWS_OK
    np.testing.assert_array_equal(large.value[0, :101], path(parameters, S).value[0, :101])


@BOTH_MODELS
@pytest.mark.nojit
def test_value_before_the_start_is_the_first(model):
    parameters = model(initial_probability=0.3)
    news = path(parameters, S)
    assert value_at(news, parameters, 0, -1) == value_at(news, parameters, 0, 0) == news.value[0, 0]
    assert value_at(news, parameters, 0, -10 * S) == news.value[0, 0]


def test_payoff_is_drawn_first_or_last():
    first = bayesian()
    news = allocate_news(1, S, first.dt_ns, 10)
    start_news(news, first, *KEY, 0)
    assert news.payoff[0] == (uniform(rng.STREAM_PAYOFF, 0) < 0.5)
    last = log_odds(horizon_ns=S, settle_ns=2 * S + 3)
    start_news(news, last, *KEY, 0)
    extend_news(news, last, *KEY, 0, 2 * S)
    assert news.payoff[0] == latent.PAYOFF_UNKNOWN
    extend_news(news, last, *KEY, 0, 2 * S + 3)
    assert news.payoff[0] == (uniform(rng.STREAM_PAYOFF, 0) < value_at(news, last, 0, 2 * S + 3))


@BOTH_MODELS
@pytest.mark.parametrize(
    "strength", [{"sigma": 3.0}, {"sigma": 0.0, **BUSY}, {"sigma": 6.0, **BUSY}]
)
def test_values_are_probabilities(model, strength):
    parameters = model(horizon_ns=S, total_variance=None, **strength)
    for replicate in range(5):
        news = path(parameters, 2 * S, replicate)
        value = news.value[0, :201]
        assert ((value >= 0) & (value <= 1)).all()
