"""Compose ``conf/`` with Hydra: words of the command line in, plain mappings out.

Only composition is Hydra's work here: nothing is simulated inside its callbacks, it writes no
file, and its errors are worded as one sentence.
"""

from __future__ import annotations

import functools
import json
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any, NamedTuple, cast

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from proteus.configuration import lab, locate
from proteus.configuration.locate import (
    CONFIG_NAME,
    HYDRA_VERSION,
    OF_AN_EXPERIMENT,
    conf_file,
    conf_folders,
    options_of,
    show_hydra,
)
from proteus.configuration.overrides import parse
from proteus.configuration.resolved import Resolved, keep, recall, resolved
from proteus.configuration.treatments import is_below
from proteus.errors import ConfigError, nearest

Files = tuple[tuple[str, int, int], ...]  # name, size and time of each


class _Session(NamedTuple):
    """What is known of the configuration's files as long as words are composed."""

    files: Files
    groups: dict[str, bool]  # names that have been looked up, and whether each is a group
    keys: dict[tuple[str, str], frozenset[str]]  # of options that have been looked up


OmegaConf.register_new_resolver("where_counted", lab.where_counted, replace=True)
_SESSIONS: list[_Session] = []  # the innermost last
_COMPOSITION_ERRORS = (HydraException, OmegaConfBaseException, ValueError, TypeError)


@dataclass(frozen=True)
class Composed:
    """Hold one composed configuration.

    Attributes
        tree: nested plain mapping. choices: option chosen in each group, by group name.
        axes: values to sweep that the configuration itself declares, by key.
    """

    tree: dict[str, Any]
    choices: dict[str, str]
    axes: dict[str, Any]


@contextmanager
def hydra_session() -> Iterator[None]:
    """Let :func:`compose_words` be called many times; restores any Hydra state of the caller.

    The files of the configuration are those that are there when it begins.
    """
    show_hydra()
    with initialize_config_dir(str(locate.conf_folder()), version_base=HYDRA_VERSION):
        _SESSIONS.append(_Session(_files_now(), {}, {}))
        try:
            yield
        finally:
            _SESSIONS.pop()


def compose_words(words: Sequence[str]) -> Composed:
    """Compose the configuration with overrides; call inside :func:`hydra_session`.

    Parameters
        words: overrides without sweeps, as ``delta=250`` or ``+experiment=bench``.

    Raises
        ConfigError: an unknown key, group or option, or a broken interpolation.
    """
    for word in words:
        _check_word(parse(word))
    try:
        return _compose(_in_full(words))
    except ConfigError:
        raise
    except _COMPOSITION_ERRORS as error:
        raise ConfigError(_explain(_in_full(words), error)) from None


def _in_full(words: Sequence[str]) -> list[str]:
    """Write out common words, by the groups of the population that other words choose."""

    def chosen(others: Sequence[str]) -> Composed:
        return _compose([word for word in others if not _sets_value(word)])

    return lab.written_in_full(words, chosen)


def _check_word(override: Override) -> None:
    """Refuse what Hydra would take silently or fail on without a reason."""
    key, value = override.key_or_group, override.value()
    if re.match(r"hydra\b", key):
        allowed = "Hydra's own keys have no effect here; the folder is output_dir"
        raise ConfigError(f"{key}={value} is not allowed: {allowed}")
    if is_below(key, OF_AN_EXPERIMENT):
        allowed = "only a file of conf/experiment has it; keys are swept as in delta=50,100"
        raise ConfigError(f"{override.input_line} is not allowed: {allowed}")
    if _is_group(key) and override.is_delete() and override.package is None:
        options = ", ".join(options_of(key))
        raise ConfigError(f"~{key} is not allowed: {key} must be one of {options}")
    if _is_group(key) and not override.is_delete() and not isinstance(value, _chosen(key)):
        options = ", ".join(options_of(key))
        written = json.dumps(value) if value is None else value
        raise ConfigError(f"{key}={written} is not allowed: must be one of {options}")
    if _is_group(key) and isinstance(value, list) and len({*value}) < len(value):
        named = next(each for each in value if value.count(each) > 1)
        raise ConfigError(f"{override.input_line} is not allowed: {named} stands twice")


_LISTED = ("risk",)  # groups of which several options may be chosen at once


def _chosen(group: str) -> tuple[type, ...]:
    """Return the types of what may be chosen of a group."""
    return (str, dict, list) if group in _LISTED else (str, dict)


def _compose(words: Sequence[str]) -> Composed:
    """Let Hydra compose the structure once, and set plain values on a copy as Hydra would."""
    chosen = tuple(word for word in words if not _sets_value(word))
    values = {parse(word).key_or_group: parse(word).value() for word in words if _sets_value(word)}
    files = _SESSIONS[-1].files if _SESSIONS else _files_now()
    found = _compose_resolved(chosen, files)
    if found is not None and (tree := _with_values(found, values)) is not None:
        return _composed(tree, found.choices)
    structure, choices = _compose_structure(chosen, files)
    config: DictConfig = pickle.loads(structure)
    for word in words:
        if _sets_value(word):
            override = parse(word)
            OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
    _check_size(config)
    return _composed(_plain(config), choices)


def _composed(tree: dict[str, Any], choices: dict[str, str]) -> Composed:
    axes = tree.pop("axes")
    del tree["sizes"]  # the values of the chosen size stand where they are used
    return Composed(tree, choices, axes)


@functools.lru_cache(maxsize=64)
def _compose_resolved(words: tuple[str, ...], files: Files) -> Resolved | None:
    """Return a structure, composed or recalled; None where it needs values that other words set."""
    all_words = (*_table_words(), *words)
    known = recall(all_words, files)
    if known is not None:
        return known
    structure, choices = _compose_structure(words, files)
    config: DictConfig = pickle.loads(structure)
    try:
        _check_size(config)
        tree = _plain(config)
    except (ConfigError, *_COMPOSITION_ERRORS):
        return None
    written = json.dumps(OmegaConf.to_container(config, resolve=False), default=str)
    references = " ".join(re.findall(r"\$\{[^\"]*", written))
    found = resolved(tree, choices, references)
    keep(all_words, files, found, references)
    return found


def _with_values(found: Resolved, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Set plain values in a resolved tree; None where it takes Hydra: another part may follow."""
    tree: dict[str, Any] = json.loads(found.tree)
    for key, value in values.items():
        *parents, name = key.split(".")
        branch: Any = tree
        for part in parents:
            branch = branch.get(part) if isinstance(branch, dict) else None
        is_there = isinstance(branch, dict) and not isinstance(branch.get(name, {}), dict | list)
        is_plain = isinstance(value, int | float | None) or (
            isinstance(value, str) and "$" not in value and value != "???"
        )
        if not is_there or not is_plain or name in found.referred:
            return None
        branch[name] = value
    return tree


def _check_size(config: DictConfig) -> None:
    """Refuse a size that the study does not have, before values are looked up under it."""
    size, sizes = config.get("size"), [str(name) for name in config.get("sizes") or ()]
    if size is not None and not sizes:
        raise ConfigError(f"size={size} is not allowed: give a study that has sizes, as phase1")
    if size is not None and size not in sizes:
        raise ConfigError(f"size={size} does not exist; allowed: {', '.join(sizes)}")


def keys_of(group: str, option: str) -> frozenset[str]:
    """Return the dotted keys that an option of a group sets, as ``mechanism.price_rule``."""
    known = _SESSIONS[-1].keys if _SESSIONS else {}
    if (group, option) not in known:
        path = conf_file(group, option)
        found = _keys_in(path.read_text(encoding="utf-8"), f"{group}.") if path else frozenset()
        known[group, option] = found
    return known[group, option]


@functools.lru_cache(maxsize=64)
def _keys_in(text: str, above: str) -> frozenset[str]:
    return frozenset(_dotted(locate.read_yaml(text), above))


def _sets_value(word: str) -> bool:
    """Say whether a word gives a value to a key, rather than choosing, adding or removing one."""
    key = parse(word).key_or_group
    return word.startswith(f"{key}=") and not _is_group(key) and not key.startswith("hydra.")


def _files_now() -> Files:
    """List the files of the configuration with size and time: they may be edited between calls."""
    paths = (path for folder in conf_folders() for path in sorted(folder.rglob("*.yaml")))
    files = [(str(path), path.stat()) for path in paths]
    return tuple((name, state.st_size, state.st_mtime_ns) for name, state in files)


@functools.lru_cache(maxsize=64)
def _compose_structure(words: tuple[str, ...], files: Files) -> tuple[bytes, dict[str, str]]:
    """Compose with Hydra, which takes about 0.25 s; remembered while the files stay as they are.

    Returns
        The configuration, pickled because that copies it thrice as fast, and the choices.
    """
    config = compose(CONFIG_NAME, overrides=[*_table_words(), *words], return_hydra_config=True)
    keys = [str(key) for key in config if key != "hydra"]
    own = OmegaConf.masked_copy(config, keys)
    OmegaConf.set_struct(own, True)  # an unknown key is an error
    return pickle.dumps(own), _plain(config.hydra.runtime.choices)


def _table_words() -> list[str]:
    """Return the words that give each mechanism its leakage table that no file lists.

    A mechanism without a table of its own starts from that of one with the same events.
    """
    listed = locate.conf_folder() / "execution" / "baseline.yaml"
    unlisted = {*options_of("mechanism")} - set(_tables_in(listed.read_text(encoding="utf-8")))
    if not unlisted:
        return []
    from proteus.market.mechanisms.table import MECHANISM_MODELS

    words = []
    for name in sorted(unlisted & {*MECHANISM_MODELS}):
        alike = (other for other, model in MECHANISM_MODELS.items()
                 if model.table is MECHANISM_MODELS[name].table)  # fmt: skip
        owners = [each for each in (name, *alike) if conf_file("execution/leakage", each)]
        words += [f"+execution/leakage@execution.leakage.{name}={owner}" for owner in owners[:1]]
    return words


@functools.lru_cache(maxsize=4)
def _tables_in(text: str) -> tuple[str, ...]:
    """List the mechanisms whose table a file of conf/execution builds on."""
    entries = [entry for entry in locate.read_yaml(text)["defaults"] if isinstance(entry, dict)]
    keys = (key for entry in entries for key in entry)
    return tuple(key.rpartition(".")[2] for key in keys)


def job_logging() -> dict[str, Any]:
    """Return Hydra's configuration of the job's log, as ``logging.config.dictConfig`` takes it.

    Two files say it all: Hydra's default, and what ours changes of it. The log file is not named:
    Hydra would name it after a folder that is not ours.
    """
    default = resources.files("hydra.conf") / "hydra/job_logging/default.yaml"
    ours = locate.conf_folder() / f"{CONFIG_NAME}.yaml"
    read = [locate.read_yaml(path.read_text(encoding="utf-8")) for path in (default, ours)]
    merged = OmegaConf.merge(read[0], read[1]["hydra"]["job_logging"])
    return cast("dict[str, Any]", OmegaConf.to_container(merged))


def _plain(config: DictConfig) -> dict[str, Any]:
    tree = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return cast("dict[str, Any]", tree)


def _explain(words: Sequence[str], error: Exception) -> str:
    """Find the first word that cannot be composed, and say why in one sentence."""
    ordered = sorted(words, key=lambda word: not _is_group(parse(word).key_or_group))
    tree = _compose([]).tree
    for end, word in enumerate(ordered, start=1):
        try:
            tree = _compose(ordered[:end]).tree
        except _COMPOSITION_ERRORS as first:
            return _explain_word(parse(word), tree, first)
    return str(error).splitlines()[0]


def _explain_word(override: Override, tree: dict[str, Any], error: Exception) -> str:
    key, word = override.key_or_group, str(override.input_line)
    if _is_group(key):
        options = options_of(key)
        value = override.value()
        place = override.package or key
        if value in options and override.is_add() and _has(tree, place):
            return f"{word} cannot be applied: {place} is there already; write {word.lstrip('+')}"
        if value in options and not word.startswith("+"):
            return f"{key} has no default to replace: write +{word}"
        if value not in options:
            return f"{key}={value} does not exist{nearest(str(value), options)}"
    elif override.package is not None:
        return f"unknown group {key}{nearest(key, _groups())}"
    elif not _has(tree, key):
        return f"unknown key {key}{_suggest(key, tree)}"
    if override.is_add() and _has(tree, key):
        return f"{word} cannot be applied: {key} is there already; write {word.lstrip('+')}"
    return f"{word} cannot be applied: {str(error).splitlines()[0]}"


def _suggest(key: str, tree: dict[str, Any]) -> str:
    """Name the place the key belongs to, or what is allowed where it goes wrong."""
    elsewhere = [name for name in _dotted(tree) if name.endswith(f".{key}")]
    if elsewhere:
        return f"; did you mean {elsewhere[0]}?"
    parts, found = key.split("."), 0
    branch: Any = tree
    while found < len(parts) and isinstance(branch, dict) and parts[found] in branch:
        branch, found = branch[parts[found]], found + 1
    if not isinstance(branch, dict):
        return f": {'.'.join(parts[:found])} is a value, not a group of keys"
    above = "".join(f"{part}." for part in parts[:found])
    names = [*branch, *([] if above else _groups())]
    return nearest(parts[found], names, above) or "; docs/defaults.md lists every key"


def _dotted(tree: dict[str, Any], parent: str = "") -> Iterator[str]:
    """List every dotted key of a tree, groups included."""
    for key, value in tree.items():
        yield f"{parent}{key}"
        if isinstance(value, dict):
            yield from _dotted(value, f"{parent}{key}.")


def _has(tree: dict[str, Any], key: str) -> bool:
    return key in set(_dotted(tree))


def _is_group(key: str) -> bool:
    known = _SESSIONS[-1].groups if _SESSIONS else {}
    if key not in known:
        known[key] = any((folder / key).is_dir() for folder in conf_folders())
    return known[key]


def _groups() -> list[str]:
    places = (place for folder in conf_folders() for place in sorted(folder.iterdir()))
    return [*dict.fromkeys(place.name for place in places if place.is_dir())]


def _print_defaults() -> None:
    """Print the composed defaults as ``--help`` shows them."""
    with hydra_session():
        print(OmegaConf.to_yaml(compose(CONFIG_NAME)), end="")


if __name__ == "__main__":
    _print_defaults()
