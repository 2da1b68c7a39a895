"""Levels along a swept key, a line and a band for each mechanism; and heat maps over two keys."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator

from proteus.analysis.contrasts import unused
from proteus.analysis.levels import (
    Quantity,
    levels,
    quantities,
    quantity,
)
from proteus.analysis.measures import check_sweep, swept
from proteus.analysis.summary import interval_text
from proteus.errors import ResultsError, nearest
from proteus.plots.style import (
    GRID,
    INK,
    LINE_STYLES,
    MARKS,
    PANEL,
    axis_title,
    legend_below,
    mechanism_colour,
    panels,
    rules,
    with_unit,
    wrapped,
)
from proteus.results.coordinates import labelled

MOST_LINES = 12
_SMALL = (2.9, 2.5)  # inches of one of many panels of a quantity
_MOST_MARKS = 10  # values of an axis that can each have a mark
_WIDE = 8.0  # a longest value this many times the shortest is shown on a logarithmic axis


def curves(
    dataset: xr.Dataset,
    shown: Sequence[str | Quantity],
    axis: str = "delta",
    across: str | None = None,
) -> Figure:
    """Draw quantities along a swept key with their 95 % intervals as bands.

    Parameters
        dataset: of a sweep. shown: quantities or names of variables, a panel each.
        axis: the swept key on the horizontal axis, which must be numeric.
        across: another swept key, with a panel for each of its values.

    Returns
        Figure with one legend; a mechanism that does not use the key is a horizontal line.

    Raises
        ResultsError: no such variable or axis, a single value on the axis, or too many lines.
    """
    check_sweep(dataset)
    asked = quantities(shown)
    check_axis(dataset, axis)
    places = [None] if across is None else _places(dataset, axis, across)
    lines = _lines(dataset, axis, across)
    size = PANEL if across is None else _SMALL
    with rules():
        figure, parts = panels(len(asked) * len(places), size, len(places) if across else 3)
        for number, part in enumerate(parts):
            one, place = asked[number // len(places)], places[number % len(places)]
            at = {} if across is None or place is None else {across: place}
            _curve(part, dataset.isel(at), one, axis, lines)
            if across is not None and place is not None:
                part.set_title(labelled(across, dataset[across].values[place]))
        if across is not None:
            _as_multiples(figure, parts, asked, dataset)
        legend_below(figure, _handles(lines))
    return figure


def _places(dataset: xr.Dataset, axis: str, across: str) -> list[int | None]:
    """Return the places of the values of a key, in order of value where they are numbers."""
    axes = swept(dataset)
    if across not in axes or across == axis:
        raise ResultsError(f"across={across} is not another swept key{nearest(across, axes)}")
    values = dataset[across].values
    numeric = values.dtype.kind in "iuf"
    return [*map(int, np.argsort(values, kind="stable"))] if numeric else [*range(len(values))]


def _as_multiples(
    figure: Figure, parts: Sequence[Axes], asked: Sequence[Quantity], dataset: xr.Dataset
) -> None:
    """Give the panels of a quantity one scale, and say once what they show."""
    many = len(parts) // len(asked)
    for row, one in enumerate(asked):
        panels_of = parts[row * many : (row + 1) * many]
        limits = [part.get_ylim() for part in panels_of]
        low, high = min(each[0] for each in limits), max(each[1] for each in limits)
        for part in panels_of:
            part.set_ylim(low, high)
        for part in panels_of[1:]:
            part.set_ylabel("")
        if len(asked) > 1:
            panels_of[0].set_ylabel(wrapped(with_unit(one.title(dataset), one.unit(dataset)), 34))
    if len(asked) == 1:
        figure.suptitle(wrapped(asked[0].title(dataset), 60), x=0.01, ha="left",
                        fontsize=9.5, fontweight="bold", color=INK)  # fmt: skip


def check_axis(dataset: xr.Dataset, axis: str) -> None:
    """Check that there is something to draw along a swept key.

    Raises
        ResultsError: no such swept key, one value, or values that are no numbers.
    """
    axes = swept(dataset)
    if axis not in axes:
        raise ResultsError(f"axis={axis} is not a swept key{nearest(axis, axes)}")
    values = dataset[axis].values
    if len(values) < 2 or values.dtype.kind not in "iuf":
        raise ResultsError(f"axis={axis} is not allowed: it must have at least two numbers")


class _Line(NamedTuple):
    """One line of a panel: its places on the other axes, and how it is drawn."""

    at: dict[str, int]
    mechanism: str
    rest: tuple[str, ...]  # what tells it from other lines of its mechanism
    uses_axis: bool


def _lines(dataset: xr.Dataset, axis: str, across: str | None = None) -> list[_Line]:
    """List the lines of a panel; a mechanism has one for all values of a key it does not use.

    Raises
        ResultsError: too many to be told apart.
    """
    others = [name for name in swept(dataset) if name not in (axis, across)]
    told = [name for name in others if name != "mechanism" and dataset.sizes[name] > 1]
    idle = unused(dataset)
    found = []
    for places in itertools.product(*(range(dataset.sizes[name]) for name in others)):
        at = dict(zip(others, places, strict=True))
        without = {key for key, mechanisms in idle.items() if at.get("mechanism") in mechanisms}
        if any(at.get(key, 0) > 0 for key in without):
            continue
        shown = [name for name in told if name not in without]
        rest = tuple(axis_label(dataset, name, at[name]) for name in shown)
        name = str(dataset["mechanism"].values[at["mechanism"]]) if "mechanism" in at else "cells"
        found.append(_Line(at, name, rest, axis not in without))
    if len(found) > MOST_LINES:
        raise ResultsError(
            f"axis={axis} gives {len(found)} lines, and at most {MOST_LINES} can be read: choose "
            f"cells first, as dataset.sel({told[-1]}=[...])"
        )
    return found


def _curve(
    part: Axes, dataset: xr.Dataset, shown: Quantity, axis: str, lines: Sequence[_Line]
) -> None:
    found = levels(dataset, shown)
    x = dataset[axis].values.astype(float)
    order = np.argsort(x, kind="stable")  # lines run in order of value, whatever that of the words
    for line, style in zip(lines, _styles(lines), strict=True):
        value, low, high = (
            found[name].isel(line.at).to_numpy()[order] for name in ("value", "low", "high")
        )
        part.plot(x[order], value, **style)
        part.fill_between(x[order], low, high, color=style["color"], alpha=0.18, lw=0)
    _scale(part, x[order])
    part.set_xlabel(axis_title(dataset, axis))
    part.set_ylabel(with_unit("level", shown.unit(dataset)))
    part.set_title(wrapped(shown.title(dataset)))


def _styles(lines: Sequence[_Line]) -> list[dict[str, Any]]:
    """Say how each line is drawn: colours are mechanisms, strokes what differs within one.

    Where there are more lines than strokes, marks tell them apart.
    """
    kinds = list(dict.fromkeys(line.rest for line in lines))
    looks = dict(zip(kinds, itertools.product(MARKS, LINE_STYLES), strict=False))
    return [
        {
            "ls": looks[line.rest][1],
            "marker": looks[line.rest][0] if line.uses_axis else "",
            "color": mechanism_colour(line.mechanism),
            "label": ", ".join([line.mechanism, *line.rest]),
        }
        for line in lines
    ]


def _handles(lines: Sequence[_Line]) -> list[Line2D]:
    return [Line2D([], [], **style) for style in _styles(lines)]


def axis_label(dataset: xr.Dataset, axis: str, at: int) -> str:
    """Write a swept key with its value at a place."""
    return labelled(axis, dataset[axis].values[at])


def _scale(part: Axes, x: np.ndarray) -> None:
    """Put marks at the values themselves, on a logarithmic axis where they span much."""
    if x.min() > 0 and x.max() / x.min() >= _WIDE:
        part.set_xscale("log")
        part.xaxis.set_minor_locator(NullLocator())
        part.xaxis.set_minor_formatter(NullFormatter())
    if len(x) <= _MOST_MARKS:
        part.set_xticks(x, [f"{value:g}" for value in x])


def heat(
    dataset: xr.Dataset,
    shown: str | Quantity,
    x: str,
    y: str,
    at: Mapping[str, Any] | None = None,
    scale: tuple[float, float] | None = None,
) -> Figure:
    """Draw a quantity over two swept keys, with its level and half-width in every field.

    Parameters
        dataset: of a sweep. shown: a quantity or the name of a variable.
        x, y: the swept keys. at: labels of the other swept keys that have more than one.
        scale: levels at the ends of the colours, so that maps can be compared; None: its own.

    Returns
        Figure; a cell with a stopped lane is empty.

    Raises
        ResultsError: no such key, label or variable, or a key that is left open.
    """
    check_sweep(dataset)
    wanted = quantity(shown)
    part_of = _in_order(_chosen(dataset, (x, y), at or {}), (x, y))
    found = levels(part_of, wanted)
    found = found.squeeze({*found.dims} - {x, y}, drop=True).transpose(y, x)
    with rules():
        columns, rows = found.sizes[x], found.sizes[y]
        figure = Figure(figsize=(1.6 + 1.15 * columns, 1.3 + 0.55 * rows))
        part = figure.add_subplot()
        value, low, high = (found[name].to_numpy() for name in ("value", "low", "high"))
        least, most = scale or (np.nanmin(value), np.nanmax(value))
        image = part.imshow(
            value, cmap="cividis", aspect="auto", origin="lower", vmin=least, vmax=most
        )
        part.grid(visible=False)
        middle = (least + most) / 2
        for row, column in np.ndindex(rows, columns):
            if np.isnan(value[row, column]):
                part.text(column, row, "none", ha="center", va="center", color=INK)
                continue
            half = float(high[row, column] - low[row, column]) / 2
            text = interval_text(float(value[row, column]), half)
            colour = "white" if value[row, column] < middle else "black"
            part.text(
                column, row, text.replace(" ", "\n"), ha="center", va="center", fontsize=8,
                color=colour,
            )  # fmt: skip
        for set_ticks, axis in ((part.set_xticks, x), (part.set_yticks, y)):
            values = part_of[axis].values
            set_ticks(range(len(values)), [_plain(one) for one in values])
        part.set_xlabel(axis_title(dataset, x))
        part.set_ylabel(axis_title(dataset, y))
        held = [
            key for key in swept(part_of)
            if part_of.sizes[key] == 1 and not _is_idle(dataset, part_of, key)
        ]  # fmt: skip
        name = ", ".join(labelled(key, part_of[key].values[0]) for key in held)
        part.set_title(
            wrapped(f"{wanted.title(dataset)}; {name}" if name else wanted.title(dataset))
        )
        bar = figure.colorbar(image, ax=part)
        bar.outline.set_edgecolor(GRID)
        bar.set_label(with_unit("level", wanted.unit(dataset)))
    return figure


def _is_idle(dataset: xr.Dataset, shown: xr.Dataset, key: str) -> bool:
    """Tell whether no mechanism of those that are shown uses a swept key."""
    names = dataset["mechanism"].values
    idle = {names[at] for at in unused(dataset).get(key, ())}
    return {*shown["mechanism"].values} <= idle


def _in_order(dataset: xr.Dataset, axes: Sequence[str]) -> xr.Dataset:
    """Sort axes over numbers by value."""
    numeric = [axis for axis in axes if dataset[axis].dtype.kind in "iuf"]
    return dataset.sortby(numeric) if numeric else dataset


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def _chosen(dataset: xr.Dataset, kept: tuple[str, str], at: Mapping[str, Any]) -> xr.Dataset:
    """Choose one label on every swept key but the two that are kept."""
    axes = swept(dataset)
    for name in (*kept, *at):
        if name not in axes:
            raise ResultsError(f"{name} is not a swept key{nearest(name, axes)}")
    chosen = dataset
    for name in axes:
        if name in kept:
            continue
        known = dataset[name].values.tolist()
        if name in at:
            if at[name] not in known:
                listed = ", ".join(map(_plain, known))
                raise ResultsError(f"{name}={at[name]} is not in the results; they have {listed}")
            chosen = chosen.isel({name: [known.index(at[name])]})
        elif len(known) > 1:
            listed = ", ".join(map(_plain, known))
            raise ResultsError(
                f"{name} is left open: choose one of {listed}, as at={{{name!r}: ...}}"
            )
    return chosen
