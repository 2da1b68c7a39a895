"""What a design of seeds, and controls, can be used with; checked before anything runs."""

from __future__ import annotations

from proteus.configuration.study import (
    LEAST_SEEDS,
    PowerPrecision,
    Seeds,
    SequentialPrecision,
)
from proteus.configuration.sweep import SweepConfig
from proteus.errors import ConfigError
from proteus.market.setup.designs import IID
from proteus.plans.plan import Plan


def check(plan: Plan) -> None:
    """Refuse what would take units apart, or controls without news they are known of.

    Raises
        ConfigError: the key, its value and what is allowed.
    """
    settings = plan.settings
    if settings.seeds.design != IID:
        _check_design(settings)
    if settings.seeds.controls != "none":
        _check_controls(plan)


def refuse(settings: SweepConfig, what: str) -> None:
    """Refuse a design and controls where each seed counts as a unit.

    Parameters
        what: who counts so, as "proteus.ab".

    Raises
        ConfigError: the key and its value.
    """
    for key, value in (("design", settings.seeds.design), ("controls", settings.seeds.controls)):
        if value != Seeds.NEUTRAL[key]:
            only = f"{what} counts each seed by itself; use {Seeds.NEUTRAL[key]}"
            raise ConfigError(f"seeds.{key}={value} is not allowed: {only}")


def _check_design(settings: SweepConfig) -> None:
    seeds, precision = settings.seeds, settings.precision
    refused = f"seeds.design={seeds.design} is not allowed with"
    if settings.resume_from is not None:
        raise ConfigError(f"{refused} resume_from: what its lanes begin with has no such units")
    if settings.episodes.are_used:
        what = f"episodes.count={settings.episodes.count}"
        raise ConfigError(f"{refused} {what}: lives of agents are counted seed by seed")
    for key, chosen in (("events", settings.record.events), ("traces", settings.record.traces)):
        if chosen is not None:
            again = "a lane is run again from its own seed alone"
            raise ConfigError(f"{refused} record.{key}={chosen}: {again}")
    numbers = {}
    if isinstance(precision, SequentialPrecision):
        numbers = {"first_look": precision.first_look, "look_every": precision.look_every}
    elif isinstance(precision, PowerPrecision):
        numbers = {"pilot_seeds": precision.pilot_seeds}
    for key, value in numbers.items():
        if value % seeds.unit:
            whole = f"must be a multiple of {seeds.unit}, the seeds of a unit"
            raise ConfigError(f"precision.{key}={value} is not allowed: {whole}")
        if key != "look_every" and value < LEAST_SEEDS * seeds.unit:
            least = f"must be at least {LEAST_SEEDS * seeds.unit}, {LEAST_SEEDS} units"
            raise ConfigError(f"precision.{key}={value} is not allowed: {least}")


def _check_controls(plan: Plan) -> None:
    refused = f"seeds.controls={plan.settings.seeds.controls} is not allowed"
    first = plan.cells[0]
    if first.latent.jump_rate_per_s == 0:
        raise ConfigError(f"{refused} with latent.jump_rate_per_s=0: there are no jumps")
    if first.episodes.are_used:
        count = first.episodes.count
        raise ConfigError(f"{refused} with episodes.count={count}: they know the first day only")
    news = {(cell.latent, cell.horizon_s, cell.contract.initial_probability): None
            for cell in plan.cells}  # fmt: skip
    if len(news) > 1:
        raise ConfigError(f"{refused}: the news differs between cells, and it is known of one")
