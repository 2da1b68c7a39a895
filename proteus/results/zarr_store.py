"""Results in a Zarr store, as in a bucket: what runs leave is moved there, one after the other.

A store has the labels, variables and attributes of ``results.nc``. Seeds of further runs of the
same sweep go behind those that are there, a slab at a time, so that neither memory nor one disk has
to hold all of them. ``seed_count`` is written last and says how many are whole: what a write that
ended early left behind them is not read, and the next write takes its place.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import yaml

from proteus.basics.versions import SCHEMA_KEY, read_version
from proteus.errors import ResultsError
from proteus.results import dataset as results
from proteus.results.agents import AGENTS_KEY

SEED, COUNT, PARTS = "seed", "seed_count", "parts"
MISSING = "missing"  # attribute: JSON, by variable how many of its values are missing, and why
_EQUAL = (SCHEMA_KEY, "config", "kernel_hash", "seed_root", "population_hash", AGENTS_KEY)
_OF_A_PART = ("config_hash", "seed_first", COUNT, "created")
_OF_ONE_RUN = (results.TESTS, "overrides", "parity", "precision")  # untrue of two
_FORMAT: Any = {"zarr_format": 3, "consolidated": False}  # in format 2 a zero may be missing


def to_zarr(
    folder: str | os.PathLike[str],
    store: str | os.PathLike[str],
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> None:
    """Write the results of a run to a Zarr store, or append its seeds to those that are there.

    Traces of recorded lanes stay in ``results.nc``. One process at a time may write.

    Parameters
        folder: the output folder of a sweep, or its ``results.nc``.
        store: a folder, or an address that fsspec knows, as ``s3://bucket/sweep.zarr``. It is made
            where there is none.
        storage_options: for fsspec, as keys of the bucket.

    Raises
        ResultsError: as :func:`proteus.load`; or the store holds something else, another sweep, the
            same seeds, or needs a package that is not installed.
    """
    place = _Place(store, storage_options)
    with results.opened(folder) as (path, run), place.told():
        place.mend()
        known, whole = place.read(), 0
        slab = max(1, results.SLAB_LANES // run["cell"].size)
        if known is None:
            place.make(run, slab)
        else:
            _check_goes_on(str(path), run, place.name, known)
            whole = known.sizes[SEED]
        place.grow(whole + run.sizes[SEED])
        for at in range(0, run.sizes[SEED], slab):
            part = run.isel({SEED: slice(at, at + slab)})
            place.fill(part, slice(whole + at, whole + at + part.sizes[SEED]))
        place.finish(_attributes(run, known))


def open_zarr(
    store: str | os.PathLike[str], *, storage_options: Mapping[str, Any] | None = None
) -> xr.Dataset:
    """Open the results that :func:`to_zarr` wrote; numbers are read when they are used.

    Parameters
        store, storage_options: as there.

    Returns
        The dataset, as :func:`proteus.load` returns it. Its ``seed`` is that of all parts, in the
        order in which they were written; attribute ``parts`` is JSON and says of each its
        ``config_hash``, ``seed_first``, ``seed_count`` and ``created``.

    Raises
        ResultsError: no such store, or not one of ours.
    """
    found = _Place(store, storage_options).read()
    if found is None:
        raise ResultsError(f"{store} holds no results: proteus.to_zarr writes them")
    return found


class _Place:
    """A store, by its address."""

    def __init__(
        self, store: str | os.PathLike[str], storage_options: Mapping[str, Any] | None
    ) -> None:
        try:
            import zarr
        except ImportError:
            allowed = "pip install 'proteus-markets[zarr]'"
            raise ResultsError(f"a Zarr store needs a package that is missing: {allowed}") from None
        from fsspec.core import url_to_fs

        self._options = dict(storage_options or {})
        try:
            self.name = os.fspath(store)
            self._files, self._path = url_to_fs(self.name, **self._options)
        except (TypeError, ValueError, ImportError) as error:
            allowed = "must be a folder, or an address that fsspec knows, as s3://bucket/sweep.zarr"
            raise ResultsError(f"store={store!r} is not allowed ({error}): {allowed}") from None
        self._open: Any = functools.partial(
            zarr.open_group, self.name, zarr_format=3, storage_options=self._options or None
        )

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say in a sentence why a store cannot be written."""
        try:
            yield
        except OSError as error:
            raise ResultsError(f"{self.name} cannot be written: {error.strerror}") from None

    def mend(self) -> None:
        """Take away what a write that ended early left."""
        whole = self._whole()
        if whole:
            self.grow(whole)

    def read(self) -> xr.Dataset | None:
        """Open what is whole in the store; None where nothing is.

        Raises
            ResultsError: it holds something else, or a write ended early in a bad moment.
        """
        whole = self._whole()
        if not whole:
            return None
        group = self._open(mode="r")
        read_version(Path(self.name), group.attrs)
        try:
            found = xr.open_zarr(group.store, chunks=None, decode_timedelta=True, **_FORMAT)
        except ValueError:  # sizes of one dim that differ
            allowed = "a write ended early; write that run again"
            raise ResultsError(f"{self.name} is not whole: {allowed}") from None
        texts = {name: found[name].variable.astype(object).astype(str) for name in _texts(found)}
        for name, counts in json.loads(found.attrs.pop(MISSING)).items():
            found[name].attrs |= counts
        whole_seeds: xr.Dataset = found.assign_coords(texts).isel({SEED: slice(0, whole)})
        return whole_seeds

    def _whole(self) -> int | None:
        """Return the number of seeds that are whole; None where nothing is.

        Raises
            ResultsError: it holds something else.
        """
        files, path = self._files, self._path
        if not files.exists(path) or (files.isdir(path) and not files.ls(path)):
            return None
        try:
            return int(self._open(mode="r").attrs[COUNT])
        except (OSError, LookupError, ValueError, TypeError):
            allowed = "must be new, empty, or what proteus.to_zarr has written"
            raise ResultsError(f"store={self.name} is not allowed: {allowed}") from None

    def make(self, run: xr.Dataset, slab: int) -> None:
        """Write labels, and variables of no seeds in chunks of a slab."""
        none = run.isel({SEED: slice(0, 0)}).drop_encoding()
        none = none.assign_coords(
            {name: none[name].variable.astype(object) for name in _texts(none)}
        )
        encoding = {
            name: {"chunks": [slab if dim == SEED else none.sizes[dim] for dim in variable.dims]}
            for name, variable in none.variables.items()
            if SEED in variable.dims
        }
        for variable in none.data_vars.values():
            variable.attrs = {k: v for k, v in variable.attrs.items() if not _is_count(k)}
        none.attrs = {COUNT: 0}
        none.to_zarr(self._open(mode="w").store, mode="w", encoding=encoding, **_FORMAT)

    def grow(self, seeds: int) -> None:
        """Give every variable room for so many seeds, and not for more."""
        for array in dict(self._open(mode="r+").arrays()).values():
            sizes = dict(zip(array.metadata.dimension_names, array.shape, strict=True))
            if sizes.get(SEED, seeds) != seeds:
                array.resize(tuple({**sizes, SEED: seeds}.values()))

    def fill(self, part: xr.Dataset, seeds: slice) -> None:
        """Write some seeds."""
        others = [name for name, each in part.variables.items() if SEED not in each.dims]
        group = self._open(mode="r+")
        group[SEED][seeds] = part[SEED].to_numpy()  # which xarray leaves out, as of an index
        numbers = part.drop_vars([*others, SEED])
        numbers.drop_attrs().to_zarr(group.store, mode="r+", region={SEED: seeds}, **_FORMAT)

    def finish(self, attributes: Mapping[str, Any]) -> None:
        """Say what there is now: the number of seeds, and what is true of all of them, at once."""
        group = self._open(mode="r+")
        of_xarray = {key: group.attrs[key] for key in ("coordinates",) if key in group.attrs}
        group.attrs.put({**attributes, **of_xarray})


def _texts(dataset: xr.Dataset) -> list[str]:
    """List the labels that are text: Zarr has a standard for texts of any length alone."""
    return [str(name) for name, label in dataset.coords.items() if label.dtype.kind in "UOT"]


def _check_goes_on(path: str, run: xr.Dataset, store: str, known: xr.Dataset) -> None:
    """Check that a run is of the same sweep as a store, with other seeds.

    Raises
        ResultsError: it is not.
    """
    differing = [key for key in _EQUAL if _told(run.attrs, key) != _told(known.attrs, key)]
    labels = sorted(
        str(name) for name in {*run.coords, *known.coords} - {SEED}
        if name not in run.coords or name not in known.coords
        or not run[name].variable.equals(known[name].variable)
    )  # fmt: skip
    if differing or labels:
        what = ", ".join(differing or labels)
        raise ResultsError(f"{path} is of another sweep than {store}: {what} differs")
    common = np.intersect1d(run[SEED], known[SEED])
    if len(common):
        raise ResultsError(f"{path} has seeds that {store} has already, as {common[0]}")


def _told(attributes: Mapping[str, Any], key: str) -> Any:
    """Return what an attribute says that does not depend on the seeds."""
    value = attributes.get(key)
    if key != "config":
        return value
    config = yaml.safe_load(str(value))
    seeds = {**config["seeds"], "first": None, "count": None}
    return {**config, "seeds": seeds, "output_dir": None}


def _attributes(run: xr.Dataset, known: xr.Dataset | None) -> dict[str, Any]:
    """Return the attributes of a store to which a run has been added."""
    attributes = {key: _plain(value) for key, value in run.attrs.items()}
    part = {key: attributes[key] for key in _OF_A_PART}
    if known is None:
        return {**attributes, MISSING: json.dumps(_missing(run)), PARTS: json.dumps([part])}
    before = {key: _plain(value) for key, value in known.attrs.items()}
    counts, old = _missing(run), _missing(known)
    for name, count in old.items():
        ours = counts.setdefault(name, {})
        counts[name] = {key: ours.get(key, 0) + count.get(key, 0) for key in {*ours, *count}}
    return {
        **{key: value for key, value in before.items() if key not in _OF_ONE_RUN},
        COUNT: before[COUNT] + part[COUNT],
        MISSING: json.dumps(counts),
        PARTS: json.dumps([*json.loads(before[PARTS]), part]),
    }


def _missing(dataset: xr.Dataset) -> dict[str, dict[str, int]]:
    """Return how many values of each variable are missing, by reason."""
    return {
        str(name): {key: int(count) for key, count in variable.attrs.items() if _is_count(key)}
        for name, variable in dataset.data_vars.items()
    }


def _is_count(key: str) -> bool:
    return key.startswith(f"{MISSING}_")


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
