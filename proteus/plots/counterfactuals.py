"""What recorded orders did in other mechanisms: the path of prices, and every measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from proteus.plots.style import (
    INK,
    LINE_STYLES,
    PANEL,
    VALUE_COLOUR,
    legend_below,
    mechanism_colour,
    panels,
    rules,
)

_ROW = 0.27  # inches


def paths(
    moments: NDArray[np.float64], prices: dict[str, NDArray[np.float64]], cells: pd.DataFrame,
    recorded: str, is_since_midnight: bool,
) -> Figure:  # fmt: skip
    """Draw the last price of every cell and of the record over time.

    Parameters
        moments: float64 [P] seconds. prices: of each cell by label, float64 [P] currency.
        cells: columns ``cell`` and ``mechanism``. recorded: label of the record.
    """
    with rules():
        figure, (axes,) = panels(1, (PANEL[0] * 2.3, PANEL[1]))
        marks = [_line(axes, moments, prices[recorded], VALUE_COLOUR, "-", recorded, 2.4)]
        styles: dict[str, int] = {}
        for cell, mechanism in zip(cells["cell"], cells["mechanism"], strict=True):
            at = styles.get(mechanism, 0)
            styles[mechanism] = at + 1
            style = LINE_STYLES[at % len(LINE_STYLES)]
            marks.append(
                _line(axes, moments, prices[cell], mechanism_colour(mechanism), style, cell, 1.1)
            )
        axes.set_xlabel("hours since midnight" if is_since_midnight else "hours of the file")
        axes.set_ylabel("last price (currency)")
        axes.set_title("Last price, recorded and in each mechanism")
        axes.ticklabel_format(axis="y", useOffset=False)
        axes.margins(x=0.01)
        legend_below(figure, marks)
    return figure


def _line(axes: Axes, x: Any, y: Any, colour: str, style: str, label: str, width: float) -> Line2D:
    (line,) = axes.plot(x, y, color=colour, ls=style, lw=width, label=label, drawstyle="steps-post")
    return line


def measures(table: pd.DataFrame, titles: Sequence[tuple[str, str, str]]) -> Figure:
    """Draw every measure of every cell with its interval, and the record as a line.

    Parameters
        table: rows of ``whatif.judging``. titles: of each measure its name, title and unit.
    """
    cells = [*dict.fromkeys(table["cell"])]
    with rules():
        figure, parts = panels(len(titles), (PANEL[0] * 0.92, 0.9 + _ROW * len(cells)))
        for axes, (name, title, unit) in zip(parts, titles, strict=True):
            rows = table[table["measure"] == name].to_dict("records")
            for place, row in enumerate(rows):
                colour = mechanism_colour(str(row["mechanism"]))
                axes.plot(row["value"], place, "o", color=colour, ms=4.5)
                if row["low"] == row["low"]:
                    axes.plot([row["low"], row["high"]], [place, place], color=colour, lw=1.4)
            axes.axvline(rows[0]["recorded"], color=INK, lw=0.9, ls="--")
            axes.set_yticks(range(len(cells)), cells)
            axes.set_ylim(len(cells) - 0.5, -0.5)
            axes.set_title(title[:1].upper() + title[1:])
            axes.set_xlabel(unit)
            axes.locator_params(axis="x", nbins=4)
    return figure
