"""Play the matches of a season: those of the engine in its loop, the others through sessions.

Every match of a kind plays the same seeds. What a match gives is a number for each seed and seat,
and nothing of it depends on which matches are played beside it, in which order, or by how many
workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.arena.matches import Match, seat_name
from proteus.arena.season import Season
from proteus.arena.wanting import costs_of_wanting
from proteus.basics.units import NANO
from proteus.compiler.jit import JIT_DISABLED
from proteus.configuration.executors import ThreadsExecutor
from proteus.configuration.study import PILOT, first_of
from proteus.errors import ViolationError
from proteus.market.events.log import Log
from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.capacities import LARGEST_GROWTH, expected_rows
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.members import CellSetup
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_CAPACITY, FAULT_NONE
from proteus.market.variables.base import GROUP
from proteus.market.variables.dimensions import Labels, labels_of, optional_of
from proteus.results.outcome import Outcome, Violation
from proteus.runs.blocks import Pools, run_task
from proteus.runs.compiling import compile_ahead
from proteus.runs.dispatch import run_jobs
from proteus.runs.tasks import Job, Task, Workers
from proteus.runs.workers import usable_cores

Array = NDArray[np.float64]
Say = Callable[[int], None]  # told of every number of lanes that are finished

# Larger than those of a run: a match has few lanes, so what it costs by itself weighs more, and one
# worker plays most of them in one block that is used again.
_BLOCK, _RECORDED_BLOCK, _TASK = 50, 25, 250  # lanes
_LOG_BYTES = 32_000_000  # of the logs of a block
_ROW_BYTES = 8 * (len(Log._fields) - 1)
WON, WANTING = "won", "wanting"
_WON = "pnl_marked_by_group"


class Forfeit(NamedTuple):
    """A lane that an entrant could not play to its end."""

    match: int  # number of the match
    seat: int
    entrant: str
    replicate: int
    lost: float  # what it had made by then, currency
    reason: str  # a sentence


class Played(NamedTuple):
    """What a match gave. S seeds, K seats."""

    won: Array  # [S, K] PnL marked at v, net of all costs, currency; NaN where it was forfeited
    wanting: Array  # [S] what noise traders paid for wanting to trade, currency; NaN: not measured
    forfeits: tuple[Forfeit, ...] = ()

    def numbered(self, match: int) -> Played:
        """Return it as that of a match of another number: who is out takes matches away."""
        return self._replace(forfeits=tuple(each._replace(match=match) for each in self.forfeits))


class Draw(NamedTuple):
    """Which seeds are played."""

    root: int
    replicates: NDArray[np.int64]  # [S]


def draws_of(season: Season, root: int) -> Mapping[bool, Draw]:
    """Return the seeds of the scale (True), which are public, and those that are judged (False)."""
    seeds = season.seeds
    judged = np.arange(seeds.first, seeds.first + seeds.count, dtype=np.int64)
    scale = first_of(PILOT) + np.arange(seeds.scale_count, dtype=np.int64)
    return {True: Draw(seeds.root, scale), False: Draw(root, judged)}


def play_inside(
    season: Season, matches: Mapping[int, Match], draws: Mapping[bool, Draw], say: Say
) -> dict[int, Played]:
    """Play matches whose entrants are all traders of the engine.

    Parameters
        matches: by their numbers. draws: of the scale (True), and of those that are judged.
        say: told of every number of lanes that are finished.

    Raises
        ViolationError: a lane broke an invariant.
    """
    executor = ThreadsExecutor(
        name="threads", workers=season.workers, block_lanes=None, loop="auto"
    )
    compile_ahead([match.cell for match in matches.values()], executor)
    found = {number: nothing(match, draws[match.is_scale]) for number, match in matches.items()}
    pools, count = Pools(), season.workers or usable_cores()
    with ThreadPoolExecutor(count) as threads:
        workers = Workers(
            lambda task: threads.submit(_play, task, pools, matches[task.number]),
            lambda: count, Future.cancel, are_remote=False,
        )  # fmt: skip
        for outcome in run_jobs(_jobs(matches, draws), workers):
            match, played = matches[outcome.number], found[outcome.number]
            _check(outcome, match)
            rows = outcome.replicates - draws[match.is_scale].replicates[0]
            played.won[rows] = outcome.values[WON]
            played.wanting[rows] = outcome.values[WANTING]
            say(len(rows))
    return found


def play_alone(match: Match, root: int, replicates: NDArray[np.int64]) -> tuple[Array, Array]:
    """Play a few lanes of a match whose entrants are all traders of the engine.

    Returns
        PnL of each seat, float64 [N, K], and what noise traders paid for wanting to trade, [N].
    """
    task = Task(
        0, match.cell.canonical(), match.cell, root, replicates,
        np.zeros(len(replicates), np.bool_), _block_lanes(match), False, False, _dims(match),
    )  # fmt: skip
    outcome = _play(task, Pools(), match)
    _check(outcome, match)
    return outcome.values[WON], outcome.values[WANTING]


def _check(outcome: Outcome, match: Match) -> None:
    """Refuse a lane that broke an invariant."""
    if outcome.violations:
        bad = outcome.violations[0]
        raise ViolationError(f"{bad.detail} of {match.name}: there are no results")


def _dims(match: Match) -> Labels:
    optional = optional_of(match.cell)
    labels = labels_of([match.cell], optional)
    return {dim: labels[dim] for dim in optional}


def nothing(match: Match, draw: Draw) -> Played:
    """Return what a match has given before it was played."""
    seeds = len(draw.replicates)
    return Played(np.full((seeds, len(match.seats)), np.nan), np.full(seeds, np.nan))


def _jobs(matches: Mapping[int, Match], draws: Mapping[bool, Draw]) -> Iterator[Job]:
    for number, match in matches.items():
        draw = draws[match.is_scale]
        seeds = len(draw.replicates)
        nothing_kept = np.zeros(seeds, np.bool_)  # by the run: a log is read where it was written
        yield Job(
            number, match.cell, draw.root, draw.replicates, nothing_kept, nothing_kept,
            _block_lanes(match), _TASK, False, _dims(match),
        )  # fmt: skip


def _block_lanes(match: Match) -> int:
    """Return how many lanes of a match share a block, which decides about no result."""
    if not match.is_wanted:
        return _BLOCK
    rows = expected_rows(set_up_cell(match.cell))
    return max(1, min(_RECORDED_BLOCK, _LOG_BYTES // (rows * _ROW_BYTES)))


def _play(task: Task, pools: Pools, match: Match) -> Outcome:
    """Run a task and keep what is scored of it."""
    task = task._replace(is_recorded=match.is_wanted)
    parts = [
        _played(_part(task, at), pools, match)
        for at in range(0, len(task.replicates), task.block_lanes)
    ]
    won, wanting = (np.concatenate([part[of] for part, _ in parts]) for of in (WON, WANTING))
    broken = [one for _, violations in parts for one in violations]
    return Outcome(task.number, task.replicates, {WON: won, WANTING: wanting}, broken, [], [])


def _part(task: Task, at: int | NDArray[np.int64]) -> Task:
    """Return a block of a task, or some lanes of it."""
    of = slice(at, at + task.block_lanes) if isinstance(at, int) else at
    return task._replace(replicates=task.replicates[of], if_violated=task.if_violated[of])


def _played(task: Task, pools: Pools, match: Match) -> tuple[dict[str, Array], list[Violation]]:
    """Run one block for what its seats won; lanes that stopped are run again as a sweep does."""
    if task.is_recorded and (found := _recorded(task, pools, match)) is not None:
        return found, []
    task, broken = task._replace(is_recorded=False), list[Violation]()
    pool = pools.of(task)
    block = pool.take(replicate_keys(task.root, task.replicates))
    _advance(block)
    won = block.world.totals.marked[:, seats_in(pool.setup, match)] / NANO
    stopped = np.flatnonzero(block.world.progress.fault != FAULT_NONE)
    pool.give_back(block)
    if len(stopped):
        outcome = run_task(_part(task, stopped), pools)
        groups = task.dims[GROUP].tolist()
        seats = [groups.index(seat_name(at)) for at in range(len(match.seats))]
        won[stopped], broken = outcome.values[_WON][:, seats], outcome.violations
    return {WON: won, WANTING: np.full(len(won), np.nan)}, broken


def _recorded(task: Task, pools: Pools, match: Match) -> dict[str, Array] | None:
    """Run a block whose lanes keep a log, with as much room as it takes; None: one was stopped."""
    pool, keys = pools.of(task), replicate_keys(task.root, task.replicates)
    block, growth = pool.take(keys), 1
    while True:
        _advance(block)
        faults = {*block.world.progress.fault.tolist()} - {FAULT_NONE}
        if not faults:
            break
        if faults != {FAULT_CAPACITY} or growth >= LARGEST_GROWTH:
            return None
        growth *= 2
        block = build_block(pool.setup, keys, growth, audit=False)
    won = block.world.totals.marked[:, seats_in(pool.setup, match)] / NANO
    wanting = costs_of_wanting(task.cell, task.root, task.replicates, block.world.log)
    if growth == 1:
        pool.give_back(block)
    return {WON: won, WANTING: wanting}


def _advance(block: Block) -> None:
    with np.errstate(over="ignore") if JIT_DISABLED else nullcontext():
        advance_block(block.mechanism, block.world, NEVER_NS)


def seats_in(setup: CellSetup, match: Match) -> list[int]:
    """Return the traders in the seats of a match, by their numbers."""
    groups = [member.group_name for member in setup.members]
    return [groups.index(seat_name(at)) for at in range(len(match.seats))]
