"""``stable_baselines_env``: lanes for Stable-Baselines3, which takes no vectors of Gymnasium.

    from stable_baselines3 import PPO

    envs = proteus.envs.stable_baselines_env("maker", 256, mechanism="fba", delta=100)
    PPO("MlpPolicy", envs, seed=0).learn(1_000_000)

It is not a dependency: only a call imports it.
"""

from __future__ import annotations

from typing import Any

from gymnasium.vector import AutoresetMode

from proteus.envs.vector import ProteusVectorEnv
from proteus.errors import ConfigError


def stable_baselines_env(task: str = "maker", num_envs: int = 1, **words: Any) -> Any:
    """Make lanes as a ``VecEnv`` of Stable-Baselines3, from the words of the command line.

    Parameters
        task, num_envs, words: as of :class:`ProteusVectorEnv`, which raises what is wrong with
            them; ``autoreset_mode`` is not among them, as lanes always start over at once.

    Raises
        ConfigError: Stable-Baselines3 is not installed.
    """
    if "autoreset_mode" in words:
        raise ConfigError(
            f"autoreset_mode={words['autoreset_mode']!r} is not allowed: under Stable-Baselines3 "
            "a lane starts over in the step that ends it"
        )
    try:
        from proteus.envs.vec_env import ProteusVecEnv
    except ModuleNotFoundError as error:
        raise ConfigError(f"stable_baselines_env needs {error.name}: pip install it") from None
    lanes = ProteusVectorEnv(task, num_envs, autoreset_mode=AutoresetMode.SAME_STEP, **words)
    return ProteusVecEnv(lanes)
