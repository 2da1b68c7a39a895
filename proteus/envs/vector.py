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
from proteus.compiler.arrays import allocate
from proteus.compiler.held import Held, bound
from proteus.envs.tasks.base import Task, bounds_of
from proteus.envs.tasks.episodes import Episodes, settle
from proteus.envs.tasks.table import TASKS
from proteus.errors import ConfigError, nearest
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.trading.world import FAULT_CAPACITY
from proteus.sessions.session import LARGEST_SEED, Session

FAULTS = {0: "none", **LEDGER_CODES, FAULT_CAPACITY: "capacity"}  # of ``info["fault"]``
_RESET_OPTIONS = ("reset_mask",)

Array = NDArray[Any]
Flags = NDArray[np.bool_]


class ProteusVectorEnv(VectorEnv):
    """Lanes of one cell, side by side, in each of which one trader is decided for."""

    _is_of_several = False  # agents

    def __init__(
        self,
        task: str = "maker",
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_steps: int | None = None,
        options: dict[str, Any] | None = None,
        control: Any = None,
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
        if not isinstance(task, str) or task not in TASKS:
            raise ConfigError(f"task={task!r} is not allowed{nearest(str(task), TASKS)}")
        chosen = TASKS[task]
        if not self._is_of_several and not isinstance(control, (str, type(None))):
            allowed = "must be one trader; SelfPlayVectorEnv and parallel_env have several"
            raise ConfigError(f"control={control!r} is not allowed: {allowed}")
        if decisions is None:
            decisions = "step_ms" if step_ms is not None else chosen.decisions
        if decisions == "step_ms" and step_ms is None:
            step_ms = chosen.step_ms
        is_count = isinstance(max_steps, int) and not isinstance(max_steps, bool)
        if max_steps is not None and not (is_count and max_steps >= 1):
            raise ConfigError(f"max_steps={max_steps!r} is not allowed: must be at least 1")
        if not isinstance(options, (dict, type(None))):
            raise ConfigError(f"options={options!r} is not allowed: must be a dict of the task's")
        self._mode = _mode_of(autoreset_mode)
        self.session: Session = _session_of(
            words, num_envs, control=chosen.control if control is None else control,
            decisions=decisions, step_ms=step_ms, end=end, growth=growth, root=root,
        )  # fmt: skip
        self.task: Task = chosen(self.session, **(options or {}))
        self.num_envs: int = self.session.lanes
        self.metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": self._mode}
        self.single_observation_space: Any
        self.single_action_space: Any
        self.single_observation_space, self.single_action_space = self._spaces()
        self.observation_space: Any = batch_space(self.single_observation_space, num_envs)
        self.action_space: Any = batch_space(self.single_action_space, num_envs)
        self._ready, self._count = False, 0  # whether it was reset; how many lanes are over
        self._low, self._high = bounds_of(self.task.action_space)
        self._kinds = "f" if isinstance(self.task.action_space, gymnasium.spaces.Box) else "iu"
        self._held = Held(
            allocate(
                Episodes, L=num_envs, M=len(self.session.traders), trader=self.session.traders,
                pays_out=end == "payoff", most_steps=max_steps or 0,
            )
        )  # fmt: skip
        self._episode: Episodes = self._held.state
        self._every: Flags = np.ones(num_envs, np.bool_)
        self._settle = bound(settle, self.session.held_world, self._held)

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
            ValueError: a seed that is none, a list of another length, an unknown option, or a mask
                that is none.
        """
        self._check_open()
        mask = self._mask_of(options)
        lanes = np.flatnonzero(mask)
        replicates, episodes = self._episodes(seed, lanes)
        self.session.replay(lanes, replicates, episodes)
        self._begin(mask)
        self._start(mask)
        self._ready = True
        return self._observe(), self._info()

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
        if not self._ready:
            raise gymnasium.error.ResetNeeded("step is not allowed yet: reset must be called first")
        starts = self._count > 0
        if starts and self._mode == AutoresetMode.DISABLED:
            lane = int(np.flatnonzero(self._episode.over)[0])
            raise gymnasium.error.ResetNeeded(
                f"step is not allowed: lane {lane} has ended, and autoreset_mode=Disabled; "
                f"reset it with options={{'reset_mask': ...}}"
            )
        self._take(actions)
        self.task.decide()
        if starts:
            self.session.restart(lanes=self._episode.over)
            self._begin(self._episode.over)
        self.session.resume()
        return self._after()

    def close_extras(self, **kwargs: Any) -> None:
        """Let go of the lanes."""

    # --- parts of a step --------------------------------------------------------------------------

    def _after(self) -> tuple[Array, Array, Flags, Flags, Any]:
        """Reward, end and observe what a step has led to; lanes that started over got nothing."""
        episode = self._episode
        penalty = self.task.penalty()
        if penalty is not None:
            episode.penalty[:] = penalty
        self._count = self._settle()
        observation, info = self._observe(), self._info()
        reward = self._of_agents(episode.reward)
        flags = episode.terminated.copy(), episode.truncated.copy()
        if self._mode == AutoresetMode.SAME_STEP and self._count:
            observation, info = self._at_once(observation, info)
        return observation, reward, *flags, info

    def _at_once(self, last: Array, info: dict[str, Any]) -> tuple[Array, Any]:
        """Let lanes start over in the step that ended them, and keep what they showed last."""
        final: Array = np.full(self.num_envs, None, object)
        over = self._episode.over.copy()
        for lane in np.flatnonzero(over):
            final[lane] = last[lane].copy()
        self.session.restart(lanes=over)
        self._begin(over)
        self._start(over)
        whole = {"final_obs": final, "_final_obs": over.copy(), "final_info": info}
        return self._observe(), {**self._info(), **whole, "_final_info": over.copy()}

    def _begin(self, lanes: Flags) -> None:
        """Forget what belongs to the episode before."""
        for each in (self._episode.before, self._episode.total, self._episode.length):
            each[lanes] = 0
        self.task.begin(lanes)

    def _start(self, lanes: Flags) -> None:
        """Bring lanes that start over, outside a step, to their first decision."""
        session, episode = self.session, self._episode
        session.resume()
        episode.over[lanes] = False
        self._count = int(episode.over.sum())
        episode.equity[:] = session.equity_nano
        episode.time_s[:] = session.world.progress.now / NANO

    def _spaces(self) -> tuple[Any, Any]:
        """Return what one lane shows, and may be told."""
        return self.task.observation_space, self.task.action_space

    def _observe(self) -> Array:
        return self.task.observe()

    def _of_agents(self, array: Array) -> Array:
        """Return a copy of an array [N, M] of agents as it is handed out; here there is one."""
        return array[:, 0].copy()

    def _info(self) -> dict[str, Any]:
        """Return what is known of all lanes; the same keys and types at every step."""
        session, episode, every = self.session, self._episode, self._every.copy()
        return {
            "equity_nano": self._of_agents(episode.equity), "_equity_nano": every,
            "episode_return": self._of_agents(episode.total), "_episode_return": every,
            "episode_length": episode.length.copy(), "_episode_length": every,
            "replicate": session.replicates.copy(), "_replicate": every,
            "episode_number": session.episodes.copy(), "_episode_number": every,
            "time_s": episode.time_s.copy(), "_time_s": every,
            "fault": session.world.progress.fault.copy(), "_fault": every,
        }  # fmt: skip

    # --- what is checked --------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self.closed:
            raise gymnasium.error.ClosedEnvironmentError("the environment is closed")

    def _mask_of(self, options: dict[str, Any] | None) -> Flags:
        """Return which lanes are reset."""
        if not isinstance(options, (dict, type(None))):
            raise ValueError(f"options={options!r} is not allowed: must be a dict")
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
        if not self._ready and not mask.all():
            raise ValueError("options['reset_mask'] is not allowed yet: reset all lanes first")
        return np.array(mask)

    def _episodes(self, seed: Any, lanes: NDArray[np.int64]) -> tuple[Array, Array]:
        """Return which replicate and episode each of the lanes plays next."""
        session = self.session
        if seed is None and not self._ready:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        if isinstance(seed, (Sequence, np.ndarray)) and not _is_one(seed):
            seeds = list(seed)
        else:
            first = None if seed is None else _seed(seed)
            seeds = [None if first is None else first + lane for lane in range(self.num_envs)]
        if len(seeds) != self.num_envs:
            allowed = f"must be one of each of {self.num_envs} lanes"
            raise ValueError(f"seed with {len(seeds)} entries is not allowed: {allowed}")
        replicates, episodes = session.replicates[lanes], session.episodes[lanes] + 1
        for at, lane in enumerate(lanes):
            if seeds[lane] is not None:
                replicates[at], episodes[at] = _seed(seeds[lane]), 0
        return replicates, episodes

    def _take(self, actions: Any) -> None:
        """Let the task take the actions once they are all of the space; they are only read."""
        given = self._array(actions)
        if not self.task.take(given):
            used = ~self._episode.over
            self._refuse(given, used)
            self.task.take(np.where(used[:, None], given, self._low.astype(given.dtype)))

    def _array(self, actions: Any) -> Array:
        given, shape = array_of(actions), self.action_space.shape
        if given.shape != shape or given.dtype.kind not in self._kinds:
            shown = f"{given.dtype} {list(given.shape)}"
            allowed = f"{'floats' if self._kinds == 'f' else 'integers'} {list(shape or ())}"
            raise gymnasium.error.InvalidAction(f"actions of {shown} are not allowed: {allowed}")
        return given

    def _refuse(self, given: Array, used: Flags) -> None:
        """Refuse the first number that is out of bounds, where actions are used."""
        low, high = self._low, self._high
        wrong = used[..., None] & ~((given >= low) & (given <= high))
        if wrong.any():
            at = tuple(np.argwhere(wrong)[0].tolist())
            place, bounds = ", ".join(map(str, at)), f"{low[at[-1]]:g} .. {high[at[-1]]:g}"
            raise gymnasium.error.InvalidAction(
                f"actions[{place}]={given[at]} is not allowed: must be {bounds}"
            )


def array_of(actions: Any) -> Array:
    """Return actions as an array; lists of unequal lengths are one of objects."""
    try:
        return np.asarray(actions)
    except ValueError:
        return np.asarray(actions, object)


def _is_one(given: Any) -> bool:
    return isinstance(given, (str, bytes)) or np.ndim(given) == 0


def _seed(given: Any) -> int:
    is_whole = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
    if not is_whole or not 0 <= given < LARGEST_SEED:
        raise ValueError(f"seed={given!r} is not allowed: must be a whole number, 0 .. 2**62 - 1")
    return int(given)


def refuse_lanes(words: dict[str, Any]) -> None:
    """Refuse what an environment of one lane does not have.

    Raises
        ConfigError: it was given.
    """
    for key in ("num_envs", "autoreset_mode"):
        if key in words:
            raise ConfigError(
                f"{key}={words[key]!r} is not allowed: there is one lane, reset by hand"
            )


class _NoPicturesError(ConfigError, TypeError):
    """What makes others, as Stable-Baselines3, try again without a mode of rendering."""


def _session_of(words: dict[str, Any], num_envs: Any, **more: Any) -> Session:
    """Make the session; what it calls lanes is called ``num_envs`` here."""
    if words.pop("render_mode", None) is not None:  # None is what callers say who want no pictures
        raise _NoPicturesError("render_mode is not allowed: must be None, as there are no pictures")
    try:
        return Session(words, num_envs, **more)
    except ConfigError as error:
        text = str(error)
        if text.startswith("lanes="):
            raise ConfigError(f"num_envs={text.removeprefix('lanes=')}") from None
        raise


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
