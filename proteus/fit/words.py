"""The words of a fit: files, and keys with their values."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from proteus.errors import ConfigError
from proteus.readers.words import Recorded, read_recorded

DEFAULT_NAME = "recorded"


class Words(NamedTuple):
    """What a command asks for."""

    recorded: Recorded
    lot: float  # units of the instrument in a lot of the population
    grid_s: float | None  # of the price; None: chosen by the file
    name: str  # of the population


def read_words(words: Sequence[str]) -> Words:
    """Read files and keys.

    Raises
        ConfigError: the key, its value and what is allowed.
    """
    recorded = read_recorded(words, ("lot", "grid_s", "name"), "FILE tick=0.01")
    given = recorded.given
    name = given.get("name", DEFAULT_NAME)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(f"name={name} is not allowed: write small letters, digits and _")
    lot = _positive("lot", given["lot"]) if "lot" in given else 1.0
    grid_s = _positive("grid_s", given["grid_s"]) if "grid_s" in given else None
    return Words(recorded, lot, grid_s, name)


def _positive(key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ConfigError(f"{key}={value} is not allowed: must be a number above 0")
    return number
