"""Seeds that are not drawn one by one: pairs with mirrored draws, and points that fill a space.

A design gives each replicate a row: its key, and masks that are laid over chosen words by exclusive
or. Complementing a word mirrors its draw; any other mask puts a given word in the place of the
drawn one. A row follows from the root seed and the number of the replicate alone, so it is the same
in every partition of a run. Replicates of one unit depend on each other, units do not.

``antithetic``  replicates 2m and 2m + 1 have the key of 2m; of the odd one the words of the chosen
                streams are complemented.
``sobol``       replicates m P .. m P + P - 1 are P points of a scrambled Sobol sequence, over the
                payoff and the times, components and sizes of the first jumps; the rest of each
                replicate is drawn with its own key.

Every word is uniform by itself under each design, so every mean over replicates is unbiased.

Source
    Hammersley & Morton (1956) Proc. Camb. Phil. Soc. 52:449, for antithetic pairs.
    Matousek (1998) J. Complexity 14:527, for the scrambling: a random lower triangular matrix over
    the bits of each coordinate, and a random shift. Joe & Kuo (2008) SIAM J. Sci. Comput. 30:2635.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.environment.masks import MASK_JUMPS, MASK_PAYOFF, MASKED_JUMPS, MASKS
from proteus.market.rng import (
    ENTITY_MARKET,
    STREAM_DESIGN,
    STREAM_NEWS_JUMP_SIZE,
    STREAM_NEWS_JUMP_TIME,
    STREAM_PAYOFF,
    philox,
    replicate_keys,
)

IID: Final = "iid"
ANTITHETIC: Final = "antithetic"
SOBOL: Final = "sobol"
NEWS: Final = "news"
INTENTS: Final = "intents"

INTENT_MASKS, NEWS_MASKS = 2, 6  # first columns of a row, behind the key
ROW = NEWS_MASKS + MASKS
_ALL = np.uint32(0xFFFFFFFF)
_BITS = 32

Words = NDArray[np.uint32]


class Design(NamedTuple):
    """How the seeds of a run depend on each other."""

    name: str = IID
    streams: tuple[str, ...] = (NEWS,)  # that are mirrored in antithetic pairs
    points: int = 1  # of a unit of a Sobol sequence, a power of 2

    @property
    def unit(self) -> int:
        """Return how many neighbouring replicates make a unit."""
        return {IID: 1, ANTITHETIC: 2, SOBOL: self.points}[self.name]


INDEPENDENT = Design()


def rows(design: Design, root: int, replicates: NDArray[np.int64], episode: int = 0) -> Words:
    """Return what the lanes of some replicates draw from.

    Parameters
        design, root: of the run. replicates: int64 [R], any of it, in any order.
        episode: whose random numbers the lanes have.

    Returns
        uint32 [R, 2], replicate keys; [R, ROW] under a design.
    """
    if design.name == IID:
        return replicate_keys(root, replicates, episode)
    made = np.zeros((len(replicates), ROW), np.uint32)
    if design.name == ANTITHETIC:
        made[:, :INTENT_MASKS] = replicate_keys(root, replicates - replicates % 2, episode)
        mirrored = np.flatnonzero(replicates % 2)
        if NEWS in design.streams:
            made[mirrored, NEWS_MASKS:] = _ALL
        if INTENTS in design.streams:
            made[mirrored, INTENT_MASKS:NEWS_MASKS] = _ALL
        return made
    made[:, :INTENT_MASKS] = keys = replicate_keys(root, replicates, episode)
    first = NEWS_MASKS + MASK_JUMPS
    wanted = _points(design.points, root, replicates, episode)
    with np.errstate(over="ignore"):  # the words of Philox wrap around
        drawn = _drawn(keys)
    made[:, NEWS_MASKS + MASK_PAYOFF] = drawn[:, 0] ^ wanted[:, 0]
    made[:, first : first + wanted.shape[1] - 1] = drawn[:, 1:] ^ wanted[:, 1:]
    return made


def _drawn(keys: Words) -> Words:
    """Return the words that a replicate draws where a Sobol sequence has coordinates, [R, D]."""

    def words(stream: int, index: int) -> tuple[Words, ...]:
        drawn: tuple[Words, ...] = philox(keys[:, 0], keys[:, 1], stream, ENTITY_MARKET, index, 0)
        return drawn

    found = [words(STREAM_PAYOFF, 0)[0]]
    for jump in range(MASKED_JUMPS - 1):  # the masks of the last stand for all that follow
        found.append(words(STREAM_NEWS_JUMP_TIME, jump)[0])
        found += words(STREAM_NEWS_JUMP_SIZE, jump)[:2]
    return np.stack(found, axis=1)


def _points(points: int, root: int, replicates: NDArray[np.int64], episode: int) -> Words:
    """Return the points of some replicates, words uint32 [R, D].

    The points of a unit are the first of the sequence, scrambled by words at addresses of its first
    replicate, so that units are independent.
    """
    from scipy.stats import qmc

    dims, digits = 1 + 3 * (MASKED_JUMPS - 1), points.bit_length() - 1
    plain = qmc.Sobol(dims, scramble=False, bits=_BITS).random_base2(digits)
    whole = np.round(plain * 2.0**_BITS).astype(np.uint32)[replicates % points]  # [R, D]
    keys = replicate_keys(root, replicates - replicates % points, episode)
    made = np.empty_like(whole)
    with np.errstate(over="ignore"):
        for dim in range(dims):
            random = [
                word for block in range(digits // 4 + 1)
                for word in philox(keys[:, 0], keys[:, 1], STREAM_DESIGN, ENTITY_MARKET, dim, block)
            ]  # fmt: skip
            made[:, dim] = random[digits]  # the shift
            for digit in range(digits):
                top = np.uint32(1 << (_BITS - 1 - digit))
                column = (random[digit] & np.uint32(top - 1)) | top
                made[:, dim] ^= np.where(whole[:, dim] & top, column, np.uint32(0))
    return made
