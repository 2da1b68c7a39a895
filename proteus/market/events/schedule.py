"""When traders wake up: periodic with addressed phase and jitter, Poisson, once, before slots end.

A clustered Poisson schedule is a renewal process: with probability c the next gap is drawn from
the short law inside a cluster, otherwise from a longer one, so that the mean rate stays as given.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    NonNegative,
    PositiveMilliseconds,
    Schema,
    requirement,
)
from proteus.compiler.jit import inline_kernel
from proteus.errors import ConfigError as ConfigError
from proteus.market.events.envelopes import CAUSE_NEWS, CAUSE_NOTIFIED, CAUSE_SCHEDULE
from proteus.market.events.queue import KIND_WAKE, KIND_WAKE_NEWS, NEVER_NS
from proteus.market.rng import STREAM_SCHEDULE, exponential, uniform, words_at


class Schedule(Schema):
    """Say when a trader wakes up."""

    NEUTRAL: ClassVar[dict[str, Any]] = {"lead_ms": None}

    law: Literal["periodic", "poisson", "once", "before_slots", "none"]
    rate_per_s: NonNegative
    jitter: float = Field(ge=0, lt=1)
    cluster_probability: float = Field(ge=0, lt=1)
    cluster_gap_ms: PositiveMilliseconds
    on_news: bool
    on_fill: bool
    lead_ms: PositiveMilliseconds | None = None  # from a wake-up to the end of its slot

    def wake_ups_per_s(self, slot_ns: int) -> float:
        """Return the rate of scheduled wake-ups; a single one has none.

        Parameters
            slot_ns: length of the slots of blocks, or 0 without any.
        """
        if self.law == "before_slots":
            return units.NS_PER_S / slot_ns if slot_ns else 0.0
        return 0.0 if self.law == "once" else self.rate_per_s

    @model_validator(mode="after")
    def _check_law(self) -> Self:
        has_rate = self.law not in ("none", "before_slots")
        if has_rate != (self.rate_per_s > 0):
            laws = "none" if has_rate else self.law
            allowed = f"must be 0 when law={laws}, and greater than 0 otherwise"
            raise requirement("rate_per_s", allowed)
        if (self.law == "before_slots") != (self.lead_ms is not None):
            needed = "must be given" if self.law == "before_slots" else "must be null"
            raise requirement("lead_ms", f"{needed} when law={self.law}")
        if self.rate_per_s > units.NS_PER_S:
            raise requirement("rate_per_s", "must be at most one per nanosecond")
        if self.law != "periodic" and self.jitter:
            raise requirement("jitter", f"must be 0 when law={self.law}")
        if self.law != "poisson" and self.cluster_probability:
            raise requirement("cluster_probability", f"must be 0 when law={self.law}")
        return self


NONE = 0
PERIODIC = 1
POISSON = 2
ONCE = 3  # at 1 / rate, and never again
BEFORE_SLOTS = 4  # a while before each slot of the blocks ends, whether a block is made or not
SCHEDULE_CODES = {
    "none": NONE, "periodic": PERIODIC, "poisson": POISSON, "once": ONCE,
    "before_slots": BEFORE_SLOTS,
}  # fmt: skip

_BLOCK_WAKE = 0
_BLOCK_PHASE = 1


@inline_kernel
def cause_of_kind(kind):
    """Return what a wake-up that comes from this kind of event is caused by."""
    if kind == KIND_WAKE:
        return CAUSE_SCHEDULE
    return CAUSE_NEWS if kind == KIND_WAKE_NEWS else CAUSE_NOTIFIED


@inline_kernel
def first_wake(schedules, traders, private, keys, lane, trader):
    """Return the time of wake-up 0 in ns, or NEVER_NS.

    Parameters
        schedules, traders: parameters. private: written, where the next wake-up counts from.
        keys: uint32 [L, 2], replicate keys. lane: row. trader: its number.
    """
    if schedules.law[trader] == NONE:
        return np.int64(NEVER_NS)
    if schedules.law[trader] == ONCE:
        return np.int64(schedules.gap_ns[trader])
    if schedules.law[trader] == PERIODIC:
        words = words_at(keys, lane, STREAM_SCHEDULE, traders.entity[trader], 0, _BLOCK_PHASE)
        private.anchor[lane, trader] = np.int64(uniform(words[0]) * schedules.gap_ns[trader])
        return private.anchor[lane, trader]
    if schedules.law[trader] == BEFORE_SLOTS:
        slot_ns = np.int64(schedules.gap_ns[trader])
        private.anchor[lane, trader] = slot_ns - schedules.lead_ns[trader]
        return private.anchor[lane, trader]
    return _next_poisson(schedules, traders, private, keys, lane, trader, 0)


@inline_kernel
def next_wake(schedules, traders, private, keys, lane, trader, number):
    """Return the time of wake-up ``number`` >= 1 in ns, or NEVER_NS; the rest as ``first_wake``."""
    if schedules.law[trader] == ONCE:
        return np.int64(NEVER_NS)
    if schedules.law[trader] == PERIODIC or schedules.law[trader] == BEFORE_SLOTS:
        return _next_periodic(schedules, traders, private, keys, lane, trader, number)
    return _next_poisson(schedules, traders, private, keys, lane, trader, number)


@inline_kernel
def _next_periodic(schedules, traders, private, keys, lane, trader, number):
    words = words_at(keys, lane, STREAM_SCHEDULE, traders.entity[trader], number, _BLOCK_WAKE)
    private.anchor[lane, trader] += np.int64(schedules.gap_ns[trader])
    shift = (2.0 * uniform(words[0]) - 1.0) * schedules.jitter_ns[trader]
    return private.anchor[lane, trader] + np.int64(shift)


@inline_kernel
def _next_poisson(schedules, traders, private, keys, lane, trader, number):
    words = words_at(keys, lane, STREAM_SCHEDULE, traders.entity[trader], number, _BLOCK_WAKE)
    clustered = schedules.cluster_probability[trader]
    mean = schedules.gap_ns[trader]
    if clustered > 0.0:
        short = schedules.cluster_gap_ns[trader]
        mean = (mean - clustered * short) / (1.0 - clustered)
        if uniform(words[1]) < clustered:
            mean = short
    gap = min(exponential(words[0]) * mean, np.float64(NEVER_NS))
    private.anchor[lane, trader] += max(np.int64(gap), 1)
    return private.anchor[lane, trader]
