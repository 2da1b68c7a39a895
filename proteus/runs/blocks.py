"""Run a task's lanes in blocks, and again, with more room, those that outgrew theirs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import nullcontext
from typing import Any

import numpy as np
from numba import errors as compiler_errors
from numpy.typing import NDArray

from proteus.compiler.jit import JIT_DISABLED
from proteus.market.cell import CellConfig
from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.setup import capacities
from proteus.market.setup.block import Block, BlockPool, build_block
from proteus.market.setup.carrying import Carried, put, take
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.setup.designs import Words, rows
from proteus.market.setup.members import CellSetup
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_CAPACITY, FAULT_NONE
from proteus.market.variables import Values, measure, variables_of
from proteus.market.variables.base import EPISODE
from proteus.market.variables.dimensions import widened
from proteus.recording.columns import rows_of
from proteus.results.outcome import LaneLog, Outcome, Violation
from proteus.runs.explaining import explained
from proteus.runs.tasks import Task

CELLS_KEPT = 4  # whose blocks a worker keeps


class Pools:
    """The blocks that a worker uses again, of the last few cells."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._pools: OrderedDict[tuple[str, bool, bool], BlockPool] = OrderedDict()

    def of(self, task: Task) -> BlockPool:
        """Return the pool of a task's cell; workers on threads share it.

        Raises
            ConfigError: the news is too strong to be tabulated.
        """
        key = task.key, task.is_recorded, task.is_rich
        with self._lock:
            if key not in self._pools:
                setup = set_up_cell(task.cell, task.is_rich)
                self._pools[key] = BlockPool(with_log(setup) if task.is_recorded else setup)
            self._pools.move_to_end(key)
            while len(self._pools) > CELLS_KEPT:
                self._pools.popitem(last=False)
            return self._pools[key]


def run_task(task: Task, pools: Pools) -> Outcome:
    """Run the lanes of a task, block by block."""
    pool, count = pools.of(task), len(task.replicates)
    outcome = Outcome(task.number, task.replicates, {}, [], [], [])
    if count <= task.block_lanes:
        return outcome._replace(values=_run(task, pool, slice(count), outcome))
    for at in range(0, count, task.block_lanes):
        part = slice(at, at + task.block_lanes)
        for name, column in _run(task, pool, part, outcome).items():
            whole = outcome.values.setdefault(name, np.empty((count, *column.shape[1:])))
            whole[part] = column
    return outcome


def _run(task: Task, pool: BlockPool, part: slice, outcome: Outcome) -> dict[str, Values]:
    """Run one block, all its episodes one after the other; returns the values."""
    episodes, found = task.cell.episodes, []
    carried = None if task.carried is None else task.carried[part]
    stopped = np.zeros(len(task.replicates[part]), np.bool_)
    for number in range(task.episode, task.episode + episodes.count):
        keys = rows(task.design, task.root, task.replicates[part], number)
        block = pool.take(keys)
        if carried is not None:
            put(block.world, task.cell, carried)
        try:
            _advance(block)
        except (compiler_errors.NumbaError, compiler_errors.UnsupportedBytecodeError) as error:
            raise explained(pool.setup, error) from error
        after = take(block.world, task.cell) if episodes.carries else None
        found.append(
            _finish(task, pool, part, block, keys, carried, after, stopped, number, outcome)
        )
        carried = after
        pool.give_back(block)
    if carried is not None:
        outcome.carried.append(carried)
    if not episodes.are_used:
        return found[0]
    return {name: np.stack([each.pop(name) for each in found], axis=1) for name in [*found[0]]}


def _finish(
    task: Task, pool: BlockPool, part: slice, block: Block, keys: Words, carried: Carried | None,
    after: Carried | None, stopped: NDArray[np.bool_], episode: int, outcome: Outcome,
) -> dict[str, Values]:  # fmt: skip
    """Return what a settled block measured; run those of its lanes that need more room again.

    Parameters
        keys: of its lanes. carried: what they started with. after: what they carry on; written
            for lanes that are run again. stopped: bool [L], lanes that an earlier episode stopped;
            written.
    """
    values = _measured(task, block)
    for lane, replicate in enumerate(map(int, task.replicates[part])):
        fault = int(block.world.progress.fault[lane])
        if stopped[lane]:
            for column in values.values():
                column[lane] = np.nan
            continue
        if fault == FAULT_NONE:
            if task.is_recorded:
                outcome.logs.append(LaneLog(replicate, rows_of(block.world.log, lane), False))
            continue
        is_wanted = task.is_recorded or bool(task.if_violated[part][lane])
        setup = with_log(pool.setup) if is_wanted else pool.setup
        begins = None if carried is None else carried[lane : lane + 1]
        again = _run_again(setup, keys[lane : lane + 1], fault, begins)
        is_violated = again.world.progress.fault[0] != FAULT_NONE
        for name, alone in _measured(task, again).items():
            values[name][lane] = np.nan if is_violated else alone[0]
        if is_violated:
            outcome.violations.append(_describe(again, replicate, episode, task.cell))
        elif after is not None:
            after[lane] = take(again.world, task.cell)[0]
        stopped[lane] = is_violated
        if task.is_recorded or (is_wanted and is_violated):
            outcome.logs.append(LaneLog(replicate, rows_of(again.world.log, 0), is_violated))
    return values


def _advance(block: Block) -> None:
    """Run a block to its end; in plain Python the words of Philox wrap around, as they should."""
    with np.errstate(over="ignore") if JIT_DISABLED else nullcontext():
        advance_block(block.mechanism, block.world, NEVER_NS)


def _measured(task: Task, block: Block) -> dict[str, Values]:
    """Return what is measured of a block, with the labels of its sweep."""
    labels = {dim: labels for dim, labels in task.dims.items() if dim != EPISODE}
    values = measure(block.world, task.dims)
    for variable in variables_of(task.dims):
        dims = tuple(dim for dim in variable.dims if dim != EPISODE)
        if any(dim in labels for dim in dims):
            own = values[variable.name]
            values[variable.name] = widened(own, variable._replace(dims=dims), task.cell, labels)
    return values


def _run_again(setup: CellSetup, key: Words, fault: int, carried: Carried | None) -> Block:
    """Run one lane alone, with doubled room until it fits; one that breaks is audited.

    Only an audit of every event tells which came first, and where: a lane that has lost an event
    for want of room may break an invariant later. It costs as much as the lane has orders, each
    time, so a lane that merely needs room does without.
    """
    growth, audit = (2, False) if fault == FAULT_CAPACITY else (1, True)
    while True:
        block = build_block(setup, key, growth, audit)
        if carried is not None:
            put(block.world, setup.cell, carried)
        _advance(block)
        fault = int(block.world.progress.fault[0])
        needs_room = fault == FAULT_CAPACITY and growth < capacities.LARGEST_GROWTH
        if fault == FAULT_NONE or (audit and not needs_room):
            return block
        growth, audit = (2 * growth, False) if needs_room else (growth, True)


def _describe(block: Block, replicate: int, episode: int, cell: CellConfig) -> Violation:
    progress: Any = block.world.progress
    fault, event = int(progress.fault[0]), int(progress.fault_event[0])
    reason = LEDGER_CODES.get(fault, "capacity")
    of = f"episode {episode} of seed" if cell.episodes.are_used else "seed"
    detail = f"{reason.replace('_', ' ')} at event {event} of {of} {replicate}"
    return Violation(replicate, reason, event, int(progress.now[0]), detail)
