"""What a plan needs, and that more than the machine has is refused before anything runs."""

import json

import numpy as np
import pytest

import proteus
from proteus.errors import ConfigError
from proteus.market import variables
from proteus.market.setup.block import block_bytes, build_block
from proteus.market.setup.cell import set_up_cell
from proteus.plans import limits, planner
from proteus.recording.size import FILLED
from proteus.runs import estimate
from proteus.sweep import main
from tests.helpers.fake_engine import FakeEngine, install

GIB = 2**30

NUMBERS = 19  # per lane of the stand-in


@pytest.fixture
def engine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return install(monkeypatch, FakeEngine())


def machine(monkeypatch, memory=64 * GIB, disk=64 * GIB):
    for place in (estimate, limits):
        monkeypatch.setattr(place, "free_memory", lambda: memory)
    monkeypatch.setattr(estimate, "free_disk", lambda folder: disk)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["mechanism=clob", "latent=log_odds"],
        ["population.maker.count=300", "contract.tick=0.0001", "latent.dt=1"],
        ["population.noise.schedule.rate_per_s=500", "latent.jump_rate_per_s=200"],
    ],
)
def test_the_state_of_a_lane_is_what_the_engine_allocates(engine, words):
    made = planner.from_words(words)
    setup = set_up_cell(made.cells[0])
    keys = np.zeros((3, 2), np.uint32)
    three = block_bytes(build_block(setup, keys, growth=1, audit=False))
    one = block_bytes(build_block(setup, keys[:1], growth=1, audit=False))
    found = estimate.needs(made, workers=1).lane_bytes
    assert found == pytest.approx((three - one) / 2, rel=0.01)


def test_lanes_held_follow_workers_blocks_seeds_and_cells(engine):
    def held(*words, workers=2):
        return estimate.needs(planner.from_words(words), workers).lanes_held

    assert held() == 64
    assert held("executor.block_lanes=5") == 10
    assert held("seeds.count=7") == 7
    assert held("latent.dt=10,20") == 2 * 64
    ten = f"latent.dt={','.join(map(str, range(10, 20)))}"
    assert held(ten) == 4 * 64  # a worker keeps the blocks of four cells
    # one block is a whole cell: all cells are in flight
    assert held(ten, "seeds.count=50", "executor.block_lanes=50", workers=16) == 500


def test_values_disk_and_time_are_counted(engine):
    # Fifteen variables, of which two have three horizons.
    made = planner.from_words(["delta=50,100", "seeds.count=1000000"])
    assert variables.values_per_lane(made.labels) == NUMBERS
    one, two = estimate.needs(made, 1), estimate.needs(made, 2)
    assert one.disk_bytes == pytest.approx(estimate.COMPRESSED * 2 * NUMBERS * 8e6, rel=0.02)
    assert one.passing_bytes == pytest.approx(2 * (NUMBERS + 1) * 8e6, rel=0.02)
    simulate = 2e6 * 21 / estimate.LANE_SECONDS_PER_S
    assert one.seconds - two.seconds == pytest.approx(simulate / 2, rel=0.01)
    assert not one.is_measured
    per_run = planner.from_words(["delta=50,100", "seeds.count=1000000", "record.per_run=true"])
    assert estimate.needs(per_run, 1).disk_bytes == pytest.approx(2 * one.disk_bytes, rel=0.02)


def test_memory_grows_with_the_sweep_only_where_no_folder_keeps_it(engine):
    small, large = (
        planner.from_words(["delta=50,100", f"seeds.count={count}"]) for count in (10**6, 10**8)
    )
    assert estimate.needs(small, 1).memory_bytes == estimate.needs(large, 1).memory_bytes < GIB
    grown = [estimate.needs(made, 1, in_memory=True).memory_bytes for made in (small, large)]
    assert grown[1] - grown[0] == 2 * NUMBERS * 2 * 8 * (10**8 - 10**6)


def test_episodes_in_flight_are_counted():
    """Blocks of two workers, those ahead of them, and one each that is put together."""

    def memory(count, *words):
        made = planner.from_words([f"episodes.count={count}", "seeds.count=100000", *words])
        values = variables.values_per_lane(made.labels)
        return values, estimate.needs(made, workers=2).memory_bytes

    (few, least), (many, most) = memory(2), memory(400)
    summary = limits.SUMMARY_BYTES * (many - few)
    flying = 2 * 4 * 32 * 8 * (many - few)
    assert most - least == pytest.approx(summary + flying, rel=0.02)


def test_a_measured_pace_scales_by_mechanism(engine, monkeypatch):
    words, asked = ["mechanism=clob,fba", "delta=50,100", "horizon_s=40"], []
    monkeypatch.setattr(
        "proteus.runs.pace.seconds_per_lane",
        lambda plan, most_cells: asked.append(most_cells) or {0: 0.002, 1: 0.004},
    )
    for seeds, is_measured in ((20, False), (1000, True)):  # about a second; five
        short = planner.from_words([*words, f"seeds.count={seeds}"])
        assert estimate.timed(short, estimate.needs(short, 2), 2).is_measured is is_measured
    assert asked == [2]
    made = planner.from_words([*words, "plan_only=true"])
    found = estimate.timed(made, estimate.needs(made, 2), 2)
    written = estimate.WRITE_S + 4 * (estimate.WRITE_POINT_S + estimate.WRITE_LANE_S * 1000)
    assert found.seconds == pytest.approx(1000 * (0.002 + 0.004 + 0.004) / 2 + written)
    assert found.is_measured
    few = planner.from_words(["mechanism=clob,fba", "seeds.count=1", "plan_only=true"])
    assert estimate.timed(few, estimate.needs(few, 2), 2).is_measured


def test_the_plan_says_which_kernels_there_are(monkeypatch, tmp_path):
    monkeypatch.setattr("proteus.runs.pace.compiled", lambda: {"clob"})
    made = planner.from_words(["mechanism=clob,fba,rfq", "seeds.count=2"])
    said = estimate.lines(made, estimate.needs(made, 2), 2, tmp_path)[-1]
    assert said == "kernels: fba, rfq will be compiled, once per version: about 40 s"
    made = planner.from_words(["mechanism=clob", "seeds.count=2"])
    said = estimate.lines(made, estimate.needs(made, 2), 2, tmp_path)[-1]
    assert said == "kernels: clob compiled before"


TOO_MUCH = [
    (
        {"memory": 6 * 2**20}, ["delta=100"],
        "executor.block_lanes=32 on 2 as workers is not allowed: 64 lanes held at once of",
        "of memory, and the machine has 6 MiB free",
    ),
    (
        {"memory": 100 * 2**20}, ["delta=50,100", "seeds.count=1000000"],
        "seeds.count=1000000 with 2 grid points is not allowed: it needs ",
        "of memory, and the machine has 100 MiB free",
    ),
    (
        {"disk": 2**20}, ["seeds.count=50000"],
        "seeds.count=50000 with 1 grid points is not allowed: it needs 11.8 MiB of disk",
        "the machine has 1 MiB free",
    ),
    (
        {"disk": 50 * 2**20}, ["record.events=seed:0..499", "seeds.count=500"],
        "record.events=seed:0..499 is not allowed: 500 lanes with about 3,",
        "of disk, and the machine has 50 MiB free",
    ),
    (
        {"memory": GIB}, ["record.traces=all", "record.trace_step_ms=0.1"],
        "record.traces=all is not allowed: 1000 lanes with about ",
        "of memory, and the machine has 1 GiB free",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("free", "words", "needed", "available"), TOO_MUCH)
@pytest.mark.parametrize("door", ["command", "plan_only", "python"])
def test_more_than_the_machine_has_is_refused(
    engine, monkeypatch, capsys, tmp_path, free, words, needed, available, door
):
    machine(monkeypatch, **free)
    words = [*words, "executor.workers=2", "output_dir=here"]
    if door == "python":
        with pytest.raises(ConfigError) as caught:
            proteus.sweep(_as_mapping(words))
        sentence = str(caught.value)
    else:
        assert main([*words, *(["plan_only=true"] if door == "plan_only" else [])]) == 2
        (sentence,) = capsys.readouterr().err.splitlines()
    assert needed in sentence
    assert available in sentence
    assert engine.calls == []
    assert list(tmp_path.iterdir()) == []


TEXTS = ("output_dir", "record.events", "record.traces")


def _as_mapping(words):
    pairs = (word.split("=") for word in words)
    return {
        key: value if key in TEXTS else json.loads(f"[{value}]") if "," in value
        else json.loads(value)
        for key, value in pairs
    }  # fmt: skip


def test_what_is_recorded_is_counted(engine, monkeypatch, capsys):
    machine(monkeypatch)
    plain, one, two = (
        estimate.needs(planner.from_words([f"record.events={events}", "delta=100"]), 1)
        for events in ("null", "seed:0", "seed:0..1")
    )
    assert plain.recorded == (0, 0, 0, 0)
    assert (one.recorded.lanes, two.recorded.lanes) == (1, 2)
    rows = one.recorded.rows  # of room for 8 at each of 82 wake-ups a second, and two at a clear
    assert rows == pytest.approx(FILLED * 20 * (8 * 82 + 20), rel=0.05)
    assert two.disk_bytes - one.disk_bytes == one.disk_bytes - plain.disk_bytes > 20 * rows
    assert two.passing_bytes - one.passing_bytes > 20 * rows
    assert two.memory_bytes - one.memory_bytes > 8 * 24 * rows
    assert main(["record.events=seed:0..1", "delta=100", "plan_only=true"]) == 0
    assert f"recorded: 2 lanes with about {2 * rows:,} rows" in capsys.readouterr().out


def test_logs_are_in_memory_one_after_the_other(engine):
    def memory(events):
        needed = estimate.needs(planner.from_words([f"record.events={events}", "delta=100"]), 1)
        return needed.recorded.memory_bytes

    assert memory("seed:0..19") == 20 * memory("seed:0")
    assert memory("all") == memory("seed:0..49") < 30 * memory("seed:0")


def test_a_large_grid_is_refused_before_its_points_are_composed(engine, monkeypatch):
    machine(monkeypatch, memory=2**25)
    monkeypatch.setattr(planner, "read_config", _first_only(planner.read_config))
    with pytest.raises(ConfigError, match="with 4000 grid points"):
        planner.from_words(["delta=range(1,4001)", "seeds.count=100000"])


def _first_only(read):
    calls = []

    def read_once(words):
        calls.append(words)
        assert len(calls) == 1
        return read(words)

    return read_once


def test_a_lane_that_no_machine_can_hold_is_refused(engine, monkeypatch):
    def no_room(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr("proteus.market.setup.block.build_block", no_room)
    with pytest.raises(ConfigError, match=r"latent.dt=10 is not allowed: one lane of 20 s"):
        estimate.needs(planner.from_words([]), 1)


def test_the_machine_is_asked(tmp_path):
    assert 2**20 < estimate.free_memory() < 2**50
    assert estimate.free_disk(tmp_path / "not" / "yet") > 2**20


TIMES = [(0.1, "1 s"), (61, "61 s"), (600, "10 min"), (1e4, "2.8 h"), (1e6, "12 days")]


@pytest.mark.parametrize(("seconds", "text"), TIMES)
def test_a_time_is_written_for_a_person(seconds, text):
    assert estimate.duration(seconds) == text
