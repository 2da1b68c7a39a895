"""The words of a command that reads recorded files: the files, and keys with their values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from proteus.errors import ConfigError, nearest
from proteus.readers.orders import tick_of
from proteus.readers.table import FORMATS

DEFAULT_TICK = "0.0001"
_KEYS = ("format", "symbol", "mapping", "tick", "output_dir")


class Recorded(NamedTuple):
    """Which files, how they are read, and where results go."""

    files: list[Path]
    format: str | None  # None: as the file looks
    symbol: str | None
    mapping: Path | None
    tick: str  # currency, as written
    tick_nano: int
    folder: Path | None
    given: dict[str, str]  # the keys of the command itself


def read_recorded(words: Sequence[str], keys: Sequence[str], example: str) -> Recorded:
    """Read files and keys.

    Parameters
        keys: of the command itself. example: what to write, where a file is missing.

    Raises
        ConfigError: the key, its value and what is allowed.
    """
    files: list[Path] = []
    given: dict[str, str] = {}
    allowed = (*keys, *_KEYS)
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or "/" in key or Path(word).exists():
            files.append(Path(word))
            continue
        if key not in allowed:
            raise ConfigError(f"key={key} does not exist{nearest(key, allowed)}")
        if key in given:
            raise ConfigError(f"{key}={value} is not allowed: {key} is given twice")
        if not value:
            raise ConfigError(f"{key}= is not allowed: it must not be empty")
        given[key] = value
    if not files:
        raise ConfigError(f"a file is missing: write {example}")
    if len({file.resolve() for file in files}) < len(files):
        raise ConfigError(f"file={files[-1]} is not allowed: a file is given twice")
    form = given.pop("format", None)
    if form is not None and form not in FORMATS:
        raise ConfigError(f"format={form} does not exist{nearest(form, FORMATS)}")
    symbol, mapping = given.pop("symbol", None), given.pop("mapping", None)
    tick, folder = given.pop("tick", DEFAULT_TICK), given.pop("output_dir", None)
    return Recorded(
        files, form, symbol, Path(mapping) if mapping else None, tick, tick_of(tick),
        Path(folder) if folder else None, given,
    )  # fmt: skip
