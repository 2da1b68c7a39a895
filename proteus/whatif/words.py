"""The words of a counterfactual: files, and keys with their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from proteus.basics.units import UnitError, milliseconds_to_ns, seconds_to_ns
from proteus.errors import ConfigError, nearest
from proteus.market.mechanisms.table import MECHANISM_MODELS
from proteus.readers.words import Recorded, read_recorded

DEFAULT_DELTA = "100"
_REQUESTS = "rfq"


class Cell(NamedTuple):
    """A mechanism with its interval."""

    mechanism: str
    delta: str | None  # ms as written; None: it trades at once

    @property
    def label(self) -> str:
        """Return its name in tables and figures."""
        return self.mechanism if self.delta is None else f"{self.mechanism} {self.delta} ms"


class Words(NamedTuple):
    """What a command asks for."""

    recorded: Recorded
    cells: list[Cell]
    block_ns: int | None  # length of a block; None: chosen by the file


def read_words(words: Sequence[str]) -> Words:
    """Read files and keys.

    Raises
        ConfigError: the key, its value and what is allowed.
    """
    keys, example = ("mechanism", "delta", "block_s"), "FILE mechanism=clob,fba delta=50,100"
    recorded = read_recorded(words, keys, example)
    given = recorded.given
    return Words(recorded, _cells(given), _block_ns(given.get("block_s")))


def _cells(given: dict[str, str]) -> list[Cell]:
    """Return the grid: a mechanism that trades at once is there once."""
    cells: dict[Cell, None] = {}
    deltas = _listed("delta", given.get("delta", DEFAULT_DELTA))
    seen: dict[int, str] = {}
    for delta in deltas:
        try:
            delta_ns = milliseconds_to_ns(delta, "delta")
        except UnitError as error:
            raise ConfigError(str(error)) from None
        if delta_ns == 0:
            raise ConfigError(f"delta={delta} is not allowed: must be more than 0 ms")
        if (earlier := seen.setdefault(delta_ns, delta)) != delta:
            raise ConfigError(f"delta={delta} is not allowed: it is {earlier} again")
    for name in _listed("mechanism", given.get("mechanism", "clob,fba,dual_flow")):
        if name == _REQUESTS:
            raise ConfigError(f"mechanism={name} is not allowed: recorded orders are no requests")
        if name not in MECHANISM_MODELS:
            raise ConfigError(f"mechanism={name} does not exist{nearest(name, MECHANISM_MODELS)}")
        uses_delta = MECHANISM_MODELS[name].uses_delta
        cells |= {Cell(name, delta if uses_delta else None): None for delta in deltas}
    if "delta" in given and not any(cell.delta for cell in cells):
        raise ConfigError(
            f"delta={given['delta']} is not allowed: no mechanism of these trades in batches"
        )
    return [*cells]


def _listed(key: str, value: str) -> list[str]:
    values = value.split(",")
    if "" in values or len({*values}) < len(values):
        raise ConfigError(f"{key}={value} is not allowed: values must differ, with commas between")
    return values


def _block_ns(value: Any) -> int | None:
    if value is None:
        return None
    try:
        block = seconds_to_ns(value, "block_s")
    except UnitError as error:
        raise ConfigError(str(error)) from None
    if block == 0:
        raise ConfigError(f"block_s={value} is not allowed: must be more than 0 s")
    return block
