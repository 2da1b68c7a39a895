"""Configuration models of quoting rules: a class, its code, and a yaml in ``conf/quoting`` each."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from proteus.basics.schema import (
    Milliseconds,
    NonNegative,
    PositiveCount,
    PositiveSeconds,
    Probability,
    Schema,
    requirement,
)

LINEAR = 0
FIXED = 1
AVELLANEDA_STOIKOV = 2
GLFT = 3
CARTEA_JAIMUNGAL = 4

LARGEST_TABLE = 100_000  # norm of the matrix times T: a table takes seconds to make
HalfSpread = Annotated[float, Field(ge=0, le=1)]  # currency, the range of all prices
Decay = Annotated[float, Field(gt=0, le=1e6)]  # k, per currency
Rate = Annotated[float, Field(gt=0, le=1e6)]  # A, per second
Aversion = Annotated[float, Field(ge=0, le=1e6)]  # g, per currency


class Quoting(Schema):
    """Say how quotes follow from an estimate."""

    CODE: ClassVar[int]


class LinearQuoting(Quoting):
    """Quote as the ordinary maker does."""

    CODE: ClassVar[int] = LINEAR
    name: Literal["linear"]
    half_spread: HalfSpread
    inventory_slope: NonNegative  # currency per lot
    skew: NonNegative  # currency per lot
    volatility_weight: NonNegative
    adverse_selection_weight: NonNegative
    volatility_decay: Probability
    adverse_selection_decay: Probability
    adverse_selection_horizon_ms: Milliseconds


class FixedQuoting(Quoting):
    """Quote the same half-spread always."""

    CODE: ClassVar[int] = FIXED
    name: Literal["fixed"]
    half_spread: HalfSpread


class EstimatingQuoting(Quoting):
    """Quote by a volatility and a fill rate that are given, or that the maker finds itself."""

    risk_aversion: Aversion
    volatility: Literal["fixed", "estimated"]
    volatility_per_root_s: NonNegative  # currency; before it is estimated as well
    volatility_decay: Annotated[float, Field(gt=0, le=1)]
    fills: Literal["given", "fitted"]
    fill_rate_per_s: Rate  # before it is fitted as well
    fill_decay: Decay
    distance_class: Annotated[float, Field(gt=0, le=1)]  # currency
    least_fills: PositiveCount


class AvellanedaStoikovQuoting(EstimatingQuoting):
    """Quote by Avellaneda and Stoikov."""

    CODE: ClassVar[int] = AVELLANEDA_STOIKOV
    name: Literal["avellaneda_stoikov"]
    closing_s: PositiveSeconds


class GlftQuoting(EstimatingQuoting):
    """Quote by Gueant, Lehalle and Fernandez-Tapia."""

    CODE: ClassVar[int] = GLFT
    name: Literal["glft"]


class CarteaJaimungalQuoting(Quoting):
    """Quote by Cartea and Jaimungal."""

    CODE: ClassVar[int] = CARTEA_JAIMUNGAL
    name: Literal["cartea_jaimungal"]
    fill_rate_per_s: Rate
    fill_decay: Decay
    running_penalty: NonNegative
    final_penalty: NonNegative
    levels: Annotated[int, Field(ge=1, le=50)]
    closing_s: PositiveSeconds

    @model_validator(mode="after")
    def _check_table(self) -> Self:
        decay = self.running_penalty * self.fill_decay * self.levels**2
        if (decay + self.fill_rate_per_s) * self.closing_s > LARGEST_TABLE:
            allowed = (
                f"so small that (running_penalty x fill_decay x levels^2 + fill_rate_per_s) x "
                f"closing_s is at most {LARGEST_TABLE}"
            )
            raise requirement("running_penalty", f"must be {allowed}")
        return self


AnyQuoting = Annotated[
    LinearQuoting | FixedQuoting | AvellanedaStoikovQuoting | GlftQuoting | CarteaJaimungalQuoting,
    Field(discriminator="name"),
]
