"""Heat maps that stand beside each other, and that of a mechanism which does not use every key."""

import pytest

from proteus import plots
from tests.unit.plots.test_plots import wider


@pytest.mark.parametrize(("mechanism", "is_told"), [("clob", False), ("fba", True)])
def test_a_key_that_stands_still_is_named_where_the_mechanism_uses_it(mechanism, is_told):
    data = wider([5, 10]).sel(mechanism=[mechanism])
    figure = plots.heat(data, "price_rmse", "latent_dt", "mechanism", {"delta": 50.0})
    assert ("delta=50 ms" in figure.axes[0].get_title(loc="left")) == is_told


def test_maps_of_one_scale_have_one_colour_for_one_level():
    data, scale = wider([5, 10]), (-1.0, 100.0)
    maps = [
        plots.heat(data, "price_rmse", "delta", "mechanism", {"latent_dt": step}, scale)
        for step in (5, 10)
    ]
    images = [figure.axes[0].get_images()[0] for figure in maps]
    assert images[0].get_array().tolist() != images[1].get_array().tolist()
    assert {image.get_clim() for image in images} == {scale}
