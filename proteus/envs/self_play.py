"""``SelfPlayVectorEnv``: lanes in which several traders are decided for, on an axis of agents.

    envs = proteus.envs.SelfPlayVectorEnv("maker", 64, mechanism="clob")  # maker.0 and maker.1
    observation, info = envs.reset(seed=0)  # [N, M, F]
    observation, reward, terminated, truncated, info = envs.step(policy(observation))  # [N, M, A]

The traders of a lane look one after another, at times of their own: a step takes the lane to the
next decision of any of them, and ``decides`` says whose that is. Only its action is read; one
policy for all of them may as well be asked for ``observation[decides]`` alone. Everyone else is
shown what it saw last, and is rewarded in every step for what its quotes have made by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from proteus.envs.tasks.base import OWN, Feature
from proteus.envs.tasks.table import TASKS
from proteus.envs.vector import Array, Flags, ProteusVectorEnv
from proteus.errors import ConfigError

DECIDES = Feature("decides", "0 or 1", 0.0, 1.0, OWN, "whether its action is the one that is read")
_TIME_LEFT = 0  # feature


class SelfPlayVectorEnv(ProteusVectorEnv):
    """Lanes of one cell, with M agents in each; all have the same task and the same spaces."""

    _is_of_several = True

    def __init__(
        self,
        task: str = "maker",
        num_envs: int = 1,
        *,
        control: Sequence[str] | None = None,
        **words: Any,
    ) -> None:
        """Compose the cell and allocate its lanes.

        Parameters
            control: the agents, as traders of ``proteus.Session``; None: the first two traders of
                the group that the task is about. The rest is that of :class:`ProteusVectorEnv`.

        Raises
            ConfigError: as there.
        """
        if control is None and isinstance(task, str) and task in TASKS:
            control = [f"{TASKS[task].control}.{number}" for number in range(2)]
        if isinstance(control, str) or not isinstance(control, (Sequence, type(None))):
            allowed = "must be a list of traders, as ['maker.0', 'maker.1']"
            raise ConfigError(f"control={control!r} is not allowed: {allowed}")
        super().__init__(task, num_envs, control=control, **words)
        self.agents: list[str] = [str(name) for name in control or ()]
        self._seen = np.zeros(self.observation_space.shape or (), np.float32)

    @property
    def decides(self) -> Flags:
        """Tell of each agent whether it is the one that decides next, bool [N, M]."""
        here = np.asarray(self.session.waiting & ~self._episode.over)
        is_decider = np.arange(len(self.session.traders)) == self._decider[:, None]
        return np.asarray(here[:, None] & is_decider)

    @property
    def _decider(self) -> NDArray[np.int64]:
        external = self.session.world.policies.others.policy
        return np.asarray(external.number[external.trader])

    def _spaces(self) -> tuple[Any, Any]:
        seen, told, count = *super()._spaces(), len(self.session.traders)
        low, high = np.append(seen.low, [DECIDES.low]), np.append(seen.high, [DECIDES.high])
        shows = gymnasium.spaces.Box(
            np.tile(low, (count, 1)).astype(np.float32),
            np.tile(high, (count, 1)).astype(np.float32),
            dtype=np.float32,
        )
        if isinstance(told, gymnasium.spaces.Box):
            low, high = (np.tile(each, (count, 1)) for each in (told.low, told.high))
            return shows, gymnasium.spaces.Box(low, high, dtype=np.float32)
        return shows, gymnasium.spaces.MultiDiscrete(np.tile(told.nvec, (count, 1)))

    def _take(self, actions: Any) -> None:
        """Let the task take the actions of those who decide; those of others are not read."""
        given, lanes = self._array(actions), np.arange(self.num_envs)
        chosen = given[lanes, self._decider]
        if not self.task.take(chosen):
            decides = self.decides
            self._refuse(given, decides)
            used = decides.any(axis=1, keepdims=True)
            self.task.take(np.where(used, chosen, self._low.astype(given.dtype)))

    def _observe(self) -> Array:
        """Show who decides what it sees, and the others what they saw last."""
        seen, lanes = self._seen, np.arange(self.num_envs)
        seen[lanes, self._decider, :-1] = self.task.observe()
        seen[self.session.ended, :, _TIME_LEFT] = 0.0
        seen[:, :, -1] = self.decides
        return seen.copy()

    def _begin(self, lanes: Flags) -> None:
        super()._begin(lanes)
        self._seen[lanes] = 0.0

    def _of_agents(self, array: Array) -> Array:
        return array.copy()

    def _info(self) -> dict[str, Any]:
        every = np.ones(self.num_envs, np.bool_)
        return {**super()._info(), "decides": self.decides, "_decides": every}
