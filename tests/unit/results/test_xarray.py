"""What xarray and pandas make of a dataset: times, flags and labels mean what they meant."""

import io
import warnings

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import proteus
from proteus.analysis.measures import stopped
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.recording.columns import EVENT_END, REASON_SPAN, REASONS
from proteus.results import flags
from tests.helpers.fake_engine import FakeEngine, install

GRID = {"mechanism": ["clob", "fba"], "delta": [50, 100]}
MILLISECOND = np.timedelta64(1, "ms")


@pytest.fixture
def engine(monkeypatch):
    return install(monkeypatch, FakeEngine())


def swept(monkeypatch, violated=(), reason="book_crossed", seeds=4, keys=GRID):
    install(monkeypatch, FakeEngine(violated, reason))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return proteus.sweep(keys, seeds=seeds)


def meanings(values):
    """Return the reason of every lane by the attributes of the variable; "" where there is none."""
    told = dict(
        zip(
            np.asarray(values.attrs["flag_values"]).tolist(),
            values.attrs["flag_meanings"].split(),
            strict=True,
        )
    )
    return ["" if np.isnan(code) else told[code] for code in values.to_numpy().ravel().tolist()]


def test_times_are_times_in_memory_in_the_file_and_for_other_readers(engine, tmp_path):
    made = proteus.sweep(
        {**GRID, "metrics": {"horizons_ms": [0, 0.5, 1000]}}, seeds=2, output_dir=tmp_path / "x"
    )
    plain = xr.open_dataset(tmp_path / "x" / "results.nc")
    for dataset in (made, proteus.load(tmp_path / "x"), plain):
        for name in ("horizon", "elapsed"):
            assert dataset[name].dtype == "timedelta64[ns]"
            assert "units" not in dataset[name].attrs
            assert dataset[name].attrs["long_name"]
        assert (dataset["horizon"] / MILLISECOND).values.tolist() == [0, 0.5, 1000]
        markout = dataset["maker_markout"]
        for label in ("500us", np.timedelta64(500, "us"), pd.Timedelta("500us")):
            assert markout.sel(horizon=label).equals(markout.isel(horizon=1))
        of_time = {str(name) for name in dataset.variables if dataset[name].dtype.kind == "m"}
        assert of_time == {"horizon", "elapsed"}
    plain.close()
    assert set(proteus.compare(made)["horizon"].dropna()) == {0, 0.5, 1000}  # tables: ms
    summary = pd.read_csv(tmp_path / "x" / "summary.csv")
    assert set(summary["horizon"].dropna()) == {0, 0.5, 1000}


def test_no_convention_of_units_is_claimed(engine, tmp_path):
    """UDUNITS knows neither lots nor currency, in which most variables are."""
    proteus.sweep(GRID, seeds=2, output_dir=tmp_path / "x")
    with netCDF4.Dataset(tmp_path / "x" / "results.nc") as file:
        told = {*file.ncattrs()}.union(*(each.ncattrs() for each in file.variables.values()))
        units = {getattr(each, "units", "") for each in file.variables.values()}
    assert {"lots", "currency"} <= units
    assert not told & {"Conventions", "standard_name", "calendar"}


def test_a_dataset_that_xarray_wrote_again_is_the_same(engine, tmp_path):
    made = proteus.sweep(GRID, seeds=2)
    (tmp_path / "again").mkdir()
    made.to_netcdf(tmp_path / "again" / "results.nc")
    xr.testing.assert_identical(proteus.load(tmp_path / "again"), made)


def test_a_code_is_that_of_the_engine_and_of_its_logs():
    assert flags.REASONS == {0: "none", **LEDGER_CODES, 100: "capacity"}
    in_logs = {code - EVENT_END * REASON_SPAN: name for code, name in REASONS.items()
               if code // REASON_SPAN == EVENT_END}  # fmt: skip
    assert {0: "none", **in_logs} == flags.REASONS
    assert max(flags.REASONS) < 128


def test_flags_survive_masking(monkeypatch):
    made = swept(monkeypatch, violated=(1,), reason="capacity")
    masked = made.where(made["mechanism"] == "fba")
    lanes = masked["violation"].sel(delta=50)
    assert meanings(lanes.sel(mechanism="fba")) == ["none", "capacity", "none", "none"]
    assert meanings(lanes.sel(mechanism="clob")) == [""] * 4
    assert stopped(masked).tolist() == [False, False, True, True]


def test_flags_survive_reindexing(monkeypatch):
    made = swept(monkeypatch, violated=(1,))
    more = made.reindex(seed=range(6))
    lanes = more["violation"].sel(mechanism="fba", delta=100)
    assert meanings(lanes) == ["none", "book_crossed", "none", "none", "", ""]
    assert stopped(made.reindex(seed=[0, 2, 9])).tolist() == [False] * 4


def test_flags_of_sweeps_that_were_stopped_for_other_reasons_can_be_joined(monkeypatch):
    one = swept(monkeypatch, violated=(1,), reason="capacity")
    two = swept(monkeypatch, violated=(1, 2), reason="asset_not_conserved")
    later = two.assign_coords(seed=two["seed"] + 4)
    wanted = ["none", "capacity", "none", "none"]
    wanted += ["none", "asset_not_conserved", "asset_not_conserved", "none"]
    joined = xr.concat([one, later], "seed")
    merged = xr.merge([one, later], join="outer", compat="no_conflicts")
    left, right = xr.align(one, later, join="outer")
    filled = left["violation"].fillna(right["violation"])
    for lanes in (joined["violation"], merged["violation"], filled):
        assert meanings(lanes.sel(mechanism="fba", delta=50)) == wanted
    both = xr.concat([one, two], pd.Index(["one", "two"], name="run"))
    assert (
        meanings(both["violation"].sel(run="two", mechanism="clob", delta=50))[1:3]
        == ["asset_not_conserved"] * 2
    )


def test_a_dataset_with_lanes_that_are_not_there_is_compared(monkeypatch):
    made = swept(monkeypatch, seeds=6)
    whole = proteus.compare(made.sel(seed=range(4)))
    table = proteus.compare(made.where(made["seed"] < 4))
    assert table["n_missing"].min() == 2
    key = ["delta", "variable", "per", "horizon"]
    both = whole.merge(table, on=key, suffixes=("", "_masked"))
    assert len(both) == len(whole) > 20
    assert np.allclose(both["difference"], both["difference_masked"], rtol=1e-12, equal_nan=True)
    gone = proteus.compare(made.where(made["delta"] == 50))
    assert set(gone[gone["delta"] == 100]["note"]) == {"fewer than two seeds"}
    stops = swept(monkeypatch, violated=(1,)).reindex(seed=range(6))
    with pytest.raises(proteus.errors.ResultsError, match=r"seed 1 \(book_crossed\)"):
        proteus.compare(stops)


LABELS = {
    "mechanism.self_trade": ["none", "cancel_oldest"],
    "+trader@population.other": "flow",
    "population.other.policy.lifetime_ms": [None, 200],
}


def test_labels_survive_csv(engine, tmp_path):
    made = proteus.sweep({**GRID, **LABELS}, seeds=2, output_dir=tmp_path / "x")
    assert made["other_policy_lifetime_ms"].values.tolist() == ["none", "200"]
    table = made["maker_markout"].to_dataframe().reset_index()
    read = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert len(read) == len(table)
    for name in made["maker_markout"].coords:
        if table[name].dtype.kind == "m":
            read[name] = pd.to_timedelta(read[name])
        assert read[name].tolist() == table[name].tolist(), name
        assert not read[name].isna().any(), name
    summary = pd.read_csv(tmp_path / "x" / "summary.csv")
    for name in ("mechanism", "delta", "mechanism_self_trade", "other_policy_lifetime_ms"):
        assert summary[name].unique().tolist() == made[name].values.tolist()
    loaded = proteus.load(tmp_path / "x")
    assert "none" in loaded.indexes["other_policy_lifetime_ms"]
    assert loaded.sel(other_policy_lifetime_ms="none").sizes["seed"] == 2
    config = loaded.attrs["config"]
    assert "lifetime_ms: null" in config


def test_null_and_the_word_none_on_one_axis_are_refused(engine):
    keys = {
        "+trader@population.other": "flow",
        "population.other.policy.lifetime_ms": [None, "none"],
    }
    with pytest.raises(proteus.errors.ConfigError):
        proteus.sweep(keys, seeds=2)


def test_copies_are_known_after_a_join_that_lacks_points(engine):
    made = proteus.sweep(GRID, seeds=2)
    wider = made.reindex(delta=[50, 100, 200])
    assert proteus.unique_cells(wider)["cell"].values.tolist() == [0, 1, 2]
    assert proteus.unique_cells(wider)["cell"].dtype == np.int64


def test_cells_of_several_sweeps_are_not_taken_for_copies(engine):
    one = proteus.sweep({"mechanism": "fba", "delta": [50, 100]}, seeds=2)
    two = proteus.sweep({"mechanism": "fba", "delta": [200, 400]}, seeds=2)
    joined = xr.concat([one, two], "delta")
    assert joined["cell"].values.tolist() == [[0, 1, 0, 1]]
    with pytest.raises(proteus.errors.ResultsError, match="differs within cell 0: several sweeps"):
        proteus.unique_cells(joined)
