"""Common words of the laboratory of makers, as ``delta`` is one of batches.

``population.maker=lab filter=kalman quoting=glft`` is short for the option of a group in
``conf/trader``, and for a part of each group whose traders are makers of the laboratory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from proteus.configuration.locate import conf_folders, options_of
from proteus.configuration.overrides import key
from proteus.errors import ConfigError

KIND = "lab_maker"
SHORT = "lab"  # for the kind, as the option of a group
PARTS = {"filter": "policy.filter", "quoting": "policy.quoting", "risk": "risk"}  # where each is

COUNTS_CAPITAL = ("capital", "leverage")  # constraints that have nothing else to count

_GROUP = re.compile(r"population\.([a-z][a-z0-9_]*)")


def written_in_full(words: Sequence[str], compose: Callable[[Sequence[str]], Any]) -> list[str]:
    """Write out the common words.

    Parameters
        words: overrides without sweeps. compose: composes words; its result has a ``tree``.

    Raises
        ConfigError: a part of a lab maker, where no group of the population is one.
    """
    words = [_option_of_a_group(word) for word in words]
    known = _parts()
    parts = [word for word in words if word.partition("=")[0] in known]
    if not parts:
        return words
    others = [word for word in words if word not in parts]
    groups = _lab_groups(compose(others).tree)
    if not groups:
        allowed = "no group of the population is a lab maker; write population.maker=lab"
        raise ConfigError(f"{parts[0]} is not allowed: {allowed}")
    said = {key(word) for word in others}  # of one group alone, which counts more
    in_full = (each for word in parts for each in _of_every_group(word, groups))
    return [*others, *(word for word in in_full if key(word) not in said)]


def where_counted(amount: float, risk: Mapping[str, Any]) -> float | None:
    """Return the capital that a file gives its group if the chain of it counts any, else None."""
    return amount if any(risk.get(kind) is not None for kind in COUNTS_CAPITAL) else None


def _parts() -> list[str]:
    """List the parts that there are options of."""
    return [part for part in PARTS if any((folder / part).is_dir() for folder in conf_folders())]


def _option_of_a_group(word: str) -> str:
    """Write ``population.NAME=OPTION`` as Hydra's word for an option of ``conf/trader``."""
    found, option = _GROUP.fullmatch(key(word)), word.partition("=")[2]
    if found is None or not (option == SHORT or option in options_of("trader")):
        return word
    added = "+" if word.startswith("+") else ""
    return f"{added}trader@population.{found[1]}={KIND if option == SHORT else option}"


def _lab_groups(tree: Mapping[str, Any]) -> list[str]:
    return [name for name, group in tree["population"].items() if group.get("kind") == KIND]


def _of_every_group(word: str, groups: Sequence[str]) -> list[str]:
    part, _, option = word.partition("=")
    return [f"{part}@population.{name}.{PARTS[part]}={option}" for name in groups]
