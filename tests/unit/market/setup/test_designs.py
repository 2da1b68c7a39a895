"""Rows of seeds under a design: the same in any partition, mirrored words, digital nets."""

import numpy as np
import pytest

from proteus.market import rng
from proteus.market.environment.masks import MASK_JUMPS, MASK_PAYOFF, MASKED_JUMPS
from proteus.market.setup.designs import (
    ANTITHETIC,
    INTENT_MASKS,
    INTENTS,
    NEWS,
    NEWS_MASKS,
    SOBOL,
    Design,
    rows,
)

pytestmark = pytest.mark.plain

ROOT, SEEDS = 7, np.arange(48)
DESIGNS = [Design(ANTITHETIC), Design(ANTITHETIC, (INTENTS,)), Design(SOBOL, points=16)]


@pytest.mark.parametrize("design", DESIGNS)
def test_a_row_depends_on_its_seed_alone(design):
    whole, some = rows(design, ROOT, SEEDS), np.array([37, 2, 3, 16])
    np.testing.assert_array_equal(rows(design, ROOT, some), whole[some])
    assert (rows(design, ROOT, SEEDS, episode=1) != whole).any()
    assert (rows(design, ROOT + 1, SEEDS) != whole).any()


@pytest.mark.parametrize("streams", [(NEWS,), (INTENTS,), (NEWS, INTENTS)])
def test_a_pair_has_one_key_and_the_odd_seed_mirrors_what_is_chosen(streams):
    found = rows(Design(ANTITHETIC, streams), ROOT, SEEDS)
    keys = rng.replicate_keys(ROOT, SEEDS)
    np.testing.assert_array_equal(found[::2, :2], keys[::2])  # even seeds are what they were
    np.testing.assert_array_equal(found[1::2, :2], keys[::2])
    assert not found[::2, 2:].any()
    chosen = {NEWS: found[1::2, NEWS_MASKS:], INTENTS: found[1::2, INTENT_MASKS:NEWS_MASKS]}
    for name, masks in chosen.items():
        assert (masks == (0xFFFFFFFF if name in streams else 0)).all()


def points_of(found):
    """The words that a lane meets at the coordinates of a Sobol sequence, as numbers in (0, 1)."""
    masks, made = found[:, NEWS_MASKS:], []
    addresses = [(MASK_PAYOFF, rng.STREAM_PAYOFF, 0, 0)]
    for jump in range(MASKED_JUMPS - 1):
        first = MASK_JUMPS + 3 * jump
        addresses += [
            (first, rng.STREAM_NEWS_JUMP_TIME, jump, 0),
            (first + 1, rng.STREAM_NEWS_JUMP_SIZE, jump, 0),
            (first + 2, rng.STREAM_NEWS_JUMP_SIZE, jump, 1),
        ]
    for column, stream, index, word in addresses:
        made.append([
            (int(rng.draw(*row[:2], stream, 0, index, 0)[word] ^ mask) + 0.5) / 2**32
            for row, mask in zip(found, masks[:, column], strict=True)
        ])  # fmt: skip
    return np.array(made).T


def test_each_unit_of_a_sobol_sequence_is_a_digital_net():
    """One point in every elementary interval of each coordinate; of the first two together as well.

    Niederreiter (1992), definition 4.1: a (0, m, 2)-net in base 2, which scrambling keeps.
    """
    design = Design(SOBOL, points=16)
    found = points_of(rows(design, ROOT, SEEDS))
    for unit in np.split(found, 3):
        for column in unit.T:
            assert sorted((column * 16).astype(int)) == [*range(16)]
        for split in range(5):
            wide, high = 2**split, 2 ** (4 - split)
            boxes = {(int(x * wide), int(y * high)) for x, y in unit[:, :2]}
            assert len(boxes) == 16
    assert not np.allclose(found[:16], found[16:32])  # each is scrambled by itself


def test_the_words_of_later_jumps_are_those_of_the_replicate():
    found = rows(Design(SOBOL, points=16), ROOT, SEEDS)
    assert not found[:, NEWS_MASKS + MASK_JUMPS + 3 * (MASKED_JUMPS - 1) :].any()
    np.testing.assert_array_equal(found[:, :2], rng.replicate_keys(ROOT, SEEDS))
