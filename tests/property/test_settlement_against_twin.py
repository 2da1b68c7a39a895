"""Settlement over random fills, failing legs and forks: the kernels, the twin, and the laws."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.settling import BLOCKS, DELAYED, NS_PER_MS, Market, words_of
from tests.property.test_metamorphic import LAW
from tests.reference.settlement import Settlement

TRADERS = 4
uids = st.permutations([3, 10, 2**62, 77])
capitals = st.lists(st.one_of(st.none(), st.integers(0, 4000)), min_size=TRADERS, max_size=TRADERS)
trades = st.tuples(
    st.integers(0, TRADERS - 1), st.integers(0, TRADERS - 1), st.integers(1, 3),
    st.integers(1, 999), st.integers(0, 3 * NS_PER_MS),
)  # fmt: skip
prices = st.one_of(st.none(), st.integers(0, 1000))


@st.composite
def delayed(draw: st.DrawFn) -> dict[str, Any]:
    """Any delayed settlement; the fastest retries every millisecond."""
    key, other = draw(st.sampled_from((("delay_ms", "cycle_ms"), ("cycle_ms", "delay_ms"))))
    return DELAYED | {
        key: draw(st.sampled_from((1, 2, 5))),
        other: None,
        "netting": draw(st.sampled_from(("gross", "net"))),
        "retries": draw(st.integers(0, 3)),
        "fail_penalty_ppm": draw(st.sampled_from((0, 100, 50_000, 1_000_000))),
    }


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, Any]:
    finality = draw(st.integers(1, 4))
    return BLOCKS | {
        "finality_blocks": finality,
        "fork_probability": draw(st.sampled_from((0.0, 0.3, 1.0))),
        "fork_depth": draw(st.integers(1, finality)),
    }


def both(config: dict[str, Any], ids: list[int], capital: list[int | None]) -> tuple[Market, Any]:
    """The kernels and the twin of one market."""
    rules = dict(config)
    for key in ("delay", "cycle"):
        milliseconds = rules.pop(f"{key}_ms", None)
        rules[key] = None if milliseconds is None else milliseconds * NS_PER_MS
    return Market(config, ids, capital), Settlement(rules, ids, capital, words_of)


def assert_laws(market: Market, twin: Settlement) -> None:
    """Economic = settled + pending, pending sums to zero, both assets moved together."""
    for asset, name in enumerate(("cash", "lots")):
        whole = [twin.economic[name][who] for who in range(TRADERS)]
        assert market.balance[1, :, asset].tolist() == whole
        assert market.settled(asset) == [twin.settled[name][who] for who in range(TRADERS)]
        assert market.pending(asset) == [twin.pending(name, who) for who in range(TRADERS)]
        assert sum(market.pending(asset)) == 0
    for who in range(TRADERS):
        assert twin.economic["cash"][who] == twin.settled["cash"][who] + twin.pending("cash", who)
    assert market.state.held.owed[1].tolist() == [
        sum(trade.cash for trade in twin.open if trade.buyer == who) for who in range(TRADERS)
    ]


def assert_same(market: Market, twin: Settlement, time: int) -> None:
    """The end, the events and the sums."""
    assert market.end(time) == twin.end(time)
    assert Counter(market.log) == Counter(twin.log)
    assert_laws(market, twin)
    sums = market.state.sums
    assert sums.value_area[1] == pytest.approx(twin.area(), rel=1e-12)
    assert sums.value_most[1] == max(value for _, value in twin.course)
    assert (sums.finals[1], sums.finality_ns[1]) == (len(twin.waits), sum(twin.waits))
    assert sums.fails[1] == sum(entry[0] == "failed" for entry in twin.log)
    for name in ("final", "closed_out", "reverted"):
        assert getattr(sums, f"lots_{name}")[1] == twin.lots[name]
    assert sums.lots[1] == twin.lots["filled"] == (
        twin.lots["final"] + twin.lots["closed_out"] + twin.lots["reverted"]
    )  # fmt: skip


def play_delayed(
    market: Market, twin: Settlement, fills: list[Any], price: int | None, check: bool = True
) -> int:
    """Let time pass: at each nanosecond first what is due, then the fills."""
    ahead = sorted(fills, key=lambda fill: fill[4])
    time = 0
    while ahead or market.queued:
        time = min([*market.queued, *(fill[4] for fill in ahead[:1])])
        if time in market.queued:
            assert market.queued == [time] * market.queued.count(time) + [
                later for later in market.queued if later > time
            ]
            market.queued.remove(time)
            market.due(time, price)
            twin.due(time, price)
        while ahead and ahead[0][4] == time:
            buyer, seller, lots, each, _ = ahead.pop(0)
            for party in (market, twin):
                party.fill(buyer, seller, lots, lots * each, time)
        if check:
            assert_laws(market, twin)
    return time


@pytest.mark.plain
@LAW
@given(
    config=delayed(), ids=uids, capital=capitals, fills=st.lists(trades, max_size=12), price=prices
)
def test_delayed_as_in_the_twin(config, ids, capital, fills, price):
    market, twin = both(config, ids, capital)
    time = play_delayed(market, twin, fills, price)
    assert twin.open == []  # everything is settled or closed out in the end, and not later
    assert_same(market, twin, time)


@pytest.mark.plain
@LAW
@given(
    config=blocks(),
    ids=uids,
    capital=capitals,
    fills=st.lists(trades, max_size=12),
    gaps=st.lists(st.integers(1, NS_PER_MS), min_size=1, max_size=12),
)
def test_blocks_as_in_the_twin(config, ids, capital, fills, gaps):
    market, twin = both(config, ids, capital)
    ahead = sorted(fills, key=lambda fill: fill[4])
    time = 0
    for number, gap in enumerate(gaps):
        time += gap
        while ahead and ahead[0][4] < time:
            buyer, seller, lots, each, when = ahead.pop(0)
            for party in (market, twin):
                party.fill(buyer, seller, lots, lots * each, when)
        market.block(number, time)
        twin.block(number, time)
        assert_laws(market, twin)
    assert_same(market, twin, time)


@pytest.mark.plain
@LAW
@given(config=delayed(), ids=uids, fills=st.lists(trades, max_size=12), data=st.data())
def test_the_order_of_fills_does_not_matter(config, ids, fills, data):
    """Netted cycles always, gross ones where nobody fails."""
    fills = [(*fill[:4], 7) for fill in fills]
    capital = data.draw(capitals) if config["netting"] == "net" else [None] * TRADERS
    price = data.draw(prices)
    found = []
    for order in (fills, data.draw(st.permutations(fills))):
        market, twin = both(config, ids, capital)
        play_delayed(market, twin, list(order), price, check=False)
        found.append((market.settled(0), market.settled(1), market.balance.tolist()))
    assert found[0] == found[1]


@pytest.mark.plain
@LAW
@given(config=delayed(), ids=uids, capital=capitals, fills=st.lists(trades, max_size=12))
def test_nothing_settles_early_and_no_leg_moves_alone(config, ids, capital, fills):
    """Both assets of a fill become final at one of its due times, and never one of them alone."""
    market, twin = both(config, ids, capital)
    play_delayed(market, twin, fills, None)
    when = {fill: time for what, time, fill in (e for e in market.log if e[0] == "final")}
    ordered = sorted(fills, key=lambda fill: fill[4])
    cash, lots = Counter[int](), Counter[int]()
    step = (config["delay_ms"] or config["cycle_ms"]) * NS_PER_MS
    for fill, time in when.items():
        buyer, seller, count, each, traded = ordered[fill]
        first = traded + step if config["delay_ms"] else (traded // step + 1) * step
        assert time >= first
        assert (time - first) % step == 0
        assert (time - first) // step <= config["retries"]
        cash.update({buyer: -count * each})
        cash.update({seller: count * each})
        lots.update({buyer: count})
        lots.update({seller: -count})
    for who in range(TRADERS):
        assert market.state.held.settled[1, who].tolist() == [cash[who], lots[who]]


@pytest.mark.plain
@LAW
@given(fills=st.lists(trades, min_size=1, max_size=8), ids=uids, capital=capitals)
def test_a_revert_restores_both_sides_exactly(fills, ids, capital):
    """Every block forks one deep, so the block after the one that carries a fill drops it."""
    market, _ = both(BLOCKS | {"fork_probability": 1.0}, ids, capital)
    before = market.balance.copy()
    for buyer, seller, lots, each, _ in fills:
        market.fill(buyer, seller, lots, lots * each, 5)
    market.block(1, 5)  # made at the time of the fills, which are thus not in it
    market.block(2, 6)
    assert market.log == []
    assert market.block(3, 7) == 1
    assert (market.balance == before).all()
    assert [entry[0] for entry in market.log] == ["reverted"] * len(fills)
    assert market.state.legs.count[1] == 0
