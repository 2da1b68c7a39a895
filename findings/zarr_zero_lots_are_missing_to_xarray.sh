#!/usr/bin/env bash
# zarr 3.1.6, xarray 2026.9.0, numpy 2.4.6; seen on 2026-11-28 with Python 3.11.
#
# Zarr gives an array that is made without a word about it the fill value 0: what a chunk holds that
# was never written. In format 2 xarray takes the fill value for "missing". So integers that Zarr
# wrote whole, every chunk of them, come to xarray as floats in which each 0 is NaN: means leave the
# zeros out, and what is above 2**53 loses its last digits on the way. In format 3 the same call
# gives the integers. `mask_and_scale=False` reads format 2 as it is.
#
# What is seen, of int64 [0, 1, 2**53 + 1, 0] written by zarr.create_array:
#     format 2  open_zarr                        float64 [nan, 1.0, 9007199254740992.0, nan]
#     format 2  open_zarr, mask_and_scale=False  int64 [0, 1, 9007199254740993, 0]
#     format 3  open_zarr                        int64 [0, 1, 9007199254740993, 0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq zarr==3.1.6 xarray==2026.9.0 numpy==2.4.6
venv/bin/python -I -W ignore - <<'END'
import sys

import xarray as xr
import zarr

LOTS = [0, 1, 2**53 + 1, 0]


def written(form):
    """Let Zarr write the lots of four seeds, with the names that xarray needs."""
    group = zarr.open_group(f"lots{form}", mode="w", zarr_format=form)
    names = {"dimension_names": ["seed"]} if form == 3 else {}
    lots = group.create_array("lots", shape=(4,), chunks=(2,), dtype="int64", **names)
    lots[:] = LOTS
    if form == 2:
        lots.attrs["_ARRAY_DIMENSIONS"] = ["seed"]
    return f"lots{form}"


def read(form, **how):
    lots = xr.open_zarr(written(form), consolidated=False, **how)["lots"].to_numpy()
    return f"{lots.dtype} {lots.tolist()}"


as_floats, as_they_are = "float64 [nan, 1.0, 9007199254740992.0, nan]", f"int64 {LOTS}"
for what, seen, expected in (
    ("format 2, open_zarr", read(2), as_floats),
    ("format 2, mask_and_scale=False", read(2, mask_and_scale=False), as_they_are),
    ("format 3, open_zarr", read(3), as_they_are),
):
    print(f"{what}: {seen}")
    if seen != expected:
        sys.exit(f"Changed: {what} is no longer {expected}.")
END
