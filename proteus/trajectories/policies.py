"""Who decides while a data set is collected: a policy by rules, a random one, or one of the user.

A policy is made for the lanes of a part, after they have started, from their task, and is then
called with the observations of each step, float32 [N, F]; it gives actions [N, A] of the task's
space. A function is taken as it is; a class is made with the task, of which ``task.session`` has
all that there is to see. Draws of a policy are addressed (:class:`Draws`), so that a part can be
collected again, alone or elsewhere.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.held import Held, bound
from proteus.envs.tasks.base import Task
from proteus.envs.tasks.maker import Maker, MakerGrid
from proteus.errors import ActionError, ConfigError, nearest
from proteus.market.agents.maker import MakerPolicy
from proteus.market.book.codes import BUY, SELL
from proteus.trajectories.kernels import Answer, ask_maker
from proteus.trajectories.schema import BOX, spaces_of

Array = NDArray[Any]
Policy = Callable[[NDArray[np.float32]], Any]

_AHEAD = 256  # steps whose draws are made at once
_NAME = 0x70_6F_6C_69_63_79  # "policy": keeps these draws apart from any others


class Draws:
    """Uniform numbers by root seed, replicate, episode, step and place: the same in any block."""

    def __init__(self, task: Task, count: int) -> None:
        """Draw ``count`` numbers of every lane at each step, from the episodes it now plays."""
        session = task.session
        self._streams = [
            np.random.Philox(np.random.SeedSequence([session.root, *map(int, which), _NAME]))
            for which in zip(session.replicates, session.episodes, strict=True)
        ]
        self._drawn = np.empty((len(self._streams), _AHEAD, count))
        self._step = 0

    def __call__(self) -> NDArray[np.float64]:
        """Return the numbers of the next step, [N, count] from 0 to below 1."""
        at = self._step % _AHEAD
        if at == 0:
            for drawn, stream in zip(self._drawn, self._streams, strict=True):
                drawn.reshape(-1)[:] = (stream.random_raw(drawn.size) >> np.uint64(11)) * 2.0**-53
        self._step += 1
        return np.asarray(self._drawn[:, at])


class Random:
    """Every action of the space is as likely as any other."""

    tasks = Task

    def __init__(self, task: Task) -> None:
        """Begin the draws of the episodes that are played."""
        self._space = spaces_of(task)[1]
        self._draws = Draws(task, len(self._space.low))
        self._low, self._high = np.array(self._space.low), np.array(self._space.high)

    def __call__(self, observation: NDArray[np.float32]) -> Array:
        """Draw the actions of a step."""
        drawn = self._draws()
        if self._space.kind == BOX:
            made = self._low + drawn * (self._high - self._low)
            return np.asarray(made, np.float32)
        return np.asarray(np.floor(drawn * (self._high + 1)), np.int64)


class Baseline:
    """The baseline maker, in actions of the task.

    It is the maker of the kernel, asked at the decisions of the trader outside. Of ``maker`` its
    prices and sizes are met to the tick and the lot, unless a quote is further from the reference
    than ``most_offset`` or larger than ``most_lots``, and its belief to what float32 holds. Of
    ``maker_grid`` it is as near as the steps come.
    """

    tasks = Maker

    def __init__(self, task: Task) -> None:
        """Ask the maker whose group the trader outside is of.

        Raises
            ConfigError: that trader is no maker of that kind.
        """
        session = task.session
        group = session.setup.members[int(session.traders[0])].group
        if not isinstance(group.policy, MakerPolicy):
            wanted = "the trader outside must be of kind maker"
            raise ConfigError(f"policy=baseline is not allowed for a {group.kind}: {wanted}")
        self._ticks = session.cell.n_ticks
        self._held = Held(allocate(Answer, L=session.lanes))
        self._ask = bound(ask_maker, session.held_world, self._held)
        self._most_offset = max(task.given["most_offset"], 1e-9)
        self._most_lots = max(int(task.given["most_lots"]), 1)
        self._levels = int(task.given["levels"]) if isinstance(task, MakerGrid) else 0

    def __call__(self, observation: NDArray[np.float32]) -> Array:
        """Say what the maker wants, in actions of the task."""
        self._ask()
        answer: Answer = self._held.state
        away = np.empty(answer.price.shape)
        away[:, BUY] = answer.middle - answer.price[:, BUY]
        away[:, SELL] = answer.price[:, SELL] - answer.middle
        if self._levels:
            steps = np.rint(away / self._ticks / self._most_offset * self._levels)
            steps = np.clip(steps, 1, self._levels).astype(np.int64)
            return np.where(answer.lots > 0, steps, 0)
        # Half a tick nearer than the price, which is rounded outward: float32 moves no quote.
        offset = (away - 0.5) / self._ticks
        worth = answer.belief - answer.middle / self._ticks
        far = np.concatenate([offset, worth[:, None]], axis=1) / self._most_offset
        far = np.clip(far, -1.0, 1.0)
        lots = 2.0 * np.minimum(answer.lots / self._most_lots, 1.0) - 1.0
        numbers = np.sign(far) * np.sqrt(np.abs(far))  # of which the task takes signed squares
        made = np.concatenate([numbers[:, :2], lots, numbers[:, 2:]], axis=1)
        return np.asarray(made, np.float32)


POLICIES: dict[str, Any] = {"baseline": Baseline, "random": Random}


class Chosen(NamedTuple):
    """A policy by its name; equal hashes mean equal code."""

    name: str  # of the table, or module:object
    hash: str  # 64 hexadecimal digits, of the file of a user's policy; "" of ours


def choose(name: str) -> Chosen:
    """Find a policy.

    Raises
        ConfigError: there is none of that name.
    """
    make = find(name)
    if name in POLICIES:
        return Chosen(name, "")
    try:
        source = Path(inspect.getsourcefile(inspect.unwrap(make)) or "").read_bytes()
    except (TypeError, OSError):  # an instance, or compiled: its module says as much
        file = getattr(importlib.import_module(name.partition(":")[0]), "__file__", None)
        source = Path(file).read_bytes() if file else b""
    return Chosen(name, hashlib.sha256(source).hexdigest())


def find(name: str) -> Any:
    """Return the function or class that a name means.

    Raises
        ConfigError: there is none.
    """
    if name in POLICIES:
        return POLICIES[name]
    module, colon, inside = name.partition(":")
    if not colon or not module or not inside:
        known = nearest(name, POLICIES)
        join = "" if known.endswith("?") else ";"
        raise ConfigError(
            f"policy={name} is not allowed{known}{join} one of yours is module:object"
        )
    try:
        found: Any = importlib.import_module(module)
        for part in inside.split("."):
            found = getattr(found, part)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise ConfigError(f"policy={name} cannot be loaded: {why}") from None
    if not callable(found):
        kind = type(found).__name__
        raise ConfigError(f"policy={name} is not allowed: it is a {kind}, and cannot be called")
    return found


def make(name: str, task: Task) -> Policy:
    """Make a policy for the lanes of a task, which have started.

    Raises
        ConfigError: it is not for that task. ActionError: it cannot be made.
    """
    found = find(name)
    if name in POLICIES and not isinstance(task, found.tasks):
        fitting = "it needs task=maker or task=maker_grid"
        raise ConfigError(f"policy={name} is not allowed with task={task.name}: {fitting}")
    if not isinstance(found, type):
        return found  # type: ignore[no-any-return]
    try:
        policy: Policy = found(task)
    except ConfigError:
        raise
    except Exception as error:
        raise ActionError(_raised(error)) from None
    return policy


class Asked:
    """A policy whose answers are checked: they are actions as they are executed and kept."""

    def __init__(self, policy: Policy, task: Task) -> None:
        """Take what is asked, and whose space its answers must be of."""
        space = spaces_of(task)[1]
        self._policy, self._is_box, self._dtype = policy, space.kind == BOX, np.dtype(space.dtype)
        self._shape = task.session.lanes, len(space.low)
        self._low, self._high = np.array(space.low), np.array(space.high)

    def __call__(
        self, observation: NDArray[np.float32], active: NDArray[np.bool_], step: int
    ) -> Array:
        """Ask for the actions of a step.

        Parameters
            observation: float32 [N, F]; the policy gets a copy. active: bool [N], lanes whose
                episode goes on. step: its number, for the sentence.

        Raises
            ActionError: the policy failed, or gave another shape or type, NaN, or a number out of
                bounds.
        """
        try:
            given = np.asarray(self._policy(observation.copy()))
        except Exception as error:
            raise ActionError(_raised(error)) from None
        if given.shape != self._shape or given.dtype.kind not in ("f" if self._is_box else "iu"):
            shown = f"{given.dtype} {list(given.shape)}"
            wanted = f"{'floats' if self._is_box else 'integers'} {list(self._shape)}"
            raise ActionError(f"gave {shown} at step {step}: must be {wanted}")
        taken = given.astype(self._dtype, copy=False)
        if (taken >= self._low).all() and (taken <= self._high).all():
            return taken
        wrong = ~((taken >= self._low) & (taken <= self._high)) & active[:, None]
        if wrong.any():
            lane, place = (int(each) for each in np.argwhere(wrong)[0])
            value, bounds = given[lane, place], f"{self._low[place]:g} .. {self._high[place]:g}"
            action = f"{value} as number {place} of an action at step {step}"
            raise ActionError(f"gave {action}: must be {bounds}")
        return np.where(active[:, None], taken, self._low.astype(self._dtype))


def _raised(error: BaseException) -> str:
    """Say what a policy raised, and where."""
    said = (str(error).splitlines() or [""])[0]
    trace, place = error.__traceback__, ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename).name
        place, trace = f" ({file}:{trace.tb_lineno})", trace.tb_next
    return f"raised {type(error).__name__}: {said}{place}"
