"""Tiers by what was traded in a window strictly before the event, against a list in Python."""

import numpy as np
import pytest

from proteus.market.costs import volume
from proteus.market.costs.codes import MAKER, TAKER
from tests.helpers.charging import S, charge, costs_of, model

pytestmark = pytest.mark.plain


def tiered(*tiers, **keys):
    return model(model="tiered", tiers=[{"taker": 0, "maker": 0}, *tiers], **keys)


def rung(volume, taker, **needs):
    return {"volume": volume, "taker": taker, "maker": 0, **needs}


def tier(costs, trader=0, time=0, event=10**9):
    volume.find_tiers(costs, 0, trader, time, event)
    return int(costs.tier[0, 0])


def note(costs, currency, time=0, event=0, trader=0, role=TAKER):
    volume.note_fill(costs, 0, trader, role, round(currency * 10**9), time, event)


def test_a_bound_is_inclusive():
    costs = costs_of(tiered(rung(100, 1), rung(200, 2)))
    note(costs, 100 - 1e-9)
    assert tier(costs) == 0
    note(costs, 1e-9)
    assert tier(costs) == 1
    note(costs, 100)
    assert (tier(costs), tier(costs, trader=1)) == (2, 0)


def test_fills_of_the_event_do_not_count():
    costs = costs_of(tiered(rung(100, 1)))
    note(costs, 100, time=5, event=7)
    assert tier(costs, time=5, event=7) == 0
    assert tier(costs, time=5, event=8) == 1  # a later event of the same nanosecond


def test_a_fill_leaves_a_window_just_after_its_length():
    costs = costs_of(tiered(rung(100, 1), window_s=3))
    note(costs, 100, time=2 * S, event=1)
    assert [tier(costs, time=time) for time in (2 * S, 5 * S, 5 * S + 1)] == [1, 1, 0]


def test_without_a_window_nothing_leaves():
    for keys in ({}, {"window_s": 20}, {"window_s": 3600}):
        costs = costs_of(tiered(rung(100, 1), **keys), sides=2)
        for event in range(50):  # more than there is room for: what is counted needs none
            note(costs, 2, time=event * S // 3, event=event)
            tier(costs, time=event * S // 3, event=event + 1)
        assert tier(costs, time=20 * S) == 1
        assert not costs.volume.overflow.any()


def test_what_was_traded_before_the_lane_counts_as_traded_at_the_start():
    costs = costs_of(tiered(rung(100, 1), window_s=3), start=(100 * S, 0))
    assert [tier(costs, time=time) for time in (0, 3 * S, 3 * S + 1)] == [1, 1, 0]
    costs = costs_of(tiered(rung(100, 1)), start=(100 * S, 0))
    assert (tier(costs, time=20 * S), tier(costs, trader=1)) == (1, 0)


def test_shares_of_all_and_of_makers():
    """A fill has two sides, and is traded once."""
    half = rung(0, 1, share_ppm=500_000)
    costs = costs_of(tiered(half, rung(0, 2, share_ppm=500_000, maker_share_ppm=250_000)))
    assert tier(costs) == 0  # of nothing there is no share
    note(costs, 10, trader=0, role=TAKER)
    note(costs, 10, trader=1, role=MAKER)
    assert (tier(costs), tier(costs, trader=1)) == (1, 2)
    note(costs, 10, trader=1, role=TAKER)
    note(costs, 10, trader=1, role=MAKER)  # 20 of which trader 0 has half
    assert (tier(costs), tier(costs, trader=1)) == (1, 2)
    note(costs, 1, trader=1, role=TAKER)
    note(costs, 1, trader=1, role=MAKER)
    assert tier(costs) == 0


def test_a_tier_is_the_last_before_the_first_that_is_missed():
    costs = costs_of(tiered(rung(1, 1), rung(0, 2, share_ppm=900_000), rung(2, 3)))
    note(costs, 100, trader=0)
    note(costs, 300, trader=1)
    assert tier(costs) == 1  # the third asks for a share, so the fourth is out of reach


def test_the_tier_decides_the_rate():
    costs = costs_of(tiered(rung(0.5, 100_000)))
    assert charge(costs, 50, 1, event=1) == {}
    assert charge(costs, 50, 1, event=1) == {}
    assert charge(costs, 50, 1, event=2)["fee"] * 20 == 1
    assert charge(costs, 50, 1, event=2, trader=1) == {}


def test_a_full_ring_is_told():
    costs = costs_of(tiered(rung(1, 1), window_s=3), sides=4)
    for event in range(5):
        note(costs, 1, event=event)
    assert costs.volume.overflow.tolist() == [1]


def test_sums_of_a_random_history():
    """Each trader's volume at each event is that of a list, walked anew each time."""
    draw = np.random.default_rng(8)
    costs = costs_of(tiered(rung(1, 1), window_s=2), start=(3 * S, 5 * S), sides=1024)
    noted, now = [], 0
    for event in range(400):
        now += int(draw.integers(0, 60_000_000)) * int(draw.integers(0, 2))
        tier(costs, time=now, event=event)
        inside = [(who, role, value) for time, who, role, value in noted if now - time <= 2 * S]
        for who in range(2):
            start = (3 * S, 5 * S)[who] if now <= 2 * S else 0
            all_of = [value for trader, _, value in inside if trader == who]
            made = [v for trader, role, v in inside if trader == who and role == MAKER]
            assert costs.volume.traded[0, who].tolist() == [start + sum(all_of), sum(made)]
        for _ in range(int(draw.integers(0, 3))):
            who, role, value = int(draw.integers(2)), int(draw.integers(2)), int(draw.integers(S))
            volume.note_fill(costs, 0, who, role, value, now, event)
            noted.append((now, who, role, value))
    assert now > 4 * S
    assert not costs.volume.overflow.any()
