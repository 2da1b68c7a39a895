"""Lanes in blocks: hand the replicates of cells to workers and describe what they did.

No market logic. A block is a set of lanes that one worker advances together; a task is the lanes
that a worker is handed at once, as one block or several. Which lanes share a block or a task, and
who runs it, changes no bit of any result. A lane that outgrows a capacity is run again with more
room; a lane that breaks an invariant is run again with the invariants checked after every event,
so that the report names the first event at fault.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.accounting import LEDGER_CODES
from proteus.block import Block, BlockPool, CellSetup, build_block, set_up_cell, with_log
from proteus.config import CellConfig
from proteus.executors import Workers, on_threads
from proteus.lanes import Violation
from proteus.recording.columns import rows_of
from proteus.recording.lanes import BLOCKS_AHEAD, LARGEST_RECORDED_BLOCK, LaneLog, Recording
from proteus.rng import replicate_keys
from proteus.simulation import run_block
from proteus.variables import Values, measure
from proteus.world import FAULT_CAPACITY, FAULT_NONE

LARGEST_BLOCK = 32  # lanes whose hot state stays in the second-level cache
LARGEST_TASK = 512  # lanes that travel to another process at once: about half a second of work
LARGEST_GROWTH = 64  # a lane that needs more than this many times the usual room is a violation
_TASKS_PER_WORKER = 4
CELLS_KEPT = 4  # whose blocks a worker keeps


@dataclass(frozen=True)
class CellOutcome:
    """What a cell gives.

    values: per variable float64 [R, *dims], in the order of the replicates; NaN where violated.
    """

    values: dict[str, Values]
    violations: list[Violation]


class Job(NamedTuple):
    """Replicates of one cell that are to be simulated. R lanes."""

    number: int  # of the cell, for whoever asked
    cell: CellConfig
    root: int  # root seed
    replicates: NDArray[np.int64]  # [R]
    recorded: NDArray[np.bool_]  # [R]
    if_violated: NDArray[np.bool_]  # [R] recorded when the lane is run again and stays violated
    block_lanes: int | None  # lanes in a block; None: chosen
    task_lanes: int | None  # lanes in a task; None: chosen


class Task(NamedTuple):
    """Lanes of one cell for one worker, with all that it must know. L lanes."""

    number: int
    key: str  # equal keys mean equal cells
    cell: CellConfig
    root: int
    replicates: NDArray[np.int64]  # [L]
    if_violated: NDArray[np.bool_]  # [L]
    block_lanes: int
    is_recorded: bool


class Outcome(NamedTuple):
    """What a task gives. L lanes."""

    number: int  # of the cell
    replicates: NDArray[np.int64]  # [L]
    values: dict[str, Values]  # per variable float64 [L, *dims]; NaN where violated
    violations: list[Violation]
    logs: list[LaneLog]


class Pools:
    """The blocks that a worker uses again, of the last few cells."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._pools: OrderedDict[tuple[str, bool], BlockPool] = OrderedDict()

    def of(self, task: Task) -> BlockPool:
        """Return the pool of a task's cell; workers on threads share it.

        Raises
            ConfigError: the news is too strong to be tabulated.
        """
        key = task.key, task.is_recorded
        with self._lock:
            if key not in self._pools:
                setup = set_up_cell(task.cell)
                self._pools[key] = BlockPool(with_log(setup) if task.is_recorded else setup)
            self._pools.move_to_end(key)
            while len(self._pools) > CELLS_KEPT:
                self._pools.popitem(last=False)
            return self._pools[key]


def run_cell(
    cell: CellConfig,
    replicates: NDArray[np.int64],
    *,
    root: int,
    workers: int,
    block_lanes: int | None,
    recording: Recording | None = None,
) -> CellOutcome:
    """Simulate the replicates of one cell on threads, and keep all of it in memory.

    Parameters
        cell: the configuration. replicates: int64 [R], different ones. root: root seed.
        workers: threads. block_lanes: lanes in a block, or None to choose.
        recording: lanes whose events are recorded; they run in blocks of their own.

    Returns
        CellOutcome; the same bits for any ``workers``, ``block_lanes`` and ``recording``.
    """
    none = np.zeros(len(replicates), np.bool_)
    recording = recording or Recording(none, none, lambda log: None)
    chosen = recording.always, recording.if_violated
    job = Job(0, cell, root, replicates, *chosen, block_lanes, None)
    place = {int(replicate): at for at, replicate in enumerate(replicates)}
    values: dict[str, Values] = {}
    violations: list[Violation] = []
    logs: list[LaneLog] = []
    with on_threads(workers) as hands:
        for outcome in run_jobs([job], hands):
            places = [place[int(replicate)] for replicate in outcome.replicates]
            for name, column in outcome.values.items():
                whole = values.setdefault(name, np.empty((len(replicates), *column.shape[1:])))
                whole[places] = column
            violations += outcome.violations
            logs += outcome.logs
    for log in sorted(logs, key=lambda log: (not recording.always[place[log.replicate]],
                                             place[log.replicate])):  # fmt: skip
        recording.take(log)
    return CellOutcome(values, sorted(violations, key=lambda bad: place[bad.replicate]))


def run_jobs(
    jobs: Iterable[Job], workers: Workers, stop: Callable[[], bool] = lambda: False
) -> Iterator[Outcome]:
    """Run jobs on workers and yield what each task gives, as it is finished.

    Few tasks are under way at once. Once ``stop()`` holds, or when a task fails, none is begun;
    those that run are finished and yielded, and then the first failure is raised.

    Parameters
        jobs: what to simulate. workers: who does it. stop: asked after every task.
    """
    tasks: Iterator[Task] = (task for job in jobs for task in _tasks(job, workers))
    running: set[Future[Outcome]] = set()
    failure: BaseException | None = None
    try:
        while True:
            if failure is not None or stop():
                running = {future for future in running if not workers.cancel(future)}
                tasks = iter(())
            while len(running) < (1 + BLOCKS_AHEAD) * workers.capacity():
                task = next(tasks, None)
                if task is None:
                    break
                try:
                    running.add(workers.submit(task))
                except BrokenExecutor as error:  # those that run fail too
                    failure, tasks = error, iter(())
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    outcome = future.result()
                except Exception as error:
                    failure = failure or error
                else:
                    yield outcome
    finally:
        for future in running:
            workers.cancel(future)
    if failure is not None:
        raise failure


def _tasks(job: Job, workers: Workers) -> Iterator[Task]:
    """Cut a job into tasks; recorded lanes are in tasks of their own, which come first."""
    count, hands = len(job.replicates), workers.capacity()
    even = max(1, -(-count // (_TASKS_PER_WORKER * hands)))
    block = job.block_lanes or min(LARGEST_BLOCK, even)
    task = job.task_lanes or (max(block, min(LARGEST_TASK, even)) if workers.are_remote else block)
    key = job.cell.canonical()
    for is_recorded, most in ((True, LARGEST_RECORDED_BLOCK), (False, task)):
        places = np.flatnonzero(job.recorded == is_recorded)
        lanes = min(task, most)
        for at in range(0, len(places), lanes):
            part = places[at : at + lanes]
            yield Task(
                job.number, key, job.cell, job.root, job.replicates[part],
                job.if_violated[part], min(block, most), is_recorded,
            )  # fmt: skip


def run_task(task: Task, pools: Pools) -> Outcome:
    """Run the lanes of a task, block by block."""
    pool, count = pools.of(task), len(task.replicates)
    outcome = Outcome(task.number, task.replicates, {}, [], [])
    for at in range(0, count, task.block_lanes):
        part = slice(at, at + task.block_lanes)
        for name, column in _run(task, pool, part, outcome).items():
            whole = outcome.values.setdefault(name, np.empty((count, *column.shape[1:])))
            whole[part] = column
    return outcome


def _run(task: Task, pool: BlockPool, part: slice, outcome: Outcome) -> dict[str, Values]:
    """Run one block, and again those of its lanes that need more room; returns the values."""
    keys = replicate_keys(task.root, task.replicates[part])
    block = pool.take(keys)
    run_block(block.mechanism, block.world)
    values = measure(block.world)
    for lane, replicate in enumerate(map(int, task.replicates[part])):
        fault = int(block.world.progress.fault[lane])
        if fault == FAULT_NONE:
            if task.is_recorded:
                outcome.logs.append(LaneLog(replicate, rows_of(block.world.log, lane), False))
            continue
        is_wanted = task.is_recorded or bool(task.if_violated[part][lane])
        setup = with_log(pool.setup) if is_wanted else pool.setup
        again = _run_again(setup, keys[lane : lane + 1], fault)
        is_violated = again.world.progress.fault[0] != FAULT_NONE
        for name, alone in measure(again.world).items():
            values[name][lane] = np.nan if is_violated else alone[0]
        if is_violated:
            outcome.violations.append(_describe(again, replicate))
        if task.is_recorded or (is_wanted and is_violated):
            outcome.logs.append(LaneLog(replicate, rows_of(again.world.log, 0), is_violated))
    pool.give_back(block)
    return values


def _run_again(setup: CellSetup, key: NDArray[np.uint32], fault: int) -> Block:
    """Run one lane alone, with doubled room until it fits; one that breaks is audited.

    Only an audit of every event tells which came first, and where: a lane that has lost an event
    for want of room may break an invariant later. It costs as much as the lane has orders, each
    time, so a lane that merely needs room does without.
    """
    growth, audit = (2, False) if fault == FAULT_CAPACITY else (1, True)
    while True:
        block = build_block(setup, key, growth, audit)
        run_block(block.mechanism, block.world)
        fault = int(block.world.progress.fault[0])
        needs_room = fault == FAULT_CAPACITY and growth < LARGEST_GROWTH
        if fault == FAULT_NONE or (audit and not needs_room):
            return block
        growth, audit = (2 * growth, False) if needs_room else (growth, True)


def _describe(block: Block, replicate: int) -> Violation:
    progress: Any = block.world.progress
    fault, event = int(progress.fault[0]), int(progress.fault_event[0])
    reason = LEDGER_CODES.get(fault, "capacity")
    detail = f"{reason.replace('_', ' ')} at event {event} of seed {replicate}"
    return Violation(replicate, reason, event, int(progress.now[0]), detail)
