"""The words of a command line: ``key=value`` and ``key=value,value``, read and written.

The Python API writes the same words, so both doors accept the same keys and give the same errors.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, RangeSweep
from hydra.errors import HydraException

from proteus.basics.schema import LARGEST_GRID as LARGEST_GRID
from proteus.basics.schema import canonical_json
from proteus.errors import ConfigError

AxisValue = str | float | int
LIST_KEYS = (
    "design.factors", "endpoint.budgets", "endpoint.companions", "latent.jumps",
    "metrics.elapsed_ms", "metrics.horizons_ms", "parity.exceptions", "seeds.streams",
)  # fmt: skip
ABSENT = "none"  # label of null
_WRITTEN = {"experiment": "+experiment", "design.name": "design"}  # keys that choose an option
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_./-]+")


@functools.lru_cache(maxsize=1024)
def parse(word: str) -> Override:
    """Parse one word by Hydra's grammar, which takes a millisecond; do not change what it returns.

    Raises
        ConfigError: the word does not follow the grammar.
    """
    try:
        override = OverridesParser.create().parse_override(word)
    except HydraException:
        allowed = "write key=value or key=value,value, and quote as in \"key='a, b'\""
        raise ConfigError(f"cannot read {word!r} as key=value: {allowed}") from None
    if not override.key_or_group:
        raise ConfigError(f"cannot read {word!r} as key=value: the key is missing")
    return override


def is_axis(word: str) -> bool:
    """Say whether a word lists several values to sweep."""
    return parse(word).is_sweep_override()


def expand(word: str) -> list[str]:
    """Return one word per listed value; a word without a list returns itself.

    Raises
        ConfigError: no value, too many, or a sweep that is not a finite list (interval, glob).
    """
    override = parse(word)
    if not override.is_sweep_override():
        return [word]
    if not override.is_discrete_sweep() or "glob(" in word:
        raise ConfigError(f"{word} cannot be swept: list the values, as in delta=50,100")
    name = word.partition("=")[0]
    swept = override.value()
    values = _steps(swept) if isinstance(swept, RangeSweep) else override.sweep_string_iterator()
    words = [f"{name}={value}" for value in itertools.islice(values, LARGEST_GRID + 1)]
    if not 1 <= len(words) <= LARGEST_GRID:
        count = "no values" if not words else "too many values"
        raise ConfigError(f"{word} lists {count}: allowed are 1 to {LARGEST_GRID}")
    return words


def _steps(swept: RangeSweep) -> Iterator[str]:
    """Count as people write numbers: from 0.1 to 0.4 by 0.1 there are three steps, not four."""
    value, stop, step = (Decimal(str(part)) for part in (swept.start, swept.stop, swept.step))
    while value < stop if step > 0 else value > stop:
        yield str(value)
        value += step


def key(word: str) -> str:
    """Return the key that a word sets."""
    return word.partition("=")[0].lstrip("+")


def check_once(words: Sequence[str]) -> None:
    """Refuse a key that is given twice, since only one of its values would count.

    Raises
        ConfigError: the key and both words.
    """
    given: dict[str, str] = {}
    for word in words:
        name = key(word)
        first = given.setdefault(name, word)
        if first is not word:
            once = f"give it once; a sweep is {name}=value,value"
            raise ConfigError(f"{name} is given twice, as {first} and {word}: {once}")


def dimension(word: str) -> str:
    """Name the dataset dimension of a swept word: its dotted key with underscores."""
    key = word.partition("=")[0].lstrip("+~")
    return re.sub(r"\W", "_", key.removeprefix("population."))


def values(words: Sequence[str]) -> tuple[AxisValue, ...]:
    """Return the values of an axis: numbers if all are, otherwise texts; null is "none".

    Readers of CSV take "null" for a missing value.
    """
    parsed: list[Any] = [parse(word).value() for word in words]
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in parsed):
        return tuple(parsed)
    return tuple(map(_label, parsed))


def _label(value: Any) -> str:
    if value is None:
        return ABSENT
    return value if isinstance(value, str) else canonical_json(value)


def from_mapping(parameters: Mapping[str, Any], *, grid: bool) -> list[str]:
    """Write Python values as words.

    Parameters
        parameters: key (dotted, or nested mappings) to value.
        grid: True takes a list, tuple, range or array as the values of an axis; of a key whose
            value is a list itself, a list of lists.

    Raises
        ConfigError: no mapping, an empty list, or a value with no written form.
    """
    if not isinstance(parameters, Mapping):
        allowed = "must be a mapping of keys to values, as {'delta': [50, 100]}"
        raise ConfigError(f"parameters={parameters!r} is not allowed: {allowed}")
    arguments = []
    for key, value in _leaves(parameters):
        name = _WRITTEN.get(key, key)
        if grid and _is_list(value) and (key not in LIST_KEYS or any(map(_is_list, value))):
            if len(value) == 0:
                raise ConfigError(f"{key}=[] is not allowed: give at least one value")
            if len(value) > LARGEST_GRID:
                allowed = f"a sweep may have at most {LARGEST_GRID}"
                raise ConfigError(f"{key} lists {len(value)} values: {allowed}")
            listed = ",".join(written(key, part) for part in value)
            # Hydra's choice() takes no null, and one value alone is no axis without it.
            arguments.append(f"{name}={listed}" if len(value) > 1 else f"{name}=choice({listed})")
        else:
            arguments.append(f"{name}={written(key, value)}")
    return arguments


def _is_list(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, (list, tuple, range))


def seed_keys(seeds: Any) -> dict[str, Any]:
    """Turn the ``seeds`` argument of the Python API into keys.

    Parameters
        seeds: None (the default), a number of replicates, a range of them, or ``seeds`` keys.

    Raises
        ConfigError: a range whose step is not 1, or a text.
    """
    if seeds is None:
        return {}
    if isinstance(seeds, Mapping):
        return {f"seeds.{key}": value for key, value in seeds.items()}
    if isinstance(seeds, range):
        if seeds.step != 1:
            raise ConfigError(f"seeds={seeds} is not allowed: a range must have step 1")
        return {"seeds.first": seeds.start, "seeds.count": len(seeds)}
    if isinstance(seeds, str):
        raise ConfigError(f"seeds.count={seeds!r} is not allowed: must be a whole number")
    return {"seeds.count": seeds}


def _leaves(tree: Mapping[str, Any], parent: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{parent}{key}.")
        else:
            yield f"{parent}{key}", value


def written(key: str, value: Any) -> str:
    """Write the value of a key by Hydra's grammar, nested ones too.

    Raises
        ConfigError: it has no written form.
    """
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if value is None or isinstance(value, bool):
        return canonical_json(value)
    if isinstance(value, (int, float, Decimal)):
        try:
            return str(value)
        except ValueError:
            raise ConfigError(f"{key} is not allowed: its number has too many digits") from None
    if isinstance(value, str):
        return value if _PLAIN_TEXT.fullmatch(value) else _quote(value)
    if _is_list(value):
        return f"[{','.join(written(key, part) for part in value)}]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name}:{written(key, part)}" for name, part in value.items()) + "}"
    raise ConfigError(f"{key}={value} is not allowed: a {type(value).__name__} cannot be written")


def _quote(text: str) -> str:
    """Quote a text; by Hydra's rule only quotes, and backslashes before one, are escaped."""
    inside = re.sub(r"(\\*)'", r"\1\1\'", text)
    return "'" + re.sub(r"(\\+)$", r"\1\1", inside) + "'"
