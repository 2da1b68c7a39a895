"""Find a maker that survives, on seeds that are used for nothing else; see ``conf/experiment``.

Selection seeds choose among many candidates, and a winner among many is partly luck; so the best
few are run again on pilot seeds, and only intervals that hold for all of them together confirm one.
Evaluation seeds, with which the phases judge, are never seen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION, csv_text
from proteus.configuration.design import POINT
from proteus.configuration.study import PILOT, Survival, first_of
from proteus.errors import ConfigError
from proteus.plans import designs, planner
from proteus.plans import plan as planning
from proteus.plans.plan import Plan
from proteus.results import provenance
from proteus.results.coordinates import CELL
from proteus.studies import figures, folders
from proteus.studies.folders import executed
from proteus.studies.population import chosen_words, population_yaml
from proteus.studies.survival import bites, judge, ranked

CANDIDATES, CONFIRMED, SENSITIVITY = "candidates.csv", "confirmed.csv", "sensitivity.csv"
CALIBRATED, REPORT, HEAT_MAPS = "calibrated.yaml", "report.md", "sensitivity.svg"

_OF_THE_SEARCH = ("seeds.count", "seeds.first", "design", "survival", "output_dir")  # words


class Calibration(NamedTuple):
    """What a calibration found."""

    folder: Path
    candidates: pd.DataFrame  # selection seeds, a row per point
    confirmed: pd.DataFrame  # confirmation seeds, a row per point that was run again
    sensitivity: pd.DataFrame  # a row per informed intensity and latency
    chosen: int | None  # point of the regime; None: nothing is stable
    sentences: list[str]


def calibrate(words: Sequence[str]) -> Calibration:
    """Search, confirm, and show what the regime is sensitive to.

    Parameters
        words: overrides of ``+experiment=calibration``, as ``size=quick``.

    Returns
        What was found; all its files are in ``folder``, ``calibrated.yaml`` only for a stable
        regime.

    Raises
        ConfigError: words that are not allowed. ResultsError: a lane broke an invariant.
    """
    plan = planner.from_words(["+experiment=calibration", *words])
    rule = _rule(plan)
    folder = folders.fresh(plan)
    with executed(plan, folder / "selection") as found:
        candidates = judge(found, rule).pipe(_with_values, found)
    folders.write_text(folder / CANDIDATES, csv_text(candidates))
    first = ranked(candidates)[: rule.confirmed]
    nothing = Calibration(folder, candidates, candidates.iloc[:0], candidates.iloc[:0], None, [])
    if not first:
        best = candidates.sort_values("low").iloc[-1]
        text = (
            f"No stable regime: none of {len(candidates)} candidates survives; the best lower "
            f"end of mean marked PnL is {best['low']:.3g}, with {best['within']:.0%} of seeds in "
            f"limits."
        )
        return _reported(nothing._replace(sentences=[text]), plan)
    confirmed = _confirm(plan, first, folder)
    stable = ranked(confirmed)
    order = [number for number in first if number in stable]
    if not order:
        text = (
            f"No stable regime: {len(first)} candidates survived selection and none of them on "
            f"{rule.confirmed_seeds} other seeds."
        )
        return _reported(nothing._replace(confirmed=confirmed, sentences=[text]), plan)
    result = nothing._replace(confirmed=confirmed, chosen=order[0])
    return _with_sensitivity(result, plan, words)


def _rule(plan: Plan) -> Survival:
    """Return the rule of survival, after checking that a calibration can be made of the plan."""
    settings = plan.settings
    designs.refuse(settings, "a calibration")
    if settings.survival is None:
        raise ConfigError("survival=null is not allowed: a calibration must say what survives")
    if settings.precision.name != "fixed" or POINT not in plan.axes:
        raise ConfigError("a calibration needs precision=fixed and a design of its candidates")
    if plan.cell_of.size != len(plan.axes[POINT]):
        listed = ", ".join(
            name for name, values in plan.axes.items() if len(values) > 1 and name != POINT
        )
        raise ConfigError(f"a calibration varies its design only: {listed} cannot be swept")
    return settings.survival


def _confirm(plan: Plan, first: Sequence[int], folder: Path) -> pd.DataFrame:
    """Run the best few again on other seeds; intervals hold for all of them together."""
    rule = _rule(plan)
    again = planning.with_seeds(
        planning.at_points(plan, first), first_of(PILOT), rule.confirmed_seeds
    )
    with executed(again, folder / "confirmation") as found:
        table = judge(found, rule, together=len(first)).pipe(_with_values, found)
    folders.write_text(folder / CONFIRMED, csv_text(table))
    return table


def _with_values(table: pd.DataFrame, dataset: xr.Dataset) -> pd.DataFrame:
    """Put the designed values beside the number of each point."""
    for name in reversed([str(name) for name in dataset.coords]):
        is_designed = dataset[name].dims == (POINT,) and name not in (CELL, POINT)
        if is_designed and name not in table:
            table.insert(1, name, dataset[name].sel({POINT: table[POINT]}).to_numpy())
    return table


def _with_sensitivity(result: Calibration, plan: Plan, words: Sequence[str]) -> Calibration:
    """Run the regime over informed intensity and latency; both must hurt it."""
    assert result.chosen is not None
    kept = [word for word in words if not word.startswith(_OF_THE_SEARCH)]
    maker = chosen_words(plan, result.chosen)
    grid = planner.from_words(["+experiment=sensitivity", *kept, *maker])
    axes = [name for name, values in grid.axes.items() if len(values) > 1]
    with executed(grid, result.folder / "sensitivity") as found:
        table = judge(found, _rule(plan))
        bitten = {axis: bites(found, axis) for axis in axes}
    folders.write_text(result.folder / SENSITIVITY, csv_text(table))
    figures.heat_maps(table, axes, result.folder / HEAT_MAPS)
    sentences, is_sensitive = [_choice(result)], True
    for axis, (mean, low, high) in bitten.items():
        values = grid.axes[axis]
        sentences.append(
            f"From {axis}={values[0]} to {values[-1]} makers' PnL moves by {mean:.3g} currency "
            f"(95 % interval {low:.3g} to {high:.3g})."
        )
        is_sensitive = is_sensitive and high < 0
    if not is_sensitive:
        sentences.append("No stable regime: it does not respond to what the phases vary.")
        result = result._replace(chosen=None)
    return _reported(result._replace(sensitivity=table, sentences=sentences), plan)


def _choice(result: Calibration) -> str:
    """Say what was chosen and how it did in and out of sample."""
    rows = (
        table.set_index(POINT).loc[result.chosen]
        for table in (result.candidates, result.confirmed)
    )  # fmt: skip
    inside, outside = (
        f"{row['pnl']:.3g} ({row['low']:.3g} to {row['high']:.3g}; {row['within']:.1%} of "
        f"{row['n']:.0f} seeds in limits)"
        for row in rows
    )
    survivors = int(result.candidates["survives"].sum())
    return (
        f"Candidate {result.chosen} is stable: {survivors} of {len(result.candidates)} candidates "
        f"survive selection, and of those confirmed on other seeds it has the narrowest spread. "
        f"Mean marked PnL of all makers, currency: {inside} in sample, {outside} out of sample."
    )


def _reported(result: Calibration, plan: Plan) -> Calibration:
    """Write the regime, where there is one, and the report, which is always there."""
    if result.chosen is not None:
        text = population_yaml(plan, result.chosen, result.sentences[0])
        folders.write_text(result.folder / CALIBRATED, text)
    folders.write_text(result.folder / REPORT, _report(result, plan))
    return result


def _report(result: Calibration, plan: Plan) -> str:
    rule = _rule(plan)
    asked = (
        f"Survival: the 95 % interval of makers' mean marked PnL lies above zero, and at least "
        f"{rule.share_of_seeds:.0%} of seeds keep every maker within "
        f"{rule.largest_inventory_lots} lots and all of them within a drawdown of "
        f"{rule.largest_drawdown:g} currency. Confirmation: on other seeds, with intervals that "
        f"hold for all candidates that are confirmed together. The narrowest mean quoted spread "
        f"wins: profit alone would choose the widest, which is rent and not competition."
    )
    parts = ["# Calibration", *result.sentences, asked]
    if len(result.confirmed):
        parts += ["## Out of sample", _markdown(result.confirmed)]
    if len(result.sensitivity):
        parts += ["## Sensitivity", f"![heat maps]({HEAT_MAPS})", _markdown(result.sensitivity)]
    top = result.candidates.sort_values("low", ascending=False).head(12)
    parts += ["## In sample: the twelve with the best lower end", _markdown(top), "## Provenance"]
    known = {
        "size": plan.settings.size,
        "git": provenance.git_sha(),
        "code": provenance.code_hash(),
        "configuration": plan.config_hash,
        SCHEMA_KEY: SCHEMA_VERSION,
        "seeds": plan.settings.seeds.model_dump(),
        "versions": provenance.versions(),
    }
    parts.append("\n".join(f"- {key}: {value}" for key, value in known.items()))
    return "\n\n".join(parts) + "\n"


def _markdown(table: pd.DataFrame) -> str:
    """Write a table in Markdown, numbers with four digits."""

    def text(value: Any) -> str:
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    lines = ["| " + " | ".join(table.columns) + " |", "|" + " --- |" * len(table.columns)]
    lines += ["| " + " | ".join(map(text, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)
