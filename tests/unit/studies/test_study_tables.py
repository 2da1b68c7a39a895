"""Tables of studies: estimates by hand, notes of significance, frontiers by brute force."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import proteus
from proteus.studies import tables
from proteus.studies.frontier import efficient
from proteus.studies.phase import exposure
from tests.helpers.fake_study import StudyEngine, install_study


@pytest.fixture(scope="module")
def dataset():
    with pytest.MonkeyPatch.context() as monkeypatch:
        install_study(monkeypatch, StudyEngine())
        return proteus.sweep({"mechanism": ["clob", "fba"], "delta": [50, 100]}, seeds=40)


def test_a_level_is_a_mean_with_its_t_interval_and_a_ratio_of_totals_per_lot(dataset):
    table = tables.levels(dataset).set_index(["mechanism", "delta", "variable"])
    cell = dataset.sel(mechanism="fba", delta=100)
    wanted = stats.ttest_1samp(cell["price_rmse"], 0).confidence_interval(0.95)
    row = table.loc[("fba", 100, "price_rmse")]
    assert (row["low"], row["high"]) == pytest.approx((wanted.low, wanted.high))
    loss = table.loc[("fba", 100, "maker_adverse_selection")]
    total = (
        cell["maker_adverse_selection"].sel(horizon="0ms").sum() / cell["maker_volume_lots"].sum()
    )
    assert loss["value"] == pytest.approx(float(total))


def test_a_mechanism_without_delta_is_one_row(dataset):
    shown = tables.levels(dataset)[["mechanism", "delta"]].drop_duplicates()
    assert [tables.number(x) for x in shown["delta"]] == ["any", "50", "100"]
    assert list(shown["mechanism"]) == ["clob", "fba", "fba"]


def test_effects_are_those_of_compare_for_what_is_shown(dataset):
    table = tables.effects(dataset, "clob")
    assert set(table["variable"]) <= set(tables.SHOWN)
    everything = proteus.compare(dataset).set_index(["delta", "variable", "per", "horizon"])
    for row in table.to_dict("records"):
        key = (row["delta"], row["variable"], row["per"], row["horizon"])
        assert row["difference"] == everything.loc[[key], "difference"].item()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "0.50 ±0.10 *"),
        ({"p_adjusted": 0.051}, "0.50 ±0.10 (0.14)"),
        ({"note": "identical arms", "p_adjusted": np.nan}, "identical arms"),
    ],
)
def test_an_effect_has_its_note_of_significance(change, text):
    row = {"difference": 0.5, "low": 0.4, "high": 0.6, "p_adjusted": 0.049, "detectable": 0.14,
           "note": "", "variable": "price_rmse"}  # fmt: skip
    assert tables.effect_text({**row, **change}) == text


def test_a_loss_that_falls_is_shown_as_a_loss_that_falls():
    row = {"difference": 0.5, "low": 0.4, "high": 0.6, "p_adjusted": 0.049, "note": "",
           "variable": "maker_adverse_selection"}  # fmt: skip
    assert tables.effect_text(row) == "-0.50 ±0.10 *"


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8))
def test_a_point_is_on_the_frontier_when_no_other_beats_it(pairs):
    gains, costs = np.array(pairs, float).T
    wanted = [
        not any((g >= gain and c <= cost) and (g > gain or c < cost) for g, c in pairs)
        for gain, cost in pairs
    ]
    assert efficient(gains, costs).tolist() == wanted


def test_what_is_not_known_is_not_on_the_frontier_and_beats_nobody():
    assert efficient(np.array([9, 1, np.nan]), np.array([np.nan, 1, 0])).tolist() == [
        False, True, False,
    ]  # fmt: skip


def test_exposure_stands_beside_the_closed_form():

    dims = ("mechanism", "delta", "maker_signal_delay_ms", "seed")
    share = np.array([0.5, 0.75, 0.1, 0.25])  # by delta, then by the maker's age of the news
    shares = np.repeat(share, 30).reshape(1, 2, 2, 30)
    described = {"units": "1"}
    data = xr.Dataset(
        {
            "sniper_race_share": (dims, shares, described),
            "sniper_orders": (dims, 0 * shares + 4, described),
            "violation": (dims, 0 * shares.astype(np.int8), {"flag_values": [0]}),
        },
        coords={"mechanism": ["fba"], "delta": [10.0, 100.0],
                "maker_signal_delay_ms": [6.0, 26.0]},
    )  # fmt: skip
    table = exposure(data)
    # d is the maker's age of the news less the sniper's 1 ms (facts V5)
    assert table["theory"].tolist() == pytest.approx([0.5, 0.05, 1, 0.25])
    assert table["value"].tolist() == pytest.approx([0.5, 0.1, 0.75, 0.25])
