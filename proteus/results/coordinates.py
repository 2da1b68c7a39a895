"""The coordinates of a dataset: swept keys, seeds, and the labels of what is measured.

How a swept key and its values are written for a reader is decided here too. The labels of a dim
along which time passes are timedelta64[ns]. A swept key is a number in the unit of its
configuration, ``delta`` in ms. Tables have numbers of ms for both.
"""

from __future__ import annotations

from collections.abc import Mapping
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

# Of a key, which say nothing to a reader.
_SECTIONS = ("mechanism", "population", "policy", "schedule")

_UNIT_ENDINGS = {
    "_per_root_s": "",  # a unit with half a power has no name
    "_per_s": "1/s",
    "_ms": "ms",
    "_s": "s",
    "_lots": "lots",
    "_ticks": "ticks",
    "_count": "1",
    "latent_dt": "ms",
    "half_spread": "currency",
    "widen_by": "currency",
    "noise_sd": "currency",
    "_theta": "currency",
    "_tolerance": "currency",
    "_distance": "currency",
    "contract_tick": "currency",
    "_skew": "currency/lots",
    "inventory_slope": "currency/lots",
}
_SAID_BY_UNIT = ("_per_s", "_ms", "_s")  # endings that the unit beside a name says again


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
    """Name a swept key in a few words, without the sections it stands in and without its unit."""
    said = _SAID_BY_UNIT if axis_unit(key) else ()
    ending = next((ending for ending in said if key.endswith(ending)), "")
    words = key.removesuffix(ending).split("_")
    return " ".join(word for word in words if word not in _SECTIONS) or key


def key_head(key: str) -> str:
    """Name a swept key with its unit, for the head of a column."""
    unit = axis_unit(key)
    return f"{short_name(key)} ({unit})" if unit not in ("", "1") else short_name(key)


def key_text(value: Any) -> str:
    """Write the value of a swept key; one that a mechanism does not use is a dash."""
    if isinstance(value, (float, np.floating)):
        return "-" if np.isnan(value) else f"{value:g}"
    return str(value)


def labelled(key: str, value: Any) -> str:
    """Write a swept key with its value, as "delta=100 ms" or "informed rate=2/s"."""
    unit = axis_unit(key) if isinstance(value, (int, float, np.number)) else ""
    beside = unit[1:] if unit.startswith("1/") else f" {unit}" if unit not in ("", "1") else ""
    return f"{short_name(key)}={key_text(value)}{beside}"


def describe(coordinates: Mapping[str, Any]) -> str:
    """Write the coordinates of a cell: its mechanism, then the rest in brackets, with units."""
    rest = [
        labelled(name, value)
        for name, value in coordinates.items()
        if name != "mechanism" and not (isinstance(value, float) and np.isnan(value))
    ]
    mechanism = str(coordinates.get("mechanism", "cell"))
    return f"{mechanism} ({', '.join(rest)})" if rest else mechanism
