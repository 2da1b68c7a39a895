"""Collect the parts that are missing, in this process or in several, and join what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from proteus.basics.machine import free_memory
from proteus.errors import ActionError, ConfigError, ResultsError
from proteus.market.setup.snapshots import arrays_of
from proteus.runs.workers import start_process, usable_cores
from proteus.trajectories import collecting
from proteus.trajectories.parts import Part, Room, Written, parts_of, read_written, write_part
from proteus.trajectories.policies import Asked, make
from proteus.trajectories.schema import STEPS
from proteus.trajectories.words import Request

PROCESS_BYTES = 400 * 2**20  # a worker with its libraries and the machine code of one mechanism
_TRIED = 2  # lanes on which a policy is tried before anything is collected


def try_out(request: Request) -> None:
    """Make every kind of lane that is asked for, and ask the policy once there, before all else.

    Raises
        ConfigError: a trader, option or value that is not allowed, a policy that gives what is no
            action, or that gives another one when it is asked again.
    """
    seeds = np.arange(request.first, request.first + _TRIED)
    for cell in range(len(request.cells)):
        task = collecting.task_of(request, cell, _TRIED)
        given = []
        for _ in range(2):
            collecting.start(task, seeds, request.episode)
            try:
                asked = Asked(make(request.policy.name, task), task)
                given.append(asked(task.observe(), ~task.session.ended, 0))
            except ActionError as error:
                raise ConfigError(f"policy={request.policy.name} {error}") from None
        if given[0].tobytes() != given[1].tobytes():
            raise ConfigError(
                f"policy={request.policy.name} is not allowed: asked again it gave another action; "
                "proteus.trajectories.policies.Draws has random numbers that stay"
            )


def memory_of(request: Request, workers: int) -> int:
    """Return the bytes that a collection takes at its peak, however many seeds and steps it has."""
    lanes = max(part.seeds for part in parts_of(request))
    task = collecting.task_of(request, 0, 1)
    lane = sum(array.nbytes for _, array in arrays_of(task.session.world))
    buffer = collecting.Buffer(task, 1).nbytes * collecting.Buffer.steps_of(
        lanes, request.max_steps
    ) * lanes  # fmt: skip
    # Lanes of two cells are kept; rows are written once more as columns, and once compressed.
    return workers * (PROCESS_BYTES * (workers > 1) + 2 * (lane * lanes + buffer) + 2 * buffer)


def check_memory(request: Request, workers: int) -> None:
    """Refuse more workers than there is memory for.

    Raises
        ConfigError: they take more than the machine has free.
    """
    needed, free = memory_of(request, workers), free_memory()
    if needed > free:
        sizes = f"it takes {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free"
        allowed = "give fewer executor.workers or executor.block_lanes"
        raise ConfigError(f"executor.workers={workers} is not allowed: {sizes}; {allowed}")


def workers_of(asked: int | None, request: Request) -> int:
    """Return how many processes collect."""
    return min(asked or usable_cores(), len(parts_of(request)))


def collect(
    request: Request, folder: Path, workers: int,
    stop: Callable[[], bool], told: Callable[[int, int], None],
) -> list[Written]:  # fmt: skip
    """Collect what is missing in a folder.

    Parameters
        workers: processes; one: this one. stop: asked after each part; once it holds, those in
            flight are the last. told: called with the cell and the number of episodes of each part.

    Returns
        What all files say, in their order.

    Raises
        KeyboardInterrupt: ``stop()`` held. Exception: whatever a part failed with.
    """
    parts = parts_of(request)
    there = {path.name for path in (folder / STEPS).glob("*.parquet")}
    found = {part.name: _saved(folder, part) for part in parts if part.name in there}
    for one in found.values():
        told(one.cell, one.seeds)
    missing = [part for part in parts if part.name not in there]
    run = _alone if workers == 1 else _together
    for written in run(request, missing, folder, workers, stop):
        found[written.name] = written
        told(written.cell, written.seeds)
    if len(found) < len(parts):
        raise KeyboardInterrupt
    return [found[part.name] for part in parts]


def _saved(folder: Path, part: Part) -> Written:
    """Read what a file says that was there before.

    Raises
        ResultsError: it is damaged.
    """
    try:
        return read_written(folder, part)
    except (OSError, ValueError, LookupError, TypeError) as error:
        path, reason = folder / STEPS / part.name, str(error).splitlines()[0]
        again = "remove it, and it is written again"
        raise ResultsError(f"{path} is damaged ({reason}): {again}") from None


def _alone(
    request: Request, missing: list[Part], folder: Path, workers: int, stop: Callable[[], bool]
) -> Iterator[Written]:
    room = Room(request)
    for part in missing:
        if stop():
            return
        yield write_part(room, part, folder)


def _together(
    request: Request, missing: list[Part], folder: Path, workers: int, stop: Callable[[], bool]
) -> Iterator[Written]:
    """Run parts on fresh processes: policies hold the lock of Python, so threads would wait."""
    left, running = iter(missing), set[Future[Written]]()
    failure: BaseException | None = None
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (request, folder))
    try:
        while True:
            if stop() or failure is not None:
                left = iter(())
            while len(running) < 2 * workers and (part := next(left, None)) is not None:
                running.add(pool.submit(_write, part))
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    yield future.result()
                except Exception as error:
                    failure = failure or error
    finally:
        pool.shutdown(wait=failure is None, cancel_futures=True)
    if failure is not None:
        raise failure


_rooms: list[tuple[Room, Path]] = []  # of a worker process: the one that it was started with


def _begin(request: Request, folder: Path) -> None:
    """Start a worker process."""
    start_process()
    _rooms.append((Room(request), folder))


def _write(part: Part) -> Written:
    room, folder = _rooms[0]
    return write_part(room, part, folder)
