"""What a command loads: nothing of dask for its arrays, which stays there for who wants it."""

import subprocess
import sys

import pytest

pytest.importorskip("dask")

_SCRIPT = """
import sys
from proteus.commands.lean import import_xarray
import_xarray()
import xarray as xr
found = xr.Dataset({"a": ("seed", [1.0, 3.0])}).mean("seed")
assert float(found["a"]) == 2.0
assert not [name for name in sys.modules if name.split(".")[0] == "dask"]
import dask
import_xarray()
assert sys.modules["dask"] is dask
"""


@pytest.mark.plain
def test_xarray_does_not_look_for_arrays_of_dask():
    subprocess.run([sys.executable, "-c", _SCRIPT], check=True, timeout=120)


@pytest.mark.plain
def test_figures_and_pages_do_not_load_all_of_scipy_stats():
    """It takes a tenth of what a short command takes."""
    script = (
        "import sys, proteus.plots, proteus.whatif.page; assert 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
