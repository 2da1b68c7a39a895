"""Names of dims and variables can be used as attributes and keywords, as xarray offers them."""

import keyword

import pytest
import xarray as xr

from proteus.basics.versions import SCHEMA_VERSION, new_name
from proteus.market.variables import VARIABLES
from proteus.market.variables.dimensions import DIMENSIONS
from proteus.market.variables.population import POPULATION_VARIABLES
from proteus.results.coordinates import _COORDINATES

NAMES = sorted({
    *DIMENSIONS, *_COORDINATES, *(each.name for each in (*VARIABLES, *POPULATION_VARIABLES)),
    *(name for each in DIMENSIONS.values() for name in each.coordinates),
})  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_shadowed(name):
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    assert not hasattr(xr.Dataset(), name)
    assert not hasattr(xr.DataArray(), name)


def test_dims_of_older_files_get_their_new_names():
    assert new_name("class", 3) == "trader_class"
    assert new_name("rank", 1) == "quote_rank"
    assert new_name("class", SCHEMA_VERSION) == "class"  # a file of today means what it says
    assert new_name("seed", 1) == "seed"
