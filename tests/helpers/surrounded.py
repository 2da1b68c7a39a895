"""Small markets with an environment, run in plain Python, and what is measured of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.market import rng
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.variables import measure
from proteus.market.variables.base import GROUP, TERM
from proteus.market.variables.environment import ENVIRONMENT_VARIABLES
from tests.helpers.cells import ROOT, cell, run_plain

BY_BLOCKS = ["execution.route=blocks", "environment.blocks.interval_ms=100"]
OURS = {variable.name for variable in ENVIRONMENT_VARIABLES}
_LONG_LIVES = ["mechanism.quote_ttl_ms=400", "mechanism.request_ttl_ms=600"]


def words_of(mechanism: str, *words: str, horizon_s: float = 2) -> list[str]:
    """The words of a short market."""
    lives = _LONG_LIVES if mechanism == "rfq" else []
    short = [f"horizon_s={horizon_s}", "metrics.tau_ms=500", "metrics.elapsed_ms=[100]"]
    short += ["metrics.horizons_ms=[0]", "record.warmup_s=0.5", "population.noise.count=2"]
    return [f"mechanism={mechanism}", *lives, *short, *words]


def run(mechanism: str, *words: str, replicates: tuple[int, ...] = (0,), rich: bool = False) -> Any:
    """The world of some replicates when it has ended."""
    setup = set_up_cell(cell(*words_of(mechanism, *words)), rich)
    keys = rng.replicate_keys(ROOT, np.array(replicates))
    block = build_block(setup, keys, 8, False)
    run_plain(*block)
    assert not block.world.progress.fault.any()
    return block.world


def measured(world: Any) -> dict[str, NDArray[Any]]:
    """All variables."""
    return measure(world, (GROUP, TERM))


def differing(one: Any, two: Any) -> set[str]:
    """The variables that differ in any bit."""
    ours, theirs = measured(one), measured(two)
    return {name for name in ours if ours[name].tobytes() != theirs[name].tobytes()}
