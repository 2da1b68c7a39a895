"""What epochs pay, charge and take, against fractions and published schedules."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW
from proteus.market.incentives.codes import UNLIMITED
from proteus.market.incentives.pass_through import learn_worth, narrowed
from proteus.market.incentives.payments import (
    fine_of,
    open_epoch,
    pay_epoch,
    payable,
    share_of_fees,
    slash_of,
    units_missed,
)
from proteus.market.incentives.sampling import epoch_end, first_interval, sample_time
from proteus.market.incentives.tables import amount_at, policy_entity
from proteus.market.rng import STREAM_INCENTIVE, draw, replicate_keys
from tests.unit.market.incentives.paper import (
    GRID,
    MESSAGES,
    MISSED,
    NANO,
    UPTIME,
    VOLUME,
    S,
    incentives,
    penalty,
    reward,
    state_of,
)

pytestmark = pytest.mark.plain


def paying(*epochs, pool, amount=1.0, traders=3, **keys):
    """Pay epochs with these scores one after the other; return what each pays, and the state."""
    score = VOLUME if "most_per_lot" in keys else UPTIME
    policy = reward(score, epoch_s=1, per_epoch=amount, **keys)
    state = state_of(incentives(p=policy), traders=traders, horizon_s=len(epochs))
    state.pool[0, 0] = pool
    paid = []
    for scores in epochs:
        state.score[0, 0, : len(scores)] = scores
        pay_epoch(state, 0, 0)
        paid.append(state.due[0].tolist())
        if len(paid) < len(epochs):
            open_epoch(state, 0, 0)
    return paid, state


# --- pro rata -------------------------------------------------------------------------------------

amounts = st.integers(0, 10**15)
score_lists = st.lists(st.integers(0, 2**60 // 8), min_size=3, max_size=3)


@settings(max_examples=150, deadline=None)
@given(nano=amounts, pool=amounts, epochs=st.lists(score_lists, min_size=1, max_size=6))
def test_epochs_against_fractions(nano, pool, epochs):
    """To the nano: floors of exact shares, all that is not paid is carried, nothing is made."""
    paid, state = paying(*epochs, pool=pool, amount=nano / NANO if nano % NANO else nano // NANO)
    nano = int(state.table.amount[0, 0])
    carried, there, short = 0, pool, 0
    for scores, got in zip(epochs, paid, strict=True):
        short += nano + carried > there
        budget = min(nano + carried, there)
        total = sum(scores)
        expected = [int(Fraction(budget * each, total)) if total else 0 for each in scores]
        assert got == expected
        assert all(0 <= each <= budget for each in got)
        carried, there = budget - sum(got), there - sum(got)
        assert there >= 0
    assert (state.carried[0, 0], state.pool[0, 0], state.short[0, 0]) == (carried, there, short)
    assert pool == there + sum(map(sum, paid))


def test_what_nobody_earns_is_carried_to_who_does():
    paid, state = paying([0, 0, 0], [0, 0, 0], [1, 3, 0], pool=10 * NANO)
    assert paid[:2] == [[0, 0, 0], [0, 0, 0]]
    assert paid[2] == [3 * NANO // 4, 9 * NANO // 4, 0]
    assert state.carried[0, 0] == 0


def test_remainders_are_carried_and_not_given_away():
    """Three equal traders and ten nano: three each, and the tenth adds to the next epoch."""
    paid, state = paying([1, 1, 1], [1, 1, 1], [1, 1, 1], pool=10**9, amount=1e-8)
    assert paid == [[3, 3, 3], [3, 3, 3], [4, 4, 4]]
    assert state.carried[0, 0] == 0


def test_an_epoch_that_cannot_be_paid_is_paid_pro_rata_and_counted():
    paid, state = paying([1, 2, 1], [1, 2, 1], [1, 2, 1], pool=3 * NANO // 2)
    assert paid == [[NANO // 4, NANO // 2, NANO // 4], [NANO // 8, NANO // 4, NANO // 8], [0, 0, 0]]
    assert (state.pool[0, 0], state.short[0, 0]) == (0, 2)


@settings(max_examples=50, deadline=None)
@given(scores=score_lists, factor=st.integers(2, 8), numbers=st.permutations(range(3)))
def test_payment_follows_the_traders_and_no_scale(scores, factor, numbers):
    (paid,), _ = paying(scores, pool=5 * NANO)
    (scaled,), _ = paying([factor * each for each in scores], pool=5 * NANO)
    (moved,), _ = paying([scores[number] for number in numbers], pool=5 * NANO)
    assert scaled == paid
    assert moved == [paid[number] for number in numbers]


# --- volume: the cap ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lots", "nano"),
    [
        ([100, 100, 0], [NANO // 2, NANO // 2, 0]),  # the cap of half a cent a lot just binds
        ([50, 50, 0], [NANO // 4, NANO // 4, 0]),
        ([300, 100, 0], [3 * NANO // 4, NANO // 4, 0]),
    ],
)
def test_half_a_cent_a_lot_at_most(lots, nano):
    """Kalshi, volume incentive: pro rata, and at most 0.005 for each contract and side."""
    (paid,), state = paying(lots, pool=20 * NANO, most_per_lot=0.005)
    assert paid == nano
    assert state.carried[0, 0] == NANO - sum(nano)


@settings(max_examples=100, deadline=None)
@given(lots=st.lists(st.integers(0, 10**12), min_size=3, max_size=3), cap=st.integers(0, NANO))
def test_the_cap_against_python(lots, cap):
    """Also where cap x lots would not fit into int64."""
    (paid,), _ = paying(lots, pool=10**15, amount=10**6, most_per_lot=cap / NANO)
    total = sum(lots) or 1
    assert paid == [min(10**15 * each // total, cap * each) for each in lots]


# --- schedules ------------------------------------------------------------------------------------


def test_halving_is_that_of_bitcoin():
    """50 coins of 10^8 satoshis, halved every 210,000 blocks: 20,999,999.97690000 are ever made.

    The smallest units are satoshis there and nano here, so 50 coins are 5 currency.
    """
    made = incentives(p=reward(UPTIME, epoch_s=1, per_epoch=5, halving_s=210_000))
    policy = made.policies["p"]
    coins = [amount_at(policy, 210_000 * halving * S) for halving in range(64)]
    assert coins[0] == 5_000_000_000
    assert amount_at(policy, 210_000 * S - 1) == coins[0]
    assert amount_at(policy, 210_000 * S) == 2_500_000_000
    assert 210_000 * sum(coins) == 2_099_999_997_690_000


def test_a_schedule_holds_from_the_epoch_that_begins_then():
    policies = incentives(
        p=reward(UPTIME, epoch_s=2, per_epoch=[[0, 0], [4, 1], [7, 0.5]], halving_s=8)
    )
    table = state_of(policies, horizon_s=15).table
    assert table.epochs[0] == 7  # the eighth ends after T and is not paid
    assert table.amount[0].tolist() == [0, 0, NANO, NANO, NANO // 4, NANO // 4, NANO // 4]


def test_a_pool_of_fees_pays_what_flowed_in():
    policies = incentives(
        p=reward(VOLUME, epoch_s=1, per_epoch=None, pool={"source": "fees", "share": 0.25})
    )
    state = state_of(policies, traders=2, horizon_s=2)
    assert [share_of_fees(state.table, 0, fees) for fees in (0, 3, 4, 10**9, -5)] == [
        0, 0, 1, 25 * 10**7, 0,
    ]  # fmt: skip
    for fees, paid in ((NANO, [NANO // 16, 3 * NANO // 16]), (40, [2, 7])):
        state.pool[0, 0] += share_of_fees(state.table, 0, fees)
        state.score[0, 0] = [10, 30]
        pay_epoch(state, 0, 0)
        assert state.due[0].tolist() == paid
        state.epoch[0, 0] = 1
    assert (state.pool[0, 0], state.short[0, 0]) == (1, 0)


# --- penalties and stakes -------------------------------------------------------------------------

FINE = {"name": "fine", "amount": 0.001}


@pytest.mark.parametrize(
    ("samples", "met", "share", "missed"),
    [(20, 10, 0.5, 0), (20, 9, 0.5, 1), (19, 9, 0.5, 1), (19, 10, 0.5, 0), (20, 0, 0.333, 7),
     (0, 0, 0.5, 0), (20, 20, 1, 0)],
)  # fmt: skip
def test_what_an_epoch_lacks_of_presence(samples, met, share, missed):
    """The required number is rounded up: half of nineteen samples is ten."""
    policy = penalty(MISSED | {"required_share": share}, FINE, traders="makers")
    state = state_of(incentives(p=policy))
    state.samples[0, 0], state.score[0, 0, 0] = samples, met
    assert units_missed(state, 0, 0, 0) == missed
    assert fine_of(state, 0, 0, 0) == missed * 10**6
    assert units_missed(state, 0, 0, 3) == 0  # takes no part


@pytest.mark.parametrize(
    ("messages", "fills", "beyond"), [(110, 10, 0), (111, 10, 1), (11, 0, 0), (12, 0, 1), (0, 0, 0)]
)
def test_messages_beyond_the_ratio(messages, fills, beyond):
    """(EU) 2017/566: messages / fills - 1 may be 10, so eleven messages for each fill are free."""
    state = state_of(incentives(p=penalty(MESSAGES, FINE)))
    state.score[0, 0, 2], state.fills[0, 0, 2] = messages, fills
    exceeds = Fraction(messages, max(fills, 1)) - 1 > 10
    assert (units_missed(state, 0, 0, 2) > 0) == exceeds
    assert fine_of(state, 0, 0, 2) == beyond * 10**6


def test_a_fine_changes_over_time_and_beyond_int64_says_so():
    policy = penalty(MESSAGES, {"name": "fine", "amount": [[0, 0], [5, 1000]]})
    state = state_of(incentives(p=policy))
    state.score[0, 0, 0] = 11 + 5
    assert fine_of(state, 0, 0, 0) == 0
    state.epoch[0, 0] = 1
    assert fine_of(state, 0, 0, 0) == 5000 * NANO
    state.score[0, 0, 0] = 10**8
    assert fine_of(state, 0, 0, 0) == AMOUNT_OVERFLOW


def test_a_fine_is_paid_as_far_as_there_is_cash():
    assert [payable(7, means) for means in (UNLIMITED, 8, 7, 3, 0, -4)] == [7, 7, 7, 3, 0, 0]


def test_slashing_takes_a_share_of_what_is_left_rounded_down():
    """Cosmos SDK: the fraction of the tokens, truncated. An epoch that is kept takes nothing."""
    policy = penalty(MISSED, {"name": "slash", "stake": 10, "share": 0.01})
    state = state_of(incentives(p=policy))
    assert state.table.staked[0] == 10 * NANO
    state.stake[0, 0, :] = state.table.staked[0]
    state.stake[0, 0, 1] = 199
    state.samples[0, 0] = 20
    state.score[0, 0] = [9, 9, 10, 0]
    assert [slash_of(state, 0, 0, trader) for trader in range(4)] == [NANO // 10, 1, 0, NANO // 10]
    left = Fraction(10)
    for _ in range(5):
        state.stake[0, 0, 0] -= slash_of(state, 0, 0, 0)
        left *= Fraction(99, 100)
    assert state.stake[0, 0, 0] == int(left * NANO)  # 9.509900499: exact, nothing was rounded yet


def test_a_new_epoch_begins_at_nothing():
    state = state_of(incentives(a=reward(UPTIME), b=penalty(MESSAGES, FINE)), lanes=2)
    for counted in (state.score, state.lots, state.fills):
        counted[:] = 3
    state.samples[:], state.pool[:], state.stake[:] = 3, 3, 3
    open_epoch(state, 1, 1)
    for counted in (state.score, state.lots, state.fills):
        assert counted.sum() == 3 * 4 * 3
        assert not counted[1, 1].any()
    assert state.samples.tolist() == [[3, 3], [3, 0]]
    assert state.epoch.tolist() == [[0, 0], [0, 1]]
    assert state.pool.sum() + state.stake.sum() == 3 * 4 + 3 * 16


# --- when it is looked ----------------------------------------------------------------------------


def test_a_grid_looks_after_0_and_epochs_end_where_the_next_begin():
    table = state_of(incentives(p=reward(UPTIME))).table
    keys = replicate_keys(7, np.arange(2))
    assert first_interval(table, 0) == 1
    assert [sample_time(table, keys, 0, 0, k) for k in (1, 2, 19)] == [S, 2 * S, 19 * S]
    assert [epoch_end(table, 0, k) for k in (0, 3)] == [5 * S, 20 * S]


def test_instants_are_addressed_uniform_and_inside_their_intervals():
    """By the counter-based generator itself; a word of 32 bits divides a second exactly."""
    random = GRID | {"at": "instant"}
    policies = incentives(p=reward(UPTIME, sampling=random), q=reward(UPTIME, sampling=random))
    table, keys = state_of(policies).table, replicate_keys(7, np.arange(2))
    assert first_interval(table, 0) == 0
    for lane, policy in ((0, 0), (1, 0), (0, 1)):
        for interval in (0, 1, 77):
            entity = policy_entity("pq"[policy])
            word = int(draw(*keys[lane], STREAM_INCENTIVE, entity, interval, 0)[0])
            expected = interval * S + word * S // 2**32
            assert sample_time(table, keys, lane, policy, interval) == expected
    instants = [sample_time(table, keys, 0, 0, k) - k * S for k in range(400)]
    assert all(0 <= each < S for each in instants)
    deciles = np.histogram(instants, bins=10, range=(0, S))[0]
    assert ((deciles - 40) ** 2 / 40).sum() < 33.7  # chi-square, 9 degrees: 1 in 10,000


def test_the_instant_of_a_policy_depends_on_its_name_alone():
    random = GRID | {"at": "instant"}
    keys = replicate_keys(7, np.arange(1))
    alone = state_of(incentives(q=reward(UPTIME, sampling=random))).table
    beside = state_of(
        incentives(a=reward(VOLUME), q=reward(UPTIME, sampling=random, per_epoch=9))
    ).table
    assert sample_time(alone, keys, 0, 0, 3) == sample_time(beside, keys, 0, 1, 3)


# --- what makers do about it ----------------------------------------------------------------------


def test_rewards_narrow_a_quote_and_never_below_the_smallest():
    assert narrowed(0.02, 0.015, 0.5, 0.004) == pytest.approx(0.018, rel=1e-15)
    assert narrowed(0.02, 0.015, 1.0, 1.0) == 0.015
    assert narrowed(0.02, 0.015, 1.0, -0.5) == 0.02  # penalties widen nothing
    assert narrowed(0.017, 0.015, 0.0, 9.9) == 0.017  # who does not know


def test_the_estimate_is_the_exponential_average_of_rewards_per_lot():
    """Against its closed form for a constant reward, and the mean for weights 1, 1/2, 1/3 ..."""
    worth = 0.0
    for _ in range(10):
        worth = learn_worth(worth, 3 * NANO, 100, 0.25)
    assert worth == pytest.approx(0.03 * (1 - 0.75**10), rel=1e-14)
    values, mean = [4, -1, 7, 2], 0.0
    for number, value in enumerate(values, start=1):
        mean = learn_worth(mean, value * NANO, 1, 1 / number)
    assert mean == pytest.approx(np.mean(values), rel=1e-14)


@pytest.mark.parametrize("makers", [2, 3, 5, 10])
def test_equal_makers_spend_what_tullock_says(makers):
    """A pool R shared pro rata of what is spent: each spends R (n - 1) / n^2, in equilibrium.

    Nobody gains by spending more or less, by the kernel that pays; together they spend
    (n - 1) / n of the pool. Source: Tullock (1980), "Efficient rent seeking".
    """
    pool = NANO
    alone = pool * (makers - 1) // makers**2

    def profit(spent):
        (paid,), _ = paying([spent, *[alone] * (makers - 1)], pool=pool, traders=makers)
        return paid[0] - spent

    best = profit(alone)
    tries = [0, alone // 2, alone * 9 // 10, alone * 11 // 10, 2 * alone, pool]
    assert all(profit(spent) < best for spent in tries)
    assert makers * alone == pytest.approx(pool * (makers - 1) / makers, rel=1e-8)
    assert best == pytest.approx(pool / makers**2, rel=1e-7)
