"""What a data set says of itself, and the columns of its files.

A file holds whole episodes of one cell. An episode of T steps is T + 1 rows, one for each
observation: row t has what was seen before step t, and the action, reward and flags of that step;
the last row has what was seen at the end, and neither action, reward nor flags.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from proteus.basics.schema import canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST, STEPS = "manifest.json", "steps"  # the file that comes last, and the folder of the rest
TRAJECTORIES_VERSION, TRAJECTORIES_KEY = 1, "trajectories_version"
COLLECTION_KEY, PART_KEY = "collection_hash", "part"  # of every file
OBSERVATION, ACTION = "observation_", "action_"  # how such columns begin

BOX, GRID = "box", "multi_discrete"  # kinds of spaces


class Column(NamedTuple):
    """One column: its type, its unit, what it holds, and whether the last row has none."""

    kind: Literal["int64", "float64", "float32", "bool", "text"]
    unit: str
    means: str
    is_of_step: bool = False


KEYS: dict[str, Column] = {
    "cell": Column("int64", "1", "number of the configuration in the data set"),
    "seed": Column("int64", "1", "replicate index"),
    "episode": Column("int64", "1", "number of the episode of that replicate"),
    "step": Column("int64", "1", "decisions taken before, in this episode"),
    "mechanism": Column("text", "", "of the market"),
    "config_hash": Column("text", "", "of the cells and seeds of the data set"),
}
INFOS: dict[str, Column] = {
    "time_s": Column("float64", "s", "since the start of the episode"),
    "equity_nano": Column("int64", "nano-currency", "what the trader has made so far"),
    "fault": Column("int64", "1", "why the lane was stopped, in the last row; 0: it was not"),
}
REWARDS: dict[str, Column] = {
    "reward": Column("float64", "currency", "of this step", True),
    "terminated": Column("bool", "", "trading has ended with this step", True),
    "truncated": Column("bool", "", "stopped before its end with this step", True),
}


class Space(NamedTuple):
    """What numbers an observation or an action has. C numbers."""

    kind: str  # BOX: low .. high; MULTI_DISCRETE: whole numbers 0 .. high
    dtype: str  # of NumPy
    names: tuple[str, ...]  # [C]
    low: tuple[float, ...]  # [C]
    high: tuple[float, ...]  # [C]
    units: tuple[str, ...]  # [C]
    means: tuple[str, ...]  # [C]
    sources: tuple[str, ...] = ()  # [C] of an observation: the row of the leakage table

    def to_gymnasium(self) -> Any:
        """Return the same as a space of Gymnasium.

        Raises
            ImportError: Gymnasium is not installed.
        """
        from gymnasium import spaces

        if self.kind == GRID:
            return spaces.MultiDiscrete(np.array(self.high, np.int64) + 1)
        low, high = (np.array(each, np.float32) for each in (self.low, self.high))
        return spaces.Box(low, high, dtype=np.float32)


def spaces_of(task: Any) -> tuple[Space, Space]:
    """Return what a task shows, and what it may be told."""
    features, shown, told = task.features, task.observation_space, task.action_space
    seen = Space(
        BOX, "float32", tuple(each.name for each in features), _plain(shown.low),
        _plain(shown.high), tuple(each.unit for each in features),
        tuple(each.means for each in features), tuple(each.source for each in features),
    )  # fmt: skip
    count = len(task.actions)
    is_box = hasattr(told, "low")
    low = _plain(told.low) if is_box else (0.0,) * count
    high = _plain(told.high if is_box else told.nvec - 1)
    names = tuple(str(number) for number in range(count))
    taken = Space(
        BOX if is_box else GRID, "float32" if is_box else "int64", names, low, high,
        ("1",) * count, tuple(task.actions),
    )  # fmt: skip
    return seen, taken


def _plain(bounds: Any) -> tuple[float, ...]:
    return tuple(float(each) for each in bounds)


def space_of(written: Mapping[str, Any]) -> Space:
    """Read a space as the manifest has it.

    Raises
        LookupError, TypeError, ValueError: it is none.
    """
    texts = ("kind", "dtype")
    values: Any = [written[key] if key in texts else tuple(written[key]) for key in Space._fields]
    made = Space(*values)
    if made.kind not in (BOX, GRID) or len({*map(len, made[2:7])}) != 1:
        raise ValueError("a space is none")
    return made


def columns_of(seen: Space, taken: Space) -> dict[str, Column]:
    """Return the columns of all files of a data set, in their order."""
    observed = {
        f"{OBSERVATION}{name}": Column("float32", unit, means)
        for name, unit, means in zip(seen.names, seen.units, seen.means, strict=True)
    }
    kind: Any = taken.dtype
    acted = {
        f"{ACTION}{name}": Column(kind, unit, means, True)
        for name, unit, means in zip(taken.names, taken.units, taken.means, strict=True)
    }
    return {**KEYS, **INFOS, **observed, **acted, **REWARDS}


def schema_of(columns: Mapping[str, Column]) -> pa.Schema:
    """Return the one schema that all files of a data set have, with units and meanings."""
    import pyarrow as pa

    kinds = {
        "int64": pa.int64(), "float64": pa.float64(), "float32": pa.float32(), "bool": pa.bool_(),
        "text": pa.dictionary(pa.int32(), pa.string()),
    }  # fmt: skip
    return pa.schema([
        pa.field(name, kinds[column.kind], nullable=column.is_of_step, metadata={
            "means": column.means, **({"units": column.unit} if column.unit else {}),
        })
        for name, column in columns.items()
    ])  # fmt: skip


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of(content: Any) -> str:
    """Return the SHA-256 of plain values, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
