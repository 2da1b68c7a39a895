"""The report: what it says first, what it refuses, and how it looks to a browser.

One page is drawn with all its figures; where only words matter, pages have none.
"""

import html
import json
import re

import pandas as pd
import pytest
import xarray as xr

from proteus import plots
from proteus.analysis.contrasts import compare
from proteus.analysis.verdict import headline, verdict
from proteus.configuration.study import PURPOSE_SPAN
from proteus.pages.bundle import bundle
from proteus.pages.report import report_page
from proteus.pages.sections import Drawn, Section, sections
from proteus.report import main
from proteus.studies.paper import latex
from tests.helpers.browser import DESK, PHONE, is_wider_than_its_window, opened
from tests.helpers.browser import chromium as chromium
from tests.helpers.sweeps import PARITY, sweep, write

SECTIONS = (
    "Verdict", "Primary endpoint", "Curves over batch interval", "Contrasts", "Frontiers",
    "Distributions", "Welfare split", "Levels", "Precision", "Parity", "Violations", "Provenance",
    "How to reproduce",
)  # fmt: skip
STOPPED = {
    "cell": 1, "seed": 3, "reason": "book_crossed", "event_id": 5,
    "reproduce": "python -m proteus.sweep delta=50 seeds.first=3 seeds.count=1",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = write(sweep(), tmp_path_factory.mktemp("report") / "a study")
    assert main([str(folder)]) == 0
    return folder


def few(**changes):
    """Return results of so few seeds that nothing is resampled."""
    return sweep(**changes).isel(seed=slice(12))


def words_of(page):
    """Return what a page says, without its marks."""
    body = page.partition("<body>")[2]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)))


def page_of(*datasets):
    """Return the page of some datasets without figures."""
    bundles = [bundle(data, {}, "x") for data in datasets]
    return report_page(bundles, [[] for _ in bundles])


def test_the_page_has_its_sections_and_numbers_on_desk_and_phone(folder, chromium):
    data = sweep()
    first, cells = headline(data), verdict(data)
    primary = compare(data).query("family == 'primary'")
    for width in (DESK, PHONE):
        with opened(chromium, folder / "report.html", width) as one:
            page = one.page
            assert tuple(page.locator("h2").all_inner_texts()) == SECTIONS
            assert page.locator(".verdict > p:not(.soft)").all_inner_texts() == first
            assert len(first) == 2
            items = page.locator(".verdict li").all_inner_texts()
            assert " ".join(items) == " ".join(cells)
            assert page.locator("#b0-primary svg").count() == 1
            rows = page.locator("#b0-primary tbody tr").all()
            for row, (_, expected) in zip(rows, primary.iterrows(), strict=True):
                shown = row.locator("td").all_inner_texts()
                assert shown[4] == f"{-expected.high:.4g} to {-expected.low:.4g}"  # a loss
                assert shown[5] == f"{-expected.bca_high:.4g} to {-expected.bca_low:.4g}"
                assert shown[7] == f"{-expected.d_z:.2f}"
                assert expected.p_adjusted < 1e-16
                assert shown[8] == "< 1e-16"
            assert not is_wider_than_its_window(page)
            for figure in page.locator("figure svg").all():
                assert figure.bounding_box()["width"] > 250
            assert one.complaints == []
            assert one.requests == []


def test_it_prints_within_the_paper_and_is_dark_at_night(folder, chromium):
    with opened(chromium, folder / "report.html", 703) as one:  # A4 less its margins, CSS pixels
        one.page.emulate_media(media="print", color_scheme="dark")
        assert not is_wider_than_its_window(one.page)
        colour = "getComputedStyle(document.body).backgroundColor"
        assert one.page.evaluate(colour) == "rgb(255, 255, 255)"
        one.page.emulate_media(media="screen", color_scheme="dark")
        assert one.page.evaluate(colour) == "rgb(20, 24, 29)"
        tick = one.page.locator("#b0-primary svg text").first
        assert tick.evaluate("text => getComputedStyle(text).fill") == "rgb(223, 229, 235)"


def test_an_axis_of_words_with_many_labels_is_held_where_lines_would_be_too_many():
    names = xr.IndexVariable("population", [f"p{k}" for k in range(8)])
    data = xr.concat([few()] * 8, names).transpose("mechanism", "delta", ...)
    (curves,) = [part for part in sections(bundle(data, {}, "x")) if part.name == "curves-delta"]
    assert "Only population=p0 is shown" in curves.caption


def test_figures_are_written_as_files(tmp_path, monkeypatch, capsys):
    drawn = Drawn("welfare", "who wins", plots.welfare(sweep()))
    one_figure = [Section("welfare", "Welfare", "caption", [drawn])]
    monkeypatch.setattr("proteus.pages.sections.sections", lambda one: one_figure)
    folder = write(sweep(), tmp_path / "x")
    assert main([str(folder), "--figures", "svg"]) == 0
    expected = [folder / "figures" / "welfare.svg", folder / "report.html"]
    assert capsys.readouterr().out.splitlines() == [str(path) for path in expected]
    assert "<svg" in expected[0].read_text()
    assert expected[1].read_text().count('<svg role="img"') == 1


def test_the_command_to_reproduce_is_that_of_the_run(folder):
    page = (folder / "report.html").read_text()
    assert "python -m proteus.sweep delta=50,100</pre>" in page


TABLES = {
    "tex": (r"\toprule", r"mechanism & delta (ms) &", r"fba & 50 & $-$0.498 ["),
    "md": ("| mechanism | delta (ms) |", "| fba | 50 | -0.498 ["),
    "csv": ("mechanism,delta,", "fba,50.0,"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_are_written_as_files(no_figures, tmp_path, capsys, kind):
    folder = write(few(), tmp_path / "x")
    assert main([str(folder), "--tables", kind]) == 0
    names = [f"tables/{name}.{kind}" for name in ("levels", "effects", "paper")]
    expected = [str(folder / name) for name in (*names, "report.html")]
    assert capsys.readouterr().out.splitlines() == expected
    text = (folder / names[2]).read_text(encoding="utf-8")
    assert all(part in text for part in TABLES[kind]), text
    if kind == "csv":
        table = pd.read_csv(folder / names[1])
        contrast = compare(few())
        is_loss = contrast.eval("variable == 'maker_adverse_selection' and horizon == 0")
        wanted = contrast[is_loss & (contrast["per"] == "maker_volume_lots")]
        found = table[table["variable"] == "maker_adverse_selection"]
        assert found["difference"].tolist() == pytest.approx(wanted["difference"].tolist())


def test_columns_for_a_paper_have_the_names_and_units_of_its_text(no_figures, tmp_path):
    """A row of the file says what it holds: a loss, in the sign of a loss, per what."""
    folder = write(few(), tmp_path / "x")
    for kind in ("csv", "md"):
        assert main([str(folder), "--tables", kind]) == 0
    table = pd.read_csv(folder / "tables" / "paper.csv")
    text = (folder / "tables" / "paper.md").read_text(encoding="utf-8")
    heads = text.splitlines()[2].strip("| ").split(" | ")
    rest = {"mechanism", "delta (ms)", "p", "outcome", "budgets"}
    assert "adverse-selection loss per lot (currency/lots)" in heads
    for head in (head for head in heads if head not in rest):
        assert {head, f"{head}_low", f"{head}_high"} <= {*table}
    contrast = compare(few())
    is_loss = contrast.eval("variable == 'maker_adverse_selection' and horizon == 0")
    lost = -contrast[is_loss & (contrast["per"] == "maker_volume_lots")]["difference"]
    found = table["adverse-selection loss per lot (currency/lots)"]
    assert found.tolist() == pytest.approx(lost.tolist())


def test_a_table_of_latex_is_whole_and_escapes_what_latex_reads():
    odd = r"50 % of a_b & {c} ~ x^2 \ $ # < ±"
    text = latex(
        ["key", "value"], [[odd, "1"], ["b", "-2"], ["a-b", "-"]], 1, caption=odd, label="t"
    )
    lines = text.splitlines()
    begun = [line for line in lines if line.startswith(r"\begin")]
    ended = [line for line in lines if line.startswith(r"\end")]
    assert len(begun) == len(ended) == 2
    body = lines[lines.index(r"\toprule") + 1 : lines.index(r"\bottomrule")]
    assert body[1] == r"\midrule"
    for line in (body[0], *body[2:]):
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == 1  # as many cells as columns
        bare = line.removesuffix(r" \\")
        known = r"\\(textbackslash|textasciitilde|textasciicircum)\{\}|\\[&%$#_{}]|\$(<|-|\\pm)\$"
        assert not re.search(r"[\\%$#_{}~^<±]", re.sub(known, "", bare))
    assert body[3:] == [r"b & $-$2 \\", r"a-b & -- \\"]
    assert r"\begin{tabular}{lr}" in text
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert text.isascii()


@pytest.fixture
def no_figures(monkeypatch):
    monkeypatch.setattr("proteus.pages.sections.sections", lambda one: [])


def test_several_folders_are_chapters_of_one_page(no_figures, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(few(), tmp_path / "a")
    write(few(gain=-0.4), tmp_path / "b")
    assert main(["a", "b"]) == 0
    assert capsys.readouterr().out.splitlines() == ["report.html"]
    page = (tmp_path / "report.html").read_text()
    said = words_of(page)
    assert said.count("How to reproduce") == 2
    assert "2 better, 0 worse" in said
    assert "0 better, 2 worse" in said
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_cell_with_a_stopped_lane_is_refused_and_the_exit_code_says_so(
    no_figures, tmp_path, capsys
):
    folder = write(few(violated=[(1, 0, 3)]), tmp_path / "x", (STOPPED,))
    assert main([str(folder)]) == 3
    assert capsys.readouterr().out.splitlines()[-1] == str(folder / "report.html")
    said = words_of((folder / "report.html").read_text())
    assert "Refused because a lane was stopped: fba (delta=50 ms)." in said
    assert "No verdict: fba (delta=50 ms) cannot be compared: 1 of 12 lanes were stopped" in said
    assert "fba 50 stopped stopped" in said  # its levels
    assert STOPPED["reproduce"] in said


def test_one_contrast_has_the_two_sentences_of_its_verdict():
    data = few().sel(delta=[50.0])
    assert headline(data) == verdict(data)
    assert len(headline(data)) == 2
    assert page_of(data).count("<li>") == 0


def test_the_headline_counts_outcomes_and_names_what_is_preferred():
    assert headline(few(rise=50.0))[1] == (
        "Preferred to clob by the declared endpoint: fba (delta=50 ms), fba (delta=100 ms)."
    )
    assert headline(few(rise=150.0))[1] == (
        "No cell is preferred to clob; what binds the better ones: taker time to execution, mean "
        "of lanes."
    )
    first, second = headline(few(gain=-0.4))
    assert "0 better, 2 worse, 0 not shown to differ" in first
    assert second == "No cell is preferred to clob."


def test_a_mechanism_outside_its_study_is_exploratory():
    data = few().assign_coords(mechanism=["clob", "dual_flow"])
    said = words_of(page_of(data.assign_attrs(gate="not_checked")))
    assert "No verdict: dual_flow was run outside phase 4 (gate=not_checked)" in said
    assert "The figures below are exploratory." in said
    assert "which is better" not in said
    assert "p (Holm)" not in said
    checked = words_of(page_of(data.assign_attrs(gate="passed")))
    assert "2 better, 0 worse, 0 not shown to differ" in checked
    assert "outside phase 4" not in checked


def test_beside_it_other_mechanisms_are_judged():
    data = xr.concat([few(), few().sel(mechanism=["fba"])], "mechanism")
    data = data.assign_coords(mechanism=["clob", "fba", "dual_flow"]).assign_attrs(few().attrs)
    data["violation"].attrs = few()["violation"].attrs
    said = words_of(page_of(data.assign_attrs(gate="not_checked")))
    assert "of 2 cells compared with clob: 2 better" in said
    assert "No verdict: dual_flow was run outside phase 4" in said


def test_where_nothing_is_compared_the_levels_are_shown():
    data = few().sel(mechanism=["fba"])
    assert "No verdict: this sweep holds fba without its baseline clob" in words_of(page_of(data))
    said = words_of(page_of(few().sel(mechanism=["clob"])))
    assert "No verdict: this sweep holds clob alone, so nothing is compared." in said
    names = [section.name for section in sections(bundle(data, {}, "x"))]
    assert names == ["curves-delta", "frontiers", "distributions", "welfare"]


def test_seeds_of_a_pilot_give_no_verdict():
    said = words_of(page_of(few(first=2 * PURPOSE_SPAN)))
    assert "No verdict: pilot seeds judge nothing." in said
    assert "Preferred to clob" not in said


def test_a_single_seed_has_no_intervals():
    data = few().isel(seed=[0])
    said = words_of(page_of(data))
    assert "cannot be compared with clob: fewer than two seeds" in said
    assert "±" not in said
    assert len(sections(bundle(data, {}, "x"))) == 6


def test_parity_exceptions_are_shown():
    parity = {**PARITY, "deliberate": {"latent.dt": [10, 20]}}
    said = words_of(page_of(few().assign_attrs(parity=json.dumps(parity))))
    assert "Deliberate differences, named in parity.exceptions: key one cell" in said
    assert "latent.dt 10 20" in said


def test_texts_of_a_bundle_are_escaped():
    page = page_of(few().assign_attrs(overrides=json.dumps(["x='<script>alert(1)</script>'"])))
    assert "<script>alert" not in page


def test_what_a_killed_process_left_is_no_obstacle(no_figures, tmp_path):
    folder = write(few(), tmp_path / "x")
    (folder / ".report.html.tmp").write_text("half a page")
    assert main([str(folder)]) == 0
    assert "<html" in (folder / "report.html").read_text()
    assert not (folder / ".report.html.tmp").exists()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["nowhere"], "nowhere does not exist: give the output folder of a finished sweep"),
        ([], "the following arguments are required: FOLDER"),
        (
            ["x", "--figures", "gif"],
            "--figures=gif is not allowed: it must be one of png, pdf, svg",
        ),
        (["x", "--frob"], "unrecognized arguments: --frob"),
        (["x", "x"], "FOLDER=x is given twice"),
        (["x", "--output", "/proc/x.html"], "--output=/proc/x.html cannot be written"),
        (["x", "--output", "x"], "--output=x cannot be written: it is a folder"),
        (["x", "--output", ""], "--output= is not allowed: it must not be empty"),
        (["x", "--output", "no/such/page.html"], "no/such/page.html cannot be written"),
        (["y"], "cannot be read as netCDF"),
    ],
)
def test_a_mistake_is_one_sentence(no_figures, tmp_path, monkeypatch, capsys, words, part):
    monkeypatch.chdir(tmp_path)
    write(few(), tmp_path / "x")
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "results.nc").write_text("no")
    assert main(words) == 2
    printed = capsys.readouterr()
    (sentence,) = printed.err.splitlines()
    assert sentence.startswith("error: ")
    assert part in sentence
    assert not (tmp_path / "x" / "report.html").exists()
