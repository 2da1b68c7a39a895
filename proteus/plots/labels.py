"""Numbers beside the points of a panel, placed so that they can be read where points lie close.

Each label in turn takes the place of least cost among some around its point. Labels must not meet
each other or leave the panel, should not hide a mark, and would rather not cross a bar; the nearest
of equal places is taken, and one that is not beside its point has a line to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

_FONT = 7.0  # points, as all lengths here
_LETTER, _HEIGHT = 4.6, 8.0  # of a label, with some air
_MARK, _BAR = 3.0, 0.6  # half the width of what is drawn
_NEAR = 6.0
_REACHES = (_NEAR, 11.0, 18.0, 28.0, 40.0, 54.0)  # from a point to its label
_ANGLES = np.deg2rad([45, -45, 135, -135, 90, -90, 0, 180, 20, -20, 160, -160, 70, -70, 110, -110])
_LABEL_COST, _MARK_COST, _BAR_COST = 1000.0, 100.0, 1.0

Box = NDArray[np.float64]  # left, bottom, right, top


class Marked(NamedTuple):
    """A point of a panel, in its data: what is written beside it, and its bars."""

    text: str  # empty for none
    x: tuple[float, float, float]  # estimate, low, high
    y: tuple[float, float, float]
    colour: str


def place(part: Axes, points: Sequence[Marked]) -> None:
    """Write the texts of points beside them.

    Parameters
        part: of a figure whose size, axes and legend are as they will be.
        points: all that it shows.
    """
    known = [point for point in points if np.isfinite([point.x[0], point.y[0]]).all()]
    if not any(point.text for point in known):
        return
    figure = part.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # until then nothing has its place
    scale = 72 / figure.dpi
    frame = np.array(part.get_window_extent().extents) * scale
    marks = [_on_paper(part, point, scale) for point in known]
    boxes = [_grown(mark[[0, 1, 0, 1]], _MARK) for mark in marks]
    boxes += [bar for mark in marks for bar in _bars(mark)]
    costs = [_MARK_COST] * len(marks) + [_BAR_COST] * (2 * len(marks))
    for point, mark in zip(known, marks, strict=True):
        if not point.text:
            continue
        shift, reach, box = _cheapest(point.text, mark[:2], frame, np.array(boxes), np.array(costs))
        boxes.append(box)
        costs.append(_LABEL_COST)
        line = {"arrowstyle": "-", "lw": 0.5, "color": point.colour, "shrinkA": 0, "shrinkB": 2}
        part.annotate(
            point.text, (point.x[0], point.y[0]), xytext=shift, textcoords="offset points",
            ha="center", va="center", fontsize=_FONT, color=point.colour,
            arrowprops=line if reach > _NEAR else None,
        ).set_in_layout(False)  # fmt: skip


def _on_paper(part: Axes, point: Marked, scale: float) -> NDArray[np.float64]:
    """Return where a point is and its bars end: x, y, low and high x, low and high y; points."""
    ends = [(point.x[0], point.y[0]), (point.x[1], point.y[1]), (point.x[2], point.y[2])]
    (x, y), (low_x, low_y), (high_x, high_y) = part.transData.transform(ends) * scale
    return np.array([x, y, low_x, high_x, low_y, high_y])


def _bars(mark: NDArray[np.float64]) -> list[Box]:
    x, y, low_x, high_x, low_y, high_y = mark
    ends = np.array([[low_x, y, high_x, y], [x, low_y, x, high_y]])
    return [_grown(each, _BAR) for each in ends]  # a bar of NaN meets nothing


def _grown(box: Box, by: float) -> Box:
    return np.array(box + np.array([-by, -by, by, by]))


def _cheapest(
    text: str, at: NDArray[np.float64], frame: Box, boxes: NDArray[np.float64], costs: Box
) -> tuple[tuple[float, float], float, Box]:
    """Return how far from its point a label is best placed, along x and y and on the whole."""
    half = np.array([_LETTER * len(text), _HEIGHT]) / 2
    best, least = None, np.inf
    for reach, angle in itertools.product(_REACHES, _ANGLES):
        shift = np.array([np.cos(angle), np.sin(angle)]) * (reach + half)
        box = np.concatenate([at + shift - half, at + shift + half])
        meets = (box[:2] < boxes[:, 2:]).all(axis=1) & (boxes[:, :2] < box[2:]).all(axis=1)
        is_out = (box[:2] < frame[:2]).any() or (box[2:] > frame[2:]).any()
        cost = float(costs[meets].sum()) + _LABEL_COST * is_out
        if cost < least:
            best, least = ((float(shift[0]), float(shift[1])), reach, box), cost
        if least == 0:
            break
    assert best is not None
    return best
