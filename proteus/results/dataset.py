"""One labelled dataset per sweep: built from cells, written whole, read back with care.

Dims are the swept parameters, then ``seed``, then what a variable declares (``horizon``,
``elapsed``, ``trader_class``, ...; ``trader`` where a plan asks for it). A cell that several grid
points share is copied to all of them. A violated lane is NaN, and the variable ``violation`` says
why; so is what a cell has no trader or group for; any other NaN has the one reason that its
variable declares, and attributes count all three.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
import yaml

from proteus.basics.versions import (
    FIRST_WITH_TIMES,
    migrate,
    new_name,
    read_version,
)
from proteus.errors import ResultsError
from proteus.market.variables.base import long_name_of
from proteus.market.variables.dimensions import ABSENT, lacking
from proteus.plans.plan import Plan
from proteus.results import agents, artifacts, flags
from proteus.results.attributes import LAB_KEY as LAB_KEY
from proteus.results.attributes import attributes_of
from proteus.results.coordinates import TIMES, as_times, coordinates_of
from proteus.results.flags import VIOLATION

if TYPE_CHECKING:
    from proteus.market.variables import Variable
    from proteus.results.lanes import Column, Lanes

RESULTS = "results.nc"
MANIFEST = "manifest.json"
DIGEST = "results_sha256"  # key of the manifest
TESTS = "endpoint_tests"  # attribute: the tests of the declared endpoint in all cells
_STRUCTURED: dict[str, tuple[Callable[[str], Any], type]] = {  # attributes that others read
    "config": (yaml.safe_load, dict),
    "overrides": (json.loads, list),
    "parity": (json.loads, dict),
    "precision": (json.loads, dict),
    TESTS: (json.loads, list),
    "versions": (json.loads, dict),
    agents.AGENTS_KEY: (json.loads, list),
}
SLAB_LANES, SLAB_VALUES = 8192, 2**21  # handled at once, at most: 16 MiB of numbers


def build(plan: Plan, lanes: Lanes, variables: Sequence[Variable], empty: xr.Dataset) -> xr.Dataset:
    """Build the dataset of a sweep in memory.

    Parameters
        plan: the sweep. lanes: where its lanes are; they must all be there.
        variables: the declared variables that it has.
        empty: the dataset without variables, as :func:`frame` returns it.

    Returns
        Dataset with dims (swept..., seed, then those of the variable) and float64 variables.

    Raises
        ValueError: the lanes do not hold what is declared.
    """
    sizes = dict(empty.sizes)
    dims = {variable.name: (*plan.axes, "seed", *variable.dims) for variable in variables}
    dims[VIOLATION] = (*plan.axes, "seed")
    targets = {
        name: np.empty([sizes[dim] for dim in of], np.int8 if name == VIOLATION else np.float64)
        for name, of in dims.items()
    }
    described = fill(plan, lanes, variables, targets)
    # At once: xarray looks at all that is there for each variable assigned alone.
    return empty.assign({name: (of, targets[name], described[name]) for name, of in dims.items()})


def frame(plan: Plan, kernel_hash: str) -> xr.Dataset:
    """Return the dataset of a sweep without variables: its coordinates and attributes."""
    return xr.Dataset(coords=coordinates_of(plan), attrs=attributes_of(plan, kernel_hash))


def fill(
    plan: Plan, lanes: Lanes, variables: Sequence[Variable], targets: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Put the numbers of a sweep where they belong, a slab of lanes at a time.

    Parameters
        plan, lanes, variables: as in :func:`build`.
        targets: name to what takes values at an index: an array, or a variable of a file.

    Returns
        The attributes of every variable.

    Raises
        ValueError: the lanes do not hold what is declared.
    """
    lanes.flush()
    columns = _check_declared(plan, lanes, variables)
    stopped = _stopped(plan, lanes)
    missing = {variable.name: np.zeros(3, np.int64) for variable in variables}
    absent = {each.name: _absent(plan, each) for each in variables}
    seen: set[int] = set()
    for slab in slabs(plan):
        codes = stopped.codes(slab)
        count = codes.shape[-1]
        first = int(plan.replicates[0]) + slab.seeds.start
        numbers = np.stack([lanes.read(cell, first, count) for cell in slab.cells.ravel().tolist()])
        numbers = numbers.reshape(*codes.shape, -1)
        numbers[codes > 0] = np.nan
        new = np.array([cell not in seen for cell in slab.cells.ravel().tolist()])
        if slab.seeds.stop == len(plan.replicates):
            seen |= set(slab.cells.ravel().tolist())
        for variable in variables:
            column = columns[variable.name]
            values = numbers[..., column.first : column.first + column.width]
            missing[variable.name] += _missing(
                values, codes > 0, absent[variable.name][slab.cells], new.reshape(slab.cells.shape)
            )
            targets[variable.name][slab.at] = values.reshape(*codes.shape, *column.shape)
        targets[VIOLATION][slab.at] = codes
    described = {each.name: _describe(plan, each, missing[each.name]) for each in variables}
    return {**described, VIOLATION: dict(flags.ATTRIBUTES)}


class Slab(NamedTuple):
    """Lanes that are handled together: some grid points, and successive seeds of theirs."""

    at: tuple[Any, ...]  # index on the swept dims and seed
    cells: np.ndarray  # int64, one axis per swept dim that the slab has whole
    seeds: slice  # places among the replicates


def slab_lanes(plan: Plan) -> int:
    """Return the most lanes of a slab: fewer where each has many numbers, as of episodes."""
    from proteus.market.variables import values_per_lane

    return max(1, min(SLAB_LANES, SLAB_VALUES // values_per_lane(plan.labels)))


def whole_axes(plan: Plan) -> int:
    """Return how many of the last swept dims a slab has whole: few seeds go together."""
    sizes, lanes, whole = plan.cell_of.shape, len(plan.replicates), 0
    while whole < len(sizes) and lanes * sizes[-1 - whole] <= slab_lanes(plan):
        lanes *= sizes[-1 - whole]
        whole += 1
    return whole


def slabs(plan: Plan) -> Iterator[Slab]:
    """Cut a sweep into slabs of lanes."""
    count, whole, most = len(plan.replicates), whole_axes(plan), slab_lanes(plan)
    for outer in np.ndindex(plan.cell_of.shape[: plan.cell_of.ndim - whole]):
        for at in range(0, count, most):
            seeds = slice(at, min(at + most, count))
            yield Slab((*outer, *[slice(None)] * whole, seeds), plan.cell_of[outer], seeds)


def _check_declared(plan: Plan, lanes: Lanes, variables: Sequence[Variable]) -> dict[str, Column]:
    """Check that the lanes hold what is declared; returns where each variable is."""
    found = {column.name: column for column in lanes.columns}
    absent = sorted({variable.name for variable in variables} - set(found))
    if absent:
        raise ValueError(f"declared and not recorded: {', '.join(absent)}")
    sizes = {dim: len(labels) for dim, labels in plan.labels.items()}
    for variable in variables:
        shape = tuple(sizes[dim] for dim in variable.dims)
        if found[variable.name].shape != shape:
            recorded = found[variable.name].shape
            raise ValueError(f"{variable.name} has shape {recorded}, declared {shape}")
    return found


class _Stopped(NamedTuple):
    """The lanes that were stopped, by cell: their places, increasing, and codes of the reasons."""

    by_cell: dict[int, tuple[np.ndarray, np.ndarray]]

    def codes(self, slab: Slab) -> np.ndarray:
        """Return int8 [cells..., n]: 0, or the code of the reason why a lane was stopped."""
        count = slab.seeds.stop - slab.seeds.start
        found = np.zeros((slab.cells.size, count), np.int8)
        for row, cell in enumerate(slab.cells.ravel().tolist()):
            if cell in self.by_cell:
                places, codes = self.by_cell[cell]
                begin, end = np.searchsorted(places, [slab.seeds.start, slab.seeds.stop])
                found[row, places[begin:end] - slab.seeds.start] = codes[begin:end]
        return found.reshape(*slab.cells.shape, count)


def _stopped(plan: Plan, lanes: Lanes) -> _Stopped:
    found = lanes.violations_of(plan.replicates)
    by_cell = {}
    for cell in {cell for cell, _ in found}:
        bads = [bad for owner, bad in found if owner == cell]
        places = np.array([bad.replicate for bad in bads]) - int(plan.replicates[0])
        by_cell[cell] = places, np.array([flags.CODES[bad.reason] for bad in bads], np.int8)
    return _Stopped(by_cell)


def _absent(plan: Plan, variable: Variable) -> np.ndarray:
    """Return how many numbers of a variable each cell lacks, int64 [cells]."""
    return np.array([lacking(variable, cell, plan.labels) for cell in plan.cells], np.int64)


def _missing(
    values: np.ndarray, stopped: np.ndarray, absent: np.ndarray, new: np.ndarray
) -> np.ndarray:
    """Count NaN in cells that are new: of stopped lanes, of absent traders, others; int64 [3].

    Parameters
        values: float64 [..., n, width]. stopped: bool [..., n]. absent: int64 [...] numbers of a
            lane that its cell lacks. new: bool [...].
    """
    found = np.isnan(values).sum(axis=-1)[new]
    ended = ~stopped[new]
    lacked = (ended.sum(axis=-1) * absent[new]).sum()
    return np.array([found[~ended].sum(), lacked, found[ended].sum() - lacked])


def _describe(plan: Plan, variable: Variable, missing: np.ndarray) -> dict[str, Any]:
    """Return the attributes of a variable, with its NaN by reason, as :func:`_missing` counts them.

    Raises
        ValueError: a value is NaN and the variable does not declare that it may be.
    """
    stopped, absent, others = map(int, missing)
    if others and not variable.missing:
        raise ValueError(f"{variable.name} is NaN in {others} places without a declared reason")
    taus_ms = [cell.metrics.tau_ms for cell in plan.cells]
    described = {
        "units": variable.unit, "long_name": long_name_of(variable, taus_ms),
        "sign": variable.sign, "formula": variable.formula, "source": variable.source,
    }  # fmt: skip
    counted = {VIOLATION: stopped, ABSENT: absent, variable.missing: others}
    return {
        **{key: text for key, text in described.items() if text},
        **{f"missing_{reason}": count for reason, count in counted.items() if count},
    }


def load(folder: str | os.PathLike[str]) -> xr.Dataset:
    """Load the dataset of a sweep; one of an older schema version comes as this one writes it.

    Parameters
        folder: the output folder of a sweep, or its ``results.nc``.

    Returns
        The dataset, in memory, as :func:`proteus.sweep` returns it.

    Raises
        ResultsError: no such file, truncated, damaged, not of Proteus, of a newer schema version,
            of another run than the ``manifest.json`` beside it, or changed since that was written.
    """
    with opened(folder) as (path, dataset):
        try:
            return dataset.load()
        except (OSError, ValueError, RuntimeError) as error:
            raise unreadable(path, error) from None


@contextmanager
def opened(folder: str | os.PathLike[str]) -> Iterator[tuple[Path, xr.Dataset]]:
    """Open the dataset of a sweep, checked as :func:`load` does, but read only what is asked for.

    Yields
        The file, and the dataset while it is open.

    Raises
        ResultsError: as :func:`load` does.
    """
    path = artifacts.find(folder, RESULTS, "give the output folder of a finished sweep")
    try:
        dataset = xr.open_dataset(path, engine="netcdf4", decode_timedelta=False)  # as numbers
    except (OSError, ValueError, RuntimeError, AttributeError) as error:
        raise unreadable(path, error) from None
    with dataset:
        version = read_version(path, dataset.attrs)
        check_manifest(path, dataset.attrs, DIGEST)
        try:
            dataset.attrs = migrate(dataset.attrs, version)
            dataset = _as_written_now(dataset, version)
        except (LookupError, TypeError, ValueError, AttributeError, yaml.YAMLError):
            raise ResultsError(
                f"{path} is damaged: what it says of its run cannot be read"
            ) from None
        _check_contents(path, dataset)
        if agents.AGENTS_KEY in dataset.attrs:
            agents.check(path, dataset)
        yield path, dataset


def _as_written_now(dataset: xr.Dataset, version: int) -> xr.Dataset:
    """Return a dataset of any version with dims as they are called now, times, and our flags."""
    names = {str(dim): new_name(str(dim), version) for dim in dataset.dims}
    dataset = dataset.rename({old: new for old, new in names.items() if old != new})
    if version >= FIRST_WITH_TIMES:
        return with_times(dataset)
    for name in _times_of(dataset):
        about = {key: text for key, text in dataset[name].attrs.items() if key != "units"}
        dataset = dataset.assign_coords({name: (name, as_times(dataset[name].to_numpy()), about)})
    return dataset.assign({VIOLATION: flags.with_our_codes(dataset[VIOLATION])})


def with_times(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset that was read as numbers with times where a dim is of times."""
    coded = xr.Dataset(coords={name: dataset[name] for name in _times_of(dataset)})
    times = xr.decode_cf(coded, decode_timedelta=True)
    return dataset.assign_coords({name: times[name] for name in times.coords})


def _times_of(dataset: xr.Dataset) -> list[str]:
    return [name for name in TIMES if name in dataset.coords]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, as the manifest keeps it of ``results.nc`` and panels."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unreadable(path: Path, error: Exception) -> ResultsError:
    """Say in one sentence that a file is no netCDF, and why."""
    reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
    allowed = "it is truncated or another kind of file"
    return ResultsError(f"{path} cannot be read as netCDF: {reason}; {allowed}")


def _check_contents(path: Path, dataset: xr.Dataset) -> None:
    """Check that there are the dims, numbers and structured attributes that readers expect."""
    for dim in ("mechanism", "seed"):
        if dim not in dataset.dims:
            raise ResultsError(f"{path} is damaged: it has no dimension {dim}")
    for name, variable in dataset.data_vars.items():
        if variable.dtype.kind not in "biuf":
            raise ResultsError(f"{path} is damaged: variable {name} holds no numbers")
    for name, (read, kind) in _STRUCTURED.items():
        if name not in dataset.attrs:
            continue
        try:
            content = read(dataset.attrs[name])
        except (ValueError, TypeError, AttributeError, yaml.YAMLError):
            content = None
        if not isinstance(content, kind):
            raise ResultsError(f"{path} is damaged: attribute {name} cannot be read")


def check_manifest(path: Path, attributes: Mapping[str, Any], key: str) -> None:
    """Check that a manifest, where there is one, is whole, and of the same run and file.

    Parameters
        path: the file of results that it lies beside. attributes: what that says of its run. key:
            of its SHA-256 in the manifest, where none is of a run by an older version.

    Raises
        ResultsError: it is not.
    """
    manifest = path.with_name(MANIFEST)
    if not manifest.is_file():
        return
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{manifest} cannot be read as JSON: {reason}") from None
    if not isinstance(content, dict):
        raise ResultsError(f"{manifest} is not a manifest of Proteus: it is no group of keys")
    read_version(manifest, content)
    if content.get("config_hash") != attributes.get("config_hash"):
        raise ResultsError(f"{manifest} is of another run than {path}: config_hash differs")
    if content.get(key, written := digest(path)) != written:
        raise ResultsError(f"{path} was changed after the run: {key} of {manifest} differs")
