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
from proteus.analysis.change import Chosen, Parties, corners_of, parties
from proteus.analysis.contrasts import Pair, exploratory
from proteus.analysis.measures import swept
from proteus.commands.executing import run_in_memory, tell
from proteus.configuration import overrides
from proteus.configuration.study import EVALUATION, Endpoint, purpose_of
from proteus.errors import ConfigError
from proteus.market.variables.base import TERM
from proteus.plans import designs, draws, parity, planner
from proteus.plans.plan import Plan
from proteus.studies import folders

MOST_CHANGES = 6  # 64 cells, and 6! times a PnL fits int64
BEFORE, AFTER = "before", "after"


class Side(NamedTuple):
    """One cell that was run."""

    words: tuple[str, ...]
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
    _check_comparable(plans[chosen[0]], plans[chosen[-1]], changed)
    folder = folders.fresh(plans[chosen[0]], "ab")
    changes = tuple(f"{overrides.key(word)} {' -> '.join(_values(word))}" for word in changed)
    sides = {}
    for one in chosen:
        tell(_named(changed, one))
        sides[one] = _side(spoken[one], plans[one])
    declared = plans[chosen[0]].settings.endpoint
    return Experiment(folder, tuple(words), changes, sides, declared, wanted)


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
    if plan.settings.precision.name != "fixed":
        allowed = "both sides run the same seeds.count; --half-width says whether they were enough"
        name = plan.settings.precision.name
        raise ConfigError(f"precision={name} is not allowed: {allowed}")
    return dataclasses.replace(plan, dims=tuple(dict.fromkeys([*plan.dims, TERM])))


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
    endpoints.check(before)
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


def _side(words: tuple[str, ...], plan: Plan) -> Side:
    dataset = run_in_memory(plan)
    point = dict.fromkeys(swept(dataset), 0)
    data = dataset.isel(point)
    return Side(words, plan, data, parties(data))
