"""Figures of studies, an SVG file each, in the look of all others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (5.5, 4.2)  # inches of a panel


def heat_maps(table: pd.DataFrame, axes: Sequence[str], path: Path) -> None:
    """Draw makers' PnL with its interval, and the share of seeds in limits, over two axes.

    Parameters
        table: of :func:`proteus.studies.survival.judge` over a grid. axes: two of its labels.
        path: the SVG file.
    """
    from proteus.plots.style import panels, rules, save

    pnl, low, high, within = (
        table.pivot(index=axes[0], columns=axes[1], values=name)
        for name in ("pnl", "low", "high", "within")
    )
    half = (high - low) / 2
    texts = pnl.map("{:.3g}".format) + "\n±" + half.map("{:.2g}".format)
    limit = 1.6 * float(pnl.abs().to_numpy().max())  # text stays readable on the darkest colour
    with rules():
        figure, (left, right) = panels(2, _SIZE)
        _heat_map(left, pnl, texts, {"cmap": "RdBu", "vmin": -limit, "vmax": limit})
        left.set_title(
            "Mean marked PnL of all makers, currency\n(± half-width of its 95 % interval)"
        )
        shares = within.map("{:.0%}".format)
        _heat_map(right, within, shares, {"cmap": "Greens", "vmin": 0, "vmax": 1.6})
        right.set_title("Seeds within inventory and drawdown limits")
    save(figure, path)


def _heat_map(axes: Axes, values: pd.DataFrame, texts: pd.DataFrame, colours: Any) -> None:
    axes.imshow(values.to_numpy(), aspect="auto", origin="lower", **colours)
    axes.grid(visible=False)
    axes.set_xticks(range(values.shape[1]), [f"{label:g}" for label in values.columns])
    axes.set_yticks(range(values.shape[0]), [f"{label:g}" for label in values.index])
    axes.set_xlabel(str(values.columns.name).replace("_", " "))
    axes.set_ylabel(str(values.index.name).replace("_", " "))
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            axes.text(
                column, row, str(texts.iloc[row, column]), ha="center", va="center", fontsize=8
            )


def frontiers(table: pd.DataFrame, path: Path) -> None:
    """Draw protection against discovery and against speed, with intervals.

    Cells on a frontier are filled, and have their batch interval beside them where they use one.

    Parameters
        table: of :func:`proteus.studies.frontier.frontiers`. path: the SVG file.
    """
    from matplotlib.lines import Line2D

    from proteus.plots.style import legend_below, mechanism_colour, panels, rules, save

    titles = {"discovery": "price RMSE, currency", "speed": "mean wait of takers that fill, ms"}
    with rules():
        figure, parts = panels(2, _SIZE)
        for axes, (name, title) in zip(parts, titles.items(), strict=True):
            for (mechanism, is_on), rows in table.groupby(["mechanism", f"on_{name}"], sort=False):
                bars = [
                    (rows[f"{side}_high"] - rows[f"{side}_low"]) / 2
                    for side in ("protection", name)
                ]
                axes.errorbar(
                    rows["protection"], rows[name], xerr=bars[0], yerr=bars[1], fmt="o", lw=0.6,
                    color=mechanism_colour(str(mechanism)), mfc=None if is_on else "white",
                )  # fmt: skip
                if is_on:
                    _number(axes, rows, name, mechanism_colour(str(mechanism)))
            axes.locator_params(axis="x", nbins=5)
            axes.set_xlabel("adverse-selection loss avoided, currency per lot (higher is better)")
            axes.set_ylabel(f"{title} (lower is better)")
            axes.set_title(f"Protection against {name}, relative to the baseline")
        legend_below(figure, [
            Line2D([], [], marker="o", ls="", color=mechanism_colour(str(each)), label=str(each))
            for each in table["mechanism"].unique()
        ])  # fmt: skip
    save(figure, path)


def _number(axes: Axes, rows: pd.DataFrame, name: str, colour: str) -> None:
    """Write the batch interval beside points; a mechanism without one has none."""
    if "delta" not in rows:
        return
    for delta, x, y in zip(rows["delta"], rows["protection"], rows[name], strict=True):
        if delta == delta:
            axes.annotate(f"{delta:g} ms", (x, y), xytext=(4, 4), textcoords="offset points",
                          fontsize=7, color=colour)  # fmt: skip
