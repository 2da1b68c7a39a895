"""Results of a sweep that are easy to compute by hand, as a dataset and as an output folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION
from proteus.results import dataset as datasets
from tests.unit.analysis.test_contrasts import dataset

PARITY = {"deliberate": {}, "draws": {"differing": [], "hashes": {"news": "ab"}, "seed": 0}}


def sweep(**changes: Any) -> xr.Dataset:
    """Clob and fba at two deltas, as in the tests of contrasts, with a welfare split."""
    made = dataset(**changes)
    random = np.random.default_rng(2)
    others = 0.0
    for name in ("maker", "informed", "noise", "sniper", "venue"):
        values = -others if name == "venue" else random.normal(size=made["price_rmse"].shape)
        values[0, 1] = values[0, 0]  # clob does not use delta
        others = others + values
        made[f"pnl_{name}"] = made["price_rmse"].dims, values, {"units": "currency"}
    made["taker_wait_filled"] = made["taker_time_to_execution"] / 2
    made["taker_wait_filled"].attrs["units"] = "ms"
    made["delta"].attrs.update(long_name="batch interval", units="ms")
    made["maker_adverse_selection"].attrs["long_name"] = "adverse selection of makers"
    made.attrs.update({
        SCHEMA_KEY: SCHEMA_VERSION, "overrides": json.dumps(["delta=50,100", "output_dir=x y"]),
        "config_hash": "c" * 64, "parity": json.dumps(PARITY), "seed_root": "7",
        "precision": json.dumps({"rule": "fixed", "seeds": made.sizes["seed"]}),
    })  # fmt: skip
    return made


def write(made: xr.Dataset, folder: Path, violations: tuple[dict[str, Any], ...] = ()) -> Path:
    """Write a dataset as the output folder of a sweep."""
    folder.mkdir()
    made.to_netcdf(folder / datasets.RESULTS, engine="netcdf4")
    manifest = {
        SCHEMA_KEY: SCHEMA_VERSION, "config_hash": made.attrs["config_hash"],
        "violations": list(violations),
    }  # fmt: skip
    (folder / datasets.MANIFEST).write_text(json.dumps(manifest))
    return folder
