"""What a season is: scenarios, seeds, seats, entrants, and how they are scored.

A season is a file of ``conf/season``, or any yaml file; words of the command line change its keys.
Nothing of it is left to the code: two people with the same file and the same seeds get the same
table, and the hash of the season says whether they had it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from proteus.basics.schema import (
    AS_TUPLE,
    FolderName,
    NonNegative,
    Positive,
    PositiveCount,
    Schema,
    canonical_json,
    requirement,
)
from proteus.configuration import locate
from proteus.configuration.reading import read_model
from proteus.configuration.study import EVALUATION, LEAST_SEEDS, PURPOSE_SPAN
from proteus.errors import ConfigError, nearest

SOLO, DUEL, MELEE = "solo", "duel", "melee"
FORMATS = (SOLO, DUEL, MELEE)
PROFITABILITY, QUALITY, ROBUSTNESS = "profitability", "market_quality", "robustness"
CRITERIA = (PROFITABILITY, QUALITY, ROBUSTNESS)
MOST_ENTRANTS = 32
LEAST_IN_A_MELEE = 3
MOST_DRAWN = 2 * 10**8  # seeds of all resamples, which are kept side by side: 1.6 GB
NAME = re.compile(r"[a-z][a-z0-9_]*")
_OWN_KEYS = ("policy", "risk", "knows_costs")  # what an entrant may set of its group

Keys = dict[str, Any]  # of the configuration, dotted


class Scenario(Schema):
    """One market in which all entrants play, and how it is stressed."""

    keys: Keys
    stress: dict[str, Keys] = Field(default_factory=dict)  # by name, keys beside those above


class Entrant(Schema):
    """One maker: a trader of the engine, of parts where it is a lab maker, or a policy outside."""

    trader: str | None = None  # option of conf/trader
    filter: str | None = None
    quoting: str | None = None
    risk: Annotated[tuple[str, ...], AS_TUPLE] | None = None
    keys: Keys = Field(default_factory=dict)  # of its group: policy., risk. or knows_costs
    policy: str | None = None  # module:object, a saved network, or a name of an entry point

    @model_validator(mode="after")
    def _check_what_it_is(self) -> Self:
        if (self.trader is None) == (self.policy is None):
            raise requirement("trader", "exactly one of trader and policy must be given")
        parts = [key for key in ("filter", "quoting") if getattr(self, key) is not None]
        if self.trader != "lab_maker" and parts:
            raise requirement(parts[0], "only trader: lab_maker is made of parts")
        if self.policy is not None and self.keys:
            raise requirement("keys", "a policy has its keys in its own code")
        for key in self.keys:
            if key.partition(".")[0] not in _OWN_KEYS:
                allowed = f"an entrant sets keys of {', '.join(_OWN_KEYS)}: the rest is its seat's"
                raise requirement(f"keys.{key}", allowed)
        return self

    @property
    def is_outside(self) -> bool:
        """Tell whether the caller's code decides for it."""
        return self.policy is not None


class Seats(Schema):
    """What every entrant has, whatever seat it sits in."""

    group: str  # of the population, which they replace
    trader: str  # option of conf/trader whose schedule, signal and latency are those of a seat
    keys: Keys  # of that group, as signal.noise_sd


class Seeds(Schema):
    """Which seeds are played, and on which the scale is measured."""

    root: int = Field(ge=0, lt=2**64)  # of practice, and of the scale
    first: int = Field(ge=0, lt=PURPOSE_SPAN)
    count: int = Field(ge=2, le=100_000)
    scale_count: int = Field(ge=LEAST_SEEDS, le=100_000)

    @model_validator(mode="after")
    def _check_purpose(self) -> Self:
        if self.first + self.count > PURPOSE_SPAN:
            allowed = f"with count={self.count} it reaches beyond the {EVALUATION} seeds"
            raise requirement("first", f"{allowed}, of which the last is {PURPOSE_SPAN - 1}")
        return self


class Weights(Schema):
    """How much each score counts in the overall one."""

    profitability: NonNegative
    market_quality: NonNegative
    robustness: NonNegative

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        if not self.profitability + self.market_quality + self.robustness > 0:
            raise requirement("profitability", "at least one weight must be above 0")
        return self


class Scoring(Schema):
    """How lanes become scores."""

    weights: Weights
    least: float  # a scaled value below it counts as it
    most: float
    tail: float = Field(gt=0, lt=1)  # share of the worst lanes
    resamples: int = Field(ge=100, le=100_000)

    @model_validator(mode="after")
    def _check_ends(self) -> Self:
        if not self.least < 0 < 1 < self.most:
            raise requirement("least", f"must be below 0, and most={self.most:g} above 1")
        return self


class Season(Schema):
    """One competition, whole."""

    season: str
    title: str
    common: Keys  # of every scenario
    scenarios: dict[str, Scenario]
    formats: Annotated[tuple[Literal["solo", "duel", "melee"], ...], AS_TUPLE]
    seats: Seats
    seeds: Seeds
    entrants: dict[str, Entrant]
    baseline: Entrant
    reference: Entrant
    scoring: Scoring
    time_limit_s: Positive | None  # of a policy outside, for all its decisions; None: no limit
    workers: PositiveCount | None
    output_dir: FolderName | None

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        named = {"scenarios": [*self.scenarios], "entrants": [*self.entrants]}
        for scenario, one in self.scenarios.items():
            named[f"scenarios.{scenario}.stress"] = [*one.stress]
        for key, names in named.items():
            for name in names:
                if not NAME.fullmatch(name):
                    allowed = "must be small letters, digits and _, and begin with a letter"
                    raise requirement(f"{key}.{name}", f"its name {allowed}")
        if not self.scenarios:
            raise requirement("scenarios", "at least one scenario must be given")
        if not 2 <= len(self.entrants) <= MOST_ENTRANTS:
            count = len(self.entrants)
            raise requirement(
                "entrants", f"2 .. {MOST_ENTRANTS} must be given, and there are {count}"
            )
        return self

    @model_validator(mode="after")
    def _check_memory(self) -> Self:
        most = MOST_DRAWN // max(self.seeds.count, self.seeds.scale_count)
        if self.scoring.resamples > most:
            raise requirement("scoring.resamples", f"with so many seeds it must be at most {most}")
        return self

    @model_validator(mode="after")
    def _check_formats(self) -> Self:
        if SOLO not in self.formats or len({*self.formats}) < len(self.formats):
            raise requirement("formats", "must list solo, and duel and melee at most once each")
        if MELEE in self.formats and len(self.entrants) < LEAST_IN_A_MELEE:
            allowed = f"a melee is of at least {LEAST_IN_A_MELEE} entrants"
            raise requirement("formats", f"{allowed}, and there are {len(self.entrants)}")
        for key in ("baseline", "reference"):
            if getattr(self, key).is_outside:
                raise requirement(f"{key}.policy", f"the {key} is a trader of the engine")
        if self.reference == self.baseline:
            allowed = "must be another maker than baseline: it is one unit away"
            raise requirement("reference", allowed)
        return self

    @property
    def content(self) -> dict[str, Any]:
        """Return what decides about results: all but where and by how many it is played."""
        tree = self.model_dump(mode="json")
        for key in ("workers", "output_dir", "time_limit_s"):
            del tree[key]
        return tree

    def hash_with(self, sources: Mapping[str, str]) -> str:
        """Return the hash of the season with the hashes of the policies' sources, hexadecimal."""
        whole = {"season": self.content, "sources": dict(sources), "order": [*self.entrants]}
        text = canonical_json(whole)
        return hashlib.sha256(text.encode()).hexdigest()


def read_season(words: Sequence[str]) -> Season:
    """Read a season.

    Parameters
        words: ``season=NAME`` of ``conf/season``, or ``season=FILE.yaml``, and dotted keys of it,
            as ``seeds.count=50``, whose values are YAML.

    Raises
        ConfigError: there is none, or a key or value that is not allowed.
    """
    given: dict[str, str] = {}
    for word in words:
        key, is_given, value = word.partition("=")
        if not is_given or not key:
            raise ConfigError(f"cannot read {word!r} as key=value")
        if key in given:
            raise ConfigError(f"{key} is given twice: give it once")
        given[key] = value
    tree = _file(given.pop("season", ""))
    for key, value in given.items():
        _set(tree, key, value)
    if isinstance(forms := tree.get("formats"), str):  # as formats=solo,duel
        tree["formats"] = [form.strip() for form in forms.split(",")]
    return read_model(Season, tree)


def _file(name: str) -> dict[str, Any]:
    """Return the content of a season's file."""
    known = locate.options_of("season")
    path = Path(name) if name.endswith((".yaml", ".yml")) else locate.conf_file("season", name)
    if not name:
        raise ConfigError(f"a season is missing: write season=NAME{nearest('', known)}")
    if path is None or not path.is_file():
        raise ConfigError(f"season={name} does not exist{nearest(name, known)}")
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"season={name} cannot be read: {reason}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"season={name} is not allowed: the file must be a group of keys")
    return {**tree, "season": path.stem}


def _set(tree: dict[str, Any], key: str, value: str) -> None:
    """Set a dotted key; a key that is not there is set too, and refused where it is read."""
    *parents, last = key.split(".")
    inside: Any = tree
    for parent in parents:
        below = inside.get(parent) if isinstance(inside, dict) else None
        if not isinstance(below, dict):
            raise ConfigError(f"unknown key {key}{nearest(parent, inside)}")
        inside = below
    try:
        inside[last] = yaml.safe_load(value)
    except yaml.YAMLError:
        raise ConfigError(f"{key}={value} is not allowed: its value must be YAML") from None
