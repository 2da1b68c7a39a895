"""What is compared differs in the treatment only, in configuration and in draws."""

import json

import numpy as np
import pytest

import proteus
from proteus.errors import ConfigError
from proteus.plans import draws, parity, planner
from proteus.runs import api
from proteus.sweep import main
from tests.helpers.fake_engine import FakeEngine, install

BOTH = "mechanism=clob,fba"
STREAMS = {"news", "arrivals", "latencies", "signals", "intents"}


@pytest.fixture
def engine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return install(monkeypatch, FakeEngine())


def two(*words):
    return planner.from_words([BOTH, "delta=50,100", *words])


# --- configuration --------------------------------------------------------------------------------


def test_a_violation_lists_every_key_with_both_values():
    with pytest.raises(ConfigError) as caught:
        two("latent.dt=${delta}", "record.warmup_s=${delta}", "horizon_s=200")
    sentence = str(caught.value)
    assert "cells (mechanism=clob, delta=50) and (mechanism=clob, delta=100)" in sentence
    assert "latent.dt (50.0 and 100.0), record.warmup_s (50.0 and 100.0);" in sentence


def test_a_deliberate_exception_is_allowed_and_recorded(engine, capsys, tmp_path):
    words = ["latent.dt=${delta}", "record.warmup_s=0.${delta}"]
    with pytest.raises(ConfigError, match=r"differ in record.warmup_s"):
        two(*words, "parity.exceptions=[latent]")
    named = "parity.exceptions=[latent.dt,record]"
    made = two(*words, named)
    assert made.fairness["deliberate"]["latent.dt"] == [50.0, 100.0]
    arguments = [BOTH, "delta=50,100", *words, named, "seeds.count=2", "output_dir=x"]
    assert main(arguments) == 0
    assert "differ on purpose in latent.dt (50.0 and 100.0)" in capsys.readouterr().err
    recorded = json.loads(proteus.load("x").attrs["parity"])
    assert set(recorded["deliberate"]) == {"latent.dt", "record.warmup_s"}
    assert json.loads((tmp_path / "x" / "manifest.json").read_text())["parity"] == recorded


def test_other_axes_are_not_compared():
    made = two("latent.dt=10,20", "population.maker.count=1,2")
    assert made.fairness["deliberate"] == {}
    groups = list(parity.compared(made))
    assert len(groups) == 4
    for cells in groups:
        assert len({made.cells[cell].latent.dt for cell in cells}) == 1
        assert len(cells) == 3  # clob, and fba at two deltas


@pytest.mark.parametrize(
    "word",
    [
        "record.per_run=true",
        "record.report=true",
        "record.events=seed:0",
        "record.traces=all",
        "record.trace_step_ms=5",
    ],
)
def test_what_only_writes_more_is_no_difference(word):
    one, other = (parity.tree(planner.from_words(words).cells[0]) for words in ([], [word]))
    assert one != other
    assert parity.differences(one, other) == []


def test_a_key_that_one_cell_lacks_is_a_difference():
    one, other = (
        parity.tree(planner.from_words([word]).cells[0])
        for word in ("latent=bayesian", "latent=log_odds")
    )
    found = {key: values for key, *values in parity.differences(one, other)}
    assert found["latent.model"] == ["bayesian", "log_odds"]
    assert found["latent.jump_accuracy"] == [0.8, parity.ABSENT]
    assert "sigma (null and 0.3)" in parity.words([("sigma", None, 0.3)])


# --- draws ----------------------------------------------------------------------------------------

# A word that changes one cell, and the streams that must notice; {} notices nothing.
CHANGES = {
    "mechanism=clob": set(),
    "mechanism=fba delta=100": set(),
    "population.noise.count=5": set(),
    "+trader@population.extra=noise": set(),
    "population.maker.policy.half_spread=0.03": set(),
    "population.noise.schedule.rate_per_s=6": {"arrivals"},
    "population.maker.schedule.jitter=0.1": {"arrivals"},
    "latent.jump_rate_per_s=30": {"news", "signals"},
    "latent=log_odds": {"news", "signals"},
    "population.informed.signal.noise_sd=0.02": {"signals"},
    "population.noise.policy.size_mean_lots=4": {"intents"},
    "population.noise.policy.lifetime_ms=2001": {"intents"},
    "population.sniper.latency.submission.base_ms=6": {"latencies"},
}


@pytest.mark.parametrize("words", CHANGES)
def test_draws_differ_where_their_law_does_and_only_there(words):
    base, other = (
        draws.exogenous(planner.from_words(words).cells[0], 7, 3) for words in ([], words.split())
    )
    assert set(draws.differing(base, other)) == CHANGES[words]


def test_another_seed_or_root_draws_differently():
    cell = planner.from_words([]).cells[0]
    base = draws.exogenous(cell, 7, 3)
    assert draws.hashes(base) == draws.hashes(draws.exogenous(cell, 7, 3))
    for root, replicate in ((8, 3), (7, 4)):
        assert set(draws.differing(base, draws.exogenous(cell, root, replicate))) == STREAMS


def test_hashes_stand_in_the_record_of_a_comparison():
    made = draws.check(two("seeds.first=5"))
    record = made.fairness["draws"]
    assert (record["seed"], record["differing"]) == (5, [])
    assert set(record["hashes"]) == STREAMS
    assert record["hashes"] == draws.hashes(draws.exogenous(made.cells[0], 7, 5))


def test_one_mechanism_has_nothing_to_compare():
    made = planner.from_words(["delta=50,100"])
    assert draws.check(made) is made


def test_a_mechanism_that_draws_its_own_news_is_refused(monkeypatch, engine, capsys):
    """The mistake that the check is for: set-up that depends on the mechanism."""
    honest = draws.set_up_cell

    def dishonest(cell):
        setup = honest(cell)
        if cell.mechanism.name == "fba":
            setup.schedules.gap_ns[-1] *= 2  # the sniper looks half as often
        return setup

    monkeypatch.setattr(draws, "set_up_cell", dishonest)
    assert main([BOTH, "seeds.count=2"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "mechanism=clob and fba cannot be compared: the draws of arrivals differ" in sentence
    assert engine.calls == []


def test_an_exception_explains_draws_that_differ():
    made = two("latent.dt=${delta}", "parity.exceptions=[latent.dt]")
    object.__setattr__(made, "cell_of", np.array([[0, 0], [3, 2]]))  # clob at 50 beside fba at 100
    assert draws.check(made).fairness["draws"]["differing"] == ["news", "signals"]


def test_python_runs_the_same_checks(engine):
    with pytest.raises(ConfigError, match="cannot be compared"):
        proteus.sweep({"delta": [50, 100], "latent.dt": "${delta}"}, seeds=2)
    assert api.checked(two()).fairness["draws"]["differing"] == []
