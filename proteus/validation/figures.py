"""A figure per item: each number expected and simulated, at every point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proteus.plots.style import INK, panels, rules, save, wrapped
from proteus.validation.table import Tried

_REACH = 2.576  # standard errors of a bar: 99 % of one number


def draw(tried: Sequence[Tried], path: Path) -> None:
    """Draw the points of one function into a file: a panel for each number."""
    names = tried[0].comparison.names
    columns = [point.comparison for point in tried]
    labels = [point.parameters.replace(", ", "\n") or "defaults" for point in tried]
    places = range(len(tried))
    with rules():
        figure, axes = panels(len(names))
        for number, (name, panel) in enumerate(zip(names, axes, strict=True)):
            simulated = [column.simulated[number] for column in columns]
            bars = [_REACH * c.standard_error[number] + c.tolerance[number] for c in columns]
            expected = [column.expected[number] for column in columns]
            panel.errorbar(places, simulated, bars, fmt="o", capsize=3, label="simulated")
            panel.plot(places, expected, "_", color=INK, markersize=16, label="expected")
            panel.set_title(wrapped(name))
            panel.set_xticks(places, labels, fontsize=6.5)
            panel.margins(x=0.2)
        axes[0].legend()
    save(figure, path)
