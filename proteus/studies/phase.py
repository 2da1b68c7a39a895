"""The five phases: a sweep each, declared in ``conf/experiment``, and the report made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from proteus.analysis import precision
from proteus.analysis.verdict import verdict
from proteus.basics.versions import SCHEMA_KEY, csv_text
from proteus.commands.executing import execute
from proteus.configuration import overrides
from proteus.errors import ConfigError
from proteus.pages import REPORT as PAGE
from proteus.plans import planner
from proteus.plans.plan import Plan
from proteus.results import merge, provenance
from proteus.runs.folder import Written
from proteus.studies import (
    equilibrium,
    equilibrium_report,
    figures,
    folders,
    frontier,
    gate,
    leverage,
    tables,
)  # fmt: skip
from proteus.studies.tables import LEGEND, by_cell, effect_text, level_text, markdown

PHASES = ("1", "2", "3", "4", "5")
LEVELS, EFFECTS, FRONTIERS = "levels.csv", "effects.csv", "frontiers.csv"
REPORT, FRONTIER_FIGURE, EXPOSURE = "report.md", "frontiers.svg", "exposure"
BREAK_EVEN, HALF_SPREAD = "equilibrium", "population.maker.policy.half_spread"
_MOST_SEEDS = 1000  # of the search for quotes at zero profit
_OF_A_STUDY = (  # words that say how many and where, and not what
    "experiment", "size", "seeds", "precision", "endpoint", "output_dir", "study", "mechanism",
    "delta",
)  # fmt: skip
SNIPER_AGE_MS = 1.0  # of the news that the sniper of conf/population/exposure.yaml sees


class Finished(NamedTuple):
    """What a phase gave: its main result and its folder, in which all files are."""

    written: Written
    folder: Path


def run(number: str, words: Sequence[str], given: Mapping[str, Path]) -> Finished:
    """Run one phase and write its report.

    Parameters
        number: "1" to "5". words: overrides of its experiment, as ``size=quick``.
        given: folders of earlier phases for the gate of phase 4.

    Raises
        ConfigError: words that are not allowed, or a gate that does not open; nothing has run.
        ResultsError: files that cannot be written.
    """
    if number not in PHASES:
        raise ConfigError(f"phase={number} does not exist; allowed: {', '.join(PHASES)}")
    plan = planner.from_words([f"+experiment=phase{number}", *words])
    if number == "4":
        plan = gate.passed(plan, given)
    elif given:
        raise ConfigError(f"{', '.join(given)} is not allowed: only phase=4 looks at bundles")
    if number == "5":
        leverage.check_arms(plan, planner.from_words(leverage.spot_words(plan)))
    folder = folders.fresh(plan)
    written = execute(plan, folder)
    if not written.violations:
        with merge.opened(folder) as dataset:
            sections = _sections(number, dataset, written.plan, folder)
            folders.write_text(folder / PAGE, _page(dataset, folder))
            folders.write_text(folder / REPORT, _report(number, dataset, written.plan, sections))
    return Finished(written, folder)


def _page(dataset: xr.Dataset, folder: Path) -> str:
    """Draw the report of the sweep, as ``proteus.report`` does."""
    from proteus.pages.bundle import read
    from proteus.pages.report import report_page

    return report_page([read(folder)._replace(dataset=dataset)])


def _sections(number: str, dataset: xr.Dataset, plan: Plan, folder: Path) -> list[str]:
    """Write the tables of a phase, and return the parts of its report."""
    names = leverage.SHOWN if number == "5" else tables.SHOWN
    levels = tables.levels(dataset, names)
    effects = tables.effects(dataset, _baseline(plan), names)
    folders.write_text(folder / LEVELS, csv_text(levels))
    folders.write_text(folder / EFFECTS, csv_text(effects))
    parts = leverage.first(dataset, folder) if number == "5" else []
    parts += [f"## Cells\n\n{LEGEND}", by_cell(levels, level_text, names)]
    against = ", ".join(dict.fromkeys(effects["baseline"]))
    parts += [f"## Differences to {against}", by_cell(effects, effect_text, names)]
    if number == "5":
        parts += leverage.sections(dataset, plan, folder)
    if number == "2":
        parts += _exposure(plan, folder)
    if number in ("3", "4"):
        parts += _frontiers(effects, folder)
    if number == "4":
        paid = tables.levels(dataset, tables.WELFARE)
        parts += ["## Who pays", by_cell(paid, level_text, tables.WELFARE)]
        parts += _break_even(plan, folder)
    return parts


def _baseline(plan: Plan) -> str | dict[str, Any]:
    """Return the declared baseline; where nothing else runs, the first cell of the grid."""
    if len(plan.axes["mechanism"]) > 1:
        return plan.settings.endpoint.baseline
    return {name: values[0] for name, values in plan.axes.items() if len(values) > 1}


def _frontiers(effects: pd.DataFrame, folder: Path) -> list[str]:
    table = frontier.frontiers(effects)
    folders.write_text(folder / FRONTIERS, csv_text(table))
    figures.frontiers(table, folder / FRONTIER_FIGURE)
    axes = [str(name) for name in table.columns[: list(table.columns).index("protection")]]
    varying = [axis for axis in axes if table[axis].nunique(dropna=False) > 1] or axes
    return [
        "## Frontiers: differences to the baseline",
        f"![frontiers]({FRONTIER_FIGURE})",
        "Protection against discovery:",
        frontier.on_frontier(table, "discovery", varying),
        "Protection against speed:",
        frontier.on_frontier(table, "speed", varying),
    ]


def _exposure(plan: Plan, folder: Path) -> list[str]:
    """Run the second part of phase 2, and hold it against the closed form."""
    settings = plan.settings
    words = [
        f"size={settings.size}", f"seeds.root={settings.seeds.root}",
        *(word for word in plan.words if word.startswith("executor")),
    ]  # fmt: skip
    part = planner.from_words(["+experiment=exposure", *words])
    with folders.executed(part, folder / EXPOSURE) as dataset:
        table = exposure(dataset)
    folders.write_text(folder / "exposure.csv", csv_text(table))
    heads = ["gap d, ms", "delta, ms", "d / delta", "min(1, d / delta)", "share exposed", "inside"]
    rows = [
        [*(f"{row[name]:g}" for name in ("gap", "delta", "ratio", "theory")),
         level_text({"variable": "sniper_race_share", **row}),
         "yes" if row["low"] <= row["theory"] <= row["high"] else "no"]
        for row in table.to_dict("records")
    ]  # fmt: skip
    text = (
        "The share of the sniper's orders that find a stale quote, one order a jump, in a market "
        "of one maker, one sniper and jumps only; ± half-width of the 95 % interval, and whether "
        "it holds the closed form."
    )
    return ["## Exposure of stale quotes", text, markdown(heads, rows)]


def exposure(dataset: xr.Dataset) -> pd.DataFrame:
    """Return the share of jumps that a batch exposes, beside min(1, d / delta).

    Parameters
        dataset: of ``conf/experiment/exposure.yaml``.

    Returns
        One row per cell: ``gap`` d and ``delta`` (ms), their ``ratio``, ``theory``, ``value`` with
        its 95 % t interval ``low`` and ``high``.

    **Source** Budish, Cramton & Shim (2015) QJE 130:1547.
    """
    table = tables.levels(dataset)
    table = table[table["variable"] == "sniper_race_share"].copy()
    table["gap"] = table["maker_signal_delay_ms"] - SNIPER_AGE_MS
    table["ratio"] = table["gap"] / table["delta"]
    table["theory"] = np.minimum(1, table["ratio"])
    columns = ["gap", "delta", "ratio", "theory", "value", "low", "high"]
    return table[columns].sort_values(["gap", "delta"]).reset_index(drop=True)


def _break_even(plan: Plan, folder: Path) -> list[str]:
    """Find the makers' half-spread at zero profit by mechanism, at the middle batch interval."""
    deltas = plan.axes["delta"]
    kept = [
        word for word in plan.words
        if not overrides.is_axis(word) and overrides.key(word).partition(".")[0] not in _OF_A_STUDY
    ]  # fmt: skip
    population = [] if any(overrides.key(word) == "population" for word in kept) else [
        "population=calibrated"
    ]  # fmt: skip
    seeds = plan.settings.seeds
    words = [
        *population, *kept, f"mechanism={','.join(map(str, plan.axes['mechanism']))}",
        f"delta={deltas[len(deltas) // 2]:g}", f"seeds.root={seeds.root}",
        f"seeds.first={seeds.first}", f"seeds.count={min(len(plan.replicates), _MOST_SEEDS)}",
        f"output_dir={folder / BREAK_EVEN}",
    ]  # fmt: skip
    try:
        answer = equilibrium.find(HALF_SPREAD, words)
    except ConfigError as error:  # a population of other makers
        return ["## Quotes at zero profit", f"Not looked for: {error}."]
    found = equilibrium_report.write(answer)
    text = (
        "Makers above are the same under every mechanism. Here their half-spread is moved, in each "
        "mechanism alone, to where they earn nothing."
    )
    said = "\n".join(f"- {sentence}" for sentence in found.sentences)
    return [
        "## Quotes at zero profit", text, said,
        f"![quotes]({BREAK_EVEN}/{equilibrium_report.FIGURE})",
    ]  # fmt: skip


def _report(number: str, dataset: xr.Dataset, plan: Plan, sections: Sequence[str]) -> str:
    attributes = dataset.attrs
    known = {
        "run": f"python -m proteus.phases phase={number} size={plan.settings.size}",
        "git": attributes["git_sha"],
        "code": attributes["code_hash"],
        "configuration": attributes["config_hash"],
        "population": attributes["population_hash"],
        SCHEMA_KEY: attributes[SCHEMA_KEY],
        "seeds": f"{plan.replicates[0]} to {plan.replicates[-1]}, root {attributes['seed_root']}",
        "precision": precision.words(json.loads(attributes["precision"])),
        "gate": attributes.get("gate", "none"),
        "versions": provenance.versions(),
    }
    lines = "\n".join(f"- {key}: {value}" for key, value in known.items())
    judged = leverage.said(dataset) if number == "5" else verdict(dataset)
    sentences = judged or ["Nothing is compared: one mechanism."]
    said = "\n".join(f"- {sentence}" for sentence in sentences)
    parts = [f"# Phase {number}", *sections, "## Verdict", said, "## Provenance", lines]
    return "\n\n".join(parts) + "\n"
