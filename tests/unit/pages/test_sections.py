"""What is not drawn is said, with its reason."""

import numpy as np
import xarray as xr

from proteus.pages import tables
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


def test_what_rules_did_is_drawn_and_tabulated_where_they_did_anything():
    data = few()
    assert tables.rules(bundle(data, {}, "x")) is None
    data["block_wait"] = (data["price_rmse"] * 0 + 40).assign_attrs(
        units="ms", long_name="time that a message waits for its block"
    )
    data["settlement_fails"] = (data["price_rmse"] * 0).assign_attrs(units="1", long_name="fails")
    one = bundle(data, {}, "x")
    names = [part.name for part in sections(one)]
    assert names.index("rules-delta") == names.index("curves-delta") + 1
    (part,) = [part for part in sections(one) if part.name == "rules-delta"]
    assert [drawn.name for drawn in part.drawn] == ["curve-delta-block_wait"]
    table = tables.rules(one)
    assert table.heads[-1] == "wait of a message for its block (ms)"
    assert {row[-1].split(" ")[0] for row in table.rows} == {"40"}
