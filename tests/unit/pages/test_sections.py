"""What is not drawn is said, with its reason."""

import numpy as np
import xarray as xr

from proteus.pages.bundle import bundle
from proteus.pages.sections import sections
from tests.unit.commands.test_report import few


def test_a_contrast_that_no_cell_has_is_a_sentence_and_one_that_some_have_says_why():
    data = few()
    dealer = data.sel(mechanism=["fba"]).assign_coords(mechanism=["rfq"])
    dealer["price_rmse"] = dealer["price_rmse"] * np.nan
    keep = {"price_rmse": data["price_rmse"].attrs | {"missing_no_price": 12}}
    for names, drawn in ((["clob", "rfq"], False), (["clob", "fba", "rfq"], True)):
        both = xr.concat([data, dealer], "mechanism").sel(mechanism=names).assign_attrs(data.attrs)
        for name in both.data_vars:
            both[name].attrs = keep.get(name, data[name].attrs)
        (part,) = [one for one in sections(bundle(both, {}, "x")) if one.name == "contrasts"]
        figures = {one.name: one.figure for one in part.drawn}
        sentence = "Not drawn: price RMSE, mean of lanes (none: no price)."
        assert (sentence in part.left_out) is not drawn
        assert ("contrast-price_rmse" in figures) is drawn
        if drawn:
            texts = [text.get_text() for text in figures["contrast-price_rmse"].axes[0].texts]
            assert texts == ["none: no price"] * 2  # rows of rfq
