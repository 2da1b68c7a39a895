"""Levels and figures: the numbers that are drawn, units on every axis, one colour per mechanism."""

import itertools

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from scipy import stats

from proteus import plots
from proteus.analysis.contrasts import estimate, paired
from proteus.analysis.levels import Quantity, distinct, levels
from proteus.errors import ResultsError
from proteus.plots.style import MECHANISM_COLOURS
from tests.helpers.sweeps import sweep
from tests.helpers.times import milliseconds

VIOLATED = (1, 0, 3)  # fba, delta=50, the fourth seed


def drawn(figure):
    """Lines of the first panel by label: x, y, colour."""
    part = figure.axes[0]
    return {line.get_label(): line for line in part.get_lines()}


def test_the_level_of_a_mean_has_students_interval():
    data = sweep()
    found = levels(data, "taker_time_to_execution").sel(mechanism="fba", delta=100.0)
    values = data.taker_time_to_execution.sel(mechanism="fba", delta=100.0).to_numpy()
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    assert float(found["value"]) == pytest.approx(values.mean(), rel=1e-12)
    assert float(found["low"]) == pytest.approx(low, rel=1e-12)
    assert float(found["high"]) == pytest.approx(high, rel=1e-12)


def test_ratios_are_totals_over_totals():
    data = sweep()
    cell = data.sel(mechanism="fba", delta=50.0)
    loss, lots = cell.maker_adverse_selection.to_numpy(), cell.maker_volume_lots.to_numpy()
    for at, k in ((0.0, 0), (100.0, 1), (None, 0)):
        shown = Quantity("maker_adverse_selection", "maker_volume_lots", at)
        found = levels(data, shown).sel(mechanism="fba", delta=50.0)
        lost = -loss[:, k].sum()  # a loss is shown as a loss
        assert float(found["value"]) == pytest.approx(lost / lots.sum(), rel=1e-12)
        assert float(found["value"]) > 0
    spread, filled = cell.effective_spread.to_numpy(), cell.effective_lots.to_numpy()
    pooled = np.nansum(spread * filled) / filled[~np.isnan(spread)].sum()
    found = levels(data, "effective_spread").sel(mechanism="fba", delta=50.0)
    assert float(found["value"]) == pytest.approx(pooled, rel=1e-12)


def by_class_and_rank():
    one = xr.DataArray(np.arange(12.0).reshape(2, 3, 2), dims=("seed", "trader_class", "horizon"),
                       attrs={"units": "currency", "long_name": "markout"})  # fmt: skip
    other = xr.DataArray(
        [[1.0, 2.0], [3.0, 4.0]], dims=("seed", "quote_rank"), attrs={"units": "1"}
    )
    return xr.Dataset(
        {"by_class": one, "by_rank": other, "violation": ("seed", [False, False])},
        coords={
            "trader_class": ["maker", "informed", "noise"],
            "horizon": milliseconds(0, 100),
            "quote_rank": [1, 2],
        },
    )


@pytest.mark.parametrize(
    ("variable", "at", "title", "value"),
    [
        ("by_class", "informed", "by class, informed at 0 ms", 5.0),
        ("by_class", 100.0, "by class, maker at 100 ms", 4.0),
        ("by_class", ("noise", 100.0), "by class, noise at 100 ms", 8.0),
        ("by_rank", 2, "by rank, quote rank 2", 3.0),
    ],
)
def test_a_label_is_found_in_any_dim_and_named_in_the_title(variable, at, title, value):
    data, shown = by_class_and_rank(), Quantity(variable, at=at)
    assert shown.title(data) == title
    assert float(levels(data, shown)["value"]) == value


def test_a_cell_that_does_not_use_delta_comes_once():
    assert [point.name for point in distinct(sweep())] == [
        "clob", "fba (delta=50 ms)", "fba (delta=100 ms)",
    ]  # fmt: skip


def test_curves_draw_the_levels_along_the_axis():
    data = sweep()
    figure = plots.curves(data, ["taker_time_to_execution", plots.PROTECTION])
    lines = drawn(figure)
    for name in ("clob", "fba"):
        expected = levels(data, "taker_time_to_execution").sel(mechanism=name)
        assert lines[name].get_xdata().tolist() == [50.0, 100.0]
        assert lines[name].get_ydata().tolist() == expected["value"].to_numpy().tolist()
        band = figure.axes[0].collections[["clob", "fba"].index(name)].get_paths()[0].vertices
        assert band[:, 1].min() == expected["low"].min()
        assert band[:, 1].max() == expected["high"].max()
    assert lines["clob"].get_marker() == ""  # the same at every delta
    assert lines["fba"].get_marker() == "o"


def wider(values):
    """The same results at every value of a further swept key, but for the price error."""
    axis = xr.IndexVariable("latent_dt", list(values))
    made = xr.concat([sweep()] * len(values), axis).transpose("mechanism", "delta", ...)
    error = made["price_rmse"] * (1 + axis)
    made["price_rmse"] = error.transpose(*made["price_rmse"].dims).assign_attrs(units="currency")
    return made


def test_lines_run_in_order_of_value_whatever_that_of_the_words():
    data = wider([10, 5, 20])
    line = drawn(plots.curves(data, ["price_rmse"], "latent_dt"))["clob"]
    expected = levels(data, "price_rmse").sel(mechanism="clob", delta=50.0).sortby("latent_dt")
    assert line.get_xdata().tolist() == [5, 10, 20]
    assert line.get_ydata().tolist() == expected["value"].to_numpy().tolist()
    figure = plots.curves(data, ["price_rmse"], "delta", "latent_dt")
    assert [part.get_title(loc="left") for part in figure.axes] == [
        "latent dt=5 ms", "latent dt=10 ms", "latent dt=20 ms",
    ]  # fmt: skip
    assert len({part.get_ylim() for part in figure.axes}) == 1
    names = [label.get_text() for label in plots.heat(data, "price_rmse", "latent_dt", "mechanism",
             {"delta": 50.0}).axes[0].get_xticklabels()]  # fmt: skip
    assert names == ["5", "10", "20"]


def test_the_ends_of_intents_are_shares_that_fill_their_bar():
    data, ends = sweep(), ["filled", "expired", "priced_out"]
    shape = ("mechanism", "delta", "seed", "trader_class", "intent_end")
    counts = np.array([[6.0, 3.0, 1.0], [1.0, 1.0, 2.0]])
    shares = np.broadcast_to(counts / counts.sum(axis=1, keepdims=True),
                             (*data["price_rmse"].shape, 2, 3))  # fmt: skip
    data = data.assign_coords(trader_class=["noise", "sniper"], intent_end=ends)
    data["taker_end_share"] = shape, shares, {"units": "1"}
    total = np.broadcast_to(counts.sum(axis=1), shares.shape[:-1])
    data["taker_intents_by_class"] = shape[:-1], total, {"units": "1"}
    figure = plots.ends(data)
    assert [part.get_title(loc="left") for part in figure.axes] == ["Noise", "Sniper"]
    for part, expected in zip(figure.axes, shares[0, 0, 0], strict=True):
        bars = [bar for bar in part.patches if bar.get_y() < 0.5]  # of the first cell
        assert [bar.get_width() for bar in bars] == pytest.approx(expected.tolist())
        assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(1)


def test_terms_of_profit_stand_beside_each_other_by_sign_and_their_sum_is_the_mark():
    data = sweep().assign_coords(trader_class=["maker", "noise"], pnl_term=["fills", "fees", "gas"])
    shape = ("mechanism", "delta", "seed", "trader_class", "pnl_term")
    parts = np.array([[5.0, -2.0, -1.0], [-4.0, 0.0, 0.0]])
    values = np.broadcast_to(parts, (*data["price_rmse"].shape, 2, 3))
    data["pnl_by_term"] = shape, values, {"units": "currency"}
    figure = plots.terms(data)
    assert [part.get_title(loc="left") for part in figure.axes] == ["Maker", "Noise"]
    for part, expected in zip(figure.axes, parts, strict=True):
        bars = [bar for bar in part.patches if bar.get_y() < 0.5]  # of the first cell
        assert [bar.get_width() for bar in bars] == expected.tolist()
        assert min(bar.get_x() + min(bar.get_width(), 0) for bar in bars) == min(
            expected[expected < 0].sum(), 0
        )
        marks = [line for line in part.lines if line.get_marker() == "D"]
        assert marks[0].get_xdata()[0] == expected.sum()
    with pytest.raises(ResultsError, match="no cell has capital, costs or channels"):
        plots.terms(sweep())


def test_a_mechanism_without_delta_has_one_line_for_all_deltas():
    figure = plots.curves(wider([5, 10]), ["price_rmse"], "latent_dt")
    assert list(drawn(figure)) == ["clob", "fba, delta=50 ms", "fba, delta=100 ms"]
    with pytest.raises(ResultsError, match="axis=delta gives 14 lines, and at most 12 can be read"):
        plots.curves(wider(range(7)), ["price_rmse"])


def test_rows_with_long_names_leave_their_keys_to_the_axis():
    (part,) = plots.forest(wider([5, 10]), ["price_rmse"]).axes
    names = [label.get_text() for label in part.get_yticklabels()]
    assert names == ["fba (50, 5)", "fba (50, 10)", "fba (100, 5)", "fba (100, 10)"]
    assert part.get_ylabel() == "mechanism\ndelta (ms)\nlatent dt (ms)"


def test_rows_leave_out_keys_that_tell_no_cells_apart():
    data = wider([5, 10]).isel(latent_dt=[0])
    (part,) = plots.forest(data, ["price_rmse"]).axes
    names = [label.get_text() for label in part.get_yticklabels()]
    assert names == ["fba (delta=50 ms)", "fba (delta=100 ms)"]


@pytest.mark.parametrize(("values", "lines"), [
    ([5, 10], {"clob", "fba", "latent dt=5 ms", "latent dt=10 ms"}),
    (range(5), {"clob", "fba"}),  # more kinds than there are lines to tell them by
])  # fmt: skip
def test_a_frontier_tells_few_kinds_of_cells_apart(values, lines):
    figure = plots.frontiers(wider(values), [(plots.DISCOVERY, plots.SPEED)])
    (legend,) = figure.legends
    assert {text.get_text() for text in legend.get_texts()} == lines
    numbers = [text.get_text() for text in figure.axes[0].texts]
    assert numbers == ["50", "100"] * len(values)  # of fba; clob has none


@pytest.mark.parametrize("least", [0.0027, 0.0137, 0.027, 0.11, 1.3])
def test_numbers_under_a_frontier_stand_apart(least):
    data = sweep()
    spread = least * np.array([[1.0, 1.05], [1.1, 1.55]])[..., None] * np.ones(data.sizes["seed"])
    error = data["price_rmse"].transpose("mechanism", "delta", "seed").copy(data=spread)
    figure = plots.frontiers(data.assign(price_rmse=error), [(plots.DISCOVERY, plots.PROTECTION)])
    figure.canvas.draw()
    low, high = figure.axes[0].get_xlim()
    labels = [tick.label1 for tick in figure.axes[0].xaxis.get_major_ticks()
              if low <= tick.get_loc() <= high]  # fmt: skip
    boxes = [label.get_window_extent() for label in labels]
    gaps = [right.x0 - left.x1 for left, right in itertools.pairwise(boxes)]
    assert len(boxes) > 2
    assert min(gaps) > boxes[0].height / 2


def test_as_many_lines_as_are_drawn_can_be_told_apart():
    """One mechanism along a key, beside another of so many values that strokes repeat."""
    data = wider(range(12)).sel(mechanism=["fba"])
    lines = plots.curves(data, ["price_rmse"], "delta").axes[0].get_lines()
    looks = {(line.get_linestyle(), line.get_marker(), line.get_color()) for line in lines}
    assert len(looks) == len(lines) == 12


def test_a_figure_says_that_it_has_not_all_rows():
    (part,) = plots.distributions(wider(range(30)), ["price_rmse"]).axes
    assert len(part.get_yticks()) == 40
    assert "the first 40 of 90 cells" in part.get_title(loc="left").replace("\n", " ")


def test_a_forest_draws_the_paired_contrasts():
    data = sweep()
    (part,) = plots.forest(data, [plots.PROTECTION]).axes
    assert [label.get_text() for label in part.get_yticklabels()] == [
        "fba (delta=50 ms)", "fba (delta=100 ms)",
    ]  # fmt: skip
    measure = plots.PROTECTION.measure(data)
    lines = part.get_lines()
    for row, pair in enumerate(paired(data, "clob")):
        found = estimate(pair, [measure])
        assert list(lines[2 * row].get_xdata()) == [-found.high[0], -found.low[0]]
        assert list(lines[2 * row + 1].get_xdata()) == [-found.difference[0]]


def test_distributions_have_the_quantiles_of_the_seeds():
    data = sweep()
    (part,) = plots.distributions(data, ["taker_time_to_execution"]).axes
    values = data.taker_time_to_execution.sel(mechanism="fba", delta=100.0).to_numpy()
    whisker, median, mean = part.get_lines()[6:9]  # the third cell
    assert list(whisker.get_xdata()) == np.quantile(values, [0.05, 0.95]).tolist()
    assert median.get_xdata()[0] == np.median(values)
    assert mean.get_xdata()[0] == values.mean()
    box = part.patches[2]
    assert box.get_x() == np.quantile(values, 0.25)
    assert box.get_x() + box.get_width() == pytest.approx(np.quantile(values, 0.75))


def test_welfare_bars_of_a_cell_sum_to_zero():
    (part,) = plots.welfare(sweep()).axes
    bars = np.array([bar.get_width() for bar in part.patches]).reshape(5, 3)  # class, cell
    assert np.abs(bars.sum(axis=0)).max() < 1e-12
    assert np.abs(bars).max() > 0.1


def test_welfare_shows_who_else_is_paid():
    data = sweep()
    paid = 0.25 * xr.ones_like(data["pnl_maker"])
    units = {"units": "currency"}
    data["pnl_maker"] = (data["pnl_maker"] + paid).assign_attrs(
        units
    )  # by a policy, out of its pool
    data["pnl_pool"] = (-paid).assign_attrs(units)
    data["pnl_network"] = (0 * paid).assign_attrs(units)  # nothing is burned
    figure = plots.welfare(data)
    (part,) = figure.axes
    bars = np.array([bar.get_width() for bar in part.patches]).reshape(6, 3)  # who, cell
    assert np.abs(bars.sum(axis=0)).max() < 1e-12
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown == ["maker", "informed", "noise", "sniper", "venue", "pool"]


def test_a_frontier_has_both_intervals():
    data = sweep()
    figure = plots.frontiers(data, [(plots.SPEED, plots.PROTECTION)])
    bars = figure.axes[0].containers
    for name, bar in zip(("clob", "fba"), bars, strict=True):
        places = [0, 1] if name == "fba" else [0]
        speed, protection = (
            levels(data, one).sel(mechanism=name).isel(delta=places)
            for one in (plots.SPEED, plots.PROTECTION)
        )
        assert bar[0].get_xdata().tolist() == speed["value"].to_numpy().tolist()
        assert bar[0].get_ydata().tolist() == protection["value"].to_numpy().tolist()
        across = np.array([line[:, 0] for line in bar[2][0].get_segments()])
        assert across == pytest.approx(np.stack([speed["low"], speed["high"]], axis=1))


def test_a_heat_map_writes_level_and_half_width():
    data = sweep()
    figure = plots.heat(data, "taker_time_to_execution", x="delta", y="mechanism")
    found = levels(data, "taker_time_to_execution")
    image = figure.axes[0].get_images()[0].get_array()
    assert image.tolist() == found["value"].transpose("mechanism", "delta").to_numpy().tolist()
    half = float((found["high"] - found["low"]).sel(mechanism="fba", delta=50.0)) / 2
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[2].endswith(f"±{half:.1f}")


FIGURES = {
    "curves": lambda data: plots.curves(data, ["taker_time_to_execution", plots.PROTECTION]),
    "forest": lambda data: plots.forest(data, ["taker_time_to_execution", plots.PROTECTION]),
    "distributions": lambda data: plots.distributions(data, ["taker_time_to_execution"]),
    "welfare": plots.welfare,
    "frontiers": lambda data: plots.frontiers(data, [(plots.SPEED, plots.PROTECTION)]),
    "heat": lambda data: plots.heat(data, plots.PROTECTION, x="delta", y="mechanism"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_with_numbers_has_its_unit(name):
    for part in FIGURES[name](sweep()).axes:
        for axis in (part.xaxis, part.yaxis):
            words = any(tick.get_text()[:1].isalpha() for tick in axis.get_ticklabels())
            label = axis.get_label_text()
            shown = axis.get_visible() and len(axis.get_ticklocs()) and not words
            is_bar_of_colours = part.get_label() == "<colorbar>" and axis is part.xaxis
            assert not shown or is_bar_of_colours or label.endswith(")"), (name, label)


@pytest.mark.parametrize("name", FIGURES)
def test_a_cell_with_a_stopped_lane_is_not_drawn(name):
    def marks(data):
        figure = FIGURES[name](data)
        lines = [line.get_xydata() for part in figure.axes for line in part.get_lines()]
        images = [image.get_array() for part in figure.axes for image in part.get_images()]
        bars = [np.array([[p.get_x(), p.get_width()] for p in part.patches])
                for part in figure.axes if part.patches]  # fmt: skip
        everything = itertools.chain(lines, images[:1], bars)
        return sum(int(np.isfinite(np.ma.filled(one, np.nan)).sum()) for one in everything)

    assert marks(sweep(violated=[VIOLATED])) < marks(sweep())


def test_a_mechanism_has_one_colour_everywhere():
    data = sweep()
    fba = MECHANISM_COLOURS["fba"]
    curve = plots.curves(data, ["price_rmse"]).axes[0].get_lines()[1]
    row = plots.forest(data, ["price_rmse"]).axes[0].get_lines()[0]
    box = plots.distributions(data, ["price_rmse"]).axes[0].get_lines()[3]
    point = plots.frontiers(data, [("price_rmse", "effective_spread")]).axes[0].containers[1][0]
    assert {to_hex(line.get_color()) for line in (curve, row, box, point)} == {fba}
    assert len(set(MECHANISM_COLOURS.values())) == len(MECHANISM_COLOURS)


NO_PNL = [f"pnl_{name}" for name in ("maker", "noise", "informed", "sniper", "venue")]
RMSE = ["price_rmse"]
MISTAKES = [
    (lambda d: plots.curves(d, ["price_rms"]), "price_rms is not in the results; did you mean"),
    (lambda d: plots.curves(d, RMSE, "dleta"), "axis=dleta is not a swept key; did you mean delta"),
    (lambda d: plots.curves(d, RMSE, "mechanism"), "it must have at least two numbers"),
    (lambda d: plots.curves(d.sel(delta=[50.0]), RMSE), "it must have at least two numbers"),
    (lambda d: plots.forest(d, RMSE, "rfq"), "rfq is not in the results"),
    (lambda d: plots.forest(d, [Quantity("price_rmse", "lots")]), "lots is not in the results"),
    (lambda d: plots.curves(d, [Quantity("maker_markout")]), "maker_markout is not in the results"),
    (
        lambda d: plots.curves(d, [Quantity("maker_adverse_selection", "", 7.0)]),
        "maker_adverse_selection has no label 7.0; it has 0.0, 100.0",
    ),
    (lambda d: plots.heat(d, "price_rmse", "delta", "horizon"), "horizon is not a swept key"),
    (lambda d: plots.heat(d, "price_rmse", "delta", "delta"), "mechanism is left open: choose one"),
    (
        lambda d: plots.heat(d, "price_rmse", "delta", "delta", {"mechanism": "cda"}),
        "mechanism=cda is not in the results; they have clob, fba",
    ),
    (lambda d: plots.welfare(d.drop_vars(NO_PNL)), "there is no welfare to split"),
    (lambda d: plots.welfare(None), "a NoneType is not allowed: it must be a dataset"),
    (lambda d: plots.curves(d, "pric_rmse"), "metric=pric_rmse is not in the results"),
    (lambda d: plots.forest(d, 3), "shown=3 is not allowed: it must be a list of quantities"),
    (lambda d: plots.distributions(d, [None]), "None is not allowed: a quantity is the name of a"),
    (lambda d: plots.frontiers(d, "price_rmse"), "shown='price_rmse' is not allowed: .* of pairs"),
]


@pytest.mark.parametrize(("make", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence(make, sentence):
    with pytest.raises(ResultsError, match=sentence) as caught:
        make(sweep())
    assert "\n" not in str(caught.value)
