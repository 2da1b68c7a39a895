"""What is measured of each trader and group: it adds up, and changes nothing else."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import proteus
from proteus.analysis.bundles import open_cell, pair
from proteus.errors import ConfigError
from proteus.market.variables import measure
from proteus.plans import planner
from proteus.runs import api, claim, estimate
from proteus.runs.folder import run_into
from tests.helpers.cells import SHORT, cell, finished

WORDS = (
    *(word for word in SHORT if not word.startswith("delta")), "mechanism=clob", "seeds.count=5",
    "executor.workers=2", "executor.block_lanes=2", "population.maker.count=1,3",
    "population.sniper.count=1,0",
)  # fmt: skip
BOTH = ("group", "trader")
NANO = 10**9


def planned(*words, dims=BOTH):
    return dataclasses.replace(planner.from_words([*WORDS, *words]), dims=dims)


@pytest.fixture(scope="module")
def found():
    return api.run(planned()).dataset.squeeze(("mechanism", "delta"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run with its folder, one lane of each cell recorded."""
    place = tmp_path_factory.mktemp("run") / "out"
    plan = api.checked(planned("record.events=seed:0", "record.per_run=true"))
    with claim.claimed(place, plan) as lanes:
        run_into(plan, place, lanes)
    return place


def nano(values):
    """Whole nano-currency, from currency; NaN counts as nothing."""
    return np.rint(values.fillna(0) * NANO).astype(np.int64)


def test_the_traders_of_a_group_sum_to_the_group_and_groups_to_their_class(found):
    by_trader, by_group = nano(found["pnl_marked_by_trader"]), nano(found["pnl_marked_by_group"])
    summed = by_trader.groupby("trader_group").sum().rename(trader_group="group")
    assert (summed.sel(group=by_group["group"]) == by_group).all()
    by_class = by_group.groupby("group_class").sum()
    for name in ("maker", "informed", "noise", "sniper"):
        assert (by_class.sel(group_class=name) == nano(found[f"pnl_{name}"])).all()
        assert np.abs(found[f"pnl_{name}"]).max() > 0
    volume = found["volume_lots_by_trader"].sum("trader")
    assert (volume == 2 * found["volume_lots"]).all()
    assert (found["volume_lots_by_group"].sum("group") == volume).all()


def test_only_what_a_cell_lacks_is_missing(found):
    assert found["trader"].values[:3].tolist() == ["maker0", "maker1", "maker2"]
    for name in ("pnl_marked", "volume_lots"):
        missing = np.isnan(found[f"{name}_by_trader"]).sum("seed")
        expected = xr.zeros_like(missing)
        expected.loc[{"maker_count": 1, "trader": ["maker1", "maker2"]}] = 5
        expected.loc[{"sniper_count": 0, "trader": "sniper0"}] = 5
        assert missing.equals(expected.astype(missing.dtype))
        assert found[f"{name}_by_trader"].attrs["missing_absent"] == 5 * (2 * 2 + 2)
        assert found[f"{name}_by_group"].attrs["missing_absent"] == 5 * 2
    assert "missing_absent" not in found["maker_pnl_marked"].attrs


def test_the_usual_results_do_not_change(found):
    usual = api.run(planned(dims=())).dataset.squeeze(("mechanism", "delta"))
    more = {f"{name}_by_{dim}" for name in ("pnl_marked", "volume_lots") for dim in BOTH}
    assert {*found.data_vars} - {*usual.data_vars} == more
    assert not {*BOTH} & {*usual.dims}
    assert planned().config_hash == planned(dims=()).config_hash
    for name in usual.data_vars:
        assert found[name].values.tobytes() == usual[name].values.tobytes(), name


def test_lots_are_those_of_the_recorded_fills(folder):
    fills = pd.read_parquet(folder / "fills.parquet")
    dataset = proteus.load(folder).squeeze(("mechanism", "delta"))
    manifest = json.loads((folder / "manifest.json").read_text())
    table = np.array(manifest["cell_of"]).reshape(2, 2)
    assert len(fills) > 20
    for index, number in np.ndenumerate(table):
        lane = dataset.isel(maker_count=index[0], sniper_count=index[1]).sel(seed=0)
        of_cell = fills[fills["cell"] == number]
        lots = pd.concat([of_cell.groupby(side)["quantity"].sum() for side in ("buyer", "seller")])
        counted = lots.groupby(level=0).sum()
        population = manifest["cells"][number]["population"]
        names = [f"{name}{at}" for name, one in population.items() for at in range(one["count"])]
        expected = [counted.get(at, 0) for at in range(len(names))]
        assert lane["volume_lots_by_trader"].sel(trader=names).values.tolist() == expected


def test_every_file_has_them(found, folder):
    loaded = proteus.load(folder)
    assert loaded["trader_role"].dims == ("trader",)
    again = loaded.squeeze(("mechanism", "delta"))
    xr.testing.assert_equal(again["pnl_marked_by_trader"], found["pnl_marked_by_trader"])
    rows = pd.read_parquet(folder / "runs.parquet")
    assert rows["volume_lots_by_group_maker"].notna().all()
    assert rows["volume_lots_by_trader_maker2"].isna().sum() == 2 * 5
    summary = pd.read_csv(folder / "summary.csv", comment="#")
    last = summary[summary["trader"] == "maker2"]
    assert sorted(last["n"]) == [0] * 4 + [5] * 4
    assert set(last["n"] + last["n_missing"]) == {5}


def test_contrasts_are_made_of_them(folder):
    baseline = {"maker_count": 1, "sniper_count": 1}
    table = proteus.compare(proteus.load(folder), baseline, metrics=["volume_lots_by_group"])
    assert set(table["group"]) == {"maker", "informed", "noise", "sniper"}
    absent = table[(table["sniper_count"] == 0) & (table["group"] == "sniper")]
    assert absent["difference"].isna().all()
    there = table[(table["sniper_count"] == 0) & (table["group"] == "noise")]
    assert there["difference"].notna().all()


def test_how_finely_traders_are_told_apart_changes_no_other_p_value(found):
    baseline = {"maker_count": 1, "sniper_count": 1}
    whole = proteus.compare(found.drop_dims("trader"), baseline)
    without = proteus.compare(found.drop_dims(["trader", "group"]), baseline)
    of_groups = whole["family"] == "population"
    assert set(whole["variable"][of_groups]) == {"pnl_marked_by_group", "volume_lots_by_group"}
    rest = whole[~of_groups].reset_index(drop=True)
    assert without["p_adjusted"].notna().sum() > 20
    pd.testing.assert_frame_equal(rest[without.columns], without, check_exact=True)
    tested = whole["p_adjusted"][of_groups & whole["p"].notna()]
    right = stats.false_discovery_control(whole["p"][tested.index])
    np.testing.assert_allclose(tested, right)


def test_two_cells_are_paired_on_the_traders_that_both_have(folder, tmp_path):
    other = tmp_path / "other"
    plan = api.checked(planned("population.noise.count=1"))
    with claim.claimed(other, plan) as lanes:
        run_into(plan, other, lanes)
    labels = {"maker_count": "3", "sniper_count": "1"}
    both = pair(open_cell(folder, labels), open_cell(other, labels))
    assert both.treated["trader"].equals(both.baseline["trader"])
    assert "noise1" in proteus.load(folder)["trader"]
    assert "noise1" not in both.treated["trader"]


def test_groups_are_measured_by_default_and_traders_where_they_are_asked_for():
    """Two groups of one class, whose PnL together is that of the class."""
    words = (*WORDS, "+trader@population.rival=maker")
    usual = api.run(planner.from_words(words)).dataset
    makers = nano(usual["pnl_marked_by_group"].sel(group=["maker", "rival"]))
    assert (np.abs(makers).sum([each for each in makers.dims if each != "group"]) > 0).all()
    assert (makers.sum("group") == nano(usual["pnl_maker"])).all()
    assert "trader" not in usual.dims
    asked = api.run(planner.from_words([*words, "record.per_trader=true"])).dataset
    assert [*asked.drop_dims("trader").data_vars] == [*usual.data_vars]
    rivals = nano(asked["pnl_marked_by_trader"].sel(trader=["rival0"]).squeeze("trader"))
    assert (rivals == makers.sel(group="rival")).all()


def test_room_is_counted_for_them():
    usual, more = (estimate.needs(planned(dims=dims), 1) for dims in ((), BOTH))
    values = 2 * (4 + len(planned().labels["trader"]))
    assert more.passing_bytes - usual.passing_bytes == 4 * 5 * 8 * values
    assert more.disk_bytes > usual.disk_bytes


def test_an_empty_population_has_no_trader():
    empty = cell(*(f"population.{name}.count=0" for name in cell().population), "mechanism=clob")
    values = measure(finished(empty, lanes=2), BOTH)
    assert values["pnl_marked_by_trader"].shape == values["pnl_marked_by_group"].shape == (2, 0)


def test_what_groups_earn_is_no_endpoint():
    """It is one number a group; the sentence says so, and not that there is no such variable."""
    with pytest.raises(ConfigError, match="pnl_marked_by_group is not allowed: it has group"):
        proteus.sweep({"endpoint.variable": "pnl_marked_by_group"})
