"""Figures of studies, an SVG file each, in the look of all others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from proteus.results.coordinates import key_head

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from proteus.plots.labels import Marked

_SIZE = (5.5, 4.2)  # inches of a panel
_NOT_A_NUMBER = ("mechanism", "delta", "environment")  # labels of phase 5 beside the one number
_READS = {"oracle": "public", "oracle_twap": "twap", "oracle_value": "value"}
_BESIDE = 0.16  # of the distance of two mechanisms, between values of that number


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
    axes.set_xlabel(key_head(str(values.columns.name)))
    axes.set_ylabel(key_head(str(values.index.name)))
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

    from proteus.plots.labels import place
    from proteus.plots.style import legend_below, mechanism_colour, panels, rules, save

    titles = {"discovery": "price RMSE, currency", "speed": "mean wait of takers that fill, ms"}
    with rules():
        figure, parts = panels(2, _SIZE)
        points: dict[str, list[Marked]] = {name: [] for name in titles}
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
                points[name] += _points(rows, name, mechanism_colour(str(mechanism)), bool(is_on))
            axes.locator_params(axis="x", nbins=5)
            axes.set_xlabel("adverse-selection loss avoided, currency per lot (higher is better)")
            axes.set_ylabel(f"{title} (lower is better)")
            axes.set_title(f"Protection against {name}, relative to the baseline")
        legend_below(figure, [
            Line2D([], [], marker="o", ls="", color=mechanism_colour(str(each)), label=str(each))
            for each in table["mechanism"].unique()
        ])  # fmt: skip
        for axes, name in zip(parts, titles, strict=True):
            place(axes, points[name])
    save(figure, path)


def _points(rows: pd.DataFrame, name: str, colour: str, is_on: bool) -> list[Marked]:
    """Return cells as points; those on a frontier have their batch interval, if they use one."""
    from proteus.plots.labels import Marked

    listed = []
    for row in rows.to_dict("records"):
        x, y = (
            (row[side], row[f"{side}_low"], row[f"{side}_high"]) for side in ("protection", name)
        )
        delta = row.get("delta", np.nan)
        listed.append(Marked(f"{delta:g} ms" if is_on and delta == delta else "", x, y, colour))
    return listed


def cascades(table: pd.DataFrame, path: Path) -> None:
    """Draw how long cascades are under each mechanism, a panel for each oracle.

    Parameters
        table: of :func:`proteus.studies.tables.levels`, of one variable; labels of mechanism,
            ``environment`` and one number, whose values lie beside each other in a mechanism.
        path: the SVG file.
    """
    from matplotlib.lines import Line2D

    from proteus.plots.style import INK, MARKS, legend_below, mechanism_colour, panels, rules, save

    oracles, mechanisms = table["environment"].unique(), [*table["mechanism"].unique()]
    axis = next(name for name in table.columns if name not in _NOT_A_NUMBER and name != "variable")
    numbers = sorted(table[axis].unique())
    with rules():
        figure, parts = panels(len(oracles))
        top = 1.05 * float(table["high"].max())
        for part, oracle in zip(parts, oracles, strict=True):
            for row in table[table["environment"] == oracle].to_dict("records"):
                at = numbers.index(row[axis])
                x = mechanisms.index(row["mechanism"]) + _BESIDE * (at - (len(numbers) - 1) / 2)
                bars = [[row["value"] - row["low"]], [row["high"] - row["value"]]]
                part.errorbar(
                    x, row["value"], yerr=bars, fmt=MARKS[at % len(MARKS)], lw=1.2,
                    color=mechanism_colour(str(row["mechanism"])),
                )  # fmt: skip
            part.set_xticks(range(len(mechanisms)), [str(name) for name in mechanisms])
            part.set_xlim(-0.6, len(mechanisms) - 0.4)
            part.set_ylim(0, top if top > 0 else 1)
            part.set_ylabel("liquidations in the longest cascade")
            part.set_title(f"oracle: {_READS.get(str(oracle), oracle)}")
        legend_below(figure, [
            Line2D([], [], marker=MARKS[at % len(MARKS)], ls="", color=INK,
                   label=f"{key_head(axis)} {value:g}")
            for at, value in enumerate(numbers)
        ])  # fmt: skip
    save(figure, path)
