"""What must hold of both arms of every scenario, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import xarray as xr

from proteus.market.cell import CellConfig
from proteus.market.stress.models import JUMPS
from proteus.plans import draws
from proteus.stress.pack import Scenario

TINY = 1e-9  # currency


class Arms(NamedTuple):
    """A market as usual and in stress: its cell, and what was measured of it."""

    scenario: Scenario
    usual: CellConfig
    stressed: CellConfig
    as_usual: xr.Dataset
    in_stress: xr.Dataset
    root: int  # of the seeds
    first: int  # of them


def conserved(arms: Arms) -> str:
    """Money is only moved: what all classes and accounts won sums to zero in every seed."""
    for data in (arms.as_usual, arms.in_stress):
        names = [name for name in data if str(name).startswith("pnl_")]
        won = [data[name] for name in names if data[name].dims == ("seed",)]
        worst = float(np.abs(sum(won)).max())
        if worst > TINY:
            return f"profits sum to {worst:g} instead of 0"
    return ""


def common(arms: Arms) -> str:
    """Both arms meet the same arrivals, sizes, signals and latencies; only news may be added."""
    drawn = [draws.exogenous(cell, arms.root, arms.first) for cell in (arms.usual, arms.stressed)]
    may = {"news"} if arms.stressed.stress.about(JUMPS) else set()
    other = sorted({*draws.differing(*drawn)} - may)
    return f"the draws of {', '.join(other)} differ" if other else ""


def declared(arms: Arms) -> str:
    """The declared variable is measured in both arms."""
    for data, name in ((arms.as_usual, "as usual"), (arms.in_stress, "in stress")):
        if not bool(data[arms.scenario.watched].notnull().any()):
            return f"{arms.scenario.watched} is not measured {name}"
    return ""


def differing(arms: Arms) -> str:
    """The arms differ in stress and in nothing else."""
    left, right = arms.usual, arms.stressed
    same = left.model_copy(update={"stress": right.stress}).canonical() == right.canonical()
    return "" if same and left.stress != right.stress else "the arms differ in more than stress"


INVARIANTS: dict[str, Callable[[Arms], str]] = {
    check.__name__: check for check in (conserved, common, declared, differing)
}


def broken(arms: Arms) -> dict[str, str]:
    """Return what does not hold, by the name of the invariant."""
    found = {name: check(arms) for name, check in INVARIANTS.items()}
    return {name: why for name, why in found.items() if why}
