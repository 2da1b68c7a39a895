"""The coordinates of a dataset: swept keys, seeds, and the labels of what is measured.

The labels of a dim along which time passes are timedelta64[ns]. A swept key is a number in the unit
of its configuration, ``delta`` in ms. Tables have numbers of ms for both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from proteus.basics import units
from proteus.configuration.design import POINT
from proteus.market.variables.dimensions import DIMENSIONS
from proteus.plans.plan import Plan

CELL = "cell"  # coordinate: grid points of one cell are copies of each other
_COORDINATES = {
    CELL: {
        "long_name": "number of the configuration, the same where nothing differs",
        "units": "1",
    },
    "mechanism": {"long_name": "market mechanism"},
    "delta": {"long_name": "batch interval", "units": "ms"},
    "point": {"long_name": "number of the point of the design", "units": "1"},
    "seed": {"long_name": "replicate index", "units": "1"},
    **{
        name: {"long_name": each.about, **({"units": "1"} if each.unit == "1" else {})}
        for name, each in DIMENSIONS.items()
    },
}
TIMES = tuple(name for name, each in DIMENSIONS.items() if each.unit == "ms")  # dims of times
_MILLISECOND = np.timedelta64(units.milliseconds_to_ns(1.0), "ns")

_SECTIONS = ("population", "policy", "schedule")  # of a key, which say nothing to a reader

_UNIT_ENDINGS = {
    "_per_s": "1/s",
    "_ms": "ms",
    "_s": "s",
    "_lots": "lots",
    "_ticks": "ticks",
    "_count": "1",
    "latent_dt": "ms",
}


def coordinates_of(plan: Plan) -> dict[str, Any]:
    """Return the coordinates of a sweep, by name: dim, labels and attributes."""
    found: dict[str, Any] = {}
    for name, values in plan.axes.items():
        array = np.array(values, dtype=float) if name == "delta" else np.array(values)
        numeric = {"units": axis_unit(name) or "as configured"} if array.dtype.kind in "if" else {}
        described = _COORDINATES.get(name, {"long_name": name.replace("_", " "), **numeric})
        found[name] = (name, array, described)
    for name, values in plan.designed.items():
        described = {
            "long_name": name.replace("_", " "),
            "units": axis_unit(name) or "as configured",
        }
        found[name] = (POINT, np.array(values), described)
    found[CELL] = (tuple(plan.axes), plan.cell_of, _COORDINATES[CELL])
    found["seed"] = ("seed", plan.replicates, _COORDINATES["seed"])
    for dim, labels in plan.labels.items():
        found[dim] = (dim, as_times(labels) if dim in TIMES else labels, _COORDINATES[dim])
        for name, labels_along in DIMENSIONS[dim].coordinates.items():
            about = {"long_name": f"{name.removeprefix(f'{dim}_')} of the {dim}"}
            found[name] = (dim, labels_along(plan.cells), about)
    return found


def as_times(milliseconds: np.ndarray) -> np.ndarray:
    """Return numbers of ms as timedelta64[ns]."""
    whole = [units.milliseconds_to_ns(time) for time in milliseconds.tolist()]
    return np.array(whole, "timedelta64[ns]")


def table_labels(coordinate: xr.DataArray) -> list[Any]:
    """Return the labels of a coordinate as tables have them: times are numbers of ms."""
    labels = coordinate.to_numpy()
    found: list[Any] = (labels / _MILLISECOND if labels.dtype.kind == "m" else labels).tolist()
    return found


def axis_unit(name: str) -> str:
    """Return the unit of a swept key, which ends its name; empty where it is not known."""
    known = _COORDINATES.get(name, {}).get("units")
    endings = (unit for ending, unit in _UNIT_ENDINGS.items() if name.endswith(ending))
    return known or next(endings, "")


def short_name(key: str) -> str:
    """Name a swept key in a few words, without the sections of the configuration it stands in."""
    return " ".join(word for word in key.split("_") if word not in _SECTIONS) or key
