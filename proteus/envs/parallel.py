"""``parallel_env``: one lane with several agents as an environment of PettingZoo.

    env = proteus.envs.parallel_env("maker", mechanism="fba", delta=100)  # maker.0 and maker.1
    observations, infos = env.reset(seed=0)
    while env.agents:
        actions = {agent: policy(observations[agent]) for agent in env.agents}
        observations, rewards, terminations, truncations, infos = env.step(actions)

It is a view of ``SelfPlayVectorEnv``, of which the page says who decides when. All agents end
together, when trading ends or the lane is cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from proteus.envs.self_play import SelfPlayVectorEnv
from proteus.envs.tasks.base import bounds_of
from proteus.envs.vector import array_of, refuse_lanes

Array = NDArray[Any]


class ProteusParallelEnv(ParallelEnv[str, Array, Array]):  # type: ignore[misc]
    """One lane; flags and rewards are Python's own."""

    metadata: dict[str, Any] = {  # noqa: RUF012 - as PettingZoo declares it
        "name": "proteus_v0", "render_modes": [], "is_parallelizable": True,
    }  # fmt: skip

    render_mode = None

    def __init__(
        self, task: str = "maker", *, control: Sequence[str] | None = None, **words: Any
    ) -> None:
        """Take what :class:`SelfPlayVectorEnv` takes, but for lanes and their restarts."""
        refuse_lanes(words)
        self._lanes = SelfPlayVectorEnv(
            task, 1, control=control, autoreset_mode=AutoresetMode.DISABLED, **words
        )
        self.possible_agents: list[str] = list(self._lanes.agents)
        self.agents: list[str] = []
        every: Any = self._lanes.single_observation_space
        self.observation_spaces: dict[str, Any] = {
            agent: gymnasium.spaces.Box(every.low[at], every.high[at], dtype=np.float32)
            for at, agent in enumerate(self.possible_agents)
        }
        told = [self._lanes.task.action_space for _ in self.possible_agents]  # each is seeded
        self.action_spaces: dict[str, Any] = dict(zip(self.possible_agents, told, strict=True))
        self._was_reset = False

    @property
    def session(self) -> Any:
        """The session of one lane behind it."""
        return self._lanes.session

    def observation_space(self, agent: str) -> gymnasium.spaces.Space[Any]:
        """Return what an agent is shown; the same object at every call."""
        space: gymnasium.spaces.Space[Any] = self.observation_spaces[agent]
        return space

    def action_space(self, agent: str) -> gymnasium.spaces.Space[Any]:
        """Return what an agent may say; the same object at every call."""
        space: gymnasium.spaces.Space[Any] = self.action_spaces[agent]
        return space

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, dict[str, Any]]]:
        """Start over: with a seed that replicate's episode 0, else the next episode.

        Parameters
            options: not read, as there are none; PettingZoo's own test gives some.
        """
        observation, info = self._lanes.reset(seed=seed)
        self.agents, self._was_reset = list(self.possible_agents), True
        return self._by_agent(observation[0]), self._infos(info)

    def step(
        self, actions: Mapping[str, Array]
    ) -> tuple[
        dict[str, Array],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Take the lane to the next decision of any agent, or to its end.

        Parameters
            actions: by agent; that of one who does not decide is not used, and may be left out.

        Returns
            Observations, rewards in currency, terminations, truncations and infos, by agent; of an
            episode that is over, given no actions, empty ones.

        Raises
            gymnasium.error.InvalidAction: of an agent that is not there, none of the one that
                decides, another shape or type, NaN, or out of bounds.
            gymnasium.error.ResetNeeded: before ``reset``, or actions when the episode is over.
            gymnasium.error.ClosedEnvironmentError: after ``close``.
        """
        if not self.agents:
            return self._without_agents(actions)
        observation, reward, ended, cut, info = self._lanes.step(self._together(actions)[None])
        agents, infos = self.agents, self._infos(info)
        if ended[0] or cut[0]:
            self.agents = []
        return (
            self._by_agent(observation[0]),
            {agent: float(each) for agent, each in zip(agents, reward[0], strict=True)},
            dict.fromkeys(agents, bool(ended[0])),
            dict.fromkeys(agents, bool(cut[0])),
            infos,
        )

    def _without_agents(self, actions: Any) -> tuple[Any, ...]:
        """Answer a step where no agent is left, or none was there yet."""
        if not self._was_reset:
            raise gymnasium.error.ResetNeeded("step is not allowed yet: reset must be called first")
        if actions:
            raise gymnasium.error.ResetNeeded("step is not allowed: the episode has ended")
        return {}, {}, {}, {}, {}

    def close(self) -> None:
        """Let go of the lane; more than once is fine."""
        self._lanes.close()

    # --- from agents to rows and back -------------------------------------------------------------

    def _by_agent(self, rows: Array) -> dict[str, Array]:
        return {agent: row.copy() for agent, row in zip(self.possible_agents, rows, strict=True)}

    def _infos(self, info: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Give each agent what is its own, and what is the lane's."""
        of_lane = {key: value[0] for key, value in info.items() if not key.startswith("_")}
        return {
            agent: {key: (v[at] if v.ndim else v).item() for key, v in of_lane.items()}
            for at, agent in enumerate(self.possible_agents)
        }

    def _together(self, actions: Mapping[str, Array]) -> Array:
        """Return the actions as rows, once each is of its space; left out is what is not used."""
        if not isinstance(actions, Mapping):
            kind = type(actions).__name__
            raise gymnasium.error.InvalidAction(
                f"actions of {kind} are not allowed: must be a dict by agent"
            )
        for agent in actions:
            if agent not in self.agents:
                allowed = f"agents are {', '.join(self.agents)}"
                raise gymnasium.error.InvalidAction(f"actions[{agent!r}] is not allowed: {allowed}")
        space = self._lanes.single_action_space
        rows = np.zeros(space.shape or (), space.dtype)
        for agent, action in actions.items():
            rows[self.agents.index(agent)] = self._checked(agent, action)
        for agent in np.array(self.possible_agents)[self._lanes.decides[0]]:
            if agent not in actions:
                raise gymnasium.error.InvalidAction(
                    f"actions without '{agent}' are not allowed: it is the one that decides"
                )
        return rows

    def _checked(self, agent: str, action: Any) -> Array:
        given, space = array_of(action), self.action_spaces[agent]
        is_box = isinstance(space, gymnasium.spaces.Box)
        if given.shape != space.shape or given.dtype.kind not in ("f" if is_box else "iu"):
            allowed = f"{'floats' if is_box else 'integers'} {list(space.shape or ())}"
            raise gymnasium.error.InvalidAction(
                f"actions[{agent!r}] of {given.dtype} {list(given.shape)} is not allowed: {allowed}"
            )
        low, high = bounds_of(space)
        wrong = ~((given >= low) & (given <= high))
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise gymnasium.error.InvalidAction(
                f"actions[{agent!r}][{at}]={given[at]} is not allowed: "
                f"must be {low[at]:g} .. {high[at]:g}"
            )
        return given


def parallel_env(task: str = "maker", **words: Any) -> ProteusParallelEnv:
    """Make a lane with several agents, from the words of the command line.

    ``parallel_env("maker", control=["maker.0", "maker.1"], mechanism="fba", delta=100)``

    Parameters
        task, words: as of :class:`SelfPlayVectorEnv`, which raises what is wrong with them.
    """
    return ProteusParallelEnv(task, **words)
