"""Small environments, and how they are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from proteus.envs import ProteusEnv, ProteusVectorEnv

WORDS: dict[str, Any] = {
    "mechanism": "clob", "horizon_s": 0.3, "delta": 100, "record": {"warmup_s": 0.1},
    "metrics": {"tau_ms": 200, "horizons_ms": [0, 100, 200]},
}  # fmt: skip
MODES = tuple(AutoresetMode)


def vector(task: str = "maker", lanes: int = 3, **more: Any) -> ProteusVectorEnv:
    return ProteusVectorEnv(task, lanes, **{**WORDS, **more})


def singles(task: str = "maker", lanes: int = 3, **more: Any) -> SyncVectorEnv:
    """The same lanes, each an environment of its own, side by side by Gymnasium."""
    mode = more.pop("autoreset_mode", AutoresetMode.NEXT_STEP)
    made = [lambda: ProteusEnv(task, **{**WORDS, **more}) for _ in range(lanes)]
    return SyncVectorEnv(made, autoreset_mode=mode)


def same(left: Any, right: Any) -> bool:
    """Tell whether two results are equal, with their types."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, np.ndarray) and left.dtype == object:
        return all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, np.ndarray):
        return bool(left.dtype == right.dtype and left.tobytes() == right.tobytes())
    return bool(left == right)
