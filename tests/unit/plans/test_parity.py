"""What is compared differs in the treatment only, in configuration and in draws."""

import json
import shutil

import numpy as np
import pytest

import proteus
from proteus.configuration.locate import conf_folder
from proteus.configuration.treatments import TREATMENTS, Treatment
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


# --- a treatment that a study declares ---------------------------------------------------------

JUMPS = Treatment("latent.jump_rate_per_s", "latent.jump_rate_per_s", ("news", "signals"))
MAKERS = Treatment("population.maker.count", "population.maker.count")
WARM = "record.warmup_s=${latent.jump_rate_per_s}"
RATES = "latent.jump_rate_per_s=0.2,30"


@pytest.fixture
def study(monkeypatch, tmp_path):
    """Declare treatments, and write the file of a study that has them."""
    folder = tmp_path / "conf"
    shutil.copytree(conf_folder(), folder)
    monkeypatch.setattr("proteus.configuration.locate.conf_folder", lambda: folder)

    def declare(*rows, keep=("mechanism",)):
        for row in rows:
            monkeypatch.setitem(TREATMENTS, row.key, row)
        keys = [*keep, *(row.key for row in rows)]
        text = f"# @package _global_\nparity:\n  treatment: {json.dumps(keys)}\n"
        (folder / "experiment" / "tried.yaml").write_text(text)
        return "+experiment=tried"

    return declare


def test_a_declared_treatment_is_accepted_and_recorded(study):
    made = planner.from_words([study(JUMPS), BOTH, RATES])
    assert [len(cells) for cells in parity.compared(made)] == [4]
    assert made.fairness == {"treatment": ["mechanism", JUMPS.key], "deliberate": {}}


def test_nothing_beside_a_declared_treatment_is_accepted(study):
    with pytest.raises(ConfigError) as caught:
        planner.from_words([study(JUMPS), "latent.jump_rate_per_s=1,3", WARM])
    sentence = str(caught.value)
    assert "they differ in record.warmup_s (1.0 and 3.0); only mechanism and " in sentence
    assert f"{JUMPS.key} may, or keys named in parity.exceptions" in sentence


def test_mechanisms_are_not_compared_where_only_another_treatment_is_declared(study):
    made = planner.from_words([study(MAKERS, keep=()), BOTH, "population.maker.count=1,2"])
    groups = list(parity.compared(made))
    assert [{made.cells[cell].mechanism.name for cell in cells} for cells in groups] == [
        {"clob"}, {"fba"},
    ]  # fmt: skip
    trees = [parity.tree(made.cells[cells[0]]) for cells in groups]
    assert "mechanism.name" in {key for key, *_ in parity.differences(*trees, [MAKERS.key])}


def test_a_key_below_a_treatment_belongs_to_it(study):
    one, other = (
        parity.tree(planner.from_words([word]).cells[0])
        for word in ("population.maker.count=1", "population.maker.policy.half_spread=0.03")
    )
    keys = {key for key, *_ in parity.differences(one, other)}
    assert keys == {"population.maker.count", "population.maker.policy.half_spread"}
    assert parity.differences(one, other, ["population.maker"]) == []
    assert len(parity.differences(one, other, ["population.make"])) == 2


def test_an_exception_inside_the_treatment_is_refused(study):
    with pytest.raises(ConfigError, match=f"no key outside mechanism and {JUMPS.key}"):
        planner.from_words([study(JUMPS), RATES, f"parity.exceptions=[{JUMPS.key}]"])


def test_only_the_file_of_a_study_declares_a_treatment(study):
    study(JUMPS)
    for word in ("parity.treatment=[delta]", "+parity.treatment=[delta]"):
        with pytest.raises(ConfigError, match="only a file of conf/experiment has it"):
            planner.from_words([word])
    unknown = study(keep=("mechanism", "latent.dt"))
    with pytest.raises(
        ConfigError,
        match=r"must be keys of mechanism, .* risk and latent\.jump_rate",
    ):
        planner.from_words([unknown])


def test_a_usual_study_says_nothing_of_its_treatment():
    made = two()
    assert made.fairness == {"deliberate": {}}
    assert made.settings.parity.model_dump() == {"exceptions": ()}


def test_a_treatment_explains_its_own_draws_and_no_others(study):
    made = draws.check(planner.from_words([study(JUMPS), BOTH, RATES]))
    record = made.fairness["draws"]
    assert (record["differing"], record["treated"]) == ([], ["news", "signals"])
    silent = study(JUMPS._replace(streams=("signals",)))
    with pytest.raises(ConfigError) as caught:
        draws.check(planner.from_words([silent, BOTH, RATES]))
    said = "latent.jump_rate_per_s=0.2 and 30.0 cannot be compared: the draws of news differ"
    assert said in str(caught.value)


def test_a_treatment_explains_nothing_between_cells_that_share_it(study, monkeypatch):
    """Mechanisms that meet other news at the same rate are not excused by the rates compared."""
    honest = draws.set_up_cell

    def dishonest(cell):
        setup = honest(cell)
        shifted = setup.news._replace(step_sd=2 * setup.news.step_sd)
        return setup._replace(news=shifted) if cell.mechanism.name == "fba" else setup

    monkeypatch.setattr(draws, "set_up_cell", dishonest)
    with pytest.raises(ConfigError, match="the draws of news, signals differ"):
        draws.check(planner.from_words([study(JUMPS), BOTH, RATES]))


def test_draws_are_hashed_where_all_cells_could_use_them(study):
    made = planner.from_words([study(MAKERS), "population.maker.count=1,2"])
    found = draws.check(made).fairness["draws"]
    fewest, most = (draws.exogenous(cell, 7, 0) for cell in made.cells)
    assert found["hashes"] == draws.hashes(fewest)
    assert draws.hashes(fewest)["arrivals"] != draws.hashes(most)["arrivals"]
    swapped = planner.from_words([study(MAKERS), "population.maker.count=2,1"])
    assert draws.check(swapped).fairness["draws"]["hashes"] == found["hashes"]
    assert found["differing"] == []


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
