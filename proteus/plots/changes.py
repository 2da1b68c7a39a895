"""What a change of rules moved: each party with its interval, and what moves each class."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from proteus.plots.style import (
    CLASS_COLOURS,
    INK,
    OTHER_COLOUR,
    PANEL,
    TERM_COLOURS,
    legend_below,
    panels,
    rules,
)

_ROW = 0.34  # inches
_COLOURS = {  # fills of makers have two terms of their own
    "spread captured": "#1b4f8a", "adverse selection": "#e07b39", **TERM_COLOURS,
}  # fmt: skip


def changes(who: pd.DataFrame, terms: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Draw who gains and who pays, and by which terms.

    Parameters
        who, terms: tables of ``studies.ab_tables``. names: of the parties, as a reader knows them.

    Returns
        Figure, in currency per lane; on the right the mark of a class is its net change.
    """
    parties = who[who["kind"] == "party"]
    terms = terms[terms["kind"] == "party"]
    classes = [*dict.fromkeys(terms["name"])]
    height = 1.1 + _ROW * max(len(parties), len(classes))
    with rules():
        figure, (left, right) = panels(2, (PANEL[0] * 1.15, height))
        _draw_parties(left, parties, names)
        shown = _draw_terms(right, terms, classes, names)
        net = Line2D([], [], marker="D", ls="", color=INK, markerfacecolor="white", label="net")
        legend_below(figure, [*shown, net])
    return figure


def _draw_parties(axes: Axes, parties: pd.DataFrame, names: Mapping[str, str]) -> None:
    for row, party in enumerate(parties.to_dict("records")):
        colour = CLASS_COLOURS.get(str(party["name"]), OTHER_COLOUR)
        half = (party["high"] - party["low"]) / 2
        axes.barh(row, party["change"], height=0.6, lw=0, color=colour)
        axes.errorbar(party["change"], row, xerr=half, color=INK, capsize=2.5, lw=1)
    _label(axes, [str(name) for name in parties["name"]], names)
    axes.set_title("Change of PnL, with 95 % intervals")


def _draw_terms(
    axes: Axes, terms: pd.DataFrame, classes: list[str], names: Mapping[str, str]
) -> list[Patch]:
    """Lay the terms of each class beside each other by their sign; returns the legend."""
    values = dict(zip(zip(terms["name"], terms["term"], strict=True), terms["change"], strict=True))
    moved = [term for term in _COLOURS if any(values.get((name, term)) for name in classes)]
    for row, name in enumerate(classes):
        ends = {True: 0.0, False: 0.0}
        for term in moved:
            value = float(values.get((name, term), 0.0))
            axes.barh(row, value, left=ends[value > 0], height=0.6, lw=0, color=_COLOURS[term])
            ends[value > 0] += value
        net = sum(ends.values())
        axes.plot(net, row, marker="D", color=INK, markerfacecolor="white", ms=4)
    _label(axes, classes, names)
    axes.set_title("What it comes from")
    return [Patch(color=_COLOURS[term], label=term.replace("_", " ")) for term in moved]


def _label(axes: Axes, parties: list[str], names: Mapping[str, str]) -> None:
    axes.set_yticks(range(len(parties)), [names.get(name, name) for name in parties])
    axes.invert_yaxis()
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_xlabel("currency per lane")
    axes.margins(x=0.06)
