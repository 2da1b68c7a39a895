"""How many seeds run: looks, the same bits as one run, pilots apart, and what is said."""

import json
import shlex

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import proteus
from proteus.analysis import precision
from proteus.configuration.study import PURPOSE_SPAN, first_of, purpose_of
from proteus.plans import planner
from proteus.runs import api
from proteus.sweep import main
from tests.helpers.fake_engine import FakeEngine, install

BOTH = ["mechanism=clob,fba", "delta=50"]
LOOKS = [*BOTH, "precision=sequential", "precision.first_look=40", "precision.look_every=30"]


@pytest.fixture
def engine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return install(monkeypatch, FakeEngine())


def run(*words):
    return api.run(planner.from_words([*words]))


def record(result):
    return json.loads(result.dataset.attrs["precision"])


@pytest.mark.parametrize(
    ("first", "every", "most", "expected"),
    [
        (100, 100, 300, [100, 200, 300]),
        (100, 150, 300, [100, 250, 300]),
        (100, 100, 100, [100]),
        (100, 50, 70, [70]),
    ],
)
def test_looks_end_with_the_budget(first, every, most, expected):
    assert list(precision.looks(first, every, most)) == expected


def test_it_stops_at_the_first_look_that_is_narrow_and_not_before(engine):
    wide = run(*LOOKS, "precision.half_width_share=1e-6", "seeds.count=200")
    widths = {look["seeds"]: look["half_width"] for look in record(wide)["looks"]}
    assert list(widths) == [40, 70, 100, 130, 160, 190, 200]
    wanted = (widths[70] + widths[100]) / 2
    narrow = ["precision.half_width_share=null", f"precision.half_width={wanted}"]
    found = run(*LOOKS, *narrow, "seeds.count=200")
    assert record(found)["ended"] == "narrow"
    assert found.dataset.sizes["seed"] == record(found)["seeds"] == 100
    assert record(found)["looks"][-1] == {"half_width": widths[100], "wanted": wanted, "seeds": 100}


def test_a_look_that_sees_no_width_goes_on_and_says_so(engine, capsys, tmp_path):
    words = [*LOOKS, "seeds.count=1", "precision.half_width_share=0.9", "output_dir=x"]
    assert main(words) == 0
    assert "ended after 1 seeds: budget spent (half-width none" in capsys.readouterr().err
    manifest = (tmp_path / "x" / "manifest.json").read_text()
    assert json.loads(manifest)["precision"]["looks"][0]["half_width"] is None
    assert "Infinity" not in manifest


def test_the_share_is_of_the_baseline(engine):
    found = record(run(*LOOKS, "precision.half_width_share=0.5", "seeds.count=200"))
    data = run(*BOTH, "seeds.count=40").dataset.sel(mechanism="clob", delta=50)
    loss = data.maker_adverse_selection.sel(horizon="0ms").sum() / data.maker_volume_lots.sum()
    assert found["looks"][0]["wanted"] == pytest.approx(0.5 * abs(float(loss)))


def test_the_result_is_one_run_of_that_many_seeds(engine):
    found = run(*LOOKS, "precision.half_width_share=1e-6", "seeds.count=120", "seeds.first=7")
    once = run(*BOTH, "seeds.count=120", "seeds.first=7")
    differing = {"created", "overrides", "config", "precision"}
    xr.testing.assert_identical(
        found.dataset.drop_attrs(deep=False), once.dataset.drop_attrs(deep=False)
    )
    for key in once.dataset.attrs.keys() - differing:
        assert found.dataset.attrs[key] == once.dataset.attrs[key], key
    ranges = [call["replicates"] for call in engine.calls[:-2]]
    assert [len(part) for part in ranges[::2]] == [40, 30, 30, 20]
    assert np.concatenate(ranges[::2]).tolist() == list(range(7, 127))


def test_every_primary_contrast_must_be_narrow(engine):
    found = run("mechanism=clob,fba", "delta=50,100", *LOOKS[2:], "seeds.count=40")
    half = {
        row.delta: (row.high - row.low) / 2
        for row in proteus.compare(found.dataset, metrics=["maker_adverse_selection"]).itertuples()
        if row.family == "primary"
    }
    assert len(half) == 2
    assert record(found)["looks"][0]["half_width"] == pytest.approx(max(half.values()))


def test_the_baseline_alone_is_judged_by_the_width_of_the_endpoint_itself(engine):
    words = ["mechanism=clob", *LOOKS[2:], "precision.half_width_share=0.5", "seeds.count=40"]
    found = run(*words)
    data = found.dataset.isel(mechanism=0, delta=0)
    # lots are equal in all seeds, so the ratio of totals is a mean
    loss = data.maker_adverse_selection.sel(horizon="0ms") / data.maker_volume_lots
    interval = stats.ttest_1samp(loss, 0).confidence_interval(0.95)
    look = record(found)["looks"][0]
    assert look["half_width"] == pytest.approx((interval.high - interval.low) / 2)
    assert look["wanted"] == pytest.approx(0.5 * abs(float(loss.mean())))


def test_a_stopped_lane_ends_the_looks(monkeypatch):
    install(monkeypatch, FakeEngine(violated=(5,)))
    found = run(*LOOKS, "seeds.count=200")
    assert record(found)["ended"] == "a lane was stopped"
    assert found.dataset.sizes["seed"] == 40


def test_the_command_says_why_it_ended_and_what_was_achieved(engine, capsys, tmp_path):
    assert main([*LOOKS, "seeds.count=50", "precision.half_width_share=1e-9", "output_dir=x"]) == 0
    said = capsys.readouterr().err
    assert "at most; about" in said
    assert "ended after 50 seeds: budget spent (half-width" in said
    achieved = pd.read_csv(tmp_path / "x" / "contrasts.csv")
    assert set(achieved["variable"]) >= {"maker_adverse_selection", "n_fills"}
    assert set(achieved["schema_version"]) == {6}
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    assert manifest["precision"]["ended"] == "budget spent"
    *sentences, version = (tmp_path / "x" / "verdict.txt").read_text().splitlines()
    assert len(sentences) == 2
    assert version == "schema_version=6"


POWER = [*BOTH, "precision=power", "precision.pilot_seeds=40"]


def test_a_pilot_has_seeds_of_its_own_and_is_not_in_the_result(engine):
    found = run(*POWER, "seeds.count=500", "seeds.first=3")
    pilot = engine.calls[0]["replicates"]
    assert (pilot[0], len(pilot)) == (2 * PURPOSE_SPAN + 3, 40)
    assert found.dataset.seed.values[0] == 3
    assert not set(pilot) & set(found.dataset.seed.values)
    assert record(found)["pilot_first"] == pilot[0]


def test_seeds_are_those_that_the_pilots_deviation_asks_for(engine):
    pilot = run(*BOTH, "seeds.count=40", f"seeds.first={2 * PURPOSE_SPAN}").dataset
    row = next(
        row for row in proteus.compare(pilot, metrics=["maker_adverse_selection"]).itertuples()
        if row.family == "primary"
    )  # fmt: skip
    deviation = row.difference / row.d_z
    effect = 0.12 * abs(deviation)
    words = ["precision.effect_share=null", f"precision.effect={effect}"]
    found = record(run(*POWER, *words, "seeds.count=5000"))
    # n = (z + z)^2 / d^2 + z^2 / 2 for the t test (facts F)
    assert found["needed"] == pytest.approx((1.959964 + 0.841621) ** 2 / 0.12**2 + 1.92, abs=1.01)
    assert found["seeds"] == found["needed"]


def test_a_budget_that_is_too_small_is_said(engine, capsys):
    words = ["precision.effect_share=0.001", "seeds.count=60", "output_dir=x"]
    assert main([*POWER, *words]) == 0
    said = capsys.readouterr().err
    assert "ran 60 seeds: 40 pilot seeds from 2199023255552 ask for" in said
    assert "which seeds.count does not allow" in said


def test_purposes_are_disjoint_ranges():
    assert [purpose_of(first_of(p)) for p in ("evaluation", "selection", "pilot")] == [
        "evaluation", "selection", "pilot",
    ]  # fmt: skip
    assert purpose_of(PURPOSE_SPAN - 1) == "evaluation"
    assert purpose_of(2 * PURPOSE_SPAN - 1) == "selection"
    assert purpose_of(2**62) == "pilot"


def test_the_command_of_a_stopped_lane_runs_whatever_was_recorded(monkeypatch):
    install(monkeypatch, FakeEngine(violated=(45,)))
    links = "population.noise.latency.submission={law: constant, base_ms: 3, spread_ms: 0}"
    found = run(*BOTH, links, "record.events=seed:0..3", "record.traces=all", "seeds.count=50")
    words = shlex.split(found.violations[0]["reproduce"])[3:]
    assert links in words
    made = planner.from_words(words)
    assert made.replicates.tolist() == [45]
    assert made.cells[1].canonical() == found.plan.cells[1].canonical()


def test_a_stopped_lane_is_reproduced_without_its_precision(monkeypatch):
    install(monkeypatch, FakeEngine(violated=(5,)))
    words = run(*LOOKS, "seeds.count=50").violations[0]["reproduce"].split()[3:]
    assert planner.from_words(words).settings.precision.name == "fixed"
    assert planner.from_words(words).replicates.tolist() == [5]
