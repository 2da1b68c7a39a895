"""Cells as points of two quantities, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from proteus.analysis.levels import (
    Point,
    Quantity,
    differing,
    level,
    quantity,
    telling,
)
from proteus.analysis.measures import check_sweep
from proteus.errors import ResultsError
from proteus.plots.cells import cells_of
from proteus.plots.labels import Marked, place
from proteus.plots.style import (
    INK,
    LINE_STYLES,
    MARKS,
    legend_below,
    mechanism_colour,
    panels,
    rules,
    with_unit,
    wrapped,
)
from proteus.results.coordinates import key_text, labelled


def frontiers(
    dataset: xr.Dataset, shown: Sequence[tuple[str | Quantity, str | Quantity]]
) -> Figure:
    """Draw trade-offs: cells as points of two quantities, each with its 95 % interval.

    Parameters
        dataset: of a sweep. shown: pairs of quantities (horizontal, vertical), a panel each.

    Returns
        Figure; cells that differ in one number only are joined, and have it beside them. Up to
        four kinds of other cells have a line and a mark of their own.

    Raises
        ResultsError: no such variable.
    """
    check_sweep(dataset)
    if not isinstance(shown, Sequence) or not all(_is_pair(one) for one in shown) or not shown:
        raise ResultsError(f"shown={shown!r} is not allowed: it must be a list of pairs")
    cells = cells_of(dataset)
    with rules():
        figure, parts = panels(len(shown))
        marked = []
        for part, (one, other) in zip(parts, shown, strict=True):
            handles, points = _frontier(part, dataset, cells, (quantity(one), quantity(other)))
            marked.append(points)
        legend_below(figure, handles)
        for part, points in zip(parts, marked, strict=True):
            place(part, points)
    return figure


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _rest_of(point: Point, keys: Sequence[str]) -> str:
    """Write the values of keys that a cell uses."""
    values = {key: point.coordinates[key] for key in keys}
    return ", ".join(labelled(key, each) for key, each in values.items() if key_text(each) != "-")


def _frontier(
    part: Axes, dataset: xr.Dataset, cells: Sequence[Point], axes: tuple[Quantity, Quantity]
) -> tuple[list[Line2D], list[Marked]]:
    """Draw one trade-off; returns the lines of its legend, and its points."""
    key = along(cells)
    rest_keys = [each for each in differing([cell.coordinates for cell in cells]) if each != key]
    joined: dict[tuple[str, str], list[Point]] = {}
    for point in cells:
        joined.setdefault((point.mechanism, _rest_of(point, rest_keys)), []).append(point)
    kinds = list(dict.fromkeys(rest for _, rest in joined))
    are_told = len(kinds) <= len(LINE_STYLES)
    points: list[Marked] = []
    for (mechanism, rest), found in joined.items():
        kind = kinds.index(rest) if are_told else 0
        members = sorted(found, key=lambda point: _order(point, key))
        style = _style(kind) | {"color": mechanism_colour(mechanism)}
        points += _trade_off(part, dataset, members, axes, key, style)
    for set_label, one in ((part.set_xlabel, axes[0]), (part.set_ylabel, axes[1])):
        name = one.title(dataset)
        set_label(wrapped(with_unit(name, one.unit(dataset))))
    part.xaxis.set_major_locator(MaxNLocator(nbins=5))
    part.margins(0.12)
    return _handles([mechanism for mechanism, _ in joined], kinds if are_told else []), points


def _style(kind: int) -> dict[str, Any]:
    return {"ls": LINE_STYLES[kind], "marker": MARKS[kind], "color": INK}


def _handles(mechanisms: Sequence[str], kinds: Sequence[str]) -> list[Line2D]:
    """Return the lines of a legend: colours are mechanisms, marks what differs within one."""
    told = [(at, kind) for at, kind in enumerate(kinds) if kind]
    looks: list[tuple[str, dict[str, Any]]] = [
        (name, {"color": mechanism_colour(name), "lw": 2.5, "marker": "" if told else MARKS[0]})
        for name in dict.fromkeys(mechanisms)
    ]
    looks += [(kind, _style(at) | {"lw": 0.9}) for at, kind in told]
    return [Line2D([], [], label=name, **look) for name, look in looks]


def along(cells: Sequence[Point]) -> str:
    """Return the key along which cells are joined: the first over numbers that tells them apart."""
    for key in telling([point.coordinates for point in cells]):
        values = [point.coordinates[key] for point in cells]
        if all(isinstance(value, (int, float, np.number)) for value in values):
            return key
    return ""


def _order(point: Point, key: str) -> float:
    """Return the value of a key, by which points are joined; a cell without it has none."""
    return float(point.coordinates.get(key, np.nan))


def _trade_off(
    part: Axes, dataset: xr.Dataset, members: Sequence[Point], axes: tuple[Quantity, Quantity],
    key: str, style: dict[str, Any],
) -> list[Marked]:  # fmt: skip
    """Draw cells that differ in one key as joined points; returns these with its value."""
    found = np.array([[level(dataset, point.at, one) for one in axes] for point in members])
    (x, x_low, x_high), (y, y_low, y_high) = found.transpose(1, 2, 0)
    part.plot(x, y, color=style["color"], ls=style["ls"], lw=0.9, alpha=0.6)
    part.errorbar(
        x, y, xerr=[x - x_low, x_high - x], yerr=[y - y_low, y_high - y], fmt=style["marker"],
        color=style["color"], elinewidth=1.1, alpha=0.85,
    )  # fmt: skip
    numbers = [key_text(point.coordinates.get(key, np.nan)) for point in members]
    return [
        Marked("" if number == "-" else number, tuple(of_x), tuple(of_y), style["color"])
        for number, (of_x, of_y) in zip(numbers, found.tolist(), strict=True)
    ]
