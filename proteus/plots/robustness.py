"""What stress moves: a map of scenarios and variables for each mechanism."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from proteus.plots.style import GRID, INK, panels, rules

_CELL = (0.98, 0.34)  # inches
_MOST = 1.5  # standard deviations of the paired difference at which a colour is full
_DARK = 0.9  # from which on numbers are white
_COLOURS = LinearSegmentedColormap.from_list("moved", ["#d55e00", "#ffffff", "#0072b2"])
DECLARED = "declared"


def robustness(deltas: pd.DataFrame, companions: list[str]) -> Figure:
    """Draw a map for each maker and mechanism.

    Parameters
        deltas: of ``stress.running``. companions: the variables that have a column of their own,
            beside the one that each scenario declares.

    Returns
        Figure; a number is the change under stress, and its colour that change in standard
        deviations of the paired difference. Where the 95 % interval covers zero it is pale.
    """
    groups = [*deltas.groupby(["mechanism", "maker"], sort=False)]
    scenarios = [*dict.fromkeys(deltas["scenario"])]
    columns = [DECLARED, *companions]
    size = (1.9 + _CELL[0] * len(columns), 1.25 + _CELL[1] * len(scenarios))
    with rules():
        figure, axes = panels(len(groups), size, most=1)
        for panel, ((mechanism, maker), rows) in zip(axes, groups, strict=True):
            _draw(panel, rows, scenarios, columns)
            panel.set_title(f"{mechanism}, maker {maker}")
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, scenarios: list[str], columns: list[str]) -> None:
    colours = np.full((len(scenarios), len(columns)), np.nan)
    for row in rows.to_dict("records"):
        at = scenarios.index(str(row["scenario"]))
        places = [columns.index(DECLARED)] if row["declared"] else []
        places += [columns.index(str(row["variable"]))] if row["variable"] in columns else []
        for place in places:
            colours[at, place] = _shade(row)
            is_dark = abs(colours[at, place]) > _DARK
            ink = "#ffffff" if is_dark else INK if row["moves"] else "#7d8590"
            weight = "bold" if row["moves"] else "normal"
            text = _short(row["difference"]) if np.isfinite(row["difference"]) else "-"
            axes.text(place, at, text, ha="center", va="center", fontsize=8, color=ink,
                      fontweight=weight)  # fmt: skip
    axes.imshow(colours, cmap=_COLOURS, vmin=-_MOST, vmax=_MOST, aspect="auto")
    units = dict(zip(rows["variable"], rows["units"], strict=True))
    heads = [_head(name, units.get(name, "")) for name in columns]
    axes.set_xticks(range(len(columns)), heads, fontsize=7)
    axes.set_yticks(range(len(scenarios)), [name.replace("_", " ") for name in scenarios])
    axes.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(scenarios) - 1) + 0.5, minor=True)
    axes.grid(visible=False)
    axes.grid(which="minor", color=GRID, linewidth=0.6)
    axes.tick_params(which="both", length=0)


def _shade(row: dict[object, object]) -> float:
    """Return the size of an effect; pale where nothing is shown to move."""
    size = float(row["effect_size"])  # type: ignore[arg-type]
    if not np.isfinite(size):  # it does not vary over seeds
        size = _MOST * float(np.sign(row["difference"]))  # type: ignore[call-overload]
    return size if row["moves"] else size / 4


def _short(number: float) -> str:
    return f"{number:+.0f}" if abs(number) >= 100 else f"{number:+.2g}"


def _head(variable: str, unit: str) -> str:
    """Name a column in words, broken near their middle, with the unit; a share has none."""
    words = variable.split("_")
    half = -(-len(words) // 2)
    shown = f"({unit})" if unit not in ("", "1") else ""
    return "\n".join(filter(None, (" ".join(words[:half]), " ".join(words[half:]), shown)))
