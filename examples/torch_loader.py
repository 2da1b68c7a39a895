"""Batches of transitions for torch, from a data set that never is in memory as a whole.

    python -m proteus.trajectories policy=baseline seeds.count=200 output_dir=data
    python examples/torch_loader.py data

Each worker of the loader reads episodes of its own; steps are shuffled within some episodes at a
time. The next observation of an episode's last step is the one that the data set keeps for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

import proteus

AT_ONCE = 16  # episodes whose steps are shuffled together


class Transitions(IterableDataset):
    """Steps of a data set, as dictionaries of tensors."""

    def __init__(self, folder: str, seed: int = 0) -> None:
        self.data, self.seed = proteus.load_trajectories(folder), seed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        random = np.random.default_rng([self.seed, first])
        rows = range(first, len(self.data), step)
        for at in range(0, len(rows), AT_ONCE):
            yield from self._shuffled(rows[at : at + AT_ONCE], random)

    def _shuffled(self, rows: range, random: np.random.Generator) -> Iterator[dict[str, Any]]:
        chosen = [self.data[row] for row in rows]
        steps = [(each, at) for each in chosen for at in range(len(each.rewards))]
        for number in random.permutation(len(steps)):
            each, at = steps[number]
            yield {
                "observation": torch.from_numpy(each.observations[at].copy()),
                "action": torch.from_numpy(each.actions[at].copy()),
                "reward": torch.tensor(each.rewards[at], dtype=torch.float32),
                "next_observation": torch.from_numpy(each.observations[at + 1].copy()),
                "terminated": torch.tensor(bool(each.terminations[at])),
            }


def main(folder: str) -> int:
    """Go through a data set once; prints and returns the number of steps."""
    steps, total = 0, 0.0
    for batch in DataLoader(Transitions(folder), batch_size=256):
        steps += len(batch["reward"])
        total += float(batch["reward"].double().sum())
    print(f"{steps} steps, total reward {total:.3f}")
    return steps


if __name__ == "__main__":
    main(sys.argv[1])
