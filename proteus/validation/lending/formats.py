"""What the three formats of recordings say, in the words of the door.

Each format gives the keywords of the pool, a message per step, and per state the numbers that are
compared, by the same names on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from proteus.errors import ConfigError
from proteus.validation.lending.recordings import (
    EVERYTHING,
    LARGEST,
    Recording,
    Step,
    WidthError,
    check_keys,
    narrow,
    whole,
)

Numbers = dict[str, int]


class Format(NamedTuple):
    """How one format of recordings is read."""

    rules: str  # of the door
    step_keys: tuple[str, ...]  # beyond those that every format has; a price among them
    is_exact: bool  # K9 asks for every unit
    has_result: bool  # of accepted actions
    keywords: Callable[[Recording], dict[str, Any]]
    message: Callable[[Recording, Step], dict[str, Any]]
    recorded: Callable[[str, Mapping[str, Any]], Numbers]  # of a state
    ours: Callable[[list[Any], list[Any]], Numbers]  # of rows of the pool and of accounts
    results: Callable[[Step, Any], tuple[Any, Any]]  # recorded, ours


def amount_of(where: str, key: str, value: Any) -> dict[str, Any]:
    """Return an amount as the door takes it: a number, or all."""
    if whole(where, key, value) == EVERYTHING:
        return {"all": True}
    return {"amount": asked(where, key, value)}


def asked(where: str, key: str, value: Any) -> int:
    """Return what an action asks for; beyond 64 bits it is more than anybody can have."""
    return min(whole(where, key, value), LARGEST)


def config_of(recording: Recording, keys: tuple[str, ...], words: tuple[str, ...] = ()) -> Any:
    """Check and read the configuration of a recording."""
    where = f"{recording.where()}, config"
    check_keys(where, recording.config, (*keys, *words))
    read = {key: whole(where, key, recording.config[key]) for key in keys}
    return {**read, **{word: recording.config[word] for word in words}}


def args_of(recording: Recording, step: Step, kinds: Mapping[str, tuple[str, ...]]) -> str:
    """Check the action of a step and its arguments, and return where it is."""
    where = recording.where(step)
    if step.action not in kinds:
        allowed = ", ".join(kinds)
        raise ConfigError(f"{where}: action={step.action} is not allowed: must be {allowed}")
    check_keys(f"{where}, args", step.args, kinds[step.action])
    return where


def nothing_before(where: str, numbers: Numbers, but: tuple[str, ...]) -> None:
    """Check that a recording begins with empty pools.

    Raises
        ConfigError: naming the key.
    """
    for key, value in numbers.items():
        if value != 0 and not key.endswith(but):
            raise ConfigError(f"{where}, initial: {key}={value} is not allowed: must be 0")


def rename(
    where: str, found: Mapping[str, Any], names: Mapping[str, str], prefix: str
) -> Iterator[tuple[str, int]]:
    """Yield the numbers of an object of a state under our names."""
    check_keys(where, found, names)
    for key, name in names.items():
        yield f"{prefix}{name}", whole(where, key, found[key])


def rows_by(rows: list[Any], names: Mapping[str, str], label: str) -> Iterator[tuple[str, int]]:
    """Yield the numbers of our rows; a health of nobody who owes is EVERYTHING."""
    for row in rows:
        for name in names.values():
            value = row[name]
            yield f"{row[label]}.{name}", EVERYTHING if value is None else int(value)


def wallets_of(
    recording: Recording, people: Mapping[str, Any], keys: tuple[str, str]
) -> dict[str, tuple[int, int]]:
    """Return what each account holds at the start."""
    where = f"{recording.where()}, initial"
    held = {
        name: (narrow(where, f"{name}.{keys[0]}", found[keys[0]]),
               narrow(where, f"{name}.{keys[1]}", found[keys[1]]))
        for name, found in people.items()
    }  # fmt: skip
    for place, key in enumerate(keys):
        total = sum(amounts[place] for amounts in held.values())
        narrow(where, f"the sum of all {key}", total)
    return held


def fits(where: str, numbers: Numbers, wide: tuple[str, ...]) -> None:
    """Check that the amounts of a state fit int64.

    Raises
        WidthError: naming where and the key.
    """
    for key, value in numbers.items():
        if value > LARGEST and not key.endswith(wide):
            raise WidthError(f"{where}: {key}={value} leaves 64 bits")
