"""Small cells, run compiled or in plain Python.

Parts of kernels called from Python run as plain Python, to the same bits: 0.1 s for a lane of 3 s.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from proteus.market.cell import CellConfig
from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.snapshots import arrays_of
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_NONE, World
from proteus.plans import planner

ROOT = 7
SHORT = (
    "horizon_s=3", "delta=100", "metrics.tau_ms=1000", "metrics.horizons_ms=[0,100,500]",
    "record.warmup_s=0.5",
)  # fmt: skip
TINY = (
    "horizon_s=0.4", "metrics.tau_ms=200", "metrics.horizons_ms=[0,100,200]",
    "record.warmup_s=0.1",
)  # fmt: skip


@functools.cache
def cell(*words: str) -> CellConfig:
    """Compose a cell of 3 s with the baseline traders; words come last and win."""
    keys = {word.lstrip("+").partition("=")[0] for word in words}
    kept = [word for word in SHORT if word.partition("=")[0] not in keys]
    return planner.from_words([*kept, *words]).cells[0]


_AROUND = {  # what a kind of trader needs around it
    "spoofer": (
        "execution=depth", "+trader@population.reader=lab_maker", "population.reader.count=2",
        "filter@population.reader.policy.filter=microprice",
        "quoting@population.reader.policy.quoting=fixed",
        "population.reader.policy.quoting.half_spread=0.004",
    ),
}  # fmt: skip


def only(kind: str, makers: int = 1) -> tuple[str, ...]:
    """Return the words for a population of two traders of one kind, makers and a noise trader.

    A kind that acts on others has those beside them.
    """
    groups = [name for name in cell().population if name not in ("maker", "noise")]
    return (
        f"population.maker.count={makers}",
        "population.noise.count=1",
        *(f"population.{name}.count=0" for name in groups),
        f"+trader@population.probe={kind}",
        "population.probe.count=2",
        *_AROUND.get(kind, ()),
    )


def build(config: CellConfig, lanes: int = 1, growth: int = 1, audit: bool = False) -> Block:
    """Allocate replicates 0 .. lanes - 1 of a cell."""
    keys = replicate_keys(ROOT, np.arange(lanes))
    return build_block(set_up_cell(config), keys, growth, audit)


def run_plain(mechanism: Any, world: World, until: int = NEVER_NS) -> None:
    """Run a block in plain Python; the wrap-around of Philox words is not an accident."""
    with np.errstate(over="ignore"):
        getattr(advance_block, "py_func", advance_block)(mechanism, world, until)


def finished(config: CellConfig, lanes: int = 1, audit: bool = False) -> World:
    """Run a block compiled."""
    block = build(config, lanes, audit=audit)
    advance_block(block.mechanism, block.world, NEVER_NS)
    assert (block.world.progress.fault == FAULT_NONE).all(), "a lane breaks an invariant"
    return block.world


def finished_plain(config: CellConfig, lanes: int = 1, audit: bool = False) -> World:
    """Run a block in plain Python."""
    block = build(config, lanes, audit=audit)
    run_plain(block.mechanism, block.world)
    assert (block.world.progress.fault == FAULT_NONE).all(), "a lane breaks an invariant"
    return block.world


def differing(left: Any, right: Any) -> list[str]:
    """Name the arrays in which two states differ by a bit."""
    pairs = zip(arrays_of(left), arrays_of(right), strict=True)
    return [path for (path, a), (_, b) in pairs if a.tobytes() != b.tobytes()]
