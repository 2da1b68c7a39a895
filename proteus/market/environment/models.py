"""Configuration models of the news."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proteus.basics.schema import (
    AS_TUPLE,
    NonNegative,
    Positive,
    PositiveMilliseconds,
    Schema,
    requirement,
)
from proteus.errors import ConfigError as ConfigError


class Latent(Schema):
    """Hold what the two latent models share."""

    model: str
    dt: PositiveMilliseconds
    total_variance: NonNegative | None
    sigma: NonNegative | None  # per sqrt second
    jump_rate_per_s: NonNegative

    @model_validator(mode="after")
    def _check_noise(self) -> Self:
        if (self.sigma is None) == (self.total_variance is None):
            allowed = "exactly one of sigma and total_variance must be given, the other null"
            raise requirement("sigma", allowed)
        return self


class BayesianLatent(Latent):
    """Keys of the Bayesian news model."""

    model: Literal["bayesian"]
    jump_accuracy: float = Field(ge=0.5, lt=1)


class Jump(Schema):
    """Describe one part of the mixture of jump sizes, in log-odds."""

    weight: Positive
    mean: float
    sd: NonNegative


ListOfJumps = Annotated[tuple[Jump, ...], AS_TUPLE]


class LogOddsLatent(Latent):
    """Keys of the mean-reverting log-odds model."""

    model: Literal["log_odds"]
    mean_reversion_per_s: NonNegative
    jumps: ListOfJumps

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        total = sum(jump.weight for jump in self.jumps)
        if self.jump_rate_per_s > 0 and abs(total - 1) > 1e-9:
            raise requirement("jumps", f"the weights must sum to 1, not {total:g}")
        return self


LATENT_MODELS: dict[str, type[Latent]] = {"bayesian": BayesianLatent, "log_odds": LogOddsLatent}
