"""``ProteusVectorEnv``: the lanes of a session as a vector environment of Gymnasium.

Each sub-environment is a lane, and each step takes it to its trader's next decision, at a time of
its own. Observations are normalised here, so that no wrapper need do it; arrays that are returned
are fresh, and those that are given are not kept. Rewards are float64, in currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.envs.tasks.base import Task
from proteus.envs.tasks.table import TASKS
from proteus.errors import ConfigError, nearest
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.trading.world import FAULT_CAPACITY
from proteus.sessions.session import Session

FAULTS = {0: "none", **LEDGER_CODES, FAULT_CAPACITY: "capacity"}  # of ``info["fault"]``
_RESET_OPTIONS = ("reset_mask",)

Array = NDArray[Any]
Flags = NDArray[np.bool_]


class ProteusVectorEnv(VectorEnv):
    """Lanes of one cell, side by side."""

    def __init__(
        self,
        task: str = "maker",
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_steps: int | None = None,
        options: dict[str, Any] | None = None,
        control: str | None = None,
        decisions: str | None = None,
        step_ms: float | None = None,
        end: str = "marked",
        growth: int = 1,
        root: int = 7,
        **words: Any,
    ) -> None:
        """Compose the cell and allocate its lanes.

        Parameters
            task: ``maker``, ``maker_grid``, ``taker`` or ``sniper``. num_envs: lanes.
            autoreset_mode: of a lane that has ended: ``NextStep``, it starts over with the next
                step; ``SameStep``, with this one; ``Disabled``, by ``reset_mask`` alone.
            max_steps: of an episode, which is truncated then. options: of the task.
            control, decisions, step_ms, end, growth, root: as of ``proteus.Session``.
            words: keys of the configuration, as ``mechanism="fba", delta=100``.

        Raises
            ConfigError: a key, option or value that is not allowed, or more lanes than there is
                memory for.
        """
        if task not in TASKS:
            raise ConfigError(f"task={task!r} is not allowed{nearest(str(task), TASKS)}")
        chosen = TASKS[task]
        if decisions is None:
            decisions = "step_ms" if step_ms is not None else chosen.decisions
        if decisions == "step_ms" and step_ms is None:
            step_ms = chosen.step_ms
        if max_steps is not None and (not isinstance(max_steps, int) or max_steps < 1):
            raise ConfigError(f"max_steps={max_steps!r} is not allowed: must be at least 1")
        self._mode = _mode_of(autoreset_mode)
        self.session: Session = Session(
            words, num_envs, control=control or chosen.control,
            decisions=decisions, step_ms=step_ms, end=end,  # type: ignore[arg-type]
            growth=growth, root=root,
        )  # fmt: skip
        self.task: Task = chosen(self.session, **(options or {}))
        self.num_envs: int = self.session.lanes
        self._most = max_steps
        self.metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": self._mode}
        self.single_observation_space: Any = self.task.observation_space
        self.single_action_space: Any = self.task.action_space
        self.observation_space: Any = batch_space(self.single_observation_space, num_envs)
        self.action_space: Any = batch_space(self.single_action_space, num_envs)
        self._over: Flags | None = None  # lanes that have ended; None: nothing was reset yet
        self._length = np.zeros(num_envs, np.int64)
        self._return = np.zeros(num_envs)
        self._low, self._high = _bounds(self.single_action_space)
        self._box = isinstance(self.single_action_space, gymnasium.spaces.Box)

    # --- the interface of Gymnasium ---------------------------------------------------------------

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Array, dict[str, Any]]:
        """Let all lanes start over, or those of ``options["reset_mask"]``.

        Parameters
            seed: s: lane i plays replicate s + i from its episode 0; a list: one of each lane; None
                (there, or of a lane): its next episode, or at first a replicate that is drawn.
            options: ``reset_mask``, bool [N] with at least one True; it is left there.

        Returns
            Observations float32 [N, F], and the info of all lanes.

        Raises
            ValueError: a list of another length, an unknown option, or a mask that is none.
        """
        self._check_open()
        mask = self._mask_of(options)
        lanes = np.flatnonzero(mask)
        replicates, episodes = self._episodes(seed, lanes)
        self.session.replay(lanes, replicates, episodes)
        self.session.resume()
        self._begin(mask)
        return self.task.observe(), self._info()

    def step(self, actions: Any) -> tuple[Array, Array, Flags, Flags, dict[str, Any]]:
        """Take every lane to its next decision, or to its end.

        Parameters
            actions: of ``action_space``; rows of lanes that start over are not read.

        Returns
            Observations float32 [N, F], rewards float64 [N], terminated and truncated bool [N],
            and the info. A lane is truncated if it broke an invariant (``info["fault"]``, by
            ``proteus.envs.FAULTS``) or after ``max_steps``.

        Raises
            gymnasium.error.InvalidAction: another shape or type, NaN, or out of bounds.
            gymnasium.error.ResetNeeded: before ``reset``, or a lane that has ended stays so.
            gymnasium.error.ClosedEnvironmentError: after ``close``.
        """
        self._check_open()
        if self._over is None:
            raise gymnasium.error.ResetNeeded("step is not allowed yet: reset must be called first")
        fresh = self._over
        if fresh.any() and self._mode == AutoresetMode.DISABLED:
            lane = int(np.flatnonzero(fresh)[0])
            raise gymnasium.error.ResetNeeded(
                f"step is not allowed: lane {lane} has ended, and autoreset_mode=Disabled; "
                f"reset it with options={{'reset_mask': ...}}"
            )
        checked = self._checked(actions, ~fresh)
        self.task.decide(checked)
        if fresh.any():
            self.session.restart(lanes=fresh)
        reward, _ = self.session.step()
        if fresh.any():
            self._begin(fresh)
        return self._after(reward, fresh)

    def close_extras(self, **kwargs: Any) -> None:
        """Let go of the lanes."""

    # --- parts of a step --------------------------------------------------------------------------

    def _after(self, reward: Array, fresh: Flags) -> tuple[Array, Array, Flags, Flags, Any]:
        """Reward, end and observe what a step has led to; lanes that started over got nothing."""
        session = self.session
        ended = session.ended
        reward = np.where(fresh, 0.0, reward - self.task.penalty(ended))
        self._return += reward
        self._length += ~fresh
        truncated = session.stopped
        if self._most is not None:
            truncated = truncated | (~ended & (self._length >= self._most))
        terminated = ended & ~truncated
        over = terminated | truncated
        observation, info = self.task.observe(), self._info()
        if self._mode == AutoresetMode.SAME_STEP:
            if over.any():
                observation, info = self._at_once(observation, info, over)
            over = np.zeros(self.num_envs, np.bool_)
        self._over = over
        return observation, reward, terminated, truncated, info

    def _at_once(self, last: Array, info: dict[str, Any], over: Flags) -> tuple[Array, Any]:
        """Let lanes start over in the step that ended them, and keep what they showed last."""
        final: Array = np.full(self.num_envs, None, object)
        for lane in np.flatnonzero(over):
            final[lane] = last[lane].copy()
        self.session.restart(lanes=over)
        self.session.resume()
        self._begin(over)
        whole = {"final_obs": final, "_final_obs": over.copy(), "final_info": info}
        return self.task.observe(), {**self._info(), **whole, "_final_info": over.copy()}

    def _begin(self, lanes: Flags) -> None:
        """Forget what belongs to the episode before."""
        self._return[lanes], self._length[lanes] = 0.0, 0
        over = np.zeros(self.num_envs, np.bool_) if self._over is None else self._over.copy()
        over[lanes] = False
        self._over = over

    def _info(self) -> dict[str, Any]:
        """Return what is known of all lanes; the same keys and types at every step."""
        session, every = self.session, np.ones(self.num_envs, np.bool_)
        info = {
            "equity_nano": session.equity_nano[:, 0].copy(),
            "episode_return": self._return.copy(),
            "episode_length": self._length.copy(),
            "replicate": session.replicates.copy(),
            "episode_number": session.episodes.copy(),
            "time_s": session.world.progress.now / NANO,
            "fault": session.world.progress.fault.copy(),
        }
        return {**info, **{f"_{key}": every for key in info}}

    # --- what is checked --------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self.closed:
            raise gymnasium.error.ClosedEnvironmentError("the environment is closed")

    def _mask_of(self, options: dict[str, Any] | None) -> Flags:
        """Return which lanes are reset."""
        for key in options or {}:
            if key not in _RESET_OPTIONS:
                known = nearest(key, _RESET_OPTIONS)
                raise ValueError(f"options[{key!r}] is not allowed{known}")
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return np.ones(self.num_envs, np.bool_)
        is_mask = isinstance(mask, np.ndarray) and mask.dtype == np.bool_
        if not is_mask or mask.shape != (self.num_envs,) or not mask.any():
            shape = f"bool array of shape ({self.num_envs},) with at least one True"
            raise ValueError(f"options['reset_mask'] is not allowed: must be a {shape}")
        if self._over is None and not mask.all():
            raise ValueError("options['reset_mask'] is not allowed yet: reset all lanes first")
        return np.array(mask)

    def _episodes(self, seed: Any, lanes: NDArray[np.int64]) -> tuple[Array, Array]:
        """Return which replicate and episode each of the lanes plays next."""
        session = self.session
        if seed is None and self._over is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        if seed is None or isinstance(seed, (int, np.integer)):
            seeds = [None if seed is None else int(seed) + lane for lane in range(self.num_envs)]
        else:
            seeds = list(seed)
        if len(seeds) != self.num_envs:
            allowed = f"must be one of each of {self.num_envs} lanes"
            raise ValueError(f"seed with {len(seeds)} entries is not allowed: {allowed}")
        replicates, episodes = session.replicates[lanes], session.episodes[lanes] + 1
        for at, lane in enumerate(lanes):
            given = seeds[lane]
            if given is None:
                continue
            if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 0:
                raise ValueError(f"seed={given!r} is not allowed: must be a whole number from 0")
            replicates[at], episodes[at] = given, 0
        return replicates, episodes

    def _checked(self, actions: Any, used: Flags) -> Array:
        """Return the actions once they are all of the space; they are only read, and not kept."""
        given, space = np.asarray(actions), self.action_space
        kind = np.floating if self._box else np.integer
        if given.shape != space.shape or not np.issubdtype(given.dtype, kind):
            shown = f"{given.dtype} {list(given.shape)}"
            allowed = f"{'floats' if self._box else 'integers'} {list(space.shape or ())}"
            raise gymnasium.error.InvalidAction(f"actions of {shown} are not allowed: {allowed}")
        low, high = self._low, self._high
        if used.all() and (given <= high).all() and (given >= low).all():
            return given
        wrong = used[:, None] & ~((given >= low) & (given <= high))
        if wrong.any():
            lane, place = (int(each) for each in np.argwhere(wrong)[0])
            value, bounds = given[lane, place], f"{low[place]:g} .. {high[place]:g}"
            raise gymnasium.error.InvalidAction(
                f"actions[{lane}, {place}]={value} is not allowed: must be {bounds}"
            )
        return np.where(used[:, None], given, low.astype(given.dtype))


def _bounds(space: Any) -> tuple[Array, Array]:
    """Return the smallest and the largest of each number of an action."""
    if isinstance(space, gymnasium.spaces.Box):
        return space.low, space.high
    return np.zeros(len(space.nvec), np.int64), space.nvec - 1


def make_vec(task: str = "maker", *, num_envs: int = 1, **words: Any) -> ProteusVectorEnv:
    """Make a vector environment, from the words of the command line.

    ``make_vec("maker", mechanism="fba", delta=100, num_envs=1024)``

    Parameters
        task: as of :class:`ProteusVectorEnv`, which takes all that is given here, and raises what
            is wrong with it. num_envs: lanes. words: its options, and keys of the configuration.
    """
    return ProteusVectorEnv(task, num_envs, **words)


def _mode_of(mode: Any) -> AutoresetMode:
    if isinstance(mode, AutoresetMode):
        return mode
    modes = {each.value: each for each in AutoresetMode}
    if mode not in modes:
        raise ConfigError(f"autoreset_mode={mode!r} is not allowed{nearest(str(mode), modes)}")
    return modes[mode]
