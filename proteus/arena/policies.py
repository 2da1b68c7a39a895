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


def sources_of(season: Season, policies: Mapping[str, Maker], is_final: bool) -> dict[str, str]:
    """Return the hash of each policy's files, by the entrants' names.

    Parameters
        season: whose entrants may name files of networks. policies: that are given.
        is_final: final seeds hang on these hashes, so there must be a file.

    Raises
        ConfigError: there is none, as of a class that was written in a cell of a notebook.
    """
    found = {}
    for name, maker in policies.items():
        written = season.entrants[name].policy if name in season.entrants else None
        parts = _files(written, maker)
        if is_final and not parts:
            allowed = "final seeds hang on the files of policies, and it has none"
            raise ConfigError(f"entrants.{name}.policy={written} is not allowed: {allowed}")
        found[name] = hashlib.sha256(b"".join(parts)).hexdigest()
    return found


def _files(written: str | None, maker: Maker) -> list[bytes]:
    """Return what is in the files of a policy: of a network, or of the module of its class."""
    if written is not None and saved.is_saved(written) and Path(written).is_file():
        return [path.read_bytes() for path in saved.files_of(Path(written))]
    named = (getattr(maker, "__module__", ""), (written or "").partition(":")[0])
    texts = []
    for module in dict.fromkeys(sys.modules[name] for name in named if name in sys.modules):
        try:
            texts.append(inspect.getsource(module).encode())
        except (OSError, TypeError):
            continue
    return texts


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
