"""Play the lanes of a part to their ends, and keep what they show until it is written.

Memory is bounded: of all lanes side by side, some steps are kept, and then written as one row
group. A lane that has ended waits for the others. What is kept of a step is what the environments
of ``proteus.envs`` give for it, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.envs.tasks.base import Task
from proteus.envs.tasks.table import TASKS
from proteus.sessions.session import Session
from proteus.trajectories.policies import Asked, Policy
from proteus.trajectories.schema import ACTION, OBSERVATION, spaces_of
from proteus.trajectories.words import Request

ROWS_AT_ONCE = 65_536  # kept of all lanes, and written as one row group
LARGEST_GROWTH = 64  # of the room of lanes that outgrow theirs
_NEVER = np.iinfo(np.int64).max

Rows = dict[str, NDArray[Any]]  # what a row group has, by name; [R] or [R, C]
Write = Callable[[Rows], None]


def task_of(request: Request, cell: int, lanes: int, growth: int = 1) -> Task:
    """Allocate lanes of a cell, with the task of their trader outside.

    Raises
        ConfigError: a trader, an option or a value that is not allowed, or too little memory.
    """
    session = Session(
        request.cells[cell], lanes, control=request.control, step_ms=request.step_ms,
        decisions=request.decisions, end=request.end,  # type: ignore[arg-type]
        growth=growth, root=request.root, copy=False,
    )  # fmt: skip
    return TASKS[request.task](session, **request.options)


def start(task: Task, seeds: NDArray[np.int64], episode: int) -> None:
    """Let the lanes start over, each with an episode of its own."""
    every = np.arange(task.session.lanes)
    task.session.replay(every, seeds, np.full(len(every), episode, np.int64))
    task.session.resume()


class Buffer:
    """Steps of all lanes that are not written yet. K steps, N lanes."""

    def __init__(self, task: Task, steps: int) -> None:
        """Allocate ``steps`` steps."""
        seen, taken = spaces_of(task)
        lanes = task.session.lanes
        self.task: Task = task
        self.steps: int = steps
        self.first: int = 0  # step of the first that is kept
        self.observation: NDArray[np.float32] = np.empty((steps, lanes, len(seen.low)), np.float32)
        self.action: NDArray[Any] = np.zeros((steps, lanes, len(taken.low)), taken.dtype)
        self.time_ns: NDArray[np.int64] = np.empty((steps, lanes), np.int64)
        self.equity: NDArray[np.int64] = np.empty((steps + 1, lanes), np.int64)
        self.penalty: NDArray[np.float64] = np.zeros((steps, lanes))

    @staticmethod
    def steps_of(lanes: int, most_steps: int | None) -> int:
        """Return how many steps are kept of so many lanes."""
        steps = max(ROWS_AT_ONCE // lanes, 1)
        return steps if most_steps is None else min(steps, most_steps + 1)

    @property
    def nbytes(self) -> int:
        """Return the bytes of what is kept."""
        arrays = (self.observation, self.action, self.time_ns, self.equity, self.penalty)
        return sum(array.nbytes for array in arrays)

    def flush(self, count: int, last: NDArray[np.int64], write: Write) -> None:
        """Write the first ``count`` steps that are kept, lane by lane, and forget them.

        Parameters
            last: int64 [N], the step at which each lane ended; beyond all steps: it goes on.
        """
        lanes = len(last)
        step = np.arange(self.first, self.first + count)
        there = step[None, :] <= last[:, None]  # [N, count]
        lane, at = np.nonzero(there)
        place = at * lanes + lane  # in arrays [K, N]
        session = self.task.session
        is_last = step[at] == last[lane]
        ends = step[at] == last[lane] - 1
        stopped = session.stopped[lane]
        terminated = ends & session.ended[lane] & ~stopped
        before, after = self.equity[:-1].reshape(-1), self.equity[1:].reshape(-1)
        reward = (after[place] - before[place]) / NANO - self.penalty.reshape(-1)[place]
        write({
            "seed": session.replicates[lane], "episode": session.episodes[lane],
            "step": step[at], "time_s": self.time_ns.reshape(-1)[place] / NANO,
            "equity_nano": before[place],
            "fault": np.where(is_last, session.world.progress.fault[lane], 0),
            OBSERVATION: self.observation.reshape(len(self.time_ns) * lanes, -1)[place],
            ACTION: self.action.reshape(len(self.time_ns) * lanes, -1)[place],
            "reward": reward, "terminated": terminated, "truncated": ends & ~terminated,
            "is_last": is_last,
        })  # fmt: skip
        self.first += count
        self.equity[0] = self.equity[count]


def play(
    task: Task, policy: Policy, buffer: Buffer, most_steps: int | None, write: Write
) -> NDArray[np.int64]:
    """Play lanes that have started to their ends.

    Parameters
        most_steps: of an episode, which is truncated then; None: as many as it has.

    Returns
        How many steps each lane had, int64 [N].

    Raises
        ActionError: the policy failed, or gave what is no action.
    """
    session, asked, step = task.session, Asked(policy, task), 0
    buffer.first, buffer.equity[0] = 0, session.equity_nano[:, 0]
    last = np.where(session.ended, 0, _NEVER)
    while True:
        at = step - buffer.first
        observation = task.observe()
        buffer.observation[at], buffer.time_ns[at] = observation, session.world.progress.now
        if (last <= step).all():
            buffer.equity[at + 1] = buffer.equity[at]
            buffer.flush(at + 1, last, write)
            return last
        actions = buffer.action[at] = asked(observation, last > step, step)
        task.take(actions)
        task.decide()
        session.resume()
        step += 1
        ended = session.ended
        buffer.equity[at + 1] = session.equity_nano[:, 0]
        penalty = task.penalty()
        buffer.penalty[at] = 0 if penalty is None else penalty[:, 0]
        is_over = ended if most_steps is None else ended | (step >= most_steps)
        np.minimum(last, np.where(is_over, step, _NEVER), out=last)
        if at + 1 == buffer.steps:
            buffer.flush(at + 1, last, write)
