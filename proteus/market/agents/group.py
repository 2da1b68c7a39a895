"""A group of equal traders, as the population lists it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    Amount,
    Schema,
    requirement,
)
from proteus.errors import ConfigError as ConfigError
from proteus.market.agents.base import PolicyConfig
from proteus.market.constraints.added import ADDED_KINDS
from proteus.market.constraints.models import (
    DEFAULT_CHAIN,
    TODAY,
    UNLIMITED_LOTS,
    AnyConstraint,
    Constraint,
    InventoryLimit,
    check_chain,
    in_order,
)
from proteus.market.events.latency import Latency
from proteus.market.events.schedule import Schedule
from proteus.market.information.signals import Signal

MOST_LEVERAGE = 100
Leverage = Annotated[float, Field(ge=1, le=MOST_LEVERAGE)]


class Group(Schema):
    """Describe a number of equal traders."""

    NEUTRAL: ClassVar[dict[str, Any]] = {
        "capital": None, "target_leverage": None, "knows_costs": True,
        "risk": {"inventory_limit": TODAY.model_dump(mode="json")},
    }  # fmt: skip

    kind: str
    count: int = Field(ge=0, le=4096)  # a trader's address has 12 bits for its number
    capital: Amount | None = None  # currency of each trader at 0; None: unlimited
    target_leverage: Leverage | None = None  # wealth with loans over wealth; None: no loans
    risk: dict[str, AnyConstraint] = Field(default_factory=lambda: {**DEFAULT_CHAIN})
    knows_costs: bool = True  # its limits and quotes reckon with them
    accounts: Literal["one", "per_intent"]  # whose its orders are, to self-trade prevention
    schedule: Schedule
    signal: Signal | None
    latency: Latency
    policy: SerializeAsAny[PolicyConfig]

    @field_validator("risk", mode="before")
    @classmethod
    def _leave_out(cls, risk: Any) -> Any:
        """Leave out constraints that are null."""
        if isinstance(risk, Mapping):
            return {kind: each for kind, each in risk.items() if each is not None}
        return risk

    @property
    def capital_nano(self) -> int | None:
        """Return the capital of each trader in nano-currency, or None where it has no limit."""
        return None if self.capital is None else units.currency_to_nano(self.capital)

    @property
    def private_value(self) -> float:
        """Return the mean of what trading is worth by itself, currency; 0: nothing is said."""
        return getattr(self.policy, "reservation_scale", None) or 0.0

    @property
    def is_plain(self) -> bool:
        """Tell whether the plain loop has all of the chain: the inventory limit of a maker."""
        limit = self.risk.get("inventory_limit")
        if limit is None or len(self.risk) > 1:
            return not self.risk
        is_known = self._own_limit is not None or self._lots_of(limit) is None
        return limit.on_limit == "clip" and is_known

    @staticmethod
    def _lots_of(limit: Constraint) -> int | None:
        return limit.lots if isinstance(limit, InventoryLimit) else None

    @property
    def _own_limit(self) -> int | None:
        """Return the lots to which the strategy shrinks its quotes, if it does."""
        return getattr(self.policy, "inventory_limit_lots", None)

    @property
    def counts_capital(self) -> bool:
        """Tell whether its chain asks what it has."""
        kinds = {"capital", "leverage", *ADDED_KINDS}
        return any(kind in kinds for kind in self.risk)

    @property
    def chain(self) -> tuple[Constraint, ...]:
        """Return the constraints of the rich loop, in their order."""
        return () if self.is_plain else in_order(self.risk, self._most_held_alone)

    @property
    def most_held(self) -> int | None:
        """Return what the plain loop lets a maker hold, lots; None: as its strategy says."""
        limit = self.risk.get("inventory_limit")
        return self._lots_of(limit) if self.is_plain and limit else UNLIMITED_LOTS

    @property
    def _most_held_alone(self) -> int:
        """Return what an inventory limit without lots means; a maker that widens goes beyond."""
        widens = getattr(self.policy, "at_limit", None) == "widen"
        return UNLIMITED_LOTS if widens else self._own_limit or UNLIMITED_LOTS

    @model_validator(mode="after")
    def _check_risk(self) -> Self:
        check_chain(self.risk, self.capital)
        return self

    @model_validator(mode="after")
    def _check_signal(self) -> Self:
        if self.policy.needs_signal and self.signal is None:
            raise requirement("signal", f"a trader of kind {self.kind} cannot act without one")
        return self
