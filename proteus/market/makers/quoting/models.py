"""Configuration models of quoting rules: a class, its code, and a yaml in ``conf/quoting`` each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, Union

from pydantic import Field, model_validator

from proteus.basics.schema import (
    Milliseconds,
    NonNegative,
    PositiveSeconds,
    Probability,
    requirement,
)
from proteus.market.makers.quoting.added import ADDED_RULES
from proteus.market.makers.quoting.base import (
    Decay,
    EstimatingQuoting,
    HalfSpread,
    Quoting,
    Rate,
)
from proteus.market.makers.quoting.codes import (
    AVELLANEDA_STOIKOV,
    CARTEA_JAIMUNGAL,
    FIXED,
    GLFT,
    LINEAR,
)

LARGEST_TABLE = 100_000  # norm of the matrix times T: a table takes seconds to make


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


_OURS = (
    LinearQuoting, FixedQuoting, AvellanedaStoikovQuoting, GlftQuoting, CarteaJaimungalQuoting,
)  # fmt: skip
if TYPE_CHECKING:
    AnyQuoting = (
        LinearQuoting | FixedQuoting | AvellanedaStoikovQuoting | GlftQuoting
        | CarteaJaimungalQuoting
    )  # fmt: skip
else:
    _ADDED = [kind.config for kind in ADDED_RULES.values()]
    AnyQuoting = Annotated[Union[(*_OURS, *_ADDED)], Field(discriminator="name")]
