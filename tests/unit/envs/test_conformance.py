"""What Gymnasium expects of environments, and what its checker does not look at."""

import copy
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import TransformAction, TransformObservation
from gymnasium.wrappers.vector import (
    ClipReward,
    RecordEpisodeStatistics,
    VectorizeTransformAction,
    VectorizeTransformObservation,
)

import proteus
from proteus.envs import TASKS, ProteusEnv, ProteusVectorEnv
from tests.unit.envs.helping import MODES, WORDS, same, singles, vector

pytestmark = pytest.mark.nojit
STEPS = 40  # more than two episodes


def played(envs, actions, seed=3):
    """Reset and step; with Disabled, lanes that have ended are reset by a mask."""
    trace = [envs.reset(seed=seed)]
    for action in actions:
        trace.append(envs.step(action))
        over = trace[-1][2] | trace[-1][3]
        if envs.metadata["autoreset_mode"] == AutoresetMode.DISABLED and over.any():
            trace.append(envs.reset(options={"reset_mask": over.copy()}))
    return trace


@pytest.mark.parametrize("task", TASKS)
def test_the_checker_of_gymnasium_accepts_every_task(task):
    env = gymnasium.make(f"proteus/{task}-v0", **WORDS).unwrapped
    assert env.spec is not None  # without one the checker leaves out seeded resets
    check_env(env, skip_render_check=True)


@pytest.mark.parametrize("task", TASKS)
def test_python_types_and_equal_keys_at_every_step(task):
    """Others insist on float and bool, and take the type of the first info for the rest."""
    env = ProteusEnv(task, **WORDS)
    _, info = env.reset(seed=0)
    kinds = {key: type(value) for key, value in info.items()}
    env.action_space.seed(0)
    ended = False
    while not ended:
        seen, reward, ended, cut, info = env.step(env.action_space.sample())
        assert env.observation_space.contains(seen)
        assert (type(reward), type(ended), type(cut)) == (float, bool, bool)
        assert {key: type(value) for key, value in info.items()} == kinds
    assert {*kinds.values()} <= {int, float}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("task", ["maker", "taker"])
def test_lanes_are_single_environments_side_by_side(task, mode):
    """Values, types, infos and the trace of restarts; the other side is Gymnasium's own."""
    ours, theirs = (make(task, autoreset_mode=mode) for make in (vector, singles))
    ours.action_space.seed(1)
    actions = [ours.action_space.sample() for _ in range(STEPS)]
    restarts = 0
    for one, other in zip(played(ours, actions), played(theirs, actions), strict=True):
        for mine, its in zip(one[:-1], other[:-1], strict=True):
            assert same(mine, its)
        assert _agree(one[-1], other[-1])
        restarts += int((one[2] | one[3]).sum()) if len(one) == 5 else 0
    assert restarts >= 3


def _agree(ours, theirs):
    """Tell whether two infos say the same of the lanes that Gymnasium's is about.

    After a reset by a mask its own is about those lanes alone.
    """
    assert ours.keys() == theirs.keys()
    for key in (key for key in theirs if not key.startswith("_")):
        about = theirs[f"_{key}"]
        if isinstance(theirs[key], dict):
            mine, its = (
                {k: v[about].tolist() for k, v in each[key].items()} for each in (ours, theirs)
            )
            assert mine == its
        else:
            mine, its = (np.stack([*each[key][about]]) for each in (ours, theirs))
            assert same(mine, its), key
    return True


def test_the_next_step_after_an_end_starts_over():
    """Reward 0 and no flags; the action is not read, be it what it may."""
    envs = vector(lanes=1)
    envs.reset(seed=0)
    action = np.zeros((1, 5), np.float32)
    while True:
        seen, _, ended, _, info = envs.step(action)
        if ended[0]:
            break
    assert seen[0, 0] == 0.0  # no time left
    fresh, reward, ended, cut, info = envs.step(np.full((1, 5), np.nan, np.float32))
    assert (reward[0], ended[0], cut[0]) == (0.0, False, False)
    assert fresh[0, 0] > 0.9
    assert (info["episode_number"][0], info["replicate"][0]) == (1, 0)


def test_seeds_are_replicates_and_unseeded_resets_the_episodes_that_follow():
    envs = vector()
    seen, info = envs.reset(seed=7)
    assert info["replicate"].tolist() == [7, 8, 9]
    later, info = envs.reset()
    assert (info["replicate"].tolist(), info["episode_number"].tolist()) == ([7, 8, 9], [1, 1, 1])
    assert not same(seen, later)
    again, _ = envs.reset(seed=[8, None, 9])
    assert same(again[0], seen[1])
    assert same(again[2], seen[2])
    assert not same(again[1], later[1])
    first, second = vector(), vector()
    assert not same(first.reset()[0], second.reset()[0])  # two without a seed are two markets


def test_statistics_of_episodes_are_true_after_resets_by_a_mask():
    """The wrapper sees the mask, as the environment leaves it in the caller's dict."""
    options = {"reset_mask": np.ones(3, bool)}
    vector().reset(options=options)
    assert options["reset_mask"].all()
    envs = RecordEpisodeStatistics(vector(autoreset_mode=AutoresetMode.DISABLED))
    envs.reset(seed=0)
    envs.action_space.seed(2)
    total, length, checked = np.zeros(3), np.zeros(3, int), 0
    while checked < 6:
        _, reward, ended, cut, info = envs.step(envs.action_space.sample())
        total, length = total + reward, length + 1
        over = ended | cut
        if over.any():
            assert np.allclose(info["episode"]["r"][over], total[over], rtol=0, atol=1e-12)
            assert info["episode"]["l"][over].tolist() == length[over].tolist()
            assert np.allclose(info["episode_return"][over], total[over], rtol=0, atol=1e-12)
            assert info["episode_length"][over].tolist() == length[over].tolist()
            envs.reset(options={"reset_mask": over.copy()})
            total[over], length[over], checked = 0.0, 0, checked + int(over.sum())


def test_wrappers_that_write_in_place_change_nothing_here():
    double = {"func": lambda seen: seen * 2, "observation_space": None}
    wrapped = VectorizeTransformObservation(vector(), TransformObservation, **double)
    plain = vector()
    spoilt = ClipReward(wrapped, 0, 0.001)
    plain.action_space.seed(0)
    spoilt.reset(seed=0)
    plain.reset(seed=0)
    for _ in range(STEPS):
        action = plain.action_space.sample()
        seen, reward, *_ = spoilt.step(action.copy())
        expected, whole, *_ = plain.step(action)
        assert same(seen, expected * 2)
        assert (reward <= 0.001).all()
        seen *= 2
        expected *= 3
    assert whole.dtype == np.float64


def test_actions_are_the_callers():
    envs = vector()
    envs.reset(seed=0)
    action = np.full((3, 5), 0.5, np.float32)
    envs.step(action)
    assert (action == 0.5).all()
    halve = {"func": lambda each: each / 2, "action_space": None}
    wrapped = VectorizeTransformAction(vector(), TransformAction, **halve)
    plain = vector()
    wrapped.reset(seed=0)
    plain.reset(seed=0)
    for _ in range(5):
        assert same(wrapped.step(action.copy())[0], plain.step(action / 2)[0])


def _pickled(env):
    return pickle.loads(pickle.dumps(env))


@pytest.mark.parametrize("copied", [copy.deepcopy, _pickled])
def test_a_copy_in_mid_episode_goes_on_alike_and_apart(copied):
    envs = vector()
    envs.reset(seed=4)
    envs.action_space.seed(1)
    actions = [envs.action_space.sample() for _ in range(24)]
    for each in actions[:5]:
        envs.step(each)
    other, restarted = copied(envs), copied(envs)
    restarted.reset(seed=9)  # a copy that shared memory would move the others
    ours = [envs.step(each) for each in actions[5:]]
    theirs = [other.step(each) for each in actions[5:]]
    assert any(step[2].any() for step in ours)
    for one, two in zip(ours, theirs, strict=True):
        assert all(same(mine, its) for mine, its in zip(one, two, strict=True))


def test_no_pictures_are_wanted_by_none_and_others_are_of_a_type_that_callers_catch():
    made = gymnasium.make("proteus/maker-v0", render_mode=None, **WORDS)
    assert made.render_mode is None
    with pytest.raises(TypeError, match="render_mode is not allowed"):  # make_vec_env of SB3
        ProteusEnv("maker", render_mode="rgb_array", **WORDS)


def test_the_ids_make_both_kinds_and_so_do_the_words():
    assert isinstance(gymnasium.make("proteus/maker-v0", **WORDS).unwrapped, ProteusEnv)
    made = gymnasium.make_vec("proteus/maker-v0", num_envs=2, **WORDS)
    assert isinstance(made.unwrapped, ProteusVectorEnv)
    ours = proteus.make_vec("maker", num_envs=2, **WORDS)
    assert same(made.reset(seed=4)[0], ours.reset(seed=4)[0])
    assert ours.session.cell.mechanism.name == "clob"


@pytest.mark.parametrize("task", TASKS)
def test_every_feature_is_documented_with_its_bounds_and_source(task):
    envs = vector(task)
    features = TASKS[task].features
    assert envs.single_observation_space.shape == (len(features),)
    assert len({feature.name for feature in features}) == len(features)
    shape = envs.single_action_space.shape
    assert len(TASKS[task].actions) == shape[0]
    assert {term.option for term in TASKS[task].terms} <= {"", *TASKS[task].options}
    seen, _ = envs.reset(seed=0)
    assert envs.observation_space.contains(seen)
