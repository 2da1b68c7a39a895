"""The search for an equilibrium on a small market: what is written, and what is refused."""

import re

import numpy as np
import pandas as pd
import pytest

import proteus
from proteus.equilibrium import EXIT_NOT_FOUND, main
from proteus.plans import parity
from proteus.plans.planner import from_words
from proteus.studies import equilibrium

KEY = "population.maker.policy.half_spread"
QUICK = ["horizon_s=2", "seeds.count=12", "executor=threads", "record.warmup_s=0",
         "metrics.tau_ms=500"]  # fmt: skip


def test_profits_are_those_of_a_sweep_and_the_value_lies_between_them(tmp_path, capfd):
    words = ["mechanism=clob,rfq", *QUICK, f"output_dir={tmp_path / 'x'}"]
    code = main(
        [KEY, "--points", "3", *words, "--between", "0.0005", "0.08"]
    )  # options among words
    assert capfd.readouterr().out.splitlines()[-1] == str(tmp_path / "x")
    tried = pd.read_csv(tmp_path / "x" / "tried.csv")
    table = pd.read_csv(tmp_path / "x" / "equilibrium.csv")
    assert (code == 0) == bool(table["value"].notna().all())
    for mechanism, rows in tried.groupby("mechanism"):
        swept = proteus.sweep(
            {"mechanism": mechanism, KEY: rows["half spread"].tolist(), "horizon_s": 2,
             "record.warmup_s": 0, "metrics.tau_ms": 500}, seeds=12,
        )  # fmt: skip
        pnl = swept["pnl_marked_by_group"].sel(group="maker").mean("seed").to_numpy().ravel() / 2
        np.testing.assert_allclose(rows["pnl_per_member"], pnl, rtol=1e-12)
        (row,) = table[table["mechanism"] == mechanism].to_dict("records")
        if not np.isnan(row["value"]):
            below = rows[rows["half spread"] <= row["value"]].iloc[-1]["pnl_per_member"]
            above = rows[rows["half spread"] > row["value"]].iloc[0]["pnl_per_member"]
            assert below <= 0 <= above
    assert {"equilibrium.svg", "report.md"} <= {path.name for path in (tmp_path / "x").iterdir()}


def test_a_range_without_a_zero_says_on_which_side_it_lies(tmp_path, capfd):
    words = [*QUICK, "mechanism=clob", f"output_dir={tmp_path / 'x'}"]
    code = main([KEY, *words, "--between", "0.05", "0.08", "--points", "3"])
    assert code == EXIT_NOT_FOUND
    assert "it earns even at 0.05; try a lower --between" in capfd.readouterr().out
    assert (tmp_path / "x" / "tried.csv").exists()


def _asked(key, words, response="zero"):
    return equilibrium._question(from_words(words), key, words, response, None)


@pytest.mark.plain
@pytest.mark.parametrize(
    ("key", "values", "sentence"),
    [
        (KEY, [0.0, 0.05], "it earns even at 0, and nothing lower is allowed"),
        (KEY, [0.01, 0.05], "it earns even at 0.01; try a lower --between"),
        ("population.maker.policy.quote_lots", [1, 5],
         "it earns even at 1, and nothing lower is allowed"),
    ],
)  # fmt: skip
def test_who_earns_at_the_lowest_value_is_sent_no_lower(key, values, sentence):
    assert equilibrium._no_root(_asked(key, ["mechanism=fba"]), values, [0.0, 2.0]) == sentence


@pytest.mark.plain
def test_a_range_that_nobody_gave_ends_in_zero_where_makers_earn_above_it(monkeypatch):
    words = ["mechanism=fba"]
    asked, earning = _asked(KEY, words), np.array([1.0, 2.0])
    monkeypatch.setattr(equilibrium, "_profits", lambda *_: [[np.array([-1.0, 3.0])]])
    for tried, found in (({0.01: earning}, [0.0, 0.01]), ({0.01: -earning}, [0.01])):
        cell = equilibrium.Cell({}, {}, tried, None, None, "")
        equilibrium._try_zero(asked, cell)
        assert sorted(cell.tried) == found


@pytest.mark.plain
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["risk@population.maker.risk=[order_size,loss_limit]"],
        ["population.maker=lab", "filter=kalman", "quoting=glft", "risk=none"],
        ["population.maker=lab", "risk=[capital,inventory_limit]", "population.maker.capital=30"],
    ],
)
def test_who_moves_alone_has_all_that_the_others_have(words):
    """Words merge into what an option of a kind has, so parts and chains could be mixtures."""
    (cell,) = from_words(words).cells
    members = parity.tree(cell)["population"]["maker"]
    (copied,) = from_words([*words, *equilibrium._deviator(members)]).cells
    assert parity.tree(copied)["population"]["deviator"] == {**members, "count": 1}


@pytest.mark.plain
def test_whole_numbers_start_from_one():
    plan, key = from_words([]), "population.maker.policy.quote_lots"
    assert equilibrium._first_values(plan, _asked(key, []), None, 4)[0] == 1


MISTAKES = [
    ([KEY, "episodes.count=2"], "episodes.count=2 is not allowed: the study looks at single days"),
    ([KEY, "--response", "worst"], "--response=worst is not allowed: it must be one of zero, best"),
    ([KEY, "--between", "0.02", "0.01"], "LOW must be below HIGH"),
    ([KEY, "--between", "x", "0.01"], "--between=x is not allowed: it must be a number"),
    ([KEY, "--points", "2"], "--points=2 is not allowed: it must be a whole number, 3 .. 50"),
    ([KEY, "--points", "4.5"], "--points=4.5 is not allowed"),
    ([KEY, "--group", "makers"], "--group=makers does not exist; did you mean maker"),
    ([KEY, f"{KEY}=0.01,0.02"], f"{KEY}=0.01,0.02 is not allowed, since it is looked for"),
    ([KEY, "precision=sequential", "precision.half_width_share=0.1"], "needs precision=fixed"),
    (["population.maker.policy.half_spred"], "half_spred does not exist; did you mean half_spread"),
    (["population.maker.policy.at_limit"], "at_limit=pull cannot be looked for: it must be a num"),
    (["delta", "mechanism=fba"], "delta is of no group of traders"),
    (["population.maker.policy.inventory_slope", "population.maker.policy.inventory_slope=0"],
     "says no range: give --between LOW HIGH"),
    ([KEY, "population.maker.count=0"], "population.maker.count must be one number above 0"),
    ([KEY, "population.maker.count=1", "--response", "best"], "needs a group of two or more"),
    ([KEY, "--response", "best", "population.maker.policy.quote_lots=5,10"],
     "needs the same population.maker in all cells: one member of it is copied"),
    ([KEY, "--response", "best", "--between", "0", "0.06"], "LOW must be above 0 with"),
    (["population.maker.policy.quote_lots", "--between", "1", "2"], "at least 3 whole numbers"),
    ([KEY, "mechanism=clobb"], "mechanism=clobb"),
    ([], "the following arguments are required: KEY"),
    ([KEY, "plan_only=true"], "plan_only=true is not allowed: a search keeps profits alone"),
    ([KEY, "record.events=seed:0"], "record.events=seed:0 is not allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence_before_anything_runs(
    words, sentence, capfd, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capfd.readouterr().err
    assert re.match(r"error: [^\n]*\n\Z", said)
    assert sentence in said
    assert not [*tmp_path.iterdir()]
