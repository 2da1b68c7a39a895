"""What every way of settlement has, and what one of another package is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from pydantic import Field

from proteus.basics.schema import Schema

MOST_RETRIES = 10_000  # tries are counted in int16
WHOLE_PPM = 1_000_000  # a penalty is at most the value that failed


class Settlement(Schema):
    """Hold what the modes share: their name."""

    mode: str

    @property
    def is_used(self) -> bool:
        """Tell whether a fill may be final later than it happens."""
        return self.mode != "immediate"

    @property
    def pending_ns(self) -> int:
        """Return how long a fill is pending that does not fail, at most."""
        return 0


class DatedSettlement(Settlement):
    """A fill is due at a time, and fails if it cannot be paid then; a subclass says when.

    One of another package adds keys, ``numbers``, and ``pending_ns``, which is how much room there
    is for fills that wait.
    """

    netting: Literal["gross", "net"]
    retries: int = Field(ge=0, le=MOST_RETRIES)
    fail_penalty_ppm: int = Field(ge=0, le=WHOLE_PPM)

    def numbers(self) -> tuple[int, ...]:
        """Return what ``SettlementKind.due`` is given of the keys, as int64."""
        return ()


class SettlementKind(NamedTuple):
    """A row of the table of modes: the class that reads its keys, and when a fill is due.

    ``due`` is a part of a kernel, (numbers, time) to when a fill of this time is due, or one that
    failed at it: later than ``time``, never earlier for a later time, both ns.
    """

    config: type[DatedSettlement]
    due: Callable[..., Any]
