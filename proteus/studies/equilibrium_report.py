"""What a search for an equilibrium writes: tables, sentences, a figure and a report."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from proteus.analysis.statistics.paired import Arm, contrast
from proteus.analysis.statistics.roots import mean_of
from proteus.basics.versions import STAMP, csv_text
from proteus.results import provenance
from proteus.results.coordinates import axis_unit, describe, short_name
from proteus.studies import folders
from proteus.studies.equilibrium import (
    BEST_RESPONSE,
    ZERO_PROFIT,
    Answer,
    Cell,
    Question,
    gains,
)  # fmt: skip

TABLE, TRIED, GAINS = "equilibrium.csv", "tried.csv", "gains.csv"
FIGURE, REPORT = "equilibrium.svg", "report.md"

_METHODS = {
    ZERO_PROFIT: (
        "The value at which the mean PnL of the group, marked at the fair value at the end and net "
        "of every cost and reward, rises through zero; where it does so more than once, the lowest."
    ),
    BEST_RESPONSE: (
        "The value at which one member gains neither by a step of a fifth up nor by one down while "
        "all others stay; larger steps are tried once there, and stand in the table of gains."
    ),
}


class Written(NamedTuple):
    """An answer as tables and words."""

    table: pd.DataFrame  # a row per cell
    sentences: list[str]


def write(answer: Answer) -> Written:
    """Write all files of an answer; returns its table and sentences.

    Raises
        ResultsError: they cannot be written.
    """
    folder, question, cells, _ = answer
    table = _table(cells)
    sentences = _sentences(question, table)
    folders.write_text(folder / TABLE, csv_text(table))
    folders.write_text(folder / TRIED, csv_text(_tried(question, cells)))
    steps = [
        gains(question, cell).assign(**cell.labels)
        for cell in cells if question.response == BEST_RESPONSE and cell.root is not None
    ]  # fmt: skip
    if steps:
        listed = pd.concat(steps, ignore_index=True)
        folders.write_text(folder / GAINS, csv_text(listed))
        sentences.append(_largest_gain(listed))
    _draw(question, cells, folder / FIGURE)
    folders.write_text(folder / REPORT, _report(answer, sentences))
    return Written(table, sentences)


def _table(cells: Sequence[Cell]) -> pd.DataFrame:
    """Return a row per cell: the value with its interval, and how it differs from the first."""
    first = cells[0].root
    rows = []
    for number, cell in enumerate(cells):
        row: dict[str, Any] = dict(cell.labels)
        seeds = len(next(iter(cell.tried.values())))
        row |= dict.fromkeys(("value", "low", "high"), math.nan)
        row |= dict.fromkeys(("difference", "difference_low", "difference_high", "p"), math.nan)
        if cell.root is not None:
            interval = cell.root.interval()
            row |= {"value": cell.root.value, "low": interval.low[0], "high": interval.high[0]}
            if number > 0 and first is not None:
                row |= _difference(cell.root.value + cell.root.psi, first.value + first.psi)
        rows.append({**row, "seeds": seeds, "note": cell.why})
    return pd.DataFrame(rows)


def _difference(values: np.ndarray, first: np.ndarray) -> dict[str, float]:
    """Contrast two roots over the same seeds."""
    one = np.ones((len(values), 1))
    found = contrast(Arm(values[:, None], one), Arm(first[:, None], one))
    return {
        "difference": found.difference[0], "difference_low": found.low[0],
        "difference_high": found.high[0], "p": found.p[0],
    }  # fmt: skip


def _tried(question: Question, cells: Sequence[Cell]) -> pd.DataFrame:
    """Return a row per cell and value that was tried: what is followed there, with its interval."""
    name = "pnl_per_member" if question.response == ZERO_PROFIT else "fall_of_pnl"
    rows = []
    for cell in cells:
        for value in sorted(cell.tried):
            found = mean_of(cell.tried[value])
            rows.append({
                **cell.labels, short_name(question.key.rpartition(".")[2]): value,
                name: found.value[0], f"{name}_low": found.low[0], f"{name}_high": found.high[0],
            })  # fmt: skip
    return pd.DataFrame(rows)


def _sentences(question: Question, table: pd.DataFrame) -> list[str]:
    """Say of every cell what was found, and how it differs from the first."""
    key, unit = question.key.rpartition(".")[2], axis_unit(question.key.replace(".", "_"))
    beside = f" {unit}" if unit not in ("", "1") else ""
    what = "earns nothing" if question.response == ZERO_PROFIT else "answers itself best"
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    places = [
        describe({name: value for name, value in row.items() if name not in _COLUMNS})
        for row in rows
    ]
    said = []
    for where, row in zip(places, rows, strict=True):
        if math.isnan(row["value"]):
            said.append(f"{where}: no value found: {row['note']}.")
            continue
        note = f"; {row['note']} that were found" if row["note"] else ""
        said.append(
            f"{where}: {question.group} {what} at {key} = {row['value']:.4g}{beside} "
            f"(95 % interval {row['low']:.4g} to {row['high']:.4g}, {row['seeds']} seeds){note}."
        )
        if not math.isnan(row["difference"]):
            said[-1] += (
                f" That is {row['difference']:+.3g}{beside} from {places[0]} "
                f"({row['difference_low']:+.3g} to {row['difference_high']:+.3g})."
            )
    return said


_COLUMNS = (
    "value", "low", "high", "difference", "difference_low", "difference_high", "p", "seeds", "note",
)  # fmt: skip


def _largest_gain(listed: pd.DataFrame) -> str:
    """Say what one member could gain by a large step, at most."""
    best = listed.iloc[int(listed["gain"].to_numpy().argmax())].to_dict()
    where = describe({
        str(name): value for name, value in best.items()
        if name not in ("value", "gain", "low", "high")
    })  # fmt: skip
    sure = "more than noise" if best["low"] > 0 else "not told from nothing"
    return (
        f"Of larger steps of one member the best is to {best['value']:.4g} under {where}: it gains "
        f"{best['gain']:.3g} currency ({best['low']:.3g} to {best['high']:.3g}), {sure}."
    )


def _draw(question: Question, cells: Sequence[Cell], path: Path) -> None:
    """Draw what is followed over the parameter, with intervals, and mark what was found."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, NullLocator

    from proteus.plots.style import (
        INK,
        LINE_STYLES,
        legend_below,
        mechanism_colour,
        panels,
        rules,
        save,
        with_unit,
    )  # fmt: skip

    key = question.key.rpartition(".")[2]
    title = with_unit(key.replace("_", " "), axis_unit(question.key.replace(".", "_")))
    seen: dict[str, int] = {}
    handles = []
    with rules():
        figure, (axes,) = panels(1, (6.6, 4.2))
        for cell in cells:
            mechanism = str(cell.labels["mechanism"])
            style = LINE_STYLES[seen.get(mechanism, 0) % len(LINE_STYLES)]
            seen[mechanism] = seen.get(mechanism, 0) + 1
            colour = mechanism_colour(mechanism)
            values = np.array(sorted(cell.tried))
            followed = [mean_of(cell.tried[value]) for value in values]
            means, low, high = (
                np.array([float(part[0]) for part in parts])
                for parts in zip(*(each[:3] for each in followed), strict=True)
            )
            axes.plot(values, means, style, color=colour, marker=".")
            axes.fill_between(values, low, high, color=colour, alpha=0.15, lw=0)
            if cell.root is not None:
                interval = cell.root.interval()
                half = float(interval.high[0] - interval.low[0]) / 2
                axes.errorbar(
                    [cell.root.value], [0], xerr=[half], fmt="o", color=colour, capsize=3, ms=7,
                    zorder=4,
                )  # fmt: skip
            handles.append(
                Line2D([], [], color=colour, ls=style, marker="o", label=describe(cell.labels))
            )
        axes.axhline(0, color=INK, lw=0.8)
        if min(min(cell.tried) for cell in cells) > 0:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set_yscale("symlog", linthresh=_linear_range(cells))
        axes.set_xlabel(title)
        is_zero = question.response == ZERO_PROFIT
        axes.set_ylabel(
            "mean PnL of a member, currency" if is_zero
            else f"fall of PnL per step up, currency per {title}"
        )  # fmt: skip
        axes.set_title("Where it crosses zero, with 95 % intervals")
        legend_below(figure, handles)
    save(figure, path)


def _linear_range(cells: Sequence[Cell]) -> float:
    """Return the part of the axis around zero that is drawn straight: what is not extreme."""
    means = np.abs([float(one.mean()) for cell in cells for one in cell.tried.values()])
    return max(float(np.median(means)), 1e-9)


def _report(answer: Answer, sentences: Sequence[str]) -> str:
    _, question, _, plan = answer
    command = shlex.join(["python", "-m", "proteus.equilibrium", question.key, *question.words])
    parts = [
        "# Equilibrium", _METHODS[question.response], *sentences, f"![values]({FIGURE})",
        f"Values: {TABLE}; what was tried on the way: {TRIED}. Intervals are by the delta method, "
        f"over common seeds; differences are paired.",
        "## Provenance",
        "\n".join([
            f"- command: `{command} --response {question.response}`",
            f"- code: {provenance.code_hash()}", f"- git: {provenance.git_sha()}",
            f"- seeds: {plan.settings.seeds.model_dump()}", f"- {STAMP}",
        ]),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"
