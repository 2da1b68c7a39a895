"""Scores of a season: every entrant with its intervals, the best at the top."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from proteus.plots.style import INK, OTHER_COLOUR, PANEL, panels, rules

_ROW = 0.3  # inches


def scores(board: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Draw the overall score, and each that it is made of.

    Parameters
        board: a row per entrant, from the best on, with ``NAME``, ``NAME_low``, ``NAME_high``.
        names: of the scores, the overall one first.

    Returns
        Figure; the baseline is the line at 0, the reference that at 1.
    """
    rows = range(len(board))
    with rules():
        size = (PANEL[0] * 0.95, 1.2 + _ROW * len(board))
        figure, axes = panels(len(names), size, most=2)
        for number, (panel, name) in enumerate(zip(axes, names, strict=True)):
            middle, low, high = (board[f"{name}{end}"] for end in ("", "_low", "_high"))
            panel.hlines(rows, low, high, color=INK, lw=1.2)
            colour = INK if number == 0 else OTHER_COLOUR
            panel.plot(middle, rows, "o", color=colour, ms=4.5)
            for place in (0, 1):
                panel.axvline(place, color=INK, lw=0.8, ls=":")
            panel.set_yticks([*rows], [str(entrant) for entrant in board["entrant"]])
            panel.invert_yaxis()
            panel.set_title(name.replace("_", " ").capitalize())
            panel.set_xlabel("score, 0 = baseline")
    return figure
