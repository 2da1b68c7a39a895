"""Bytes of files, compressed or not, a block at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
from numpy.typing import NDArray

from proteus.errors import ConfigError, MessageError
from proteus.readers.events import wrong

# First bytes; the second is a frame of zstd to be skipped, which some tools write first.
_CODECS = {rb"\x1f\x8b": "gzip", rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18": "zstd"}
_ENDINGS = (".gz", ".zst", ".zstd")
_HEAD = 4096
BLOCK = 1 << 22  # bytes


def opened(path: Path) -> Any:
    """Open a file for reading; what compresses it is told by its first bytes, not by its name.

    Raises
        ConfigError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            first = file.read(4)
        codec = next((name for magic, name in _CODECS.items() if re.match(magic, first)), None)
        return pa.input_stream(str(path), compression=codec, buffer_size=1 << 20)
    except OSError as error:
        raise ConfigError(f"file={path} cannot be read: {error.strerror or error}") from None


def head(path: Path) -> bytes:
    """Return how a file begins, without its compression."""
    with opened(path) as stream:
        try:
            return bytes(stream.read(_HEAD))
        except OSError as error:
            raise _broken(path, error) from None


def plain_name(path: Path) -> str:
    """Return the name of a file without the ending of its compression."""
    return path.stem if path.suffix.lower() in _ENDINGS else path.name


def blocks(path: Path, size: int = BLOCK) -> Iterator[bytes]:
    """Give the bytes of a file in blocks.

    Raises
        MessageError: it ends in the middle of what compresses it.
    """
    with opened(path) as stream:
        while True:
            try:
                block = stream.read(size)
            except OSError as error:
                raise _broken(path, error) from None
            if not block:
                return
            yield block


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a file that are not empty, with their numbers from 0."""
    left, number = b"", 0
    for block in blocks(path):
        *whole, left = (left + block).split(b"\n")
        for line in whole:
            if line.strip():
                yield number, line
            number += 1
    if left.strip():
        yield number, left


def tables(path: Path, names: list[str] | None, kinds: dict[str, Any], **parsed: Any) -> Any:
    """Give a CSV file as record batches, parsed with these types.

    Parameters
        names: of its columns; None: the first row has them. kinds: of columns, by name; others are
        as Arrow guesses them. parsed: options of its text, as ``delimiter``.

    Raises
        MessageError: a row that cannot be read.
    """
    options = {
        "read_options": pv.ReadOptions(column_names=names, block_size=BLOCK),
        "parse_options": pv.ParseOptions(**parsed),
        "convert_options": pv.ConvertOptions(column_types=kinds, strings_can_be_null=True),
    }
    with opened(path) as stream:
        try:
            for table in pv.open_csv(stream, **options):
                _ = table.schema.names  # which may be no text
                yield table
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise _broken(path, error) from None


def numbers(table: pa.RecordBatch, record: NDArray[np.int64]) -> list[NDArray[Any]]:
    """Return all columns of a table, in which no number may be missing.

    Raises
        MessageError: the first record in which one is.
    """
    for name, column in zip(table.schema.names, table.columns, strict=True):
        if column.null_count:
            row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
            raise wrong(name, "", int(record[row]), "no number may be missing")
    return [column.to_numpy(zero_copy_only=False) for column in table.columns]


def _broken(path: Path, error: BaseException) -> MessageError:
    return MessageError(f"file={path} cannot be read: {str(error).splitlines()[0]}")
