"""The trader kinds there are: one line each.

A trader is one file with its kernels, one yaml in ``conf/trader`` and one line here.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from proteus.schema import (
    Lots,
    Milliseconds,
    NonNegative,
    PositiveMilliseconds,
    Probability,
    Schema,
    SignedTicks,
    requirement,
)


class PolicyConfig(Schema):
    """Hold the keys of one policy; a subclass says whether it cannot act without a signal."""

    needs_signal: ClassVar[bool] = False


class MakerPolicy(PolicyConfig):
    """Keys of the market maker (DESIGN 4, MODEL 12 to 14)."""

    half_spread: NonNegative  # h0, currency
    inventory_slope: NonNegative  # a, currency per lot
    skew: NonNegative  # kappa, currency per lot
    volatility_weight: NonNegative  # b
    adverse_selection_weight: NonNegative  # c
    volatility_decay: Probability
    adverse_selection_decay: Probability
    adverse_selection_horizon_ms: Milliseconds
    belief_gain_trade: Probability
    belief_gain_fill: Probability
    belief_gain_signal: Probability
    quote_lots: Lots
    inventory_limit_lots: Lots
    at_limit: Literal["pull", "widen"]
    widen_by: NonNegative  # currency


class InformedPolicy(PolicyConfig):
    """Keys of the informed trader."""

    needs_signal: ClassVar[bool] = True
    theta: NonNegative  # currency
    latency_risk: NonNegative  # currency per sqrt second
    lots_per_edge: NonNegative  # lots per currency
    max_lots: Lots


class SniperPolicy(PolicyConfig):
    """Keys of the sniper."""

    needs_signal: ClassVar[bool] = True
    theta: NonNegative  # currency
    latency_risk: NonNegative  # currency per sqrt second
    lots: Lots


class NoisePolicy(PolicyConfig):
    """Keys of the noise trader."""

    marketable_probability: Probability
    size_mean_lots: float = Field(ge=1)
    max_lots: Lots
    offset_low_ticks: SignedTicks  # a limit buy is placed at the reference minus the offset
    offset_high_ticks: SignedTicks
    lifetime_ms: PositiveMilliseconds

    @model_validator(mode="after")
    def _check_offsets(self) -> Self:
        if self.offset_high_ticks < self.offset_low_ticks:
            allowed = f"must be at least offset_low_ticks={self.offset_low_ticks}"
            raise requirement("offset_high_ticks", allowed)
        return self


POLICY_MODELS: dict[str, type[PolicyConfig]] = {
    "maker": MakerPolicy,
    "informed": InformedPolicy,
    "noise": NoisePolicy,
    "sniper": SniperPolicy,
}
