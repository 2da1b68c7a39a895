"""Signals: exact delays, addressed noise, clipping."""

import pytest

from proteus.market import rng
from proteus.market.environment.news import extend_news, start_news, value_at
from proteus.market.environment.setup import allocate_news
from proteus.market.information.signals import signal
from tests.helpers.news_cases import MS, S, bayesian, path

KEY = rng.replicate_key(7, 0)
ALICE, BOB = rng.trader_entity("informed", 0), rng.trader_entity("informed", 1)
LOOK_NS = 50 * MS


@pytest.mark.plain
@pytest.mark.boundscheck
@pytest.mark.parametrize("delay_ns", [0, 1, 10 * MS, 10 * MS + 1, 47_123_457])
def test_a_jump_is_seen_exactly_the_delay_later(delay_ns):
    parameters = bayesian(jump_rate_per_s=0.001)
    jump_ns = 123 * MS + 456
    news = allocate_news(1, S, parameters.dt_ns, 1)
    start_news(news, parameters, *KEY, 0)
    news.next_jump_ns[0] = jump_ns
    extend_news(news, parameters, *KEY, 0, S)

    def seen(time_ns):
        return signal(news, parameters, *KEY, 0, ALICE, time_ns, delay_ns, 0.0, LOOK_NS)

    assert seen(jump_ns + delay_ns) == news.jump_value[0, 0]
    assert seen(jump_ns + delay_ns - 1) == news.value[0, 12] != news.jump_value[0, 0]
    assert seen(max(delay_ns - 1, 0)) == seen(0) == news.value[0, 0]


@pytest.mark.nojit
def test_noise_is_addressed_by_trader_and_look():
    parameters = bayesian(total_variance=0.0, jump_rate_per_s=0.0)
    news = path(parameters, S)

    def noise(time_ns, entity=ALICE, noise_sd=0.01, delay_ns=10 * MS):
        return signal(news, parameters, *KEY, 0, entity, time_ns, delay_ns, noise_sd, LOOK_NS) - 0.5

    assert noise(100 * MS) == noise(100 * MS + 1) == noise(150 * MS - 1) != noise(150 * MS)
    assert noise(100 * MS) == noise(100 * MS, delay_ns=3)
    assert noise(100 * MS) != noise(100 * MS, entity=BOB)
    assert noise(100 * MS, noise_sd=0.02) == pytest.approx(2 * noise(100 * MS), rel=1e-12)
    word = rng.draw(*KEY, rng.STREAM_SIGNAL, ALICE, 2, 0)[0]
    assert noise(100 * MS) == pytest.approx(0.01 * rng.normal(word), rel=1e-9)


@pytest.mark.nojit
def test_signal_is_clipped_and_without_noise_exact():
    parameters = bayesian()
    news = path(parameters, S)
    looks = range(0, S, LOOK_NS)
    wild = [signal(news, parameters, *KEY, 0, BOB, t, 0, 100.0, LOOK_NS) for t in looks]
    assert set(wild) == {0.0, 1.0}
    for t in looks:
        plain = signal(news, parameters, *KEY, 0, BOB, t, 7 * MS, 0.0, LOOK_NS)
        assert plain == value_at(news, parameters, 0, t - 7 * MS)
