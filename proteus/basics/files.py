"""Write files whole: a temporary file beside, then a rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def temporary(path: Path) -> Path:
    """Return where a file is written before it has its name."""
    return path.with_name(f".{path.name}.tmp")


@contextmanager
def whole(path: Path, durable: bool = False) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes ``path`` when the block ends without error.

    Parameters
        path: the file. durable: it outlives a machine that stops, too: the disk has it first.
    """
    try:
        yield temporary(path)
        if durable:
            _sync(temporary(path))
        os.replace(temporary(path), path)
        if durable:
            _sync(path.parent)
    except BaseException:
        temporary(path).unlink(missing_ok=True)  # a full disk needs the room
        raise


def why_not_written(path: Path) -> str:
    """Say why a file cannot be written there; empty where it can. Nothing stays behind."""
    if path.is_dir():
        return "it is a folder"
    try:
        temporary(path).open("ab").close()  # a process that was killed may have left one
        temporary(path).unlink()
    except OSError as error:
        return str(error.strerror)
    return ""


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
