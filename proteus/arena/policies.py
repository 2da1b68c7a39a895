"""Policies from outside: what they are given, and where they come from.

A policy is called with its ``Seat`` and gives something with ``act(observation) -> Quotes``, which
is asked at every decision for all lanes side by side. It may keep what it likes between decisions,
a row per lane; lanes start together and end each at its own time.

    class Mine:
        def __init__(self, seat):
            self.lanes = seat.lanes

        def act(self, seen):
            ...
            return proteus.Quotes(price, lots)

A network that was saved to a file, of torch or ONNX, is one too (``proteus.policies.saved``).
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from proteus.arena.season import Season
from proteus.errors import ConfigError, nearest
from proteus.market.cell import CellConfig
from proteus.market.setup.members import CellSetup
from proteus.policies import saved
from proteus.sessions.actions import Quotes
from proteus.sessions.observation import Observation

GROUP = "proteus.policies"  # of entry points

Floats = NDArray[np.float64]
WithCosts = Callable[[Floats, NDArray[Any], NDArray[Any]], Floats]


class Seat(NamedTuple):
    """What a policy is told before it plays: the rules, and who it is; no seed and no state."""

    cell: CellConfig
    setup: CellSetup
    lanes: int
    traders: NDArray[np.int64]  # [1] its number in the population
    with_costs: WithCosts  # half-spreads, prices, lots -> wider half-spreads, as Session.with_costs


class Policy(Protocol):
    """What decides for one seat in all lanes."""

    def act(self, seen: Observation) -> Quotes:
        """Say what should stand in the lanes that wait."""


Maker = Callable[[Seat], Policy]


def policies_of(season: Season) -> dict[str, Maker]:
    """Load the policies of a season's entrants, by the entrants' names.

    Raises
        ConfigError: one that is not there or cannot be loaded.
    """
    return {
        name: _load(f"entrants.{name}.policy", entrant.policy)
        for name, entrant in season.entrants.items()
        if entrant.policy is not None
    }


def sources_of(season: Season, policies: Mapping[str, Maker]) -> dict[str, str]:
    """Return the hash of each policy's file, by the entrants' names.

    Parameters
        policies: that are given. season: whose entrants may name files of networks.
    """
    found = {}
    for name, maker in policies.items():
        written = season.entrants[name].policy if name in season.entrants else None
        if written is not None and saved.is_saved(written) and Path(written).is_file():
            found[name] = hashlib.sha256(Path(written).read_bytes()).hexdigest()
            continue
        module = sys.modules.get(getattr(maker, "__module__", ""), None)
        try:
            text = inspect.getsource(module) if module is not None else ""
        except (OSError, TypeError):
            text = ""
        found[name] = hashlib.sha256(text.encode()).hexdigest()
    return found


def _load(key: str, written: str) -> Maker:
    if saved.is_saved(written):
        return saved.load(written, f"{key}={written}")
    where, is_object, name = written.partition(":")
    try:
        if is_object:
            found: Any = importlib.import_module(where)
            for part in name.split("."):
                found = getattr(found, part)
        else:
            entries = {entry.name: entry for entry in entry_points(group=GROUP)}
            if written not in entries:
                allowed = f"write module:object, a saved network, or a name of {GROUP}"
                raise ConfigError(
                    f"{key}={written} does not exist{nearest(written, entries)}; {allowed}"
                )
            found = entries[written].load()
    except ConfigError:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0]
        kind = type(error).__name__
        raise ConfigError(f"{key}={written} cannot be loaded: {kind}: {reason}") from None
    if not callable(found):
        raise ConfigError(f"{key}={written} is not allowed: it must be a class or a function")
    maker: Maker = found
    return maker
