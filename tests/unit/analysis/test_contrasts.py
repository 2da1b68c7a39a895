"""Tidy contrasts and the verdict on datasets that are easy to compute by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from scipy import stats

import proteus
from proteus.analysis.verdict import verdict
from proteus.configuration.study import PURPOSE_SPAN
from proteus.errors import ResultsError
from proteus.results import flags
from tests.helpers.times import milliseconds

SEEDS = 50
ENDPOINT = {
    "variable": "maker_adverse_selection", "per": "maker_volume_lots", "horizon_ms": 0,
    "better": "higher", "baseline": "clob",
    "budgets": [{"variable": "taker_time_to_execution", "may": "rise", "at_most": 100}],
    "companions": [],
}  # fmt: skip
UNITS = {
    "maker_adverse_selection": "currency", "maker_volume_lots": "lots", "price_rmse": "currency",
    "taker_time_to_execution": "ms", "effective_spread": "currency", "effective_lots": "lots",
}  # fmt: skip


def dataset(gain=0.5, rise=50.0, violated=(), first=0, endpoint=ENDPOINT, noise=0.1):
    """Clob and fba at two deltas; fba loses ``gain`` less per lot and waits ``rise`` longer."""
    random = np.random.default_rng(1)
    lots = random.integers(5, 15, (2, 2, SEEDS)).astype(float)
    loss = 1.0 + noise * random.normal(size=(2, 2, SEEDS))
    loss[1] = loss[0] - gain + noise * random.normal(size=(2, SEEDS))
    spread = random.normal(0.03, 0.01, (2, 2, SEEDS))
    filled = random.integers(0, 4, (2, 2, SEEDS)).astype(float)
    wait = random.normal(1000, 10, (2, 2, SEEDS))
    wait[1] += rise
    for values in (lots, loss, spread, filled, wait):
        values[0, 1] = values[0, 0]  # clob does not use delta
    spread[filled == 0] = np.nan
    codes = np.zeros((2, 2, SEEDS), dtype=np.int8)
    for point in violated:
        codes[point] = flags.CODES["book_crossed"]
    dims = ("mechanism", "delta", "seed")
    made = xr.Dataset(
        {
            "maker_adverse_selection": (
                (*dims, "horizon"), np.stack([-loss * lots, -2 * loss * lots], axis=-1),
            ),
            "maker_volume_lots": (dims, lots),
            "price_rmse": (dims, np.full((2, 2, SEEDS), 0.02)),
            "taker_time_to_execution": (dims, wait),
            "effective_spread": (dims, spread),
            "effective_lots": (dims, filled),
        },
        coords={
            "mechanism": ["clob", "fba"], "delta": [50.0, 100.0],
            "seed": np.arange(first, first + SEEDS), "horizon": milliseconds(0, 100),
        },
        attrs={"config": yaml.safe_dump({"endpoint": endpoint})},
    )  # fmt: skip
    for name, unit in UNITS.items():
        made[name].attrs["units"] = unit
    made["violation"] = (dims, codes, flags.ATTRIBUTES)
    return made


def row(table, variable, **labels):
    chosen = table[table["variable"] == variable]
    for key, value in labels.items():
        chosen = chosen[chosen[key] == value]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_a_mean_is_scipys_paired_test_of_that_cell_with_its_baseline():
    data = dataset()
    found = row(proteus.compare(data), "taker_time_to_execution", delta=100.0)
    a, b = (data.taker_time_to_execution.sel(mechanism=m, delta=100.0) for m in ("fba", "clob"))
    expected = stats.ttest_rel(a, b)
    assert found["difference"] == pytest.approx(float((a - b).mean()))
    assert found["p"] == pytest.approx(expected.pvalue)
    assert found["low"] == pytest.approx(expected.confidence_interval().low)
    # Without the intents that it is an average of, what is left is no pooled time.
    assert (found["estimand"], found["units"]) == ("mean of lane ratios", "ms")
    assert found["n"] == SEEDS
    assert found["share_of_baseline"] == pytest.approx(float((a - b).mean() / b.mean()))
    assert found["bca_low"] < found["difference"] < found["bca_high"]


def test_losses_per_lot_are_totals_over_totals():
    data = dataset()
    found = row(
        proteus.compare(data), "maker_adverse_selection",
        delta=50.0, horizon=100.0, per="maker_volume_lots",
    )  # fmt: skip
    cell = data.sel(mechanism="fba", delta=50.0)
    expected = (
        cell.maker_adverse_selection.sel(horizon="100ms").sum() / cell.maker_volume_lots.sum()
    )
    assert found["treated_value"] == pytest.approx(float(expected))
    assert (found["estimand"], found["units"]) == ("ratio of totals", "currency/lots")


def test_a_ratio_within_a_lane_is_pooled_and_a_lane_without_fills_weighs_nothing():
    data = dataset()
    found = row(proteus.compare(data), "effective_spread", delta=50.0)
    cell = data.sel(mechanism="fba", delta=50.0)
    spread = cell.effective_spread.fillna(0.0)
    expected = float((spread * cell.effective_lots).sum() / cell.effective_lots.sum())
    assert found["treated_value"] == pytest.approx(expected)
    assert found["treated_value"] != pytest.approx(float(cell.effective_spread.mean()), rel=1e-6)
    assert (found["estimand"], found["n_missing"]) == ("pooled", 0)


def test_identical_arms_are_said_and_are_in_no_family():
    table = proteus.compare(dataset())
    same = table[table["variable"] == "price_rmse"]
    assert set(same["note"]) == {"identical arms"}
    assert same[["p", "p_adjusted", "d_z"]].isna().to_numpy().all()
    assert (same["difference"] == 0).all()


def test_holm_covers_the_endpoint_and_benjamini_hochberg_the_rest():
    table = proteus.compare(dataset(gain=0.02))
    first = table[table["family"] == "primary"]
    assert len(first) == 2  # the two deltas
    assert set(first["variable"]) == {"maker_adverse_selection"}
    assert set(first["horizon"]) == {0.0}
    smaller, larger = np.sort(first["p"])
    assert np.sort(first["p_adjusted"])[0] == pytest.approx(min(1, 2 * smaller))
    assert np.sort(first["p_adjusted"])[1] == pytest.approx(max(2 * smaller, larger))
    rest = table[(table["family"] == "exploratory") & table["p"].notna()]
    np.testing.assert_allclose(rest["p_adjusted"], stats.false_discovery_control(rest["p"]))


def test_a_mechanism_without_delta_is_compared_once():
    table = proteus.compare(dataset(), {"mechanism": "fba", "delta": 50.0}, metrics=["price_rmse"])
    cells = list(zip(table["mechanism"], table["delta"].fillna(-1), strict=True))
    assert cells == [("clob", -1), ("fba", 100.0)]
    assert set(table["baseline"]) == {"fba, 50.0"}


def test_a_declared_endpoint_that_is_no_usual_measure_is_added():
    endpoint = {**ENDPOINT, "variable": "price_rmse", "horizon_ms": None}
    table = proteus.compare(dataset(endpoint=endpoint))
    first = table[table["family"] == "primary"]
    assert set(first["variable"]) == {"price_rmse"}
    assert set(first["per"]) == {"maker_volume_lots"}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda d: proteus.compare(d, "cda"), "mechanism=cda is not in the results; .* clob, fba"),
        (lambda d: proteus.compare(d, {"dleta": 50}), "dleta=50; did you mean delta?"),
        (lambda d: proteus.compare(d, metrics=["prce_rmse"]), "did you mean price_rmse?"),
        (lambda d: proteus.compare(d.sel(mechanism=["clob"])), "nothing to compare"),
        (
            lambda d: proteus.compare(dataset(violated=[(1, 0, 7)])),
            r"fba \(delta=50 ms\) cannot be compared: 1 of 50 .* seed 7 \(book_crossed\)",
        ),
        (lambda d: proteus.compare(dataset(violated=[(0, 1, 7)])), "clob cannot be compared"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_one_sentence(call, sentence):
    with pytest.raises(ResultsError, match=sentence) as caught:
        call(dataset())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [None, "folder", xr.Dataset({"a": 1})])
def test_what_is_no_dataset_of_a_sweep_is_refused(wrong):
    with pytest.raises(ResultsError, match=r"is not allowed: it must be a dataset"):
        proteus.compare(wrong)


@pytest.mark.parametrize(
    ("change", "metrics", "sentence"),
    [
        (lambda d: d.isel(seed=0), None, "without seeds"),
        (lambda d: d.rename(seed="s"), None, "without seeds"),
        (lambda d: d.isel(seed=[]), None, "without seeds"),
        (lambda d: xr.concat([d, d], "seed", data_vars="minimal"), None, "seed=0 is there twice"),
        (lambda d: d.drop_attrs(), None, "has lost its units"),
        (lambda d: d, [], "metrics=[] is not allowed"),
        (lambda d: d, 3, "metrics=3 is not allowed"),
        (lambda d: d, "price_rmse", "metrics='price_rmse' is not allowed"),
        (lambda d: d, [None], "metric=None is not in the results"),
    ],
)
def test_a_dataset_or_list_that_cannot_be_compared_is_refused(change, metrics, sentence):
    with pytest.raises(ResultsError) as caught:
        proteus.compare(change(dataset()), metrics=metrics)
    assert sentence in str(caught.value)


def test_a_baseline_of_another_type_is_refused():
    with pytest.raises(ResultsError, match="baseline=3 is not allowed: must be a mechanism"):
        proteus.compare(dataset(), baseline=3)


def test_a_comparison_is_a_table_of_one_row_per_cell_and_label():
    table = proteus.compare(dataset())
    assert isinstance(table, pd.DataFrame)
    # 2 deltas x (2 horizons x (mean, per lot) + 5 others)
    assert len(table) == 2 * (4 + 5)
    assert not table.duplicated(["delta", "variable", "per", "horizon"]).any()


# --- the verdict ----------------------------------------------------------------------------------


def outcome(**changes):
    return verdict(dataset(**changes).sel(delta=[50.0]))


def test_better_within_the_budget():
    first, second = outcome()
    assert first.startswith("Under fba (delta=50 ms) adverse-selection loss per lot at 0 ms is 0.")
    assert "currency/lots lower than under clob (95 % interval of the difference -0.5" in first
    assert "Holm-adjusted p < 1e-16, " in first
    assert first.endswith("50 seeds), which is better.")
    assert "within its budget (may rise by 100 ms)" in second
    assert second.endswith("so fba (delta=50 ms) is better than clob by the declared endpoint.")


def test_better_beyond_the_budget_is_not_preferred():
    _, second = outcome(rise=300.0)
    assert "beyond its budget" in second
    assert second.endswith("so fba (delta=50 ms) is not preferred to clob.")


def test_a_budget_inside_the_interval_is_open():
    _, second = outcome(rise=100.0)
    assert "not shown to be within its budget" in second
    assert "is not preferred" in second


def test_worse_and_the_other_direction():
    first, second = outcome(gain=-0.5)
    assert first.endswith("which is worse.")
    assert second.endswith("is worse than clob by the declared endpoint.")
    turned, _ = outcome(gain=-0.5, endpoint={**ENDPOINT, "better": "lower"})
    assert turned.endswith("which is better.")


def test_no_difference_comes_with_what_would_have_been_found():
    first, second = outcome(gain=0.0)
    assert "which shows no difference; 0." in first
    assert first.endswith("would be found with power 0.8.")
    assert second.endswith("is not shown to differ from clob by the declared endpoint.")


def test_identical_arms_have_a_sentence():
    endpoint = {**ENDPOINT, "variable": "price_rmse", "per": None, "horizon_ms": None,
                "budgets": []}  # fmt: skip
    first, second = outcome(endpoint=endpoint)
    assert first == (
        "Under fba (delta=50 ms) price RMSE, mean of lanes is the same as under clob in all 50 "
        "seeds."
    )
    assert second == (
        "So fba (delta=50 ms) is not shown to differ from clob by the declared endpoint."
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data.assign(maker_volume_lots=0 * data.maker_volume_lots),
         "nothing to divide by"),
        (lambda data: data.isel(seed=[0]), "fewer than two seeds"),
    ],
)  # fmt: skip
def test_an_endpoint_without_a_test_gives_no_verdict(change, why):
    (sentence,) = verdict(change(dataset().sel(delta=[50.0])))
    name = "adverse-selection loss per lot"
    assert (
        sentence == f"No verdict: {name} of fba (delta=50 ms) cannot be compared with clob: {why}."
    )


def test_a_difference_that_does_not_vary_gives_no_verdict():
    endpoint = {**ENDPOINT, "variable": "price_rmse", "per": None, "horizon_ms": None}
    data = dataset(endpoint=endpoint)
    data["price_rmse"] = data["price_rmse"] + (data["mechanism"] == "fba") * 0.25
    sentences = verdict(data)
    assert len(sentences) == 2
    assert all(sentence.endswith("with clob: constant difference.") for sentence in sentences)


def test_a_budget_that_cannot_be_compared_is_not_kept():
    data = dataset().sel(delta=[50.0])
    data["taker_time_to_execution"] = np.nan * data["taker_time_to_execution"]
    _, second = verdict(data)
    assert "taker time to execution, mean of lanes cannot be compared (fewer" in second
    assert second.endswith("so fba (delta=50 ms) is not preferred to clob.")


def test_no_sentence_of_two_seeds_has_a_number_that_is_none():
    assert "nan" not in " ".join(verdict(dataset(gain=0.0).isel(seed=[0, 1])))


def test_other_measures_do_not_move_the_verdict():
    data = dataset()
    expected = verdict(data)
    data["price_rmse"] = (
        data["price_rmse"] * np.where(data["mechanism"] == "fba", 100, 1)[:, None, None]
    )
    data["effective_spread"] = data["effective_spread"] - 5
    assert verdict(data) == expected


def test_a_violated_cell_has_no_verdict_and_the_other_one_has():
    sentences = verdict(dataset(violated=[(1, 0, 7)]))
    assert len(sentences) == 3
    assert sentences[0].startswith("Under fba (delta=100 ms)")
    assert sentences[2].startswith("No verdict: fba (delta=50 ms) cannot be compared")


def test_pilot_and_selection_seeds_judge_nothing():
    (sentence,) = verdict(dataset(first=2 * PURPOSE_SPAN))
    assert sentence == "No verdict: pilot seeds judge nothing."
    (sentence,) = verdict(dataset(first=PURPOSE_SPAN))
    assert sentence == "No verdict: selection seeds judge nothing."


def test_without_the_baseline_there_is_nothing_to_say():
    assert verdict(dataset().sel(mechanism=["fba"])) == []
    assert verdict(dataset().assign_attrs(config="{}")) == []


@pytest.mark.parametrize("chosen", [0, [0], [1, 0]])
def test_a_horizon_that_is_selected_is_still_that_of_the_endpoint(chosen):
    """The rows and sentences are those of the whole dataset, however its horizon is taken."""
    data = dataset(gain=0.02)
    part = data.isel(horizon=chosen)
    found, whole = (
        table[table["family"] == "primary"].drop(columns="horizon", errors="ignore")
        for table in (proteus.compare(part), proteus.compare(data))
    )
    pd.testing.assert_frame_equal(found.reset_index(drop=True), whole.reset_index(drop=True))
    assert verdict(part) == verdict(data)


@pytest.mark.parametrize("cut", [
    lambda data: data.sel(horizon="100ms"), lambda data: data.isel(horizon=[1]),
    lambda data: data.isel(horizon=0, drop=True),
])  # fmt: skip
def test_without_the_horizon_of_the_endpoint_nothing_is_judged_in_silence(cut):
    part = cut(dataset())
    with pytest.raises(ResultsError, match="at 0 ms, a horizon that the dataset does not have"):
        proteus.compare(part)
    assert "at 0 ms, a horizon that the dataset does not have" in " ".join(verdict(part))
    table = proteus.compare(part, metrics=["maker_adverse_selection"])
    assert set(table["family"]) == {"exploratory"}
