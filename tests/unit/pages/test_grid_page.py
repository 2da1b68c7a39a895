"""The page of twenty-four cells: it fits a phone, its legends and numbers lie apart, few words."""

import io
import itertools
import re

import numpy as np
import xarray as xr
from rich.console import Console

from proteus.analysis import summary
from proteus.analysis.levels import distinct
from proteus.analysis.verdict import headline
from proteus.report import main
from tests.helpers.browser import DESK, PHONE, is_wider_than_its_window, opened
from tests.helpers.browser import chromium as chromium
from tests.helpers.sweeps import write
from tests.unit.commands.test_report import few, page_of, words_of


def grid(gains=(0.1, 0.2, 0.3, 0.4, 0.5)):
    """Twenty-four cells: clob once and fba at five intervals, four values of a long name."""
    key = xr.IndexVariable("maker_policy_half_spread", [0.03, 0.01, 0.02, 0.04])
    axis = xr.IndexVariable("delta", [50.0, 100.0, 250.0, 500.0, 1000.0])
    made = [few(gain=gain).isel(delta=0, drop=True) for gain in gains]
    for one in made:  # clob uses no interval
        for name, values in one.data_vars.items():
            values[{"mechanism": 0}] = made[0][name][{"mechanism": 0}]
    wide = xr.concat(made, axis)
    long = xr.concat([wide] * key.size, key)
    error = long["price_rmse"] * (1 + key)
    long["price_rmse"] = error.assign_attrs(wide["price_rmse"].attrs)
    long["delta"].attrs.update(long_name="batch interval", units="ms")
    return long.transpose("mechanism", "delta", key.dims[0], "seed", ...)


TOUCHING = """figure => {
  const box = (part) => part.getBoundingClientRect();
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 &&
    a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const legends = [
    ...document.querySelectorAll('.legend'), ...figure.querySelectorAll('[id*="legend_"]')];
  const axes = [...figure.querySelectorAll('g[id*="-axes_"]')];
  return legends.some(l => axes.some(a => meet(box(l), box(a))));
}"""


# Where the numbers at points are; nothing else is as small.
PLACES = """texts => texts.filter(text => getComputedStyle(text).fontSize === "7px").map(text => {
  const box = text.getBoundingClientRect();
  return [box.left, box.right, box.top, box.bottom];
})"""


def meet(one, other):
    """Tell whether two boxes lie on each other by more than a pixel."""
    (left, right, top, bottom), (left_2, right_2, top_2, bottom_2) = one, other
    across = min(right, right_2) - max(left, left_2)
    return across > 1 and min(bottom, bottom_2) - max(top, top_2) > 1


def test_a_grid_fits_a_phone_and_no_legend_stands_on_an_axis(tmp_path, chromium):
    folder = write(grid(), tmp_path / "x")
    assert main([str(folder)]) == 0
    for width in (DESK, PHONE):
        with opened(chromium, folder / "report.html", width) as one:
            if width == PHONE:
                # ends of intents, counterparties and recorded lanes take 1,300 more
                assert one.page.evaluate("document.documentElement.scrollHeight") < 6_700
                assert one.page.locator("#b0-levels .scroll").bounding_box()["height"] < 300
            assert not is_wider_than_its_window(one.page)
            figures = one.page.locator("figure").all()
            assert len(figures) > 10
            assert not any(figure.evaluate(TOUCHING) for figure in figures)
            numbers = one.page.locator("#b0-frontiers svg text").evaluate_all(PLACES)
            assert len(numbers) == 2 * 20  # two figures
            assert not any(itertools.starmap(meet, itertools.combinations(numbers, 2)))
            assert one.page.locator("svg g[id*='axes_']").count() > len(figures)
            heads = one.page.locator("#b0-levels th").all_inner_texts()
            assert heads[:3] == ["mechanism", "delta (ms)", "maker half spread (currency)"]
            first = one.page.locator("#b0-levels tbody tr").first.locator("td").all_inner_texts()
            assert first[:3] == ["clob", "-", "0.03"]  # clob uses no interval
            assert "nan" not in one.page.locator("body").inner_text().split()
            assert one.complaints == []


def test_a_headline_of_many_cells_stays_short():
    many = grid()
    assert headline(many)[1] == "Preferred to clob by the declared endpoint: all 20 cells."
    names = [point.name for point in distinct(many) if point.mechanism == "fba"]
    few_better = grid(gains=(0.5, -0.1, -0.1, -0.1, -0.1))
    expected = ", ".join(names[:4])
    assert headline(few_better)[1] == f"Preferred to clob by the declared endpoint: {expected}."
    most_better = grid(gains=(-0.1, 0.2, 0.3, 0.4, 0.5))
    expected = f"all 20 cells but {', '.join(names[:4])}"
    assert headline(most_better)[1] == f"Preferred to clob by the declared endpoint: {expected}."
    half_better = grid(gains=(0.4, 0.5, -0.1, -0.1, -0.1))
    assert headline(half_better)[1].endswith(": 8 of 20 cells.")


def test_a_page_of_very_many_cells_has_the_first_ones_and_says_where_the_rest_is(monkeypatch):
    monkeypatch.setattr("proteus.pages.tables.MOST_CELLS", 10)
    data = grid().isel(seed=slice(4))
    page = page_of(data)
    said = words_of(page)
    assert "Tables have the first 10, figures 40; summary.csv has all." in said
    assert "verdict.txt has 10 more." in said
    assert page.count("<li>") == 11
    for name in ("primary", "levels"):
        (table,) = re.findall(rf'id="b0-{name}".*?</section>', page, re.S) or [""]
        assert table.count("<tr>") in (0, 1 + 10)


def test_the_terminal_breaks_no_word_of_a_head_and_labels_no_cell_with_a_key_it_ignores():
    data = grid()
    table = summary.summarise(data)
    for width in (80, 100, 140):
        console = Console(width=width, height=40, file=io.StringIO())
        numbers = np.arange(40).reshape(2, 5, 4)
        numbers[0] = numbers[0, 0]  # clob is the same at every interval
        axes = ["mechanism", "delta", "maker_policy_half_spread"]
        summary.show(table, axes, console, ("maker_adverse_selection",), numbers)
        said = console.file.getvalue()
        assert "\u2026" not in said
        rows = [line.split()[:2] for line in said.splitlines() if line.split()[:1] == ["clob"]]
        assert rows == [["clob", "-"]] * 4
    one = data.isel(delta=[2], maker_policy_half_spread=[0])
    console = Console(width=100, file=io.StringIO())
    summary.show(summary.summarise(one), axes, console, numbers=np.array([[[0]], [[1]]]))
    (line,) = [line for line in console.file.getvalue().splitlines() if line.startswith("delta")]
    assert line.split() == ["delta", "(ms)", "-", "250"]
