"""Worked examples of settlement: what is due, who fails, what it costs, and what blocks drop."""

import math

import numpy as np
import pytest

from proteus.market.settlement.legs import LEG_PENDING
from tests.helpers.settling import BLOCKS, DELAYED, LANE, NS_PER_MS, Market, words_of

NANO = 10**9
pytestmark = pytest.mark.plain


def market(capital, **changes):
    config = BLOCKS if "finality_blocks" in changes else DELAYED
    return Market(config | changes, [10 * (who + 1) for who in range(len(capital))], capital)


def test_the_penalty_of_the_facts():
    """CSDR: 1.0 bp a day for three days on 100,000 that the buyer lacks is 30.00."""
    lane = market([99_000 * NANO, 0], retries=5, fail_penalty_ppm=100)
    lane.fill(0, 1, 100_000, 100_000 * NANO, 0)
    for day in (1, 2, 3):
        lane.due(day * NS_PER_MS, None)
    assert lane.settled(0) == [98_970 * NANO, 30 * NANO]
    assert lane.pending(0) == [-100_000 * NANO, 100_000 * NANO]
    assert lane.log[:2] == [("failed", NS_PER_MS, 0), ("penalty", 0, 1, 10 * NANO)]


def test_a_penalty_goes_to_the_sides_that_wait_by_value():
    """7 % of 210 is 14.7, rounded up: 4.29, 6.43 and 4.29 of 15, and the unit left goes to 6.43."""
    lane = market([59, 0, 0, 0], retries=5, fail_penalty_ppm=70_000)
    for seller, cash in ((1, 60), (2, 90), (3, 60)):
        lane.fill(0, seller, 1, cash, 0)
    lane.due(NS_PER_MS, None)
    payments = [entry for entry in lane.log if entry[0] == "penalty"]
    assert payments == [("penalty", 0, 1, 4), ("penalty", 0, 2, 7), ("penalty", 0, 3, 4)]


def test_what_is_missing_of_a_penalty_is_a_default():
    lane = market([3, 0, 0], retries=5, fail_penalty_ppm=100_000)
    lane.fill(0, 1, 1, 40, 0)
    lane.fill(0, 2, 1, 40, 0)
    lane.due(NS_PER_MS, None)
    assert lane.log[2:] == [
        ("penalty", 0, 1, 4), ("default", 1, 0, 2), ("penalty", 0, 2, 4), ("default", 2, 0, 3),
    ]  # fmt: skip
    assert lane.settled(0) == [0, 2, 1]


def test_gross_settlement_goes_fill_by_fill():
    """The second cannot be paid; the third is small enough, and does not wait for it."""
    lane = market([100, 0, None])
    for cash in (60, 50, 40):
        lane.fill(0, 1, 1, cash, 0)
    lane.due(NS_PER_MS, None)
    assert lane.log == [("final", NS_PER_MS, 0), ("failed", NS_PER_MS, 1), ("final", NS_PER_MS, 2)]
    assert lane.settled(0) == [0, 100, 0]


def test_cash_that_comes_in_pays_what_follows():
    """1 owes 50 and gets 50: gross it depends on the order, netted it is nothing."""
    for netting, fails in (("gross", 1), ("net", 0)):
        for order in (((1, 2), (0, 1)), ((0, 1), (1, 2))):
            lane = market([50, 0, 0], netting=netting)
            for buyer, seller in order:
                lane.fill(buyer, seller, 1, 50, 0)
            lane.due(NS_PER_MS, None)
            failed = sum(entry[0] == "failed" for entry in lane.log)
            assert failed == (fails if order[0] == (1, 2) else 0)


def test_who_cannot_pay_is_taken_out_and_the_rest_is_netted_again():
    """1 lacks 10 and 2 lacks 5; without 1 the purchase of 2 from 1 is gone, and 2 can pay."""
    lane = market([None, 0, 0, None], netting="net")
    lane.fill(1, 0, 1, 30, 0)  # 1 owes 30
    lane.fill(2, 1, 1, 20, 0)  # and gets 20 from 2
    lane.fill(3, 2, 1, 15, 0)  # who gets 15
    lane.due(NS_PER_MS, None)
    assert [entry[::2] for entry in lane.log] == [("failed", 0), ("failed", 1), ("final", 2)]
    assert lane.settled(0) == [0, 0, 15, -15]


@pytest.mark.parametrize(
    ("price", "paid"), [(None, 0), (40, 0), (25, 10), (10, 25), (0, 25)]
)  # fmt: skip
def test_a_close_out_pays_the_difference_as_far_as_cash_goes(price, paid):
    """35 is owed for a lot and 25 is there; a seller who takes the lot back loses 35 - price."""
    lane = market([25, 0], retries=1)
    lane.fill(0, 1, 1, 35, 0)
    lane.due(NS_PER_MS, price)
    assert lane.queued == [NS_PER_MS, 2 * NS_PER_MS]
    assert lane.pending(1) == [1, -1]
    lane.due(2 * NS_PER_MS, price)
    assert lane.settled(0) == [25 - paid, paid]
    assert lane.balance[LANE, :, 1].tolist() == lane.pending(1) == [0, 0]


def test_a_seller_that_fails_pays_when_the_price_has_risen():
    """0 sells to 1 at 20 and owes 2 more than it has; closed out, 1 must buy at 50."""
    lane = market([40, None, None], netting="net", retries=0)
    lane.fill(1, 0, 1, 20, 0)
    lane.fill(0, 2, 2, 70, 0)
    lane.due(NS_PER_MS, 50)
    # What 1 loses is 30; 2 takes 2 lots back at 35 that are worth 50 and loses nothing.
    assert lane.settled(0) == [10, 30, 0]
    assert lane.balance[LANE, :, 1].tolist() == [0, 0, 0]


def test_a_fill_at_the_time_of_a_cycle_belongs_to_the_next():
    lane = market([None, None])
    lane.fill(0, 1, 1, 5, NS_PER_MS - 1)
    lane.fill(0, 1, 1, 5, NS_PER_MS)
    assert lane.queued == [NS_PER_MS]  # one time at once
    lane.due(NS_PER_MS, None)
    assert lane.queued[-1] == 2 * NS_PER_MS


def test_netting_locks_less_cash():
    """1 buys for 50 and sells for 30: 50 must be ready gross and 20 net, for a millisecond."""
    for netting, locked in (("gross", [30, 50, 0]), ("net", [0, 20, 0])):
        lane = market([None, None, None], netting=netting)
        lane.fill(0, 1, 1, 30, 0)
        lane.fill(1, 0, 1, 50, 0)
        lane.due(NS_PER_MS, None)
        area = lane.state.sums.locked_area[LANE] / NS_PER_MS
        assert area.tolist() == locked
        assert lane.state.sums.value_area[LANE] / NS_PER_MS == 80
        assert lane.state.sums.value_most[LANE] == 80


def test_finality_counts_blocks_that_are_made():
    """Carried by the first block after it, final two later, whenever these are made."""
    lane = market([None, None], finality_blocks=2)
    lane.fill(0, 1, 1, 5, 10)
    for number, time in enumerate((10, 11, 500, 501)):
        assert lane.log == []
        lane.block(number, time)
    assert lane.log == [("final", 501, 0)]


def test_at_the_end_everything_is_final():
    lane = market([0, None])
    lane.fill(0, 1, 2, 80, 10)
    assert lane.end(20) == 80
    assert lane.log == [("final", 20, 0)]
    assert lane.settled(0) == [-80, 80]
    assert lane.state.sums.finals[LANE] == 0


def test_little_s_law_of_pending_value():
    """A Poisson flow of fills of one value, each pending for D: mean value = rate x value x D.

    From an empty start each fill adds value x min(D, T - t) to the integral, so its mean and
    variance are exact (compound Poisson). Beyond 4.5 standard deviations: 7 in a million.
    """
    delay, end, rate, value = 50 * NS_PER_MS, 4000 * NS_PER_MS, 400 / (1000 * NS_PER_MS), 7
    draw = np.random.default_rng(20)
    times = np.sort(draw.integers(0, end, draw.poisson(rate * end))).tolist()
    lane = market([None, None], delay_ms=50, cycle_ms=None)
    for time in times:
        while lane.queued and lane.queued[0] <= time:
            lane.due(lane.queued.pop(0), None)
        lane.fill(0, 1, 1, value, time)
    while lane.queued and lane.queued[0] < end:
        lane.due(lane.queued.pop(0), None)
    lane.end(end)
    mean = rate * value * (delay * (end - delay) + delay**2 / 2)
    sd = math.sqrt(rate * (delay**2 * (end - delay) + delay**3 / 3)) * value
    assert abs(lane.state.sums.value_area[LANE] - mean) < 4.5 * sd
    sums = lane.state.sums
    assert sums.finality_ns[LANE] == sums.finals[LANE] * delay


def test_time_to_finality_with_missed_slots():
    """s/2 to the next slot, and s/(1 - q) for each of k blocks, after q/(1 - q) slots in vain.

    Uniform plus a negative binomial: the variance is s^2/12 + (k + 1) q s^2/(1 - q)^2. Beyond 4.5
    standard deviations of the mean: 7 in a million. One fill at a time, so that waits are apart.
    """
    slot, q, k, count = NS_PER_MS, 0.3, 3, 300
    draw = np.random.default_rng(21)
    lane = market([None, None], finality_blocks=k)
    time = number = 0
    for _ in range(count):
        lane.fill(0, 1, 1, 5, time + int(draw.integers(0, slot)))
        while lane.state.legs.count[LANE]:
            time += slot
            if draw.random() >= q:
                lane.block(number, time)
                number += 1
    mean = slot / 2 + slot * q / (1 - q) + k * slot / (1 - q)
    sd = slot * math.sqrt(1 / 12 + (k + 1) * q / (1 - q) ** 2)
    waited = lane.state.sums.finality_ns[LANE] / count
    assert abs(waited - mean) < 4.5 * sd / math.sqrt(count)


def test_the_share_of_fills_that_forks_drop():
    """Of k blocks upon a fill, the j-th drops it with q (D - j + 1)/D, for depths 1 .. D.

    A fill per block; reverts of neighbours go together, so the sd of independent fills is doubled
    (a fork drops at most D = 2). Beyond 4.5 of these: under 7 in a million.
    """
    q, k, depth, count = 0.2, 3, 2, 600
    lane = market([None, None], finality_blocks=k, fork_probability=q, fork_depth=depth)
    for number in range(count + k):
        if number < count:
            lane.fill(0, 1, 1, 5, 10 * number)
        lane.block(number, 10 * number + 5)
    assert not (lane.state.legs.status[LANE, : lane.state.legs.count[LANE]] == LEG_PENDING).any()
    stays = math.prod(1 - q * (depth - j + 1) / depth for j in range(1, depth + 1))
    share = lane.state.sums.lots_reverted[LANE] / count
    assert abs(share - (1 - stays)) < 4.5 * 2 * math.sqrt(stays * (1 - stays) / count)


def test_forks_are_addressed_by_the_number_of_the_block():
    lane = market([None, None], finality_blocks=3, fork_probability=0.5, fork_depth=3)
    for number in (4, 1, 4, 9, 1):
        word, other = words_of(number)
        wanted = 1 + other * 3 // 2**32 if word < 2**31 else 0
        assert lane.block(number, 10) == wanted
