"""The schema version of what a run writes, and how older files become like new ones.

Version 1: the attribute ``overrides`` was the words joined by spaces.
Version 2: ``overrides`` is a JSON list of the words, so that a value may hold a space.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from proteus.errors import ResultsError

SCHEMA_VERSION = 2
SCHEMA_KEY = "schema_version"

Attributes = dict[str, Any]


def read_version(path: Path, attributes: Mapping[str, Any]) -> int:
    """Return the schema version of a file, at most this one.

    Parameters
        path: the file, for the error. attributes: what it says about itself.

    Raises
        ResultsError: no version, not a version, or one of a newer Proteus.
    """
    written = attributes.get(SCHEMA_KEY)
    if written is None:
        raise ResultsError(f"{path} is not a result of Proteus: it has no {SCHEMA_KEY}")
    try:
        version = int(written)
    except (TypeError, ValueError):
        version = 0
    if not 1 <= version <= SCHEMA_VERSION:
        newer = "; a newer Proteus wrote it" if version > SCHEMA_VERSION else ""
        allowed = f"this Proteus reads versions 1 to {SCHEMA_VERSION}{newer}"
        raise ResultsError(f"{path} has {SCHEMA_KEY}={written}: {allowed}")
    return version


def migrate(attributes: Mapping[str, Any], version: int) -> Attributes:
    """Return the attributes of a results file as this version would have written them.

    Parameters
        attributes: of the file. version: what :func:`read_version` returned.
    """
    new = dict(attributes)
    for step in range(version, SCHEMA_VERSION):
        new = _MIGRATIONS[step](new)
    new[SCHEMA_KEY] = SCHEMA_VERSION
    return new


def _list_the_overrides(attributes: Attributes) -> Attributes:
    return {**attributes, "overrides": json.dumps(attributes["overrides"].split())}


_MIGRATIONS: dict[int, Callable[[Attributes], Attributes]] = {1: _list_the_overrides}
