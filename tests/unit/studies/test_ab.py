"""One change of rules on a small market: laws of money, what is written, what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

import proteus
from proteus.ab import main
from proteus.configuration.study import PILOT, first_of
from proteus.errors import ResultsError
from proteus.runs import api
from proteus.studies import ab, ab_report, ab_tables

QUICK = ["mechanism=clob", "horizon_s=2", "seeds.count=16", "record.warmup_s=0",
         "metrics.tau_ms=500"]  # fmt: skip
GROUPS = ("maker", "informed", "noise", "sniper")
BLIND = [f"population.{group}.knows_costs=false" for group in GROUPS]
FEE = ["costs=notional", "costs.maker_ppm=0", "costs.taker_ppm=0,5000"]


def test_a_fee_that_nobody_reckons_with_moves_money_and_nothing_else(tmp_path, capfd):
    """Fills are the same, so all pay what the venue gets, and no measure of prices moves."""
    code = main([*QUICK, *BLIND, *FEE, f"output_dir={tmp_path / 'x'}"])
    said = capfd.readouterr().out.splitlines()
    assert code == 0
    assert "is the same in all 16 seeds" in said[0]
    assert said[-1] == str(tmp_path / "x")
    who = pd.read_csv(tmp_path / "x" / "who.csv").query("kind == 'party'").set_index("name")
    terms = pd.read_csv(tmp_path / "x" / "terms.csv")
    everybody = terms[terms["change"] != 0]
    moved = everybody[everybody["kind"] == "party"]
    assert set(moved["term"]) == {"fees"}
    np.testing.assert_allclose(who.loc["venue", "change"], -moved["change"].sum(), rtol=1e-9)
    np.testing.assert_allclose(who["change"].sum(), 0, atol=1e-9)
    paid = pd.read_csv(tmp_path / "x" / "paid.csv").query("change != 0")
    assert set(paid["receiver"]) == {"venue"}
    np.testing.assert_allclose(paid["change"].sum(), who.loc["venue", "change"], rtol=1e-9)
    groups = pd.read_csv(tmp_path / "x" / "who.csv").query("kind == 'group'").set_index("name")
    traders = pd.read_csv(tmp_path / "x" / "who.csv").query("kind == 'trader'")
    for group in GROUPS:
        assert groups.loc[group, "change"] == pytest.approx(who.loc[group, "change"], abs=1e-9)
        own = traders[traders["name"].str.fullmatch(rf"{group}\d+")]
        assert own["change"].sum() == pytest.approx(who.loc[group, "change"], abs=1e-9)
        of_terms = everybody[everybody["name"].isin(own["name"])]
        assert set(of_terms["term"]) == {"fees"}
        np.testing.assert_allclose(
            of_terms.set_index("name")["change"], own.set_index("name")["change"][of_terms["name"]]
        )


def test_a_change_undone_is_its_negative():
    forth = ab.run([*QUICK, "delta=100", "mechanism=fba", "population.maker.count=2,3"][1:])
    back = ab.run([*QUICK, "delta=100", "mechanism=fba", "population.maker.count=3,2"][1:])
    gone, come = (one.after.won.total - one.before.won.total for one in (forth, back))
    assert np.abs(gone).sum() > 0
    np.testing.assert_array_equal(gone, -come)
    for side in (forth.before, forth.after):  # what fills bring makers is split, seed by seed
        terms, classes = ab_tables._by_term(side), len(side.won.classes)
        np.testing.assert_array_equal(terms.sum(axis=2), side.won.total[:, :classes])
    table = ab_tables.terms(forth).query("kind == 'party' and name == 'maker'").set_index("term")
    assert list(table.index) == ["spread captured", "adverse selection", "drift"]
    fills = forth.after.data["maker_markout"].isel(horizon=0).mean().item()
    assert table.loc["adverse selection", "after"] < 0 < table.loc["spread captured", "after"]
    assert table["after"][:2].sum() == pytest.approx(fills, abs=1e-9)
    there, again = (ab_tables.who(one).set_index("name") for one in (forth, back))
    classes = ["maker", "informed", "noise", "sniper"]
    both = [there.loc[there["kind"] == "party"].loc[classes, name] for name in ("low", "high")]
    turned = [-again.loc[again["kind"] == "party"].loc[classes, name] for name in ("high", "low")]
    np.testing.assert_allclose(both, turned, rtol=1e-9)


def test_who_is_on_one_side_alone_wins_nothing_on_the_other(tmp_path):
    """A spoofer comes: its class is a party of both sides, and all changes still sum to zero."""
    words = [*QUICK, "execution=depth", "population=baseline,spoofed", "seeds.count=4"]
    folder = tmp_path / "x"
    assert main([*(word for word in words if word != QUICK[2]), f"output_dir={folder}"]) == 0
    who = pd.read_csv(folder / "who.csv").query("kind == 'party'").set_index("name")
    assert who.loc["spoofer", "before"] == 0
    assert who.loc["spoofer", "after"] != 0
    np.testing.assert_allclose(who[["before", "after", "change"]].sum(), 0, atol=1e-9)
    terms = pd.read_csv(folder / "terms.csv").query("kind == 'party'")
    np.testing.assert_allclose(
        terms.groupby("name")["change"].sum(), who["change"].sort_index(), atol=1e-9
    )
    paid = pd.read_csv(folder / "paid.csv").set_index(["payer", "receiver"])["after"]
    received = paid.groupby("receiver").sum().get("spoofer", 0)
    spent = paid.groupby("payer").sum().get("spoofer", 0)
    assert received - spent == pytest.approx(who.loc["spoofer", "after"], abs=1e-9)


def test_shares_of_several_changes_sum_to_the_whole(tmp_path):
    words = [*QUICK, *BLIND, *FEE, "population.noise.count=4,5"]
    experiment = ab.run(words, is_attributed=True)
    assert list(experiment.sides) == [
        (False, False), (False, True), (True, False), (True, True),
    ]  # fmt: skip
    shares = ab_tables.attribution(experiment)
    who = ab_tables.who(experiment).query("kind == 'party'").set_index("name")
    for name, rows in shares[shares["of"] != "endpoint"].groupby("of"):
        assert rows["value"].sum() == pytest.approx(who.loc[name, "change"], abs=1e-9)
    one = ab_tables.judged(experiment)
    whole = shares[shares["of"] == "endpoint"]["value"].sum()
    assert whole == pytest.approx(float(one.found.difference[0]), rel=1e-6)
    fee = shares[(shares["of"] == "endpoint") & shares["change"].str.startswith("costs")]
    assert fee["value"].abs().item() < 1e-12  # nobody reckons with it


def test_an_option_of_a_group_at_a_place_may_change(tmp_path):
    """A chain with capital that never binds gives the same market; one that binds does not."""
    chains = "risk@population.maker.risk=[inventory_limit],[inventory_limit,capital]"
    free, bound = (
        ab.run([*QUICK, chains, f"population.maker.capital={capital}"]) for capital in (1e6, 2)
    )
    assert (free.after.won.total == free.before.won.total).all()
    assert (bound.after.won.total != bound.before.won.total).any()


def test_both_sides_are_written_down(tmp_path):
    words = [*QUICK, *BLIND, *FEE, f"output_dir={tmp_path / 'x'}"]
    main(words)
    names = {path.name for path in (tmp_path / "x").iterdir()}
    assert names == {
        "ab.html", "manifest.json", "measures.csv", "paid.csv", "risk.csv", "terms.csv",
        "verdict.txt", "who.csv",
    }  # fmt: skip
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    before, after = manifest["sides"]["0"], manifest["sides"]["1"]
    assert before["cell"]["costs"]["taker_ppm"] != after["cell"]["costs"]["taker_ppm"]
    assert before["config_hash"] != after["config_hash"]
    page = (tmp_path / "x" / "ab.html").read_text()
    assert "costs.taker_ppm 0 -&gt; 5000" in page
    assert "http" not in page.replace("http://www.w3.org", "")  # nothing is loaded


MORE = [word for word in QUICK if not word.startswith("seeds.count")]
LOOKS = [*MORE, "precision=sequential", "precision.first_look=30", "precision.look_every=20",
         "population.maker.count=2,3"]  # fmt: skip


@pytest.fixture
def few_recorded(monkeypatch):
    """Look at the fills of few seeds, which take most of the time."""
    monkeypatch.setattr(ab_tables, "RECORDED", 3)


def test_looks_end_where_the_difference_is_narrow_and_give_what_so_many_seeds_give(
    tmp_path, capfd, few_recorded
):
    """The half-widths are those of single runs; only the width decides, and it is said."""
    spent = ab.run([*LOOKS, "precision.half_width_share=1e-9", "seeds.count=80"])
    seen = {look["seeds"]: look["half_width"] for look in spent.precision["looks"]}
    assert list(seen) == [30, 50, 70, 80]
    assert spent.precision["ended"] == "budget spent"
    assert spent.after.data.sizes["seed"] == spent.before.data.sizes["seed"] == 80
    assert len({*seen.values()}) == 4
    wanted = (max(seen[30], seen[50]) + seen[50]) / 2 if seen[50] < seen[30] else seen[30] * 1.01
    expected = next(count for count, half in seen.items() if half <= wanted)
    words = [*LOOKS, "precision.half_width_share=null", f"precision.half_width={wanted}"]
    folder = tmp_path / "x"
    assert main([*words, "seeds.count=80", f"output_dir={folder}"]) == 0
    said = capfd.readouterr().out
    assert f"Ended after {expected} seeds: narrow (half-width" in said
    once = ab.run([*MORE, "population.maker.count=2,3", f"seeds.count={expected}"])
    one = ab_tables.judged(once)
    assert one.half_width == seen[expected]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["precision"]["ended"] == "narrow"
    assert manifest["seeds"]["count"] == expected
    hashes = [side["config_hash"] for side in manifest["sides"].values()]
    assert hashes == [side.plan.config_hash for side in once.sides.values()]
    table = pd.read_csv(folder / "who.csv", comment="#")
    np.testing.assert_allclose(table["change"], ab_tables.who(once)["change"], rtol=1e-12)
    with pytest.raises(ResultsError, match=rf"must be one of 0 \.\. {expected - 1}"):
        proteus.why(folder, expected)  # a seed that no look came to


def test_a_pilot_says_how_many_seeds_find_an_effect(tmp_path, capfd, few_recorded):
    words = [*MORE, "precision=power", "precision.pilot_seeds=30", "precision.effect_share=9",
             "population.maker.count=2,3", "costs=none,kalshi", "seeds.count=110"]  # fmt: skip
    assert main([*words, "--attribute", f"output_dir={tmp_path / 'x'}"]) == 0
    said = capfd.readouterr().out
    assert "Of the change of the endpoint, with 95 % intervals: population.maker.count 2 ->" in said
    assert f"Ran 100 seeds: 30 pilot seeds from {first_of(PILOT)} ask for 100." in said
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    assert manifest["seeds"]["first"] == 0
    assert [side["words"][-1] for side in manifest["sides"].values()] == ["seeds.count=100"] * 4


MISTAKES = [
    (["costs=none"], "no keys are changed: give 1 .. 6 keys two values each"),
    (["costs=none,kalshi,polymarket"], "a change has two values, the one before and the one after"),
    (["costs=none,none"], "changes nothing: both sides are the same cell"),
    (["costs=none,kalshi", "--attribute"], "--attribute needs several changes: there is one"),
    (["costs=none,kalshi", "--half-width", "0"], "--half-width=0 is not allowed: it must be a num"),
    (["costs=none,kalshi", "--half-width", "x"], "--half-width=x is not allowed: it must be a num"),
    (["costs=none,kalshi", "plan_only=true"], "plan_only=true is not allowed: both sides are run"),
    (["costs=none,kalshi", "record.events=seed:0"], "record.events=seed:0 is not allowed"),
    (["costs=none,kalshi", "precision=sequential", "--half-width", "0.1"],
     "--half-width=0.1 is not allowed: precision=sequential says how narrow the interval is to be"),
    (["costs=none,kalshi", "precision=power", f"seeds.first={first_of(PILOT)}"],
     "is not allowed: these are pilot seeds, which the pilot itself needs"),
    (["costs=none,kalshi", "precision=sequential", "precision.half_width=1"],
     "exactly one of half_width and half_width_share must be given"),
    (["precision=fixed,sequential", "costs=none"], "precision=fixed,sequential changes nothing"),
    (["mechanism=clob", "delta=100,250"], "delta=100,250 changes nothing"),
    (["costs=none,kalshy"], "kalshy"),
    (["horizon_s=2,3", "costs=none", "costs=kalshi"], "costs is given twice"),
    (["horizon_s=10,20"], "as one trades longer; name horizon_s in parity.exceptions if that is"),
    (["+experiment=phase2", "costs=none,kalshi"], "both sides must be one cell each"),
    (["costs=none,kalshi", "parity.exceptions=[nothing]"], "names no key"),
    (["costs=none,kalshi", "episodes.count=2"],
     "episodes.count=2 is not allowed: the study looks at single days"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES]
)
def test_mistakes_are_one_sentence_before_anything_runs(words, sentence, tmp_path, capfd):
    code = main([*words, f"output_dir={tmp_path / 'x'}"])
    printed = capfd.readouterr()
    assert (code, printed.out) == (2, "")
    assert sentence in printed.err
    assert len(printed.err.splitlines()) == 1
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made_is_refused_before_anything_runs(tmp_path, capfd, monkeypatch):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(ab, "run_in_memory", lambda *_: pytest.fail("it runs"))
    assert main([*QUICK, "costs=none,kalshi", f"output_dir={tmp_path / 'file' / 'x'}"]) == 2
    assert f"is not allowed: {tmp_path / 'file'} is a file" in capfd.readouterr().err
    assert main([*QUICK, "costs=none,kalshi", f"output_dir={tmp_path / 'file'}"]) == 2
    assert f"is not allowed: {tmp_path / 'file'} is a file" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_lane_that_breaks_an_invariant_is_exit_3_and_nothing_is_written(
    tmp_path, capfd, monkeypatch
):
    def broken(plan, progress, lanes):
        return simulated(plan, progress, lanes)._replace(
            violations=[{"mechanism": "clob", "seed": 3}]
        )

    simulated = api.run
    monkeypatch.setattr(api, "run", broken)
    assert main([*QUICK, "costs=none,kalshi", f"output_dir={tmp_path / 'x'}"]) == 3
    assert capfd.readouterr().err.splitlines()[-1] == (
        "violation: 1 lanes broke an invariant; first: mechanism=clob, seed=3"
    )
    assert not (tmp_path / "x").exists()


def test_what_cannot_be_compared_is_said_without_numbers(tmp_path, capfd):
    words = [*QUICK, "costs=none,kalshi", "seeds.count=1", f"output_dir={tmp_path / 'x'}"]
    assert main([word for word in words if word != "seeds.count=16"]) == 0
    said = capfd.readouterr().out
    assert "cannot be compared: fewer than two seeds." in said
    assert "nan" not in said


@pytest.mark.parametrize(("count", "is_warned"), [(29, True), (30, False)])
def test_few_seeds_are_warned_of(count, is_warned, tmp_path, capfd):
    words = [*QUICK[1:2], *QUICK[3:], "mechanism=clob,fba", f"seeds.count={count}"]
    assert main([*words, f"output_dir={tmp_path / 'x'}"]) == 0
    said = capfd.readouterr().out
    assert ("trust no interval or p here" in said) == is_warned
    assert (
        f"These are {count} seeds:" in (tmp_path / "x" / "verdict.txt").read_text()
    ) == is_warned


@pytest.mark.plain
def test_who_gains_is_beside_who_pays_though_nobody_is_shown_to():
    table = {"kind": ab_tables.CLASS_OR_ACCOUNT, "name": ["maker", "venue"], "change": [-2, 3],
             "low": [-3, 1], "high": [-1, 5], "p_adjusted": [0.01, 0.02]}  # fmt: skip
    said = ab_report._moved(pd.DataFrame(table))
    assert said.startswith("Gain: the venue +3 (1 to 5); pay: makers -2 (-3 to -1). Currency per")


def test_seeds_of_a_pilot_judge_nothing(capfd, tmp_path):
    words = [*QUICK, *BLIND, *FEE, f"seeds.first={first_of(PILOT)}", f"output_dir={tmp_path / 'x'}"]
    assert main(words) == 0
    assert capfd.readouterr().out.startswith("No verdict: pilot seeds judge nothing.")


@pytest.mark.plain
@pytest.mark.parametrize(("adjusted", "sentence"), [
    ([0.06, 0.8], "Nobody is shown to gain or to pay: Holm's adjustment over all parties asks"),
    ([0.04, 0.8], "Gain: makers +2 (1 to 3); pay: nobody is shown to. Currency per lane, each"),
])  # fmt: skip
def test_who_gains_is_said_after_the_adjustment_though_an_interval_leaves_out_zero(
    adjusted, sentence
):
    table = {"kind": ab_tables.CLASS_OR_ACCOUNT, "name": ["makers", "takers"], "change": [2, -2],
             "low": [1, -9], "high": [3, 5], "p_adjusted": adjusted}  # fmt: skip
    assert ab_report._moved(pd.DataFrame(table)).startswith(sentence)
