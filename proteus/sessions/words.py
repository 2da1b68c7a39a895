"""Keys of the configuration that mean something to a run and its results, but nothing to lanes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proteus.configuration import overrides
from proteus.errors import ConfigError

_OF_A_RUN = {
    "seeds": "seed= and root= say which replicates are played",
    "episodes": "each start over is the next episode, and begins afresh",
    "resume_from": "each start over is the next episode, and begins afresh",
    "endpoint": "lanes that are stepped have no verdict",
    "survival": "lanes that are stepped have no verdict",
    "precision": "the caller says how long to go on",
    "executor": "lanes are stepped where the caller is",
    "output_dir": "nothing is written", "plan_only": "nothing is planned",
    "experiment": "it is of sweeps", "size": "it is of sweeps", "design": "it is of sweeps",
}  # fmt: skip
_COUNTS = ("record.warmup_s",)  # of record: it must fit the horizon, whoever steps


def refuse_words(cell: Mapping[str, Any]) -> None:
    """Refuse keys that would change nothing.

    Raises
        ConfigError: the first of them.
    """
    for word in overrides.from_mapping(cell, grid=False):
        key = overrides.key(word)
        group = key.partition(".")[0]
        if group == "record" and key not in _COUNTS:
            raise ConfigError(f"{word} is not allowed here: a sweep records, see proteus.sweep")
        if group in _OF_A_RUN:
            raise ConfigError(f"{word} is not allowed here: {_OF_A_RUN[group]}")
