"""How long agents last, and how they move between ranks of wealth, over the episodes of lanes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from proteus.analysis.lives import Lives, at_stake, lives, survival, transitions
from proteus.analysis.statistics import longitudinal
from proteus.errors import ResultsError
from proteus.market.variables.base import EPISODE
from proteus.plots.curves import MOST_LINES
from proteus.plots.style import LINE_STYLES, PANEL, legend_below, mechanism_colour, panels, rules
from proteus.plots.style import wrapped as _wrapped

MOST_MATRICES = 6
_MATRIX = (3.1, 2.9)  # inches


def survivors(dataset: xr.Dataset, group: str = "maker") -> Figure:
    """Draw what share of a group's agents still trades in each episode, a step line per cell.

    Parameters
        dataset: of a sweep of episodes. group: of its population, with capital.

    Returns
        Figure, with 95 % t intervals over seeds as bands.

    Raises
        ResultsError: no episodes, nobody of that group who can be ruined, or too many cells.
    """
    found = _of(dataset, group)
    if len(found) > MOST_LINES:
        raise ResultsError(f"{len(found)} cells are too many lines: at most {MOST_LINES}")
    numbers = dataset[EPISODE].to_numpy()
    with rules():
        figure, (part,) = panels(1, (2 * PANEL[0], PANEL[1]))
        handles, seen = [], dict.fromkeys(each.mechanism for each in found)
        styles = {name: iter(LINE_STYLES * MOST_LINES) for name in seen}
        for each in found:
            course, colour = survival(each), mechanism_colour(each.mechanism)
            style = next(styles[each.mechanism])
            part.step(numbers, course.value, where="post", color=colour, ls=style)
            part.fill_between(
                numbers, course.low, course.high, step="post", color=colour, alpha=0.18, lw=0
            )
            handles.append(Line2D([], [], color=colour, ls=style, label=each.name))
        part.set_ylim(bottom=min(part.get_ylim()[0], 0.5), top=1.02)
        part.xaxis.set_major_locator(MaxNLocator(integer=True))
        part.set_xlabel("episode")
        part.set_ylabel("share that still trades")
        part.set_title(_wrapped(f"Agents of group {group} that are not ruined", 80))
        legend_below(figure, handles)
    return figure


def movers(dataset: xr.Dataset, group: str = "maker") -> Figure:
    """Draw how a group's agents move between classes of wealth, a matrix per cell.

    Parameters
        dataset: of a sweep of episodes. group: of its population, with capital.

    Returns
        Figure of at most ``MOST_MATRICES`` cells.

    Raises
        ResultsError: no episodes, or nobody of that group who can be ruined.
    """
    found = _of(dataset, group)[:MOST_MATRICES]
    with rules():
        figure, parts = panels(len(found), _MATRIX)
        for part, each in zip(parts, found, strict=True):
            _matrix(part, each)
        figure.suptitle("From one episode to the next", x=0.01, ha="left", fontsize=9.5)
    return figure


def _of(dataset: xr.Dataset, group: str) -> Sequence[Lives]:
    groups = at_stake(dataset)
    if group not in groups:
        known = ", ".join(groups) or "no group of episodes with capital"
        raise ResultsError(f"group={group} is not allowed: the dataset has {known}")
    return list(lives(dataset, group))


def _matrix(part: Axes, of: Lives) -> None:
    matrix = transitions(of)
    classes = len(matrix)
    part.imshow(matrix, cmap="cividis", vmin=0, vmax=1, origin="lower")
    part.grid(visible=False)
    for row, column in np.ndindex(classes, classes):
        share = matrix[row, column]
        colour = "white" if share < 0.5 else "black"
        text = "-" if np.isnan(share) else f"{share:.2f}"
        part.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    names = ["poorest", *[""] * (classes - 2), "richest"] if classes > 1 else ["all"]
    part.set_xticks(range(classes), names)
    part.set_yticks(range(classes), names, rotation=90, va="center")
    part.set_xlabel("class in the next episode")
    part.set_ylabel("class now")
    moved = f": mobility {longitudinal.mobility(matrix):.2f}" if classes > 1 else ""
    part.set_title(_wrapped(f"{of.name}{moved}", 40))
