"""What values a key of a sweep can take, for the completion of a word: where they can be listed."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from proteus.configuration import overrides
from proteus.configuration.compose import compose_words, hydra_session
from proteus.configuration.reading import read_config
from proteus.errors import ConfigError


def words_for(key: str, words: Sequence[str]) -> list[str]:
    """Return ``key=value`` for every value that the key can take.

    Parameters
        key: dotted, as ``mechanism.price_rule``. words: the others of the command line.

    Returns
        One word a value; none where they cannot be listed, or the other words are wrong.
    """
    try:
        first = [overrides.expand(word)[0] for word in words if "=" in word]
        with hydra_session():
            owner: Any = read_config(compose_words(first).tree)
    except ConfigError:
        return []
    *path, name = key.split(".")
    for part in path:
        owner = owner.get(part) if isinstance(owner, Mapping) else getattr(owner, part, None)
    field = type(owner).model_fields.get(name) if isinstance(owner, BaseModel) else None
    return [f"{key}={value}" for value in _listed(field.annotation if field else None)]


def _listed(annotation: Any) -> list[str]:
    """List the values of a type, where it has a list."""
    if annotation is bool:
        return ["true", "false"]
    if typing.get_origin(annotation) is Literal:
        return [str(value) for value in typing.get_args(annotation)]
    return [text for inner in typing.get_args(annotation) for text in _listed(inner)]
