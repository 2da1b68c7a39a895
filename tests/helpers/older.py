"""A dataset as older versions of the schema wrote it, but for what a test says besides."""

import numpy as np
import xarray as xr

MILLISECOND = np.timedelta64(1, "ms")


def as_version_4(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset whose times are numbers of ms, and whose codes of flags are its own."""
    old = dataset.assign_attrs(schema_version=4)
    for name in ("horizon", "elapsed"):
        if name in old.coords:
            about = {"long_name": old[name].attrs["long_name"], "units": "ms"}
            old = old.assign_coords({name: (name, (old[name] / MILLISECOND).data, about)})
    flags = dataset["violation"]
    reasons = dict(
        zip(flags.attrs["flag_values"].tolist(), flags.attrs["flag_meanings"].split(), strict=True)
    )
    there = sorted({reasons[code] for code in np.unique(flags).tolist()} - {"none"})
    meanings = ["none", *there]
    codes = [meanings.index(reasons[code]) for code in flags.to_numpy().ravel().tolist()]
    told = {
        "flag_values": np.arange(len(meanings), dtype=np.int8), "flag_meanings": " ".join(meanings)
    }  # fmt: skip
    own = np.array(codes, np.int8).reshape(flags.shape)
    return old.assign(violation=(flags.dims, own, {**flags.attrs, **told}))
