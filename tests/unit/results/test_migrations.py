"""Files of older schema versions come as this version would have written them."""

import pytest
import xarray as xr
import yaml

import proteus
from tests.helpers.fake_engine import FakeEngine, install


@pytest.fixture
def engine(monkeypatch):
    return install(monkeypatch, FakeEngine())


def test_a_file_of_schema_1_comes_as_this_version_writes_it(engine, tmp_path):
    new = proteus.simulate(mechanism="clob", delta=50, seeds=3)
    old = new.assign_attrs(schema_version=1, overrides="mechanism=clob delta=50 seeds.count=3")
    old.to_netcdf(tmp_path / "results.nc")
    loaded = proteus.load(tmp_path)
    assert loaded.attrs["overrides"] == '["mechanism=clob", "delta=50", "seeds.count=3"]'
    assert loaded.attrs["schema_version"] == 4
    xr.testing.assert_equal(loaded, new)
    assert loaded.attrs == new.attrs


@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow"])
def test_a_file_of_schema_2_says_who_was_shown_what(engine, tmp_path, mechanism):
    new = proteus.simulate(mechanism=mechanism, seeds=3)
    config = yaml.safe_load(new.attrs["config"])
    del config["execution"]["leakage"], config["record"]["report"]
    old = new.assign_attrs(schema_version=2, config=yaml.safe_dump(config))
    old.to_netcdf(tmp_path / "results.nc")
    loaded = proteus.load(tmp_path)
    assert yaml.safe_load(loaded.attrs["config"]) == yaml.safe_load(new.attrs["config"])
    assert loaded.attrs["schema_version"] == 4


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
    old = new.assign_attrs(schema_version=3, config=yaml.safe_dump(config))
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
    old = new.rename(before).assign_attrs(schema_version=3, config=yaml.safe_dump(config))
    old.to_netcdf(tmp_path / "results.nc")
    loaded = proteus.load(tmp_path)
    xr.testing.assert_equal(loaded, new)
    population = yaml.safe_load(loaded.attrs["config"])["population"]
    assert {group["accounts"] for group in population.values()} == {"one"}
