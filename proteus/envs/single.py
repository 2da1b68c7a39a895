"""``ProteusEnv``: one lane as an environment of Gymnasium, a view of a vector of one."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from proteus.envs.vector import ProteusVectorEnv, array_of, refuse_lanes


class ProteusEnv(gymnasium.Env):
    """One lane; flags and rewards are Python's own, which third-party checkers insist on."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - as Gymnasium declares it

    def __init__(self, task: str = "maker", **words: Any) -> None:
        """Take what :class:`ProteusVectorEnv` takes, but for lanes and their restarts."""
        refuse_lanes(words)
        self._vector = ProteusVectorEnv(task, 1, autoreset_mode=AutoresetMode.DISABLED, **words)
        self.observation_space: Any = self._vector.single_observation_space
        self.action_space: Any = self._vector.single_action_space

    @property
    def session(self) -> Any:
        """The session of one lane behind it."""
        return self._vector.session

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start over: with a seed that replicate's episode 0, else the next episode.

        Raises
            ValueError: options, as there are none.
        """
        super().reset(seed=seed)
        if options:
            name = next(iter(options))
            raise ValueError(f"options[{name!r}] is not allowed: there are none")
        observation, info = self._vector.reset(seed=seed)
        return observation[0], _of_one(info)

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Go on to the next decision, or to the end; errors as of :class:`ProteusVectorEnv`."""
        observation, reward, terminated, truncated, info = self._vector.step(array_of(action)[None])
        flags = bool(terminated[0]), bool(truncated[0])
        return observation[0], float(reward[0]), *flags, _of_one(info)

    def close(self) -> None:
        """Let go of the lane; more than once is fine."""
        self._vector.close()


def _of_one(info: dict[str, Any]) -> dict[str, Any]:
    return {key: value[0].item() for key, value in info.items() if not key.startswith("_")}
