"""Cells as points of two quantities, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from proteus.analysis.levels import (
    Point,
    Quantity,
    key_text,
    level,
    quantity,
    telling,
)
from proteus.analysis.measures import check_sweep
from proteus.errors import ResultsError
from proteus.plots.cells import cells_of
from proteus.plots.style import (
    LINE_STYLES,
    legend_below,
    mechanism_colour,
    panels,
    rules,
    with_unit,
    wrapped,
)
from proteus.results.coordinates import short_name

_MARKS = ("o", "s", "^", "D")  # in step with LINE_STYLES


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
        for part, (one, other) in zip(parts, shown, strict=True):
            handles = _frontier(part, dataset, cells, (quantity(one), quantity(other)))
        legend_below(figure, handles)
    return figure


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _rest_of(point: Point, key_of_numbers: str) -> str:
    """Write what tells a cell from others of its mechanism, other than the key of the numbers."""
    rest = {short_name(key): key_text(value) for key, value in point.coordinates.items()}
    return ", ".join(
        f"{key}={value}" for key, value in rest.items()
        if key not in ("mechanism", short_name(key_of_numbers)) and value != "-"
    )  # fmt: skip


def _frontier(
    part: Axes, dataset: xr.Dataset, cells: Sequence[Point], axes: tuple[Quantity, Quantity]
) -> list[Line2D]:
    """Draw one trade-off; returns the lines of its legend."""
    key = along(cells)
    joined: dict[tuple[str, str], list[Point]] = {}
    for point in cells:
        joined.setdefault((point.mechanism, _rest_of(point, key)), []).append(point)
    kinds = list(dict.fromkeys(rest for _, rest in joined))
    are_told = len(kinds) <= len(LINE_STYLES)
    handles: dict[str, Line2D] = {}
    for (mechanism, rest), found in joined.items():
        kind = kinds.index(rest) if are_told else 0
        members = sorted(found, key=lambda point: _order(point, key))
        name = ", ".join(filter(None, [mechanism, rest if are_told else ""]))
        style: dict[str, Any] = {"color": mechanism_colour(mechanism), "ls": LINE_STYLES[kind]}
        handles[name] = Line2D([], [], marker=_MARKS[kind], label=name, lw=0.9, **style)
        _trade_off(part, dataset, members, axes, key, style | {"marker": _MARKS[kind]})
    for set_label, one in ((part.set_xlabel, axes[0]), (part.set_ylabel, axes[1])):
        name = one.title(dataset)
        set_label(wrapped(with_unit(name, one.unit(dataset))))
    part.margins(0.12)
    return [*handles.values()]


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
) -> None:  # fmt: skip
    """Draw cells that differ in one key as points that are joined, with the value of the key."""
    found = np.array([[level(dataset, point.at, one) for one in axes] for point in members])
    (x, x_low, x_high), (y, y_low, y_high) = found.transpose(1, 2, 0)
    part.plot(x, y, color=style["color"], ls=style["ls"], lw=0.9, alpha=0.6)
    part.errorbar(
        x, y, xerr=[x - x_low, x_high - x], yerr=[y - y_low, y_high - y], fmt=style["marker"],
        color=style["color"], elinewidth=1.1, alpha=0.85,
    )  # fmt: skip
    for point, at_x, at_y in zip(members, x, y, strict=True):
        number = key_text(point.coordinates.get(key, np.nan))
        if np.isfinite(at_x) and np.isfinite(at_y) and number != "-":
            part.annotate(
                number, (at_x, at_y), xytext=(4, 4), textcoords="offset points", fontsize=7,
                color=style["color"],
            )  # fmt: skip
