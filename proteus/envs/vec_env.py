"""``ProteusVecEnv``: the lanes of a vector environment as a ``VecEnv`` of Stable-Baselines3.

Lanes differ as they do everywhere: after ``seed(s)`` lane i plays replicate s + i, and each start
over is the next episode of it. Of the infos only those of lanes that end say more than whether that
was a cut; they have ``episode`` too, by which Stable-Baselines3 reports returns, so no monitor is
needed around this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from proteus.envs.vector import ProteusVectorEnv

Array = NDArray[Any]
Indices = None | int | Iterable[int]
_CUT = "TimeLimit.truncated"  # the key by which it learns that a value goes on behind an end


class ProteusVecEnv(VecEnv):  # type: ignore[misc]
    """Lanes that start over in the step that ends them; rewards are float32, as its buffers are."""

    def __init__(self, lanes: ProteusVectorEnv) -> None:
        """Take lanes whose ``autoreset_mode`` is ``SameStep``."""
        self.lanes: ProteusVectorEnv = lanes
        super().__init__(lanes.num_envs, lanes.single_observation_space, lanes.single_action_space)
        self._actions: Array | None = None

    def reset(self) -> Array:
        """Start all lanes over, by the seeds of ``seed`` if there were any since the last reset.

        Raises
            ValueError: ``set_options`` gave some, as there are none.
        """
        given = next((options for options in self._options if options), None)
        if given:
            raise ValueError(f"options[{next(iter(given))!r}] is not allowed: there are none")
        has_seeds = any(seed is not None for seed in self._seeds)
        observation, info = self.lanes.reset(seed=list(self._seeds) if has_seeds else None)
        self._reset_seeds()
        self._reset_options()
        self.reset_infos: list[dict[str, Any]] = [
            _of_lane(info, lane) for lane in range(self.num_envs)
        ]
        return observation

    def step_async(self, actions: Any) -> None:
        """Take the actions of the next step; later changes of the array are not seen."""
        self._actions = np.array(actions)

    def step_wait(self) -> tuple[Array, Array, Array, list[dict[str, Any]]]:
        """Take every lane to its next decision; one that ends shows the first of its next episode.

        Returns
            Observations float32 [N, F], rewards float32 [N], dones bool [N], and the infos: of a
            lane that ends what it showed last, its return and length, and the values of
            ``docs/environments.md`` at its end.
        """
        observation, reward, ended, cut, info = self.lanes.step(self._actions)
        infos: list[dict[str, Any]] = [{_CUT: False} for _ in range(self.num_envs)]
        done = ended | cut
        for lane in np.flatnonzero(done):
            last = _of_lane(info["final_info"], int(lane))
            infos[lane] = {
                **last,
                _CUT: bool(cut[lane] and not ended[lane]),
                "terminal_observation": info["final_obs"][lane],
                "episode": {
                    "r": last["episode_return"], "l": last["episode_length"], "t": last["time_s"],
                },
            }  # fmt: skip
            self.reset_infos[lane] = _of_lane(info, int(lane))
        return observation, reward.astype(np.float32), done, infos

    def close(self) -> None:
        """Let go of the lanes; more than once is fine."""
        self.lanes.close()

    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        """Return an attribute of the lanes, which they share."""
        found = getattr(self.lanes, attr_name)
        return [found for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> None:
        """Refuse: lanes are of one cell.

        Raises
            AttributeError: always.
        """
        raise AttributeError(f"{attr_name}={value!r} is not allowed: lanes have no attributes")

    def env_method(
        self, method_name: str, *method_args: Any, indices: Indices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Refuse: a lane is not an object.

        Raises
            AttributeError: always.
        """
        raise AttributeError(f"{method_name}() is not allowed: lanes have no methods")

    def env_is_wrapped(self, wrapper_class: type, indices: Indices = None) -> list[bool]:
        """Return that no lane is wrapped in anything."""
        return [False for _ in self._get_indices(indices)]


def _of_lane(info: dict[str, Any], lane: int) -> dict[str, Any]:
    """Return what an info of all lanes says of one, as numbers of Python."""
    return {
        key: value[lane].item()
        for key, value in info.items()
        if not key.startswith(("_", "final_"))
    }  # fmt: skip
