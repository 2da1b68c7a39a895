"""Tables of a sweep for a text: levels, effects, and one for a paper; CSV, Markdown or LaTeX.

The table for a paper has a row per judged cell: the declared endpoint, its budgets and its
companions, each as a difference from the baseline with its 95 % interval.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

from proteus.analysis import showing
from proteus.analysis.costs import Move
from proteus.analysis.verdict import Shown, Verdict, judged
from proteus.basics.versions import STAMP, csv_text
from proteus.results.coordinates import key_head, labelled
from proteus.studies import folders, tables
from proteus.studies.tables import Grid, effect_text, level_text, number

LEVELS, EFFECTS, PAPER = "levels", "effects", "paper"

# What LaTeX reads as something else, or has no letter for in its oldest engines.
_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$", "±": r"$\pm$",
}  # fmt: skip


class Made(NamedTuple):
    """One table, as rows for machines and as text for readers."""

    name: str
    caption: str
    rows: pd.DataFrame
    grid: Grid


def write(dataset: xr.Dataset, folder: Path, kind: str) -> list[Path]:
    """Write the tables of a sweep.

    Parameters
        dataset: of a sweep. folder: where to. kind: csv, md or tex.

    Returns
        The files; where nothing is compared there are levels only.

    Raises
        ResultsError: they cannot be written.
    """
    written = []
    for made in _made(dataset):
        path = folder / f"{made.name}.{kind}"
        folders.write_text(path, _text(made, kind))
        written.append(path)
    return written


def _made(dataset: xr.Dataset) -> list[Made]:
    levels = tables.levels(dataset)
    said = f"{dataset.sizes['seed']} seeds{_shared(levels)}."
    grid = tables.grid(levels, level_text)
    made = [Made(LEVELS, f"Levels, ± half-width of the 95 % interval; {said}", levels, grid)]
    found = judged(dataset)
    if found is None:
        return made
    baseline = found.declared.baseline
    effects = tables.effects(dataset, baseline)
    grid = tables.grid(effects, effect_text)
    caption = f"Differences from {baseline}. {tables.LEGEND} {said}"
    made.append(Made(EFFECTS, caption.replace(" . ", " "), effects, grid))
    if found.cells:
        made.append(_paper(found, said))
    return made


def _shared(table: pd.DataFrame) -> str:
    """Say the swept keys that are the same in all cells."""
    names = [str(name) for name in table.columns]
    axes = names[: names.index("variable")]
    same = [axis for axis in axes if table[axis].nunique(dropna=False) == 1]
    known = {axis: table[axis].iloc[0] for axis in same}
    return "".join(f"; {labelled(axis, value)}" for axis, value in known.items() if value == value)


def _paper(found: Verdict, said: str) -> Made:
    """Lay out what is judged: a row per cell."""
    rows = []
    for one in found.cells:
        moves = [cost.move for cost in one.costs] + one.companions
        endpoint = _endpoint_columns(found, one.endpoint)
        row = {**one.pair.coordinates, **endpoint, "outcome": one.outcome}
        for move in moves:
            row |= _columns(move)
        row["budgets"] = ", ".join(dict.fromkeys(cost.kept for cost in one.costs)) or "none"
        rows.append(row)
    table = pd.DataFrame(rows)
    heads, texts, words = _paper_grid(found, table)
    baseline = found.declared.baseline
    caption = (
        f"Differences from {baseline}, paired by seed, with 95 % intervals; p adjusted by Holm "
        f"over the cells of the sweep. {said}"
    )
    return Made(PAPER, caption, table, Grid(heads, texts, words))


def _endpoint_columns(found: Verdict, one: Shown) -> dict[str, Any]:
    k, contrast = one.column, one.found
    shown = showing.shown(
        found.declared.variable, contrast.difference[k], contrast.low[k], contrast.high[k]
    )
    head = _with_unit(one.name, one.unit)
    return {
        head: shown.value, f"{head}_low": shown.low, f"{head}_high": shown.high,
        "p_adjusted": one.p, "n": int(contrast.n[k]),
    }  # fmt: skip


def _columns(move: Move) -> dict[str, float]:
    head = _with_unit(move.name, move.unit)
    return {head: move.difference, f"{head}_low": move.low, f"{head}_high": move.high}


def _paper_grid(found: Verdict, table: pd.DataFrame) -> Grid:
    """Write the rows: what labels a cell, then differences with their intervals."""
    first = found.cells[0]
    axes = [
        axis for axis in first.pair.coordinates if axis == "mechanism" or _varies(table, axis)
    ]  # fmt: skip
    moves = [cost.move for cost in first.costs] + first.companions
    endpoint = _with_unit(first.endpoint.name, first.endpoint.unit)
    others = [_with_unit(move.name, move.unit) for move in moves]
    heads = [*map(key_head, axes), endpoint, "p", "outcome", "budgets", *others]
    rows = []
    for row in table.to_dict("records"):
        rows.append([
            *(_label(row[axis]) for axis in axes), _interval(row, endpoint),
            showing.p_alone(row["p_adjusted"]), str(row["outcome"]), str(row["budgets"]),
            *(_interval(row, head) for head in others),
        ])  # fmt: skip
    return Grid(heads, rows, len(axes))


def _varies(table: pd.DataFrame, axis: str) -> bool:
    return axis in table and table[axis].nunique(dropna=False) > 1


def _label(value: Any) -> str:
    """Write a label; a key that a mechanism does not use has none."""
    return "-" if value != value else number(value)


def _interval(row: Mapping[Any, Any], name: str) -> str:
    if row[name] != row[name]:
        return "none"
    return f"{row[name]:.3g} [{row[f'{name}_low']:.3g}, {row[f'{name}_high']:.3g}]"


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit not in ("", "1") else name


def _text(made: Made, kind: str) -> str:
    heads, rows, words = made.grid
    if kind == "csv":
        return csv_text(made.rows)
    if kind == "md":
        return f"{made.caption}\n\n{tables.markdown(heads, rows)}\n\n{STAMP}\n"
    return latex(heads, rows, words, caption=made.caption, label=made.name)


def latex(
    heads: Sequence[str], rows: Sequence[Sequence[str]], words: int, *, caption: str, label: str
) -> str:
    """Write a table as a float of LaTeX with the rules of booktabs.

    Parameters
        heads, rows: text, which is escaped. words: columns from the left that are words.
    """
    columns = "l" * words + "r" * (len(heads) - words)
    shown = [[*map(escaped, heads)], *([_minus(escaped(text)) for text in row] for row in rows)]
    lines = [" & ".join(line) + r" \\" for line in shown]
    parts = [
        rf"% {STAMP}; needs \usepackage{{booktabs}} and \usepackage{{graphicx}}",
        r"\begin{table}", r"\centering", rf"\caption{{{escaped(caption)}}}",
        rf"\label{{tab:{label}}}", r"\resizebox{\textwidth}{!}{%",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule", r"\end{tabular}%", "}",
        r"\end{table}",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _minus(text: str) -> str:
    """Write minus signs of numbers as such, and a dash alone as one."""
    return "--" if text == "-" else re.sub(r"(?<!\w)-(?=\d)", "$-$", text)


def escaped(text: str) -> str:
    """Return text as LaTeX shows it as it is."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)
