"""The Holm family is that of the sweep, also where a part of its results is looked at."""

import json

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

import proteus
from proteus.analysis import verdict as verdicts
from proteus.results.dataset import TESTS
from tests.helpers.fake_engine import FakeEngine, install
from tests.unit.analysis.test_contrasts import dataset


def recorded(**changes):
    """Return results as a sweep leaves them, with the tests of its family."""
    data = dataset(**changes)
    return data.assign_attrs({TESTS: verdicts.tests(data)})


def primary(data, **options):
    table = proteus.compare(data, **options)
    table = table[table["family"] == "primary"]
    return {row.get("delta"): (row["p"], row["p_adjusted"]) for row in table.to_dict("records")}


PARTS = {
    "sel": lambda data: data.sel(delta=[100.0]),
    "isel": lambda data: data.isel(delta=[1]),
    "a scalar": lambda data: data.sel(delta=100.0),
    "where": lambda data: data.where(data["delta"] > 60, drop=True),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_adjusted_for_all_cells_of_the_sweep(name):
    data = recorded(gain=0.01)
    whole = primary(data)
    if name == "where":  # leaves flags as numbers; only what survives is of interest
        part = PARTS[name](data)
        part["violation"] = data["violation"].sel(delta=[100.0])
        part.attrs = data.attrs
    else:
        part = PARTS[name](data)
    (found,) = primary(part).values()
    assert found == pytest.approx(whole[100.0])
    assert verdicts.verdict(part)[0] == verdicts.verdict(data)[2] if "delta" in part.dims else True


def test_the_adjusted_values_are_those_of_statsmodels_over_the_whole_family():
    data = recorded(gain=0.01)
    p = [value for value, _ in primary(data).values()]
    wanted = multipletests(p, method="holm")[1]
    for delta, one in zip((50.0, 100.0), wanted, strict=True):
        ((_, adjusted),) = primary(data.sel(delta=[delta])).values()
        assert adjusted == pytest.approx(one)


def test_without_the_record_the_family_is_what_is_there():
    data = recorded(gain=0.01)
    ((p, adjusted),) = primary(data.sel(delta=[100.0]).drop_attrs(deep=False).assign_attrs(
        config=data.attrs["config"])).values()  # fmt: skip
    assert adjusted == p


def test_fewer_seeds_are_tested_anew_beside_the_recorded_tests_of_other_cells():
    data = recorded(gain=0.01)
    other = json.loads(data.attrs[TESTS])[0]
    assert other["cell"] == {"mechanism": "fba", "delta": "50"}
    ((p, adjusted),) = primary(data.isel(seed=slice(20)).sel(delta=[100.0])).values()
    assert p != primary(data)[100.0][0]
    assert adjusted == pytest.approx(multipletests([p, other["p"]], method="holm")[1][0])


def test_a_cell_that_lost_its_labels_makes_the_family_larger():
    data = recorded(gain=0.01).sel(delta=100.0, drop=True)
    recorded_p = [test["p"] for test in json.loads(data.attrs[TESTS])]
    table = proteus.compare(data)
    (row,) = table[table["family"] == "primary"].to_dict("records")
    wanted = multipletests([row["p"], *recorded_p], method="holm")[1][0]
    assert row["p_adjusted"] == pytest.approx(wanted)


def test_a_cell_without_a_test_is_in_no_family():
    data = dataset(gain=0.01, violated=[(1, 0, 7)])
    (test,) = json.loads(verdicts.tests(data))
    assert test["cell"]["delta"] == "100"


def test_the_endpoint_against_another_baseline_than_the_declared_is_exploratory():
    assert set(proteus.compare(dataset(), "fba")["family"]) == {"exploratory"}


def test_a_sweep_writes_its_tests_down_in_memory_and_in_its_file(monkeypatch, tmp_path):
    install(monkeypatch, FakeEngine())
    asked = {"mechanism": ["clob", "fba", "rfq"], "delta": [50, 100]}
    held = proteus.sweep(asked, seeds=40)
    proteus.sweep(asked, seeds=40, output_dir=tmp_path / "x")
    written = proteus.load(tmp_path / "x")
    assert held.attrs[TESTS] == written.attrs[TESTS]
    cells = [test["cell"] for test in json.loads(held.attrs[TESTS])]
    assert cells == [
        {"mechanism": "fba", "delta": "50"}, {"mechanism": "fba", "delta": "100"},
        {"mechanism": "rfq"},
    ]  # fmt: skip
    whole = proteus.compare(written).query("family == 'primary'")
    part = proteus.compare(written.sel(delta=[100])).query("family == 'primary'")
    assert len(whole) == 3
    for row in part.to_dict("records"):
        same = whole[(whole["mechanism"] == row["mechanism"])]
        assert row["p_adjusted"] in same["p_adjusted"].tolist() or np.isnan(row["p_adjusted"])


def test_a_sweep_without_a_contrast_has_no_tests(monkeypatch):
    install(monkeypatch, FakeEngine())
    assert TESTS not in proteus.simulate(mechanism="clob", seeds=3).attrs
