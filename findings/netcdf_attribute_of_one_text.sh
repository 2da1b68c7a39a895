#!/usr/bin/env bash
# xarray 2026.9.0, netCDF4 1.7.5.1.post1, numpy 2.4.6, pandas 3.1.1; seen on 2026-11-27 with
# Python 3.11.
#
# A list of texts may be an attribute of a netCDF file and comes back as a list, unless it has one
# element: then it comes back as a plain text, over which a loop still runs, letter by letter, and
# `"a" in ...` still answers. An empty list comes back as an empty array of floats. So what a study
# of two mechanisms says of itself is read as another type than what a study of one says.
#
# What is seen:
#     ["clob", "fba"]      ['clob', 'fba']
#     ["fba"]              'fba', in a loop 'f', 'b', 'a'; "b" is in it
#     []                   array([], dtype=float64)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq xarray==2026.9.0 netCDF4==1.7.5.1.post1 numpy==2.4.6 pandas==3.1.1
venv/bin/python -I - <<'END'
import sys

import xarray as xr


def back(names):
    xr.Dataset(attrs={"mechanisms": names}).to_netcdf("study.nc", engine="netcdf4")
    with xr.open_dataset("study.nc", engine="netcdf4") as study:
        return study.attrs["mechanisms"]


for what, seen, expected in (
    ("two texts", back(["clob", "fba"]), "['clob', 'fba']"),
    ("one text", back(["fba"]), "'fba'"),
    ("a loop over one text", list(back(["fba"])), "['f', 'b', 'a']"),
    ("'b' in one text", "b" in back(["fba"]), "True"),
    ("no text", back([]), "array([], dtype=float64)"),
):
    print(f"{what}: {seen!r}")
    if repr(seen) != expected:
        sys.exit(f"Changed: {what} came back as {seen!r} and not as {expected}.")
END
