"""One name, one number: every output of a sweep estimates a variable in the same way."""

import html
import io
import re

import numpy as np
import pytest
import xarray as xr
from rich.console import Console
from scipy import stats

import proteus
from proteus import plots
from proteus.analysis import showing
from proteus.analysis.counterparties import ALL, HELD
from proteus.analysis.levels import Quantity, levels
from proteus.analysis.measures import LANE_RATIOS, MEAN, POOLED, TOTALS, Measure, measures
from proteus.analysis.summary import interval_text, show, summarise
from proteus.pages import tables
from proteus.pages.bundle import bundle
from proteus.studies.tables import levels as study_levels
from tests.helpers.sweeps import sweep
from tests.helpers.times import milliseconds

AXES = ["mechanism", "delta"]
SEEDS = range(3)


def dataset(seed):
    """Return a sweep with gaps: lanes without a fill, and seeds without an error."""
    data = sweep(gain=0.1 * seed)
    random = np.random.default_rng(seed)
    missing = random.random(data["price_rmse"].shape) < 0.1
    missing[0, 1] = missing[0, 0]  # clob does not use delta
    moved = random.normal(0.02, 0.005, missing.shape)
    moved[0, 1] = moved[0, 0]
    data["price_rmse"] = data["price_rmse"].dims, np.where(missing, np.nan, moved), {
        "units": "currency"
    }  # fmt: skip
    return data


def by_cell(table, column, measure, horizon):
    chosen = table[(table["variable"] == measure.variable) & (table["per"] == measure.per)]
    if horizon is not None and "horizon" in chosen:
        chosen = chosen[chosen["horizon"] == horizon]
    return {
        (row["mechanism"], "any" if row["mechanism"] == "clob" else row["delta"]): row[column]
        for row in chosen.to_dict("records")
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_all_outputs_of_a_sweep_show_the_same_number_for_one_name(seed):
    data = dataset(seed)
    summary, contrasts, study = summarise(data), proteus.compare(data), study_levels(data)
    for measure in measures(data):
        horizon = 0.0 if "horizon" in data[measure.variable].dims else None
        wanted = by_cell(summary, "value", measure, horizon)
        treated = by_cell(contrasts, "treated_value", measure, horizon)
        assert treated == {cell: wanted[cell] for cell in treated}
        for value in by_cell(contrasts, "baseline_value", measure, horizon).values():
            assert value == wanted["clob", "any"]
        for cell, value in by_cell(study, "value", measure, None).items():
            assert value == wanted[cell]
        per = measure.per if measure.estimand == TOTALS else ""
        drawn = levels(data, Quantity(measure.variable, per, horizon))["value"]
        sign = showing.sign(measure.variable)
        for (mechanism, delta), value in wanted.items():
            at = {"mechanism": mechanism, "delta": 50.0 if delta == "any" else delta}
            assert float(drawn.sel(at)) == sign * value


def texts(row):
    """Return what a reader sees of a row of the summary."""
    found = showing.shown(row["variable"], row["value"], row["low"], row["high"])
    return interval_text(found.value, found.half)


def test_the_terminal_and_the_report_write_the_numbers_of_the_summary():
    data = dataset(1).sel(delta=[100.0])
    table = summarise(data)
    stream = io.StringIO()
    show(table, AXES, Console(width=200, file=stream))
    heads, *rows = tables.levels(bundle(data, {}, "x"))[:2]
    page = " ".join(str(cell) for row in rows[0] for cell in row)
    for variable, per in (("effective_spread", "effective_lots"),
                          ("maker_adverse_selection", "maker_volume_lots")):  # fmt: skip
        chosen = table[(table["variable"] == variable) & (table["per"] == per)]
        for row in chosen.drop_duplicates("mechanism").to_dict("records"):
            assert texts(row) in stream.getvalue()
            assert texts(row) in page
    assert "adverse-selection loss per lot at 0 ms" in stream.getvalue()
    assert any("adverse-selection loss per lot" in head for head in heads)


def test_the_verdict_says_the_difference_of_the_table():
    from proteus.analysis.verdict import verdict

    data = dataset(2).sel(delta=[100.0])
    row = proteus.compare(data).query("family == 'primary'").iloc[0]
    first = verdict(data)[0]
    assert f"is {abs(row['difference']):.4g} currency/lots lower than under clob" in first
    assert f"({-row['high']:.4g} to {-row['low']:.4g}".removeprefix("(") in first


def test_a_mean_of_lane_ratios_has_a_name_of_its_own():
    data = dataset(0)
    pooled, alone = (measures(each, ["effective_spread"])[0]
                     for each in (data, data.drop_vars("effective_lots")))  # fmt: skip
    assert (pooled.estimand, alone.estimand) == (POOLED, LANE_RATIOS)
    assert showing.called(pooled, data) == "effective spread"
    assert showing.called(alone, data) == "effective spread, mean of lanes"
    cell = {"mechanism": "fba", "delta": 100.0}
    numbers = [float(levels(each, "effective_spread")["value"].sel(cell))
               for each in (data, data.drop_vars("effective_lots"))]  # fmt: skip
    assert numbers[1] == pytest.approx(float(data["effective_spread"].sel(cell).mean()))
    assert numbers[0] != pytest.approx(numbers[1], rel=1e-6)


def test_a_level_is_scipys_mean_and_t_interval():
    data = dataset(0)
    values = data["pnl_noise"].sel(mechanism="fba", delta=100.0).to_numpy()
    table = summarise(data).query("variable == 'pnl_noise' and mechanism == 'fba' and delta == 100")
    (row,) = table.to_dict("records")
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert row["value"] == pytest.approx(values.mean(), rel=1e-12)
    assert (row["low"], row["high"]) == (pytest.approx(wanted.low), pytest.approx(wanted.high))
    assert row["sd"] == pytest.approx(values.std(ddof=1))
    assert row["estimand"] == MEAN


def test_a_cell_with_a_stopped_lane_has_no_number_anywhere():
    data = sweep(violated=[(1, 0, 3)])
    table = summarise(data).query("mechanism == 'fba' and delta == 50")
    assert table["value"].isna().all()
    assert np.isnan(float(levels(data, "price_rmse")["value"].sel(mechanism="fba", delta=50.0)))
    assert study_levels(data).query("mechanism == 'fba' and delta == 50")["value"].isna().all()


def test_a_large_variable_is_read_in_parts_to_the_same_bits(monkeypatch):
    data = dataset(1)
    whole = summarise(data)
    monkeypatch.setattr("proteus.analysis.measures.READ_AT_ONCE", 60)
    assert summarise(data).equals(whole)


# --- losses ---------------------------------------------------------------------------------------


def test_a_loss_is_shown_as_a_loss_and_everything_else_as_it_is():
    assert showing.shown("maker_adverse_selection", -3.0, -4.0, -2.0) == (3.0, 2.0, 4.0)
    assert showing.shown("maker_pnl_marked", -3.0, -4.0, -2.0) == (-3.0, -4.0, -2.0)
    assert showing.better("maker_adverse_selection", "higher") == "lower"
    assert showing.better("price_rmse", "lower") == "lower"
    per_lot = Measure("maker_adverse_selection", TOTALS, "maker_volume_lots")
    assert showing.called(per_lot, sweep()) == "adverse-selection loss per lot"


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0123, "= 0.012"), (1e-15, "= 1e-15"), (1e-17, "< 1e-16"), (1e-300, "< 1e-16"),
     (np.nan, "= none")],
)  # fmt: skip
def test_no_p_value_is_zero(p, text):
    assert showing.p_text(p) == text


def test_a_difference_beyond_double_precision_has_a_p_value_that_is_not_zero():
    table = proteus.compare(sweep(gain=100.0, noise=1e-6))
    first = table[table["family"] == "primary"]
    assert (first["p"] > 0).all()
    assert (first["p_adjusted"] > 0).all()


# --- what is exploratory --------------------------------------------------------------------------


def of_dual_flow(gate):
    data = sweep().assign_coords(mechanism=["clob", "dual_flow"])
    return data.assign_attrs(gate=gate)


def test_outside_phase_4_dual_flow_has_its_intervals_and_is_called_exploratory():
    one = bundle(of_dual_flow("not_checked"), {}, "x")
    found = tables.primary(one, tables.contrasts(one))
    judged = bundle(of_dual_flow("passed"), {}, "x")
    expected = tables.primary(judged, tables.contrasts(judged))
    p = found.heads.index("p (Holm)")
    assert [row[p] for row in found.rows] == ["exploratory", "exploratory"]
    assert [row[:p] for row in found.rows] == [row[:p] for row in expected.rows]
    (part,) = plots.forest(one.dataset, [plots.PROTECTION]).axes
    assert all("exploratory" in label.get_text() for label in part.get_yticklabels())
    assert part.get_lines()[1].get_markerfacecolor() == "none"
    assert len(part.get_lines()[0].get_xdata()) == 2  # its interval


# --- maker PnL by counterparty --------------------------------------------------------------------


def split():
    """Return two classes, two seeds and one cell, easy to add up."""
    dims, of_class = ("mechanism", "seed"), ("mechanism", "seed", "trader_class")
    by = ("mechanism", "seed", "horizon", "trader_class")
    made = xr.Dataset(
        {
            "maker_pnl_marked": (dims, [[10.0, 4.0]]),
            "maker_volume_lots": (dims, [[10.0, 20.0]]),
            "maker_spread_captured_by_class": (of_class, [[[6, 1], [8, 2.0]]]),
            "maker_adverse_selection_by_class": (by, [[[[-1, -5], [9, 9]], [[-2, -8], [9, 9.0]]]]),
            "maker_volume_by_class": (of_class, [[[8, 2], [15, 5.0]]]),
        },
        coords={"mechanism": ["fba"], "seed": [0, 1], "horizon": milliseconds(0, 100),
                "trader_class": ["noise", "sniper"]},
    )  # fmt: skip
    for values in made.values():
        values.attrs["units"] = "currency"
    made["violation"] = dims, [[0, 0]], {"flag_values": [0], "flag_meanings": "none"}
    return made


def test_maker_pnl_is_split_by_counterparty_in_total_and_per_lot():
    table = proteus.maker_pnl(split()).set_index("counterparty")
    assert list(table.index) == ["noise", "sniper", HELD, ALL]
    # Noise: 5 and 6 of 8 and 15 lots; snipers: -4 and -6 of 2 and 5; the rest of 10 and 4 is held.
    assert table["total"].tolist() == [5.5, -5.0, 6.5, 7.0]
    assert table["per_lot"].tolist() == pytest.approx([11 / 23, -10 / 7, 13 / 30, 14 / 30])
    assert table["lots"].tolist() == [11.5, 3.5, 15.0, 15.0]
    wanted = stats.ttest_1samp([-4.0, -6.0], 0).confidence_interval(0.95)
    assert table.loc["sniper", "total_low"] == pytest.approx(wanted.low)
    assert table.loc["sniper", "total_high"] == pytest.approx(wanted.high)


def test_a_split_names_the_variable_that_it_lacks():
    with pytest.raises(proteus.errors.ResultsError, match="maker_volume_by_class is not in the"):
        proteus.maker_pnl(split().drop_vars("maker_volume_by_class"))


def test_the_page_calls_the_part_of_snipers_the_sniping_loss():
    made = split().expand_dims(delta=[50.0]).assign_attrs(config="{}")
    shown = tables.counterparties(bundle(made, {}, "x"))
    assert [re.sub(",.*", "", head) for head in shown.heads[1::2]] == [
        "of noise traders", "of snipers: sniping loss", HELD, "all",
    ]  # fmt: skip
    assert html.escape(shown.rows[0][3]).startswith("-5")


def test_where_no_maker_traded_the_page_has_no_split():
    made = split().expand_dims(delta=[50.0]).assign_attrs(config="{}")
    for name in ("maker_volume_by_class", "maker_volume_lots"):
        made[name] = 0 * made[name]
    assert tables.counterparties(bundle(made, {}, "x")) is None
