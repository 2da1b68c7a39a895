#!/usr/bin/env bash
# xarray 2026.9.0, numpy 2.4.6, pandas 3.1.1; seen on 2026-11-27 with Python 3.11.
#
# "Identical" is the strictest comparison that xarray has, and a test of reproducibility that uses
# it can pass on other bits: neither Dataset.identical nor testing.assert_identical looks at dtypes
# (reported as xarray issue 4727), 0.0 is -0.0, and since an integer is compared with a float as a
# float, even two different numbers are identical. Names and attributes do count.
#
# What is seen, both in `identical` and `assert_identical`:
#     int64 2**53 + 1    and  float64 2**53          identical
#     float64 0.5        and  float32 0.5            identical
#     float64 0.0        and  float64 -0.0           identical
#     coordinate [1, 2]  and  coordinate [1.0, 2.0]  identical
#     attribute 1        and  attribute 2            not identical
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq xarray==2026.9.0 numpy==2.4.6 pandas==3.1.1
venv/bin/python -I - <<'END'
import sys

import numpy as np
import xarray as xr


def lot(number):
    return xr.Dataset({"lots": ("seed", np.array([number]))})


def passes(first, second):
    try:
        xr.testing.assert_identical(first, second)
    except AssertionError:
        return False
    return True


for what, first, second, expected in (
    ("2**53 + 1 and 2.0**53", lot(2**53 + 1), lot(2.0**53), True),
    ("float64 and float32", lot(0.5), lot(np.float32(0.5)), True),
    ("0.0 and -0.0", lot(0.0), lot(-0.0), True),
    ("coordinates of integers and of floats",
     xr.Dataset(coords={"seed": [1, 2]}), xr.Dataset(coords={"seed": [1.0, 2.0]}), True),
    ("two attributes", lot(1).assign_attrs(root=1), lot(1).assign_attrs(root=2), False),
):  # fmt: skip
    seen = first.identical(second), passes(first, second)
    print(f"{what}: identical {seen[0]}, assert_identical passes {seen[1]}")
    if seen != (expected, expected):
        sys.exit(f"Changed: {what} are {'no longer' if expected else 'now'} identical to xarray.")
END
