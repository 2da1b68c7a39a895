"""The log of a lane that goes wrong: written when asked for, up to the event at fault."""

import numpy as np
import pytest

import proteus
from proteus.errors import ResultsError
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.setup import capacities
from proteus.market.setup import cell as cell_setup
from proteus.recording.columns import END, REASONS, is_kind
from proteus.recording.watched import read_lane
from proteus.sweep import EXIT_VIOLATION, main
from tests.helpers import faulty
from tests.helpers.cells import MECHANISM_NAMES, cell, same_values
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.recorded import plain_engine as plain_engine
from tests.helpers.recorded import record_cell, same_rows

pytestmark = pytest.mark.usefixtures("plain_engine")
EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
BAD = 1
WORDS = (
    "horizon_s=1", "metrics.tau_ms=500", "record.warmup_s=0.1", "metrics.horizons_ms=[0,100]",
    "delta=100", "population.noise.schedule.rate_per_s=20",
)  # fmt: skip
FAULTS = {
    "one lot more": (faulty.in_fill(faulty.one_lot_more), "order_lots_not_conserved"),
    "price 0": (faulty.in_fill(faulty.price_at(0)), "fill_price_off_tick"),
    "wrong lots of a level": (faulty.lots_of_level, "book_is_not_the_open_orders"),
}


@pytest.fixture(autouse=True)
def _audit_often(monkeypatch):
    """A book that heals before the next barrier is not at fault there."""
    monkeypatch.setattr(cell_setup, "BARRIER_STEPS", 1)


def inject(monkeypatch, mechanism, fault):
    row = faulty.with_fault(mechanism, FAULTS[fault][0], BAD)
    monkeypatch.setitem(MECHANISMS, mechanism, row)


def test_a_violated_lane_can_be_watched_by_that_word(monkeypatch, tmp_path):
    inject(monkeypatch, "clob", "price 0")
    words = [*WORDS, "mechanism=clob", "seeds.count=3", f"output_dir={tmp_path / 'x'}"]
    assert main([*words, "record.events=all"]) == EXIT_VIOLATION
    lane = read_lane(str(tmp_path / "x"), "violations")
    assert (lane.name, lane.stopped) == (f"cell:0/seed:{BAD}", "fill_price_off_tick")


@EVERY_MECHANISM
@pytest.mark.parametrize("fault", FAULTS)
def test_the_log_of_a_violated_lane_ends_with_the_reason(monkeypatch, mechanism, fault):
    config = cell(f"mechanism={mechanism}", *WORDS)
    _, (clean,) = record_cell(config, [0, 1, 2], [BAD])
    inject(monkeypatch, mechanism, fault)
    without, none = record_cell(config, [0, 1, 2], [])
    assert none == []
    outcome, (log,) = record_cell(config, [0, 1, 2], [], if_violated=True)
    (bad,) = outcome.violations
    assert log.replicate == bad.replicate == BAD
    assert log.is_violated
    assert same_values(outcome.values, without.values)
    rows = log.rows
    assert is_kind(rows, END).tolist() == [False] * (len(rows["kind"]) - 1) + [True]
    assert REASONS[rows["reason"][-1]] == bad.reason == FAULTS[fault][1]
    assert rows["time_ns"][-1] == bad.time_ns
    assert bad.event_id in rows["event"]
    before = rows["event"] < bad.event_id  # the same as without the fault
    assert before.sum() > 50
    assert all(
        np.array_equal(rows[name][before], clean.rows[name][: before.sum()]) for name in rows
    )


@EVERY_MECHANISM
def test_a_chosen_lane_that_goes_wrong_is_recorded_once(monkeypatch, mechanism):
    config = cell(f"mechanism={mechanism}", *WORDS)
    inject(monkeypatch, mechanism, "price 0")
    _, (alone,) = record_cell(config, [0, 1, 2], [], if_violated=True)
    _, logs = record_cell(config, [0, 1, 2], [0, BAD], if_violated=True)
    assert [(log.replicate, log.is_violated) for log in logs] == [(0, False), (BAD, True)]
    assert same_rows(logs[1].rows, alone.rows)


def test_a_lane_that_outgrows_its_memory_is_recorded_too(monkeypatch):
    monkeypatch.setattr("proteus.market.setup.capacities.pending_orders", lambda *_: 8)
    monkeypatch.setattr(capacities, "LARGEST_GROWTH", 1)
    outcome, (log,) = record_cell(cell("mechanism=clob", *WORDS), [0], [], if_violated=True)
    (bad,) = outcome.violations
    assert bad.reason == REASONS[log.rows["reason"][-1]] == "capacity"
    assert log.rows["time_ns"][-1] == bad.time_ns
    assert len(log.rows["kind"]) > 5


@pytest.fixture
def folder(monkeypatch, tmp_path):
    inject(monkeypatch, "fba", "price 0")
    words = ["mechanism=clob,fba", *WORDS, "seeds.count=3", "record.events=seed:0+violations"]
    words += ["record.traces=violations", f"output_dir={tmp_path / 'out'}"]
    assert main(words) == EXIT_VIOLATION
    return tmp_path / "out"


def test_a_replay_goes_wrong_as_the_run_did(folder):
    lanes = proteus.replay_log(folder)
    assert [(lane.cell, lane.seed) for lane in lanes] == [(0, 0), (1, 0), (1, BAD)]
    assert [lane.violation for lane in lanes] == [None, None, "fill_price_off_tick"]
    assert all(np.isnan(value).all() for value in lanes[2].metrics.values())
    assert not any(np.isnan(lane.metrics["n_fills"]) for lane in lanes[:2])
    assert lanes[2].balances["settled_nano"].isna().all()
    assert proteus.load(folder)["n_fills"].sel(mechanism="fba", seed=BAD).isnull().all()


def test_a_sound_mechanism_does_not_repeat_it(folder, monkeypatch):
    """With the fault taken away the first row that it changed does not follow."""
    monkeypatch.undo()
    events = proteus.load_events(folder)
    lane = events[(events["cell"] == 1) & (events["seed"] == BAD)].reset_index(drop=True)
    wrong = lane.index[(lane["kind"] == "fill") & (lane["price_ticks"] == 0)].tolist()
    sentence = rf"cell 1, seed {BAD}, row {wrong[0]}: price_ticks is 0, and must be \d+"
    with pytest.raises(ResultsError, match=sentence):
        proteus.replay_log(folder)


def test_traces_of_a_violated_lane_stop_with_it(folder):
    traces = proteus.load_traces(folder)
    assert list(traces) == [1]
    trace = traces[1].sel(seed=BAD)
    events = proteus.load_events(folder)
    end = events[(events["cell"] == 1) & (events["seed"] == BAD)]["time_ns"].max()
    after = trace["time"].to_numpy().astype(np.int64) > end
    assert after.any()
    assert np.isnan(trace["v"].to_numpy()[after]).all()
    assert np.isnan(trace["inventory"].to_numpy()[after]).all()
    assert not np.isnan(trace["v"].to_numpy()[~after]).any()
