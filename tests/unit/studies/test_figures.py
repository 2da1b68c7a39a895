"""Figures of studies: what is read off them is beside the data, not on it."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from proteus.plots import style
from proteus.studies import figures


def table():
    names = ("clob", "fba", "fba", "rfq")
    rows = {"mechanism": names, "delta": [np.nan, 50.0, 250.0, np.nan], "on_discovery": [True] * 4}
    for k, name in enumerate(("protection", "discovery", "speed")):
        values = np.arange(4.0) + k
        rows |= {name: values, f"{name}_low": values - 0.1, f"{name}_high": values + 0.2}
    return pd.DataFrame({**rows, "on_speed": [True, True, False, True]})


def test_frontiers_have_numbers_at_points_and_their_legend_outside_axes(monkeypatch, tmp_path):
    drawn: list[Figure] = []
    monkeypatch.setattr(style, "save", lambda figure, path: drawn.append(figure))
    figures.frontiers(table(), tmp_path / "f.svg")
    (figure,) = drawn
    assert [[text.get_text() for text in axes.texts] for axes in figure.axes] == [
        ["50 ms", "250 ms"], ["50 ms"],
    ]  # fmt: skip
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["clob", "fba", "rfq"]
    figure.draw_without_rendering()
    box = legend.get_window_extent()
    assert not any(box.overlaps(axes.get_tightbbox()) for axes in figure.axes)


def test_a_table_without_intervals_has_no_numbers(monkeypatch, tmp_path):
    drawn: list[Figure] = []
    monkeypatch.setattr(style, "save", lambda figure, path: drawn.append(figure))
    figures.frontiers(table().drop(columns="delta"), tmp_path / "f.svg")
    assert not any(axes.texts for axes in drawn[0].axes)
