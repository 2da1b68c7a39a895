"""Small data sets, and what an environment says of the same episodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import proteus
from proteus.trajectories.reading import Episode, Trajectories

WORDS: dict[str, Any] = {
    "mechanism": "clob", "horizon_s": 0.3, "delta": 100, "record": {"warmup_s": 0.1},
    "metrics": {"tau_ms": 200, "horizons_ms": [0, 100, 200]}, "executor.workers": 1,
}  # fmt: skip
SHORT = [
    "horizon_s=0.3", "delta=100", "record.warmup_s=0.1", "metrics.tau_ms=200",
    "metrics.horizons_ms=[0,100,200]", "executor.workers=1",
]  # fmt: skip


def collected(folder: Path, **more: Any) -> Trajectories:
    words = {**WORDS, "seeds": 3, **more}
    return proteus.collect_trajectories(output_dir=folder, **words)


def same(left: Any, right: Any) -> bool:
    return bool(left.dtype == right.dtype and left.tobytes() == right.tobytes())


def stepped(task: str, data: Trajectories, **more: Any) -> list[Episode]:
    """Step an environment of the same words with the actions of a data set, lane by lane."""
    words = {key: value for key, value in WORDS.items() if key != "executor.workers"}
    made = []
    for each in data:
        env = proteus.make_vec(task, num_envs=1, **{**words, **more})
        observation, info = env.reset(seed=each.seed)
        seen, infos = [observation[0]], [info]
        rewards, flags = [], []
        for action in each.actions:
            observation, reward, terminated, truncated, info = env.step(action[None])
            seen.append(observation[0])
            infos.append(info)
            rewards.append(reward[0])
            flags.append((terminated[0], truncated[0]))
        ends = np.array(flags, np.bool_).reshape(-1, 2)
        told = {name: np.array([info[name][0] for info in infos]) for name in each.infos}
        made.append(Episode(
            each.cell, each.seed, each.number, np.array(seen), each.actions,
            np.array(rewards, np.float64), ends[:, 0].copy(), ends[:, 1].copy(), told,
        ))  # fmt: skip
    return made
