"""Snapshots between episodes: what every lane of a run carries on, in ``snapshot.npz``.

A run whose lanes carry anything writes one beside its results. ``resume_from=FOLDER`` lets the
lanes of another run begin with it, at the episode that comes next, so that 1..k and then the rest
is what all at once would have been, to the bit. A snapshot is of one configuration: the cells that
go on must be cells of it, with its root seed and among its seeds. ``numpy.load`` reads the file;
its members have checksums.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from proteus.basics.archives import DAMAGED, reason_of
from proteus.basics.files import whole
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION, read_version
from proteus.errors import ConfigError, ResultsError
from proteus.market.cell import CellConfig

if TYPE_CHECKING:
    from proteus.market.setup.carrying import Field

SNAPSHOT = "snapshot.npz"
SNAPSHOT_VERSION = 1
_HEADER = "header"


@dataclass(frozen=True)
class Snapshot:
    """What lanes carry on.

    Attributes
        path: its file. words: of the run. root: root seed. first, count: of its seeds.
        episode: the next one. cells: canonical text of each. layouts: where each array is in the
            bytes of a lane. carried: of each cell, uint8 [count, bytes]. stopped: (cell, seed) of
            lanes that were stopped. digest: SHA-256 of all that.
    """

    path: Path
    words: tuple[str, ...]
    root: int
    first: int
    count: int
    episode: int
    cells: tuple[str, ...]
    layouts: tuple[tuple[tuple[str, str, tuple[int, ...]], ...], ...]
    carried: tuple[NDArray[np.uint8], ...]
    stopped: tuple[tuple[int, int], ...]
    digest: str

    @property
    def bytes_per_lane(self) -> tuple[int, ...]:
        """Return what a lane of each cell takes, bytes."""
        return tuple(rows.shape[1] for rows in self.carried)

    def arrays(self, cell: int = 0) -> dict[str, NDArray[Any]]:
        """Return what is carried in a cell by the paths of its arrays, each [count, ...]."""
        found, at = {}, 0
        for path, dtype, shape in self.layouts[cell]:
            size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
            part = np.ascontiguousarray(self.carried[cell][:, at : at + size])
            found[path] = part.view(dtype).reshape(len(part), *shape)
            at += size
        return found

    def rows(self, cell: CellConfig, seeds: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return what the lanes of a cell of it begin with, uint8 [n, bytes]."""
        number = self.cells.index(identity_of(cell))
        return self.carried[number][seeds - self.first]


def identity_of(cell: CellConfig) -> str:
    """Return the text of a cell that is the same however many episodes are left."""
    episodes = cell.episodes.model_copy(update={"count": 1})
    return cell.model_copy(update={"episodes": episodes}).canonical()


def write(
    folder: Path,
    about: Mapping[str, Any],
    cells: Sequence[CellConfig],
    layouts: Sequence[Sequence[Field]],
    carried: Sequence[NDArray[np.uint8]],
) -> None:
    """Write the snapshot of a run whole.

    Parameters
        about: words, root, first, count, episode and stopped, as in :class:`Snapshot`.
        cells, layouts, carried: of each cell.
    """
    header = {
        SCHEMA_KEY: SCHEMA_VERSION, "snapshot_version": SNAPSHOT_VERSION, **about,
        "cells": [identity_of(cell) for cell in cells], "layouts": layouts,
    }  # fmt: skip
    members: dict[str, Any] = {_HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8)}
    members |= {str(number): rows for number, rows in enumerate(carried)}
    with whole(folder / SNAPSHOT, durable=True) as temporary, temporary.open("wb") as file:
        np.savez(file, **members)


def snapshot(folder: str | os.PathLike[str]) -> Snapshot:
    """Load the snapshot that a run with ``episodes.carryover`` has written.

    Parameters
        folder: the output folder of the run, or its ``snapshot.npz``.

    Returns
        Snapshot, checked: its version, its checksums, and that it has all that it names.

    Raises
        ResultsError: no such file, damaged, of a newer version.
    """
    try:
        path = Path(folder)
        path = path / SNAPSHOT if path.is_dir() else path
    except TypeError:
        allowed = "must be a path, as 'outputs/my_run'"
        raise ResultsError(f"folder={folder!r} is not allowed: {allowed}") from None
    except OSError as error:  # a name may be too long
        raise ResultsError(f"{folder} cannot be read: {error.strerror}") from None
    if not path.is_file():
        made = "a run with episodes.carryover=capital_only or full_carryover writes one"
        raise ResultsError(f"{path} does not exist: {made}")
    try:
        members = _members(path)
        header = json.loads(members[_HEADER].tobytes())
        version = header["snapshot_version"]
    except DAMAGED as error:
        raise ResultsError(f"{path} is damaged, or no snapshot: {reason_of(error)}") from None
    read_version(path, header)
    if version != SNAPSHOT_VERSION:
        allowed = f"this Proteus reads version {SNAPSHOT_VERSION}"
        raise ResultsError(f"{path} has snapshot_version={version}: {allowed}")
    try:
        return _read(path, header, members)
    except (LookupError, ValueError, TypeError) as error:
        raise ResultsError(f"{path} is damaged: it does not say what it holds: {error}") from None


def _members(path: Path) -> dict[str, Any]:
    """Read the arrays of a file, once all have their checksums."""
    with zipfile.ZipFile(path) as archive:
        wrong = archive.testzip()
    if wrong is not None:
        raise ValueError(f"the checksum of its member {wrong} differs")
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def _read(path: Path, header: dict[str, Any], members: dict[str, Any]) -> Snapshot:
    carried = tuple(members[str(number)] for number in range(len(header["cells"])))
    layouts = tuple(
        tuple((name, dtype, tuple(shape)) for name, dtype, shape in layout)
        for layout in header["layouts"]
    )
    for layout, rows in zip(layouts, carried, strict=True):
        size = sum(
            int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
            for _, dtype, shape in layout
        )
        if rows.dtype != np.uint8 or rows.shape != (header["count"], size):
            raise ValueError(f"{rows.shape} bytes, {(header['count'], size)} are declared")
    digest = hashlib.sha256(members[_HEADER].tobytes())
    for rows in carried:
        digest.update(rows.tobytes())
    return Snapshot(
        path, tuple(header["words"]), int(header["root"]), header["first"], header["count"],
        header["episode"], tuple(header["cells"]), layouts, carried,
        tuple((cell, seed) for cell, seed in header["stopped"]), digest.hexdigest(),
    )  # fmt: skip


def start_of(
    folder: str, cells: Sequence[CellConfig], seeds: Any, layouts: Sequence[Sequence[Field]]
) -> Snapshot:
    """Return the snapshot that a plan begins with, once it fits the plan.

    Parameters
        folder: the value of ``resume_from``. cells: of the plan. seeds: its ``seeds``. layouts: of
            its cells.

    Raises
        ConfigError: it goes on with another episode, root, seeds or configuration, or a lane of it
            was stopped.
    """
    try:
        found = snapshot(folder)
    except ResultsError as error:
        raise ConfigError(f"resume_from={folder} is not allowed: {error}") from None
    refused = f"is not allowed: resume_from={folder} goes on"
    for key, value, held in (
        ("seeds.episode", seeds.episode, found.episode), ("seeds.root", seeds.root, found.root),
    ):  # fmt: skip
        if value != held:
            raise ConfigError(f"{key}={value} {refused} with {key}={held}")
    last = found.first + found.count - 1
    if seeds.first < found.first or seeds.first + seeds.count - 1 > last:
        asked = f"seeds.first={seeds.first} with seeds.count={seeds.count}"
        raise ConfigError(f"{asked} {refused} with seeds {found.first} to {last}")
    for number, cell in enumerate(cells):
        if identity_of(cell) not in found.cells:
            raise ConfigError(
                f"resume_from={folder} is not allowed: cell {number} is not one that it holds; "
                f"everything but episodes.count must be as it was"
            )
        held_by = found.cells.index(identity_of(cell))
        if tuple(map(tuple, layouts[number])) != found.layouts[held_by]:
            raise ConfigError(
                f"resume_from={folder} is not allowed: other code wrote it, which carries other "
                f"arrays"
            )
        _check_sound(folder, found, held_by, seeds)
    return found


def _check_sound(folder: str, found: Snapshot, cell: int, seeds: Any) -> None:
    for number, seed in found.stopped:
        if number == cell and seeds.first <= seed < seeds.first + seeds.count:
            raise ConfigError(
                f"resume_from={folder} is not allowed: seed {seed} of cell {cell} was stopped "
                f"before; choose other seeds"
            )
