"""What is collected is what the environments give, however it is cut into files and row groups."""

import hashlib
import re
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import proteus
from proteus.envs.tasks.table import TASKS
from proteus.policies import BaselineMaker
from proteus.sessions.session import Session
from proteus.trajectories import collecting
from proteus.trajectories.policies import Asked, Draws, make
from tests.helpers.cells import MECHANISM_NAMES, ROOT, TINY, cell
from tests.helpers.sessions import inside, odd, recorded
from tests.unit.trajectories.helping import WORDS, collected, same, stepped

# What a trader believes and what PnL is split by it; the value of a row of a log may be either.
OF_BELIEFS = re.compile("belief|^sums.markouts.(captured|adverse)|^log.value$")
MINE = "tests.unit.trajectories.policies_of_a_user"
PENALTIES = {"inventory_penalty": 0.001, "spread_penalty": 0.01, "end_penalty": 0.002}
KINDS = [
    ("maker", "random", {"options": PENALTIES}), ("maker_grid", "random", {}),
    ("taker", "random", {"step_ms": 40, "options": {"parent_lots": 30}}),
    ("sniper", "random", {}), ("maker", "baseline", {"mechanism": "fba"}),
    ("maker_grid", "baseline", {"options": {"levels": 7}}),
    ("maker", f"{MINE}:Leaning", {"max_steps": 2}), ("maker", "random", {"end": "payoff"}),
]  # fmt: skip
NAMES = ("penalties", "grid", "taker", "sniper", "baseline", "on a grid", "cut off", "payoff")


@pytest.mark.nojit
@pytest.mark.parametrize(("task", "policy", "more"), KINDS, ids=NAMES)
def test_rows_are_those_of_the_environment_to_the_bit(tmp_path, task, policy, more):
    """Observations with the last one, rewards, flags and infos; of lanes that were alone there."""
    data = collected(tmp_path / "data", task=task, policy=policy, **more)
    assert len(data) == 3
    for ours, theirs in zip(data, stepped(task, data, **more), strict=True):
        assert len(ours.observations) == len(ours.actions) + 1 > 2
        for one, other in zip(ours[3:8], theirs[3:8], strict=True):
            assert same(one, other)
        for name, array in ours.infos.items():
            assert same(array, theirs.infos[name]), name
        is_cut = more.get("max_steps") == len(ours.actions)
        assert (ours.terminations[-1], ours.truncations[-1]) == (not is_cut, is_cut)
    options = {"options": more.get("options", {})}
    env = proteus.make_vec(task, mechanism="clob", **options)
    assert data.action_space.to_gymnasium() == env.single_action_space
    assert data.observation_space.to_gymnasium() == env.single_observation_space


@pytest.mark.nojit
@pytest.mark.parametrize("mechanism", ["clob", "rfq"])
def test_baseline_wants_what_the_maker_in_numpy_wants(mechanism):
    """At every decision, to the bit; and the actions of ``maker`` say just that."""
    words = {k: v for k, v in WORDS.items() if k != "executor.workers"}
    session = Session({**words, "mechanism": mechanism, "horizon_s": 0.6}, 3, copy=False)
    task = TASKS["maker"](session)
    policy, twin, decisions = make("baseline", task), BaselineMaker(session), 0
    while session.waiting.any():
        with np.errstate(all="ignore"):  # where nothing was filled the twin judges nothing
            wanted = twin.act(session.observe())
        waiting = session.waiting
        actions = policy(task.observe())
        answer = policy._held.state
        assert same(answer.lots[waiting], wanted.lots[waiting])
        there = wanted.lots[waiting] > 0
        assert same(answer.price[waiting][there], wanted.price[waiting][there])
        assert task.take(actions)
        task.decide()
        intents = session.world.intents
        met = waiting[:, None] & (wanted.lots > 0)
        assert same(intents.price[:, :2][met], wanted.price[met])
        assert (intents.lots[:, :2][waiting] == np.minimum(wanted.lots, 20)[waiting]).all()
        assert intents.belief[waiting, 0] == pytest.approx(wanted.belief[waiting], abs=1e-7)
        session.resume()
        decisions += int(waiting.sum())
    assert decisions > 20


@pytest.mark.nojit
@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
def test_baseline_in_actions_is_the_maker_inside(mechanism):
    """Its messages, fills, balances and log, to the bit; only beliefs are those of float32."""
    config = cell(f"mechanism={mechanism}", *TINY)
    decisions = "requests" if mechanism == "rfq" else "schedule"
    with recorded():
        session = Session(config, 2, decisions=decisions, root=ROOT, growth=4, copy=False)
    task = TASKS["maker"](session)
    policy, across = make("baseline", task), 0
    while session.waiting.any():
        actions = Asked(policy, task)(task.observe(), session.waiting, 0)
        across += int(((actions[:, :2] < 0) & (actions[:, 2:4] > -1))[session.waiting].sum())
        assert task.take(actions)
        task.decide()
        session.resume()
    block = inside(config, 2)
    assert session.equity_nano[:, 0].tolist() == block.world.totals.marked[:, 0].tolist()
    assert across > 0
    assert all(OF_BELIEFS.search(path) for path in odd(session.world, block.world))


@pytest.mark.plain
def test_draws_are_those_of_numpys_generator_by_address():
    """Whatever lanes are beside, and beyond what is drawn at once."""

    def task(*episodes):
        seeds, numbers = zip(*episodes, strict=True)
        told = {"root": 7, "replicates": np.array(seeds), "episodes": np.array(numbers)}
        return SimpleNamespace(session=SimpleNamespace(**told))

    together, alone = Draws(task((5, 0), (6, 0), (5, 1)), 2), Draws(task((5, 1)), 2)
    name = int.from_bytes(b"policy", "big")
    numpys = np.random.Generator(np.random.Philox(np.random.SeedSequence([7, 5, 1, name])))
    seen = set()
    for _ in range(600):
        drawn = together()
        assert same(drawn[2], alone()[0])
        assert same(drawn[2], numpys.random(2))
        seen |= {*drawn.reshape(-1).tolist()}
    assert len(seen) == 600 * 6


@pytest.mark.nojit
def test_files_and_row_groups_change_no_row(tmp_path, monkeypatch):
    words = {"seeds": 5, "policy": "random"}
    one = collected(tmp_path / "one", **words)
    two = collected(tmp_path / "two", **words, **{"executor.block_lanes": 2})
    monkeypatch.setattr(collecting, "ROWS_AT_ONCE", 10)
    three = collected(tmp_path / "three", **words)
    assert [len(each.manifest["files"]) for each in (one, two, three)] == [1, 3, 1]
    assert pq.ParquetFile(three._files[0]).num_row_groups > 1
    whole = one.to_pandas()
    assert whole.equals(two.to_pandas())
    assert whole.equals(three.to_pandas())
    assert all(same(a.observations, b.observations) for a, b in zip(one, three, strict=True))
    first, last = two[0], two[-1]
    assert (first.seed, last.seed) == (0, 4)
    assert same(last.rewards, one[4].rewards)


@pytest.mark.nojit
def test_mechanisms_of_one_data_set_are_those_of_two_and_share_seeds(tmp_path):
    both = collected(tmp_path / "both", mechanism=["clob", "fba"], seeds=2)
    assert both.episodes["mechanism"].tolist() == ["clob", "clob", "fba", "fba"]
    assert both.episodes["seed"].tolist() == [0, 1, 0, 1]
    assert [cell["label"]["mechanism"] for cell in both.manifest["cells"]] == ["clob", "fba"]
    for at, name in enumerate(("clob", "fba")):
        alone = collected(tmp_path / name, mechanism=name, seeds=2)
        for seed in range(2):
            assert same(alone[seed].observations, both[2 * at + seed].observations)
    assert both.to_pandas()["mechanism"].nunique() == 2


def test_memory_does_not_grow_with_steps(tmp_path, monkeypatch):
    """Of NumPy and Arrow together, between episodes of some steps and of four times as many."""
    monkeypatch.setattr(collecting, "ROWS_AT_ONCE", 60)

    def peak(horizon_s):
        pool = pa.default_memory_pool()
        before = pool.bytes_allocated()
        tracemalloc.start()
        more = {"horizon_s": horizon_s, "step_ms": 2, "task": "taker", "policy": "random"}
        request = collecting_request(more)
        task = collecting.task_of(request, 0, 2)
        collecting.start(task, np.arange(2), 0)
        buffer = collecting.Buffer(task, collecting.Buffer.steps_of(2, None))
        tracemalloc.reset_peak()
        rows = []

        def note(written):
            rows.append(len(written["step"]))

        collecting.play(task, make("random", task), buffer, None, note)
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert max(rows) <= 60
        return sum(rows), reached + pool.bytes_allocated() - before

    (few, small), (many, large) = peak(0.3), peak(1.2)
    assert many > 3.5 * few
    assert large < 1.1 * small + 20_000


def collecting_request(more):
    from proteus.configuration import overrides
    from proteus.trajectories import words

    given = {**WORDS, "seeds.count": 2, **more}
    return words.read(overrides.from_mapping(given, grid=True))[0]


@pytest.mark.nojit
def test_a_policy_gets_a_copy_and_lanes_that_have_ended_are_not_read():
    task = collecting.task_of(collecting_request({}), 0, 3)
    collecting.start(task, np.arange(3), 0)
    seen = task.observe()
    kept = seen.copy()

    def wild(observation):
        observation[:] = 0
        actions = np.zeros((3, 5))
        actions[1] = np.nan
        return actions

    given = Asked(wild, task)(seen, np.array([True, False, True]), 0)
    assert same(seen, kept)
    assert given.dtype == np.float32
    assert (given[1] == -1).all()


@pytest.mark.nojit
def test_lanes_that_outgrow_their_room_are_played_again_with_more(tmp_path, monkeypatch):
    plain = collected(tmp_path / "plain", seeds=2)
    made = []

    def small(request, cell, lanes, growth=1):
        made.append(growth)
        task = task_of(request, cell, lanes, growth)
        if growth == 1 and len(made) > 2:  # but for those on which the policy is tried
            task.session._restarting.restart = full(task.session)
        return task

    def full(session):
        def restart(lanes, keys, honest=session._restarting.restart):
            honest(lanes, keys)
            session.world.progress.fault[lanes[0]] = 100
            session.world.progress.stage[lanes[0]] = 1

        return restart

    task_of = collecting.task_of
    monkeypatch.setattr(collecting, "task_of", small)
    again = collected(tmp_path / "again", seeds=2)
    assert 2 in made
    assert again.episodes["fault"].tolist() == [0, 0]
    assert plain.to_pandas().equals(again.to_pandas())


def test_processes_write_the_same_bytes(tmp_path):
    words = {"seeds": 4, "policy": "random", "executor.block_lanes": 2}
    alone = collected(tmp_path / "alone", **words)
    together = collected(tmp_path / "together", **words, **{"executor.workers": 2})
    digests = [
        [hashlib.sha256(path.read_bytes()).hexdigest() for path in each._files]
        for each in (alone, together)
    ]
    assert digests[0] == digests[1]
