"""Run the pack: both arms of every scenario on the same seeds, and how they differ."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pandas as pd
import xarray as xr

from proteus.analysis import showing
from proteus.analysis.measures import arm, measures, swept, units
from proteus.analysis.statistics import power
from proteus.analysis.statistics.paired import contrast
from proteus.configuration import overrides
from proteus.errors import ConfigError, ViolationError, nearest
from proteus.plans import planner
from proteus.plans.plan import Plan
from proteus.runs import api
from proteus.stress.invariants import Arms, broken
from proteus.stress.pack import (
    COMPANIONS,
    MAKERS,
    MECHANISMS,
    SCENARIOS,
    USUAL,
    WINDOW_KEY,
    Maker,
    Scenario,
    grids,
)

SEEDS = 100
_LISTS = {"scenarios": [*SCENARIOS], "makers": [*MAKERS], "mechanism": [*MECHANISMS]}
_TAKEN = ("precision", "design", "episodes", "record")  # no words of both arms
_FOLDER = "output_dir"


class Chosen(NamedTuple):
    """What is run."""

    scenarios: tuple[Scenario, ...]
    makers: tuple[Maker, ...]
    mechanisms: tuple[str, ...]
    given: tuple[str, ...]  # words of all cells
    folder: str | None  # where it is written; None: a new one


class Results(NamedTuple):
    """What the pack gave."""

    chosen: Chosen
    deltas: pd.DataFrame  # a row per scenario, maker, mechanism and variable
    plans: tuple[Plan, ...]  # both arms of each
    broken: dict[str, str]  # "SCENARIO/MAKER/MECHANISM: INVARIANT" to what does not hold


def read(words: Sequence[str]) -> Chosen:
    """Read the words of the command.

    Raises
        ConfigError: no such scenario, maker or mechanism, or a word that the pack sets itself.
    """
    lists, folder, given = _LISTS | {"makers": ["baseline"]}, None, []
    overrides.check_once(words)
    for word in words:
        key, _, value = word.partition("=")
        if key in lists:
            lists[key] = _named(key, value)
            continue
        if key == _FOLDER:
            if not value:
                raise ConfigError(f"{_FOLDER}= is not allowed: must not be empty")
            folder = value
            continue
        if overrides.is_axis(word) or key.split(".")[0] in (*_TAKEN, WINDOW_KEY):
            allowed = "the pack sets it; lists are scenarios=, makers= and mechanism="
            raise ConfigError(f"{word} is not allowed: {allowed}")
        given.append(word)
    if not any(overrides.key(word) == "seeds.count" for word in given):
        given.append(f"seeds.count={SEEDS}")
    for name in lists["scenarios"]:
        reasons = dict(SCENARIOS[name].without)
        if {*lists["mechanism"]} <= {*reasons}:
            why = ", ".join(f"mechanism={each} {reasons[each]}" for each in lists["mechanism"])
            raise ConfigError(f"scenarios={name} is not allowed: {why}")
    return Chosen(
        tuple(SCENARIOS[name] for name in lists["scenarios"]),
        tuple(MAKERS[name] for name in lists["makers"]),
        tuple(lists["mechanism"]), tuple(given), folder,
    )  # fmt: skip


def _named(key: str, value: str) -> list[str]:
    """Read a list of names, each once."""
    known, names = _LISTS[key], [name.strip() for name in value.split(",")]
    for name in names:
        if name not in known:
            raise ConfigError(f"{key}={name} does not exist{nearest(name, known)}")
    if len({*names}) < len(names):
        raise ConfigError(f"{key}={value} is not allowed: a name stands there twice")
    return names


def run(chosen: Chosen, done: Callable[[str], None] = lambda cell: None) -> Results:
    """Run everything that is chosen.

    Parameters
        done: is told what has been run, as "SCENARIO/MAKER".

    Raises
        ConfigError: what is not allowed, before anything runs. ViolationError: a lane broke an
            invariant; the sentence names the scenario. RunError: the machine stopped the run.
    """
    planned = [
        (scenario, maker, planner.from_words(words))
        for scenario, maker in itertools.product(chosen.scenarios, chosen.makers)
        for words in grids(scenario, maker, chosen.mechanisms, chosen.given)
    ]
    rows: list[dict[str, object]] = []
    against: dict[str, str] = {}
    for scenario, maker, plan in planned:
        name = f"{scenario.name}/{maker.name}"
        dataset = _dataset(plan, name)
        for mechanism in plan.axes["mechanism"]:
            arms = _arms(scenario, plan, dataset, str(mechanism))
            found = broken(arms)
            against |= {f"{name}/{mechanism}: {which}": why for which, why in found.items()}
            rows += [*_deltas(arms, maker.name, str(mechanism))]
        done(name)
    deltas = pd.DataFrame(rows)
    return Results(chosen, deltas, tuple(plan for _, _, plan in planned), against)


def _dataset(plan: Plan, name: str) -> xr.Dataset:
    """Run both arms under some mechanisms."""
    result = api.run(api.checked(plan))
    if result.violations:
        first = ", ".join(f"{key}={value}" for key, value in result.violations[0].items())
        raise ViolationError(f"{name}: {len(result.violations)} lanes broke an invariant: {first}")
    return result.dataset


def _arms(scenario: Scenario, plan: Plan, dataset: xr.Dataset, mechanism: str) -> Arms:
    """Pick both arms under one mechanism."""
    sides = []
    for label in (USUAL, scenario.name):
        at = dict.fromkeys(plan.axes, 0)
        at |= {"mechanism": plan.axes["mechanism"].index(mechanism)}
        at |= {WINDOW_KEY: plan.axes[WINDOW_KEY].index(label)}
        cell = plan.cells[int(plan.cell_of[tuple(at.values())])]
        sides.append((cell, dataset.isel({dim: at.get(dim, 0) for dim in swept(dataset)})))
    (usual, as_usual), (stressed, in_stress) = sides
    seeds = plan.settings.seeds.root, int(plan.replicates[0])
    return Arms(scenario, usual, stressed, as_usual, in_stress, *seeds)


def _deltas(arms: Arms, maker: str, mechanism: str) -> Iterator[dict[str, object]]:
    """Contrast what is declared and its companions, stressed minus usual, paired by seed."""
    names = [*dict.fromkeys([arms.scenario.watched, *COMPANIONS])]
    listed = measures(arms.in_stress, names)
    found = contrast(arm(arms.in_stress, listed), arm(arms.as_usual, listed))
    detectable = power.detectable(found.deviation, found.n)
    for at, measure in enumerate(listed):
        low, high = float(found.low[at]), float(found.high[at])
        yield {
            "scenario": arms.scenario.name, "maker": maker, "mechanism": mechanism,
            "variable": measure.variable, "declared": measure.variable == arms.scenario.watched,
            "long_name": showing.long_name(arms.in_stress, measure.variable),
            "units": units(arms.in_stress, measure),
            "usual": float(found.baseline[at]), "stressed": float(found.treated[at]),
            "difference": float(found.difference[at]), "low": low, "high": high,
            "effect_size": float(found.effect_size[at]), "p": float(found.p[at]),
            "detectable": float(detectable[at]), "n": int(found.n[at]),
            "moves": bool(low > 0 or high < 0),
        }  # fmt: skip
