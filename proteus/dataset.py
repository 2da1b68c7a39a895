"""One labelled dataset per sweep: built from cells, written whole, read back with care.

Dims are the swept parameters, then ``seed``, then what a variable declares (``horizon``,
``elapsed``, ``class``). A cell that several grid points share is copied to all of them. A violated
lane is NaN, and the variable ``violation`` says why; any other NaN has the one reason that the
variable declares, and its attributes count both.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
import yaml

from proteus import provenance
from proteus.config import canonical_json
from proteus.design import POINT
from proteus.dimensions import measured
from proteus.errors import ResultsError
from proteus.files import whole
from proteus.plan import Plan
from proteus.versions import SCHEMA_KEY, SCHEMA_VERSION, migrate, read_version

if TYPE_CHECKING:
    from proteus.engine import CellOutcome
    from proteus.variables import Variable

RESULTS = "results.nc"
MANIFEST = "manifest.json"
DIGEST = "results_sha256"  # key of the manifest

_COORDINATES = {
    "mechanism": {"long_name": "market mechanism"},
    "delta": {"long_name": "batch interval", "units": "ms"},
    "point": {"long_name": "number of the point of the design", "units": "1"},
    "seed": {"long_name": "replicate index", "units": "1"},
    "horizon": {"long_name": "time after the fill", "units": "ms"},
    "elapsed": {"long_name": "time since the intent", "units": "ms"},
    "class": {"long_name": "class of traders"},
}

_UNIT_ENDINGS = {
    "_per_s": "1/s",
    "_ms": "ms",
    "_s": "s",
    "_lots": "lots",
    "_ticks": "ticks",
    "_count": "1",
    "latent_dt": "ms",
}


def build(
    plan: Plan, outcomes: Sequence[CellOutcome], variables: Sequence[Variable], kernel_hash: str
) -> xr.Dataset:
    """Build the dataset of a sweep.

    Parameters
        plan: the sweep. outcomes: one per cell, in order of ``plan.cells``.
        variables: the declared variables; every outcome must have exactly these.
        kernel_hash: hash of the compiled code that made them.

    Returns
        Dataset with dims (swept..., seed, then those of the variable) and float64 variables.

    Raises
        ValueError: an outcome does not hold what is declared.
    """
    for outcome in outcomes:
        _check_declared(plan, outcome, variables)
    reasons = sorted({bad.reason for outcome in outcomes for bad in outcome.violations})
    codes = np.stack([_violation_codes(plan, outcome, reasons) for outcome in outcomes])
    dataset = xr.Dataset(coords=_coordinates(plan))
    for variable in variables:
        cells = np.stack([outcome.values[variable.name] for outcome in outcomes]).astype(float)
        cells[codes > 0] = np.nan
        dims = (*plan.axes, "seed", *variable.dims)
        described = {**_describe(variable), **_count_missing(variable, cells, codes > 0)}
        dataset[variable.name] = (dims, cells[plan.cell_of], described)
    flags = {
        "long_name": "reason why the lane was stopped",
        "units": "1",
        "flag_values": np.arange(len(reasons) + 1, dtype=np.int8),
        "flag_meanings": " ".join(["none", *reasons]),
    }
    dataset["violation"] = ((*plan.axes, "seed"), codes[plan.cell_of], flags)
    dataset.attrs = _attributes(plan, kernel_hash)
    return dataset


def _check_declared(plan: Plan, outcome: CellOutcome, variables: Sequence[Variable]) -> None:
    declared = {variable.name: variable.dims for variable in variables}
    if set(declared) != set(outcome.values):
        difference = sorted(set(declared).symmetric_difference(outcome.values))
        raise ValueError(f"declared and recorded variables differ: {', '.join(difference)}")
    sizes = {dim: len(labels) for dim, labels in measured(plan.settings.metrics).items()}
    for name, dims in declared.items():
        shape = (len(plan.replicates), *(sizes[dim] for dim in dims))
        if outcome.values[name].shape != shape:
            raise ValueError(f"{name} has shape {outcome.values[name].shape}, declared {shape}")


def _violation_codes(plan: Plan, outcome: CellOutcome, reasons: Sequence[str]) -> np.ndarray:
    """Return int8 [R]: 0, or 1 + the number of the reason why the lane was stopped."""
    codes = np.zeros(len(plan.replicates), dtype=np.int8)
    for violation in outcome.violations:
        codes[violation.replicate - plan.replicates[0]] = 1 + reasons.index(violation.reason)
    return codes


def _coordinates(plan: Plan) -> dict[str, Any]:
    coordinates: dict[str, Any] = {}
    for name, values in plan.axes.items():
        array = np.array(values, dtype=float) if name == "delta" else np.array(values)
        numeric = {"units": axis_unit(name) or "as configured"} if array.dtype.kind in "if" else {}
        described = _COORDINATES.get(name, {"long_name": name.replace("_", " "), **numeric})
        coordinates[name] = (name, array, described)
    for name, values in plan.designed.items():
        described = {
            "long_name": name.replace("_", " "),
            "units": axis_unit(name) or "as configured",
        }
        coordinates[name] = (POINT, np.array(values), described)
    coordinates["seed"] = ("seed", plan.replicates, _COORDINATES["seed"])
    for dim, labels in measured(plan.settings.metrics).items():
        coordinates[dim] = (dim, labels, _COORDINATES[dim])
    return coordinates


def axis_unit(name: str) -> str:
    """Return the unit of a swept key, which ends its name; empty where it is not known."""
    known = _COORDINATES.get(name, {}).get("units")
    endings = (unit for ending, unit in _UNIT_ENDINGS.items() if name.endswith(ending))
    return known or next(endings, "")


def _describe(variable: Variable) -> dict[str, str]:
    described = {
        "units": variable.unit,
        "long_name": variable.long_name,
        "sign": variable.sign,
        "formula": variable.formula,
        "source": variable.source,
    }
    return {key: text for key, text in described.items() if text}


def _count_missing(variable: Variable, cells: np.ndarray, violated: np.ndarray) -> dict[str, Any]:
    """Count the NaN of the cells by reason; bool ``violated`` [cell, seed].

    Raises
        ValueError: a value is NaN and the variable does not declare that it may be.
    """
    missing = np.isnan(cells)
    stopped = missing & violated.reshape(*violated.shape, *[1] * len(variable.dims))
    others = int(missing.sum() - stopped.sum())
    if others and not variable.missing:
        raise ValueError(f"{variable.name} is NaN in {others} places without a declared reason")
    counted = {"violation": int(stopped.sum()), variable.missing: others}
    return {f"missing_{reason}": count for reason, count in counted.items() if count}


def _attributes(plan: Plan, kernel_hash: str) -> dict[str, Any]:
    seeds = plan.settings.seeds
    return {
        "Conventions": "CF-1.11",
        "title": "Proteus sweep",
        SCHEMA_KEY: SCHEMA_VERSION,
        "overrides": json.dumps(plan.words),
        "config": yaml.safe_dump(plan.settings.model_dump(mode="json"), sort_keys=False),
        "config_hash": plan.config_hash,
        "code_hash": provenance.code_hash(),
        "kernel_hash": kernel_hash,
        "git_sha": provenance.git_sha(),
        "seed_root": str(seeds.root),  # may exceed int64
        "seed_first": seeds.first,
        "seed_count": seeds.count,
        "population_hash": plan.population_hash,
        **({"gate": plan.gate} if plan.gate else {}),
        "parity": canonical_json(plan.fairness),
        "versions": canonical_json(provenance.versions()),
        "created": provenance.created(),
    }


def write(dataset: xr.Dataset, folder: Path, add: Callable[[Path], None] | None = None) -> Path:
    """Write ``results.nc`` whole: a temporary file, then a rename.

    Parameters
        dataset: the results. folder: where. add: adds groups to the file before it has its name.

    Returns
        The path of the file.
    """
    target = folder / RESULTS
    encoding = {name: {"zlib": True, "complevel": 4} for name in dataset.data_vars}
    with whole(target) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
        if add is not None:
            add(temporary)
    return target


def load(folder: str | os.PathLike[str]) -> xr.Dataset:
    """Load the dataset of a sweep; one of an older schema version comes as this one writes it.

    Parameters
        folder: the output folder of a sweep, or its ``results.nc``.

    Returns
        The dataset, in memory.

    Raises
        ResultsError: no such file, truncated, not of Proteus, of a newer schema version, or of
            another run than the ``manifest.json`` beside it, or changed since that was written.
    """
    path = Path(folder)
    path = path / RESULTS if path.is_dir() else path
    if not path.is_file():
        raise ResultsError(f"{path} does not exist: give the output folder of a finished sweep")
    try:
        dataset = xr.load_dataset(path, engine="netcdf4", decode_timedelta=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise unreadable(path, error) from None
    version = read_version(path, dataset.attrs)
    _check_manifest(path.with_name(MANIFEST), path, dataset.attrs)
    dataset.attrs = migrate(dataset.attrs, version)
    return dataset


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, which the manifest keeps of ``results.nc``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unreadable(path: Path, error: Exception) -> ResultsError:
    """Say in one sentence that a file is no netCDF, and why."""
    reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
    allowed = "it is truncated or another kind of file"
    return ResultsError(f"{path} cannot be read as netCDF: {reason}; {allowed}")


def _check_manifest(manifest: Path, results: Path, attributes: Mapping[str, Any]) -> None:
    """Check that a manifest, where there is one, is whole and of the same run as the results."""
    if not manifest.is_file():
        return
    try:
        content = json.loads(manifest.read_text())
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{manifest} cannot be read as JSON: {reason}") from None
    if not isinstance(content, dict):
        raise ResultsError(f"{manifest} is not a manifest of Proteus: it is no group of keys")
    read_version(manifest, content)
    if content.get("config_hash") != attributes.get("config_hash"):
        raise ResultsError(f"{manifest} is of another run than {results}: config_hash differs")
    if content.get(DIGEST, written := digest(results)) != written:
        raise ResultsError(f"{results} was changed after the run: {DIGEST} of {manifest} differs")
