"""Environments of Gymnasium over lanes: ``pip install 'proteus-markets[rl]'``.

    envs = proteus.make_vec("maker", mechanism="fba", delta=100, num_envs=1024)
    observation, info = envs.reset(seed=0)
    observation, reward, terminated, truncated, info = envs.step(envs.action_space.sample())

``SelfPlayVectorEnv`` has an axis of agents, and ``parallel_env`` is one lane of it for PettingZoo;
``stable_baselines_env`` gives lanes to Stable-Baselines3.
Importing this registers ``proteus/maker-v0`` and so on, for ``gymnasium.make`` and ``make_vec``.
"""

from proteus.envs.parallel import ProteusParallelEnv as ProteusParallelEnv
from proteus.envs.parallel import parallel_env as parallel_env
from proteus.envs.registration import register_all
from proteus.envs.self_play import SelfPlayVectorEnv as SelfPlayVectorEnv
from proteus.envs.single import ProteusEnv as ProteusEnv
from proteus.envs.stable_baselines import stable_baselines_env as stable_baselines_env
from proteus.envs.tasks.table import TASKS as TASKS
from proteus.envs.vector import FAULTS as FAULTS
from proteus.envs.vector import ProteusVectorEnv as ProteusVectorEnv
from proteus.envs.vector import make_vec as make_vec

register_all()
