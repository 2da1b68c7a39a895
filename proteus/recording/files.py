"""Write and read ``events.parquet``, ``fills.parquet`` and ``ledger.parquet``, lane by lane."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from proteus.basics.files import whole
from proteus.basics.schema import canonical_json
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION, migrate, read_version
from proteus.errors import ResultsError
from proteus.market.agents.identity import DEFAULT_COHORT
from proteus.market.cell import CellConfig
from proteus.market.events.log import MISSING
from proteus.market.variables.dimensions import trader_name
from proteus.recording import ENVIRONMENT, EVENTS, FILLS, LEDGER
from proteus.recording.charges import CHARGE_COLUMNS
from proteus.recording.checksums import checksums
from proteus.recording.columns import ADDED_IN_5, ADDED_IN_6
from proteus.recording.environment import ENVIRONMENT_FIELDS, environment_table
from proteus.recording.environment import METADATA as OF_ENVIRONMENT
from proteus.recording.ledger import LEDGER_FIELDS, Accounts, ledger_table
from proteus.recording.tables import (
    CELL,
    CHECKSUM,
    EVENT_FIELDS,
    FILL_FIELDS,
    SEED,
    events_table,
    fills_table,
)
from proteus.results import artifacts, provenance
from proteus.results.agents import check_traders, uids_of
from proteus.results.outcome import LaneLog

if TYPE_CHECKING:
    from proteus.plans.plan import Plan

_SEALED = (SCHEMA_KEY, "config_hash", "seed_root", "cells")  # what a replay starts from

Metadata = dict[str, str]


class Lane(NamedTuple):
    """One lane of a file: its cell, its seed, and how many rows it has."""

    cell: int
    seed: int
    rows: int


def trader_names(cell: CellConfig) -> list[str]:
    """Name the traders of a cell in order of their numbers, as maker0."""
    return [
        trader_name(name, number)
        for name, group in cell.population.items()
        for number in range(group.count)
    ]


def accounts_of(cell: CellConfig) -> Accounts:
    """Return whom the entries of a cell's lanes are between."""
    return Accounts(trader_names(cell), cell.tick_nano, cell.incentives.versions)


def _metadata(plan: Plan, numbers: Sequence[int], *, with_configs: bool) -> Metadata:
    """Return what a file says of a run, and of some of its cells."""
    from proteus.compiler import jit

    cells = [
        {"cell": number, "label": plan.label(number), "traders": trader_names(plan.cells[number]),
         "cohort": plan.cells[number].identity.cohort, "agent_uids": uids_of(plan.cells[number]),
         "config": plan.cells[number].model_dump(mode="json") if with_configs else {}}
        for number in numbers
    ]  # fmt: skip
    return {
        SCHEMA_KEY: str(SCHEMA_VERSION),
        "config_hash": plan.config_hash,
        "code_hash": provenance.code_hash(),
        "kernel_hash": jit.kernel_hash(),
        "git_sha": provenance.git_sha(),
        "seed_root": str(plan.settings.seeds.root),
        "seed_episode": str(plan.settings.seeds.episode),
        "cells": json.dumps(cells),
        "versions": canonical_json(provenance.versions()),
        "created": provenance.created(),
    }


def sealed(metadata: Mapping[str, str]) -> str:
    """Return the part of a file's metadata that its checksums cover."""
    return canonical_json([metadata[key] for key in _SEALED])


class EventFiles:
    """The files of a run while they are written."""

    def __init__(
        self, about: str, accounts: Mapping[int, Accounts], events: pq.ParquetWriter,
        fills: pq.ParquetWriter, ledger: pq.ParquetWriter, environment: pq.ParquetWriter | None,
    ) -> None:  # fmt: skip
        """Take the open files, what :func:`sealed` says of the run, and the accounts by cell."""
        self._sealed, self._accounts = about, accounts
        self._events, self._fills, self._ledger = events, fills, ledger
        self._environment = environment
        self.lanes: list[Lane] = []

    def write(self, cell: int, log: LaneLog) -> None:
        """Append one lane."""
        checksum = checksums(log.rows, self._sealed, cell, log.replicate)
        lane = cell, log.replicate, log.rows
        self._events.write_table(events_table(self._events.schema, *lane, checksum))
        self._fills.write_table(fills_table(self._fills.schema, *lane))
        entries = ledger_table(self._ledger.schema, *lane, self._accounts[cell])
        self._ledger.write_table(entries)
        if self._environment is not None:
            self._environment.write_table(environment_table(self._environment.schema, *lane))
        self.lanes.append(Lane(cell, log.replicate, len(checksum)))


@contextmanager
def open_files(plan: Plan, folder: Path, cells: Sequence[int]) -> Iterator[EventFiles]:
    """Write the files whole: they have their names when the block ends without error.

    That of the environment is there where one of the cells has one.

    Parameters
        cells: the numbers of those that have recorded lanes. Their configurations, which a replay
            needs, are in the log alone.
    """
    metadata = _metadata(plan, cells, with_configs=True)
    without_configs = _metadata(plan, cells, with_configs=False)
    tables = {
        EVENTS: (EVENT_FIELDS, metadata), FILLS: (FILL_FIELDS, without_configs),
        LEDGER: (LEDGER_FIELDS, without_configs),
    }  # fmt: skip
    if any(plan.cells[number].environment.is_used for number in cells):
        tables[ENVIRONMENT] = ENVIRONMENT_FIELDS, without_configs | OF_ENVIRONMENT
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(_open(folder / name, *about))
            for name, about in tables.items()
        }
        accounts = {number: accounts_of(plan.cells[number]) for number in cells}
        files = EventFiles(
            sealed(metadata), accounts, writers[EVENTS], writers[FILLS], writers[LEDGER],
            writers.get(ENVIRONMENT),
        )  # fmt: skip
        yield files
        for writer in writers.values():
            writer.add_key_value_metadata({"lanes": json.dumps(files.lanes)})


@contextmanager
def _open(path: Path, fields: Any, metadata: Metadata) -> Iterator[pq.ParquetWriter]:
    schema = pa.schema(fields, metadata={**metadata, "table": path.stem})
    repeated = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    # Numbers differ from row to row: dictionaries and statistics of them cost a third of the time.
    options = {
        "compression": "zstd", "compression_level": 1, "write_statistics": False,
        "use_dictionary": [CELL, SEED, *repeated],
    }  # fmt: skip
    with whole(path) as temporary, pq.ParquetWriter(temporary, schema, **options) as writer:
        yield writer


class RecordedCell(NamedTuple):
    """What a file says of one cell: its labels, its traders by number, its configuration."""

    label: dict[str, Any]
    traders: list[str]
    config: dict[str, Any]  # empty in a file of fills
    cohort: str = DEFAULT_COHORT
    agent_uids: Sequence[int] = ()  # in order of the traders; none where the file is older


class EventFile(NamedTuple):
    """A file that has been read."""

    path: Path
    table: pa.Table
    sealed: str  # what the checksums cover of its metadata
    kernel_hash: str
    cells: dict[int, RecordedCell]  # by number: those that were recorded
    lanes: list[Lane]
    root: int  # root seed
    episode: int  # whose random numbers they have


_FIELDS = {
    EVENTS: EVENT_FIELDS, FILLS: FILL_FIELDS, LEDGER: LEDGER_FIELDS,
    ENVIRONMENT: ENVIRONMENT_FIELDS,
}  # fmt: skip


_HAS_RULES = 5  # the schema version from which files have the columns of rules


_HAS_CREDIT = 6  # and those of credit


def _completed(table: pa.Table, name: str, version: int) -> pa.Table:
    """Return the table of an older file with what it lacks: nothing was charged, or lent."""
    has_rules = version >= _HAS_RULES
    if name == EVENTS:  # before the checksum
        missing = ADDED_IN_6 if has_rules else (*ADDED_IN_5, *ADDED_IN_6)
        for field in EVENT_FIELDS:
            if field.name in missing:
                empty = pa.nulls(table.num_rows, field.type)
                table = table.add_column(table.num_columns - 1, field, empty)
    elif name == FILLS and not has_rules:
        for field in FILL_FIELDS:
            if field.name in CHARGE_COLUMNS:
                nothing = pa.array(np.zeros(table.num_rows, np.int64))
                table = table.append_column(field, nothing)
    return table


def read_file(folder: str | os.PathLike[str], name: str = EVENTS) -> EventFile:
    """Read one of the files whole.

    Parameters
        folder: the output folder of a sweep, or the file. name: ``EVENTS``, ``FILLS``,
            ``LEDGER`` or ``ENVIRONMENT``.

    Raises
        ResultsError: no such file, not Parquet, not of Proteus, another table, or of a newer
            schema version.
    """
    path = artifacts.find(folder, name, "record.events=seed:0..3 writes it")
    try:
        parquet = pq.ParquetFile(path)
        table = parquet.read()
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{path} cannot be read as Parquet: {reason}") from None
    written = (parquet.metadata.metadata or {}).items()
    found = {key.decode(errors="replace"): text.decode(errors="replace") for key, text in written}
    version = read_version(path, found)
    expected = _FIELDS[name]
    if version < _HAS_CREDIT:
        table = _completed(table, name, version)
    if found.get("table") != Path(name).stem or table.schema.names != [f.name for f in expected]:
        raise ResultsError(f"{path} is not the {name} of a run: its columns are others")
    for is_, must in zip(table.schema, expected, strict=True):
        if _kind(is_.type) != _kind(must.type):
            raise ResultsError(f"{path}: {is_.name} is {is_.type}, and must be {_kind(must.type)}")
    try:
        told = migrate(found, version)
        cells = {cell.pop("cell"): RecordedCell(**cell) for cell in json.loads(told["cells"])}
        # Tools that rewrite a table keep what its schema says, and not what was added at the end.
        listed = json.loads(found["lanes"]) if "lanes" in found else _lanes_in(table)
        lanes = [Lane(*lane) for lane in listed if cells[lane[0]]]
        if any(type(number) is not int or number < 0 for lane in lanes for number in lane):
            raise ValueError
        about = sealed(found), found["kernel_hash"], cells, lanes, int(found["seed_root"])
        episode = int(found.get("seed_episode", 0))  # older runs had the first alone
    except (LookupError, ValueError, TypeError):
        raise ResultsError(
            f"{path} does not say which lanes it holds: its metadata is damaged"
        ) from None
    for number, cell in cells.items():
        population = cell.config.get("population", {})
        check_traders(path, number, cell.traders, cell.agent_uids, cell.cohort, population)
    return EventFile(path, table, *about, episode)


def _kind(type_: pa.DataType) -> str:
    """Name a type; tools that rewrite a table may keep repeated texts another way."""
    text = type_.value_type if pa.types.is_dictionary(type_) else type_
    is_text = pa.types.is_string(text) or pa.types.is_large_string(text)
    return "text" if is_text else str(type_)


def _lanes_in(table: pa.Table) -> list[Lane]:
    """List the lanes that the rows of a table name, in order."""
    named = np.stack([table.column(name).fill_null(MISSING).to_numpy() for name in (CELL, SEED)])
    changes = np.flatnonzero((named[:, 1:] != named[:, :-1]).any(axis=0)) + 1
    starts = [*([0] if table.num_rows else []), *changes.tolist()]
    ends = [*changes.tolist(), table.num_rows]
    return [
        Lane(int(named[0, start]), int(named[1, start]), end - start)
        for start, end in zip(starts, ends, strict=False)
    ]


def start_of(file: EventFile, lane: Lane) -> int:
    """Return the first row of a lane."""
    return sum(other.rows for other in file.lanes[: file.lanes.index(lane)])


def stopped(file: EventFile, lane: Lane) -> str:
    """Say why a lane was stopped, as its last row does; empty where it was not."""
    reason = file.table.column("reason")[start_of(file, lane) + lane.rows - 1].as_py()
    return str(reason or "")


def load_events(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Load the event log of a sweep.

    Parameters
        folder: the output folder of a sweep, or its ``events.parquet``.

    Returns
        One row per event, lane by lane, with the columns of ``docs/events.md``; a missing number
        is ``<NA>``. ``attrs["traders"]`` names the traders by number of each recorded cell,
        ``attrs["agent_uids"]`` says who they are.

    Raises
        ResultsError: no such file, not Parquet, not of Proteus, or of a newer schema version.
    """
    return _frame(read_file(folder), without=CHECKSUM)


def load_fills(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Load the fills of a sweep.

    Parameters
        folder: the output folder of a sweep, or its ``fills.parquet``.

    Returns
        One row per fill, lane by lane, with the columns of ``docs/events.md``: prices in ticks,
        quantities in lots, times in ns, both owners, and what each side was charged, in
        nano-currency.

    Raises
        ResultsError: as :func:`load_events`.
    """
    return _frame(read_file(folder, FILLS), without="")


def load_ledger(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Load the entries of the ledger of a sweep's recorded lanes.

    Parameters
        folder: the output folder of a sweep, or its ``ledger.parquet``.

    Returns
        One row per entry, lane by lane, in their order: cause (number of the event, -1 before the
        first and -2 after the last), time_ns, code, asset (cash, contract), giver and receiver
        (names of traders and accounts), and amount (nano-currency, lots; int64, above 0 but for
        what moves the other way); policy, policy_version, epoch and score of what an epoch of a
        policy moves, else missing. Per lane and asset what is received less what is given sums to
        zero over accounts.

    Raises
        ResultsError: as :func:`load_events`.
    """
    frame = _frame(read_file(folder, LEDGER), without="")
    for name in ("code", "asset", "giver", "receiver", "policy", "policy_version"):
        frame[name] = frame[name].cat.remove_unused_categories()
    return frame


def load_environment(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Load what the environment did in the recorded lanes of a sweep.

    Parameters
        folder: the output folder of a sweep, or its ``environment.parquet``.

    Returns
        One row per block, base fee and report, lane by lane: ``time_ns``, ``channel``, ``version``
        (its running number in the channel) and ``fields``, as JSON.

    Raises
        ResultsError: as :func:`load_events`; no file is written where no cell has an environment.
    """
    return _frame(read_file(folder, ENVIRONMENT), without="")


def _frame(file: EventFile, without: str) -> pd.DataFrame:
    table = file.table.drop_columns([without]) if without else file.table
    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    frame.attrs["traders"] = {number: cell.traders for number, cell in file.cells.items()}
    frame.attrs["agent_uids"] = {at: [*cell.agent_uids] for at, cell in file.cells.items()}
    return frame
