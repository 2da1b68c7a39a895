"""How intents end: filled, or by which cause not; a stacked bar per cell and class."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from proteus.analysis.levels import Point, distinct
from proteus.analysis.measures import check_sweep, estimates, labels, measures, points
from proteus.errors import ResultsError
from proteus.plots.cells import cells_of, height, rest, rows, say
from proteus.plots.style import END_COLOURS, INK, PANEL, legend_below, panels, rules

ENDS = "taker_end_share"


def ends(dataset: xr.Dataset) -> Figure:
    """Draw how intents end: the share of each cause in every cell, a panel per class that takes.

    Parameters
        dataset: of a sweep.

    Returns
        Figure, of shares that sum to one; a cell with a stopped lane has no bars.

    Raises
        ResultsError: the dataset has no ends of intents, or nobody takes.
    """
    check_sweep(dataset)
    if ENDS not in dataset:
        raise ResultsError(f"{ENDS} is not in the results: there is no end of intents to show")
    shares = _shares(dataset)
    classes = [
        name for name in dict.fromkeys(name for name, _ in shares)
        if any(np.isfinite(of).any() for (one, _), of in shares.items() if one == name)
    ]  # fmt: skip
    if not classes:
        raise ResultsError(f"{ENDS} has no value in any cell: nobody takes")
    cells = cells_of(dataset)
    places = [_place(dataset, point) for point in cells]
    causes = [
        cause for cause in dict.fromkeys(cause for _, cause in shares)
        if any(np.nansum(shares[name, cause]) > 0 for name in classes)
    ]  # fmt: skip
    with rules():
        figure, parts = panels(len(classes), (PANEL[0], height(len(cells))))
        for part, name in zip(parts, classes, strict=True):
            left = np.zeros(len(cells))
            for cause in causes:
                width = np.nan_to_num(shares[name, cause][places])
                part.barh(range(len(cells)), width, left=left, height=0.7, lw=0,
                          color=END_COLOURS.get(cause, INK))  # fmt: skip
                left += width
            for row in np.flatnonzero(left == 0):
                say(part, int(row), "none: no intent")
            rows(part, [point.coordinates for point in cells])
            part.set_xlim(0, 1)
            part.set_xlabel("share of intents")
            part.set_title(f"{name[:1].upper()}{name[1:]}{rest(len(list(distinct(dataset))))}")
        legend_below(figure, [
            Patch(color=END_COLOURS.get(cause, INK), label=cause.replace("_", " "))
            for cause in causes
        ])  # fmt: skip
    return figure


def _shares(dataset: xr.Dataset) -> dict[tuple[str, str], np.ndarray]:
    """Estimate the share of every end by class, a value for each point of the dataset."""
    (measure,) = measures(dataset, [ENDS])
    found = estimates(dataset, measure)
    return {
        (str(label["trader_class"]), str(label["intent_end"])): found.value[:, k]
        for k, label in enumerate(labels(dataset, measure))
    }


def _place(dataset: xr.Dataset, point: Point) -> int:
    """Return which of the points of a dataset a cell is."""
    return list(points(dataset)).index(point.at)
