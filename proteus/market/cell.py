"""The configuration of one cell: the part of a sweep's configuration that decides results.

Everything here is in the units of the config file; properties give the integers of the engine.
"""

from __future__ import annotations

import itertools
from typing import Annotated, ClassVar, Self

from pydantic import Field, SerializeAsAny, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    AS_TUPLE,
    MAX_TICKS,
    Milliseconds,
    PositiveMilliseconds,
    PositiveSeconds,
    Schema,
    Seconds,
    Selection,
    Ticks,
    canonical_json,
    requirement,
)
from proteus.errors import ConfigError as ConfigError
from proteus.market.agents.episodes import Episodes
from proteus.market.agents.group import Group
from proteus.market.agents.identity import DEFAULT_COHORT, Identity
from proteus.market.agents.kinds import DESKS, LIQUIDATORS
from proteus.market.costs.base import CostModel
from proteus.market.costs.models import NO_COSTS, GasCosts, parts_of
from proteus.market.environment.channels import Environment, Routing
from proteus.market.environment.models import Latent
from proteus.market.incentives.models import Incentives, PenaltyPolicy
from proteus.market.information.leakage import Table
from proteus.market.lending.models import NO_CREDIT
from proteus.market.lending.models import Credit as CreditModel
from proteus.market.mechanisms.base import MechanismConfig
from proteus.market.settlement.base import Settlement
from proteus.market.settlement.models import ImmediateSettlement
from proteus.market.stress.costs import scaled
from proteus.market.stress.models import COSTS, Stress

ListOfMilliseconds = Annotated[tuple[Milliseconds, ...], AS_TUPLE]


class Contract(Schema):
    """Describe the contract, which pays 0 or 1."""

    tick: float  # currency
    initial_probability: float

    @property
    def tick_nano(self) -> int:
        """Return the price step in nano-currency."""
        return units.tick_to_nano(self.tick, "tick")

    @property
    def n_ticks(self) -> int:
        """Return the number of ticks in the payoff; prices are 1 .. n_ticks - 1."""
        return units.NANO // self.tick_nano

    @property
    def initial_ticks(self) -> int:
        """Return p0 in ticks."""
        return units.price_to_ticks(self.initial_probability, self.tick_nano)

    @model_validator(mode="after")
    def _check_ticks(self) -> Self:
        for key in ("tick", "initial_probability"):
            try:
                if key == "tick" and self.n_ticks > MAX_TICKS:
                    raise requirement(key, f"the tick must be at least {1 / MAX_TICKS:.5f}")
                if key == "initial_probability":
                    units.price_to_ticks(self.initial_probability, self.tick_nano)
            except units.UnitError as error:
                raise requirement(key, error.allowed) from None
        return self


class Metrics(Schema):
    """Set the horizons of the measurements."""

    tau_ms: PositiveMilliseconds
    horizons_ms: ListOfMilliseconds
    elapsed_ms: ListOfMilliseconds
    volatility_grid_ms: PositiveMilliseconds
    depth_ticks: int = Field(ge=0, lt=MAX_TICKS)

    @model_validator(mode="after")
    def _check_horizons(self) -> Self:
        times = self.horizons_ms
        increasing = all(early < late for early, late in itertools.pairwise(times))
        if not times or times[0] != 0 or not increasing:
            raise requirement("horizons_ms", "must start with 0 and increase")
        increasing = all(early < late for early, late in itertools.pairwise(self.elapsed_ms))
        if not self.elapsed_ms or not increasing:
            raise requirement("elapsed_ms", "must hold at least one time, and increase")
        return self


class Execution(Routing):
    """Hold what every order has in common, and the leakage table of the cell's mechanism."""

    protection_ticks: Ticks
    leakage: dict[str, SerializeAsAny[Table]]


class Record(Schema):
    """Say what is measured, and from when; ``OUTPUT_KEYS`` give more and change no result."""

    OUTPUT_KEYS: ClassVar[tuple[str, ...]] = (
        "per_run", "per_trader", "panel", "report", "events", "traces", "trace_step_ms",
    )  # fmt: skip

    warmup_s: Seconds
    per_run: bool
    per_trader: bool
    panel: bool = False
    report: bool
    events: Selection | None
    traces: Selection | None
    trace_step_ms: PositiveMilliseconds


class CellConfig(Schema):
    """Hold everything that decides the results of one cell.

    Invariants
        Every time is a whole number of nanoseconds, every price a whole number of ticks.
    """

    mechanism: SerializeAsAny[MechanismConfig]
    latent: SerializeAsAny[Latent]
    costs: SerializeAsAny[CostModel] = NO_COSTS
    population: dict[str, SerializeAsAny[Group]]
    execution: Execution
    environment: Environment = Environment()
    settlement: SerializeAsAny[Settlement] = ImmediateSettlement(mode="immediate")
    credit: SerializeAsAny[CreditModel] = NO_CREDIT
    record: Record
    delta: PositiveMilliseconds
    horizon_s: PositiveSeconds
    contract: Contract
    metrics: Metrics
    incentives: Incentives = Incentives()
    identity: Identity = Identity()
    episodes: Episodes = Episodes()
    stress: Stress = Stress()

    @property
    def delta_ns(self) -> int:
        """Return the batch interval, or 0 under a mechanism without one."""
        return units.milliseconds_to_ns(self.delta) if self.mechanism.uses_delta else 0

    @property
    def leakage(self) -> Table:
        """Return who is shown what under the mechanism."""
        return self.execution.leakage[self.mechanism.name]

    @property
    def horizon_ns(self) -> int:
        """Return T, the end of trading."""
        return units.seconds_to_ns(self.horizon_s)

    @property
    def tau_ns(self) -> int:
        """Return the limit of the restricted mean time to execution."""
        return units.milliseconds_to_ns(self.metrics.tau_ms)

    @property
    def markout_horizons_ns(self) -> tuple[int, ...]:
        """Return the markout horizons, increasing from 0."""
        return tuple(units.milliseconds_to_ns(time) for time in self.metrics.horizons_ms)

    @property
    def elapsed_ns(self) -> tuple[int, ...]:
        """Return the times since the intent at which incidences are counted."""
        return tuple(units.milliseconds_to_ns(time) for time in self.metrics.elapsed_ms)

    @property
    def settle_ns(self) -> int:
        """Return when the contract settles: T plus the largest markout horizon."""
        return self.horizon_ns + self.markout_horizons_ns[-1]

    @property
    def warmup_ns(self) -> int:
        """Return the start that is left out of market quality."""
        return units.seconds_to_ns(self.record.warmup_s)

    @property
    def tick_nano(self) -> int:
        """Return the price step in nano-currency."""
        return self.contract.tick_nano

    @property
    def n_ticks(self) -> int:
        """Return the number of ticks in the payoff."""
        return self.contract.n_ticks

    @property
    def initial_ticks(self) -> int:
        """Return p0 in ticks."""
        return self.contract.initial_ticks

    @property
    def block_ns(self) -> int:
        """Return the time between the blocks that messages wait for, or 0 where they do not."""
        blocks = self.environment.blocks
        return blocks.interval_ns if blocks and self.execution.route == "blocks" else 0

    @property
    def uses_blocks(self) -> bool:
        """Tell whether anything waits for blocks, or anybody looks before they are made."""
        groups = (group for group in self.population.values() if group.count)
        looks = any(group.schedule.law == "before_slots" for group in groups)
        return self.block_ns > 0 or self.settlement.mode == "blocks" or looks

    @property
    def slot_ns(self) -> int:
        """Return the length of the slots of blocks, or 0 where blocks have none."""
        blocks = self.environment.blocks
        return blocks.interval_ns if blocks and blocks.law == "slots" else 0

    def wake_ups_per_s(self, group: Group) -> float:
        """Return how often a trader of a group wakes up on its schedule."""
        return group.schedule.wake_ups_per_s(self.slot_ns)

    @property
    def needs_rules(self) -> bool:
        """Tell whether the cell adds to its market what the plain loop does not know."""
        added = self.settlement, self.incentives, self.environment, self.credit, self.stress
        is_used = any(part.is_used for part in added)
        is_chained = any(group.count and group.chain for group in self.population.values())
        of_traders = self.has_capital or self.has_private_values or is_chained
        return is_used or self.has_costs or of_traders or self.episodes.continues

    @property
    def has_costs(self) -> bool:
        """Tell whether anything is charged."""
        return len(parts_of(self.costs.at(0))) > 0

    @property
    def costs_in_force(self) -> CostModel:
        """Return what is charged, in windows of stress and outside of them."""
        return scaled(self.costs, self.stress.about(COSTS))

    @property
    def has_fees(self) -> bool:
        """Tell whether trading costs anything beyond gas."""
        return any(not isinstance(part, GasCosts) for part in parts_of(self.costs.at(0)))

    @property
    def pays_base_fee(self) -> bool:
        """Tell whether a base fee costs anybody anything, or keeps messages out of blocks."""
        has_gas = any(isinstance(part, GasCosts) for part in parts_of(self.costs.at(0)))
        return has_gas or self.execution.max_fee is not None

    @property
    def has_private_values(self) -> bool:
        """Tell whether trading is worth something by itself to anyone."""
        return any(group.private_value > 0 for group in self.population.values() if group.count > 0)

    @property
    def counts_capital(self) -> bool:
        """Tell whether something beside chains asks what traders have."""
        policies = self.incentives.policies.values()
        is_charged = any(isinstance(policy, PenaltyPolicy) for policy in policies)
        is_asked = is_charged or self.settlement.mode == "delayed"
        return is_asked or self.episodes.are_used or self.credit.is_used

    @property
    def liquidates(self) -> bool:
        """Tell whether anybody seizes lots of accounts that fail."""
        kinds = {group.kind for group in self.population.values() if group.count > 0}
        return self.credit.is_used and not kinds.isdisjoint((*DESKS, *LIQUIDATORS))

    @property
    def has_capital(self) -> bool:
        """Tell whether anyone trades with a capital that is not unlimited."""
        return any(
            group.capital is not None for group in self.population.values() if group.count > 0
        )

    def canonical(self) -> str:
        """Return the text that two cells share exactly when they simulate the same thing."""
        tree = {key: getattr(self, key) for key in CellConfig.model_fields}
        tree["record"] = self.record.model_dump(mode="json", exclude={*Record.OUTPUT_KEYS})
        tree["execution"] = {
            key: getattr(self.execution, key)
            for key in Execution.model_fields
            if key not in self.execution.unused
        }
        if not self.environment.is_used:
            del tree["environment"]
        if not self.mechanism.uses_delta:
            del tree["delta"]
        if not self.has_costs:
            del tree["costs"]
        if not self.incentives.is_used:
            del tree["incentives"]
        if not self.settlement.is_used:
            del tree["settlement"]
        if not self.credit.is_used:
            del tree["credit"]
        if self.identity.cohort == DEFAULT_COHORT:
            del tree["identity"]
        if not self.episodes.are_used:
            del tree["episodes"]
        if not self.stress.is_used:
            del tree["stress"]
        return canonical_json(tree)

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        ceiling = self.horizon_ns
        if self.tau_ns >= ceiling:
            raise requirement("metrics.tau_ms", f"must be less than horizon_s={self.horizon_s}")
        if self.warmup_ns >= ceiling:
            raise requirement("record.warmup_s", f"must be less than horizon_s={self.horizon_s}")
        for key, step in (
            ("latent.dt", self.latent.dt), ("record.trace_step_ms", self.record.trace_step_ms),
        ):  # fmt: skip
            if units.milliseconds_to_ns(step) > ceiling:
                raise requirement(key, f"must be at most horizon_s={self.horizon_s}")
        if self.delta_ns >= self.tau_ns:
            raise requirement("delta", f"must be less than metrics.tau_ms={self.metrics.tau_ms}")
        grid_ms = self.metrics.volatility_grid_ms
        if self.delta_ns > units.milliseconds_to_ns(grid_ms):
            raise requirement("delta", f"must be at most metrics.volatility_grid_ms={grid_ms}")
        return self
