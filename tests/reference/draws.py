"""Random words by address, and what becomes of a word.

The addresses are those of ``docs/seeds.md``. This is all that the twin shares with the kernels.
"""

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from proteus.market import rng

SCHEDULE, NEWS, NOTIFIED, EXPIRY = range(4)  # kinds of causes
FURTHER = rng.STREAM_LATENCY_FURTHER - rng.STREAM_LATENCY  # and of those that stress has added


class Cause(NamedTuple):
    """Why a message was sent: a wake-up, by its number among those of its kind, and a slot."""

    kind: int
    wake: int
    slot: int = 0

    @property
    def packed(self) -> int:
        """The cause as one integer, as logs write it."""
        return self.kind << 48 | self.slot << 40 | self.wake


class Draws:
    """The words of one replicate; those of mirrored streams are complemented."""

    def __init__(
        self, root: int, replicate: int, episode: int = 0, mirrored: tuple[int, ...] = ()
    ) -> None:
        self.mirrored = mirrored
        key = rng.replicate_key(root, replicate)
        if episode:
            key = tuple(rng.draw(*key, rng.STREAM_EPISODE, 0, episode, 0)[:2])
        self.key = key

    def words(self, stream: int, entity: int, index: int, block: int = 0) -> list[int]:
        """The four words at an address; the low 32 bits of each part count."""
        low = 0xFFFFFFFF
        found = rng.draw(*self.key, stream, entity & low, index & low, block & low)
        mask = low if stream in self.mirrored else 0
        return [int(word) ^ mask for word in found]

    def latency(self, entity: int, cause: Cause) -> list[int]:
        """The words of a message, one for each leg: submission, answer, fill report, data."""
        return self.words(rng.STREAM_LATENCY + cause.kind, entity, cause.wake, cause.slot)

    def fill_report(self, entity: int, cause: Cause, number: int) -> int:
        """The word of the n-th fill report of an order."""
        block = number << 16 | cause.kind << 8 | cause.slot
        return self.words(rng.STREAM_FILL_REPORT, entity, cause.wake, block)[0]

    def tie(self, entity: int, cause: Cause) -> int:
        """The word that orders messages of the same nanosecond: the same for a whole wake-up."""
        return self.words(rng.STREAM_TIE, entity, cause.wake, cause.kind << 16)[0]

    def lot(self, entity: int, cause: Cause) -> int:
        """The word that ranks an order among its equals."""
        return self.words(rng.STREAM_ALLOCATION, entity, of_order(cause))[0]

    def rank_of_quote(self, entity: int, cause: Cause) -> int:
        """The word that ranks a quote among those at its price, the largest first."""
        return self.words(rng.STREAM_RFQ_TIE, entity, of_order(cause))[0]

    def of_request(self, stream: int, dealer: int, taker: int, cause: Cause) -> list[int]:
        """The words of a dealer (an entity) about the request that a taker sends for a cause."""
        ours = cause.kind // 4 * 2**29 if cause.kind > EXPIRY else 0
        return self.words(stream, dealer, ours + 4 * cause.wake + cause.kind % 4, taker)


def of_order(cause: Cause) -> int:
    """The index of an order among those of its trader."""
    return (cause.kind << 8 | cause.slot) ^ (cause.wake << 12)


@lru_cache
def ns(milliseconds: float) -> int:
    """A configured time in whole nanoseconds."""
    return int(Decimal(str(milliseconds)) * 1_000_000)
