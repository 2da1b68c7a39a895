"""Lanes of episodes: each is a fresh run, or goes on from the last with what its policy carries.

The truth are other runs: a fresh run at ``seeds.episode``, one whose capital is what the last
episode ended with, and all episodes at once.
"""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

import proteus
from proteus.errors import ConfigError, ResultsError
from proteus.market.agents.kinds import KINDS
from proteus.market.setup.carrying import OF_ANYONE
from proteus.plans.snapshots import SNAPSHOT
from proteus.results import checkpoint
from proteus.runs import claim
from proteus.sweep import main
from tests.helpers.cells import MECHANISM_NAMES
from tests.helpers.days import DAY, assert_same_bits, run
from tests.helpers.killing import ended, in_child

pytestmark = pytest.mark.nojit
CARRYING = ("capital_only", "full_carryover")
RICH = {"population__maker__capital": 20, "population__sniper__capital": 3}
GOING_ON = {
    "latent": "log_odds", "episodes__carryover": "full_carryover", "episodes__boundary": "continue",
}  # fmt: skip


# --- hard_reset -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
def test_an_episode_that_carries_nothing_is_a_fresh_run(mechanism):
    whole = run(mechanism=mechanism, episodes__count=3)
    assert whole.sizes["episode"] == 3
    for episode in range(3):
        fresh = run({"count": 2, "episode": episode}, mechanism=mechanism)
        assert "episode" not in fresh.dims
        assert_same_bits(whole.isel(episode=episode), fresh)
    assert len(np.unique(whole["pnl_maker"])) == 6


def test_without_episodes_nothing_is_another_configuration():
    plain = run(1, mechanism="clob")
    assert plain.attrs["config_hash"] == run(1, mechanism="clob", episodes__ruin_below=5).attrs[
        "config_hash"
    ]  # fmt: skip
    later = run({"count": 1, "episode": 1}, mechanism="clob")
    assert later.attrs["config_hash"] != plain.attrs["config_hash"]
    assert (later["pnl_maker"] != plain["pnl_maker"]).all()


def test_later_episodes_are_labelled_by_their_numbers():
    late = run({"count": 1, "episode": 5}, mechanism="clob", episodes__count=2)
    assert late["episode"].to_numpy().tolist() == [5, 6]
    assert "number of the episode" in late["episode"].attrs["long_name"]


# --- what is carried ------------------------------------------------------------------------------


def alone(**keys):
    """One maker with capital, so that its wealth is a configuration's."""
    return run(1, mechanism="clob", population__maker__count=1, **keys)


def test_capital_only_is_a_fresh_run_with_the_wealth_of_the_last_episode():
    """So nothing else is carried: whatever the first episode left, the second is that run."""
    whole = alone(
        episodes__count=2, episodes__carryover="capital_only", population__maker__capital=30
    )
    wealth = whole["wealth_end_by_trader"].sel(trader="maker0", episode=0).item()
    assert wealth != 30
    fresh = run(
        {"count": 1, "episode": 1}, mechanism="clob", population__maker__count=1,
        population__maker__capital=wealth,
    )  # fmt: skip
    assert_same_bits(whole.isel(episode=1), fresh)


def test_full_carryover_begins_with_what_makers_have_learned():
    """The first quote of an episode is wider by what the maker thinks it loses: another market."""
    keys = {"episodes__count": 2, "population__maker__capital": 30}
    full = alone(episodes__carryover="full_carryover", **keys)
    money = alone(episodes__carryover="capital_only", **keys)
    assert_same_bits(full.isel(episode=0), money.isel(episode=0))
    assert (full["quoted_spread"].isel(episode=1) != money["quoted_spread"].isel(episode=1)).all()


def test_wealth_at_the_start_is_that_of_the_end_before():
    whole = run(
        3, mechanism="fba", episodes__count=3, episodes__carryover="capital_only",
        population__maker__capital=2, episodes__ruin_below=0,
    )  # fmt: skip
    of = {"trader": ["maker0", "maker1"]}
    start = whole["wealth_start_by_trader"].sel(of).transpose("episode", ...).to_numpy()
    end = whole["wealth_end_by_trader"].sel(of).transpose("episode", ...).to_numpy()
    assert (start[0] == 2).all()
    assert (end[:-1] < 0).any()
    assert np.array_equal(start[1:], np.maximum(end[:-1], 0))
    settled = whole["pnl_maker"]  # marked at v_T, so other numbers
    assert settled.dims[-1] == "episode"


@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
def test_the_ruined_send_nothing_and_keep_what_they_have(mechanism):
    """Everybody with capital is poorer than 1000 after the first episode."""
    whole = run(
        mechanism=mechanism, episodes__count=3, episodes__carryover="capital_only",
        episodes__ruin_below=1000, population__maker__capital=30, population__sniper__capital=30,
    )  # fmt: skip
    of = {"trader": ["maker0", "maker1", "sniper0"]}
    ruined = whole["ruined_by_trader"].sel(of)
    assert not ruined.isel(episode=0).any()
    assert (ruined.isel(episode=[1, 2]) == 1).all()
    assert (whole["ruined_by_group"].sel(group="maker", episode=2) == 2).all()
    assert (whole["volume_lots_by_trader"].sel(of).isel(episode=0) > 0).any()
    later = whole.sel(of).isel(episode=[1, 2])
    assert not later["volume_lots_by_trader"].any()
    assert (later["wealth_start_by_trader"] == later["wealth_end_by_trader"]).all()
    others = whole["ruined_by_trader"].drop_sel(of)
    assert not others.any()


def test_just_enough_is_no_ruin():
    """A sniper that asks for an edge of 0.9 never trades, and keeps its 30."""
    keys = {"population__sniper__capital": 30, "population__sniper__policy__theta": 0.9}
    keys |= {"mechanism": "clob", "episodes__count": 2, "episodes__carryover": "capital_only"}
    enough = run(1, **keys, episodes__ruin_below=30)
    assert (enough["wealth_end_by_trader"].sel(trader="sniper0") == 30).all()
    assert not enough["ruined_by_trader"].any()
    short = run(1, **keys, episodes__ruin_below=30.000000001)
    assert (short["ruined_by_trader"].sel(trader="sniper0", episode=1) == 1).all()


@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
def test_positions_go_on_and_nobody_wins_or_loses_between_two_days(mechanism):
    """Wealth at a start is that of the end before, which is marked and not paid."""
    whole = run(
        2, mechanism=mechanism, episodes__count=3, episodes__ruin_below=0,
        population__maker__capital=90, **GOING_ON,
    )  # fmt: skip
    of = {"trader": ["maker0", "maker1"]}
    start = whole["wealth_start_by_trader"].sel(of).transpose("episode", ...).to_numpy()
    end = whole["wealth_end_by_trader"].sel(of).transpose("episode", ...).to_numpy()
    assert (start[0] == 90).all()
    assert (end[0] != 90).any()
    assert np.array_equal(start[1:], end[:-1])
    assert np.array_equal(whole["maker_pnl_settled"], whole["maker_pnl_marked"])
    pnl = whole["wealth_end_by_trader"] - whole["wealth_start_by_trader"]
    assert np.abs(pnl.sum("trader")).max() < 1e-9


def test_the_first_of_days_that_go_on_is_a_day_that_is_marked():
    """Up to T the boundary changes nothing; then the contract does not pay."""
    keys = {"mechanism": "clob", "latent": "log_odds", "episodes__carryover": "full_carryover"}
    paid = run(2, executor__loop="rich", **keys)
    marked = run(2, **keys | GOING_ON)
    for name in ("quoted_spread", "maker_pnl_marked", "volume_lots_by_trader", "n_fills"):
        assert paid[name].to_numpy().tobytes() == marked[name].to_numpy().tobytes(), name
    assert (paid["maker_pnl_settled"] != marked["maker_pnl_settled"]).any()


def test_every_kind_says_what_it_carries_and_the_page_does_too():
    page = (Path(__file__).parents[2] / "docs" / "episodes.md").read_text()
    for name, kind in KINDS.items():
        says_nothing = f"| `{name}` | nothing" in page
        assert says_nothing if not kind.carries else f"| `{name}` |" in page
    for row in OF_ANYONE:
        assert f"`{row.path}`" in page
    assert KINDS["maker"].carries == ("volatility", "adverse")


# --- going on -------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [*CARRYING, "continue"])
def test_going_on_from_a_snapshot_is_going_straight_through(policy, tmp_path):
    more = GOING_ON if policy == "continue" else {"episodes__carryover": policy}
    keys = {"mechanism": "clob", **more, **RICH}
    whole = run(episodes__count=3, output_dir=tmp_path / "whole", **keys)
    run(episodes__count=1, output_dir=tmp_path / "first", **keys)
    rest = proteus.resume_from(tmp_path / "first", episodes=2, output_dir=tmp_path / "rest")
    assert rest["episode"].to_numpy().tolist() == [1, 2]
    assert_same_bits(whole.isel(episode=[1, 2]), rest)
    ours, theirs = proteus.snapshot(tmp_path / "whole"), proteus.snapshot(tmp_path / "rest")
    assert ours.episode == theirs.episode == 3
    assert ours.carried[0].tobytes() == theirs.carried[0].tobytes()
    words = [
        "mechanism=clob", *(f"{key}={json.dumps(value)}" for key, value in DAY.items()),
        *(f"{key.replace('__', '.')}={value}" for key, value in more.items()),
        "population.maker.capital=20",
        "population.sniper.capital=3", "seeds.first=1", "seeds.count=1", "seeds.episode=1",
        "episodes.count=2", f"resume_from={tmp_path / 'first'}", f"output_dir={tmp_path / 'one'}",
    ]  # fmt: skip
    assert main(words) == 0
    assert_same_bits(rest.sel(seed=[1]), proteus.load(tmp_path / "one"))


@pytest.mark.parametrize(("executor", "more"), [
    ({"executor__block_lanes": 1}, {}),
    ({"executor__workers": 2, "executor__block_lanes": 2}, GOING_ON),
    ({"executor__loop": "rich"}, {}),
    ({"executor": "processes", "executor__workers": 2, "executor__task_lanes": 2}, {}),
])  # fmt: skip
def test_no_bit_depends_on_blocks_workers_or_the_loop(executor, more):
    keys = {"mechanism": "clob", "episodes__count": 2, "episodes__carryover": "full_carryover"}
    keys |= more
    assert_same_bits(run(3, **keys), run(3, **keys, **executor))


@pytest.mark.parametrize("more", [{}, GOING_ON])
def test_lanes_that_outgrow_their_room_carry_the_same(more, monkeypatch):
    from proteus.market.setup import capacities

    keys = {"mechanism": "clob", "episodes__count": 2, "episodes__carryover": "full_carryover"}
    keys |= more
    expected = run(2, **keys, **RICH)
    monkeypatch.setattr(capacities, "pending_orders", lambda cell, members: 6)
    assert_same_bits(run(2, **keys, **RICH), expected)


def test_a_run_that_is_killed_goes_on_with_what_its_lanes_carried(tmp_path):
    words = [
        "mechanism=clob", *(f"{key}={json.dumps(value)}" for key, value in DAY.items()),
        "episodes.count=2", "episodes.carryover=full_carryover", "population.maker.capital=20",
        "seeds.count=4", "executor.block_lanes=1", "executor.workers=1",
    ]  # fmt: skip
    assert main([*words, f"output_dir={tmp_path / 'whole'}"]) == 0
    folder = tmp_path / "killed"
    child = in_child([*words, f"output_dir={folder}"], lambda: None, tmp_path / "said")
    until = time.monotonic() + 60
    while not [*(folder / checkpoint.FOLDER).glob("*.npz")] and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    ended(child)
    assert not claim.is_finished(folder)
    assert main(["--resume", str(folder)]) == 0
    assert_same_bits(proteus.load(folder), proteus.load(tmp_path / "whole"))
    ours, theirs = proteus.snapshot(folder), proteus.snapshot(tmp_path / "whole")
    assert ours.carried[0].tobytes() == theirs.carried[0].tobytes()


# --- snapshots ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("snapshot") / "run"
    keys = {"mechanism": "clob", "episodes__carryover": "capital_only", **RICH}
    keys["record__panel"] = True
    return folder, run(episodes__count=2, output_dir=folder, **keys)


def test_a_snapshot_says_what_is_in_it(taken):
    folder, dataset = taken
    found = proteus.snapshot(folder)
    ends = dataset["wealth_end_by_trader"].isel(episode=-1).to_numpy().reshape(2, -1)
    endowment = found.arrays()["rules.endowment"]
    assert endowment.shape == (2, 8)
    assert endowment[:, 0].tolist() == np.maximum(np.round(ends[:, 0] * 1e9), 0).tolist()
    assert found.bytes_per_lane == (8 * (8 + 1),)
    assert proteus.snapshot(folder / SNAPSHOT).digest == found.digest


def test_a_run_goes_on_without_a_folder_for_its_panel(taken):
    folder, _ = taken
    assert proteus.resume_from(folder, episodes=1)["episode"].to_numpy().tolist() == [2]


def damaged(folder, tmp_path, change):
    with np.load(folder / SNAPSHOT) as file:
        members = {name: file[name] for name in file.files}
    header = json.loads(members["header"].tobytes())
    change(header, members)
    members["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(tmp_path / SNAPSHOT, **members)
    return tmp_path


@pytest.mark.parametrize(("change", "why"), [
    (lambda header, members: header.update(snapshot_version=2), "reads version 1"),
    (lambda header, members: header.update(schema_version=99), "a newer Proteus wrote it"),
    (lambda header, members: header.pop("layouts"), "is damaged"),
    (lambda header, members: members.update({"0": members["0"][:, 1:]}), r"bytes, \(2, 72\)"),
    (lambda header, members: members.pop("0"), "is damaged"),
])  # fmt: skip
def test_a_snapshot_that_is_not_whole_is_refused(taken, tmp_path, change, why):
    with pytest.raises(ResultsError, match=why):
        proteus.snapshot(damaged(taken[0], tmp_path, change))


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(ResultsError, match=r"does not exist: a run with episodes\.carryover"):
        proteus.snapshot(tmp_path)
    (tmp_path / SNAPSHOT).write_bytes(b"no archive")
    with pytest.raises(ResultsError, match="is damaged, or no snapshot"):
        proteus.snapshot(tmp_path)
    with pytest.raises(ResultsError, match=r"folder=3 is not allowed"):
        proteus.snapshot(3)
    with pytest.raises(ResultsError, match="cannot be read: File name too long"):
        proteus.snapshot("a" * 300)


@pytest.mark.parametrize(("keys", "why"), [
    ({"seeds": {"count": 2}}, r"seeds\.episode=0 is not allowed: .* goes on with seeds.episode=2"),
    ({"seeds": {"count": 2, "episode": 2, "root": 8}}, r"seeds\.root=8 is not allowed"),
    ({"seeds": {"count": 3, "episode": 2}}, r"seeds\.first=0 with seeds\.count=3 is not allowed"),
    ({"population__maker__capital": 21}, r"cell 0 is not one that it holds"),
    ({"episodes__carryover": "hard_reset"}, r"hard_reset begins every episode afresh"),
])  # fmt: skip
def test_a_run_that_does_not_go_on_is_refused(taken, keys, why):
    folder, _ = taken
    given = {"seeds": {"count": 2, "episode": 2}, "mechanism": "clob", **RICH}
    given |= {"episodes__carryover": "capital_only", "resume_from": str(folder), **keys}
    with pytest.raises(ConfigError, match=why):
        run(**given)


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keys", "why"), [
    ({"episodes__count": 0}, r"episodes\.count=0 is not allowed"),
    ({"episodes__carryover": "some"}, r"episodes\.carryover=some is not allowed"),
    ({"episodes__carryover": "capital_only"}, r"nothing here is carried; capital_only"),
    ({"episodes__carryover": "full_carryover", "population__maker__count": 0},
     r"nothing here is carried; full_carryover needs"),
    ({"episodes__count": 2, "record__events": "all", "output_dir": "unused"},
     r"record\.events=all is not allowed with episodes\.count=2"),
    ({"episodes__ruin_below": -1}, r"episodes\.ruin_below=-1 is not allowed"),
    ({"episodes__boundary": "stop"}, r"episodes\.boundary=stop is not allowed"),
    ({"episodes__boundary": "continue", "latent": "log_odds"},
     r"boundary=continue is not allowed: must be settle with episodes\.carryover=hard_reset"),
    ({**GOING_ON, "episodes__carryover": "capital_only", "population__maker__capital": 3},
     r"boundary=continue is not allowed: must be settle with episodes\.carryover=capital_only"),
    ({**GOING_ON, "latent": "bayesian"},
     r"boundary=continue is not allowed: must be settle with latent=bayesian"),
    ({**GOING_ON, "latent__dt": 7}, r"horizon_s=0\.3 is not allowed: .* latent\.dt=7 ms"),
    ({**GOING_ON, "record__events": "all", "output_dir": "unused"},
     r"record\.events=all is not allowed with episodes\.boundary=continue"),
])  # fmt: skip
def test_mistakes_are_told_in_a_sentence(keys, why):
    with pytest.raises(ConfigError, match=why):
        run(mechanism="clob", **keys)


def test_the_number_of_episodes_cannot_be_swept():
    with pytest.raises(ConfigError, match=r"episodes\.count cannot be swept"):
        proteus.sweep({**DAY, "mechanism": "clob", "episodes.count": [1, 2]}, seeds=1)


def test_the_study_of_survival_is_what_its_file_says():
    from proteus.plans import planner

    plan = planner.from_words(["+experiment=survival", "size=quick"])
    assert plan.axes["mechanism"] == ("clob", "fba")
    assert plan.labels["episode"].tolist() == [*range(50)]
    assert all(cell.population["maker"].capital == 60 for cell in plan.cells)
    assert plan.settings.endpoint.variable == "makers_ruined_share"
    from proteus.runs.api import checked

    checked(plan)


def test_a_recorded_episode_replays_to_what_it_was(tmp_path):
    """With the random numbers of its own episode: another one would not come out."""
    keys = {"mechanism": "clob", "record__events": "all", "record__traces": "all"}
    run({"count": 1, "episode": 3}, output_dir=tmp_path / "run", **keys)
    (lane,) = proteus.replay_log(tmp_path / "run")
    assert lane.seed == 0
    (trace,) = proteus.load_traces(tmp_path / "run").values()
    first = run({"count": 1, "episode": 3}, mechanism="clob")
    assert trace["v"].isel(seed=0, time=-1).item() != trace["v"].isel(seed=0, time=0).item()
    assert np.isfinite(first["price_rmse"]).all()


def test_who_has_stopped_for_its_losses_stays_so_where_all_is_carried():
    """A limit of a nano stops nearly everybody at the first loss, for good: few trade on."""
    risk = {
        "risk@population.noise.risk": "loss_limit",
        "population.noise.risk.loss_limit.loss": 1e-9,
    }
    keys = risk | {"mechanism": "clob", "population.noise.capital": 1000, "horizon_s": 1.5}
    carried, fresh = (
        run(**keys, episodes__count=2, episodes__carryover=policy)["volume_lots_by_group"]
        .sel(group="noise").sum("seed").squeeze()
        for policy in ("full_carryover", "hard_reset")
    )  # fmt: skip
    assert float(carried[0]) == float(fresh[0]) > 0
    assert float(carried[1]) < 0.5 * float(fresh[1])
