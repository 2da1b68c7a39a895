"""One cell of an output folder, with what must agree before it is compared with another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from proteus.analysis import units
from proteus.analysis.contrasts import Pair
from proteus.analysis.measures import swept
from proteus.errors import ResultsError, nearest
from proteus.market.variables.dimensions import OPTIONAL_DIMENSIONS
from proteus.plans import parity
from proteus.results.coordinates import describe
from proteus.results.dataset import MANIFEST, TESTS, load

CODE = "kernel_hash"  # cells that other kernels ran differ in more than the treatment


class Cell(NamedTuple):
    """One cell that has been run.

    Attributes
        coordinates: its labels. data: the dataset without swept dims.
        configuration: nested plain values, as the manifest has them. root: root seed.
        code: hash of the kernels that ran it. place: its folder, and its number there.
    """

    coordinates: dict[str, Any]
    data: xr.Dataset
    configuration: dict[str, Any]
    root: str
    code: str
    place: tuple[Path, int]


def open_cell(folder: Path, labels: Mapping[str, str]) -> Cell:
    """Open one cell of an output folder.

    Parameters
        folder: of a finished sweep. labels: swept dim to value, enough to leave one cell.

    Raises
        ResultsError: no results, no manifest, an unknown label, or more than one cell.
    """
    dataset = load(folder)
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise ResultsError(f"{manifest} does not exist: parity is checked with the cells it lists")
    content = json.loads(manifest.read_text(encoding="utf-8"))
    table = np.array(content["cell_of"])
    chosen = _select(dataset, labels, folder)
    numbers = {int(table[index]) for index in chosen}
    if len(numbers) > 1:
        axes = ",".join(f"{axis}=..." for axis in swept(dataset))
        raise ResultsError(
            f"{folder} has {len(numbers)} such cells: choose one, as {folder}:{axes}"
        )
    index, (number,) = chosen[0], numbers
    point = dict(zip(swept(dataset), index, strict=True))
    return Cell(
        coordinates={axis: dataset[axis].values[at] for axis, at in point.items()},
        data=dataset.isel(point),
        configuration=content["cells"][number],
        root=str(dataset.attrs["seed_root"]),
        code=str(dataset.attrs[CODE]),
        place=(folder.resolve(), number),
    )


def _select(dataset: xr.Dataset, labels: Mapping[str, str], folder: Path) -> list[tuple[int, ...]]:
    """Return the grid points that have the labels."""
    axes = swept(dataset)
    allowed = []
    for name, value in labels.items():
        if name not in axes:
            raise ResultsError(f"{folder} has no dimension {name}{nearest(name, axes)}")
        if not any(_is(known, value) for known in dataset[name].values):
            listed = ", ".join(_text(known) for known in dataset[name].values)
            raise ResultsError(f"{folder} has no {name}={value}; it has {listed}")
    for axis in axes:
        values = dataset[axis].values
        wanted = labels.get(axis)
        allowed.append([at for at in range(len(values)) if not wanted or _is(values[at], wanted)])
    return [tuple(int(at) for at in index) for index in _product(allowed)]


def _product(allowed: list[list[int]]) -> np.ndarray:
    return np.stack(np.meshgrid(*allowed, indexing="ij"), axis=-1).reshape(-1, len(allowed))


def _is(known: Any, written: str) -> bool:
    try:
        return float(known) == float(written)
    except ValueError:
        return str(known) == written


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def differences(baseline: Cell, treated: Cell) -> list[parity.Difference]:
    """List what differs beyond the treatment: configuration, kernels, seeds.

    Raises
        ResultsError: no seed in common; nothing could be paired.
    """
    found = parity.differences(baseline.configuration, treated.configuration)
    if baseline.code != treated.code:
        found.append((CODE, baseline.code, treated.code))
    ours, theirs = (_seeds(cell) for cell in (baseline, treated))
    one, other = (units.seeds_of(cell.data) for cell in (baseline, treated))
    if (one.dependence, one.controls) != (other.dependence, other.controls):
        reason = "seeds of one design and with the same controls can be paired"
        raise ResultsError(f"{ours} cannot be compared with {theirs}: only {reason}")
    if baseline.root != treated.root or not len(np.intersect1d(*_indices(baseline, treated))):
        raise ResultsError(f"{ours} and {theirs} have no seed in common: nothing can be paired")
    if ours != theirs:
        found.append(("seeds", ours, theirs))
    return found


def _indices(baseline: Cell, treated: Cell) -> tuple[np.ndarray, np.ndarray]:
    return baseline.data["seed"].values, treated.data["seed"].values


def _seeds(cell: Cell) -> str:
    seeds = cell.data["seed"].values
    return f"seeds {seeds[0]} to {seeds[-1]} of root {cell.root}"


def pair(baseline: Cell, treated: Cell) -> Pair:
    """Pair two cells on the seeds that both have, and on the traders and groups.

    Cells of one sweep stay in the family of its endpoint; no sweep declared a test of cells of two.
    """
    common = {"seed": np.intersect1d(*_indices(baseline, treated))}
    for dim in OPTIONAL_DIMENSIONS:
        if dim in treated.data.dims and dim in baseline.data.dims:
            labels = treated.data[dim].values
            common[dim] = labels[np.isin(labels, baseline.data[dim].values)]
    chosen = treated.data.sel(common)
    if treated.place[0] != baseline.place[0]:
        chosen.attrs = {key: value for key, value in chosen.attrs.items() if key != TESTS}
    name = describe(baseline.coordinates)
    return Pair(treated.coordinates, chosen, baseline.data.sel(common), name)
