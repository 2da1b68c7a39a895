"""From outcomes to a labelled dataset, to files, and back."""

import errno
import gc
import io
import json
import os
import threading
import time
import warnings
from contextlib import nullcontext

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from scipy import stats

import proteus
from proteus.analysis import summary
from proteus.errors import ConfigError, ResultsError, RunError
from proteus.plans import planner
from proteus.results import dataset, merge
from proteus.results.lanes import Lanes
from proteus.runs import api
from proteus.runs.claim import claimed
from proteus.sweep import main
from tests.helpers.fake_engine import FakeEngine, install

WORDS = ["mechanism=clob,fba", "delta=50,100", "seeds.count=6", "seeds.first=10"]


@pytest.fixture
def engine(monkeypatch):
    return install(monkeypatch, FakeEngine())


def test_the_dataset_is_labelled_and_shares_cells(engine):
    result = api.run(planner.from_words(WORDS)).dataset
    pnl = result["maker_pnl_marked"]
    assert pnl.dims == ("mechanism", "delta", "seed")
    assert result["maker_markout"].dims == ("mechanism", "delta", "seed", "horizon")
    assert result.seed.values.tolist() == [10, 11, 12, 13, 14, 15]
    assert result.horizon.dtype == "timedelta64[ns]"
    assert (result.horizon / np.timedelta64(1, "ms")).values.tolist() == [0, 100, 1000]
    assert pnl.sel(mechanism="fba", delta=100, seed=12).item() == 112
    assert pnl.sel(mechanism="clob", delta=50, seed=12).item() == 12
    clob = pnl.sel(mechanism="clob")
    assert np.array_equal(clob.sel(delta=50), clob.sel(delta=100))
    assert result["maker_markout"].sel(mechanism="fba", delta=50, seed=10, horizon="1s") == 62
    assert len(engine.calls) == 3


def test_the_engine_gets_the_cell_the_replicates_and_the_executor(engine):
    api.run(planner.from_words([*WORDS, "executor.workers=3", "executor.block_lanes=8"]))
    call = engine.calls[1]
    assert call["cell"].mechanism.name == "fba"
    assert call["replicates"].dtype == np.int64
    assert (call["root"], call["workers"], call["block_lanes"]) == (7, 3, 8)


def test_every_variable_and_coordinate_says_unit_and_name(engine):
    words = ["population.maker.count=1,2", "latent.dt=10,20", "seeds.count=2"]
    result = api.run(planner.from_words(words)).dataset
    for name, variable in {**result.data_vars, **result.coords}.items():
        assert variable.attrs["long_name"], name
        if variable.dtype.kind in "if":
            assert variable.attrs["units"], name
    assert result["latent_dt"].attrs["units"] == "ms"
    assert result["maker_count"].attrs["units"] == "1"


def test_a_violated_lane_is_nan_with_its_reason(monkeypatch):
    install(monkeypatch, FakeEngine(violated=(11,)))
    result = api.run(planner.from_words(["seeds.count=3", "seeds.first=10"]))
    lane = result.dataset.isel(mechanism=0, delta=0)
    assert np.isnan(lane["maker_pnl_marked"].sel(seed=11))
    assert np.isnan(lane["maker_markout"].sel(seed=11)).all()
    assert not np.isnan(lane["maker_pnl_marked"].sel(seed=12))
    told = lane["violation"].attrs
    meaning = dict(zip(told["flag_values"].tolist(), told["flag_meanings"].split(), strict=True))
    reasons = [meaning[code] for code in lane["violation"].values.tolist()]
    assert reasons == ["none", "book_crossed", "none"]
    first = result.violations[0]
    assert (first["seed"], first["mechanism"], first["event_id"]) == (11, "fba", 5)


def test_an_outcome_that_does_not_hold_what_is_declared_is_refused(monkeypatch):
    engine = FakeEngine()
    install(monkeypatch, engine)
    made = planner.from_words(["seeds.count=2"])
    outcome = engine.outcome(made.cells[0], made.replicates)
    from proteus.market import variables

    def built(values):
        lanes = Lanes()
        lanes.add(outcome._replace(values=values))
        return dataset.build(made, lanes, variables.VARIABLES, dataset.frame(made, "hash"))

    built(outcome.values)
    with pytest.raises(ValueError, match="n_fills has shape"):
        built({**outcome.values, "n_fills": np.zeros((2, 3))})
    del outcome.values["n_fills"]
    with pytest.raises(ValueError, match="not recorded: n_fills"):
        built(outcome.values)


def test_results_survive_the_way_through_the_file(engine, tmp_path):
    folder = tmp_path / "out"
    made = planner.from_words(WORDS)
    result = api.run(made)
    assert main([*WORDS, f"output_dir={folder}"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "results.nc", "summary.csv", "sweep.log", "verdict.txt",
    ]  # fmt: skip
    loaded = proteus.load(folder)
    assert loaded.violation.attrs["flag_values"].tolist()[:3] == [0, 1, 2]
    xr.testing.assert_equal(loaded, result.dataset)
    assert loaded["delta"].attrs["units"] == "ms"
    assert proteus.load(folder / "results.nc").attrs["config_hash"] == made.config_hash
    assert "Conventions" not in loaded.attrs  # lots and currency are no units of UDUNITS
    for key in ("git_sha", "code_hash", "versions", "seed_root", "overrides"):
        assert loaded.attrs[key] not in ("", None), key
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["lanes"] == 18
    assert len(manifest["cells"]) == 3


def test_the_resolved_configuration_in_the_file_runs_again(engine):

    from proteus.configuration.reading import read_config

    made = planner.from_words(["mechanism=clob", "horizon_s=9"])
    stored = yaml.safe_load(api.run(made).dataset.attrs["config"])
    assert read_config(stored) == made.settings


def test_plain_xarray_reads_delta_as_a_number(engine, tmp_path):
    proteus.simulate(seeds=2, output_dir=tmp_path / "x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened = xr.load_dataset(tmp_path / "x" / "results.nc")
    assert opened["delta"].values.tolist() == [250.0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "does not exist"),
        (b"not netcdf", "cannot be read as netCDF"),
        ({}, "not a result of Proteus"),
        ({"schema_version": 99}, "schema_version=99: .* versions 1 to 6; a newer Proteus wrote it"),
        ({"schema_version": 0}, "schema_version=0: .* versions 1 to 6"),
        ({"schema_version": "two"}, "schema_version=two: .* versions 1 to 6"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "results.nc"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        xr.Dataset({"a": 1.0}, attrs=content).to_netcdf(path)
    with pytest.raises(ResultsError, match=sentence):
        proteus.load(tmp_path if content is not None else path)


@pytest.mark.parametrize(
    "load",
    [proteus.load, proteus.load_runs, proteus.load_events, proteus.load_fills, proteus.load_traces,
     proteus.replay_log],
)  # fmt: skip
@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        (3, "folder=3 is not allowed: must be a path, as 'outputs/my_sweep'"),
        (None, "folder=None is not allowed: must be a path"),
        ("nowhere", "nowhere does not exist: "),
        (os.devnull, f"{os.devnull} is not a file: "),
    ],
)
def test_what_is_no_folder_of_a_sweep_is_refused_in_one_sentence(load, folder, sentence):
    with pytest.raises(ResultsError) as caught:
        load(folder)
    assert str(caught.value).startswith(sentence)


def test_a_folder_with_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "precious").write_text("mine")
    made = planner.from_words(["seeds.count=2"])
    with pytest.raises(ConfigError, match="is not empty"), claimed(tmp_path, made):
        raise AssertionError
    inside = tmp_path / "precious" / "x"
    with pytest.raises(ConfigError, match="cannot be used"), claimed(inside, made):
        raise AssertionError
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize("failing", ["results.nc", "runs.parquet", "summary.csv", "manifest.json"])
def test_a_disk_that_fills_up_is_one_sentence_and_the_run_goes_on(
    engine, tmp_path, monkeypatch, failing
):
    replace = os.replace

    def full(source, target):
        if os.fspath(target).endswith(failing):
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    keys, folder = {"record.per_run": True}, tmp_path / "a" / "b"
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(RunError, match=r"written: No space left on device; 2 lanes are saved"):
            proteus.simulate(seeds=2, output_dir=folder, **keys)
    assert not list(folder.glob(".*"))  # neither a lock nor a file that is half written
    calls = len(engine.calls)
    found = proteus.resume(folder)
    assert len(engine.calls) == calls  # nothing was simulated again
    xr.testing.assert_equal(found, proteus.simulate(seeds=2))
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "results.nc", "runs.parquet", "summary.csv",
    ]  # fmt: skip


@pytest.mark.parametrize("failing", [None, "runs.parquet"])
def test_results_are_written_while_no_other_thread_runs_and_none_stay_open(
    engine, tmp_path, monkeypatch, failing
):
    """Either was seen to break another file: netCDF is not made for two threads."""
    others, frame, write, replace = threading.active_count(), dataset.frame, merge.write, os.replace

    def late(*arguments):
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.05)
        return frame(*arguments)

    def alone(*arguments):
        assert threading.active_count() <= others  # those of other tests may end
        return write(*arguments)

    def full(source, target):
        if failing is not None and os.fspath(target).endswith(failing):
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(dataset, "frame", late)
    monkeypatch.setattr(merge, "write", alone)
    monkeypatch.setattr(os, "replace", full)
    refused = pytest.raises(RunError, match="No space left")
    with nullcontext() if failing is None else refused as caught:  # which keeps what it has seen
        proteus.simulate(seeds=2, output_dir=tmp_path / "x", **{"record.per_run": True})
    files = [each for each in gc.get_objects() if type(each) is netCDF4.Dataset]
    assert (caught is None) == (failing is None)
    assert not [file for file in files if file.isopen() and str(tmp_path) in file.filepath()]


def test_a_truncated_file_is_refused_in_one_sentence(engine, tmp_path):
    proteus.simulate(seeds=50, output_dir=tmp_path / "x")
    path = tmp_path / "x" / "results.nc"
    whole = path.read_bytes()
    for kept in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(ResultsError, match=r"cannot be read as netCDF.*truncated") as caught:
            proteus.load(tmp_path / "x")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "manifest.json cannot be read as JSON"),
        ("[]", "not a manifest of Proteus"),
        ("{}", "manifest.json is not a result of Proteus: it has no schema_version"),
        ('{"schema_version": 7}', "schema_version=7: .* a newer Proteus"),
        ('{"schema_version": 6, "config_hash": "0"}', "is of another run than .*results.nc"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(engine, tmp_path, text, sentence):
    proteus.simulate(seeds=2, output_dir=tmp_path / "x")
    (tmp_path / "x" / "manifest.json").write_text(text)
    with pytest.raises(ResultsError, match=sentence):
        proteus.load(tmp_path / "x")


def test_python_functions_return_datasets_and_write_only_when_asked(engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = proteus.simulate(mechanism="fba", delta=100, seeds=4)
    many = proteus.sweep({"mechanism": ["clob", "fba"], "delta": [50, 100]}, seeds=range(2, 6))
    assert one["n_fills"].shape == (1, 1, 4)
    assert many["n_fills"].shape == (2, 2, 4)
    assert many.seed.values.tolist() == [2, 3, 4, 5]
    assert list(tmp_path.iterdir()) == []
    proteus.simulate(seeds=2, output_dir=str(tmp_path / "x"))
    assert (tmp_path / "x" / "results.nc").is_file()


def test_a_violation_warns_in_python(monkeypatch):
    install(monkeypatch, FakeEngine(violated=(0,)))
    with pytest.warns(RuntimeWarning, match="1 lanes broke an invariant"):
        proteus.simulate(seeds=2)


def test_public_functions_keep_their_place_when_modules_of_that_name_are_imported():
    import importlib

    importlib.import_module("proteus.sweep")
    assert callable(proteus.sweep)
    assert "simulate" in dir(proteus)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        proteus.nothing  # noqa: B018


def test_the_summary_is_the_t_interval_of_scipy(engine):
    made = planner.from_words(["seeds.count=9"])
    table = summary.summarise(api.run(made).dataset).set_index("variable")
    row = table.loc["maker_pnl_marked"]
    values = np.arange(9) + 250.0
    low, high = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    assert row["value"] == pytest.approx(values.mean(), rel=1e-12)
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    fills = table.loc["n_fills"]
    assert (fills["n"], fills["n_missing"], fills["value"], fills["sd"]) == (5, 4, 4.0, 0.0)
    assert len(table.loc["maker_markout"]) == 6  # three horizons, in total and per lot
    assert "violation" not in table.index


def test_one_seed_has_a_mean_and_no_interval(engine):
    table = summary.summarise(api.run(planner.from_words(["seeds.count=1"])).dataset)
    row = table[table["variable"] == "maker_pnl_marked"].iloc[0]
    assert row["value"] == 250
    assert np.isnan(row["low"])
    assert np.isnan(row["sd"])


@pytest.mark.parametrize("words", [WORDS[:1], WORDS, ["delta=50,100,200,300", "latent.dt=10,20"]])
def test_the_table_fits_a_terminal(engine, words):
    from rich.console import Console

    result = api.run(planner.from_words([*words, "seeds.count=20"]))
    stream = io.StringIO()
    axes = list(result.dataset["n_fills"].dims[:-1])
    summary.show(summary.summarise(result.dataset), axes, Console(width=100, file=stream))
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    assert "±" in "".join(lines)


def test_numbers_are_written_to_two_digits_of_their_uncertainty():
    assert summary.interval_text(1.23456, 0.0123) == "1.235 ±0.012"
    assert summary.interval_text(-1234.5, 45.6) == "-1234 ±46"
    assert summary.interval_text(0.5, float("nan")) == "0.5"


def test_summary_csv_reads_back(engine, tmp_path):
    assert main([*WORDS, f"output_dir={tmp_path / 'x'}"]) == 0
    table = pd.read_csv(tmp_path / "x" / "summary.csv")
    assert {"mechanism", "delta", "variable", "units", "value", "low", "high", "n"} <= set(table)
    assert (table["n"] + table["n_missing"] == 6).all()
