"""Libraries that a command would load for nothing."""

from __future__ import annotations

import sys


def import_xarray() -> None:
    """Import xarray as where dask is not installed; where it is imported already, do nothing.

    With its first array xarray looks whether that is one of dask, and to do so imports dask.array
    and what that needs, SciPy's sparse matrices too. A command has no such arrays. Dask itself can
    be imported as before: ``executor=dask`` sends tasks, and other packages may want it.
    """
    if "xarray" in sys.modules or "dask" in sys.modules:
        return
    sys.modules["dask"] = None  # type: ignore[assignment]  # how Python is told that there is none
    try:
        import xarray as xr

        xr.Variable((), 0)
    finally:
        del sys.modules["dask"]
