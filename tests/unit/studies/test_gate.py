"""The gate of phase 4: every condition closes it, and the sentence says which."""

import hashlib
import json
from dataclasses import replace

import pytest
import xarray as xr
import yaml

import proteus
from proteus.basics.versions import SCHEMA_VERSION
from proteus.commands.executing import execute
from proteus.errors import ConfigError
from proteus.phases import main
from proteus.plans import planner
from proteus.results.dataset import DIGEST, RESULTS
from proteus.studies import gate
from tests.helpers.fake_study import StudyEngine, install_study
from tests.helpers.stamped import versions_in

WIDE = ["precision.half_width_share=9", "seeds.count=40", "precision.first_look=30"]
SMALL = ["+experiment=phase2", "size=quick", "delta=50,100", "population=calibrated", *WIDE]
FOUR = ["size=quick", "delta=50,100", "mechanism=clob,fba,dual_flow", *WIDE]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folders of three phases that the gate lets pass; small sweeps that say they are phases."""
    root = tmp_path_factory.mktemp("gate")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(root)
        install_study(monkeypatch, StudyEngine())
        for number in "123":
            folder = root / "outputs" / f"phase{number}" / "quick" / "2026-01-01T00-00-00-abc"
            made = planner.from_words(SMALL)
            named = made.settings.model_copy(update={"study": f"phase{number}"})
            execute(replace(made, settings=named), folder)
            (folder / "report.md").write_text("# done\n")
    return root


@pytest.fixture(scope="module")
def plan4():
    return planner.from_words(["+experiment=phase4", *FOUR])


def changed(finished, tmp_path, change):
    """A copy of the bundle of phase 2 with other attributes, or another manifest."""
    (source,) = (finished / "outputs" / "phase2" / "quick").iterdir()
    dataset = xr.load_dataset(source / RESULTS, decode_timedelta=False)
    manifest = json.loads((source / "manifest.json").read_text())
    settings = yaml.safe_load(dataset.attrs["config"])
    change(dataset.attrs, settings, manifest)
    dataset.attrs["config"] = yaml.safe_dump(settings)
    dataset.to_netcdf(tmp_path / RESULTS)
    manifest[DIGEST] = hashlib.sha256((tmp_path / RESULTS).read_bytes()).hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


# What is wrong with a bundle -> what the refusal says.
CONDITIONS = {
    "is a bundle of study=phase3, not of phase2": lambda a, s, m: s.update(study="phase3"),
    "has size=paper, and phase 4 has size=quick": lambda a, s, m: s.update(size="paper"),
    "was made by other sources": lambda a, s, m: a.update(code_hash="0" * 64),
    "was run with another population than phase 4 has": lambda a, s, m: a.update(
        population_hash="0"
    ),
    "has 1 lanes that broke an invariant": lambda a, s, m: m.update(violations=[{"seed": 1}]),
    "did not pass parity: latent.dt differ": lambda a, s, m: m["parity"].update(
        deliberate={"latent.dt": [10, 20]}
    ),
    "did not pass parity: news differ": lambda a, s, m: m["parity"]["draws"].update(
        differing=["news"]
    ),
    "did not meet its precision: budget spent": lambda a, s, m: m["precision"].update(
        ended="budget spent"
    ),
}


def test_three_finished_phases_open_it(finished, plan4, monkeypatch):
    monkeypatch.chdir(finished)
    assert gate.passed(plan4, {}).gate == "passed"
    assert plan4.gate == "not_checked"


@pytest.mark.parametrize("sentence", CONDITIONS)
def test_each_condition_closes_it(finished, plan4, tmp_path, monkeypatch, sentence):
    monkeypatch.chdir(finished)
    folder = changed(finished, tmp_path, CONDITIONS[sentence])
    with pytest.raises(ConfigError) as caught:
        gate.passed(plan4, {"phase2": folder})
    assert str(caught.value).startswith(f"phase=4 is refused: {folder} {sentence}")


def test_a_missing_phase_closes_it_before_anything_runs(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    engine = install_study(monkeypatch, StudyEngine())
    assert main(["phase=4", *FOUR]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "phase=4 is refused: there is no finished bundle in outputs/phase1/quick" in sentence
    assert "run python -m proteus.phases phase=1 size=quick" in sentence
    assert engine.calls == []


def test_what_cannot_be_read_is_said(finished, plan4, tmp_path, monkeypatch):
    monkeypatch.chdir(finished)
    with pytest.raises(ConfigError, match=r"cannot be read: .*does not exist"):
        gate.passed(plan4, {"phase3": tmp_path / "nowhere"})


def test_phase_4_passes_reports_and_gives_a_verdict(finished, monkeypatch, capsys):
    monkeypatch.chdir(finished)
    install_study(monkeypatch, StudyEngine())
    assert main(["phase=4", *FOUR, "output_dir=four"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "four"
    assert "Under dual_flow (delta=50 ms)" in (finished / "four" / "verdict.txt").read_text()
    assert 'class="verdict"' in (finished / "four" / "report.html").read_text(encoding="utf-8")
    assert proteus.load("four").attrs["gate"] == "passed"
    said = versions_in(finished / "four")
    assert {"levels.csv", "effects.csv", "frontiers.csv", "frontiers.svg", "report.md"} <= set(said)
    assert set().union(*said.values()) == {str(SCHEMA_VERSION)}
    report = (finished / "four" / "report.md").read_text()
    for part in ("# Phase 4", "## Who pays", "## Frontiers", "gate: passed", "dual_flow | 50"):
        assert part in report
    # The stand-in's makers earn 100 h less what informed orders and latency take, everywhere.
    assert report.count("maker earns nothing at half_spread = ") == 3
    assert (finished / "four" / "equilibrium" / "equilibrium.svg").is_file()


def test_outside_the_gate_it_is_exploratory_and_there_is_no_verdict_on_it(
    monkeypatch, tmp_path, capsys
):
    from proteus.compare import main as compare_main
    from proteus.sweep import main as sweep_main

    monkeypatch.chdir(tmp_path)
    install_study(monkeypatch, StudyEngine())
    words = ["mechanism=clob,fba,dual_flow", "delta=50", "seeds.count=30", "output_dir=x"]
    assert sweep_main(words) == 0
    text = (tmp_path / "x" / "verdict.txt").read_text()
    assert "Under fba" in text
    assert "Under dual_flow" not in text
    assert "No verdict: dual_flow was run outside phase 4 (gate=not_checked)" in text
    dataset = proteus.load("x")
    assert dataset.attrs["gate"] == "not_checked"
    table = proteus.compare(dataset)
    assert set(table[table["family"] == "primary"]["mechanism"]) == {"fba"}
    capsys.readouterr()
    assert compare_main(["x:mechanism=clob", "x:mechanism=dual_flow"]) == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert said.count("No verdict: dual_flow was run outside phase 4") == 1
    assert compare_main(["x:mechanism=clob", "x:mechanism=fba"]) == 0
    assert "No verdict" not in capsys.readouterr().out
