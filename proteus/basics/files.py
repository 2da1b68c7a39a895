"""Write files whole: a temporary file beside, then a rename."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from proteus.errors import ConfigError


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


def free_folder(folder: Path, name: str) -> Path:
    """Return a folder for results, if it is empty or not there and a file can be written to it.

    Parameters
        name: of a file that will be in it.

    Raises
        ConfigError: it is not.
    """
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise ConfigError(f"output_dir={folder} is not allowed: {above} is a file")
    try:
        is_free = above != folder or not any(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"output_dir={folder} cannot be read: {error.strerror}") from None
    if not is_free:
        raise ConfigError(f"output_dir={folder} is not empty: choose another folder")
    if reason := why_not_written(above / name):
        raise ConfigError(f"output_dir={folder} cannot be written: {reason}")
    return folder


def new_folder(parent: Path, asked: str | Sequence[str]) -> Path:
    """Return PARENT/<time>-<eight digits of a hash>: what is run again gets another.

    Parameters
        asked: the hash of what was asked for, or its words.
    """
    digest = asked if isinstance(asked, str) else sha256(repr(asked).encode()).hexdigest()
    return parent / f"{datetime.now():%Y-%m-%dT%H-%M-%S}-{digest[:8]}"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
