"""Recordings of contracts as files: read strictly, so that nothing in one is passed over.

A file is a JSON object with ``format, engine, kind, seed, config, initial, steps``; its numbers are
decimal strings. Which keys its parts have is said by the format (``formats``); a key that is not
known, or missing, is refused by file, step and key, as nobody can say what it would change. Only
beside ``format`` a recorder may note more words and numbers: they describe the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from proteus.errors import ConfigError

LARGEST = 2**63 - 1
EVERYTHING = 2**256 - 1  # an amount: all; a health: nothing is owed
_TOP = ("format", "engine", "kind", "seed", "config", "initial", "steps")


class WidthError(Exception):
    """Say in one sentence why a recording cannot be replayed in 64 bits."""


class Step(NamedTuple):
    """A recorded action, and what came of it."""

    number: int
    time_s: int
    action: str
    who: str | None
    args: Mapping[str, Any]
    is_done: bool
    reason: str | None
    result: Any
    price: int
    state: Mapping[str, Any]


class Recording(NamedTuple):
    """A file."""

    path: Path
    format: str
    kind: str
    config: Mapping[str, Any]
    initial: Mapping[str, Any]
    steps: tuple[Step, ...]

    def where(self, step: Step | None = None) -> str:
        """Name the file, and a step of it, for a sentence."""
        return f"{self.path.name}" + ("" if step is None else f", step {step.number}")


def check_keys(where: str, found: Any, needed: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Check that an object has these keys and no others.

    Raises
        ConfigError: naming where and the key.
    """
    objects(where, found)
    needed, known = [*needed], {*needed, *optional}
    for key in found:
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key}; allowed: {', '.join(sorted(known))}")
    for key in needed:
        if key not in found:
            raise ConfigError(f"{where}: key {key} is missing")


def objects(where: str, found: Any) -> Mapping[str, Any]:
    """Check that something maps names to what they have.

    Raises
        ConfigError: naming where.
    """
    if not isinstance(found, Mapping):
        raise ConfigError(f"{where} is not allowed: must be an object of keys and values")
    return found


def whole(where: str, key: str, value: Any) -> int:
    """Read a number, at least 0.

    Raises
        ConfigError: naming where, the key and the value.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise ConfigError(f"{where}: {key}={value!r} is not allowed: must be a decimal integer")


def narrow(where: str, key: str, value: Any) -> int:
    """Read a number that must fit int64.

    Raises
        WidthError: it does not, naming where and the key.
    """
    number = whole(where, key, value)
    if number > LARGEST:
        raise WidthError(f"{where}: {key}={number} leaves 64 bits")
    return number


def read(path: Path, step_keys: Mapping[str, Iterable[str]]) -> Recording:
    """Read a file.

    Parameters
        step_keys: formats to the keys that a step has besides those that all have.

    Raises
        ConfigError: no such file, no JSON, another format, an unknown or missing key.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{path} cannot be read: it is no JSON") from None
    notes = [key for key, value in objects(path.name, found).items() if _is_note(value)]
    check_keys(path.name, found, _TOP, notes)
    if found["format"] not in [*step_keys]:
        allowed = ", ".join(step_keys)
        form = found["format"]
        raise ConfigError(f"{path.name}: format={form!r} is not allowed: must be {allowed}")
    if not isinstance(found["steps"], list):
        raise ConfigError(f"{path.name}: steps must be a list")
    of_format = step_keys[found["format"]]
    steps = tuple(
        _step(path.name, place, each, of_format) for place, each in enumerate(found["steps"])
    )
    return Recording(
        path, found["format"], str(found["kind"]), found["config"], found["initial"], steps
    )


def _is_note(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _step(name: str, place: int, found: Any, of_format: Iterable[str]) -> Step:
    where = f"{name}, step {place}"
    keys = ("i", "t", "action", "who", "args", "ok", "revert", "state")
    check_keys(where, found, (*keys, *of_format))
    price = next(key for key in of_format if key.startswith("price"))
    if found["i"] != place:
        raise ConfigError(f"{where}: i={found['i']!r} is not allowed: steps are numbered from 0")
    if not isinstance(found["ok"], bool) or found["ok"] != (found["revert"] is None):
        ok, why = found["ok"], found["revert"]
        raise ConfigError(f"{where}: ok={ok!r} is not allowed with revert={why!r}")
    who, result = found["who"], found.get("result")
    if who is not None and not isinstance(who, str):
        raise ConfigError(f"{where}: who={who!r} is not allowed: must be a name, null")
    if result is not None:
        for number in result if isinstance(result, list) else [result]:
            whole(where, "result", number)
    return Step(
        place, whole(where, "t", found["t"]), str(found["action"]), who, found["args"],
        found["ok"], found["revert"], result, whole(where, price, found[price]),
        found["state"],
    )  # fmt: skip
