"""Why lanes were stopped: codes that mean the same in every dataset.

A code is that of the engine, so that datasets of several sweeps can be joined. Where a lane is
masked, or is not there after a join, it has no code: NaN, which is no stop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.trading.world import FAULT_CAPACITY, FAULT_NONE

VIOLATION = "violation"  # the variable
NONE = "none"
REASONS = {FAULT_NONE: NONE, **LEDGER_CODES, FAULT_CAPACITY: "capacity"}
CODES = {reason: code for code, reason in REASONS.items()}
ATTRIBUTES: dict[str, Any] = {
    "long_name": "reason why the lane was stopped",
    "units": "1",
    "formula": "the reason in flag_meanings at the place of the code in flag_values, 0 for none",
    "source": "count",
    "flag_values": np.array([*REASONS], np.int8),
    "flag_meanings": " ".join(REASONS.values()),
}


def stopped(dataset: xr.Dataset) -> xr.DataArray:
    """Say which lanes of a dataset were stopped, bool; one that is not there was not."""
    return dataset[VIOLATION] > FAULT_NONE


def with_our_codes(flags: xr.DataArray) -> xr.DataArray:
    """Return the flags of a dataset whose codes are its own with those of every dataset.

    Raises
        LookupError, ValueError: the attributes do not say what its codes mean.
    """
    values = np.atleast_1d(flags.attrs["flag_values"]).tolist()  # netCDF: a list of one is no list
    own = dict(zip(values, flags.attrs["flag_meanings"].split(), strict=True))
    found = flags.to_numpy()
    codes = np.zeros(found.shape, np.int8)
    for code in np.unique(found).tolist():
        codes[found == code] = CODES[own[code]]
    return flags.copy(data=codes).assign_attrs(ATTRIBUTES)
