"""A group of equal traders, as the population lists it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    Amount,
    Schema,
    requirement,
)
from proteus.errors import ConfigError as ConfigError
from proteus.market.agents.base import PolicyConfig
from proteus.market.events.latency import Latency
from proteus.market.events.schedule import Schedule
from proteus.market.information.signals import Signal


class Group(Schema):
    """Describe a number of equal traders."""

    NEUTRAL: ClassVar[dict[str, Any]] = {"capital": None, "knows_costs": True}

    kind: str
    count: int = Field(ge=0, le=4096)  # a trader's address has 12 bits for its number
    capital: Amount | None = None  # currency of each trader at 0; None: unlimited
    knows_costs: bool = True  # its limits and quotes reckon with them
    accounts: Literal["one", "per_intent"]  # whose its orders are, to self-trade prevention
    schedule: Schedule
    signal: Signal | None
    latency: Latency
    policy: SerializeAsAny[PolicyConfig]

    @property
    def capital_nano(self) -> int | None:
        """Return the capital of each trader in nano-currency, or None where it has no limit."""
        return None if self.capital is None else units.currency_to_nano(self.capital)

    @property
    def private_value(self) -> float:
        """Return the mean of what trading is worth by itself, currency; 0: nothing is said."""
        return getattr(self.policy, "reservation_scale", None) or 0.0

    @model_validator(mode="after")
    def _check_signal(self) -> Self:
        if self.policy.needs_signal and self.signal is None:
            raise requirement("signal", f"a trader of kind {self.kind} cannot act without one")
        return self
