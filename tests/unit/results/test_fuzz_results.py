"""Results files that were truncated, damaged, foreign or changed: refused, or as they were."""

import json
import shutil
from random import Random

import numpy as np
import pytest
import xarray as xr

import proteus
from proteus.errors import ResultsError
from proteus.runs.resuming import finished
from tests.helpers.fake_engine import FakeEngine, install


@pytest.fixture
def run(monkeypatch, tmp_path):
    """A folder of results, its file's bytes, and what they hold."""
    install(monkeypatch, FakeEngine())
    folder = tmp_path / "run"
    proteus.sweep({"mechanism": ["clob", "fba"]}, seeds=30, output_dir=folder)
    return folder, (folder / "results.nc").read_bytes(), proteus.load(folder)


def assert_refused(folder):
    with pytest.raises(ResultsError) as caught:
        proteus.load(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_a_file_cut_anywhere_is_refused(run):
    folder, whole, _ = run
    chooser = Random(1)
    for kept in [0, 1, len(whole) - 1, *(chooser.randrange(len(whole)) for _ in range(12))]:
        (folder / "results.nc").write_bytes(whole[:kept])
        assert_refused(folder)


def test_a_file_with_any_bit_changed_is_refused(run):
    folder, whole, _ = run
    chooser = Random(2)
    for flips in [1] * 20 + [50] * 5:
        damaged = bytearray(whole)
        for _ in range(flips):
            damaged[chooser.randrange(len(whole))] ^= 1 << chooser.randrange(8)
        (folder / "results.nc").write_bytes(damaged)
        assert_refused(folder)


def test_a_file_that_was_edited_is_refused_and_alone_it_says_nothing(run, tmp_path):
    """A readable file is caught by the manifest beside it; that of another place knows nothing."""
    folder, _, before = run
    path = folder / "results.nc"
    changed = before.assign(n_fills=before["n_fills"] + 1)
    changed.to_netcdf(path)
    assert "was changed after the run" in assert_refused(folder)
    shutil.copy(path, tmp_path / "results.nc")
    assert proteus.load(tmp_path)["n_fills"].equals(changed["n_fills"])


def test_an_untouched_file_is_read_and_so_is_one_whose_manifest_has_no_digest(run):
    folder, _, before = run
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text())
    assert len(content.pop("results_sha256")) == 64
    manifest.write_text(json.dumps(content))
    assert proteus.load(folder).identical(before)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda data: data.assign_attrs(config="{["), "attribute config cannot be read"),
        (lambda data: data.assign_attrs(precision="nope"), "attribute precision cannot be read"),
        (lambda data: data.assign_attrs(overrides="5"), "attribute overrides cannot be read"),
        (lambda data: data.assign_attrs(parity="[]"), "attribute parity cannot be read"),
        (lambda data: data.assign_attrs(versions="nope"), "attribute versions cannot be read"),
        (lambda data: data.assign_attrs(schema_version=2, config="5"), "cannot be read"),
        (lambda data: data.isel(mechanism=0), "has no dimension mechanism"),
        (lambda data: data.assign(maker_pnl_marked=data.maker_pnl_marked.astype(str)),
         "variable maker_pnl_marked holds no numbers"),
    ],
)  # fmt: skip
def test_a_readable_file_that_makes_no_sense_is_refused(run, edit, reason):
    folder, _, before = run
    (folder / "manifest.json").unlink()
    edit(before).to_netcdf(folder / "results.nc")
    assert reason in assert_refused(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"5", b"{}", b"\xff\xfe\x00"])
def test_a_damaged_manifest_stops_a_resumption_in_one_sentence(run, content):
    folder, _, _ = run
    (folder / "manifest.json").write_bytes(content)
    assert_refused(folder)
    with pytest.raises(ResultsError, match=r"manifest\.json"):
        proteus.resume(folder)


@pytest.mark.parametrize("content", ["[]", "5", "{", "{}", "null"])
def test_a_damaged_beginning_stops_a_resumption_in_one_sentence(tmp_path, content):
    (tmp_path / "begun.json").write_text(content)
    with pytest.raises(ResultsError, match=r"begun\.json"):
        proteus.resume(tmp_path)


def test_a_finished_run_is_resumed_with_its_own_words_only(run):
    folder, _, before = run
    ran = json.loads(before.attrs["overrides"])
    for words in (["executor.workers=2"], [*ran, "executor.workers=2"]):
        with finished(folder, words) as found:
            assert found.equals(before)
    with (
        pytest.raises(ResultsError, match="delta=99 is another run"),
        finished(folder, ["delta=99"]),
    ):
        pass


@pytest.mark.parametrize("kind", ["text", "netCDF of others", "netCDF 3", "numpy", "directory"])
def test_what_others_wrote_is_refused(tmp_path, kind):
    path = tmp_path / "results.nc"
    if kind == "directory":
        path.mkdir()
    elif kind == "text":
        path.write_text("seed,pnl\n0,1\n")
    elif kind == "numpy":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        other = xr.Dataset({"pnl": ("seed", np.zeros(3))})
        other.to_netcdf(path, format="NETCDF3_CLASSIC" if kind == "netCDF 3" else "NETCDF4")
    assert_refused(tmp_path)
