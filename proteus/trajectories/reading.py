"""Read a data set: ``proteus.load_trajectories``. Needs no Gymnasium."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from proteus.basics.versions import read_version
from proteus.errors import ResultsError
from proteus.results import artifacts
from proteus.trajectories.checking import check_keys
from proteus.trajectories.schema import (
    ACTION,
    COLLECTION_KEY,
    INFOS,
    MANIFEST,
    OBSERVATION,
    STEPS,
    TRAJECTORIES_KEY,
    TRAJECTORIES_VERSION,
    Space,
    columns_of,
    digest_of,
    schema_of,
    space_of,
)

_KEYS = ("seed", "episode", "step", "fault", "reward", "terminated", "truncated")


class Episode(NamedTuple):
    """One episode of T steps."""

    cell: int
    seed: int
    number: int  # of the episode of that seed
    observations: NDArray[np.float32]  # [T + 1, F]
    actions: NDArray[Any]  # [T, A] float32, or int64 of a grid
    rewards: NDArray[np.float64]  # [T] currency
    terminations: NDArray[np.bool_]  # [T]
    truncations: NDArray[np.bool_]  # [T]
    infos: dict[str, NDArray[Any]]  # [T + 1] each: time_s, equity_nano, fault


class Trajectories:
    """A data set, of which files are read when they are wanted, one at a time.

    Attributes
        folder: where it lies. manifest: what it says of itself. episodes: a table, one row each:
            cell, mechanism, seed, episode, steps, terminated, truncated, fault and total_reward.
        observation_space, action_space: names, bounds, units, and ``to_gymnasium()``.
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any], spaces: tuple[Space, Space]):
        """Take what has been checked; the table of episodes is filled by the reader."""
        self.folder: Path = folder
        self.manifest: Mapping[str, Any] = manifest
        self.observation_space: Space = spaces[0]
        self.action_space: Space = spaces[1]
        self.episodes: pd.DataFrame = pd.DataFrame()
        self._files = [folder / STEPS / each["name"] for each in manifest["files"]]
        self._bounds = np.cumsum([0, *(each["seeds"] for each in manifest["files"])])
        self._open: tuple[int, list[Episode]] = (-1, [])  # the file that was read last

    def __len__(self) -> int:
        """Return the number of episodes."""
        return int(self._bounds[-1])

    def __iter__(self) -> Iterator[Episode]:
        """Go through the episodes, file by file."""
        for file in range(len(self._files)):
            yield from self._episodes_of(file)

    def __getitem__(self, number: int) -> Episode:
        """Return one episode by its row in ``episodes``.

        Raises
            IndexError: there is none.
        """
        at = number + len(self) if number < 0 else number
        if not 0 <= at < len(self):
            raise IndexError(f"episode {number} of {len(self)}")
        file = int(np.searchsorted(self._bounds, at, side="right")) - 1
        if self._open[0] != file:
            self._open = file, self._episodes_of(file)
        return self._open[1][at - int(self._bounds[file])]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all steps of all episodes, one after the other, in memory.

        Returns
            observations, next_observations [S, F], actions [S, A], rewards, terminations,
            truncations [S], and ``row`` int64 [S], of the episode in ``episodes``. The last
            observation of an episode is in next_observations.
        """
        parts: dict[str, list[Any]] = {}
        for row, each in enumerate(self):
            steps = {
                "observations": each.observations[:-1], "next_observations": each.observations[1:],
                "actions": each.actions, "rewards": each.rewards,
                "terminations": each.terminations, "truncations": each.truncations,
                "row": np.full(len(each.rewards), row),
            }  # fmt: skip
            for name, array in steps.items():
                parts.setdefault(name, []).append(array)
        return {name: np.concatenate(arrays) for name, arrays in parts.items()}

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows of all files in memory, sorted by cell, seed and step.

        The last row of an episode has no action, reward or flags.
        """
        tables = [_sorted(pq.read_table(file, partitioning=None)) for file in self._files]
        whole: pd.DataFrame = pa.concat_tables(tables).unify_dictionaries().to_pandas()
        return whole

    def _episodes_of(self, file: int) -> list[Episode]:
        """Read a file whole."""
        table = _sorted(pq.read_table(self._files[file], partitioning=None))
        numbers = {name: _numpy(table[name]) for name in (*_KEYS, *INFOS)}
        observed = _stacked(table, OBSERVATION, self.observation_space)
        acted = _stacked(table, ACTION, self.action_space)
        starts = [*np.flatnonzero(numbers["step"] == 0).tolist(), len(table)]
        made = []
        for first, after in itertools.pairwise(starts):
            steps, whole = slice(first, after - 1), slice(first, after)
            made.append(Episode(
                self.manifest["files"][file]["cell"], int(numbers["seed"][first]),
                int(numbers["episode"][first]), observed[whole], acted[steps],
                numbers["reward"][steps], numbers["terminated"][steps],
                numbers["truncated"][steps], {name: numbers[name][whole] for name in INFOS},
            ))  # fmt: skip
        return made


def _numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as it was written; zeros stand in the last row of an episode."""
    if column.null_count:
        zero: Any = False if pa.types.is_boolean(column.type) else 0
        column = column.fill_null(zero)
    return np.asarray(column.to_numpy())


def _stacked(table: pa.Table, prefix: str, space: Space) -> NDArray[Any]:
    columns = [_numpy(table[f"{prefix}{name}"]) for name in space.names]
    return np.stack(columns, axis=1).astype(space.dtype, copy=False)


def _sorted(table: pa.Table) -> pa.Table:
    """Put the steps of an episode together: a long one is in several row groups."""
    seed, step = (table[name].to_numpy() for name in ("seed", "step"))
    order = np.lexsort((step, seed))
    return table if (order[1:] > order[:-1]).all() else table.take(order)


def load_trajectories(folder: str | os.PathLike[str]) -> Trajectories:
    """Load a data set, once all of it has been checked: hashes, schema, lengths, flags, seeds.

    Parameters
        folder: of ``python -m proteus.trajectories`` or ``collect_trajectories``.

    Returns
        The data set: ``len``, iteration and ``[row]`` by episode, ``arrays()``, ``to_pandas()``.

    Raises
        ResultsError: no finished data set is there, or what is wrong with it.
    """
    path = artifacts.as_path(folder)
    manifest = _manifest_of(path)
    try:
        spaces = space_of(manifest["observation_space"]), space_of(manifest["action_space"])
        made = Trajectories(path, manifest, spaces)
        cells = {each["cell"]: each["mechanism"] for each in manifest["cells"]}
        declared = schema_of(columns_of(*spaces))
        expected = [(each["cell"], each["first"], each["seeds"]) for each in manifest["files"]]
        seeds = manifest["seeds"]["first"], manifest["seeds"]["count"]
        hashes = {key: manifest[key] for key in ("config_hash", COLLECTION_KEY)}
        _check_whole(path, expected, [*cells], *seeds)
        tables = [
            _checked(path / STEPS / each["name"], each, declared, hashes)
            for each in manifest["files"]
        ]
    except (LookupError, TypeError, ValueError) as error:
        if isinstance(error, ResultsError):
            raise
        raise ResultsError(
            f"{path / MANIFEST} is damaged: {error!r} is not as it must be"
        ) from None
    made.episodes = pd.concat(tables, ignore_index=True)
    made.episodes.insert(1, "mechanism", made.episodes["cell"].map(cells))
    return made


def _manifest_of(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        begun = (folder / "collecting.json").is_file()
        how = (
            f"go on with: python -m proteus.trajectories --resume {folder}" if begun
            else "python -m proteus.trajectories output_dir=FOLDER writes one"
        )  # fmt: skip
        what = "is not finished" if begun else "has no data set of episodes"
        raise ResultsError(f"{folder} {what}: {how}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(manifest, dict):
            raise ValueError("it is no mapping")
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    read_version(path, manifest)
    if manifest.get(TRAJECTORIES_KEY) != TRAJECTORIES_VERSION:
        written = manifest.get(TRAJECTORIES_KEY, "missing")
        allowed = f"this Proteus reads version {TRAJECTORIES_VERSION}"
        raise ResultsError(
            f"{path} is no data set of episodes: {TRAJECTORIES_KEY} is {written}; {allowed}"
        )
    return manifest


def _check_whole(
    folder: Path, files: list[tuple[int, int, int]], cells: list[int], first: int, count: int
) -> None:
    """Refuse a manifest whose files are not every seed of every cell, once, in order."""
    found = [(cell, seed) for cell, start, seeds in files for seed in range(start, start + seeds)]
    if found != [(cell, seed) for cell in cells for seed in range(first, first + count)]:
        raise ResultsError(f"{folder / MANIFEST} is damaged: its files are not all of its seeds")


def _checked(
    path: Path, said: Mapping[str, Any], declared: pa.Schema, hashes: Mapping[str, str]
) -> pd.DataFrame:
    """Check one file; returns the rows of its episodes.

    Raises
        ResultsError: what is wrong with it.
    """
    if not path.is_file():
        raise ResultsError(f"{path} does not exist, and {MANIFEST} names it")
    if digest_of(path) != said["sha256"]:
        raise ResultsError(f"{path} is not the file that was written: its SHA-256 is another")
    try:
        file = pq.ParquetFile(path)
        schema, about = file.schema_arrow, file.metadata.metadata or {}
        if not schema.equals(declared, check_metadata=False):
            raise ResultsError(
                f"{path} has other columns than {MANIFEST} says: {_odd(schema, declared)}"
            )
        for key, value in hashes.items():
            if about.get(key.encode(), b"").decode() != value:
                raise ResultsError(
                    f"{path} is of another data set: {key} is not that of {MANIFEST}"
                )
        table = _sorted(file.read(columns=["cell", *_KEYS]))
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{path} cannot be read as Parquet: {reason}") from None
    return check_keys(path, table, said)


def _odd(found: pa.Schema, declared: pa.Schema) -> str:
    """Name the first column that is not as declared."""
    for name in declared.names:
        if name not in found.names:
            return f"{name} is missing"
        if not found.field(name).equals(declared.field(name)):
            return f"{name} is {found.field(name).type}, and must be {declared.field(name).type}"
    return f"{', '.join(name for name in found.names if name not in declared.names)} is added"
