"""Numbers at the points of a frontier can be read where points lie close."""

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from proteus.plots.labels import Marked, place
from proteus.plots.style import rules

CLOSE = [(0.0, 0.0), (0.0, 0.0), (0.001, 0.0), (0.0, 0.001), (0.002, 0.002), (0.9, 0.9), (1.0, 1.0)]
ALONG_A_LINE = [(0.03 * k, 1 - 0.04 * k) for k in range(9)]
AT_RANDOM = np.random.default_rng(5).random((30, 2)).tolist()


def placed(points):
    """Draw points with their numbers; returns the numbers, where they are, and where marks are."""
    with rules():
        figure = Figure(figsize=(4.4, 3.1))
        FigureCanvasAgg(figure)
        part = figure.add_subplot()
        part.plot(*zip(*points, strict=True), ls="", marker="o")
        part.margins(0.12)
        listed = [
            Marked(f"{50 * k}", (x, x - 0.05, x + 0.05), (y, y - 0.05, y + 0.05), "#d55e00")
            for k, (x, y) in enumerate(points)
        ]
        place(part, listed)
        figure.canvas.draw()
        boxes = [Text.get_window_extent(text) for text in part.texts]  # without their lines
        return part, boxes, part.transData.transform(points)


@pytest.mark.parametrize("points", [CLOSE, ALONG_A_LINE, AT_RANDOM])
def test_no_number_lies_on_another_on_a_mark_or_outside(points):
    part, boxes, marks = placed(points)
    assert [text.get_text() for text in part.texts] == [f"{50 * k}" for k in range(len(points))]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    frame = part.get_window_extent()
    for box in boxes:
        assert frame.x0 < box.x0 < box.x1 < frame.x1
        assert frame.y0 < box.y0 < box.y1 < frame.y1
        assert not any(box.contains(*mark) for mark in marks)


def test_a_number_that_is_not_beside_its_point_has_a_line_to_it():
    part, boxes, marks = placed(CLOSE)
    apart = [
        np.hypot(max(box.x0 - x, 0, x - box.x1), max(box.y0 - y, 0, y - box.y1))
        for box, (x, y) in zip(boxes, marks, strict=True)
    ]
    has_line = [text.arrow_patch is not None for text in part.texts]
    far = 9 / 72 * part.figure.dpi
    assert any(has_line)
    assert not all(has_line)
    for away, line in zip(apart, has_line, strict=True):
        assert line or away < far


def test_without_a_number_nothing_is_written():
    figure = Figure()
    part = figure.add_subplot()
    place(
        part,
        [Marked("", (0, 0, 0), (0, 0, 0), "red"), Marked("5", (np.nan,) * 3, (1, 1, 1), "red")],
    )
    assert not part.texts
