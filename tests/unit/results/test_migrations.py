"""Files of older schema versions come as this version would have written them."""

import pytest
import xarray as xr
import yaml

import proteus
from proteus.basics.versions import SCHEMA_VERSION
from proteus.errors import ResultsError
from tests.helpers.fake_engine import FakeEngine, install
from tests.helpers.older import as_version_4


@pytest.fixture
def engine(monkeypatch):
    return install(monkeypatch, FakeEngine())


def test_a_file_of_schema_1_comes_as_this_version_writes_it(engine, tmp_path):
    new = proteus.simulate(mechanism="clob", delta=50, seeds=3)
    old = as_version_4(new).assign_attrs(
        schema_version=1, overrides="mechanism=clob delta=50 seeds.count=3"
    )
    old.to_netcdf(tmp_path / "results.nc")
    loaded = proteus.load(tmp_path)
    assert loaded.attrs["overrides"] == '["mechanism=clob", "delta=50", "seeds.count=3"]'
    assert loaded.attrs["schema_version"] == SCHEMA_VERSION
    xr.testing.assert_equal(loaded, new)
    assert loaded.attrs == new.attrs


@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow"])
def test_a_file_of_schema_2_says_who_was_shown_what(engine, tmp_path, mechanism):
    new = proteus.simulate(mechanism=mechanism, seeds=3)
    config = yaml.safe_load(new.attrs["config"])
    known = config["execution"].pop("leakage")
    del config["record"]["report"]
    old = as_version_4(new).assign_attrs(schema_version=2, config=yaml.safe_dump(config))
    old.to_netcdf(tmp_path / "results.nc")
    loaded = proteus.load(tmp_path)
    for event in ("report", "block", "waiting"):  # there were none, and what is absent is hidden
        del known[mechanism][event]
    config["execution"]["leakage"], config["record"]["report"] = known, False
    assert yaml.safe_load(loaded.attrs["config"]) == config
    assert loaded.attrs["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("budget", "budgets"),
    [
        (None, []),
        ({"variable": "n_fills", "largest_rise": 3},
         [{"variable": "n_fills", "may": "rise", "at_most": 3}]),
    ],
)  # fmt: skip
def test_a_file_of_schema_3_had_one_budget_and_no_companions(engine, tmp_path, budget, budgets):
    new = proteus.simulate(seeds=3)
    config = yaml.safe_load(new.attrs["config"])
    endpoint = config["endpoint"]
    del endpoint["budgets"], endpoint["companions"]
    endpoint["budget"] = budget
    old = as_version_4(new).assign_attrs(schema_version=3, config=yaml.safe_dump(config))
    old.to_netcdf(tmp_path / "results.nc")
    loaded = yaml.safe_load(proteus.load(tmp_path).attrs["config"])["endpoint"]
    assert (loaded["budgets"], loaded["companions"]) == (budgets, [])
    assert "budget" not in loaded


def test_a_file_of_schema_3_had_other_dims_and_one_account_a_trader(engine, tmp_path):
    new = proteus.simulate(seeds=3)
    config = yaml.safe_load(new.attrs["config"])
    for group in config["population"].values():
        del group["accounts"]
    before = {dim: old for dim, old in (("trader_class", "class"), ("quote_rank", "rank"))
              if dim in new.dims}  # fmt: skip
    assert before
    old = (
        as_version_4(new)
        .rename(before)
        .assign_attrs(schema_version=3, config=yaml.safe_dump(config))
    )
    old.to_netcdf(tmp_path / "results.nc")
    loaded = proteus.load(tmp_path)
    xr.testing.assert_equal(loaded, new)
    population = yaml.safe_load(loaded.attrs["config"])["population"]
    assert {group["accounts"] for group in population.values()} == {"one"}


def test_a_file_of_schema_4_had_times_as_numbers_and_codes_of_its_own(monkeypatch, tmp_path):
    install(monkeypatch, FakeEngine(violated=(1,)))
    with pytest.warns(RuntimeWarning, match="broke an invariant"):
        new = proteus.simulate(metrics={"horizons_ms": [0, 0.5, 100]}, seeds=3)
    old = as_version_4(new)
    assert old["horizon"].values.tolist() == [0, 0.5, 100]
    assert old["violation"].values.ravel().tolist() == [0, 1, 0]
    old.to_netcdf(tmp_path / "results.nc")
    loaded = proteus.load(tmp_path)
    xr.testing.assert_identical(loaded, new)
    assert loaded["maker_markout"].sel(horizon="500us").dims == ("mechanism", "delta", "seed")


@pytest.mark.parametrize("meanings", ["none", "none no_reason_of_ours"])
def test_a_file_whose_flags_mean_nothing_is_refused(engine, tmp_path, meanings):
    old = as_version_4(proteus.simulate(seeds=3))
    old["violation"][..., 0] = 1
    told = {"flag_values": [0, 1], "flag_meanings": meanings}
    old["violation"].attrs.update(told)
    old.to_netcdf(tmp_path / "results.nc")
    with pytest.raises(ResultsError, match="is damaged"):
        proteus.load(tmp_path)
