"""Blocks and workers: run the replicates of a cell and collect what was measured.

No market logic. A block is a set of lanes that one worker advances together; which lanes share a
block, and on how many threads the blocks run, changes no bit of any result. A lane that outgrows
a capacity is run again with more room; a lane that breaks an invariant is run again with the
invariants checked after every event, so that the report names the first event at fault.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.accounting import LEDGER_CODES
from proteus.block import Block, BlockPool, CellSetup, build_block, set_up_cell, with_log
from proteus.config import CellConfig
from proteus.recording.columns import rows_of
from proteus.recording.lanes import BLOCKS_AHEAD, LARGEST_RECORDED_BLOCK, LaneLog, Recording
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


class _Work(NamedTuple):
    """What all blocks of a cell are told. R lanes."""

    keys: NDArray[np.uint32]  # [R, 2]
    replicates: NDArray[np.int64]  # [R]
    recording: Recording
    progress: Callable[[int], None] | None


class _Done(NamedTuple):
    """What a block gives."""

    values: dict[str, Values]
    violated: list[int]  # lanes of the block
    violations: list[Violation]  # one for each of these
    logs: list[LaneLog]


_Task = tuple[BlockPool, NDArray[np.int64]]  # where to take the block, and the places of its lanes


def run_cell(
    cell: CellConfig,
    replicates: NDArray[np.int64],
    *,
    root: int,
    workers: int,
    block_lanes: int | None,
    progress: Callable[[int], None] | None = None,
    recording: Recording | None = None,
) -> CellOutcome:
    """Simulate the replicates of one cell.

    Parameters
        cell: the configuration. replicates: int64 [R]. root: root seed.
        workers: threads. block_lanes: lanes in a block, or None to choose.
        progress: called with the number of lanes that have just been finished.
        recording: lanes whose events are recorded; they run in blocks of their own.

    Returns
        CellOutcome; the same bits for any ``workers``, ``block_lanes`` and ``recording``.
    """
    recording = recording or _no_recording(len(replicates))
    setup, lanes = set_up_cell(cell), block_lanes or _choose_block(len(replicates), workers)
    work = _Work(replicate_keys(root, replicates), replicates, recording, progress)
    plain, logged = BlockPool(setup), BlockPool(with_log(setup))
    tasks = [
        *_tasks(logged, np.flatnonzero(recording.always), min(lanes, LARGEST_RECORDED_BLOCK)),
        *_tasks(plain, np.flatnonzero(~recording.always), lanes),
    ]
    values: dict[str, Values] = {}
    violations: list[tuple[int, Violation]] = []
    with ThreadPoolExecutor(max_workers=workers) as threads:
        try:
            for (_, places), done in _in_order(threads, work, tasks, BLOCKS_AHEAD * workers):
                for name, column in done.values.items():
                    whole = values.setdefault(name, np.empty((len(replicates), *column.shape[1:])))
                    whole[places] = column
                violations += zip(places[done.violated], done.violations, strict=True)
                for log in done.logs:
                    recording.take(log)
        finally:
            threads.shutdown(wait=True, cancel_futures=True)
    return CellOutcome(values, [bad for _, bad in sorted(violations, key=lambda pair: pair[0])])


def _no_recording(replicates: int) -> Recording:
    none = np.zeros(replicates, np.bool_)
    return Recording(none, none, lambda log: None)


def _choose_block(replicates: int, workers: int) -> int:
    return max(1, min(LARGEST_BLOCK, -(-replicates // (_BLOCKS_PER_WORKER * workers))))


def _tasks(pool: BlockPool, places: NDArray[np.int64], lanes: int) -> list[_Task]:
    return [(pool, places[at : at + lanes]) for at in range(0, len(places), lanes)]


def _in_order(
    threads: ThreadPoolExecutor, work: _Work, tasks: Sequence[_Task], ahead: int
) -> Iterator[tuple[_Task, _Done]]:
    """Run the tasks and yield what they give in their order; few results wait at once."""
    waiting: deque[tuple[_Task, Future[_Done]]] = deque()
    for task in tasks:
        waiting.append((task, threads.submit(_run, work, *task)))
        if len(waiting) > ahead:
            first, future = waiting.popleft()
            yield first, future.result()
    for task, future in waiting:
        yield task, future.result()


def _run(work: _Work, pool: BlockPool, places: NDArray[np.int64]) -> _Done:
    """Run one block, and again those of its lanes that need more room."""
    keys, is_recorded = work.keys[places], pool.setup.log_rows > 0
    block = pool.take(keys)
    run_block(block.mechanism, block.world)
    done = _Done(measure(block.world), [], [], [])
    for lane, place in enumerate(places):
        replicate, fault = int(work.replicates[place]), int(block.world.progress.fault[lane])
        if fault == FAULT_NONE:
            if is_recorded:
                done.logs.append(LaneLog(replicate, rows_of(block.world.log, lane), False))
            continue
        is_wanted = is_recorded or bool(work.recording.if_violated[place])
        setup = with_log(pool.setup) if is_wanted else pool.setup
        again = _run_again(setup, keys[lane : lane + 1], fault)
        is_violated = again.world.progress.fault[0] != FAULT_NONE
        for name, alone in measure(again.world).items():
            done.values[name][lane] = np.nan if is_violated else alone[0]
        if is_violated:
            done.violated.append(lane)
            done.violations.append(_describe(again, replicate))
        if is_recorded or (is_wanted and is_violated):
            done.logs.append(LaneLog(replicate, rows_of(again.world.log, 0), is_violated))
    pool.give_back(block)
    if work.progress is not None:
        work.progress(len(places))
    return done


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
