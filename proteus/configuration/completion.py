"""What the last word of a command line may become, without composing a configuration.

Keys are those of the composed defaults, with the options that the other words choose in place of
the default ones. Where more is needed to tell, as beside a study, Hydra is asked instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from proteus.configuration.help import COMPOSED
from proteus.configuration.locate import (
    OF_AN_EXPERIMENT,
    conf_file,
    conf_folders,
    options_of,
    read_yaml,
)

_NEEDS_HYDRA = re.compile(r"^defaults:|@package", re.MULTILINE)
VALUES = COMPOSED.with_name("values.json")  # of keys that have a list; ``make docs`` writes it
DEFAULTS = "defaults"  # its part that is of no option
_PLAIN = re.compile(r"[\w./]+(=[^'\"=]*)?")  # a key, or a key and its value


def words_for(words: Sequence[str]) -> list[str] | None:
    """Return what the last word may become; None where it takes Hydra, or the schema, to tell.

    Parameters
        words: of the command line, the last one begun, perhaps empty.
    """
    *others, last = words
    key, is_value, _ = last.partition("=")
    if is_value and (options := options_of(key)):
        return [f"{key}={option}" for option in options]
    if last and not _PLAIN.fullmatch(last):
        return None
    tree = _read(COMPOSED.read_text(encoding="utf-8"))
    if not all(_lay(tree, word) for word in others):
        return None
    if is_value:
        value = _below(tree, key)
        if type(value) in (int, float):
            return [f"{key}={value}"]
        listed = _listed(key, others)
        return None if listed is None else [f"{key}={each}" for each in listed]
    return [word for word in (*_groups(last), *_keys(tree, last)) if _may_be_set(word)]


def _listed(key: str, others: Sequence[str]) -> list[str] | None:
    """Return the values that a key can take under the options chosen; None where it takes more."""
    group, table = key.partition(".")[0], json.loads(VALUES.read_text(encoding="utf-8"))
    chosen = [word for word in others if word.startswith(f"{group}=")]
    found: list[str] | None = table.get(chosen[-1] if chosen else DEFAULTS, {}).get(key)
    return found


def is_simple(word: str) -> bool:
    """Say whether a word puts a file in the place of its group, and does nothing else."""
    return _lay(_read(COMPOSED.read_text(encoding="utf-8")), word)


def _may_be_set(word: str) -> bool:
    return re.split("[.=]", word)[0] not in OF_AN_EXPERIMENT


def _read(text: str) -> dict[str, Any]:
    loaded = read_yaml(text)
    return loaded if isinstance(loaded, dict) else {}


def _lay(tree: dict[str, Any], word: str) -> bool:
    """Put the option that a word chooses in its place; False where that is not all it does."""
    key, is_value, value = word.partition("=")
    if not is_value or not _PLAIN.fullmatch(word):
        return False
    if not any((folder / key).is_dir() for folder in conf_folders()):
        return not isinstance(_below(tree, key), dict)
    file = conf_file(key, value)
    text = file.read_text(encoding="utf-8") if file is not None and key in tree else "defaults:"
    if _NEEDS_HYDRA.search(text):
        return False
    tree[key] = _read(text)
    return True


def _below(tree: Any, key: str) -> Any:
    """Return what stands at a dotted key, or None."""
    for part in key.split(".") if key else ():
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _keys(tree: dict[str, Any], begun: str) -> list[str]:
    """List the keys one level deep that begin so: ``seeds.`` has more below it, ``delta=`` not."""
    parent, dot, start = begun.rpartition(".")
    node = _below(tree, parent)
    return [
        f"{parent}{dot}{name}{'.' if isinstance(value, dict | list) else '='}"
        for name, value in (node.items() if isinstance(node, dict) else ())
        if str(name).startswith(start)
    ]  # fmt: skip


def _groups(begun: str) -> list[str]:
    """List the groups that begin so, ``=`` behind those whose options are all that they have."""
    parent = begun.rpartition("/")[0]
    places = [place for folder in conf_folders() for place in (folder / parent).glob("*/")]
    names = dict.fromkeys(place.name for place in places if place.is_dir())
    has_groups = {place.name for place in places if any(path.is_dir() for path in place.glob("*"))}
    written = ((f"{parent}/{name}" if parent else name, name in has_groups) for name in names)
    return [
        name if is_parent else f"{name}=" for name, is_parent in written if name.startswith(begun)
    ]
