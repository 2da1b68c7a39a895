"""Blocks and workers: run the replicates of a cell and collect what was measured.

No market logic. A block is a set of lanes that one worker advances together; which lanes share a
block, and on how many threads the blocks run, changes no bit of any result. A lane that outgrows
a capacity is run again with more room; a lane that breaks an invariant is run again with the
invariants checked after every event, so that the report names the first event at fault.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.accounting import LEDGER_CODES
from proteus.block import Block, BlockPool, CellSetup, build_block, set_up_cell
from proteus.config import CellConfig
from proteus.rng import replicate_keys
from proteus.simulation import run_block
from proteus.variables import Values, measure
from proteus.world import FAULT_CAPACITY, FAULT_NONE

LARGEST_BLOCK = 32  # lanes whose hot state stays in the second-level cache
LARGEST_GROWTH = 64  # a lane that needs more than this many times the usual room is a violation
_BLOCKS_PER_WORKER = 4


@dataclass(frozen=True)
class Violation:
    """One lane that broke an invariant or outgrew the memory it may have."""

    replicate: int
    reason: str
    event_id: int  # number of the event in the lane, from 0
    time_ns: int
    detail: str


@dataclass(frozen=True)
class CellOutcome:
    """What a cell gives.

    values: per variable float64 [R, *dims], in the order of the replicates; NaN where violated.
    """

    values: dict[str, Values]
    violations: list[Violation]


def run_cell(
    cell: CellConfig,
    replicates: NDArray[np.int64],
    *,
    root: int,
    workers: int,
    block_lanes: int | None,
    progress: Callable[[int], None] | None = None,
) -> CellOutcome:
    """Simulate the replicates of one cell.

    Parameters
        cell: the configuration. replicates: int64 [R]. root: root seed.
        workers: threads. block_lanes: lanes in a block, or None to choose.
        progress: called with the number of lanes that have just been finished.

    Returns
        CellOutcome; the same bits for any ``workers`` and ``block_lanes``.
    """
    pool = BlockPool(set_up_cell(cell))
    keys = replicate_keys(root, replicates)
    lanes = block_lanes or _choose_block(len(replicates), workers)
    starts = range(0, len(replicates), lanes)
    with ThreadPoolExecutor(max_workers=workers) as threads:
        futures = [
            threads.submit(_run, pool, keys[at : at + lanes], replicates[at : at + lanes], progress)
            for at in starts
        ]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            threads.shutdown(wait=True, cancel_futures=True)
    outcomes = [future.result() for future in futures]
    return CellOutcome(
        values={
            name: np.concatenate([outcome.values[name] for outcome in outcomes])
            for name in outcomes[0].values
        },
        violations=[bad for outcome in outcomes for bad in outcome.violations],
    )


def _choose_block(replicates: int, workers: int) -> int:
    return max(1, min(LARGEST_BLOCK, -(-replicates // (_BLOCKS_PER_WORKER * workers))))


def _run(
    pool: BlockPool,
    keys: NDArray[np.uint32],
    replicates: NDArray[np.int64],
    progress: Callable[[int], None] | None,
) -> CellOutcome:
    """Run one block, and again those of its lanes that need more room."""
    block = pool.take(keys)
    run_block(block.mechanism, block.world)
    values = measure(block.world)
    violations = []
    for lane in np.flatnonzero(block.world.progress.fault != FAULT_NONE):
        again = _run_again(pool.setup, keys[lane : lane + 1], int(block.world.progress.fault[lane]))
        for name, alone in measure(again.world).items():
            values[name][lane] = alone[0]
        if again.world.progress.fault[0] != FAULT_NONE:
            violations.append(_describe(again, int(replicates[lane])))
            for column in values.values():
                column[lane] = np.nan
    pool.give_back(block)
    if progress is not None:
        progress(len(replicates))
    return CellOutcome(values, violations)


def _run_again(setup: CellSetup, key: NDArray[np.uint32], fault: int) -> Block:
    """Run one lane alone, with doubled room until it fits, every event audited.

    Only the audit tells which came first: a lane that has lost an event for want of room may break
    an invariant later.
    """
    growth = 2 if fault == FAULT_CAPACITY else 1
    while True:
        block = build_block(setup, key, growth, audit=True)
        run_block(block.mechanism, block.world)
        if block.world.progress.fault[0] != FAULT_CAPACITY or growth >= LARGEST_GROWTH:
            return block
        growth *= 2


def _describe(block: Block, replicate: int) -> Violation:
    progress: Any = block.world.progress
    fault, event = int(progress.fault[0]), int(progress.fault_event[0])
    reason = LEDGER_CODES.get(fault, "capacity")
    detail = f"{reason.replace('_', ' ')} at event {event} of seed {replicate}"
    return Violation(replicate, reason, event, int(progress.now[0]), detail)
