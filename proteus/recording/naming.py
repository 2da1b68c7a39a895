"""Which recorded lane is meant: ``seed:3``, ``cell:1/seed:3``, ``mechanism:fba/seed:3``.

The words are those of ``record.events``; they must leave exactly one lane.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proteus.basics.selection import Part, as_text, parse, seed_range
from proteus.errors import ConfigError, ResultsError
from proteus.market.mechanisms.table import MECHANISM_MODELS
from proteus.recording.files import EventFile, Lane, RecordedCell, stopped

_SHOWN = 4  # lanes that an error lists


def find(file: EventFile, words: str) -> Lane:
    """Return the one recorded lane that words name.

    Parameters
        file: an event log. words: as ``cell:1/seed:3``.

    Raises
        ResultsError: the file holds no lane. ConfigError: the words cannot be read, name no
            recorded lane, or more than one; the sentence lists the nearest ones.
    """
    if not file.lanes:
        raise ResultsError(f"{file.path} holds no lane: record.events=seed:0..3 chooses some")
    try:
        terms = parse(words)
    except ValueError as error:
        raise ConfigError(f"LANE={words} is not allowed: {error}") from None
    _check_keys(file, words, terms)
    found = [lane for lane in file.lanes if any(_fits(file, lane, term) for term in terms)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"LANE={words} names {len(found)} lanes: choose {_list(file, found)}")
    near = sorted(file.lanes, key=lambda lane: _distance(file, lane, terms))
    raise ConfigError(f"LANE={words} was not recorded: there is {_list(file, near)}")


def name(lane: Lane) -> str:
    """Return the words that name a lane."""
    return f"cell:{lane.cell}/seed:{lane.seed}"


def _check_keys(file: EventFile, words: str, terms: Sequence[Sequence[Part]]) -> None:
    """Refuse a key by which no cell is labelled."""
    labels = dict.fromkeys(key for cell in file.cells.values() for key in cell.label)
    for part in (part for term in terms for part in term if part.value):
        if part.key not in ("seed", "cell", *labels):
            allowed = f"{part.key} must be seed, cell or one of {', '.join(labels)}"
            raise ConfigError(f"LANE={words} is not allowed: {allowed}")


def _fits(file: EventFile, lane: Lane, term: Sequence[Part]) -> bool:
    return all(_holds(file, lane, part) for part in term)


def _holds(file: EventFile, lane: Lane, part: Part) -> bool:
    if part.key == "violations":
        return stopped(file, lane) != ""
    if part.key == "all":
        return True
    if part.key == "seed":
        first, last = seed_range(part.value)
        return first <= lane.seed <= last
    if part.key == "cell":
        return lane.cell == int(part.value)
    cell = file.cells[lane.cell]
    return _is_free(cell, part.key) or as_text(cell.label.get(part.key)) == as_text(part.value)


def _is_free(cell: RecordedCell, key: str) -> bool:
    """Tell whether a cell stands on every label of a key, because its mechanism has no such key."""
    mechanism = cell.config["mechanism"]
    if key == "delta":
        return not MECHANISM_MODELS[mechanism["name"]].uses_delta
    name = key.removeprefix("mechanism_")
    return name != key and not any(name.startswith(own) for own in mechanism)


def _distance(file: EventFile, lane: Lane, terms: Sequence[Sequence[Part]]) -> tuple[int, int]:
    """Order lanes by how many parts they miss, then by how far their seed is from the one named."""
    parts = [part for term in terms for part in term]
    missed = sum(not _holds(file, lane, part) for part in parts)
    seeds = [seed_range(part.value)[0] for part in parts if part.key == "seed"]
    return missed, min((abs(lane.seed - seed) for seed in seeds), default=0)


def _list(file: EventFile, lanes: Sequence[Lane]) -> str:
    """List some lanes with the mechanism of their cells."""
    shown = [f"{name(lane)} ({_label(file, lane)})" for lane in lanes[:_SHOWN]]
    more = f" and {len(lanes) - _SHOWN} more" if len(lanes) > _SHOWN else ""
    return ", ".join(shown) + more


def _label(file: EventFile, lane: Lane) -> str:
    label = label_of(file.cells[lane.cell])
    return ", ".join(f"{key}={value}" for key, value in label.items())


def label_of(cell: RecordedCell) -> dict[str, Any]:
    """Return the labels of a cell, but for those of keys that its mechanism does not have."""
    return {key: value for key, value in cell.label.items() if not _is_free(cell, key)}
