"""Read a composed mapping into the configuration models, or say in one sentence what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails, ValidationError

from proteus import plugins
from proteus.configuration import consistency
from proteus.configuration.design import DESIGN_MODELS, AnyDesign
from proteus.configuration.executors import EXECUTOR_MODELS
from proteus.configuration.locate import conf_file, options_of
from proteus.configuration.study import PRECISION_MODELS
from proteus.configuration.sweep import SweepConfig
from proteus.errors import ConfigError, nearest
from proteus.market.agents.group import Group
from proteus.market.agents.kinds import POLICY_MODELS
from proteus.market.cell import CellConfig
from proteus.market.costs.models import COST_MODELS
from proteus.market.environment.models import LATENT_MODELS
from proteus.market.lending.models import CREDIT_MODELS
from proteus.market.mechanisms.base import MechanismConfig
from proteus.market.mechanisms.table import MECHANISM_MODELS
from proteus.market.rng import trader_entity
from proteus.market.settlement.models import SETTLEMENT_MODELS

GROUP_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NO_NAMES = ("nan", "null", "inf", "infinity", "true", "false")  # no words to readers of CSV

# pydantic's type of an error -> what is allowed, where its own words are those of Python
_WORDED = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be a text",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list, as [0,100]",
    "dict_type": "must be a group of keys",
    "model_attributes_type": "must be a group of keys",
    "missing": "must be given",
    "too_short": "must not be an empty list",
    "invalid_key": "every key must be a text",
}

Model = TypeVar("Model", bound=BaseModel)
Cell = TypeVar("Cell", bound=CellConfig)


def read_config(tree: Mapping[str, Any]) -> SweepConfig:
    """Check a composed configuration.

    Parameters
        tree: nested plain mapping with the keys of ``conf/sweep.yaml``.

    Returns
        The frozen configuration.

    Raises
        ConfigError: an unknown key, a wrong type, a value out of range or two that contradict.
    """
    return _read_whole(SweepConfig, tree)


def read_cell(tree: Mapping[str, Any]) -> CellConfig:
    """Check the configuration of a cell as a file of results holds it, as :func:`read_config`."""
    return _read_whole(CellConfig, tree)


def read_design(tree: Mapping[str, Any]) -> AnyDesign:
    """Check the design of a composed configuration, before its points are set."""
    made: AnyDesign = _read_tagged(DESIGN_MODELS, tree.get("design"), "name", "design")
    return made


def read_model(model: type[Model], tree: Mapping[str, Any]) -> Model:
    """Check the keys of any other model, as :func:`read_config` does."""
    return _read(model, tree, "", tree)


def _read_whole(model: type[Cell], tree: Mapping[str, Any]) -> Cell:
    read: dict[str, Any] = dict(tree)
    for key, tag, models in (
        ("mechanism", "name", MECHANISM_MODELS),
        ("latent", "model", LATENT_MODELS),
        ("costs", "model", COST_MODELS),
        ("settlement", "mode", SETTLEMENT_MODELS),
        ("credit", "mechanism", CREDIT_MODELS),
        ("precision", "name", PRECISION_MODELS),
        ("executor", "name", EXECUTOR_MODELS),
        ("design", "name", DESIGN_MODELS),
    ):
        if key in read:
            read[key] = _read_tagged(models, read[key], tag, key)
    groups = read.get("population")
    if isinstance(groups, Mapping):
        read["population"] = {name: _read_group(group, name) for name, group in groups.items()}
        _check_addresses(read["population"])
    if isinstance(read.get("execution"), Mapping) and "mechanism" in read:
        read["execution"] = _read_execution(read["execution"], read["mechanism"].name)
    config = _read(model, read, "", tree)
    consistency.check(config)
    return config


def _read_execution(tree: Mapping[str, Any], mechanism: str) -> dict[str, Any]:
    """Check the leakage tables of all mechanisms, and keep the one that the cell uses."""
    where, kept = "execution.leakage", {}
    for name, table in _mapping(tree.get("leakage", {}), where).items():
        if name not in MECHANISM_MODELS:
            raise ConfigError(f"unknown key {where}.{name}{nearest(str(name), MECHANISM_MODELS)}")
        inside = _mapping(table, f"{where}.{name}")
        checked = _read(MECHANISM_MODELS[name].table, inside, f"{where}.{name}", table)
        if name == mechanism:
            kept[name] = checked
    if not kept:
        raise ConfigError(f"{where}.{mechanism} is missing")
    return {**tree, "leakage": kept}


def read_mechanism(tree: Mapping[str, Any]) -> MechanismConfig:
    """Check the keys of one mechanism; ``name`` chooses it.

    Raises
        ConfigError: an unknown mechanism or key, or a value that is not allowed.
    """
    return _read_tagged(MECHANISM_MODELS, tree, "name", "mechanism")


def _check_addresses(groups: Mapping[str, Group]) -> None:
    """Refuse two groups whose names give their traders the same random draws."""
    named: dict[int, str] = {}
    for name in groups:
        other = named.setdefault(trader_entity(name, 0), name)
        if other != name:
            raise ConfigError(
                f"population.{name} is not allowed: its random addresses are those of "
                f"population.{other}; choose another name"
            )


def _read_group(group: Any, name: Any) -> Group:
    where = f"population.{name}"
    if not (isinstance(name, str) and GROUP_NAME.fullmatch(name)):
        raise ConfigError(f"{where} is not allowed: a group name is lower case, as extra_noise")
    if name in _NO_NAMES:
        raise ConfigError(f"{where} is not allowed: tables do not keep {name} as a name")
    read = dict(_mapping(group, where))
    read["policy"] = _read_tagged(POLICY_MODELS, read.get("policy"), "kind", where, read)
    return _read(Group, read, where, group)


def _read_tagged(
    models: Mapping[str, type[Model]],
    tree: Any,
    tag: str,
    where: str,
    owner: Mapping[str, Any] | None = None,
) -> Model:
    """Read a branch whose model is named by a tag in the branch itself, or in its owner."""
    inside = _mapping(tree, where if owner is None else f"{where}.policy")
    named = inside.get(tag) if owner is None else owner.get(tag)
    if not isinstance(named, str) or named not in models:
        written = _value(named, [])
        raise ConfigError(f"{where}.{tag}={written} {_is_not_there(named, models)}")
    try:
        return _read(models[named], inside, where if owner is None else f"{where}.policy", inside)
    except ConfigError as error:
        files = _files_with(where, tag, named) if owner is None else []
        if not files or not str(error).endswith(" is missing"):
            raise
        choices = " or ".join(f"{where}={name}" for name in files)
        raise ConfigError(f"{error}: {choices} gives all keys of {tag}={named}") from None


def _files_with(group: str, tag: str, named: str) -> list[str]:
    """List the options of a group whose tag is named so."""
    line = re.compile(rf"^{tag}:\s+{re.escape(named)}\b", re.MULTILINE)
    found = [(option, conf_file(group, option)) for option in options_of(group)]
    return [option for option, path in found if path and line.search(path.read_text("utf-8"))]


def _mapping(tree: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(tree, Mapping):
        raise ConfigError(f"{where}={_value(tree, [])} is not allowed: must be a group of keys")
    return tree


def _read(model: type[Model], tree: Mapping[str, Any], where: str, raw: Any) -> Model:
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        found = error.errors(include_url=False)
        unknown = [details for details in found if details["type"] == "extra_forbidden"]
        details = (unknown or found)[0]
        raise ConfigError(_sentence(details, model, where, raw)) from None


def _sentence(details: ErrorDetails, model: type[BaseModel], where: str, raw: Any) -> str:
    """Say what is wrong: key, value, and what is allowed."""
    context = details.get("ctx", {})
    place = [str(part) for part in details["loc"]]
    inner = _without_tags(place, raw)
    if details["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _tag_sentence(details, [where, *inner] if where else inner)
    path = [*inner, *str(context["key"]).split(".")] if "key" in context else inner
    key = ".".join([where, *path] if where else path)
    if details["type"] == "missing":
        return f"{key} is missing"
    if details["type"] == "extra_forbidden":
        parent = key.removesuffix(path[-1])
        return f"unknown key {key}{nearest(path[-1], _keys(model, place[:-1]), parent)}"
    if details["type"] == "model_type":
        allowed = f"must be a group of keys{nearest('', _keys(model, path))}"
    else:
        allowed = _WORDED.get(details["type"], details["msg"])
        allowed = allowed.replace("Input should be", "must be").replace("Input ", "")
    value = _value(raw, path)
    return f"{key}={value} is not allowed: {allowed}{plugins.why_left_out(value)}"


def _is_not_there(name: Any, names: Iterable[str]) -> str:
    """Say that there is no such choice, and why if a package would add it but is broken."""
    return f"does not exist{plugins.why_left_out(name) or nearest(str(name), names)}"


def _without_tags(path: list[str], raw: Any) -> list[str]:
    """Leave out what pydantic adds: which of several models a branch is, by the tag inside it."""
    kept = []
    for part in path:
        is_mapping = isinstance(raw, Mapping)
        if is_mapping and part not in raw and part in (each for each in raw.values()):
            continue
        kept.append(part)
        raw = raw.get(part) if is_mapping else None
    return kept


def _tag_sentence(details: ErrorDetails, path: list[str]) -> str:
    """Say that a branch names no model that there is, or none."""
    context = details["ctx"]
    key = ".".join([*path, context["discriminator"].strip("'")])
    if details["type"] == "union_tag_not_found":
        return f"{key} is missing"
    names = re.findall(r"'([^']+)'", context["expected_tags"])
    return f"{key}={context['tag']} {_is_not_there(context['tag'], names)}"


def _keys(model: type[BaseModel], path: list[str]) -> list[str]:
    """List the keys allowed at a place inside a model, in which a tag names one of several."""
    inside: list[Any] = [model]
    for part in path:
        inside = [each for one in inside for each in _models_below(one, part)]
    return [key for one in inside if _is_model(one) for key in one.model_fields]


def _models_below(annotation: Any, part: str) -> list[Any]:
    """Return what a key of a model, or of models by name, may be; of its tag the model itself."""
    if _is_model(annotation):
        fields = annotation.model_fields
        if part in fields:
            return _alternatives(fields[part].annotation)
        is_named = any(part in get_args(field.annotation) for field in fields.values())
        return [annotation] if is_named else []
    return _alternatives(get_args(annotation)[1]) if get_origin(annotation) is dict else []


def _alternatives(annotation: Any) -> list[Any]:
    """Take an annotation apart: unions, and what is annotated."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _alternatives(inside[0])
    if origin in (Union, UnionType):
        return [each for one in inside for each in _alternatives(one)]
    return [annotation]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _value(raw: Any, path: list[str]) -> Any:
    """Look up the value a person wrote, as it is written in yaml."""
    for part in path:
        if isinstance(raw, Mapping):
            raw = raw.get(part)
        elif isinstance(raw, (list, tuple)) and part.isdigit() and int(part) < len(raw):
            raw = raw[int(part)]
    if raw is None or isinstance(raw, bool):
        return {None: "null", True: "true", False: "false"}[raw]
    return raw if len(str(raw)) <= 60 else f"{str(raw)[:60]}..."
