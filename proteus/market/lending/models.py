"""Configuration models of credit: none, or one pool of cash that lends against pledged lots.

The rules are those of ``pool`` (``docs/credit.md``). Rates are a year of ``year_s`` seconds, so
that a short market has interest that matters.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    Amount,
    PositiveMilliseconds,
    PositiveSeconds,
    Schema,
    requirement,
)
from proteus.market.lending.curves import WAD

MOST_RATE = 9  # a year; in 1e18 it is int64
Share = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(gt=0, lt=1)]
Rate = Annotated[float, Field(ge=0, le=MOST_RATE)]


def wad(number: float) -> int:
    """Return a decimal number as a whole one of 1e18, exactly as it is written."""
    return round(Fraction(str(number)) * WAD)


class Credit(Schema):
    """Hold what the mechanisms share: their name."""

    mechanism: str

    @property
    def is_used(self) -> bool:
        """Tell whether anybody can borrow."""
        return self.mechanism != "none"

    @property
    def grid_ns(self) -> int:
        """Return the time between accruals, 0 where there are none."""
        return 0


class NoCredit(Credit):
    """Nobody borrows or lends."""

    mechanism: Literal["none"]


class PoolCredit(Credit):
    """One pool: lenders supply cash, traders borrow it against the lots that they hold."""

    mechanism: Literal["pool"]
    curve: Literal["fixed", "kinked", "adaptive"]
    base: Rate
    slope_1: Rate
    slope_2: Rate
    kink: BelowOne
    normalised: bool
    at_target: Rate
    accrual: Literal["simple", "compound_taylor3", "exact"]
    accrue_ms: PositiveMilliseconds
    year_s: PositiveSeconds
    reserve_factor: Share
    price: Literal["reference", "oracle"]
    ltv: BelowOne
    threshold: BelowOne
    keeper: Literal["traders", "auto"]
    bonus: Share
    bonus_least: Share
    policy: Literal["full", "close_factor", "target_health"]
    close_factor: Annotated[float, Field(gt=0, le=1)]
    close_health: BelowOne
    target: Annotated[float, Field(gt=1, le=MOST_RATE)]
    protocol_share: Share
    dust: Amount

    @property
    def grid_ns(self) -> int:
        """Return the time between accruals."""
        return units.milliseconds_to_ns(self.accrue_ms)

    @property
    def year_ns(self) -> int:
        """Return the length of a year."""
        return units.seconds_to_ns(self.year_s)

    @model_validator(mode="after")
    def _check_rates(self) -> Self:
        if self.base + self.slope_1 + self.slope_2 > MOST_RATE:
            allowed = f"base, slope_1 and slope_2 must be at most {MOST_RATE} together"
            raise requirement("slope_2", allowed)
        if self.grid_ns > self.year_ns:
            raise requirement("accrue_ms", f"must be at most a year, year_s={self.year_s}")
        return self

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        if self.ltv >= self.threshold:
            allowed = f"must be less than threshold={self.threshold}: who borrows must be healthy"
            raise requirement("ltv", allowed)
        if wad(self.threshold) * (WAD + wad(self.bonus)) >= WAD * WAD:
            allowed = f"must be less than 1 / threshold - 1, threshold={self.threshold}"
            raise requirement("bonus", f"{allowed}: a liquidation must help")
        return self


NO_CREDIT = NoCredit(mechanism="none")
CREDIT_MODELS: dict[str, type[Credit]] = {"none": NoCredit, "pool": PoolCredit}
