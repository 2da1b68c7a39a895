"""The files of a data set: each holds some seeds of a cell, and is whole or not there.

Its bytes depend on what was asked for alone, not on who wrote it, or when.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from proteus.basics.files import whole
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION
from proteus.envs.tasks.base import Task
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.trading.world import FAULT_CAPACITY
from proteus.trajectories import collecting
from proteus.trajectories.policies import make
from proteus.trajectories.schema import (
    ACTION,
    COLLECTION_KEY,
    OBSERVATION,
    PART_KEY,
    STEPS,
    TRAJECTORIES_KEY,
    TRAJECTORIES_VERSION,
    columns_of,
    digest_of,
    schema_of,
    spaces_of,
)
from proteus.trajectories.words import Request

FAULTS = {0: "none", **LEDGER_CODES, FAULT_CAPACITY: "capacity"}
_CELLS_KEPT = 2  # whose lanes a worker keeps


class Part(NamedTuple):
    """Seeds of one cell that share a file."""

    cell: int
    first: int  # seed
    seeds: int  # how many

    @property
    def name(self) -> str:
        """Return the name of its file; names sort as cells and seeds do."""
        return f"cell-{self.cell:05d}-seed-{self.first:010d}.parquet"


class Written(NamedTuple):
    """What is known of a file."""

    name: str
    cell: int
    first: int
    seeds: int  # how many, each an episode
    steps: int  # transitions
    rows: int  # of steps, and one more of each episode
    sha256: str
    faults: list[list[Any]]  # of each lane that was stopped: seed, reason


def parts_of(request: Request) -> list[Part]:
    """Cut a request into parts, cell by cell, of about as many seeds each."""
    count = -(-request.seeds // request.lanes)
    bounds = [request.first + request.seeds * at // count for at in range(count + 1)]
    return [
        Part(cell, bounds[at], bounds[at + 1] - bounds[at])
        for cell in range(len(request.cells)) for at in range(count)
    ]  # fmt: skip


class Room:
    """The lanes that a worker uses again, and their buffers."""

    def __init__(self, request: Request) -> None:
        """Start without any."""
        self.request = request
        self._made: OrderedDict[tuple[int, int], tuple[Task, collecting.Buffer]] = OrderedDict()

    def of(self, part: Part, growth: int) -> tuple[Task, collecting.Buffer]:
        """Return lanes for a part; those that have grown are not kept."""
        key = part.cell, part.seeds
        if growth == 1 and key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        while len(self._made) >= _CELLS_KEPT:
            self._made.popitem(last=False)
        task = collecting.task_of(self.request, *key, growth)
        steps = collecting.Buffer.steps_of(part.seeds, self.request.max_steps)
        made = task, collecting.Buffer(task, steps)
        if growth == 1:
            self._made[key] = made
        return made


def write_part(room: Room, part: Part, folder: Path) -> Written:
    """Collect a part and write its file whole; lanes that outgrow their room get more.

    Parameters
        folder: of the data set.

    Raises
        ActionError: a policy gave what is no action. OSError: the file cannot be written.
    """
    growth = 1
    while not _is_written(room, part, folder, growth):
        growth *= 2
    return read_written(folder, part)


class _FullError(Exception):
    """A lane has outgrown its room."""


def _is_written(room: Room, part: Part, folder: Path, growth: int) -> bool:
    """Write the file of a part, unless its lanes need more room."""
    task, buffer = room.of(part, growth)
    seeds = np.arange(part.first, part.first + part.seeds, dtype=np.int64)
    collecting.start(task, seeds, room.request.episode)
    try:
        with whole(folder / STEPS / part.name, durable=True) as temporary:
            _write(room.request, part, task, buffer, temporary)
            is_full = (task.session.world.progress.fault == FAULT_CAPACITY).any()
            if is_full and growth < collecting.LARGEST_GROWTH:
                raise _FullError
    except _FullError:
        return False
    return True


def _write(request: Request, part: Part, task: Task, buffer: collecting.Buffer, path: Path) -> None:
    """Play the lanes and write what they show, some steps at a time."""
    columns = columns_of(*spaces_of(task))
    about = {
        SCHEMA_KEY: str(SCHEMA_VERSION), TRAJECTORIES_KEY: str(TRAJECTORIES_VERSION),
        "config_hash": request.config_hash, COLLECTION_KEY: request.hash,
    }  # fmt: skip
    schema = schema_of(columns).with_metadata(about)
    repeated = ["cell", "seed", "episode", "mechanism", "config_hash", "fault"]
    options: dict[str, Any] = {
        "compression": "zstd", "compression_level": 1, "use_dictionary": repeated,
        "write_statistics": ["cell", "seed", "episode"],
    }  # fmt: skip
    mechanism = request.cells[part.cell].mechanism.name
    constant = {"mechanism": mechanism, "config_hash": request.config_hash}
    with pq.ParquetWriter(path, schema, **options) as writer:

        def write(rows: collecting.Rows) -> None:
            rows["cell"] = np.full(len(rows["step"]), part.cell, np.int64)
            writer.write_table(_table(rows, constant, schema))

        policy = make(request.policy.name, task)
        last = collecting.play(task, policy, buffer, request.max_steps, write)
        codes = task.session.world.progress.fault
        faults = [[part.first + int(lane), FAULTS.get(int(codes[lane]), str(codes[lane]))]
                  for lane in np.flatnonzero(codes)]  # fmt: skip
        known = {"steps": int(last.sum()), "faults": faults}
        writer.add_key_value_metadata({PART_KEY: json.dumps(known)})


def _table(rows: collecting.Rows, constant: dict[str, str], schema: pa.Schema) -> pa.Table:
    """Lay rows out as the columns of a file; the last row of an episode has no step."""
    places = pa.array(np.zeros(len(rows["step"]), np.int32))
    found: dict[str, Any] = {**rows}
    for prefix in (OBSERVATION, ACTION):
        names = [name for name in schema.names if name.startswith(prefix)]
        found |= zip(names, rows[prefix].T.copy(), strict=True)
    made = [
        pa.DictionaryArray.from_arrays(places, [constant[field.name]])
        if field.name in constant
        else pa.array(found[field.name], mask=rows["is_last"] if field.nullable else None)
        for field in schema
    ]
    return pa.table(made, schema=schema)


def read_written(folder: Path, part: Part) -> Written:
    """Read what a file of a part says of itself.

    Raises
        OSError, ValueError, KeyError: it is damaged.
    """
    path = folder / STEPS / part.name
    found = pq.read_metadata(path)
    known = json.loads(found.metadata[PART_KEY.encode()])
    return Written(
        part.name, part.cell, part.first, part.seeds, known["steps"], found.num_rows,
        digest_of(path), known["faults"],
    )  # fmt: skip
