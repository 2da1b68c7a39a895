"""Configuration models of constraints: one per kind.

A group has a chain of them, ``population.<group>.risk``, by their kinds. They are asked in the
order of ``place``, and of kinds where places are equal; the first that cuts is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, Union

from pydantic import Field, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    MAX_LOTS,
    Amount,
    Lots,
    PositiveCount,
    PositiveSeconds,
    Probability,
    requirement,
)
from proteus.market.constraints.added import ADDED_KINDS
from proteus.market.constraints.base import Constraint
from proteus.market.constraints.funds import WHOLE_PPM

FASTEST_PER_S = 1_000_000  # a message every microsecond
MOST_LEVERAGE = 1_000


class LossLimit(Constraint):
    """Who has lost so much, marked at the public reference, cancels everything and stops."""

    kind: Literal["loss_limit"]
    loss: Annotated[Amount, Field(gt=0)]  # currency
    pause_s: PositiveSeconds | None  # None: for good

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the loss in nano, and how long it stops, ns; 0: for good."""
        pause = 0 if self.pause_s is None else units.seconds_to_ns(self.pause_s)
        return units.currency_to_nano(self.loss), pause


class MessageRate(Constraint):
    """At most so many messages: a token bucket, as interval and tolerance of the cell rate rule."""

    kind: Literal["message_rate"]
    per_s: float = Field(gt=0, le=FASTEST_PER_S)
    burst: PositiveCount

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the time that a message takes to be earned, and how early a burst may be, ns."""
        interval = round(10**9 / self.per_s)
        return interval, interval * (self.burst - 1)

    @model_validator(mode="after")
    def _check_burst(self) -> Self:
        if self.numbers[1] >= 2**53:
            raise requirement("burst", "must be earned within 100 days at per_s")
        return self


class OrderSize(Constraint):
    """At most so many lots in a message."""

    kind: Literal["order_size"]
    lots: Lots

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the lots."""
        return self.lots, 0


class ExposurePerSide(Constraint):
    """At most so many lots of a side that may still fill."""

    kind: Literal["exposure_per_side"]
    lots: Lots

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the lots."""
        return self.lots, 0


class InventoryLimit(Constraint):
    """At most so many lots held, long or short, if all of a side fills that may."""

    kind: Literal["inventory_limit"]
    lots: Lots | None  # None: that to which the strategy itself shrinks its quotes

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the lots; without a limit of its own those that nobody can hold."""
        return self.lots or UNLIMITED_LOTS, 0


class Leverage(Constraint):
    """The position is worth at most so many times the wealth, if all of a side fills that may."""

    kind: Literal["leverage"]
    most: Annotated[Amount, Field(gt=0, le=MOST_LEVERAGE)]

    @property
    def numbers(self) -> tuple[int, int]:
        """Return it in billionths."""
        return units.currency_to_nano(self.most), 0


class Capital(Constraint):
    """All that may still fill can be paid, by the trader's reckoning and again by the venue's."""

    NEUTRAL: ClassVar[dict[str, Any]] = {"counts": "economic", "haircut": None}

    kind: Literal["capital"]
    counts: Literal["economic", "settled", "pending"] = "economic"
    haircut: Probability | None = None  # share of what is pending that does not count

    @property
    def numbers(self) -> tuple[int]:
        """Return what does not count of what fills bring until it is final, ppm."""
        share = {"economic": 0.0, "settled": 1.0}.get(self.counts, self.haircut or 0.0)
        return (round(share * WHOLE_PPM),)

    @model_validator(mode="after")
    def _check_haircut(self) -> Self:
        if (self.counts == "pending") != (self.haircut is not None):
            raise requirement("haircut", "must be given with counts=pending, and null otherwise")
        return self


_OURS = (LossLimit, MessageRate, OrderSize, ExposurePerSide, InventoryLimit, Leverage, Capital)
if TYPE_CHECKING:
    AnyConstraint = Constraint
else:
    _ADDED = [kind.config for kind in ADDED_KINDS.values()]
    AnyConstraint = Annotated[Union[(*_OURS, *_ADDED)], Field(discriminator="kind")]
UNLIMITED_LOTS = MAX_LOTS * 10**6
TODAY = InventoryLimit(kind="inventory_limit", on_limit="clip", place=50, lots=None)
DEFAULT_CHAIN: dict[str, Any] = {"inventory_limit": TODAY}


def in_order(chain: Mapping[str, Constraint], most_held: int) -> tuple[Constraint, ...]:
    """Return the constraints of a chain in the order in which they are asked.

    Parameters
        most_held: lots of an inventory limit that names none.
    """
    given = [
        each.model_copy(update={"lots": most_held})
        if isinstance(each, InventoryLimit) and each.lots is None
        else each
        for each in chain.values()
    ]
    return tuple(sorted(given, key=lambda each: (each.place, each.kind)))


def check_chain(chain: Mapping[str, Constraint], capital: float | None) -> None:
    """Refuse a chain that contradicts itself or its group.

    Raises
        PydanticCustomError: a key that is no kind of its constraint, or ``capital`` without any.
    """
    for key, each in chain.items():
        if key != each.kind:
            raise requirement(f"risk.{key}.kind", f"must be {key}, as the key that it stands at")
    for key in ("leverage", "capital"):
        if key in chain and capital is None:
            allowed = f"must be a number: risk.{key} has nothing else to count"
            raise requirement("capital", allowed)
