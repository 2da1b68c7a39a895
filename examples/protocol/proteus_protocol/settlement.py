"""Settlement by sessions: what is traded before the cut-off is due at the end of the day.

What is not realistic
    All days are business days, and nobody settles early.

Source
    ECB, TARGET2-Securities, User Detailed Functional Specifications: cut-off for delivery versus
    payment, after which an instruction is for the next day.
"""

from __future__ import annotations

from typing import Literal, Self

from proteus.basics import units
from proteus.basics.schema import PositiveMilliseconds, requirement
from proteus.compiler.jit import inline_kernel
from proteus.market.settlement.base import DatedSettlement, SettlementKind
from pydantic import model_validator


class SessionSettlement(DatedSettlement):
    """Keys of ``conf/settlement/session.yaml``; netting, retries and penalty are as elsewhere."""

    mode: Literal["session"]
    day_ms: PositiveMilliseconds
    cutoff_ms: PositiveMilliseconds

    @model_validator(mode="after")
    def _check_cutoff(self) -> Self:
        if self.cutoff_ms > self.day_ms:
            raise requirement("cutoff_ms", f"must be at most day_ms={self.day_ms}")
        return self

    @property
    def pending_ns(self) -> int:
        """Return how long a fill is pending that comes just at the cut-off."""
        day_ns, cutoff_ns = self.numbers()
        return 2 * day_ns - cutoff_ns

    def numbers(self) -> tuple[int, ...]:
        """Return day and cut-off, ns."""
        return units.milliseconds_to_ns(self.day_ms), units.milliseconds_to_ns(self.cutoff_ms)


@inline_kernel
def due(numbers, time):
    """Return the end of the day, or of the next one."""
    day_ns, cutoff_ns = numbers[0], numbers[1]
    ends = (time // day_ns + 1) * day_ns
    return ends if time % day_ns < cutoff_ns else ends + day_ns


SESSION = SettlementKind(SessionSettlement, due)
