"""A figure per item: each number expected and simulated, at every point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from proteus.validation.table import Tried

_WIDTH, _HEIGHT = 3.3, 2.4  # inches of a panel
_REACH = 2.576  # standard errors of a bar: 99 % of one number


def draw(tried: Sequence[Tried], path: Path) -> None:
    """Draw the points of one function into an SVG file: a panel for each number."""
    names = tried[0].comparison.names
    labels = [point.parameters.replace(", ", "\n") or "defaults" for point in tried]
    options: Any = {"svg.fonttype": "none", "svg.hashsalt": "proteus", "font.size": 7}
    with mpl.rc_context(options):
        figure = Figure(figsize=(_WIDTH * len(names), _HEIGHT), layout="constrained")
        for number, name in enumerate(names):
            axes = figure.add_subplot(1, len(names), number + 1)
            columns = [point.comparison for point in tried]
            places = range(len(tried))
            axes.errorbar(
                places, [c.simulated[number] for c in columns],
                [_REACH * c.standard_error[number] + c.tolerance[number] for c in columns],
                fmt="o", markersize=3, capsize=3, label="simulated",
            )  # fmt: skip
            axes.plot(places, [c.expected[number] for c in columns], "k_", markersize=14,
                      label="expected")  # fmt: skip
            axes.set_title(name, fontsize=7)
            axes.set_xticks(places, labels, fontsize=5)
            axes.margins(x=0.2)
        figure.axes[0].legend(fontsize=6, frameon=False)
        figure.savefig(path, metadata={"Date": None})
