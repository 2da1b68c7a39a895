"""Several agents in a lane: what PettingZoo's tests check, what they do not, and self-play."""

from types import SimpleNamespace

import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError, InvalidAction, ResetNeeded
from pettingzoo.test import max_cycles_test, parallel_api_test, parallel_seed_test
from pettingzoo.utils.conversions import parallel_to_aec

import proteus
from proteus.envs import SelfPlayVectorEnv, parallel_env
from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.sessions.actions import Quotes
from tests.unit.envs.helping import MODES, WORDS, same

pytestmark = pytest.mark.nojit
AGENTS = ["maker.0", "maker.1"]
WEIGHTS = np.random.default_rng(0).normal(0, 1, (21, 5))


def policy(seen):
    """One policy for all agents and lanes: any function of what one agent is shown."""
    return np.tanh(np.asarray(seen, np.float64) @ WEIGHTS).astype(np.float32)


def lanes_of(count=3, **more):
    return SelfPlayVectorEnv("maker", count, **{**WORDS, **more})


def one(task="maker", **more):
    return parallel_env(task, **{**WORDS, **more})


def played(env, seed=0, told=policy):
    """Play an episode; returns what every step gave."""
    trace = [env.reset(seed=seed)]
    while env.agents:
        trace.append(env.step({agent: told(trace[-1][0][agent]) for agent in env.agents}))
    return trace


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("task", ["maker", "maker_grid", "taker"])
def test_what_pettingzoo_tests_of_every_environment(task, capsys):
    more = {"step_ms": 50} if task == "taker" else {}
    parallel_api_test(one(task, **more), num_cycles=60)
    parallel_seed_test(lambda: one(task, **more), num_cycles=20)
    assert "Passed Parallel API test" in capsys.readouterr().out


def test_a_most_of_steps_is_kept_in_parallel_and_in_turn():
    def made(max_cycles):
        return one(max_steps=max_cycles)

    max_cycles_test(SimpleNamespace(parallel_env=made, env=lambda **n: parallel_to_aec(made(**n))))


def test_what_their_tests_do_not_look_at():
    """Bounds, Python's types, equal keys, fresh arrays, one end for all, and a space of each."""
    env = one()
    trace = played(env)
    assert env.possible_agents == AGENTS
    assert env.action_space("maker.0") is not env.action_space("maker.1")
    kinds = {key: type(value) for key, value in trace[0][1]["maker.0"].items()}
    assert {*kinds.values()} <= {int, float, bool}
    before = None
    for seen, reward, ended, cut, info in trace[1:]:
        for agent in AGENTS:
            assert env.observation_space(agent).contains(seen[agent])
            assert {key: type(value) for key, value in info[agent].items()} == kinds
            assert [type(each[agent]) for each in (reward, ended, cut)] == [float, bool, bool]
        assert sum(info[agent]["decides"] for agent in AGENTS) == (not ended["maker.0"])
        assert len({*ended.values()}) == len({*cut.values()}) == 1
        assert before is None or not np.shares_memory(before, seen["maker.0"])
        before = seen["maker.0"]
    last = trace[-1]
    assert last[2] == dict.fromkeys(AGENTS, True)
    assert all(last[0][agent][0] == 0.0 for agent in AGENTS)  # no time is left
    assert env.step({}) == ({}, {}, {}, {}, {})
    again, info = env.reset()
    assert info["maker.0"]["episode_number"] == 1
    assert not same(again, trace[0][0])


def test_rewards_are_what_each_agent_has_made():
    env = one(horizon_s=1.5)
    trace = played(env)
    made = env.session.world.totals.marked[0]
    for at, agent in enumerate(AGENTS):
        total = sum(step[1][agent] for step in trace[1:])
        assert trace[-1][4][agent]["equity_nano"] == made[env.session.traders[at]]
        assert total == pytest.approx(made[env.session.traders[at]] / 1e9, abs=1e-12)
    assert made[env.session.traders].all()


def test_only_who_decides_is_read_and_the_others_may_be_left_out():
    whole, bare = one(), one()
    seen, info = whole.reset(seed=2)
    other, _ = bare.reset(seed=2)
    while whole.agents:
        actions = {agent: policy(seen[agent]) for agent in AGENTS}
        needed = {agent: actions[agent] for agent in AGENTS if info[agent]["decides"]}
        assert len(needed) == 1
        idle = next(agent for agent in AGENTS if agent not in needed)
        old = seen[idle]
        seen, *_, info = whole.step(actions)
        other, *_ = bare.step(needed)
        assert same(seen, other)
        if whole.agents and not info[idle]["decides"]:
            assert same(seen[idle][:-1], old[:-1])  # it is shown what it saw last
        for each in actions.values():
            each[:] = np.nan  # they are not kept


def test_lanes_with_an_axis_of_agents_are_single_lanes_side_by_side():
    """The same policy object for all; observations, rewards and equity to the bit."""
    lanes, singles = lanes_of(autoreset_mode="Disabled"), [one() for _ in range(3)]
    seen, info = lanes.reset(seed=4)
    shown = [env.reset(seed=4 + lane)[0] for lane, env in enumerate(singles)]
    assert info["decides"].sum(axis=1).tolist() == [1, 1, 1]
    steps = 0
    while True:
        seen, reward, ended, _, info = lanes.step(policy(seen))
        for lane, env in enumerate(singles):
            shown[lane], theirs, *_ = env.step({a: policy(shown[lane][a]) for a in AGENTS})
            for at, agent in enumerate(AGENTS):
                assert same(seen[lane, at], shown[lane][agent])
                assert reward[lane, at] == theirs[agent]
        steps += 1
        if ended.any():
            break
    assert steps > 4
    assert info["equity_nano"].shape == (3, 2)


@pytest.mark.parametrize("mode", MODES[:2], ids=lambda mode: mode.value)
def test_lanes_that_start_over_begin_as_new_ones(mode):
    lanes, fresh = lanes_of(2, autoreset_mode=mode), lanes_of(2)
    seen, _ = lanes.reset(seed=0)
    while True:
        action = policy(seen)
        seen, reward, ended, _, info = lanes.step(action)
        if ended.any():
            break
    if mode.value == "NextStep":
        assert not info["decides"][ended].any()
        unread = np.where(ended[:, None, None], np.float32(np.nan), action)
        seen, reward, *_, info = lanes.step(unread)
        assert (reward[ended] == 0.0).all()
    else:
        assert all(info["final_obs"][lane].shape == (2, 21) for lane in np.flatnonzero(ended))
        assert (info["final_obs"][ended][0][:, 0] == 0.0).all()
    fresh.reset(seed=0)
    expected, _ = fresh.reset()
    assert same(seen[ended], expected[ended])
    assert (info["episode_number"] == ended).all()


def test_a_session_of_two_traders_gives_the_same_without_an_environment():
    """Quotes at the offsets that the page says, written down here; equity to the nano."""
    lanes = lanes_of(2, horizon_s=0.6)
    cell, offset, size = lanes.session.cell, 0.0625, 10
    session = proteus.Session(cell, 2, control=AGENTS)
    lanes.reset(seed=0)
    told = np.zeros((2, 2, 5), np.float32)  # half of most_lots
    told[:, :, :2] = 0.25  # of which the square is that offset
    while session.waiting.any():
        middle = session.observe().reference_doubled / 2
        away = offset * cell.n_ticks
        price = np.stack((np.floor(middle - away), np.ceil(middle + away)), axis=1).astype(int)
        session.act(Quotes(price, np.full((2, 2), size)))
        reward, _ = session.step()
        if session.waiting.all():
            assert same(lanes.step(told)[1], reward)
    assert BUY + SELL == 1
    assert session.equity_nano.any()


def test_weights_charge_each_agent_for_what_it_holds():
    """Over the time of the step, of which the session knows the ends."""
    weight = 1e-4
    plain, charged = (one(horizon_s=1.5, options=o) for o in ({}, {"inventory_penalty": weight}))
    free, taxed = played(plain), played(charged)
    held, paid = dict.fromkeys(AGENTS, 0.0), 0.0
    for before, step, other in zip(free[:-1], free[1:], taxed[1:], strict=True):
        for agent in AGENTS:
            if before[-1][agent]["decides"]:
                held[agent] = round(float(before[0][agent][6]) * 10)  # in scale_lots
            end = 1.5 if step[2][agent] else step[-1][agent]["time_s"]
            due = weight * held[agent] ** 2 * (end - before[-1][agent]["time_s"])
            assert step[1][agent] - other[1][agent] == pytest.approx(due, abs=1e-12)
            paid += due
    assert paid > 0


WRONG = [
    ({"maker.0": 0}, r"actions\['maker.0'\] of int64 \[\] is not allowed: floats \[5\]"),
    ({"maker.2": np.zeros(5)}, r"actions\['maker.2'\] is not allowed: agents are maker.0, maker.1"),
    ({}, r"actions without 'maker.\d' are not allowed: it is the one that decides"),
    ({"maker.1": np.full(5, np.nan)}, r"actions\['maker.1'\]\[0\]=nan is not allowed: must be -1"),
]


@pytest.mark.parametrize(("actions", "sentence"), WRONG, ids=[text for _, text in WRONG])
def test_wrong_actions_of_agents(actions, sentence):
    env, other = one(), one()
    env.reset(seed=0)
    other.reset(seed=0)
    with pytest.raises(InvalidAction, match=sentence):
        env.step(actions)
    good = dict.fromkeys(AGENTS, np.zeros(5, np.float32))
    assert same(env.step(good)[0], other.step(good)[0])  # nothing has been sent


def test_wrong_actions_of_lanes_and_steps_at_the_wrong_time():
    lanes, env = lanes_of(), one()
    _, info = lanes.reset(seed=0)
    wrong = np.zeros((3, 2, 5), np.float32)
    wrong[~info["decides"]] = np.nan  # not read
    lanes.step(wrong)
    at = int(np.flatnonzero(lanes.decides[1])[0])
    wrong = np.zeros((3, 2, 5), np.float32)
    wrong[1, at, 2] = 1.5
    with pytest.raises(InvalidAction, match=rf"actions\[1, {at}, 2\]=1.5 is not allowed: must be"):
        lanes.step(wrong)
    with pytest.raises(InvalidAction, match=r"actions of float32 \[2, 5\] are not allowed"):
        lanes.step(wrong[0])
    with pytest.raises(ResetNeeded, match="reset must be called first"):
        env.step({})
    env.reset(seed=0)
    with pytest.raises(InvalidAction, match="actions of list are not allowed: must be a dict"):
        env.step([])
    played(env)
    with pytest.raises(ResetNeeded, match="the episode has ended"):
        env.step({"maker.0": np.zeros(5, np.float32)})
    env.close()
    env.close()
    with pytest.raises(ClosedEnvironmentError):
        env.reset()


def test_agents_that_are_not_there_are_refused():
    with pytest.raises(ConfigError, match=r"control=maker.7 is not allowed: maker has traders 0"):
        one(control=["maker.0", "maker.7"])
    with pytest.raises(ConfigError, match="control='maker' is not allowed: must be a list"):
        one(control="maker")
    with pytest.raises(
        ConfigError, match=r"control=\[\] is not allowed: must be different traders"
    ):
        one(control=[])
    with pytest.raises(ConfigError, match="autoreset_mode='SameStep' is not allowed: there is one"):
        one(autoreset_mode="SameStep")
    with pytest.raises(ConfigError, match="task='make' is not allowed; did you mean maker"):
        one("make")
    with pytest.raises(ConfigError, match="must be one trader; SelfPlayVectorEnv"):
        proteus.make_vec("maker", control=AGENTS, **WORDS)
