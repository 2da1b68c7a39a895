"""Random streams are apart: what changes in a cell changes no exogenous draw of anyone else.

Each case changes one thing of the base cell and compares, to the bit, the news, the wake-ups of
schedule and news, the words of noise arrivals and the signals of every trader both cells have.
"""

import numpy as np
import pytest

from proteus.market import rng
from proteus.market.events.envelopes import CAUSE_NEWS, CAUSE_SCHEDULE
from tests.helpers.cells import MS, ROOT, S, cell, finished
from tests.helpers.recording import record

JUMPY = "latent.jump_rate_per_s=2"
GROUPS = ("maker", "informed", "noise", "sniper")
LEGS = ("submission", "acknowledgement", "fill_report", "market_data")


def doubled_latency(*groups):
    """Double the smallest latency and its spread, on all legs."""
    words = []
    for group in groups:
        latency = cell().population[group].latency
        for leg in LEGS:
            law = getattr(latency, leg)
            words.append(f"population.{group}.latency.{leg}.base_ms={2 * law.base_ms}")
            words.append(f"population.{group}.latency.{leg}.spread_ms={2 * law.spread_ms}")
    return words


def base_words(words):
    mechanism = () if any(word.startswith("mechanism=") for word in words) else ("mechanism=fba",)
    return [*mechanism, JUMPY, *words]


CASES = {
    "latency of all": doubled_latency(*GROUPS),
    "latency of noise": doubled_latency("noise"),
    "clob": ["mechanism=clob"],
    "delta": ["delta=250"],
    "random close": ["mechanism.random_close=0.5"],
    "price rule": ["mechanism.price_rule=upper", "mechanism.allocation=random"],
    "one more group": ["+trader@population.another=noise", "population.another.count=3"],
    "a group before": ["+trader@population.aardvark=sniper"],
    "more makers": ["population.maker.count=5"],
    "no takers": ["population.informed.count=0", "population.sniper.count=0"],
    "lifetimes": ["population.noise.policy.lifetime_ms=100"],
    "maker policy": ["population.maker.policy.half_spread=0.03"],
}


def news_of(world):
    news = world.news
    return [field.tobytes() for field in news if field.shape[0] == 1]


@pytest.fixture(scope="module")
def base():
    return record(cell(*base_words([])))


def exogenous(recording):
    return recording.by_address(CAUSE_SCHEDULE, CAUSE_NEWS)


@pytest.mark.parametrize("case", CASES)
def test_what_changes_in_a_cell_changes_no_other_draw(base, case):
    other = record(cell(*base_words(CASES[case])))
    mine, theirs = exogenous(base), exogenous(other)
    entities = set(base.world.traders.entity) & set(other.world.traders.entity)
    shared = {address for address in mine | theirs if address[0] in entities}
    assert len(shared) > 80
    for address in shared:
        left, right = mine[address], theirs[address]
        assert left.time == right.time, address
        assert (left.look, left.signal) == (right.look, right.signal), address
        assert left.words == right.words, address
        for mine_words, their_words in zip(left.latencies, right.latencies, strict=False):
            assert mine_words == their_words, address
    assert news_of(base.world) == news_of(other.world)
    assert {wake.intents for wake in base.wakes} != {wake.intents for wake in other.wakes}


@pytest.mark.parametrize("case", ["latency of all", "clob", "delta", "one more group"])
def test_noise_wants_the_same_side_size_and_type(base, case):
    """Prices follow the public reference, which differs; all else is drawn."""
    other = record(cell(*base_words(CASES[case])))

    def wanted(recording):
        return {
            address: [(side, lots, lifetime, duration) for _, side, _, lots, lifetime, duration
                      in wake.intents]
            for address, wake in exogenous(recording).items()
            if wake.words and wake.entity in base.world.traders.entity
        }  # fmt: skip

    assert wanted(other) == wanted(base)
    assert len(wanted(base)) > 20


def by_entity(world, field):
    return {
        int(entity): field[:, trader].tobytes()
        for trader, entity in enumerate(world.traders.entity)
    }


@pytest.mark.parametrize("case", CASES)
def test_many_lanes_keep_their_schedules_and_news(case):
    """The same on compiled runs of 20 replicates, by what is left at the end."""
    lanes = 20
    left = finished(cell(*base_words([])), lanes)
    right = finished(cell(*base_words(CASES[case])), lanes)
    for name in ("wakes", "news_wakes", "anchor"):
        mine = by_entity(left, getattr(left.private, name))
        theirs = by_entity(right, getattr(right.private, name))
        for entity in mine.keys() & theirs.keys():
            assert mine[entity] == theirs[entity], name
    for field, mine, theirs in zip(left.news._fields, left.news, right.news, strict=True):
        assert mine.shape[0] != lanes or mine.tobytes() == theirs.tobytes(), field
    assert left.totals.final_value.tobytes() == right.totals.final_value.tobytes()
    assert left.totals.payoff.tobytes() == right.totals.payoff.tobytes()
    assert left.totals.marked.tobytes() != right.totals.marked.tobytes()


# --- the draws stand at the documented addresses --------------------------------------------------


@pytest.fixture(scope="module")
def key():
    return rng.replicate_key(ROOT, 0)


def arrivals(base, group, member=0):
    entity = rng.trader_entity(group, member)
    wakes = base.by_address(CAUSE_SCHEDULE)
    return entity, [wake for address, wake in sorted(wakes.items()) if address[0] == entity]


def test_noise_arrivals_stand_at_their_addresses(base, key):
    entity, wakes = arrivals(base, "noise", 1)
    rate = cell().population["noise"].schedule.rate_per_s
    time = 0
    for number, wake in enumerate(wakes):
        word = rng.draw(*key, rng.STREAM_SCHEDULE, entity, number, 0)[0]
        time += max(int(rng.exponential(word) * (S / rate)), 1)
        assert (wake.number, wake.time) == (number, time)
        words = rng.draw(*key, rng.STREAM_INTENT, entity, number, 0)
        lifetime = rng.draw(*key, rng.STREAM_LIFETIME, entity, number, 0)[0]
        assert wake.words == (*words, lifetime, 0)  # nothing is drawn where nothing costs
        assert wake.intents[0][1] == int(words[0]) >> 31
        assert wake.latencies == (tuple(rng.draw(*key, rng.STREAM_LATENCY, entity, number, 0)),)
    assert len(wakes) > 5


def test_periodic_wake_ups_stand_at_their_addresses(base, key):
    entity, wakes = arrivals(base, "sniper")
    schedule = cell().population["sniper"].schedule
    gap = int(S / schedule.rate_per_s)
    phase = int(rng.uniform(rng.draw(*key, rng.STREAM_SCHEDULE, entity, 0, 1)[0]) * gap)
    assert wakes[0].time == phase
    for number, wake in enumerate(wakes[1:], start=1):
        share = rng.uniform(rng.draw(*key, rng.STREAM_SCHEDULE, entity, number, 0)[0])
        shift = (2 * share - 1) * schedule.jitter * gap
        assert wake.time == phase + number * gap + int(shift)
    assert len(wakes) > 50


@pytest.mark.parametrize("group", ["maker", "informed", "sniper"])
def test_signal_noise_stands_at_its_address(base, key, group):
    """s - noise is v(t - delay), known from a trader without noise at the same times."""
    quiet = record(cell(*base_words([f"population.{group}.signal.noise_sd=0"])))
    signal = cell().population[group].signal
    entity, wakes = arrivals(base, group)
    exact = quiet.by_address(CAUSE_SCHEDULE)
    for wake in wakes:
        value = exact[wake.entity, wake.cause, wake.number].signal
        assert wake.look == wake.time // int(signal.look_ms * MS)
        word = rng.draw(*key, rng.STREAM_SIGNAL, entity, wake.look, 0)[0]
        noisy = min(max(value + signal.noise_sd * rng.normal(word), 0.0), 1.0)
        assert wake.signal == pytest.approx(noisy, abs=1e-12)
    assert len({wake.signal for wake in wakes}) > 3


def test_wake_ups_of_the_news_come_with_the_jumps(base):
    """One per jump, the delay of the signal later, with latencies addressed by the jump."""
    entity = rng.trader_entity("sniper", 0)
    delay_ns = int(cell().population["sniper"].signal.delay_ms * MS)
    news = base.world.news
    jumps = [int(time) + delay_ns for time in news.jump_ns[0, : news.n_jumps[0]]]
    woken = [wake for wake in base.wakes if wake.entity == entity and wake.cause == CAUSE_NEWS]
    assert [wake.time for wake in woken] == [time for time in jumps if time < 3 * S]
    assert [wake.number for wake in woken] == list(range(len(woken)))
    assert len(woken) > 2
    key = rng.replicate_key(ROOT, 0)
    for wake in woken:
        words = rng.draw(*key, rng.STREAM_LATENCY_NEWS, entity, wake.number, 0)
        assert wake.latencies[0] == tuple(np.array(words, np.int64))
