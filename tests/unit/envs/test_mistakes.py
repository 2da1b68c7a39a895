"""What is refused, in one sentence each, and a lane that breaks."""

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError, InvalidAction, ResetNeeded

import proteus
from proteus.envs import FAULTS, ProteusEnv
from proteus.errors import ConfigError
from tests.unit.envs.helping import WORDS, same, vector

pytestmark = pytest.mark.nojit
GOOD = np.tile(np.array([0.25, 0.25, 0.0, 0.0, 0.0], np.float32), (3, 1))


def with_one(value):
    actions = GOOD.copy()
    actions[1, 2] = value
    return actions


ACTIONS = [
    (GOOD[0], "actions of float32 [5] are not allowed: floats [3, 5]"),
    (GOOD.astype(int), "actions of int64 [3, 5] are not allowed: floats [3, 5]"),
    ([[0.0] * 4, [0.0] * 3, [0.0] * 4], "actions of object [3] are not allowed: floats [3, 5]"),
    (None, "actions of object [] are not allowed: floats [3, 5]"),
    (GOOD.astype(bool), "actions of bool [3, 5] are not allowed: floats [3, 5]"),
    (with_one(np.nan), "actions[1, 2]=nan is not allowed: must be -1 .. 1"),
    (with_one(1.5), "actions[1, 2]=1.5 is not allowed: must be -1 .. 1"),
    (with_one(-np.inf), "actions[1, 2]=-inf is not allowed: must be -1 .. 1"),
]


@pytest.mark.parametrize(("actions", "sentence"), ACTIONS, ids=[text for _, text in ACTIONS])
def test_wrong_actions(actions, sentence):
    envs = vector()
    envs.reset(seed=0)
    with pytest.raises(InvalidAction) as refused:
        envs.step(actions)
    assert str(refused.value) == sentence
    other = vector()
    other.reset(seed=0)
    assert same(envs.step(GOOD)[0], other.step(GOOD)[0])  # nothing has been sent


def test_wrong_steps_of_a_grid():
    envs = vector("maker_grid")
    envs.reset(seed=0)
    with pytest.raises(InvalidAction, match=r"actions\[0, 1\]=11 is not allowed: must be 0 .. 10"):
        envs.step(np.array([[0, 11], [0, 0], [0, 0]]))
    with pytest.raises(InvalidAction, match="actions of float64"):
        envs.step(np.zeros((3, 2)))


def test_stepping_before_a_reset_and_after_the_close():
    envs, one = vector(), ProteusEnv("maker", **WORDS)
    with pytest.raises(ResetNeeded, match="reset must be called first"):
        envs.step(GOOD)
    with pytest.raises(ResetNeeded, match="reset must be called first"):
        one.step(GOOD[0])
    for env, action in ((envs, GOOD), (one, GOOD[0])):
        env.reset(seed=0)
        env.close()
        env.close()
        with pytest.raises(ClosedEnvironmentError, match="the environment is closed"):
            env.step(action)
        with pytest.raises(ClosedEnvironmentError, match="the environment is closed"):
            env.reset()


def test_a_lane_that_has_ended_is_not_stepped_where_none_restarts_by_itself():
    envs = vector(lanes=1, autoreset_mode="Disabled")
    envs.reset(seed=0)
    while not envs.step(GOOD[:1])[2][0]:
        pass
    with pytest.raises(ResetNeeded, match="lane 0 has ended, and autoreset_mode=Disabled"):
        envs.step(GOOD[:1])


RESETS = [
    ({"seed": [1, 2]}, "seed with 2 entries is not allowed: must be one of each of 3 lanes"),
    ({"seed": -4}, "seed=-4 is not allowed: must be a whole number, 0 .. 2**62 - 1"),
    ({"seed": [1, 2, 0.5]}, "seed=0.5 is not allowed: must be a whole number, 0 .. 2**62 - 1"),
    ({"seed": 1.5}, "seed=1.5 is not allowed: must be a whole number, 0 .. 2**62 - 1"),
    ({"seed": True}, "seed=True is not allowed: must be a whole number, 0 .. 2**62 - 1"),
    ({"seed": b"abc"}, "seed=b'abc' is not allowed: must be a whole number, 0 .. 2**62 - 1"),
    ({"seed": np.array(5)}, "seed=array(5) is not allowed: must be a whole number, 0 .. 2**62 - 1"),
    ({"seed": "7"}, "seed='7' is not allowed: must be a whole number, 0 .. 2**62 - 1"),
    ({"seed": 2**63}, f"seed={2**63} is not allowed: must be a whole number, 0 .. 2**62 - 1"),
    ({"options": ["reset_mask"]}, "options=['reset_mask'] is not allowed: must be a dict"),
    (
        {"options": {"reset_masks": None}},
        "options['reset_masks'] is not allowed; did you mean reset_mask?",
    ),
    (
        {"options": {"reset_mask": [True, False, False]}},
        "options['reset_mask'] is not allowed: must be a bool array of shape (3,) with at least "
        "one True",
    ),
    (
        {"options": {"reset_mask": np.zeros(3, bool)}},
        "options['reset_mask'] is not allowed: must be a bool array of shape (3,) with at least "
        "one True",
    ),
    (
        {"options": {"reset_mask": np.array([True, False, False])}},
        "options['reset_mask'] is not allowed yet: reset all lanes first",
    ),
]


@pytest.mark.parametrize(("given", "sentence"), RESETS, ids=lambda each: str(each)[:50])
def test_wrong_resets(given, sentence):
    with pytest.raises(ValueError, match="not allowed") as refused:
        vector().reset(**given)
    assert str(refused.value) == sentence


MADE = [
    ({"task": "makers"}, "task='makers' is not allowed; did you mean maker?"),
    ({"autoreset_mode": "Next"}, "autoreset_mode='Next' is not allowed; did you mean NextStep?"),
    (
        {"render_mode": "human"},
        "render_mode is not allowed: must be None, as there are no pictures",
    ),
    ({"max_steps": 0}, "max_steps=0 is not allowed: must be at least 1"),
    (
        {"options": {"most_ofset": 1}},
        "most_ofset=1 is not allowed; did you mean most_offset?",
    ),
    (
        {"options": {"most_lots": -1}},
        "most_lots=-1 is not allowed: must be a whole number, 1 .. 1000000",
    ),
    (
        {"options": {"most_lots": 0}},  # it could never trade
        "most_lots=0 is not allowed: must be a whole number, 1 .. 1000000",
    ),
    (
        {"task": "maker_grid", "options": {"levels": 0}},
        "levels=0 is not allowed: must be a whole number, 1 .. 1000000",
    ),
    (
        {"task": "taker", "options": {"parent_lots": 2.5}},
        "parent_lots=2.5 is not allowed: must be a whole number, 1 .. 1000000",
    ),
    ({"options": {"scale_lots": 0}}, "scale_lots=0 is not allowed: must be a number above 0"),
    (
        {"options": {"most_offset": float("nan")}},
        "most_offset=nan is not allowed: must be a number of at least 0",
    ),
    ({"options": [1]}, "options=[1] is not allowed: must be a dict of the task's"),
    ({"task": ["maker"]}, "task=['maker'] is not allowed"),
    ({"max_steps": True}, "max_steps=True is not allowed: must be at least 1"),
    ({"growth": 1.5}, "growth=1.5 is not allowed: must be a whole number of at least 1"),
    ({"root": -1}, "root=-1 is not allowed: must be a whole number of at least 0"),
    ({"control": ""}, "control= is not allowed; allowed: "),
    ({"control": 5}, "control=5 is not allowed: must be one trader; SelfPlayVectorEnv"),
    ({"lanes": 0}, "num_envs=0 is not allowed: must be a whole number of at least 1"),
    ({"lanes": "3"}, "num_envs='3' is not allowed: must be a whole number of at least 1"),
    ({"horizon": 3}, "unknown key horizon; did you mean horizon_s?"),
    ({"lanes": 10**9}, "num_envs=1000000000 is not allowed: it takes"),
    ({"control": "dealer"}, "control=dealer is not allowed"),
    ({"seeds.root": 9}, "seeds.root=9 is not allowed here: seed= and root= say which replicates"),
    ({"episodes": {"count": 3}}, "episodes.count=3 is not allowed here: each start over is"),
    ({"record.events": "all"}, "record.events=all is not allowed here: a sweep records, see"),
    ({"output_dir": "data"}, "output_dir=data is not allowed here: nothing is written"),
    ({"experiment": "survival"}, "+experiment=survival is not allowed here: it is of sweeps"),
    ({"precision": "sequential"}, "precision=sequential is not allowed here: the caller says"),
]


@pytest.mark.parametrize(("given", "sentence"), MADE, ids=lambda each: str(each)[:50])
def test_wrong_environments(given, sentence):
    with pytest.raises(ConfigError) as refused:
        vector(**given)
    assert str(refused.value).startswith(sentence)


def test_a_single_environment_has_no_options():
    env = gymnasium.make("proteus/maker-v0", **WORDS)
    with pytest.raises(ValueError, match=r"options\['low'\] is not allowed: there are none"):
        env.reset(options={"low": 1})


@pytest.mark.parametrize("key", ["num_envs", "autoreset_mode"])
def test_a_single_environment_is_one_lane_that_is_reset_by_hand(key):
    with pytest.raises(ConfigError, match=f"{key}=2 is not allowed: there is one lane"):
        ProteusEnv("maker", **{**WORDS, key: 2})


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_a_lane_that_breaks_is_truncated_with_its_reason_and_no_other_is_touched(mode):
    envs, other = (vector(horizon_s=1.5, autoreset_mode=mode) for _ in range(2))
    envs.reset(seed=0)
    other.reset(seed=0)
    envs.session.world.ledger.balance[1, 0, 0] += 1  # out of nothing
    broken = 0
    for _ in range(60):
        seen, reward, ended, cut, info = envs.step(GOOD)
        expected = other.step(GOOD)
        if cut.any():
            about = info["final_info"] if mode == "SameStep" else info
            assert cut.tolist() == [False, True, False]
            assert not ended[1]
            assert FAULTS[int(about["fault"][1])] == "asset_not_conserved"
            broken += 1
        for lane in (0, 2):
            assert same(seen[lane], expected[0][lane])
            assert reward[lane] == expected[1][lane]
    assert broken == 1


def test_an_episode_may_be_cut_after_so_many_steps():
    envs = vector(max_steps=2)
    envs.reset(seed=0)
    assert not envs.step(GOOD)[3].any()
    _, _, ended, cut, info = envs.step(GOOD)
    assert cut.all()
    assert not ended.any()
    assert info["episode_length"].tolist() == [2, 2, 2]
    assert not envs.step(GOOD)[3].any()


def test_proteus_itself_needs_no_gymnasium():
    """The core runs where it is not installed (checked for every module by the linter too)."""
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['gymnasium'] = None; import proteus; proteus.Session; "
        "proteus.policies.BaselineMaker"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert proteus.Session
