"""One change of rules, or several at once: who gains, who pays, and which change does it.

A side is one cell: every key that is changed has its first value before, its second after. Both
sides run the same seeds. They may differ in the keys that are changed and in nothing else. To say
which of several changes does it, every choice of them is run: 2^k cells.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from proteus.analysis import endpoint as endpoints
from proteus.analysis import precision
from proteus.analysis.change import Chosen, Parties, aligned, corners_of, parties
from proteus.analysis.contrasts import Pair, exploratory
from proteus.analysis.measures import arm, labels, swept
from proteus.analysis.statistics.paired import Arm, contrast
from proteus.analysis.verdict import Width
from proteus.commands.executing import run_in_memory, tell
from proteus.configuration import overrides
from proteus.configuration.study import (
    EVALUATION,
    PILOT,
    PRECISION_MODELS,
    Endpoint,
    Precision,
    purpose_of,
)
from proteus.errors import ConfigError
from proteus.market.variables.base import TERM
from proteus.plans import designs, draws, parity, planner
from proteus.plans.plan import Plan, with_seeds
from proteus.results.lanes import Lanes
from proteus.studies import folders

MOST_CHANGES = 6  # 64 cells, and 6! times a PnL fits int64
BEFORE, AFTER = "before", "after"


class Side(NamedTuple):
    """One cell that was run."""

    words: tuple[str, ...]  # of its cell and of the seeds that were run
    plan: Plan
    data: xr.Dataset  # of one cell, without swept dims
    won: Parties


class Experiment(NamedTuple):
    """What was changed, and what every side gave."""

    folder: Path
    words: tuple[str, ...]  # as they were given
    changes: tuple[str, ...]  # each as "costs.taker_ppm 0 -> 500"
    sides: dict[Chosen, Side]  # by which keys were changed; none first, all last
    declared: Endpoint
    half_width: float | None  # of the endpoint's difference, which was asked for
    precision: dict[str, Any]  # how many seeds were run, and why

    @property
    def before(self) -> Side:
        """Return the side without any change."""
        return next(iter(self.sides.values()))

    @property
    def after(self) -> Side:
        """Return the side with every change."""
        return next(reversed(self.sides.values()))

    @property
    def refused(self) -> str:
        """Say why nothing is judged; empty where it is."""
        seeds = self.before.data["seed"].values
        purposes = {purpose_of(int(seed)) for seed in seeds[[0, -1]]}
        if purposes != {EVALUATION}:
            return f"{' and '.join(sorted(purposes))} seeds judge nothing"
        return exploratory(Pair({}, self.after.data, self.before.data, BEFORE))


def run(words: Sequence[str], *, is_attributed: bool = False, half_width: Any = None) -> Experiment:
    """Run both sides of a change, and every choice of changes if they are to be told apart.

    Parameters
        words: of the command line; every key with two values is changed from the first to the
            second. is_attributed: say what each of several changes does. half_width: of the
            declared endpoint's difference, that is wanted; None: none is.

    Raises
        ConfigError: what is not allowed, before anything runs. ViolationError: a lane broke
            an invariant. RunError: the machine stopped the run.
    """
    changed = _changed(words)
    if is_attributed and len(changed) < 2:
        raise ConfigError("--attribute needs several changes: there is one, which does it all")
    wanted = _width(half_width)
    every = corners_of(len(changed))
    chosen = every if is_attributed else [every[0], every[-1]]
    spoken = {one: _words(words, changed, one) for one in chosen}
    plans = {one: _plan(spoken[one]) for one in chosen}
    before, after = chosen[0], chosen[-1]
    _check_comparable(plans[before], plans[after], changed)
    _check_precision(plans[before], half_width)
    folder = folders.fresh(plans[before], "ab")
    changes = tuple(f"{overrides.key(word)} {' -> '.join(_values(word))}" for word in changed)
    kept = {one: Lanes() for one in chosen}
    sides: dict[Chosen, Side] = {}

    def simulate(part: Plan, ran: Sequence[Chosen] = (before, after)) -> None:
        seeds = part.settings.seeds
        for one in ran:
            tell(f"{_named(changed, one)}, {seeds.count} seeds")
            plan = with_seeds(_fixed(plans[one]), seeds.first, seeds.count)
            sides[one] = _side(spoken[one], plan, kept[one])

    def look(part: Plan) -> precision.Seen:
        return precision.Seen(_widths(sides[before], sides[after]), is_stopped=False)

    found = precision.run(plans[before], simulate, look)
    simulate(found.plan, [one for one in chosen if one not in (before, after)])
    declared = found.plan.settings.endpoint
    won = aligned([sides[one].won for one in chosen])
    ordered = {one: sides[one]._replace(won=each) for one, each in zip(chosen, won, strict=True)}
    return Experiment(folder, tuple(words), changes, ordered, declared, wanted, found.record)


def _changed(words: Sequence[str]) -> list[str]:
    """Return the words with two values.

    Raises
        ConfigError: none, too many, or one with more values; or a key of what is not written.
    """
    overrides.check_once(words)
    folders.refuse_words(words, "both sides are run for their profits alone")
    changed = [word for word in words if overrides.is_axis(word)]
    for word in changed:
        if len(overrides.expand(word)) != 2:
            allowed = "a change has two values, the one before and the one after"
            raise ConfigError(f"{word} is not allowed: {allowed}")
    if not 1 <= len(changed) <= MOST_CHANGES:
        allowed = f"give 1 .. {MOST_CHANGES} keys two values each, as costs=none,kalshi"
        raise ConfigError(f"{len(changed) or 'no'} keys are changed: {allowed}")
    return changed


def _values(word: str) -> list[str]:
    return [each.partition("=")[2] for each in overrides.expand(word)]


def _width(half_width: Any) -> float | None:
    if half_width is None:
        return None
    try:
        width = float(half_width)
    except (TypeError, ValueError):
        width = np.nan
    if not 0 < width < np.inf:
        raise ConfigError(f"--half-width={half_width} is not allowed: it must be a number above 0")
    return width


def _words(words: Sequence[str], changed: Sequence[str], one: Chosen) -> tuple[str, ...]:
    """Return the words of a side."""
    value = dict(zip(changed, one, strict=True))
    spoken = [overrides.expand(word)[int(value.get(word, False))] for word in words]
    per_trader = "record.per_trader=true"
    is_said = any(overrides.key(word) == "record.per_trader" for word in words)
    return (*spoken, *([] if is_said else [per_trader]))


def _plan(words: Sequence[str]) -> Plan:
    """Return the plan of a side, which measures the terms of everybody's PnL."""
    plan = planner.from_words(list(words))
    if len(plan.cells) > 1:
        raise ConfigError("both sides must be one cell each: a study with axes of its own is not")
    folders.check_days(plan)
    designs.refuse(plan.settings, "a change of rules")
    return dataclasses.replace(plan, dims=tuple(dict.fromkeys([*plan.dims, TERM])))


def _fixed(plan: Plan) -> Plan:
    """Return a plan that runs the seeds that it lists."""
    precision: Precision = PRECISION_MODELS["fixed"].model_validate({"name": "fixed"})
    settings = plan.settings.model_copy(update={"precision": precision})
    return dataclasses.replace(plan, settings=settings)


def _check_precision(plan: Plan, half_width: Any) -> None:
    """Refuse a precision that is said twice, or has no seeds for its pilot."""
    name, first = plan.settings.precision.name, plan.settings.seeds.first
    if name == "fixed":
        return
    if half_width is not None:
        allowed = f"precision={name} says how narrow the interval is to be"
        raise ConfigError(f"--half-width={half_width} is not allowed: {allowed}")
    if name == "power" and purpose_of(first) == PILOT:
        allowed = "these are pilot seeds, which the pilot itself needs"
        raise ConfigError(f"seeds.first={first} is not allowed: {allowed}")


def _check_comparable(before: Plan, after: Plan, changed: Sequence[str]) -> None:
    """Refuse sides that are the same, or differ in more than was changed, or in their draws."""
    keys = [overrides.key(word).rpartition("@")[2] for word in changed]  # group@place
    left, right = before.cells[0], after.cells[0]
    if left.canonical() == right.canonical():
        raise ConfigError(f"{' and '.join(changed)} changes nothing: both sides are the same cell")
    found = parity.differences(parity.tree(left), parity.tree(right), keys)
    unfair = parity.allowed(found, before.settings.parity.exceptions)
    if unfair:
        raise ConfigError(
            f"the sides cannot be compared: they differ in {parity.words(unfair)} beyond "
            f"{' and '.join(keys)}; change these too, or name them in parity.exceptions"
        )
    endpoints.check(_fixed(before))
    _check_draws(before, after)


def _check_draws(before: Plan, after: Plan) -> None:
    """Refuse sides that meet other exogenous draws although no population was changed."""
    root, replicate = before.settings.seeds.root, int(before.replicates[0])
    drawn = [draws.exogenous(plan.cells[0], root, replicate) for plan in (before, after)]
    other = draws.differing(*drawn)
    left, right = before.cells[0], after.cells[0]
    is_same = (left.population, left.latent) == (right.population, right.latent)
    is_same &= left.stress == right.stress  # which may add news
    if other and is_same and not before.settings.parity.exceptions:
        why = "although traders and news are the same"
        if left.horizon_ns != right.horizon_ns:
            why = "as one trades longer; name horizon_s in parity.exceptions if that is meant"
        raise ConfigError(
            f"the sides cannot be compared: the draws of {', '.join(sorted(other))} differ for "
            f"seed {replicate} {why}"
        )


def _named(changed: Sequence[str], one: Chosen) -> str:
    """Name a side by the values of what is changed."""
    spoken = [overrides.expand(word)[int(at)] for word, at in zip(changed, one, strict=True)]
    return ", ".join(spoken)


def _side(words: tuple[str, ...], plan: Plan, lanes: Lanes) -> Side:
    dataset = run_in_memory(plan, lanes)
    point = dict.fromkeys(swept(dataset), 0)
    data = dataset.isel(point)
    seeds = plan.settings.seeds
    ran = {"seeds.first": seeds.first, "seeds.count": seeds.count}
    kept = [
        word for word in words
        if overrides.key(word) not in ran and overrides.key(word).partition(".")[0] != "precision"
    ]  # fmt: skip
    spoken = (*kept, *(f"{key}={value}" for key, value in ran.items()))
    return Side(spoken, plan, data, parties(data))


def endpoint_arm(declared: Endpoint, data: xr.Dataset) -> Arm:
    """Return what the declared endpoint is estimated from, of one side."""
    measure = endpoints.primary(data, declared)
    place = endpoints.place(data, declared)
    assert place is not None  # the plan was checked for it
    column = labels(data, measure).index(place)
    totals = arm(data, [measure])
    return Arm(*(part[:, column : column + 1] for part in totals))


def _widths(before: Side, after: Side) -> list[Width]:
    """Return how wide the interval of the endpoint's difference is; none where a side lacks it."""
    declared = before.plan.settings.endpoint
    if any(declared.variable not in side.data for side in (before, after)):
        return []
    found = contrast(endpoint_arm(declared, after.data), endpoint_arm(declared, before.data))
    half, scale = (found.high[0] - found.low[0]) / 2, abs(found.baseline[0])
    return [Width(float(half), float(scale), float(found.deviation[0]))]
