"""Addressed random numbers: published answers, an independent Philox, and the protocol."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from proteus.compiler.jit import kernel
from proteus.market import rng
from tests.helpers.philox import plain_philox

# The references are the Random123 vectors and the plain integers below. NumPy has Philox in the
# width 4x64 only, which shares no word with 4x32, so none of its generators applies here.

ROOT = Path(__file__).resolve().parents[3]
LARGEST = 2**32 - 1
STREAMS = {name: value for name, value in vars(rng).items() if name.startswith("STREAM_")}
SMALL_ALARM = 1e-6  # false-alarm rate of each chi-square test; the keys are fixed


@kernel
def fill_words(key0, key1, stream, entity, first, block, words):
    for i in range(words.shape[0]):
        w0, w1, w2, w3 = rng.philox(key0, key1, stream, entity, first + i, block)
        words[i, 0] = w0
        words[i, 1] = w1
        words[i, 2] = w2
        words[i, 3] = w3


@kernel
def map_words(words, uniforms, normals, exponentials):
    for i in range(words.shape[0]):
        uniforms[i] = rng.uniform(words[i])
        normals[i] = rng.normal(words[i])
        exponentials[i] = rng.exponential(words[i])


@kernel
def map_below(words, bound, numbers):
    for i in range(words.shape[0]):
        numbers[i] = rng.below(words[i], bound)


def words_at(count, stream=1, entity=0, first=0, block=0, replicate=0):
    """The words [count, 4] at successive indices."""
    words = np.zeros((count, 4), np.uint32)
    key0, key1 = rng.replicate_key(7, replicate)
    fill_words(key0, key1, stream, entity, first, block, words)
    return words


def mapped(words):
    """Uniforms, normals and exponentials of some words."""
    words = np.asarray(words, np.uint32)
    uniforms, normals, exponentials = np.zeros((3, len(words)))
    map_words(words, uniforms, normals, exponentials)
    return uniforms, normals, exponentials


# Random123, file kat_vectors: philox4x32-10; counter, key, answer.
KNOWN_ANSWERS = [
    (
        (0x00000000, 0x00000000, 0x00000000, 0x00000000),
        (0x00000000, 0x00000000),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.plain
@pytest.mark.boundscheck
@pytest.mark.filterwarnings("ignore:overflow encountered")  # Weyl keys wrap around
@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_known_answers(counter, key, answer):
    assert plain_philox(counter, key) == answer
    assert rng.draw(*key, *counter) == answer


@pytest.mark.nojit
@pytest.mark.boundscheck
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_kernels_python_and_plain_integers_agree():
    key = rng.replicate_key(7, 3)
    plain_key = tuple(int(word) for word in key)
    words = words_at(20, stream=5, entity=LARGEST, first=11, block=2, replicate=3)
    for i, in_kernel in enumerate(words.tolist()):
        address = (5, LARGEST, 11 + i, 2)
        assert tuple(in_kernel) == rng.draw(*key, *address) == plain_philox(address, plain_key)


def test_the_low_32_bits_of_a_number_are_its_place_in_the_counter():
    key = rng.replicate_key(0, 0)
    beyond = rng.draw(*key, np.int64(1), np.int64(-1), np.int64(2**40 + 9), np.int64(2**32))
    assert beyond == rng.draw(*key, np.int64(1), np.int64(LARGEST), np.int64(9), np.int64(0))


# Words to numbers.

EDGES = [0, 1, 2**31 - 1, 2**31, LARGEST - 1, LARGEST]
# |q| = 0.425 is where the normal changes branch.
BRANCHES = [int((0.5 + side * 0.425) * 2**32) + step for side in (-1, 1) for step in range(-3, 4)]


def many_words():
    """Edges, the branches of the normal, and 40,000 words, sorted and distinct."""
    return np.unique(np.concatenate([EDGES, BRANCHES, words_at(10_000).ravel()]))


def test_numbers_are_the_inverse_cdf_of_the_uniform():
    words = many_words()
    uniforms, normals, exponentials = mapped(words)
    assert (uniforms == (words + 0.5) / 2**32).all()
    np.testing.assert_allclose(normals, stats.norm.ppf(uniforms), rtol=2e-14, atol=1e-15)
    np.testing.assert_allclose(exponentials, stats.expon.isf(uniforms), rtol=1e-14)


@pytest.mark.nojit
@pytest.mark.boundscheck
def test_numbers_at_the_edges():
    uniforms, normals, exponentials = mapped(EDGES)
    assert (uniforms > 0).all()
    assert (uniforms < 1).all()
    np.testing.assert_allclose(normals, -normals[::-1], rtol=1e-13)
    assert normals[-1] == pytest.approx(stats.norm.isf(2.0**-33), rel=1e-14)
    assert exponentials[0] == pytest.approx(33 * np.log(2), rel=1e-15)
    assert exponentials[-1] == pytest.approx(2.0**-33, rel=1e-6)


def test_numbers_are_monotone_in_the_word():
    runs = [np.arange(end - 500, end + 500) for end in (1000, 2**31, *BRANCHES[3::7], 2**32 - 500)]
    for words in [many_words(), *runs]:
        uniforms, normals, exponentials = mapped(words)
        assert (np.diff(uniforms) > 0).all()
        assert (np.diff(normals) > 0).all()
        assert (np.diff(exponentials) < 0).all()


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 1000, 2**31])
def test_below_is_multiplication_and_stays_in_range(bound):
    words = many_words().astype(np.uint32)
    numbers = np.zeros(len(words), np.int64)
    map_below(words, bound, numbers)
    assert numbers.tolist() == [word * bound // 2**32 for word in words.tolist()]
    assert (numbers[0], numbers[-1]) == (0, bound - 1)


# Uniform and independent, along every part of an address.


def assert_even(cells, n_cells):
    """A chi-square test of equal frequencies at the false-alarm rate ``SMALL_ALARM``."""
    counts = np.bincount(cells, minlength=n_cells)
    assert len(counts) == n_cells
    assert stats.chisquare(counts).pvalue > SMALL_ALARM


def neighbours(axis):
    """Words [4096, 4] whose addresses differ in one part, by one each."""
    if axis == "index":
        return words_at(4096)
    parts = [words_at(1, **{axis: place}) for place in range(4096)]
    return np.concatenate(parts)


@pytest.mark.parametrize("axis", ["stream", "entity", "index", "block", "replicate"])
def test_words_of_neighbouring_addresses_are_uniform_and_independent(axis):
    words = neighbours(axis)
    for position in range(4):
        assert_even(words[:, position] >> 26, 64)
        nibbles = words[:, position] >> 28
        assert_even(nibbles[:-1] * 16 + nibbles[1:], 256)
    assert_even((words[:, 0] >> 28) * 16 + (words[:, 3] >> 28), 256)


def test_the_chi_square_would_notice_a_counter():
    with pytest.raises(AssertionError):
        assert_even(np.arange(4096) >> 7, 64)


# Keys, entities, streams.


@pytest.mark.plain
def test_a_replicate_key_is_two_words_of_sha_256():
    message = b"proteus replicate" + bytes([0] * 7 + [7]) + bytes([0] * 6 + [1, 2])
    digest = hashlib.sha256(message).hexdigest()
    assert [f"{word:08x}" for word in rng.replicate_key(7, 258)] == [digest[:8], digest[8:16]]


def test_replicate_keys_are_distinct_and_do_not_depend_on_the_company():
    keys = rng.replicate_keys(7, np.arange(100_000))  # false alarm: 1e10 / 2**65
    assert keys.shape == (100_000, 2)
    assert len(np.unique(keys, axis=0)) == 100_000
    assert rng.replicate_keys(7, np.array([99_999])).tolist() == [keys[-1].tolist()]
    assert rng.replicate_keys(7, np.arange(0)).shape == (0, 2)
    other_root = rng.replicate_keys(8, np.arange(1000))
    assert len(np.unique(np.concatenate([keys, other_root]), axis=0)) == 101_000


def entities(groups):
    """Every trader's entity in a population, given as names and counts."""
    return {
        (name, member): rng.trader_entity(name, member)
        for name, count in groups.items()
        for member in range(count)
    }


@pytest.mark.plain
def test_a_trader_keeps_its_entity_when_groups_come_and_go():
    before = entities({"maker": 2, "noise": 4})
    after = entities({"sniper": 1, "noise": 9, "extra": 3, "maker": 2})
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)
    assert rng.ENTITY_MARKET not in after.values()


@pytest.mark.plain
def test_an_entity_is_the_group_then_the_member():
    group = int(hashlib.sha256(b"proteus group maker").hexdigest()[:5], 16)
    assert rng.trader_entity("maker", 0) == group * 4096
    assert rng.trader_entity("maker", 4095) == group * 4096 + 4095 < 2**32


@pytest.mark.plain
def test_streams_are_distinct_and_documented():
    protocol = (ROOT / "docs" / "seeds.md").read_text()
    assert len(STREAMS) == len(set(STREAMS.values())) == 36
    assert all(0 < value < 2**32 for value in STREAMS.values())
    for name, value in STREAMS.items():
        assert f"| {value} | `{name}` |" in protocol, name
