"""The configuration tree of ``conf/`` as frozen models.

A :class:`CellConfig` is the part that decides results; the rest of a :class:`SweepConfig` (seeds,
executor, folder) only decides how many and where. Integer parameters (nanoseconds, ticks,
nano-currency) are properties of the cell. ``proteus.reading`` fills these models from a composed
mapping and words the errors.
"""

from __future__ import annotations

import itertools
import json
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny, model_validator

from proteus import units
from proteus.agents.base import PolicyConfig
from proteus.design import AnyDesign
from proteus.errors import ConfigError as ConfigError
from proteus.executors import Executor
from proteus.leakage import Table
from proteus.mechanisms.base import MechanismConfig
from proteus.schema import (
    AS_TUPLE,
    MAX_TICKS,
    FolderName,
    Milliseconds,
    NonNegative,
    Positive,
    PositiveMilliseconds,
    PositiveSeconds,
    Schema,
    Seconds,
    Selection,
    Ticks,
    requirement,
)
from proteus.study import Endpoint, Parity, Precision, Seeds, Survival

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


class Schedule(Schema):
    """Say when a trader wakes up."""

    law: Literal["periodic", "poisson", "once", "none"]
    rate_per_s: NonNegative
    jitter: float = Field(ge=0, lt=1)
    cluster_probability: float = Field(ge=0, lt=1)
    cluster_gap_ms: PositiveMilliseconds
    on_news: bool
    on_fill: bool

    @property
    def wake_ups_per_s(self) -> float:
        """Return the rate of scheduled wake-ups; a single one has none."""
        return 0.0 if self.law == "once" else self.rate_per_s

    @model_validator(mode="after")
    def _check_law(self) -> Self:
        if (self.law == "none") != (self.rate_per_s == 0):
            raise requirement("rate_per_s", "must be 0 when law=none, and greater than 0 otherwise")
        if self.rate_per_s > units.NS_PER_S:
            raise requirement("rate_per_s", "must be at most one per nanosecond")
        if self.law != "periodic" and self.jitter:
            raise requirement("jitter", f"must be 0 when law={self.law}")
        if self.law != "poisson" and self.cluster_probability:
            raise requirement("cluster_probability", f"must be 0 when law={self.law}")
        return self


class Signal(Schema):
    """Describe what a trader sees of the fair value."""

    delay_ms: Milliseconds
    noise_sd: NonNegative  # currency
    look_ms: PositiveMilliseconds


class LatencyLaw(Schema):
    """Describe the law of one latency."""

    law: Literal["constant", "uniform", "shifted_exponential", "lognormal"]
    base_ms: Milliseconds
    spread_ms: Milliseconds
    shape: NonNegative

    @model_validator(mode="after")
    def _check_law(self) -> Self:
        if self.law == "constant" and self.spread_ms:
            raise requirement("spread_ms", "must be 0 when law=constant")
        if self.law != "lognormal" and self.shape:
            raise requirement("shape", f"must be 0 when law={self.law}")
        return self


class Latency(Schema):
    """Hold the four latencies of a trader group."""

    submission: LatencyLaw
    acknowledgement: LatencyLaw
    fill_report: LatencyLaw
    market_data: LatencyLaw


class Group(Schema):
    """Describe a number of equal traders."""

    kind: str
    count: int = Field(ge=0, le=4096)  # a trader's address has 12 bits for its number
    schedule: Schedule
    signal: Signal | None
    latency: Latency
    policy: SerializeAsAny[PolicyConfig]

    @model_validator(mode="after")
    def _check_signal(self) -> Self:
        if self.policy.needs_signal and self.signal is None:
            raise requirement("signal", f"a trader of kind {self.kind} cannot act without one")
        return self


class Execution(Schema):
    """Hold what every order has in common, and the leakage table of the cell's mechanism."""

    protection_ticks: Ticks
    leakage: dict[str, SerializeAsAny[Table]]


class Record(Schema):
    """Say what is measured, and from when; ``OUTPUT_KEYS`` write more and change no result."""

    OUTPUT_KEYS: ClassVar[tuple[str, ...]] = (
        "per_run", "report", "events", "traces", "trace_step_ms",
    )  # fmt: skip

    warmup_s: Seconds
    per_run: bool
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
    population: dict[str, SerializeAsAny[Group]]
    execution: Execution
    record: Record
    delta: PositiveMilliseconds
    horizon_s: PositiveSeconds
    contract: Contract
    metrics: Metrics

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

    def canonical(self) -> str:
        """Return the text that two cells share exactly when they simulate the same thing."""
        tree = {key: getattr(self, key) for key in CellConfig.model_fields}
        tree["record"] = self.record.model_dump(mode="json", exclude={*Record.OUTPUT_KEYS})
        if not self.mechanism.uses_delta:
            del tree["delta"]
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


class SweepConfig(CellConfig):
    """Hold one composed configuration: a cell, and how to run it."""

    RUN_KEYS: ClassVar[tuple[str, ...]] = (
        "seeds", "precision", "design", "endpoint", "parity", "survival", "study", "size",
        "executor", "output_dir", "plan_only",
    )  # fmt: skip

    seeds: Seeds
    precision: SerializeAsAny[Precision]
    design: SerializeAsAny[AnyDesign]
    endpoint: Endpoint
    parity: Parity
    survival: Survival | None
    study: str | None
    size: str | None
    executor: SerializeAsAny[Executor]
    output_dir: FolderName | None
    plan_only: bool

    def cell(self) -> CellConfig:
        """Return the part that decides results."""
        return CellConfig(**{key: getattr(self, key) for key in CellConfig.model_fields})


def canonical_json(tree: Any) -> str:
    """Write a tree of plain values and models as JSON with sorted keys and no spaces."""

    def plain(model: Any) -> Any:
        return model.model_dump(mode="json")

    return json.dumps(tree, sort_keys=True, separators=(",", ":"), default=plain)
