"""The words of a fit: files, and keys with their values."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from proteus.errors import ConfigError, nearest
from proteus.readers.orders import tick_of
from proteus.readers.table import FORMATS

DEFAULT_TICK = "0.0001"
DEFAULT_NAME = "recorded"


class Words(NamedTuple):
    """What a command asks for."""

    files: list[Path]
    format: str | None
    symbol: str | None
    mapping: Path | None
    tick: str
    tick_nano: int
    lot: float  # units of the instrument in a lot of the population
    grid_s: float | None  # of the price; None: chosen by the file
    name: str  # of the population
    folder: Path | None


_KEYS = ("format", "symbol", "mapping", "tick", "lot", "grid_s", "name", "output_dir")


def read_words(words: Sequence[str]) -> Words:
    """Read files and keys.

    Raises
        ConfigError: the key, its value and what is allowed.
    """
    files: list[Path] = []
    given: dict[str, str] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or "/" in key or Path(word).exists():
            files.append(Path(word))
            continue
        if key not in _KEYS:
            raise ConfigError(f"key={key} does not exist{nearest(key, _KEYS)}")
        if key in given:
            raise ConfigError(f"{key}={value} is not allowed: {key} is given twice")
        if not value:
            raise ConfigError(f"{key}= is not allowed: it must not be empty")
        given[key] = value
    if not files:
        raise ConfigError("a file is missing: write FILE tick=0.01")
    if len({file.resolve() for file in files}) < len(files):
        raise ConfigError(f"file={files[-1]} is not allowed: a file is given twice")
    form = given.get("format")
    if form is not None and form not in FORMATS:
        raise ConfigError(f"format={form} does not exist{nearest(form, FORMATS)}")
    name = given.get("name", DEFAULT_NAME)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(f"name={name} is not allowed: write small letters, digits and _")
    tick = given.get("tick", DEFAULT_TICK)
    mapping, folder = given.get("mapping"), given.get("output_dir")
    lot = _positive("lot", given["lot"]) if "lot" in given else 1.0
    grid_s = _positive("grid_s", given["grid_s"]) if "grid_s" in given else None
    return Words(
        files, form, given.get("symbol"), Path(mapping) if mapping else None, tick, tick_of(tick),
        lot, grid_s, name, Path(folder) if folder else None,
    )  # fmt: skip


def _positive(key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ConfigError(f"{key}={value} is not allowed: must be a number above 0")
    return number
