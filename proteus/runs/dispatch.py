"""Lanes in blocks: hand the replicates of cells to workers and describe what they did.

No market logic. A block is a set of lanes that one worker advances together; a task is the lanes
that a worker is handed at once, as one block or several. Which lanes share a block or a task, and
who runs it, changes no bit of any result. A lane that outgrows a capacity is run again with more
room; a lane that breaks an invariant is run again with the invariants checked after every event,
so that the report names the first event at fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait

import numpy as np

from proteus.recording.limits import BLOCKS_AHEAD, LARGEST_RECORDED_BLOCK
from proteus.results.outcome import Outcome
from proteus.runs.tasks import Job, Task, Workers

LARGEST_BLOCK = 32  # lanes whose hot state stays in the second-level cache
LARGEST_TASK = (
    512  # lanes of one episode that travel to another process at once: about half a second of work
)
_TASKS_PER_WORKER = 4


def run_jobs(
    jobs: Iterable[Job], workers: Workers, stop: Callable[[], bool] = lambda: False
) -> Iterator[Outcome]:
    """Run jobs on workers and yield what each task gives, as it is finished.

    Few tasks are under way at once. Once ``stop()`` holds, or when a task fails, none is begun;
    those that run are finished and yielded, and then the first failure is raised.

    Parameters
        jobs: what to simulate. workers: who does it. stop: asked after every task.

    Raises
        Exception: whatever a task failed with, once those under way are yielded.
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
    count, capacity = len(job.replicates), workers.capacity()
    even = max(1, -(-count // (_TASKS_PER_WORKER * capacity)))
    block = job.block_lanes or min(LARGEST_BLOCK, even)
    most = max(1, LARGEST_TASK // job.cell.episodes.count)
    task = job.task_lanes or (max(block, min(most, even)) if workers.are_remote else block)
    key = job.cell.canonical()
    for is_recorded, most in ((True, LARGEST_RECORDED_BLOCK), (False, task)):
        places = np.flatnonzero(job.recorded == is_recorded)
        lanes = min(task, most)
        for at in range(0, len(places), lanes):
            part = places[at : at + lanes]
            yield Task(
                job.number, key, job.cell, job.root, job.replicates[part],
                job.if_violated[part], min(block, most), is_recorded, job.is_rich, job.dims,
                job.episode, None if job.carried is None else job.carried[part], job.design,
            )  # fmt: skip
