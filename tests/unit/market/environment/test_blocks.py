"""When blocks are made."""

import math

import numpy as np
import pytest

from proteus.compiler.jit import kernel
from proteus.market import rng
from proteus.market.environment.blocks import allocate_blocks, expect_block, make_block
from tests.helpers import channels

MS = 10**6


@kernel
def play(sequence, numbers, keys, times):
    for lane in range(keys.shape[0]):
        for block in range(times.shape[1]):
            expect_block(sequence, numbers, keys, lane)
            times[lane, block] = sequence.next_ns[lane]
            make_block(sequence, lane)


def times_of(lanes, blocks, replicates=None, **overrides):
    """The times of the first blocks, [lanes, blocks]."""
    environment = channels.environment(blocks=channels.blocks(**overrides))
    numbers = channels.numbers_of(environment).blocks
    times = np.zeros((lanes, blocks), np.int64)
    chosen = np.arange(lanes) if replicates is None else np.array(replicates)
    play(allocate_blocks(lanes), numbers, rng.replicate_keys(7, chosen), times)
    return times


@pytest.mark.nojit
def test_slots_that_are_never_missed():
    np.testing.assert_array_equal(times_of(1, 5)[0], np.arange(1, 6) * 500 * MS)


@pytest.mark.nojit
@pytest.mark.boundscheck
def test_a_missed_slot_is_no_block():
    """The slots that are missed are those whose word is below the share."""
    key = rng.replicate_key(7, 0)
    words = [int(rng.draw(*key, rng.STREAM_BLOCK, 0, slot, 0)[0]) for slot in range(1, 200)]
    made = [slot for slot, word in enumerate(words, 1) if (word + 0.5) / 2**32 >= 0.4]
    times = times_of(1, 60, missed=0.4)[0]
    assert times.tolist() == [slot * 500 * MS for slot in made[:60]]


def test_the_time_to_finality_is_negative_binomial():
    """k blocks take k / (1 - q) slots on average, with variance k q / (1 - q)^2.

    k = 32, q = 0.2, 4,000 lanes; 4.5 standard errors of the mean, and of the variance about 10 %
    (its relative standard error is about sqrt(2 / 4000) = 2.2 %).
    """
    k, q, lanes = 32, 0.2, 4_000
    slots = times_of(lanes, k, missed=q)[:, -1] / (500 * MS)
    variance = k * q / (1 - q) ** 2
    assert abs(slots.mean() - k / (1 - q)) < 4.5 * math.sqrt(variance / lanes)
    assert slots.var() == pytest.approx(variance, rel=0.1)
    assert slots.min() >= k


def test_poisson_gaps_are_exponential():
    """Mean and standard deviation are both the interval; 20,000 gaps, 4.5 standard errors."""
    times = times_of(20, 1_000, law="poisson")
    gaps = np.diff(times, axis=1, prepend=0).ravel() / (500 * MS)
    assert abs(gaps.mean() - 1) < 4.5 / math.sqrt(len(gaps))
    assert abs(gaps.std() - 1) < 4.5 * math.sqrt(2 / len(gaps))
    assert abs((gaps > 1).mean() - math.exp(-1)) < 4.5 * 0.5 / math.sqrt(len(gaps))
    assert (np.diff(times, axis=1) >= 1).all()


@pytest.mark.nojit
@pytest.mark.parametrize("overrides", [{"missed": 0.3}, {"law": "poisson"}])
def test_a_lane_alone_has_the_blocks_that_it_has_among_others(overrides):
    together = times_of(4, 20, **overrides)
    alone = times_of(1, 20, replicates=[2], **overrides)
    np.testing.assert_array_equal(alone[0], together[2])
    assert (together[0] != together[2]).any()


@pytest.mark.nojit
def test_another_interval_misses_the_same_slots():
    short = times_of(1, 30, missed=0.3)
    long = times_of(1, 30, missed=0.3, interval_ms=12_000)
    np.testing.assert_array_equal(24 * short, long)
