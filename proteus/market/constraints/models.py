"""Configuration models of constraints: one per kind.

A group has a chain of them, ``population.<group>.risk``, by their kinds. They are asked in the
order of ``place``, and of kinds where places are equal; the first that cuts is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from proteus.basics.schema import (
    MAX_LOTS,
    Lots,
    PositiveCount,
    Probability,
    Schema,
    requirement,
)
from proteus.market.constraints.funds import WHOLE_PPM

MOST_PLACES = 1_000
FASTEST_PER_S = 1_000_000  # a message every microsecond


class Constraint(Schema):
    """Hold what all constraints share."""

    kind: str
    on_limit: Literal["clip", "drop"]  # send what fits, or nothing
    place: int = Field(ge=0, le=MOST_PLACES)  # in the chain, the smallest first

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the two numbers that its kernel reads."""
        raise NotImplementedError


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


class Capital(Constraint):
    """All that may still fill can be paid, by the trader's reckoning and again by the venue's."""

    NEUTRAL: ClassVar[dict[str, Any]] = {"counts": "economic", "haircut": None}

    kind: Literal["capital"]
    counts: Literal["economic", "settled", "pending"] = "economic"
    haircut: Probability | None = None  # share of what is pending that does not count

    @property
    def numbers(self) -> tuple[int, int]:
        """Return what does not count of what fills bring until it is final, ppm."""
        share = {"economic": 0.0, "settled": 1.0}.get(self.counts, self.haircut or 0.0)
        return round(share * WHOLE_PPM), 0

    @model_validator(mode="after")
    def _check_haircut(self) -> Self:
        if (self.counts == "pending") != (self.haircut is not None):
            raise requirement("haircut", "must be given with counts=pending, and null otherwise")
        return self


AnyConstraint = Annotated[
    MessageRate | OrderSize | ExposurePerSide | InventoryLimit | Capital,
    Field(discriminator="kind"),
]
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
    if "capital" in chain and capital is None:
        raise requirement("capital", "must be a number: risk.capital has nothing else to count")
