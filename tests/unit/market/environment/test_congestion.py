"""The base fee: vectors of clients, the bound of a step, and what demand makes of it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.compiler.jit import kernel
from proteus.market import rng
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW
from proteus.market.environment.congestion import (
    NOT_INCLUDABLE,
    allocate_congestion,
    fill_block,
    gas_of_others,
    next_base_fee,
    priority_tip,
)
from tests.helpers import channels

GWEI = 10**9


def after(base_fee, limit, used):
    return int(next_base_fee(np.int64(base_fee), np.int64(used), np.int64(limit // 2), np.int64(8)))


@pytest.mark.plain
@pytest.mark.parametrize(
    ("base_fee", "limit", "used", "expected"),
    [
        # go-ethereum, consensus/misc/eip1559/eip1559_test.go, and its forks
        (GWEI, 20_000_000, 10_000_000, 1_000_000_000),
        (GWEI, 20_000_000, 9_000_000, 987_500_000),
        (GWEI, 20_000_000, 11_000_000, 1_012_500_000),
        # the rule by hand
        (GWEI, 20_000_000, 20_000_000, 1_125_000_000),
        (GWEI, 20_000_000, 0, 875_000_000),
        (100 * GWEI, 30_000_000, 22_500_000, 106_250_000_000),
        (7, 30_000_000, 30_000_000, 8),  # rises by at least 1
        (7, 30_000_000, 15_000_001, 8),
        (7, 30_000_000, 0, 7),  # a fall is rounded down, so a low base fee can stick
        (1, 30_000_000, 30_000_000, 2),
    ],
)  # fmt: skip
def test_vectors(base_fee, limit, used, expected):
    assert after(base_fee, limit, used) == expected


@pytest.mark.plain
@pytest.mark.parametrize(("used", "expected"), [(20_000_000, 3_247_321_023), (0, 263_075_578)])
def test_ten_blocks_in_a_row(used, expected):
    """Dividing in another order gives other numbers."""
    base_fee = GWEI
    for _ in range(10):
        base_fee = after(base_fee, 20_000_000, used)
    assert base_fee == expected


def exact(base_fee, used, target, denominator):
    """The rule in Python's integers."""
    if used == target:
        return base_fee
    if used > target:
        return base_fee + max(base_fee * (used - target) // target // denominator, 1)
    return base_fee - base_fee * (target - used) // target // denominator


@pytest.mark.plain
@given(st.data())
def test_any_elasticity_and_denominator_against_python(data):
    target = data.draw(st.integers(1, 2**31))
    used = data.draw(st.integers(0, target * data.draw(st.integers(1, 8))))
    base_fee = data.draw(st.integers(0, 2**62))
    denominator = data.draw(st.integers(1, 100))
    truth = exact(base_fee, used, target, denominator)
    got = next_base_fee(*map(np.int64, (base_fee, used, target, denominator)))
    # A product that leaves int64 before it is divided counts as too much as well.
    if base_fee * max(used - target, 0) // target >= 2**63 or truth >= 2**63:
        truth = AMOUNT_OVERFLOW
    assert got == truth


@pytest.mark.plain
@given(st.integers(0, 2**60), st.integers(2, 2**31), st.data())
def test_a_step_is_within_an_eighth_but_for_the_least_rise(base_fee, limit, data):
    used = data.draw(st.integers(0, limit // 2 * 2))
    step = after(base_fee, limit, used) - base_fee
    assert -base_fee / 8 <= step <= max(base_fee / 8, 1)
    assert (step > 0) <= (used > limit // 2)


@pytest.mark.plain
@pytest.mark.parametrize(
    ("base_fee", "max_fee", "tip", "paid"),
    [
        (30, 100, 2, (2, 32)),
        (99, 100, 2, (1, 100)),
        (100, 100, 2, (0, 100)),
        (101, 100, 2, None),
    ],
)
def test_priority(base_fee, max_fee, tip, paid):
    left = priority_tip(np.int64(base_fee), np.int64(max_fee), np.int64(tip))
    assert left == (NOT_INCLUDABLE if paid is None else paid[0])
    assert paid is None or base_fee + left == paid[1]


def parameters(**overrides):
    parts = {"blocks": channels.blocks(), "congestion": channels.congestion(**overrides)}
    environment = channels.environment(**parts)
    return channels.numbers_of(environment).congestion


@kernel
def make_blocks(congestion, numbers, keys, blocks, fees, used):
    for lane in range(keys.shape[0]):
        for number in range(blocks):
            if not fill_block(congestion, numbers, keys, lane, number, 0):
                return
            fees[lane, number] = congestion.base_fee[lane]
            used[lane, number] = congestion.gas_used[lane]


def play(numbers, lanes, blocks, base_fee=None):
    """Make blocks; returns their base fees and their gas, [lanes, blocks]."""
    congestion = allocate_congestion(lanes, base_fee or numbers.base_fee)
    keys = rng.replicate_keys(7, np.arange(lanes))
    fees, used = np.zeros((2, lanes, blocks), np.int64)
    make_blocks(congestion, numbers, keys, blocks, fees, used)
    return fees, used


def test_a_base_fee_that_demand_ignores_keeps_its_mean_and_drifts_down():
    """E[b_n] = b_0, and ln b drifts by E ln(1 + u/8), about -Var(u)/128 a block.

    Uniform u within +-s: E ln(1 + u/8) has a closed form. 4,000 lanes of 60 blocks, s = 1; each of
    the two bounds is 4.5 standard errors, a false alarm in 7 of a million.
    """
    numbers = parameters(base_fee=1.0, demand_spread=1.0)
    fees, _ = play(numbers, 4_000, 61)
    ratio = fees[:, -1] / fees[0, 0]
    assert abs(ratio.mean() - 1.0) < 4.5 * ratio.std() / math.sqrt(len(ratio))
    log_ratio = np.log(ratio) / 60
    low, high = 7 / 8, 9 / 8
    drift = 4 * (high * math.log(high) - low * math.log(low) - (high - low))
    assert drift == pytest.approx(-(1 / 3) / 128, rel=0.01)  # Var(u) = 1/3
    assert abs(log_ratio.mean() - drift) < 4.5 * log_ratio.std() / math.sqrt(len(ratio))
    assert abs(drift) > 9 * log_ratio.std() / math.sqrt(len(ratio))  # it would be seen if it were 0


def test_demand_of_others_is_uniform_around_its_mean():
    numbers = parameters(demand_mean=0.8, demand_spread=0.25)
    _, used = play(numbers, 1, 20_000)
    share = used[0] / numbers.gas_target
    assert 0.55 <= share.min() < 0.5501
    assert 1.0499 < share.max() <= 1.05
    assert abs(share.mean() - 0.8) < 4.5 * 0.5 / math.sqrt(12 * len(share))


@pytest.mark.parametrize("start", [0.1, 0.5, 0.99])
def test_elastic_demand_has_a_fixed_point(start):
    """Values uniform up to c and twice the target at a fee of 0: half of them stay away at c / 2.

    The slope of the map there is 1 - (2 - 1) / 8, so whatever it was is gone after 200 blocks.
    """
    numbers = parameters(
        demand="elastic", demand_mean=2.0, demand_spread=0.0, base_fee=start, highest_value=1.0
    )
    fees, used = play(numbers, 1, 200)
    assert fees[0, 0] == round(start * 10**9)
    assert abs(fees[0, -1] - 5 * 10**8) <= 1_000
    assert used[0, -1] == pytest.approx(numbers.gas_target, rel=1e-5)
    step = (fees[0, 61] - 5e8) / (fees[0, 60] - 5e8) if start != 0.5 else 7 / 8
    assert step == pytest.approx(7 / 8, rel=0.02)


def test_elastic_demand_makes_the_base_fee_stationary():
    """Its mean of long stays at the fixed point, where that of ignorant demand goes to nothing."""
    elastic = parameters(
        demand="elastic", demand_mean=2.0, demand_spread=1.0, base_fee=0.5, highest_value=1.0
    )
    fees, _ = play(elastic, 8, 5_000)
    for stretch in (fees[:, 500:2_500], fees[:, 2_500:]):
        assert np.median(stretch) == pytest.approx(5e8, rel=0.02)
    ignored, _ = play(parameters(demand_spread=1.0, base_fee=0.5), 8, 5_000)
    assert np.median(ignored[:, -1]) < 5e8 / 1_000


@pytest.mark.plain
def test_nobody_is_left_above_the_highest_value():
    numbers = parameters(demand="elastic", demand_mean=2.0, highest_value=0.001)
    word = np.uint32(2**32 - 1)
    assert gas_of_others(numbers, np.int64(10**6), word) == 0
    assert gas_of_others(numbers, np.int64(10**6 - 1), word) > 0
    assert gas_of_others(numbers, np.int64(0), word) == numbers.demand_most


@pytest.mark.plain
def test_messages_of_the_market_count_up_to_the_limit():
    numbers = parameters(demand_spread=0.0, message_gas=1_000_000)
    for messages, used in ((0, 15_000_000), (3, 18_000_000), (100, 30_000_000)):
        congestion = allocate_congestion(1, numbers.base_fee)
        keys = rng.replicate_keys(7, np.arange(1))
        assert fill_block(congestion, numbers, keys, 0, 0, messages)
        assert congestion.gas_used[0] == used
        expected = exact(numbers.base_fee, used, 15_000_000, 8)
        assert congestion.next_base_fee[0] == expected
        assert congestion.base_fee[0] == numbers.base_fee


@pytest.mark.plain
def test_a_base_fee_that_leaves_int64_is_told():
    numbers = parameters(demand_mean=2.0, demand_spread=0.0)
    congestion = allocate_congestion(1, 2**63 - 2)
    assert not fill_block(congestion, numbers, rng.replicate_keys(7, np.arange(1)), 0, 0, 0)
    assert congestion.next_base_fee[0] == 2**63 - 2


def test_a_lane_alone_has_the_demand_that_it_has_among_others():
    numbers = parameters()
    together, _ = play(numbers, 5, 50)
    congestion = allocate_congestion(1, numbers.base_fee)
    fees, used = np.zeros((2, 1, 50), np.int64)
    make_blocks(congestion, numbers, rng.replicate_keys(7, np.array([3])), 50, fees, used)
    np.testing.assert_array_equal(fees[0], together[3])
