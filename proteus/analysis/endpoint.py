"""The declared endpoint, its budgets and companions: checked before a run, found in its results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
import yaml

from proteus.analysis.measures import TOTALS, Measure, measures
from proteus.configuration.study import PILOT, Endpoint, purpose_of
from proteus.errors import ConfigError, nearest
from proteus.market.variables.base import EPISODE, HORIZON
from proteus.results.coordinates import table_labels

if TYPE_CHECKING:
    from proteus.plans.plan import Plan


def check(plan: Plan) -> None:
    """Check that the endpoint of a plan will be measured, and that its precision can be judged.

    Raises
        ConfigError: the key, its value and what is allowed.
    """
    from proteus.market.mechanisms.table import MECHANISM_MODELS
    from proteus.market.variables import EPISODE_VARIABLES, variables_of

    of_episodes = EPISODE_VARIABLES if EPISODE in plan.dims else ()
    of_a_day = variables_of([dim for dim in plan.dims if dim != EPISODE])
    dims = {variable.name: variable.dims for variable in (*of_a_day, *of_episodes)}
    settings = plan.settings
    for key, name in _named(settings.endpoint):
        if name not in dims:
            allowed = nearest(name, dims) or "; docs/metrics.md lists the variables"
            raise ConfigError(f"{key}={name} does not exist{allowed}")
        if set(dims[name]) - ({HORIZON} if key == "endpoint.variable" else set()):
            beyond = ", ".join(dims[name])
            raise ConfigError(
                f"{key}={name} is not allowed: it has {beyond}, and must be one number"
            )
    baseline = settings.endpoint.baseline
    if baseline not in MECHANISM_MODELS:
        raise ConfigError(
            f"endpoint.baseline={baseline} does not exist{nearest(baseline, MECHANISM_MODELS)}"
        )
    _check_horizon(plan, dims[settings.endpoint.variable])
    if settings.precision.name != "fixed":
        _check_contrast(plan)


def _named(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """List the keys that name variables."""
    yield "endpoint.variable", endpoint.variable
    if endpoint.per is not None:
        yield "endpoint.per", endpoint.per
    for at, budget in enumerate(endpoint.budgets):
        yield f"endpoint.budgets.{at}.variable", budget.variable
    for at, name in enumerate(endpoint.companions):
        yield f"endpoint.companions.{at}", name


def _check_horizon(plan: Plan, dims: tuple[str, ...]) -> None:
    horizon = plan.settings.endpoint.horizon_ms
    if HORIZON not in dims:
        if horizon is not None:
            name = plan.settings.endpoint.variable
            reason = f"must be null, since endpoint.variable={name} has no horizons"
            raise ConfigError(f"endpoint.horizon_ms={horizon} is not allowed: {reason}")
    elif horizon not in plan.settings.metrics.horizons_ms:
        listed = ", ".join(f"{time:g}" for time in plan.settings.metrics.horizons_ms)
        written = "null" if horizon is None else f"{horizon:g}"
        reason = f"must be one of metrics.horizons_ms={listed}"
        raise ConfigError(f"endpoint.horizon_ms={written} is not allowed: {reason}")


def _check_contrast(plan: Plan) -> None:
    """Check that there is a contrast to be precise about, and seeds left for a pilot.

    A sequential study of the baseline alone is precise about the endpoint itself.
    """
    name, baseline = plan.settings.precision.name, plan.settings.endpoint.baseline
    mechanisms = plan.axes["mechanism"]
    if name == "sequential" and mechanisms == (baseline,):
        return
    if baseline not in mechanisms or len(mechanisms) < 2:
        listed = ",".join(map(str, mechanisms))
        reason = f"mechanism={listed} must list endpoint.baseline={baseline} and another one"
        raise ConfigError(f"precision={name} is not allowed: {reason}")
    purpose = purpose_of(plan.settings.seeds.first)
    if name == "power" and purpose == PILOT:
        reason = "these are pilot seeds, which the pilot itself needs"
        raise ConfigError(f"seeds.first={plan.settings.seeds.first} is not allowed: {reason}")


def declared(dataset: xr.Dataset) -> Endpoint | None:
    """Return the endpoint that a sweep declared before it ran; None where it declared none."""
    settings = yaml.safe_load(dataset.attrs.get("config", "")) or {}
    written = settings.get("endpoint")
    return None if written is None else Endpoint.model_validate(written)


def primary(dataset: xr.Dataset, endpoint: Endpoint) -> Measure:
    """Return how the endpoint is estimated."""
    if endpoint.per is not None:
        return Measure(endpoint.variable, TOTALS, endpoint.per)
    return measures(dataset, [endpoint.variable])[0]


def usual(dataset: xr.Dataset, name: str) -> Measure:
    """Return how a budget or a companion is estimated."""
    return measures(dataset, [name])[0]


def at(endpoint: Endpoint) -> dict[str, Any]:
    """Return the labels of the endpoint's column: its horizon, if it has one."""
    return {} if endpoint.horizon_ms is None else {HORIZON: endpoint.horizon_ms}


def last_episode(dataset: xr.Dataset) -> xr.Dataset:
    """Return what a verdict is about: where lanes are of episodes, the last one."""
    if EPISODE not in dataset.dims:
        return dataset
    return dataset.isel({EPISODE: -1}, drop=True)


def place(dataset: xr.Dataset, endpoint: Endpoint) -> dict[str, Any] | None:
    """Return the labels of the endpoint's column in a dataset that has its variable.

    Where one horizon has been selected, that is no label of a column any more. Where lanes are of
    episodes, the endpoint is that of the last one.

    Returns
        None where the dataset has other horizons only.
    """
    wanted, last = at(endpoint), {}
    if EPISODE in dataset[endpoint.variable].dims:
        last = {EPISODE: int(dataset[EPISODE].to_numpy()[-1])}
    if not wanted:
        return last
    held: Any = np.ravel(table_labels(dataset[HORIZON])) if HORIZON in dataset.coords else []
    if endpoint.horizon_ms not in held:
        return None
    return {**last, **(wanted if HORIZON in dataset[endpoint.variable].dims else {})}


def absent(dataset: xr.Dataset, endpoint: Endpoint) -> str:
    """Say that a dataset has the endpoint's variable at other horizons only; empty otherwise."""
    if endpoint.variable not in dataset or place(dataset, endpoint) is not None:
        return ""
    return (
        f"the declared endpoint is {endpoint.variable} at {endpoint.horizon_ms:g} ms, a horizon "
        f"that the dataset does not have"
    )
