"""Laws of stress: what stays to the bit, and what windows do to times, sizes, links and prices.

Lanes run in plain Python. Chance enters one test, with fixed seeds: false alarms are 1 in 1,000.
"""

import functools

import numpy as np
import pytest
from scipy import stats

from proteus.market import rng
from proteus.market.environment.news import extend_news, next_jump, start_news
from proteus.market.environment.setup import allocate_news
from proteus.market.events.envelopes import cause_of, wake_of
from proteus.market.rng import replicate_keys
from proteus.market.setup.cell import news_of
from tests.helpers.cells import ROOT, S, cell
from tests.helpers.surrounded import measured, run, words_of
from tests.helpers.twinning import assert_twins, engine_block, engine_rows
from tests.reference.draws import FURTHER, SCHEDULE, Draws

pytestmark = pytest.mark.plain
BEGIN, END = 600_000_000, 1_400_000_000
NOISE = "population.noise.schedule.rate_per_s"


def window(key, said="factor", number=1, name="stressed"):
    other = "value" if said == "factor" else "factor"
    return (
        f"+stress.windows.{name}={{key: '{key}', from_s: {BEGIN / S}, to_s: {END / S}, "
        f"{said}: {number}, {other}: null}}"
    )


def rows_of(*words, mechanism="clob"):
    return engine_rows(engine_block(cell(*words_of(mechanism, *words)), 0, plain=True).world)


@functools.cache
def arrivals(*words):
    """Time, side and lots of what noise traders want, by trader and wake-up."""
    return {
        (row["trader"], cause_of(row["cause"]), wake_of(row["cause"])): (
            row["time_ns"], row["side"], row["lots"],
        )
        for row in rows_of("population.informed.count=0", "population.sniper.count=0", *words)
        if row["kind"] == "intent"
    }  # fmt: skip


def is_inside(arrival):
    return BEGIN <= arrival[0] < END


@pytest.mark.parametrize("factor", [0, 0.5, 5])
def test_arrivals_outside_of_a_window_keep_their_times_to_the_bit(factor):
    usual, stressed = arrivals(), arrivals(window(NOISE, number=factor))
    outside = {key: one for key, one in usual.items() if not is_inside(one)}
    assert len(outside) > 5
    assert outside.items() <= stressed.items()
    scheduled = {key: one for key, one in stressed.items() if key[1] == SCHEDULE}
    further = [one for key, one in stressed.items() if key[1] == FURTHER]
    if factor > 1:
        assert scheduled == usual
        assert further
        assert all(map(is_inside, further))
    else:
        inside = len(usual) - len(outside)
        assert outside.items() <= scheduled.items() <= usual.items()
        assert len(outside) + (inside if factor else 0) >= len(scheduled)
        assert not further


@pytest.mark.parametrize("mechanism", ["clob", "rfq"])
def test_windows_that_change_nothing_have_the_bits_of_the_plain_loop(mechanism):
    neutral = [window(NOISE), window("population.*.latency", name="b")]
    neutral += [window("population.*.lots", name="c"), window("latent.jump_rate_per_s", name="d")]
    plain, stressed = run(mechanism), run(mechanism, *neutral)
    assert type(plain.rules).__name__ != type(stressed.rules).__name__
    ours, theirs = measured(plain), measured(stressed)
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)


def test_the_order_in_which_windows_are_written_changes_nothing():
    one, two = window(NOISE, number=3), window("population.maker.lots", number=0.5, name="another")
    assert rows_of(one, two) == rows_of(two, one)


def test_as_many_come_on_top_as_the_factor_says():
    world = run("clob", window(NOISE, number=9), replicates=(0, 1))
    rate = cell().population["noise"].schedule.rate_per_s
    found = world.rules.stress.further.sum()
    mean = 2 * 2 * 8 * rate * (END - BEGIN) / S  # lanes, traders, on top
    assert 0.0005 < stats.poisson.cdf(found, mean) < 0.9995


JUMPY = ("latent.jump_rate_per_s=6", "latent.total_variance=0", "latent.jump_accuracy=0.6")


def jumps_of(*words, replicate=0):
    """Times of the jumps of a lane that nothing else moves, and whether each is towards X."""
    one = cell(*words_of("clob", *JUMPY, *words))
    parameters, key = news_of(one), replicate_keys(ROOT, np.array([replicate]))[0]
    news = allocate_news(1, 2 * one.settle_ns, parameters.dt_ns, 200)
    with np.errstate(over="ignore"):
        start_news(news, parameters, *key, 0)
        extend_news(news, parameters, *key, 0, one.settle_ns)
    before, found = 0.5, []
    for number in range(int(news.n_jumps[0])):
        value = float(news.jump_value[0, number])
        found.append((int(next_jump(news, 0, number - 1)), (value > before) == news.payoff[0]))
        before = value
    return found


def drawn_again(draws, times, sizes, mean_ns, until):
    """Jumps of one stream: exponential gaps, and as many towards X as the accuracy says."""
    found, time = [], 0.0
    for number in range(200):
        gap = rng.exponential(draws.words(times, 0, number)[0]) * mean_ns
        time += gap if times == rng.STREAM_NEWS_FURTHER_TIME else max(int(gap), 1)
        if time < until:
            found.append((int(time), rng.uniform(draws.words(sizes, 0, number)[0]) < 0.6))
    return found


def test_jumps_of_a_burst_come_from_streams_of_their_own():
    draws, settle_ns = Draws(ROOT, 3), cell(*words_of("clob")).settle_ns
    usual = drawn_again(
        draws, rng.STREAM_NEWS_JUMP_TIME, rng.STREAM_NEWS_JUMP_SIZE, S / 6, settle_ns
    )
    further = drawn_again(
        draws, rng.STREAM_NEWS_FURTHER_TIME, rng.STREAM_NEWS_FURTHER_SIZE, S / 60, END - BEGIN
    )
    assert len(usual) > 5
    assert len(further) > 20
    wanted = sorted([*usual, *((BEGIN + time, towards) for time, towards in further)])
    assert jumps_of(window("latent.jump_rate_per_s", number=11), replicate=3) == wanted


@pytest.mark.parametrize("factor", [0, 0.5, 6])
def test_jumps_outside_of_a_burst_keep_their_times(factor):
    more = 0
    for replicate in range(4):
        usual = jumps_of(replicate=replicate)
        stressed = jumps_of(window("latent.jump_rate_per_s", number=factor), replicate=replicate)
        outside = [time for time in usual if not is_inside(time)]
        assert [time for time in stressed if not is_inside(time)] == outside
        assert stressed == sorted(stressed)
        more += len(stressed) - len(usual)
        if factor > 1:
            assert {*usual} <= {*stressed}
    assert more > 0 if factor > 1 else more < 0


def test_a_message_takes_as_long_as_when_it_was_sent():
    law = "{law: constant, base_ms: 20, spread_ms: 0, shape: 0}"
    rows = rows_of(
        f"population.noise.latency.submission={law}",
        window("population.noise.latency.submission", number=7),
    )
    sent = {row["order_id"]: row["time_ns"] for row in rows if row["kind"] == "intent"}
    noise = {row["trader"] for row in rows if row["kind"] == "intent" and row["lifetime"] == "gtc"}
    free = {
        (row["time_ns"] - sent[row["order_id"]], BEGIN <= sent[row["order_id"]] < END)
        for row in rows
        if row["kind"] == "order" and row["order_id"] in sent and row["trader"] in noise
    }
    assert (20_000_000, False) in free
    assert (140_000_000, True) in free
    # What is sent after the window may wait for what was sent inside of it: a link is in order.
    assert all(20_000_000 <= took <= 140_000_000 for took, _ in free)
    assert all(took == 140_000_000 for took, inside in free if inside)


def fills_of_makers(mechanism, *words):
    """Fills of the first two traders, the makers, once all they had sent before is long gone."""
    rows = rows_of(*words, mechanism=mechanism)
    owner = {row["order_id"]: row["trader"] for row in rows if row["trader"] is not None}
    return [
        row for row in rows
        if row["kind"] == "fill" and BEGIN + 300_000_000 < row["time_ns"] < END
        and {owner[row["order_id"]], owner[row["other_id"]]} & {0, 1}
    ]  # fmt: skip


@pytest.mark.parametrize("mechanism", ["clob", "rfq"])
def test_makers_who_withdraw_trade_with_nobody(mechanism):
    assert fills_of_makers(mechanism)
    assert not fills_of_makers(mechanism, window("population.maker.lots", number=0))


def test_fees_in_a_window_are_those_of_the_same_schedule():
    costs = ["costs=notional", "costs.taker_ppm=500"]
    by_window = run("clob", *costs, window("costs.scale", number=2.5))
    steps = f"[[0,1],[{BEGIN / S},2.5],[{END / S},1]]"
    by_schedule = run("clob", *costs, f"costs.scale={steps}")
    ours, theirs = measured(by_window), measured(by_schedule)
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)
    assert np.nansum(ours["fees_paid"]) > 0


def test_late_data_and_other_fees_at_once_are_those_of_the_twin():
    """Data of 5 ms and of 150 ms in the window; rates 0.7 times those of the costs, then 2.1."""
    law = "{law: constant, base_ms: 5, spread_ms: 0, shape: 0}"
    words = [f"population.{name}.latency.market_data={law}" for name in ("noise", "informed")]
    words += ["costs=notional", "costs.taker_ppm=500", "costs.scale=0.7"]
    words += [window("population.*.latency.market_data", number=30)]
    words += [window("costs.scale", number=3, name="dear")]
    twin = assert_twins(cell(*words_of("clob", *words, horizon_s=1.6)), 0, plain=True)
    assert twin.fills > 20
