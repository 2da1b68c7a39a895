"""What values a key of a sweep can take, for the completion of a word: where they can be listed.

``make docs`` writes those of the composed defaults, and of the options that are files of their own,
to ``values.json``, so that completion need not ask the schema.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from proteus.configuration import overrides
from proteus.configuration.completion import DEFAULTS, is_simple
from proteus.configuration.compose import compose_words, hydra_session
from proteus.configuration.locate import conf_folder
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


def tabulate(options: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """List the values of all keys that have a list.

    Parameters
        options: words that choose an option of a group, as ``mechanism=rfq``.

    Returns
        Key to values: of the defaults, and by option those of the keys of its group.
    """
    with hydra_session():
        made = {DEFAULTS: dict(_keys(read_config(compose_words([]).tree), ""))}
        for option in options:
            group = option.partition("=")[0]
            try:
                config = read_config(compose_words([option]).tree)
            except ConfigError:  # it needs more than its file
                continue
            own = {key: found for key, found in _keys(config, "") if key.startswith(f"{group}.")}
            made[option] = own
    return made


def _keys(owner: Any, parent: str) -> Iterator[tuple[str, list[str]]]:
    """List the keys of a checked configuration that have a list of values."""
    if isinstance(owner, Mapping):
        for name, inside in owner.items():
            yield from _keys(inside, f"{parent}{name}.")
    elif isinstance(owner, BaseModel):
        for name, field in type(owner).model_fields.items():
            inside = getattr(owner, name)
            if isinstance(inside, BaseModel | Mapping):
                yield from _keys(inside, f"{parent}{name}.")
            elif not isinstance(inside, list | tuple) and (found := _listed(field.annotation)):
                yield f"{parent}{name}", found


def _options() -> list[str]:
    """List the options of groups that are complete files."""
    files = sorted(conf_folder().glob("*/*.yaml"))
    words = (f"{path.parent.name}={path.stem}" for path in files)
    return [word for word in words if is_simple(word)]


if __name__ == "__main__":
    print(json.dumps(tabulate(_options()), indent=1))
