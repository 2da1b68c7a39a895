"""Lanes for Stable-Baselines3, held against the rules of its ``DummyVecEnv`` over single views.

Where it is not installed a base class stands in for its own, with what that documents; with the
real one ``make learners`` runs this again (``tests/elsewhere``).
"""

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest

from proteus.envs import ProteusEnv, stable_baselines_env
from proteus.errors import ConfigError
from tests.unit.envs.helping import WORDS, same

pytestmark = pytest.mark.nojit
IS_THERE = importlib.util.find_spec("stable_baselines3") is not None
STEPS = 25  # more than two episodes


class VecEnv:
    """What the base class of Stable-Baselines3 keeps, and how seeds and lanes are named."""

    def __init__(self, num_envs, observation_space, action_space):
        self.num_envs = num_envs
        self.observation_space, self.action_space = observation_space, action_space
        self._reset_seeds()
        self._reset_options()
        self.render_mode = self.get_attr("render_mode")[0]

    def _reset_seeds(self):
        self._seeds = [None] * self.num_envs

    def _reset_options(self):
        self._options = [{} for _ in range(self.num_envs)]

    def seed(self, seed):
        self._seeds = [seed + lane for lane in range(self.num_envs)]

    def set_options(self, options):
        self._options = [options] * self.num_envs

    def step(self, actions):
        self.step_async(actions)
        return self.step_wait()

    def _get_indices(self, indices):
        if indices is None:
            return range(self.num_envs)
        return [indices] if isinstance(indices, int) else indices


@pytest.fixture(autouse=True)
def stable_baselines(monkeypatch):
    """Let the base class be found where the real one is not."""
    if IS_THERE:
        return
    names = ("stable_baselines3", "stable_baselines3.common", "stable_baselines3.common.vec_env")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[-1]].VecEnv = VecEnv
    monkeypatch.delitem(sys.modules, "proteus.envs.vec_env", raising=False)


def lanes_of(lanes=3, **more):
    return stable_baselines_env("maker", lanes, **{**WORDS, **more})


class Singles:
    """Single views side by side, by the rules of ``DummyVecEnv``."""

    def __init__(self, lanes=3, **more):
        self.envs = [ProteusEnv("maker", **{**WORDS, **more}) for _ in range(lanes)]

    def reset(self, seed):
        return np.stack([env.reset(seed=seed + at)[0] for at, env in enumerate(self.envs)])

    def step(self, actions):
        found = []
        for env, action in zip(self.envs, actions, strict=True):
            seen, reward, ended, cut, info = env.step(action)
            info["TimeLimit.truncated"] = cut and not ended
            if ended or cut:
                info["terminal_observation"] = seen
                seen, info["of_next"] = env.reset()
            found.append((seen, np.float32(reward), ended or cut, info))
        seen, reward, done, infos = zip(*found, strict=True)
        return np.stack(seen), np.array(reward), np.array(done), infos


@pytest.mark.parametrize("more", [{}, {"max_steps": 3}], ids=["to the end", "cut"])
def test_lanes_are_single_views_side_by_side(more):
    """Values, types, the last observation, which ends are cuts, and the infos around a restart."""
    ours, theirs = lanes_of(**more), Singles(**more)
    ours.seed(4)
    assert same(ours.reset(), theirs.reset(4))
    ours.action_space.seed(1)
    ended, total = 0, np.zeros(3)
    for _ in range(STEPS):
        actions = np.stack([ours.action_space.sample() for _ in range(3)])
        one, other = ours.step(actions), theirs.step(actions)
        for mine, its in zip(one[:3], other[:3], strict=True):
            assert same(mine, its)
        total += one[1]
        for lane, (mine, its) in enumerate(zip(one[3], other[3], strict=True)):
            assert mine["TimeLimit.truncated"] is its["TimeLimit.truncated"]
            assert ("terminal_observation" in mine) == bool(one[2][lane])
            if one[2][lane]:
                assert same(mine.pop("terminal_observation"), its.pop("terminal_observation"))
                assert ours.reset_infos[lane] == its.pop("of_next")
                told = mine.pop("episode")
                assert told["r"] == pytest.approx(total[lane], abs=1e-6)
                assert told["l"] == its["episode_length"]
                assert mine == its
                assert mine["TimeLimit.truncated"] == bool(more)
                total[lane], ended = 0, ended + 1
    assert ended >= 3
    ours.close()


def test_lanes_differ_and_nothing_that_is_handed_out_is_kept():
    envs = lanes_of()
    assert envs.lanes.session.replicates.tolist() == [0, 1, 2]
    envs.seed(9)
    first = envs.reset()
    assert envs.lanes.session.replicates.tolist() == [9, 10, 11]
    assert len({row.tobytes() for row in first}) > 1
    envs.reset()
    assert envs.lanes.session.episodes.tolist() == [1, 1, 1]  # a seed is for one reset
    kept = envs.step(np.zeros((3, 5), np.float32))[0]
    other = kept.copy()
    envs.step(np.zeros((3, 5), np.float32))
    assert same(kept, other)
    actions = np.zeros((3, 5), np.float32)
    envs.step_async(actions)
    actions[:] = np.nan
    envs.step_wait()


def test_what_lanes_are_asked_by_their_names():
    envs = lanes_of()
    assert [task.name for task in envs.get_attr("task", [0, 2])] == ["maker", "maker"]
    assert envs.env_is_wrapped(object, 1) == [False]
    with pytest.raises(AttributeError, match="'no_such'"):
        envs.get_attr("no_such")
    with pytest.raises(AttributeError, match="x=1 is not allowed: lanes have no attributes"):
        envs.set_attr("x", 1)
    with pytest.raises(AttributeError, match=r"x\(\) is not allowed: lanes have no methods"):
        envs.env_method("x")
    envs.set_options({"level": 3})
    with pytest.raises(ValueError, match=r"options\['level'\] is not allowed: there are none"):
        envs.reset()


def test_what_is_refused():
    with pytest.raises(ConfigError, match="autoreset_mode='Disabled' is not allowed: under Stable"):
        lanes_of(autoreset_mode="Disabled")
    with pytest.raises(ConfigError, match="num_envs=0 is not allowed"):
        lanes_of(0)


@pytest.mark.skipif(IS_THERE, reason="it is installed")
def test_without_it_a_sentence_says_so(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("stable_baselines3")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "proteus.envs.vec_env", raising=False)
    with pytest.raises(ConfigError, match="stable_baselines_env needs stable_baselines3"):
        lanes_of()
