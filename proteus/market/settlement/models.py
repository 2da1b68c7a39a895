"""Configuration models of settlement: one per mode, those of other packages as well."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    PositiveCount,
    PositiveMilliseconds,
    Probability,
    requirement,
)
from proteus.market.settlement.added import ADDED_KINDS
from proteus.market.settlement.base import DatedSettlement, Settlement

DEEPEST_CHAIN = 1_000_000  # blocks that a fill may have to wait for


class ImmediateSettlement(Settlement):
    """A fill is final when it happens."""

    mode: Literal["immediate"]


class DelayedSettlement(DatedSettlement):
    """A fill is due a while after it, or at the next of fixed times."""

    mode: Literal["delayed"]
    delay_ms: PositiveMilliseconds | None
    cycle_ms: PositiveMilliseconds | None

    @model_validator(mode="after")
    def _check_due(self) -> Self:
        if (self.delay_ms is None) == (self.cycle_ms is None):
            allowed = "exactly one of delay_ms and cycle_ms must be given, the other null"
            raise requirement("delay_ms", allowed)
        return self

    @property
    def pending_ns(self) -> int:
        """Return how long a fill is pending that does not fail, at most."""
        return units.milliseconds_to_ns(self.delay_ms or self.cycle_ms or 0)


class BlockSettlement(Settlement):
    """A fill is carried by a block, and final when so many more have been made."""

    mode: Literal["blocks"]
    finality_blocks: PositiveCount = Field(le=DEEPEST_CHAIN)
    fork_probability: Probability
    fork_depth: PositiveCount

    @model_validator(mode="after")
    def _check_depth(self) -> Self:
        if self.fork_depth > self.finality_blocks:
            allowed = (
                f"must be at most finality_blocks={self.finality_blocks}: what is final"
                " cannot be reverted"
            )
            raise requirement("fork_depth", allowed)
        return self

    @property
    def pending_ns(self) -> int:
        """Return how long a fill is pending at most; blocks may be made at any times."""
        return units.LARGEST


SETTLEMENT_MODELS: dict[str, type[Settlement]] = {
    "immediate": ImmediateSettlement,
    "delayed": DelayedSettlement,
    "blocks": BlockSettlement,
    **{name: kind.config for name, kind in ADDED_KINDS.items()},
}
