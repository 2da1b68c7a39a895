"""Figures of studies, drawn with matplotlib into one SVG file each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from proteus.files import whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def heat_maps(table: pd.DataFrame, axes: Sequence[str], path: Path) -> None:
    """Draw makers' PnL with its interval, and the share of seeds in limits, over two axes.

    Parameters
        table: of :func:`proteus.experiments.survival.judge` over a grid. axes: two of its labels.
        path: the SVG file.
    """
    figure = _figure(11, 4.2)
    left, right = figure.subplots(1, 2)
    pnl, low, high, within = (
        table.pivot(index=axes[0], columns=axes[1], values=name)
        for name in ("pnl", "low", "high", "within")
    )
    half = (high - low) / 2
    texts = pnl.map("{:.3g}".format) + "\n±" + half.map("{:.2g}".format)
    limit = 1.6 * float(pnl.abs().to_numpy().max())  # no colour so dark that text drowns
    _heat_map(left, pnl, texts, {"cmap": "RdBu", "vmin": -limit, "vmax": limit})
    left.set_title("mean marked PnL of all makers, currency\n(± half-width of its 95 % interval)")
    _heat_map(
        right, within, within.map("{:.0%}".format), {"cmap": "Greens", "vmin": 0, "vmax": 1.6}
    )
    right.set_title("seeds within inventory and drawdown limits")
    _save(figure, path)


def _heat_map(axes: Axes, values: pd.DataFrame, texts: pd.DataFrame, colours: Any) -> None:
    axes.imshow(values.to_numpy(), aspect="auto", origin="lower", **colours)
    axes.set_xticks(range(values.shape[1]), [f"{label:g}" for label in values.columns])
    axes.set_yticks(range(values.shape[0]), [f"{label:g}" for label in values.index])
    axes.set_xlabel(str(values.columns.name).replace("_", " "))
    axes.set_ylabel(str(values.index.name).replace("_", " "))
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            axes.text(
                column, row, str(texts.iloc[row, column]), ha="center", va="center", fontsize=8
            )


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, path: Path) -> None:
    """Write an SVG file whose bytes depend on the figure only."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "proteus"}), whole(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def frontiers(table: pd.DataFrame, path: Path) -> None:
    """Draw protection against discovery and against speed, with intervals; frontier cells filled.

    Parameters
        table: of :func:`proteus.experiments.frontier.frontiers`. path: the SVG file.
    """
    figure = _figure(11, 4.5)
    titles = {"discovery": "price RMSE, currency", "speed": "time to execution, ms"}
    for axes, (name, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        for is_on, style in ((False, {"mfc": "white"}), (True, {})):
            rows = table[table[f"on_{name}"] == is_on]
            bars = [
                (rows[f"{side}_high"] - rows[f"{side}_low"]) / 2 for side in ("protection", name)
            ]
            axes.errorbar(
                rows["protection"], rows[name], xerr=bars[0], yerr=bars[1], fmt="o", ms=4, lw=0.6,
                color="tab:blue", **style,
            )  # fmt: skip
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel("adverse selection, currency per lot (higher protects makers more)")
        axes.set_ylabel(f"{title} (lower is better)")
        axes.set_title(f"protection against {name}, relative to the baseline", fontsize=11)
    _save(figure, path)
