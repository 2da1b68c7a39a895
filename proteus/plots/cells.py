"""Figures with a row per cell: contrasts with the baseline, distributions over seeds, welfare."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from proteus.analysis import showing
from proteus.analysis.contrasts import (
    Pair,
    estimate,
    exploratory,
    note,
    pair_count,
    paired,
    violated,
)
from proteus.analysis.levels import (
    Point,
    Quantity,
    distinct,
    is_violated,
    level,
    names_of,
    quantities,
    telling,
    why_none,
)
from proteus.analysis.measures import check_sweep
from proteus.analysis.statistics.paired import Contrast
from proteus.errors import ResultsError
from proteus.plots.style import (
    ACCOUNT_COLOURS,
    CLASS_COLOURS,
    INK,
    PANEL,
    legend_below,
    mechanism_colour,
    panels,
    rules,
    with_unit,
    wrapped,
)
from proteus.results.coordinates import describe, key_head, key_text

MOST_ROWS = 40
_FRAME = 1.15  # inches of title and axis
_ROW, _DENSE = 0.26, 0.19  # inches that a row takes, and one of many
_MANY = 16
_LONG = 24  # letters of a name that leaves room for the panel
_TITLE = 26  # letters of a line of a title beside long names of rows
_WHISKERS = (0.05, 0.95)


def forest(
    dataset: xr.Dataset,
    shown: Sequence[str | Quantity],
    baseline: str | Mapping[str, Any] = "clob",
) -> Figure:
    """Draw paired contrasts with a baseline, a row per cell, with 95 % t intervals.

    Parameters
        dataset: of a sweep. shown: quantities or names of variables, a panel each.
        baseline: as :func:`proteus.compare` takes it.

    Returns
        Figure; a cell with a stopped lane has no mark, and one that is exploratory a hollow one.

    Raises
        ResultsError: no such variable or baseline, or nothing to compare.
    """
    check_sweep(dataset)
    asked = quantities(shown)
    count = pair_count(dataset, baseline)
    pairs = list(itertools.islice(paired(dataset, baseline), MOST_ROWS))
    with rules():
        lines = 2 if any(map(exploratory, pairs)) else 1
        figure, parts = panels(len(asked), (PANEL[0], height(len(pairs), lines)))
        for part, wanted in zip(parts, asked, strict=True):
            measure, k = wanted.measure(dataset), wanted.column(dataset)
            for row, pair in enumerate(pairs):
                if violated(pair):
                    continue
                found = estimate(pair, [measure])
                if np.isnan(found.difference[k]):
                    say(part, row, _why_not(pair, wanted, found, k))
                    continue
                difference = showing.shown(
                    wanted.variable, found.difference[k], found.low[k], found.high[k]
                )
                colour = mechanism_colour(str(pair.coordinates.get("mechanism", "")))
                _mark(part, row, difference, colour, is_hollow=bool(exploratory(pair)))
            part.axvline(0, color=INK, lw=0.8)
            rows(part, [pair.coordinates for pair in pairs], [*map(exploratory, pairs)])
            name = pairs[0].name
            part.set_xlabel(with_unit(f"difference from {name}", wanted.unit(dataset)))
            part.set_title(wrapped(wanted.title(dataset) + rest(count), _TITLE))
    return figure


def height(count: int, lines: int = 1) -> float:
    """Return the height of a panel with a row for each cell, inches.

    Parameters
        count: of the cells. lines: of the name of a row.
    """
    return _FRAME + (_DENSE if count > _MANY and lines == 1 else _ROW) * count


def _why_not(pair: Pair, wanted: Quantity, found: Contrast, k: int) -> str:
    """Say why there is no contrast: a cell without any value, else what is degenerate about it."""
    for name, value in (("", found.treated[k]), (f" ({pair.name})", found.baseline[k])):
        if np.isnan(value):
            return why_none(pair.treated, wanted.variable) + name
    return note(found, k)


def _mark(part: Axes, row: float, found: showing.Shown, colour: str, *, is_hollow: bool) -> None:
    """Draw an estimate and its interval; a hollow mark is exploratory."""
    part.plot([found.low, found.high], [row, row], color=colour, lw=1.8, solid_capstyle="butt")
    part.plot([found.value], [row], marker="o", color=colour, mfc="none" if is_hollow else colour)


def say(part: Axes, row: int, reason: str) -> None:
    """Say in a row why it has no mark."""
    part.text(
        0.02, row, reason, transform=part.get_yaxis_transform(), fontsize=7, color=INK, va="center"
    )


def rows(part: Axes, cells: Sequence[Mapping[str, Any]], notes: Sequence[str] = ()) -> None:
    """Name the rows, the first on top; long names leave their keys to the title of the axis.

    Parameters
        notes: of each cell why it is exploratory, empty where it is not; none at all for all.
    """
    keys = telling(cells)
    names = names_of(cells)
    if max(map(len, names)) > _LONG:
        names = [describe({"mechanism": cell.get("mechanism", "cell")}) for cell in cells]
        names = [
            f"{name} ({', '.join(key_text(cell[key]) for key in keys)})"
            for name, cell in zip(names, cells, strict=True)
        ]
        part.set_ylabel("\n".join(["mechanism", *map(key_head, keys)]), fontsize=7.5)
    for row in [row for row, why in enumerate(notes) if why]:
        names[row] += "\nexploratory"
    part.set_yticks(range(len(names)), names)
    part.set_ylim(len(names) - 0.4, -0.6)
    part.grid(visible=False, axis="y")
    part.xaxis.set_major_locator(MaxNLocator(nbins=4))


def rest(count: int) -> str:
    """Say in a title that not all cells have a row."""
    return f"; the first {MOST_ROWS} of {count} cells" if count > MOST_ROWS else ""


def cells_of(dataset: xr.Dataset) -> list[Point]:
    """Return the cells that have a row."""
    return list(itertools.islice(distinct(dataset), MOST_ROWS))


def distributions(dataset: xr.Dataset, shown: Sequence[str]) -> Figure:
    """Draw how variables are distributed over seeds: a box per cell.

    A box is the middle half with the median, whiskers reach from the 5 % to the 95 % quantile, a
    dot is the estimate of the cell, which for a ratio is no mean of the values of its seeds.

    Parameters
        dataset: of a sweep. shown: names of variables, a panel each; one with a further dim is
            shown at its first label.

    Returns
        Figure, each panel in the unit of its variable.

    Raises
        ResultsError: no such variable.
    """
    check_sweep(dataset)
    asked, cells = quantities(shown), cells_of(dataset)
    with rules():
        figure, parts = panels(len(asked), (PANEL[0], height(len(cells))))
        for part, wanted in zip(parts, asked, strict=True):
            name = wanted.variable
            sign = showing.sign(name)
            for row, point in enumerate(cells):
                if not is_violated(dataset, point.at):
                    values = dataset[name].isel(point.at).transpose("seed", ...).to_numpy()
                    values = sign * values.reshape(len(values), -1)[:, 0]
                    value = level(dataset, point.at, wanted).value
                    colour = mechanism_colour(point.mechanism)
                    _box(part, row, values[~np.isnan(values)], value, colour)
            rows(part, [point.coordinates for point in cells])
            unit = str(dataset[name].attrs.get("units", ""))
            part.set_xlabel(with_unit("value of a seed", unit))
            title = wanted.title(dataset) + rest(len(list(distinct(dataset))))
            part.set_title(wrapped(title, _TITLE))
    return figure


def _box(part: Axes, row: int, values: np.ndarray, value: float, colour: str) -> None:
    if not len(values):
        return
    low, first, median, third, high = np.quantile(
        values, [_WHISKERS[0], 0.25, 0.5, 0.75, _WHISKERS[1]]
    )
    part.plot([low, high], [row, row], color=colour, lw=1.0)
    part.barh(row, third - first, left=first, height=0.56, color=colour, alpha=0.35, lw=0)
    part.plot([median, median], [row - 0.28, row + 0.28], color=colour, lw=1.8)
    part.plot([value], [row], marker="o", ms=3.2, color=INK)


def welfare(dataset: xr.Dataset) -> Figure:
    """Draw who wins what from whom: mean PnL of each class per cell, with 95 % intervals.

    The PnL of all classes, the venue, the pool of incentives, the network and the proposer sums to
    zero in every lane; of the last three those are drawn that something is paid by or to.

    Parameters
        dataset: of a sweep.

    Returns
        Figure, in currency; a cell with a stopped lane has no bars.

    Raises
        ResultsError: the dataset has no PnL by class.
    """
    check_sweep(dataset)
    colours = CLASS_COLOURS | {
        name: colour for name, colour in ACCOUNT_COLOURS.items()
        if f"pnl_{name}" in dataset and bool(dataset[f"pnl_{name}"].fillna(0).any())
    }  # fmt: skip
    names = [name for name in colours if f"pnl_{name}" in dataset]
    if not names:
        raise ResultsError("pnl_maker is not in the results: there is no welfare to split")
    cells = cells_of(dataset)
    bar = 0.13 if len(cells) <= _MANY else 0.07
    size = PANEL[0] * 1.5, max(2.4, _FRAME + bar * len(names) * len(cells) + 0.3)
    with rules():
        figure, (part,) = panels(1, size)
        for number, name in enumerate(names):
            shift = (number - (len(names) - 1) / 2) * 0.8 / len(names)
            for row, point in enumerate(cells):
                value, low, high = level(dataset, point.at, Quantity(f"pnl_{name}"))
                label = name if row == 0 else None
                part.barh(
                    row + shift, value, height=0.8 / len(names) * 0.85, lw=0, alpha=0.75,
                    color=colours[name], label=label,
                )  # fmt: skip
                part.plot([low, high], [row + shift] * 2, color=INK, lw=1.0)
        part.axvline(0, color=INK, lw=0.8)
        rows(part, [point.coordinates for point in cells])
        part.set_xlabel(
            with_unit(
                "mean PnL marked at the fair value at the end", str(dataset["pnl_maker"].units)
            )
        )
        more = rest(len(list(distinct(dataset))))
        part.set_title("Welfare by class: each cell sums to zero" + more)
        legend_below(figure, [Patch(color=colours[name], alpha=0.75, label=name)
                              for name in names])  # fmt: skip
    return figure
