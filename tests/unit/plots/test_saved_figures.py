"""Figures as files and inside a page."""

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
