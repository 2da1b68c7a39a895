"""Addressed random numbers: Philox4x32-10.

A draw has an address, never a place in a queue. The key is derived from (root seed, replicate);
the counter is (stream, entity, index, block), where *index* is what the draw is about: the k-th
arrival of this trader, the g-th grid step, the k-th jump. Mechanism and swept parameters are not
in the address, so two cells of one replicate meet the same news, arrivals, sizes, sides, signal
noise and latencies: common random numbers hold by construction. ``docs/seeds.md`` is the protocol.

Source
    Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC'11.
    Wichura (1988), Algorithm AS 241 (PPND16), Applied Statistics 37:477, for the normal quantile.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel

# --- streams: one per purpose, so that changing the draws of one purpose changes no other ---------
STREAM_PAYOFF = 1  # X, once per replicate
STREAM_NEWS_DIFFUSION = 2  # index: grid step >> 2, word: grid step & 3
STREAM_NEWS_JUMP_TIME = 3  # index: jump number
STREAM_NEWS_JUMP_SIZE = 4  # index: jump number
STREAM_SIGNAL = 5  # signal noise; index: floor(t / look interval)
STREAM_SCHEDULE = 6  # gaps, phases and jitter of wake-ups; index: wake-up number
STREAM_INTENT = 7  # what a wake-up draws: of noise side, size, type, offset; index: wake-up number
STREAM_LIFETIME = 8  # how long an order is meant to stay; index: wake-up number
STREAM_LATENCY = 9  # four legs of a scheduled wake-up; index: wake-up, block: message slot
STREAM_LATENCY_NEWS = 10  # the same for a wake-up caused by a jump; index: jump number
STREAM_LATENCY_NOTIFIED = 11  # the same for a wake-up caused by a notification; endogenous
STREAM_LATENCY_EXPIRY = 12  # the same for the cancel that ends a lifetime; index: wake-up
STREAM_FILL_REPORT = 13  # latency of the n-th fill report of an order; block: n
STREAM_TIE = 14  # order of messages that arrive in the same nanosecond
STREAM_BATCH = 15  # closing time of a batch; index: batch number
STREAM_ALLOCATION = 16  # random allocation inside a batch; index: order
STREAM_RFQ_DEALERS = 17  # which dealers a request goes to; index: cause of the request
STREAM_RFQ_ANSWER = 18  # a dealer's legs, thinking time, and whether it answers; index: same
STREAM_RFQ_DELIVERY = 19  # a quote's way to the taker, one word per side; index: same
STREAM_RFQ_TIE = 20  # order of equally good quotes; index: order
STREAM_EPISODE = 21  # the key of a later episode; index: episode
STREAM_RESERVATION = 22  # private value of an elastic trader; index: wake-up number
STREAM_FORK = 24  # whether a block forks, and how deep; index: number of the block
STREAM_TAKEN_BACK = 25  # latency of what is told of a fill that is taken back; index: fill
STREAM_BLOCK = 30  # whether a slot is missed, or the gap before a block; index: slot or block
STREAM_DEMAND = 31  # gas that others want in a block; index: block
STREAM_ORACLE = 32  # noise of an oracle that reads the value; index: check
STREAM_MEMPOOL = 33  # whether a waiting message is shown; index and block: its address
STREAM_INCENTIVE = 40  # the instant at which a policy looks at the book; index: interval
STREAM_DESIGN = 41  # scrambling of a unit of seeds; key of its first; index: coordinate
STREAM_FURTHER = 50  # gap before a further wake-up, in stress; index: wake-up among these
STREAM_THINNED = 51  # whether a wake-up is left out, in stress; index: wake-up, block: its cause
STREAM_LATENCY_FURTHER = 52  # four legs of a further wake-up; index: wake-up, block: message slot
STREAM_NEWS_FURTHER_TIME = 53  # gap before a further jump, in stress; index: jump among these
STREAM_NEWS_FURTHER_SIZE = 54  # the size of it; index: jump among these
STREAM_NEWS_THINNED = 55  # whether a jump is left out, in stress; index: jump number

ENTITY_MARKET = 0  # draws that belong to no trader

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint32(0x9E3779B9)
_WEYL_1 = np.uint32(0xBB67AE85)
_SHIFT = np.uint64(32)
_UNIT = 2.0**-32


@inline_kernel
def _round(c0, c1, c2, c3, k0, k1):
    product_0 = _MULTIPLIER_0 * np.uint64(c0)
    product_1 = _MULTIPLIER_1 * np.uint64(c2)
    return (
        np.uint32(np.uint32(product_1 >> _SHIFT) ^ c1 ^ k0),
        np.uint32(product_1),
        np.uint32(np.uint32(product_0 >> _SHIFT) ^ c3 ^ k1),
        np.uint32(product_0),
    )


@inline_kernel
def philox(key0, key1, stream, entity, index, block):
    """Return the four words at one address.

    Parameters
        key0, key1: uint32, the replicate key.
        stream, entity, index, block: integers; their low 32 bits form the counter.

    Returns
        Four uint32.

    Source: Salmon et al. (2011), section 3.3; known answers in ``tests/unit/market/test_rng.py``.
    """
    c0, c1, c2, c3 = np.uint32(stream), np.uint32(entity), np.uint32(index), np.uint32(block)
    k0, k1 = np.uint32(key0), np.uint32(key1)
    for _ in range(9):
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
        k0 = np.uint32(k0 + _WEYL_0)
        k1 = np.uint32(k1 + _WEYL_1)
    return _round(c0, c1, c2, c3, k0, k1)


@inline_kernel
def words_at(keys, lane, stream, entity, index, block):
    """Return the four words at one address of a lane.

    Parameters
        keys: uint32 [L, 2], replicate keys. lane: row. The rest as in :func:`philox`.
    """
    return philox(keys[lane, 0], keys[lane, 1], stream, entity, index, block)


@inline_kernel
def uniform(word):
    """Map a uint32 to the open interval (0, 1), at the middle of its 2**-32 cell."""
    return (np.float64(word) + 0.5) * _UNIT


@inline_kernel
def below(word, bound):
    """Map a uint32 to 0 .. bound-1 by multiplication (bias below bound / 2**32)."""
    return np.int64((np.uint64(word) * np.uint64(bound)) >> _SHIFT)


@inline_kernel
def normal_central(q):
    """Return the standard normal quantile at 0.5 + q for |q| <= 0.425."""
    r = 0.180625 - q * q
    numerator = (
        ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r
             + 6.7265770927008700853e4) * r + 4.5921953931549871457e4) * r
           + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
         + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
    )  # fmt: skip
    denominator = (
        ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r
             + 3.9307895800092710610e4) * r + 2.1213794301586595867e4) * r
           + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
         + 4.2313330701600911252e1) * r + 1.0
    )  # fmt: skip
    return q * numerator / denominator


@inline_kernel
def _normal_tail(q):
    """Return the standard normal quantile at 0.5 + q for |q| > 0.425."""
    # The smallest tail of a 32-bit word is 2**-33, so r <= 4.79: the far branch of AS 241 (r > 5)
    # cannot be reached and is left out.
    r = math.sqrt(-math.log(0.5 - abs(q))) - 1.6
    numerator = (
        ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
             + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0) * r
           + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
         + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
    )  # fmt: skip
    denominator = (
        ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
             + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r
           + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
         + 2.05319162663775882187e0) * r + 1.0
    )  # fmt: skip
    return math.copysign(numerator / denominator, q)


@inline_kernel
def normal(word):
    """Map a uint32 to a standard normal by inverse CDF: one word, one normal, monotone.

    Source: Wichura (1988), AS 241; relative error about 1e-16, largest |z| 6.34.
    """
    q = uniform(word) - 0.5
    if abs(q) <= 0.425:
        return normal_central(q)
    return _normal_tail(q)


@inline_kernel
def exponential(word):
    """Map a uint32 to a unit exponential by inverse CDF."""
    return -math.log(uniform(word))


@kernel
def draw(key0, key1, stream, entity, index, block):
    """Return the four words at one address, for Python callers; the same words as in kernels."""
    return philox(key0, key1, stream, entity, index, block)


def replicate_key(root: int, replicate: int) -> tuple[np.uint32, np.uint32]:
    """Derive the Philox key of one replicate.

    Parameters
        root: the root seed, 0 <= root < 2**64.
        replicate: the replicate index, 0 <= replicate < 2**63.

    Returns
        Two uint32: the first two words of SHA-256 over both numbers, so that neighbouring roots
        and replicates share nothing.
    """
    digest = hashlib.sha256(b"proteus replicate" + root.to_bytes(8, "big")
                            + replicate.to_bytes(8, "big")).digest()  # fmt: skip
    return np.uint32(int.from_bytes(digest[:4], "big")), np.uint32(
        int.from_bytes(digest[4:8], "big")
    )


def episode_key(key: tuple[Any, Any], episode: int) -> tuple[Any, Any]:
    """Derive the key of one episode of a replicate; episode 0 has the replicate's.

    Parameters
        key: two uint32, or two arrays of them for many replicates.
    """
    if episode == 0:
        return key
    with np.errstate(over="ignore"):  # Weyl keys wrap around
        words = philox(*key, STREAM_EPISODE, ENTITY_MARKET, episode, 0)
    return words[0], words[1]


def replicate_keys(root: int, replicates: np.ndarray, episode: int = 0) -> np.ndarray:
    """Return the keys of an episode of many replicates, uint32 [R, 2]."""
    keys = np.array([replicate_key(root, int(each)) for each in replicates], dtype=np.uint32)
    keys = keys.reshape(len(keys), 2)
    return np.stack(episode_key((keys[:, 0], keys[:, 1]), episode), axis=1)


def trader_entity(group: str, member: int) -> int:
    """Return the entity of a trader: 20 bits of the hash of its group's name, 12 of its number.

    The name, not the position in a list: adding a group shifts nobody. ``reading`` refuses
    populations in which two groups share the 20 bits.
    """
    digest = hashlib.sha256(b"proteus group " + group.encode()).digest()
    return (int.from_bytes(digest[:4], "big") >> 12) << 12 | member
