"""What other libraries get, held against the arrays; the libraries themselves where they are."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import proteus
from proteus.errors import ResultsError
from proteus.trajectories import exports
from tests.unit.trajectories.helping import collected, same

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    more = {"mechanism": ["clob", "fba"], "policy": "random"}
    return collected(tmp_path_factory.mktemp("exports") / "data", **more)


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    more = {"task": "maker_grid", "policy": "random", "max_steps": 3}
    return collected(tmp_path_factory.mktemp("exports") / "grid", **more)


@pytest.fixture
def minari(tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    return pytest.importorskip("minari")


def test_d3rlpy_gets_each_episodes_own_observations(data):
    """T of T + 1: its own reader of Minari would shift those of episode n by n."""
    made, at = proteus.to_d3rlpy(data), 0
    for each in data:
        steps = slice(at, at + len(each.rewards))
        at = steps.stop
        assert same(made["observations"][steps], each.observations[:-1])
        assert same(made["actions"][steps], each.actions)
        assert (made["rewards"][steps] == each.rewards.astype(np.float32)).all()
        assert made["terminals"][steps].tolist() == [0.0] * (len(each.rewards) - 1) + [1.0]
    assert at == len(made["observations"]) == len(made["timeouts"])
    assert made["timeouts"].sum() == 0
    assert made["action_size"] == 5


def test_d3rlpy_gets_a_code_for_each_action_of_a_grid(grid):
    made = proteus.to_d3rlpy(grid)
    codes = [first * 11 + second for each in grid for first, second in each.actions.tolist()]
    assert made["actions"].tolist() == [[code] for code in codes]
    assert made["action_size"] == 121
    assert made["timeouts"].sum() == 3
    assert made["terminals"].sum() == 0


def test_d3rlpy_itself_reads_them(data, grid):
    d3rlpy = pytest.importorskip("d3rlpy")
    space = d3rlpy.ActionSpace.CONTINUOUS
    made = d3rlpy.dataset.MDPDataset(**proteus.to_d3rlpy(data), action_space=space)
    assert made.size() == len(data)
    for theirs, ours in zip(made.episodes, data, strict=True):
        assert same(np.asarray(theirs.observations), ours.observations[:-1].copy())
        assert same(np.asarray(theirs.actions), ours.actions)
        assert theirs.terminated
        assert theirs.transition_count == len(ours.rewards)
    space = d3rlpy.ActionSpace.DISCRETE
    made = d3rlpy.dataset.MDPDataset(**proteus.to_d3rlpy(grid), action_space=space)
    assert (made.size(), made.dataset_info.action_size) == (3, 121)
    assert not made.episodes[0].terminated


def test_minari_gives_back_every_bit_with_the_seeds(minari, data, tmp_path):
    folder = proteus.to_minari(data, "mkt/maker-v0")
    assert folder == tmp_path / "minari" / "mkt" / "maker-v0"
    found = minari.load_dataset("mkt/maker-v0")
    assert (found.total_episodes, found.total_steps) == (len(data), data.manifest["steps"])
    assert found.spec.action_space == data.action_space.to_gymnasium()
    for theirs, ours in zip(found, data, strict=True):
        for one, other in zip(
            (theirs.observations, theirs.actions, theirs.rewards, theirs.terminations,
             theirs.truncations), ours[3:8], strict=True,
        ):  # fmt: skip
            assert same(one, other)
        assert len(theirs.observations) == len(theirs.actions) + 1
        told = {name: array[:, 0] for name, array in theirs.infos.items()}
        assert {array.shape[1:] for array in theirs.infos.values()} == {(1,)}
        assert (told["cell"] == ours.cell).all()
        assert (told["seed"] == ours.seed).all()
        assert (told["episode"] == ours.number).all()
        assert all(same(told[name], array) for name, array in ours.infos.items())
    assert [each["seed"] for each in found.storage.get_episode_metadata(range(6))] == [0, 1, 2] * 2
    assert (folder / "manifest.json").is_file()
    assert [*minari.list_local_datasets()] == ["mkt/maker-v0"]
    with pytest.raises(ResultsError, match="'mkt/maker-v0' is taken"):
        proteus.to_minari(data, "mkt/maker-v0")


def test_a_minari_of_two_keeps_its_seeds(minari, data, grid):
    """Minari's own seeds are lost when data sets are combined; those in the infos are not."""
    proteus.to_minari(data, "one-v0")
    proteus.to_minari(data, "two-v0")
    both = minari.combine_datasets(
        [minari.load_dataset("one-v0"), minari.load_dataset("two-v0")], "both-v0"
    )
    assert [int(each.infos["seed"][0, 0]) for each in both] == [0, 1, 2] * 4


def test_a_failed_export_leaves_nothing(minari, data, tmp_path, monkeypatch):
    def failing(given):
        yield next(honest(given))
        raise OSError("the disk is full")

    honest = exports._buffers
    monkeypatch.setattr(exports, "_buffers", failing)
    before = os.environ["MINARI_DATASETS_PATH"]
    with pytest.raises(OSError, match="the disk is full"):
        proteus.to_minari(data, "mkt/maker-v0")
    assert [*(tmp_path / "minari").iterdir()] == []
    assert os.environ["MINARI_DATASETS_PATH"] == before
    monkeypatch.undo()
    monkeypatch.setenv("MINARI_DATASETS_PATH", before)
    proteus.to_minari(data, "mkt/maker-v0")  # the name is not occupied


def test_a_grid_goes_to_minari_too(minari, grid):
    proteus.to_minari(grid, "maker-v1")
    found = minari.load_dataset("maker-v1")
    assert found.spec.action_space == grid.action_space.to_gymnasium()
    assert all(same(a.actions, b.actions) for a, b in zip(found, grid, strict=True))
    assert [each.truncations[-1] for each in found] == [True] * 3


@pytest.mark.parametrize("name", ["maker", "t/x-v0", "maker-v1.0", "maker v0", "a=b-v0", "m-v01"])
def test_names_that_minari_cannot_read(data, name, monkeypatch):
    monkeypatch.setattr(exports, "find_spec", lambda module: True)
    with pytest.raises(ResultsError, match="is not allowed: must be \\(NAMESPACE/\\)NAME-vNUMBER"):
        proteus.to_minari(data, name)


def test_without_minari(data, monkeypatch):
    monkeypatch.setattr(exports, "find_spec", lambda module: None)
    with pytest.raises(ResultsError, match="install it with pip install 'minari"):
        proteus.to_minari(data, "maker-v0")


def test_the_loader_for_torch(data):
    pytest.importorskip("torch")
    loader = [sys.executable, ROOT / "examples" / "torch_loader.py", data.folder]
    done = subprocess.run(loader, capture_output=True, text=True, check=True)
    total = sum(each.rewards.astype(np.float32).astype(float).sum() for each in data)
    assert done.stdout == f"{data.manifest['steps']} steps, total reward {total:.3f}\n"
