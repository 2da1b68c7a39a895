"""Who the agents of a result are: their profiles in its attributes, checked, and as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from proteus.basics.schema import canonical_json
from proteus.errors import ResultsError
from proteus.market.agents.identity import agent_uid
from proteus.market.agents.profiles import Profile, profile_of, read_profile
from proteus.market.cell import CellConfig
from proteus.market.variables.base import TRADER
from proteus.market.variables.dimensions import trader_name

UID = "agent_uid"
AGENTS_KEY = "agents"  # attribute, and key of the manifest: profiles with the cells they are in
COLUMNS = (
    "agent_uid", "cohort_id", "trader", "group", "member", "strategy_family", "trader_class",
    "capital_baseline", "risk_envelope", "profile_version", "cells",
)  # fmt: skip


class Listed(NamedTuple):
    """A profile, and the cells that have it; none are known where a file is older."""

    profile: Profile
    cells: tuple[int, ...]


def profiles_of(cell: CellConfig) -> list[Profile]:
    """Return the profiles of the groups of a cell that have agents."""
    groups = cell.population.items()
    return [profile_of(cell.identity.cohort, name, group) for name, group in groups if group.count]


def uids_by_trader(dataset: xr.Dataset) -> dict[str, int]:
    """Return who the traders of a result are, by their names; empty where it names none."""
    if UID not in dataset.coords or TRADER not in dataset.coords:
        return {}
    names, uids = (np.atleast_1d(dataset[name].to_numpy()).tolist() for name in (TRADER, UID))
    return dict(zip(names, uids, strict=True))


def uids_of(cell: CellConfig) -> list[int]:
    """Return who the traders of a cell are, in order of their numbers."""
    return [uid for profile in profiles_of(cell) for uid in profile.agent_uids]


def written(cells: Sequence[CellConfig]) -> list[dict[str, Any]]:
    """Return what results say of their agents: each profile once, with the cells that have it."""
    places: dict[str, list[int]] = {}
    for number, cell in enumerate(cells):
        for profile in profiles_of(cell):
            text = canonical_json(profile.model_dump(mode="json"))
            places.setdefault(text, []).append(number)
    return [{**json.loads(text), "cells": numbers} for text, numbers in places.items()]


def agents(dataset: xr.Dataset) -> pd.DataFrame:
    """Return the profiles of the agents of a result, as a table.

    Parameters
        dataset: of :func:`proteus.sweep` or :func:`proteus.load`.

    Returns
        One row per agent and profile: ``agent_uid`` (int64), ``cohort_id``, ``trader`` (its name
        in this result, as ``maker0``), ``group``, ``member`` (its number in the group),
        ``strategy_family``, ``trader_class``, ``capital_baseline`` (currency; NaN: unlimited),
        ``risk_envelope`` (JSON), ``profile_version`` and ``cells``, the numbers of the cells of
        the sweep in which it is so. Where a sweep varies what a profile says an agent has several
        rows.

    Raises
        ResultsError: no dataset of a sweep, or what it says of its agents cannot be.
    """
    if not isinstance(dataset, xr.Dataset) or "config" not in dataset.attrs:
        needed = "it must be a dataset of proteus.sweep or proteus.load"
        raise ResultsError(f"a {type(dataset).__name__} is not allowed: {needed}")
    listed = check("the dataset", dataset)
    rows = [row for each in listed for row in _rows(each)]
    return pd.DataFrame(rows, columns=[*COLUMNS]).astype({"agent_uid": np.int64})


def _rows(listed: Listed) -> Iterator[dict[str, Any]]:
    profile = listed.profile
    for member, uid in enumerate(profile.agent_uids):
        yield {
            "agent_uid": uid,
            "cohort_id": profile.cohort,
            "trader": trader_name(profile.group, member),
            "group": profile.group,
            "member": member,
            "strategy_family": profile.strategy_family,
            "trader_class": profile.trader_class,
            "capital_baseline": float("nan")
            if profile.capital_baseline is None
            else profile.capital_baseline,
            "risk_envelope": canonical_json(profile.risk_envelope),
            "profile_version": profile.profile_version,
            "cells": listed.cells,
        }


def check(path: Path | str, dataset: xr.Dataset) -> list[Listed]:
    """Return the profiles of a result, once they are those of the agents that it names.

    Parameters
        path: where it is from, for the error. dataset: with its attributes.

    Raises
        ResultsError: a profile of a newer version, one whose uids are not those of its cohort and
            group, or an agent that the dataset names otherwise.
    """
    listed = listed_in(path, dataset.attrs)
    if UID in dataset.coords and TRADER in dataset.dims and AGENTS_KEY in dataset.attrs:
        names = dataset[TRADER].to_numpy().ravel().tolist()
        check_named(path, listed, zip(names, dataset[UID].to_numpy().ravel().tolist(), strict=True))
    return listed


def listed_in(path: Path | str, attributes: Mapping[str, Any]) -> list[Listed]:
    """Return the profiles that the attributes of a file have.

    Parameters
        path: of the file, for the error.

    Raises
        ResultsError: one of a newer version, or whose uids are not those of its cohort and group.
    """
    try:
        return [
            Listed(read_profile(_without(each, "cells")), tuple(each.get("cells", ())))
            for each in _found(attributes)
        ]
    except (ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ResultsError(f"{path} is damaged: its profiles say {error}") from None


def uids_in(listed: Sequence[Listed]) -> dict[str, int]:
    """Return who the traders of profiles are, by their names."""
    return {
        trader_name(each.profile.group, member): uid
        for each in listed
        for member, uid in enumerate(each.profile.agent_uids)
    }


def check_named(
    path: Path | str, listed: Sequence[Listed], traders: Iterable[tuple[str, int]]
) -> None:
    """Refuse a file that names a trader otherwise than its profiles do.

    Parameters
        path: of the file, for the error. listed: its profiles. traders: names with uids.

    Raises
        ResultsError: the first who is somebody else.
    """
    uids = uids_in(listed)
    for name, uid in traders:
        if uids.get(name) != uid:
            said = uids.get(name, "missing")
            raise ResultsError(
                f"{path} is damaged: trader {name} has agent_uid={uid}, in its profile it is {said}"
            )


def _found(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the profiles as written; where there are none, version 0, of the first cell."""
    if AGENTS_KEY in attributes:
        found: list[dict[str, Any]] = json.loads(attributes[AGENTS_KEY])
        return found
    population = yaml.safe_load(attributes["config"])["population"]
    return [
        {"group": name, "config": group} for name, group in population.items() if group["count"]
    ]


def check_traders(
    path: Path, number: int, names: Sequence[str], uids: Sequence[int], cohort: str,
    population: Mapping[str, Mapping[str, Any]],
) -> None:  # fmt: skip
    """Refuse a file whose traders are not who it says, as far as it says that.

    Parameters
        path: the file. number: of the cell. names, uids: of its traders, in order; an older file
            has no uids. cohort, population: of its configuration, {} where the file has none.

    Raises
        ResultsError: the first trader who is somebody else.
    """
    if not uids:
        return
    known = {
        trader_name(group, member): agent_uid(cohort, group, member)
        for group, config in population.items()
        for member in range(config["count"])
    }
    named = dict(zip(names, uids, strict=False))
    for name in names:
        if name not in named or known.get(name, named[name]) != named[name]:
            said, must = named.get(name, "missing"), known.get(name, "another one")
            raise ResultsError(
                f"{path} is damaged: trader {name} of cell {number} has agent_uid={said}, by its "
                f"cohort and group it is {must}"
            )


def _without(tree: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if name != key}
