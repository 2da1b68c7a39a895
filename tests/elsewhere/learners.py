"""What needs Stable-Baselines3 and torch, which ``python -m tests.elsewhere learners`` installs."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

from proteus.envs import ProteusEnv, stable_baselines_env
from tests.unit.envs.helping import WORDS, same

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    spec = importlib.util.spec_from_file_location("train_maker", EXAMPLES / "train_maker.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "train_maker", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("more", [{}, {"max_steps": 3}], ids=["to the end", "cut"])
def test_lanes_are_those_of_its_own_vector_of_single_views(more):
    words = {**WORDS, **more}
    ours = stable_baselines_env("maker", 3, **words)
    theirs = DummyVecEnv([lambda: ProteusEnv("maker", **words)] * 3)
    for envs in (ours, theirs):
        envs.seed(5)
    assert same(ours.reset(), theirs.reset())
    ours.action_space.seed(1)
    ended = 0
    for _ in range(40):
        actions = np.stack([ours.action_space.sample() for _ in range(3)])
        one, other = ours.step(actions), theirs.step(actions)
        for mine, its in zip(one[:3], other[:3], strict=True):
            assert same(mine, its)
        for lane in np.flatnonzero(one[2]):
            mine, its = one[3][lane], other[3][lane]
            assert same(mine.pop("terminal_observation"), its.pop("terminal_observation"))
            assert mine.pop("episode")["r"] == its["episode_return"]
            assert mine == its
            assert ours.reset_infos[lane] == theirs.reset_infos[lane]
            ended += 1
    assert ended >= 3


def test_it_learns_by_these_lanes_and_those_of_the_grid_and_reports_returns():
    for task in ("maker", "maker_grid"):
        envs = stable_baselines_env(task, 4, **WORDS)
        model = PPO("MlpPolicy", envs, n_steps=16, batch_size=32, n_epochs=1, seed=0, device="cpu")
        model.learn(256)
        assert envs.lanes.session.replicates.tolist() == [0, 1, 2, 3]
        assert len(model.ep_info_buffer) > 4
        assert all(np.isfinite(each["r"]) and each["l"] > 2 for each in model.ep_info_buffer)
        mean, _ = evaluate_policy(model, envs, n_eval_episodes=4, warn=False)
        assert np.isfinite(mean)


def test_its_wrappers_take_them():
    envs = VecNormalize(VecMonitor(stable_baselines_env("taker", 2, **WORDS)))
    envs.seed(0)
    assert envs.reset().shape == (2, 14)
    for _ in range(20):
        seen = envs.step(np.zeros((2, 2), np.float32))[0]
    assert np.isfinite(seen).all()


def test_a_maker_learns_where_the_optimum_is_known(example, tmp_path):
    """A sixth of the example's training makes more than the same distance on both sides does."""
    words = ["known", "updates=20", "judged=512", f"output_dir={tmp_path}"]
    rows = example.main(words)["known"]["rows"]
    value, half = rows["trained"]
    fixed, of_fixed = rows["1 / k on both sides"]
    assert value - half > fixed + of_fixed
    assert value < rows["optimum"][0] + half
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"known.json", "known.pt", "training.svg"}


@pytest.mark.parametrize("mechanism", ["clob", "fba"])
def test_the_example_runs_in_markets(example, tmp_path, mechanism):
    words = [mechanism, "updates=1", "lanes=4", "steps=8", "judged=4", f"output_dir={tmp_path}"]
    rows = example.main(words)[mechanism]["rows"]
    assert "trained less baseline" in rows
    assert all(np.isfinite(each).all() for each in rows.values())
