"""What each class wins and pays, by what it comes from: stacked bars per cell, with the net."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from proteus.analysis.levels import distinct
from proteus.analysis.measures import check_sweep, estimates, labels, measures, points
from proteus.errors import ResultsError
from proteus.plots.cells import cells_of, height, rest, rows, say
from proteus.plots.style import INK, PANEL, TERM_COLOURS, legend_below, panels, rules

TERMS = "pnl_by_term"


def terms(dataset: xr.Dataset) -> Figure:
    """Draw the terms of mean PnL in every cell, a panel per class: gains right, losses left of 0.

    Parameters
        dataset: of a sweep in which some cell has capital, costs or an environment.

    Returns
        Figure, in currency; the mark on a bar is the net, which is the sum of its parts. A cell
        with a stopped lane has no bar.

    Raises
        ResultsError: the dataset has no terms of PnL.
    """
    check_sweep(dataset)
    if TERMS not in dataset:
        raise ResultsError(f"{TERMS} is not in the results: no cell has capital, costs or channels")
    means = _means(dataset)
    classes = [
        name for name in dict.fromkeys(name for name, _ in means)
        if any(np.nan_to_num(of).any() for (one, _), of in means.items() if one == name)
    ]  # fmt: skip
    cells = cells_of(dataset)
    places = [list(points(dataset)).index(point.at) for point in cells]
    moved = [
        term for term in dict.fromkeys(term for _, term in means)
        if any(np.nan_to_num(means[name, term][places]).any() for name in classes)
    ]  # fmt: skip
    with rules():
        figure, parts = panels(len(classes), (PANEL[0], height(len(cells))))
        for part, name in zip(parts, classes, strict=True):
            values = np.array([means[name, term][places] for term in moved])
            _stack(part, values, [TERM_COLOURS[term] for term in moved])
            rows(part, [point.coordinates for point in cells])
            part.axvline(0, color=INK, lw=0.8)
            part.set_xlabel("currency per lane")
            part.set_title(f"{name[:1].upper()}{name[1:]}{rest(len(list(distinct(dataset))))}")
        net = Line2D([], [], marker="D", ls="", color=INK, markerfacecolor="white", label="net")
        shown = [Patch(color=TERM_COLOURS[term], label=term.replace("_", " ")) for term in moved]
        legend_below(figure, [*shown, net])
    return figure


def _stack(part: Axes, values: np.ndarray, colours: list[str]) -> None:
    """Lay the parts of each cell beside each other, by their sign, and mark their sum."""
    for row, of_cell in enumerate(values.T):
        if not np.isfinite(of_cell).all():
            say(part, row, "none: a lane was stopped")
            continue
        ends = {True: 0.0, False: 0.0}
        for value, colour in zip(of_cell, colours, strict=True):
            at = ends[value > 0]
            part.barh(row, value, left=at, height=0.7, lw=0, color=colour)
            ends[value > 0] = at + value
        part.plot(of_cell.sum(), row, marker="D", color=INK, markerfacecolor="white", ms=4)


def _means(dataset: xr.Dataset) -> dict[tuple[str, str], np.ndarray]:
    """Estimate the mean of every term by class, a value for each point of the dataset."""
    (measure,) = measures(dataset, [TERMS])
    found = estimates(dataset, measure)
    return {
        (str(label["trader_class"]), str(label["pnl_term"])): found.value[:, k]
        for k, label in enumerate(labels(dataset, measure))
    }
