"""What must hold of the rows of a file: whole episodes, T + 1 rows, one end, all seeds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from proteus.errors import ResultsError

OF_STEPS = ("reward", "terminated", "truncated")


def check_keys(path: Path, table: pa.Table, said: Mapping[str, Any]) -> pd.DataFrame:
    """Check the rows of a file, sorted by seed and step; returns its episodes, a row each.

    Parameters
        table: cell, seed, episode, step, fault, reward, terminated and truncated. said: what the
            manifest says of the file: cell, first, seeds, steps.

    Raises
        ResultsError: what is wrong with the first episode that is not whole.
    """
    numbers = {
        name: table[name].to_numpy() for name in ("cell", "seed", "episode", "step", "fault")
    }
    seeds, step = numbers["seed"], numbers["step"]
    starts = (
        np.flatnonzero(np.r_[True, seeds[1:] != seeds[:-1]]) if len(seeds) else np.zeros(0, int)
    )
    ends = np.r_[starts[1:], len(seeds)].astype(int)
    expected = range(said["first"], said["first"] + said["seeds"])
    if seeds[starts].tolist() != [*expected] or (numbers["cell"] != said["cell"]).any():
        span = f"{expected.start} .. {expected.stop - 1} of cell {said['cell']}"
        raise ResultsError(f"{path} is damaged: its seeds are not {span}")
    lengths = ends - starts
    wrong = step != np.arange(len(step)) - np.repeat(starts, lengths)
    wrong |= numbers["episode"] != np.repeat(numbers["episode"][starts], lengths)
    _refuse(path, seeds, wrong, "its steps are not 0, 1, 2 and so on")
    is_last = np.zeros(len(step), np.bool_)
    is_last[ends - 1] = True
    _check_last(path, table, seeds, is_last)
    flags = {name: table[name].fill_null(False).to_numpy() for name in ("terminated", "truncated")}
    over = flags["terminated"].astype(int) + flags["truncated"]
    one_end = np.zeros(len(step), int)
    one_end[ends[lengths > 1] - 2] = 1
    _refuse(path, seeds, over != one_end, "its last step alone must be terminated or truncated")
    if int(lengths.sum()) != len(step) or int(lengths.sum()) - len(starts) != said["steps"]:
        raise ResultsError(f"{path} is damaged: it has other steps than the manifest says")
    reward = table["reward"].fill_null(0.0).to_numpy()
    return pd.DataFrame({
        "cell": said["cell"], "seed": seeds[starts], "episode": numbers["episode"][starts],
        "steps": lengths - 1, "terminated": np.logical_or.reduceat(flags["terminated"], starts),
        "truncated": np.logical_or.reduceat(flags["truncated"], starts),
        "fault": numbers["fault"][ends - 1], "total_reward": np.add.reduceat(reward, starts),
    })  # fmt: skip


def _check_last(
    path: Path, table: pa.Table, seeds: NDArray[np.int64], is_last: NDArray[np.bool_]
) -> None:
    """Refuse rows that have no step but are not the last, and the other way round: T + 1."""
    for name in OF_STEPS:
        missing = table[name].is_null().to_numpy()
        said = f"it must have a {name} at each step, and one observation more"
        _refuse(path, seeds, missing != is_last, said)


def _refuse(path: Path, seeds: NDArray[np.int64], wrong: NDArray[np.bool_], sentence: str) -> None:
    if wrong.any():
        seed = int(seeds[np.flatnonzero(wrong)[0]])
        raise ResultsError(f"{path} is damaged: of the episode of seed {seed} {sentence}")
