"""Finished lanes in files: what makes a run that was killed go on where it was.

The folder ``blocks`` beside the results holds a file per second of work or so, written whole: the
numbers of the lanes that were finished since the last, the violations, and the logs of recorded
lanes. A file is an archive of arrays (``numpy.load`` reads it) whose every member has a checksum.
The results are merged from these files, and then they are removed.
"""

from __future__ import annotations

import dataclasses
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proteus.basics.archives import DAMAGED, reason_of
from proteus.basics.files import whole
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION
from proteus.errors import ResultsError
from proteus.results.lanes import Column, Lanes, Matrix, Part
from proteus.results.outcome import Violation

if TYPE_CHECKING:
    from proteus.results.outcome import LaneLog, Outcome

FOLDER = "blocks"
SAVE_EVERY_S = 1.0  # work that a kill may cost, besides the blocks in flight
_LARGEST_FILE = 64 * 2**20  # bytes of numbers and logs that wait to be written
_LOG_COLUMN_BYTES = 8
_HEADER = "header"


class BlockFiles(Lanes):
    """Finished lanes, in the files of one folder."""

    def __init__(self, folder: Path) -> None:
        """Open a folder of block files; those that cannot be read are removed.

        Parameters
            folder: the output folder of the run.

        Raises
            OSError: it cannot be read or made.
        """
        super().__init__()
        self._folder = folder / FOLDER
        self._folder.mkdir(exist_ok=True)
        self._logs: dict[int, list[tuple[int, Path]]] = {}  # replicate and file, by cell
        self._saved, self._bytes = time.monotonic(), 0
        self._held: tuple[Any, Matrix] | None = None  # the last members read
        self._open: tuple[Path, Any] | None = None  # the last archive read
        for path in sorted(self._folder.iterdir()):
            if path.suffix != ".npz" or not self._take_file(path):
                path.unlink()
        names = [int(path.stem) for path in self._folder.iterdir()]
        self._next = max(names, default=-1) + 1

    def add(self, outcome: Outcome) -> None:
        """Take what a task gave, and write what has been taken once a second.

        Raises
            OSError: it cannot be written; what was taken since the last file is lost.
        """
        super().add(outcome)
        self._bytes += sum(column.nbytes for column in outcome.values.values())
        self._bytes += sum(
            _LOG_COLUMN_BYTES * len(column) for log in outcome.logs for column in log.rows.values()
        )
        if time.monotonic() - self._saved > SAVE_EVERY_S or self._bytes > _LARGEST_FILE:
            self.flush()

    def _keep(self, parts: dict[int, Part]) -> None:
        path = self._folder / f"{self._next:08d}.npz"
        header = {
            SCHEMA_KEY: SCHEMA_VERSION,
            "columns": self.columns,
            "cells": {cell: _describe(part) for cell, part in parts.items()},
        }
        members: dict[str, Any] = {_HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8)}
        for cell, part in parts.items():
            members |= {f"{cell}.replicates": part.replicates, f"{cell}.numbers": part.numbers}
            if part.carried.size:
                members[f"{cell}.carried"] = part.carried
            for log in part.logs:
                members[f"{cell}.log.{log.replicate}"] = _pack(log)
        with whole(path, durable=True) as temporary, temporary.open("wb") as file:
            np.savez(file, **members)
        self._next += 1
        self._saved, self._bytes = time.monotonic(), 0
        self._take_header(path, header, {c: part.replicates for c, part in parts.items()})

    def _take_file(self, path: Path) -> bool:
        """Index a file that was written earlier; False if it is damaged or of another version."""
        try:
            with np.load(path) as file:
                header = json.loads(file[_HEADER].tobytes())
                replicates = {int(c): file[f"{c}.replicates"] for c in header["cells"]}
        except DAMAGED:
            return False
        if header.get(SCHEMA_KEY) != SCHEMA_VERSION:
            return False
        self.columns: list[Column] = [
            Column(name, first, width, tuple(shape))
            for name, first, width, shape in header["columns"]
        ]
        header["cells"] = {int(cell): about for cell, about in header["cells"].items()}
        self._take_header(path, header, replicates)
        return True

    def _take_header(self, path: Path, header: dict[str, Any], replicates: dict[int, Any]) -> None:
        for cell, about in header["cells"].items():
            self._index(cell, replicates[cell], path)
            self.violations.extend((cell, Violation(**bad)) for bad in about["violations"])
            if about["carries"]:
                self._carried.setdefault(cell, []).append((replicates[cell], path))
            self._logs.setdefault(cell, []).extend((seed, path) for seed in about["logs"])

    def _load(self, cell: int, place: Any) -> Matrix:
        key = (cell, place)
        if self._held is None or self._held[0] != key:
            self._held = key, self._member(place, f"{cell}.numbers")
        return self._held[1]

    def _load_carried(self, cell: int, place: Any) -> Any:
        return self._member(place, f"{cell}.carried")

    def logs(self, cell: int) -> Iterator[LaneLog]:
        """List the logs of a cell's recorded lanes, by replicate, from the files.

        Raises
            ResultsError: a file is damaged.
        """
        self.flush()
        for replicate, path in sorted(self._logs.get(cell, [])):
            yield _unpack(replicate, self._member(path, f"{cell}.log.{replicate}"))

    def _member(self, path: Path, name: str) -> Any:
        try:
            return self._archive(path)[name]
        except DAMAGED as error:
            allowed = "remove this file and resume: its lanes are simulated again"
            raise ResultsError(f"{path} is damaged: {reason_of(error)}; {allowed}") from None

    def _archive(self, path: Path) -> Any:
        """Open an archive; the last stays open: to list thousands of members costs milliseconds."""
        if self._open is None or self._open[0] != path:
            self._close()
            self._open = path, np.load(path)
        return self._open[1]

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def remove(self) -> None:
        """Remove the files: what they held has been merged."""
        self._close()
        remove(self._folder.parent)


def remove(folder: Path) -> None:
    """Remove the block files of an output folder, if it has any."""
    blocks = folder / FOLDER
    if blocks.is_dir():
        for path in blocks.iterdir():
            path.unlink()
        blocks.rmdir()


def _describe(part: Part) -> dict[str, Any]:
    return {
        "violations": [dataclasses.asdict(bad) for bad in part.violations],
        "logs": [log.replicate for log in part.logs],
        "carries": part.carried.size > 0,
    }


def _pack(log: LaneLog) -> np.ndarray:
    """Write a log as bytes: half of writing it to Parquet is encoding, which this leaves out."""
    import pyarrow as pa

    sink = io.BytesIO()
    table = pa.table({name: pa.array(column) for name, column in log.rows.items()})
    table = table.replace_schema_metadata({"violated": str(int(log.is_violated))})
    with pa.ipc.new_stream(
        sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")
    ) as writer:
        writer.write_table(table)
    return np.frombuffer(sink.getvalue(), np.uint8)


def _unpack(replicate: int, packed: np.ndarray) -> LaneLog:
    import pyarrow as pa

    from proteus.results.outcome import LaneLog

    with pa.ipc.open_stream(pa.py_buffer(packed)) as reader:
        table = reader.read_all()
    rows = {name: table[name].to_numpy() for name in table.column_names}
    return LaneLog(replicate, rows, table.schema.metadata[b"violated"] == b"1")
