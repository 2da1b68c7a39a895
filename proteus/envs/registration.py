"""The ids by which ``gymnasium.make`` and ``make_vec`` know the tasks."""

from __future__ import annotations

import gymnasium

from proteus.envs.tasks.table import TASKS

NAMESPACE = "proteus"


def register_all() -> None:
    """Register every task once: ``proteus/maker-v0`` and so on."""
    for name in TASKS:
        identity = f"{NAMESPACE}/{name}-v0"
        if identity not in gymnasium.registry:
            gymnasium.register(
                identity,
                entry_point="proteus.envs.single:ProteusEnv",
                vector_entry_point="proteus.envs.vector:ProteusVectorEnv",
                kwargs={"task": name},
                disable_env_checker=True,
                order_enforce=False,
            )
