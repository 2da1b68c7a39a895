"""The command that compares two bundles or cells."""

import json
import shutil

import pandas as pd
import pytest

import proteus
from proteus.compare import main
from proteus.results import dataset as datasets
from tests.helpers.fake_engine import FakeEngine, install

CSV = ("--csv", "contrasts.csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a sweep x, and single cells: y like x, z with another grid of the news."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        install(monkeypatch, FakeEngine())
        proteus.sweep({"mechanism": ["clob", "fba"], "delta": [50, 100]}, seeds=30, output_dir="x")
        proteus.simulate(mechanism="fba", delta=100, seeds=20, output_dir="y")
        proteus.simulate(mechanism="fba", delta=100, seeds=30, latent={"dt": 20}, output_dir="z")
        proteus.simulate(mechanism="fba", seeds={"count": 30, "root": 8}, output_dir="other_root")
        proteus.simulate(mechanism="fba", seeds=range(50, 60), output_dir="other_seeds")
    return folder


@pytest.fixture
def folders(monkeypatch, tmp_path, made):
    """Give a test its own copy of what was made."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    install(monkeypatch, FakeEngine())
    return tmp_path


def failed(capsys, *arguments):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    (sentence,) = printed.err.splitlines()
    assert printed.out == ""
    assert sentence.startswith("error: ")
    return sentence


def test_two_cells_are_compared_and_written(folders, capsys):
    assert main(["x:mechanism=clob", "x:mechanism=fba,delta=100", *CSV]) == 0
    out = capsys.readouterr().out
    assert "fba (delta=100 ms) - clob (delta=50 ms), paired by seed" in out
    assert out.splitlines()[-1] == "contrasts.csv"
    table = pd.read_csv(folders / "contrasts.csv")
    expected = proteus.compare(proteus.load("x"))
    expected = expected[expected["delta"] == 100].reset_index(drop=True)
    columns = ["variable", "per", "difference", "low", "bca_high", "p"]
    pd.testing.assert_frame_equal(
        table[columns].fillna({"per": ""}), expected[columns], check_dtype=False
    )
    assert list(table["family"]).count("primary") == 1


def test_two_cells_of_one_sweep_are_adjusted_for_its_family_and_those_of_two_are_not(folders):
    whole = proteus.compare(proteus.load("x")).query("family == 'primary' and delta == 100")
    for folder, wanted in (("x:mechanism=fba,delta=100", "p_adjusted"), ("one", "p")):
        if folder == "one":
            proteus.simulate(mechanism="fba", delta=100, seeds=30, output_dir="one")
        assert main(["x:mechanism=clob", folder, *CSV]) == 0
        (row,) = pd.read_csv("contrasts.csv").query("family == 'primary'").to_dict("records")
        assert row["p_adjusted"] == pytest.approx(whole[wanted].item())
    assert whole["p_adjusted"].item() > whole["p"].item()


def test_one_bundle_is_compared_with_a_baseline(folders, capsys):
    assert main(["x", "--metric", "taker_time_to_execution", "--csv", "t.csv"]) == 0
    out = capsys.readouterr().out
    assert out.count("paired by seed") == 2
    assert out.splitlines()[-1] == "t.csv"
    assert len(pd.read_csv("t.csv")) == 2
    assert main(["x", "--baseline", "fba", "--metric", "n_fills"]) == 0


def test_nothing_is_written_unless_a_file_is_named(folders, capsys):
    before = {path: path.stat().st_mtime_ns for path in folders.rglob("*")}
    assert main(["x", "--metric", "n_fills"]) == 0
    assert capsys.readouterr().out.count("paired by seed") == 2
    assert {path: path.stat().st_mtime_ns for path in folders.rglob("*")} == before


def test_bundles_that_differ_in_more_than_the_treatment_are_refused_unless_told(folders, capsys):
    sentence = failed(capsys, "x:mechanism=clob", "z")
    assert "differ in latent.dt (10.0 and 20.0); --allow KEY" in sentence
    assert main(["x:mechanism=clob", "z", "--allow", "latent.dt"]) == 0
    sentence = failed(capsys, "x:mechanism=clob", "y") if capsys.readouterr() else ""
    assert "seeds (seeds 0 to 29 of root 7 and seeds 0 to 19 of root 7)" in sentence
    assert main(["x:mechanism=clob", "y", "--allow", "seeds", *CSV]) == 0
    assert set(pd.read_csv("contrasts.csv")["n"]) <= {20, 10}  # of n_fills every other is missing


def test_other_kernels_are_another_simulator(folders, capsys):
    path = folders / "y" / "manifest.json"
    changed = proteus.load("y").assign_attrs(kernel_hash="0" * 16)
    changed.to_netcdf(folders / "y" / "results.nc")
    digest = {datasets.DIGEST: datasets.digest(folders / "y" / "results.nc")}
    path.write_text(json.dumps(json.loads(path.read_text()) | digest))
    assert "kernel_hash (" in failed(capsys, "y", "x:mechanism=clob")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["x", "y"], "x has 3 such cells: choose one, as x:mechanism=...,delta=..."),
        (["x:mechanism=fba", "y"], "x has 2 such cells"),
        (["x:mechanism=rfq", "y"], "x has no mechanism=rfq; it has clob, fba"),
        (["x:delta=70", "y"], "x has no delta=70; it has 50, 100"),
        (["x:dleta=50", "y"], "x has no dimension dleta; did you mean delta?"),
        (["x:mechanism=clob,delta", "y"], "cannot read 'delta'"),
        (["nowhere"], "nowhere does not exist: give the output folder"),
        ([], "required: A"),
        (["x", "--frob"], "unrecognized arguments: --frob"),
        (["x", "--metric", "n_fils"], "metric=n_fils is not in the results; did you mean n_fills?"),
        (["x", "--baseline", "cda"], "mechanism=cda is not in the results"),
        (["x", "--allow", "latent.dt"], "parity.exceptions"),
        (["x:mechanism=clob", "y", "--baseline", "clob"], "A is the baseline of B"),
        (["other_root", "y"], "root 8 and seeds 0 to 19 of root 7 have no seed in common"),
        (["other_seeds", "y"], "have no seed in common"),
        (["y"], "mechanism=clob is not in the results"),
        (["x", "--csv", "no/such/folder.csv"], "--csv=no/such/folder.csv is not allowed: must be"),
        (["x", "--csv", "."], "--csv=. is not allowed: must be a new file"),
        (["x", "--csv", "/proc/x.csv"], "--csv=/proc/x.csv cannot be written"),
        (["x", "--csv", ""], "--csv= is not allowed: it must not be empty"),
        ([""], "A= is not allowed: it must not be empty"),
        (["x:mechanism=clob", "x:mechanism=clob,delta=100"], "are the same cell: choose another"),
        (
            ["x:mechanism=clob", "y", "--allow", "foo"],
            "--allow=foo is not allowed: it names no",
        ),
        (["x", "--csv", "x/summary.csv"], "or one that compare wrote"),
        (["x", "--csv", "x/results.nc"], "or one that compare wrote"),
    ],
)
def test_a_mistake_is_one_sentence(folders, capsys, arguments, part):
    assert main(arguments) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("error: ")
    assert part in sentence


def test_a_bundle_without_its_manifest_has_no_known_parity(folders, capsys):
    (folders / "y" / "manifest.json").unlink()
    assert "y/manifest.json does not exist: parity" in failed(capsys, "x:mechanism=clob", "y")


def test_the_module_does_not_hide_the_function(folders):
    assert callable(proteus.compare)
    assert json.loads((folders / "x" / "manifest.json").read_text())["parity"]["deliberate"] == {}
