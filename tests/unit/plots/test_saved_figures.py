"""Figures as files and inside a page."""

import re

import pytest

from proteus import plots
from proteus.errors import ConfigError
from proteus.plots.style import inline_svg
from tests.helpers.sweeps import sweep


def test_files_have_the_format_of_their_name(tmp_path):
    figure = plots.forest(sweep(), ["price_rmse"])
    for kind, magic in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        plots.save(figure, tmp_path / f"a.{kind}")
        plots.save(figure, tmp_path / f"b.{kind}")
        written = (tmp_path / f"a.{kind}").read_bytes()
        assert written.startswith(magic)
        assert written == (tmp_path / f"b.{kind}").read_bytes()  # no date, no random ids
    with pytest.raises(ConfigError, match="format=gif is not allowed: it must be one of png"):
        plots.save(figure, tmp_path / "a.gif")


def test_figures_in_one_page_share_no_ids():
    figure = plots.curves(sweep(), ["price_rmse"])
    one, other = (inline_svg(figure, name, "a < b") for name in ("x", "y"))
    ids = [{part.split('"')[0] for part in text.split(' id="')[1:]} for text in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert 'aria-label="a &lt; b"' in one


def drawn(text):
    """All that has a place: the paths and the texts of an SVG."""
    return re.findall(r'\bd="[^"]*"', text), re.findall(r'transform="[^"]*"', text)


def test_a_figure_of_a_page_is_drawn_as_matplotlib_saves_it_and_is_left_as_it_was(tmp_path):
    measures = ["price_rmse"]
    figure, other = (plots.curves(sweep(), measures) for _ in range(2))
    engine, canvas, dpi = figure.get_layout_engine(), figure.canvas, figure.dpi
    inside = inline_svg(figure, "x", "x")
    for part in (other, *other.axes):
        part.patch.set_alpha(0.0)  # in a page what is behind is the page's
    plots.save(other, tmp_path / "saved.svg")
    paths, places = drawn(inside)
    assert (paths, places) == drawn((tmp_path / "saved.svg").read_text())
    assert min(len(paths), len(places)) > 10
    assert (figure.get_layout_engine(), figure.canvas, figure.dpi) == (engine, canvas, dpi)
    plots.save(figure, tmp_path / "again.svg")
    assert drawn((tmp_path / "again.svg").read_text()) == (paths, places)
