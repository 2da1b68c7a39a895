"""The stress pack: its golden outcome, what it says, its files and page, and what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest

from proteus.commands.process import EXIT_DONE, EXIT_WRONG_INPUT
from proteus.configuration.locate import options_of
from proteus.errors import ConfigError
from proteus.market.variables import variables_of
from proteus.market.variables.dimensions import OPTIONAL_DIMENSIONS
from proteus.stress import invariants, running, telling
from proteus.stress.__main__ import main
from proteus.stress.pack import COMPANIONS, MAKERS, SCENARIOS, grids
from tests.golden import stress as golden
from tests.helpers.browser import chromium, opened
from tests.helpers.budget import is_proof

__all__ = ["chromium"]


def test_the_short_pack_has_its_golden_outcome():
    results = golden.found(proof=is_proof())
    wanted, lines = golden.wanted(results), golden.told(results)
    if said := golden.explain(wanted, lines, results.broken):
        pytest.fail(said, pytrace=False)


def test_deltas_are_those_of_the_means_paired_by_seed():
    """Against SciPy's paired t interval, from the datasets of both arms."""
    from scipy import stats

    from proteus.plans import planner

    (words,) = grids(SCENARIOS["fork"], MAKERS["baseline"], ["clob"], golden.SHORT[1:])
    plan = planner.from_words(words)
    data = running._dataset(plan, "fork").isel(mechanism=0, delta=0)["pnl_noise"]
    usual, stressed = (data.sel(stress=name).to_numpy() for name in ("none", "fork"))
    low, high = stats.ttest_rel(stressed, usual).confidence_interval(0.95)
    deltas = golden.found(proof=is_proof()).deltas
    row = deltas[
        (deltas["scenario"] == "fork") & (deltas["mechanism"] == "clob")
        & (deltas["variable"] == "pnl_noise")
    ].iloc[0]  # fmt: skip
    assert row["difference"] == pytest.approx(np.mean(stressed - usual), rel=1e-12)
    assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-9)


@pytest.mark.plain
def test_every_scenario_is_a_yaml_and_watches_a_variable():
    known = {variable.name for variable in variables_of(OPTIONAL_DIMENSIONS)}
    assert {*SCENARIOS} <= {*options_of("stress")} - {"none"}
    assert {each.watched for each in SCENARIOS.values()} | {*COMPANIONS} <= known


@pytest.mark.plain
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["scenarios=flood"], "scenarios=flood does not exist"),
        (["makers=lab"], "makers=lab does not exist"),
        (["mechanism=clop"], "mechanism=clop does not exist; did you mean clob?"),
        (["scenarios=fork,fork"], "a name stands there twice"),
        (["stress=fork"], "stress=fork is not allowed: the pack sets it"),
        (["delta=100,200"], "delta=100,200 is not allowed: the pack sets it; lists are"),
        (["precision=power"], "precision=power is not allowed"),
        (["output_dir="], "output_dir= is not allowed: must not be empty"),
        (
            ["scenarios=fork,spoof_burst", "mechanism=rfq"],
            "scenarios=spoof_burst is not allowed: mechanism=rfq publishes no book",
        ),
    ],
)
def test_words_of_the_pack(words, sentence):
    with pytest.raises(ConfigError) as caught:
        running.read(words)
    assert sentence in str(caught.value)


@pytest.mark.plain
def test_what_is_broken_and_what_has_changed_is_named():
    old = [golden.HEAD, "fork baseline clob volume_lots 1.0 2.0"]
    new = [golden.HEAD, "fork baseline clob volume_lots 1.0 3.0"]
    assert golden.explain(old, old, {}) == ""
    said = golden.explain(old, new, {"fork/baseline/clob: conserved": "profits sum to 1"})
    assert "invariant broken in fork/baseline/clob: conserved: profits sum to 1" in said
    assert "changed: fork/baseline/clob" in said
    assert "\033[31m-fork baseline clob volume_lots 1.0 2.0" in said


def row_of(difference, low, high, **more):
    return {
        "scenario": "fork", "maker": "baseline", "mechanism": "clob", "variable": "reverted_share",
        "declared": True, "long_name": "it", "units": "1", "difference": difference,
        "low": low, "high": high,
        "detectable": 0.5, "n": 9, "moves": low > 0 or high < 0, **more,
    }  # fmt: skip


@pytest.mark.plain
def test_a_scenario_that_moves_nothing_says_why():
    chosen = running.read(["scenarios=fork", "mechanism=clob"])
    for row, sentence in (
        (row_of(0.2, 0.1, 0.3), "it (reverted_share) moves by clob +0.2 (0.1 to 0.3)."),
        (row_of(0.2, -0.1, 0.5), "moves in no mechanism: clob +0.2 (-0.1 to 0.5), and 0.5 would"),
        (row_of(0.0, 0.0, 0.0), "clob has the same in all 9 seeds"),
        (row_of(np.nan, np.nan, np.nan), "clob does not measure it"),
        (row_of(0.2, np.nan, np.nan, n=1), "clob +0.2 with 1 seed, which is too few for an int"),
    ):
        *_, said = telling.sentences(running.Results(chosen, pd.DataFrame([row]), (), {}))
        assert sentence in said


@pytest.mark.plain
def test_a_mechanism_under_which_a_scenario_cannot_be_is_named():
    chosen = running.read(["scenarios=spoof_burst", "mechanism=clob,rfq"])
    row = row_of(0.2, 0.1, 0.3, scenario="spoof_burst", variable="price_rmse", units="currency")
    *_, said = telling.sentences(running.Results(chosen, pd.DataFrame([row]), (), {}))
    assert said.endswith("moves by clob +0.2 (0.1 to 0.3) currency; not run in rfq, which "
                         "publishes no book.")  # fmt: skip
    (words,) = grids(chosen.scenarios[0], chosen.makers[0], chosen.mechanisms, [])
    assert words[0] == "mechanism=clob"


@pytest.mark.plain
@pytest.mark.parametrize("maker", MAKERS)
def test_those_who_are_spoofed_read_depth_whatever_makers_do(maker):
    from proteus.plans import planner

    (words,) = grids(SCENARIOS["spoof_burst"], MAKERS[maker], ["clob"], golden.SHORT[1:])
    for cell in planner.from_words(words).cells:
        assert cell.population["reader"].policy.filter.name == "microprice"
        assert cell.population["maker"].kind == ("maker" if maker == "baseline" else "lab_maker")


def test_the_command_writes_a_page_in_one_file(tmp_path, monkeypatch, capsys, chromium):
    monkeypatch.chdir(tmp_path)
    words = ["scenarios=fork", "mechanism=clob", *golden.SHORT[1:], "output_dir=mine"]
    assert main(words) == EXIT_DONE
    *said, folder = capsys.readouterr().out.splitlines()
    assert "the 95 % interval of the change (in brackets; paired by seed, 3 seeds)" in said[0]
    named = "share of the lots filled that forks dropped (reverted_share)"
    assert "With fewer than 30 seeds a standard deviation says little" in said[1]
    assert said[2].startswith(f"fork, maker baseline: {named} moves by clob")
    assert folder == "mine"
    assert main(words) == EXIT_WRONG_INPUT
    assert "output_dir=mine is not empty: choose another folder" in capsys.readouterr().err
    folder = tmp_path / folder
    assert json.loads((folder / telling.MANIFEST).read_text())["broken"] == {}
    deltas = pd.read_csv(folder / telling.DELTAS, comment="#")
    assert len(deltas) == 1 + len(COMPANIONS)
    with opened(chromium, folder / telling.PAGE) as seen:
        assert not seen.requests
        assert not seen.complaints
        text = seen.page.inner_text("body")
        assert said[2] in text
        assert "The window is 8 s to 12 s, in lanes of 12 s." in text
        assert ", ".join(invariants.INVARIANTS) in text
