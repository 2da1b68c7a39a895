"""Configuration models of the channels of a market's environment.

A channel that is null is not there. What contradicts inside a channel is refused here; what
contradicts other parts of a cell is listed in ``contradictions.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from proteus.basics import units
from proteus.basics.schema import (
    Milliseconds,
    NonNegative,
    Positive,
    PositiveCount,
    PositiveMilliseconds,
    PositiveSeconds,
    Probability,
    Schema,
    requirement,
)
from proteus.errors import ConfigError as ConfigError
from proteus.market.environment.sources import SOURCES

LARGEST_GAS = 2**31  # of a block: a draw below it has 32 bits
LARGEST_RATIO = 9  # of a relative deviation: the product that is compared stays inside int64
MOST_KEPT = 10_000  # readings of a window, or reports on their way
MOST_MISSED = 0.99


def _is_nano(value: float) -> float:
    """Check that a number is a whole number of billionths."""
    try:
        units.currency_to_nano(value)
    except units.UnitError:
        allowed = f"must be a multiple of 0.000000001, at most {units.LARGEST // units.NANO}"
        raise PydanticCustomError("requirement", "{allowed}", {"allowed": allowed}) from None
    return value


Nano = Annotated[float, Field(ge=0), AfterValidator(_is_nano)]


if TYPE_CHECKING:
    SourceName = str
else:
    SourceName = Literal[tuple(SOURCES)]


class OracleConfig(Schema):
    """Say what an oracle reads, when it reports, and when a report arrives."""

    source: SourceName
    window_ms: PositiveMilliseconds | None
    noise_sd: NonNegative  # currency
    check_ms: PositiveMilliseconds
    deviation: Nano | None
    deviation_in: Literal["absolute", "relative", "log_odds"]
    heartbeat_s: PositiveSeconds | None
    lag_ms: Milliseconds

    @property
    def check_ns(self) -> int:
        """Return the time between two checks."""
        return units.milliseconds_to_ns(self.check_ms)

    @property
    def lag_ns(self) -> int:
        """Return how long a report is on its way."""
        return units.milliseconds_to_ns(self.lag_ms)

    @property
    def readings(self) -> int:
        """Return how many readings a report is the mean of."""
        if self.window_ms is None:
            return 1
        return units.milliseconds_to_ns(self.window_ms) // self.check_ns

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        is_twap = self.source == "twap"
        if is_twap != (self.window_ms is not None):
            allowed = "must be given" if is_twap else f"must be null when source={self.source}"
            raise requirement("window_ms", allowed)
        if self.window_ms is not None:
            whole = units.milliseconds_to_ns(self.window_ms) % self.check_ns == 0
            if not whole or self.readings > MOST_KEPT:
                allowed = f"must be 1 to {MOST_KEPT} times check_ms={self.check_ms}"
                raise requirement("window_ms", allowed)
        if self.noise_sd and self.source != "value":
            raise requirement("noise_sd", f"must be 0 when source={self.source}")
        return self

    @model_validator(mode="after")
    def _check_reports(self) -> Self:
        if self.deviation is None and self.heartbeat_s is None:
            allowed = "must be given where heartbeat_s is null: the oracle would never report"
            raise requirement("deviation", allowed)
        if self.deviation_in == "relative" and (self.deviation or 0) > LARGEST_RATIO:
            allowed = f"must be at most {LARGEST_RATIO} when deviation_in=relative"
            raise requirement("deviation", allowed)
        if self.lag_ns > MOST_KEPT * self.check_ns:
            allowed = f"must be at most {MOST_KEPT} times check_ms={self.check_ms}"
            raise requirement("lag_ms", allowed)
        return self


class BlocksConfig(Schema):
    """Say when blocks are made."""

    law: Literal["slots", "poisson"]
    interval_ms: PositiveMilliseconds
    missed: Probability

    @property
    def interval_ns(self) -> int:
        """Return the length of a slot, or the mean time between blocks."""
        return units.milliseconds_to_ns(self.interval_ms)

    @property
    def mean_gap_ms(self) -> float:
        """Return the mean time between two blocks that are made."""
        return self.interval_ms / (1.0 - self.missed)

    @property
    def gap_variance(self) -> float:
        """Return the variance of that time, in squares of its mean."""
        return 1.0 if self.law == "poisson" else self.missed

    @model_validator(mode="after")
    def _check_missed(self) -> Self:
        if self.law == "poisson" and self.missed:
            raise requirement("missed", "must be 0 when law=poisson, where there are no slots")
        if self.missed > MOST_MISSED:
            raise requirement("missed", f"must be at most {MOST_MISSED}")
        return self


class CongestionConfig(Schema):
    """Say how full blocks are, and what that makes of the base fee."""

    base_fee: Nano  # currency a message, in the first block
    gas_limit: Annotated[int, Field(ge=1, lt=LARGEST_GAS)]
    elasticity: PositiveCount
    denominator: PositiveCount
    demand: Literal["exogenous", "elastic"]
    demand_mean: Positive
    demand_spread: NonNegative
    highest_value: Nano | None  # currency a message
    message_gas: Annotated[int, Field(ge=0, lt=LARGEST_GAS)]

    @property
    def gas_target(self) -> int:
        """Return the gas of a block that leaves the base fee as it is."""
        return self.gas_limit // self.elasticity

    @property
    def is_endogenous(self) -> bool:
        """Return whether the base fee depends on what the market does."""
        return self.message_gas > 0

    @model_validator(mode="after")
    def _check_gas(self) -> Self:
        if units.currency_to_nano(self.base_fee) == 0:
            raise requirement("base_fee", "must be at least 0.000000001")
        if self.gas_target == 0:
            raise requirement("elasticity", f"must be at most gas_limit={self.gas_limit}")
        if self.demand_spread > self.demand_mean:
            allowed = f"must be at most demand_mean={self.demand_mean}: no demand is below 0"
            raise requirement("demand_spread", allowed)
        if (self.demand_mean + self.demand_spread) * self.gas_target >= LARGEST_GAS:
            raise requirement("demand_mean", f"must keep demand below {LARGEST_GAS} units of gas")
        return self

    @model_validator(mode="after")
    def _check_demand(self) -> Self:
        mean, largest = self.demand_mean, self.demand_mean + self.demand_spread
        if self.demand == "exogenous":
            if self.highest_value is not None:
                raise requirement("highest_value", "must be null when demand=exogenous")
            if largest * self.gas_target > self.gas_limit:
                allowed = f"must be at most elasticity={self.elasticity} with demand_spread added"
                raise requirement("demand_mean", allowed)
            return self
        if self.highest_value is None or units.currency_to_nano(self.highest_value) == 0:
            raise requirement("highest_value", "must be above 0 when demand=elastic")
        if mean <= 1.0:
            allowed = "must be above 1 when demand=elastic: the base fee would go to nothing"
            raise requirement("demand_mean", allowed)
        return self


class MempoolConfig(Schema):
    """Say what is shown of the messages that wait for a block."""

    visible: Probability


class Environment(Schema):
    """Hold the channels of one cell."""

    oracle: OracleConfig | None = None
    blocks: BlocksConfig | None = None
    congestion: CongestionConfig | None = None
    mempool: MempoolConfig | None = None

    @property
    def is_used(self) -> bool:
        """Tell whether there is any channel."""
        return any(getattr(self, channel) is not None for channel in type(self).model_fields)

    @model_validator(mode="after")
    def _check_channels(self) -> Self:
        if self.congestion is not None and self.blocks is None:
            allowed = "must be null without environment.blocks: a base fee is that of a block"
            raise requirement("congestion", allowed)
        return self


class Routing(Schema):
    """Say how messages reach the venue; ``Execution`` has these keys."""

    route: Literal["direct", "blocks"] = "direct"
    capacity: PositiveCount | None = None  # messages a block takes
    tips: Literal["none", "fixed", "edge_share"] = "none"
    tip: Nano = 0.0  # currency a message, when tips=fixed
    tip_share: Annotated[Nano, Field(le=1)] = 0.0  # of the edge, when tips=edge_share
    max_fee: Nano | None = None  # currency a message, base fee and tip

    @property
    def unused(self) -> set[str]:
        """Return the keys that change nothing beside the others."""
        if self.route == "direct":
            return {*Routing.model_fields}
        keys = {"fixed": "tip", "edge_share": "tip_share"}
        return {key for tips, key in keys.items() if tips != self.tips}
