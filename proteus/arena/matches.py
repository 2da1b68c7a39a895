"""Which lanes a season is made of: matches, each a market with an entrant in every seat.

Solo: one seat. Duel: two seats, every pair, each once in either seat. Melee: a seat for everybody,
and as many matches, in each of which all move on by a seat. A seat is a group of the population
with one trader; its name is part of its random addresses, so its links and its signal draw the same
whoever sits there, and all matches of a scenario meet the same news and the same other traders.

The scale is measured by the same formats, with the reference and the baseline in one seat and the
baseline in all others.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from proteus.arena.season import DUEL, MELEE, SOLO, Entrant, Keys, Season
from proteus.basics.schema import canonical_json
from proteus.configuration import overrides
from proteus.configuration.compose import compose_words, hydra_session
from proteus.configuration.reading import read_config
from proteus.configuration.sweep import SweepConfig
from proteus.errors import ConfigError
from proteus.market.agents.kinds import KINDS
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.cell import CellConfig

BASELINE, REFERENCE = "(baseline)", "(reference)"  # no names of entrants
PLAIN = ""  # the scenario without stress
_COMPOSED = "maker"  # the group in which an entrant is composed, of the default population
_OF_A_SEAT = ("schedule", "signal", "latency", "capital", "accounts")

Tree = dict[str, Any]


class Match(NamedTuple):
    """One market with everybody in a seat."""

    scenario: str
    stress: str  # name of what it is stressed by, or PLAIN
    format: str
    seats: tuple[str, ...]  # who sits where
    is_scale: bool  # it measures the scale, on seeds of its own
    outside: tuple[int, ...]  # seats whose entrants are decided for outside
    cell: CellConfig

    @property
    def is_wanted(self) -> bool:
        """Tell whether what noise traders pay for wanting to trade is measured."""
        return self.format == SOLO and self.stress == PLAIN

    @property
    def name(self) -> str:
        """Return what it is called where it is told of."""
        stress = f" under {self.stress}" if self.stress else ""
        return f"{' v '.join(self.seats)} in {self.scenario}{stress}"


def seat_name(number: int) -> str:
    """Return the name of a seat, which is its group in the population."""
    return f"seat_{number + 1}"


def matches_of(season: Season, made: Cells) -> list[Match]:
    """List the matches of a season, those of the scale first; every cell is checked.

    Parameters
        made: makes the cells of the season, or of one with more entrants.

    Raises
        ConfigError: entrants and a scenario that the configuration does not allow together.
    """
    found = []
    for scenario, each in season.scenarios.items():
        for stress in (PLAIN, *each.stress):
            for form, seats, is_scale in _seatings(season, is_stressed=stress != PLAIN):
                outside = tuple(at for at, name in enumerate(seats) if made.is_outside(name))
                cell = made.cell(scenario, stress, seats)
                found.append(Match(scenario, stress, form, seats, is_scale, outside, cell))
    return sorted(found, key=lambda match: not match.is_scale)


def _seatings(season: Season, is_stressed: bool) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Give format, who sits where, and whether it is for the scale."""
    names = [*season.entrants]
    forms = (SOLO,) if is_stressed else season.formats
    for form in forms:
        count = {SOLO: 1, DUEL: 2, MELEE: len(names)}[form]
        for name in (BASELINE, REFERENCE):
            others = (BASELINE,) * (count - 1)
            yield from ((form, seats, True) for seats in _rotations((name, *others)))
        for one in _tables(form, names):
            yield from ((form, seats, False) for seats in _rotations(one))


def _tables(form: str, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Give who meets whom."""
    if form == MELEE:
        yield tuple(names)
    else:
        yield from itertools.combinations(names, 1 if form == SOLO else 2)


def _rotations(seats: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the seats moved on by one each time; equal ones once."""
    return list(dict.fromkeys(seats[at:] + seats[:at] for at in range(len(seats))))


class Cells:
    """Makes cells of scenarios and entrants, each of which is composed once."""

    def __init__(self, season: Season) -> None:
        """Compose what cells are made of.

        Raises
            ConfigError: a scenario, seat or entrant that the configuration does not allow.
        """
        self._season = season
        known = {**season.entrants, BASELINE: season.baseline, REFERENCE: season.reference}
        self._entrants = known
        with hydra_session():
            self._scenarios = {
                (name, stress): _scenario(season, name, each.keys, more)
                for name, each in season.scenarios.items()
                for stress, more in {PLAIN: {}, **each.stress}.items()
            }
            seat = _seat(season)
            self._groups = {name: _group(name, one, seat) for name, one in known.items()}
        for scenario, stress in self._scenarios:
            self._check_stress(scenario, stress)

    @property
    def hash(self) -> str:
        """Return the hash of what the yaml files make of scenarios and entrants, hexadecimal."""
        scenarios = [[*name, tree] for name, tree in self._scenarios.items()]
        text = canonical_json({"scenarios": scenarios, "groups": self._groups})
        return hashlib.sha256(text.encode()).hexdigest()

    def _check_stress(self, scenario: str, stress: str) -> None:
        """Refuse a stress that is none."""
        plain, stressed = (
            self.cell(scenario, name, (BASELINE,)).canonical() for name in (PLAIN, stress)
        )
        if stress != PLAIN and plain == stressed:
            allowed = "it changes nothing of the scenario"
            raise ConfigError(f"scenarios.{scenario}.stress.{stress} is not allowed: {allowed}")

    def is_outside(self, name: str) -> bool:
        """Tell whether an entrant is decided for outside."""
        return self._entrants[name].is_outside

    def cell(self, scenario: str, stress: str, seats: Sequence[str]) -> CellConfig:
        """Put entrants into the seats of a scenario."""
        tree = self._scenarios[scenario, stress]
        replaced = self._season.seats.group
        others = {name: one for name, one in tree["population"].items() if name != replaced}
        sitting = {seat_name(at): self._groups[name] for at, name in enumerate(seats)}
        try:
            return read_config({**tree, "population": {**sitting, **others}}).cell()
        except ConfigError as error:
            where = f"scenarios.{scenario}" + (f".stress.{stress}" if stress else "")
            raise ConfigError(f"{where} with {' v '.join(seats)}: {error}") from None

    def with_baseline(self, match: Match, seat: int) -> Match:
        """Return a match with the baseline in a seat."""
        seats = tuple(BASELINE if at == seat else name for at, name in enumerate(match.seats))
        outside = tuple(at for at in match.outside if at != seat)
        cell = self.cell(match.scenario, match.stress, seats)
        return match._replace(seats=seats, outside=outside, cell=cell)


def _scenario(season: Season, name: str, keys: Keys, stress: Keys) -> Tree:
    """Compose a scenario; its population still has the group that seats replace.

    Raises
        ConfigError: a key that is not allowed, or decides about no lane.
    """
    merged = {**season.common, **keys, **stress}
    where = f"scenarios.{name}"
    for key in merged:
        if key.partition(".")[0] in (*SweepConfig.RUN_KEYS, "record", "episodes"):
            if key == "record.warmup_s":
                continue
            allowed = "it is a key of a run, and not of a market"
            raise ConfigError(f"{where}.keys.{key} is not allowed: {allowed}")
    words = _words(where, merged)
    tree = _composed(where, words)
    group = season.seats.group
    if group not in tree["population"]:
        has = ", ".join(tree["population"])
        raise ConfigError(
            f"seats.group={group} is not allowed: the population of {where} has {has}"
        )
    return tree


def _seat(season: Season) -> Tree:
    """Return the group that gives every entrant its schedule, signal, links and capital."""
    words = [f"trader@population.{_COMPOSED}={season.seats.trader}"]
    for key in season.seats.keys:
        if key.partition(".")[0] not in _OF_A_SEAT:
            allowed = f"a seat sets keys of {', '.join(_OF_A_SEAT)}: the rest is the entrant's"
            raise ConfigError(f"seats.keys.{key} is not allowed: {allowed}")
    keys = {f"population.{_COMPOSED}.{key}": value for key, value in season.seats.keys.items()}
    words += _words("seats", keys)
    tree: Tree = _composed("seats", words)["population"][_COMPOSED]
    _check_maker("seats.trader", season.seats.trader, tree)
    return tree


def _group(name: str, entrant: Entrant, seat: Tree) -> Tree:
    """Return the group of an entrant: its policy and its risk, on what a seat gives."""
    where = name.strip("()") if name in (BASELINE, REFERENCE) else f"entrants.{name}"
    if entrant.is_outside:
        if entrant.risk is None:
            return {**seat, "count": 1}
        words = [_risk(entrant.risk)]
    else:
        words = [f"trader@population.{_COMPOSED}={entrant.trader}"]
        for part in ("filter", "quoting"):
            if (option := getattr(entrant, part)) is not None:
                words.append(f"{part}@population.{_COMPOSED}.policy.{part}={option}")
        if entrant.risk is not None:
            words.append(_risk(entrant.risk))
    keys = {f"population.{_COMPOSED}.{key}": value for key, value in entrant.keys.items()}
    tree = _composed(where, [*words, *_words(where, keys)])["population"][_COMPOSED]
    if not entrant.is_outside:
        _check_maker(f"{where}.trader", str(entrant.trader), tree)
    own = seat if entrant.is_outside else tree
    given = {key: seat[key] for key in _OF_A_SEAT if key in seat}
    return {**own, **given, "risk": tree["risk"], "count": 1}


def _risk(constraints: Sequence[str]) -> str:
    return f"risk@population.{_COMPOSED}.risk=[{','.join(constraints)}]"


def _check_maker(key: str, option: str, tree: Mapping[str, Any]) -> None:
    kind = KINDS.get(str(tree.get("kind")))
    if kind is None or kind.role != CLASS_MAKER:
        raise ConfigError(f"{key}={option} is not allowed: it must be a market maker")


def _words(where: str, keys: Keys) -> list[str]:
    try:
        return overrides.from_mapping(keys, grid=False)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _composed(where: str, words: Sequence[str]) -> Tree:
    try:
        return compose_words(words).tree
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
