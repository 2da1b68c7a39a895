"""Give a data set to other libraries: as Minari's HDF5, and as the arrays that d3rlpy takes.

Both are made from the arrays here, episode by episode. d3rlpy's own reader of Minari puts all
observations, T + 1 of each episode, beside all actions, T of each, and so shifts those of episode n
by n: do not go that way.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proteus.basics.version import VERSION
from proteus.errors import ResultsError
from proteus.trajectories.schema import GRID, MANIFEST

if TYPE_CHECKING:
    from proteus.trajectories.reading import Trajectories

_PATH = "MINARI_DATASETS_PATH"
# What Minari takes, less what it takes and then cannot read: a version must be there.
_NAME = re.compile(r"(?P<namespace>[-\w]{2,}(?:/[-\w]+)*/)?[-\w]+-v(?:0|[1-9]\d*)", re.ASCII)


def to_d3rlpy(data: Trajectories) -> dict[str, Any]:
    """Return what ``d3rlpy.dataset.MDPDataset`` takes, but for the action space.

    ``MDPDataset(**proteus.to_d3rlpy(data), action_space=d3rlpy.ActionSpace.CONTINUOUS)``; of a grid
    ``DISCRETE``. Say it: d3rlpy takes floats that are whole numbers for codes.

    Returns
        observations float32 [S, F], actions [S, A], rewards float32 [S], terminals and timeouts
        float32 [S], and action_size. The last observation of an episode has no place there. Actions
        of a grid are one code each, int64 [S, 1]: the first number times the steps of the second,
        plus the second.

    Raises
        ResultsError: no episode has a step.
    """
    arrays = data.arrays()
    if not len(arrays.get("rewards", ())):
        raise ResultsError(f"{data.folder} has no step that d3rlpy could read")
    actions, size = arrays["actions"], len(data.action_space.names)
    if data.action_space.kind == GRID:
        sizes = tuple(int(high) + 1 for high in data.action_space.high)
        actions, size = np.ravel_multi_index(tuple(actions.T), sizes)[:, None], int(np.prod(sizes))
    return {
        "observations": arrays["observations"], "actions": actions,
        "rewards": arrays["rewards"].astype(np.float32),
        "terminals": arrays["terminations"].astype(np.float32),
        "timeouts": arrays["truncations"].astype(np.float32), "action_size": size,
    }  # fmt: skip


def to_minari(
    data: Trajectories, dataset_id: str, *, author: str | None = None,
    author_email: str | None = None, code_permalink: str | None = None,
    description: str | None = None,
) -> Path:  # fmt: skip
    """Write a data set of Minari, in HDF5, where ``minari.load_dataset`` finds it.

    Every array is the same there, to the bit. Infos are [T + 1, 1] arrays: time_s, equity_nano,
    fault, and cell, seed and episode, which Minari loses when it combines data sets. Beside the
    data stands the whole manifest. Episodes without a step are left out.

    Parameters
        dataset_id: as ``mkt/maker-v0``. The rest is told to Minari.

    Returns
        The folder.

    Raises
        ResultsError: a name that Minari cannot read, or that is taken; or Minari is not installed.
        Whatever else fails, nothing is left behind.
    """
    if find_spec("minari") is None or find_spec("h5py") is None:
        raise ResultsError("to_minari needs Minari: install it with pip install 'minari[hdf5]'")
    match = _NAME.fullmatch(dataset_id)
    if match is None:
        allowed = "must be (NAMESPACE/)NAME-vNUMBER, as mkt/maker-v0"
        raise ResultsError(f"dataset_id={dataset_id!r} is not allowed: {allowed}")
    from minari.storage.datasets_root_dir import get_dataset_path

    target = Path(get_dataset_path(dataset_id))
    if target.exists():
        raise ResultsError(f"dataset_id={dataset_id!r} is taken: {target} is there already")
    told = {
        "author": author, "author_email": author_email, "code_permalink": code_permalink,
        "description": description or _description(data),
    }  # fmt: skip
    with _aside(target, (match["namespace"] or "").rstrip("/")) as made:
        _write(data, dataset_id, told)
        (made / MANIFEST).write_text(json.dumps(data.manifest, indent=1) + "\n", encoding="utf-8")
    return target


def _description(data: Trajectories) -> str:
    about = data.manifest
    return (
        f"proteus {about['task']}, policy {about['policy']['name']}, "
        f"config_hash {about['config_hash']}; {MANIFEST} has the rest"
    )


def _write(data: Trajectories, dataset_id: str, told: dict[str, Any]) -> None:
    """Let Minari write episode after episode; they are never all in memory."""
    import minari

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what it was not told
        made = minari.create_dataset_from_buffers(
            dataset_id, _buffers(data),
            observation_space=data.observation_space.to_gymnasium(),
            action_space=data.action_space.to_gymnasium(),
            algorithm_name=data.manifest["policy"]["name"],
            requirements=[f"proteus-markets=={VERSION}"], data_format="hdf5", **told,
        )  # fmt: skip
    steps = int(made.total_steps)
    if steps != data.manifest["steps"]:
        raise ResultsError(f"Minari has {steps} steps of {data.manifest['steps']}")


def _buffers(data: Trajectories) -> Iterator[Any]:
    from minari.data_collector.episode_buffer import EpisodeBuffer

    for each in data:
        rows = len(each.observations)
        if rows == 1:
            continue
        codes = {"cell": each.cell, "seed": each.seed, "episode": each.number}
        infos = {name: array[:, None] for name, array in each.infos.items()}
        infos |= {name: np.full((rows, 1), code, np.int64) for name, code in codes.items()}
        yield EpisodeBuffer(
            seed=each.seed, observations=each.observations, actions=each.actions,
            rewards=each.rewards, terminations=each.terminations, truncations=each.truncations,
            infos=infos,
        )  # fmt: skip


@contextmanager
def _aside(target: Path, namespace: str) -> Iterator[Path]:
    """Let Minari write to a hidden folder, and move what it wrote when all of it is there.

    A refused data set of Minari leaves its name occupied.

    Yields
        Where the data set is meanwhile.
    """
    from minari.storage.datasets_root_dir import get_dataset_path

    root, before = Path(get_dataset_path()), os.environ.get(_PATH)
    hidden = Path(tempfile.mkdtemp(prefix=".proteus-", dir=root))
    try:
        os.environ[_PATH] = str(hidden)
        yield hidden / target.relative_to(root)
        _restore(before)
        _make_namespaces(root, hidden, namespace)
        os.replace(hidden / target.relative_to(root), target)
    finally:
        _restore(before)
        shutil.rmtree(hidden, ignore_errors=True)


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop(_PATH, None)
    else:
        os.environ[_PATH] = before


def _make_namespaces(root: Path, hidden: Path, namespace: str) -> None:
    """Make the folders of a namespace as Minari made them, with its files, where they lack."""
    inside = Path()
    for part in Path(namespace).parts:
        inside /= part
        (root / inside).mkdir(exist_ok=True)
        for file in (hidden / inside).iterdir():
            if file.is_file() and not (root / inside / file.name).exists():
                shutil.copy(file, root / inside / file.name)
