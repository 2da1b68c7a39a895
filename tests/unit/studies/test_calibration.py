"""The calibration command: a small success, what it writes, and what is not stable."""

from contextlib import redirect_stdout
from io import StringIO

import pandas as pd
import pytest
import yaml

import proteus
from proteus.basics.versions import SCHEMA_VERSION
from proteus.calibrate import EXIT_NOT_STABLE, main
from proteus.configuration.study import PILOT, SELECTION, purpose_of
from proteus.plans import planner
from tests.helpers.fake_study import StudyEngine, install_study
from tests.helpers.stamped import versions_in

SMALL = ["size=quick", "design.points=8", "seeds.count=30", "survival.confirmed_seeds=40"]


def calibrate(monkeypatch, tmp_path, engine, *words):
    monkeypatch.chdir(tmp_path)
    install_study(monkeypatch, engine)
    return main([*SMALL, "output_dir=x", *words], population_folder=tmp_path / "conf")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """One small success: the folder, the engine with its calls, and what was said."""
    folder, engine, said = tmp_path_factory.mktemp("found"), StudyEngine(), StringIO()
    with pytest.MonkeyPatch.context() as monkeypatch, redirect_stdout(said):
        assert calibrate(monkeypatch, folder, engine) == 0
    return folder, engine, said.getvalue()


def test_a_regime_is_found_confirmed_and_written(found):
    folder, _, said = found
    assert said.splitlines()[-1] == "x"
    assert "is stable: " in said
    candidates, confirmed = (
        pd.read_csv(folder / "x" / f"{name}.csv") for name in ("candidates", "confirmed")
    )
    # PnL is 100 half-spreads less 0.6 and noise of mean 0: the narrowest that lives on it wins.
    living = candidates[candidates["survives"]].sort_values("spread")
    assert (living["maker_policy_half_spread"] > 0.006).all()
    assert set(confirmed["point"]) <= set(living["point"])
    written = (folder / "x" / "calibrated.yaml").read_text()
    assert (folder / "conf" / "calibrated.yaml").read_text() == written
    chosen = yaml.safe_load(written)
    best = confirmed[confirmed["survives"]].sort_values("spread").iloc[0]
    assert chosen["maker"]["policy"]["half_spread"] == best["maker_policy_half_spread"]
    assert chosen["maker"]["count"] == 5
    assert chosen["informed"] == {"schedule": {"rate_per_s": 0.5}}
    assert all("#" in line for line in written.splitlines() if ": " in line.strip("# "))


def test_every_file_of_a_calibration_says_its_schema_version(found):
    folder, _, _ = found
    said = versions_in(folder / "x")
    assert {"candidates.csv", "sensitivity.csv", "sensitivity.svg", "report.md"} <= set(said)
    assert set().union(*said.values()) == {str(SCHEMA_VERSION)}


def test_selection_and_confirmation_share_no_seed_and_none_is_for_evaluation(found):
    folder, engine, _ = found
    purposes = [purpose_of(int(call["replicates"][0])) for call in engine.calls]
    assert purposes == [SELECTION] * 8 + [PILOT] * (len(purposes) - 8)
    report = (folder / "x" / "report.md").read_text()
    for part in ("in sample", "out of sample", "heat maps", "code: ", "seeds: "):
        assert part in report
    assert "<svg" in (folder / "x" / "sensitivity.svg").read_text()
    sensitivity = proteus.load(folder / "x" / "sensitivity")
    assert sensitivity.sizes["informed_schedule_rate_per_s"] == 4


@pytest.mark.parametrize(
    ("engine", "words", "sentence"),
    [
        (StudyEngine(profit=0.0), (), "none of 8 candidates survives"),
        (StudyEngine(bite=0.0), (), "does not respond to what the phases vary"),
    ],
)
def test_nothing_stable_is_said_and_fails(monkeypatch, tmp_path, capsys, engine, words, sentence):
    assert calibrate(monkeypatch, tmp_path, engine, *words) == EXIT_NOT_STABLE
    said = capsys.readouterr().out
    assert "No stable regime: " in said
    assert sentence in said
    assert sentence in (tmp_path / "x" / "report.md").read_text()
    assert not (tmp_path / "x" / "calibrated.yaml").exists()
    assert not (tmp_path / "conf").exists()


def test_luck_in_selection_is_not_confirmed(monkeypatch, tmp_path, capsys):
    class Lucky(StudyEngine):
        def outcome(self, cell, replicates, number=0):
            outcome = super().outcome(cell, replicates, number)
            if purpose_of(int(replicates[0])) == PILOT:
                outcome.values["maker_pnl_marked"] -= 100
            return outcome

    assert calibrate(monkeypatch, tmp_path, Lucky()) == EXIT_NOT_STABLE
    assert "none of them on 40 other seeds" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("precision=sequential", "a calibration needs precision=fixed and a design"),
        ("horizon_s=20,30", "a calibration varies its design only: horizon_s cannot be swept"),
        ("survival=null", "survival=null is not allowed"),
        ("survival.share_of_seeds=2", "survival.share_of_seeds=2 is not allowed"),
        ("size=huge", "size=huge does not exist; allowed: quick, standard, paper"),
    ],
)
def test_a_wrong_word_is_one_sentence_and_nothing_is_written(
    monkeypatch, tmp_path, capsys, word, sentence
):
    engine = StudyEngine()
    monkeypatch.chdir(tmp_path)
    install_study(monkeypatch, engine)
    assert main([word, "output_dir=x"]) == 2
    assert sentence in capsys.readouterr().err
    assert engine.calls == []
    assert not (tmp_path / "x").exists()


def test_the_calibrated_population_builds_on_the_baseline_and_changes_makers_and_intensity_only():
    base, made = (
        planner.from_words([f"population={name}"]).cells[0].population
        for name in ("baseline", "calibrated")
    )
    assert made["noise"] == base["noise"]
    assert made["sniper"] == base["sniper"]
    assert made["maker"].schedule == base["maker"].schedule
    assert made["informed"].policy == base["informed"].policy
