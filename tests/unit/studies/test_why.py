"""Why two lanes of one seed differ: events, fills, and shares that sum to the nano."""

import numpy as np
import pytest

import proteus
from proteus.ab import main
from proteus.errors import ResultsError
from tests.unit.basics.test_in_html import Reader
from tests.unit.studies.test_ab import BLIND, FEE, QUICK


@pytest.fixture(scope="module")
def fee(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ab") / "x"
    assert main([*QUICK, *BLIND, *FEE, f"output_dir={folder}"]) == 0
    return folder


def test_a_fee_that_nobody_reckons_with_changes_no_fill(fee):
    """The lanes part at the first fee; all of the difference is what was charged."""
    found = proteus.why(fee, 3)
    assert found.first.loc["after", "code"] == "fee"
    assert found.fills.empty
    assert (found.pnl["change"] == found.pnl["other_entries"]).all()
    assert (found.pnl["change"] <= 0).all()
    assert found.pnl["change"].sum() < 0
    assert "part at" in str(found)
    assert Reader(found._repr_html_()).texts[1:] == [str(found)]


def test_two_mechanisms_share_their_beginning_and_the_parts_sum_to_the_difference(tmp_path):
    """Against the PnL that the sweep itself measured for this seed."""
    dataset = proteus.sweep(
        {"mechanism": ["clob", "fba"], "delta": [100], "horizon_s": 2, "record.warmup_s": 0,
         "metrics.tau_ms": 500, "record.per_trader": True}, seeds=8, output_dir=tmp_path / "x",
    )  # fmt: skip
    found = proteus.why(tmp_path / "x", 5, "mechanism=clob", "mechanism=fba")
    assert found.equal_events > 0  # the same intent is the first of both
    lane = dataset["pnl_marked_by_trader"].sel(seed=5).isel(delta=0)
    for name, mechanism in (("before", "clob"), ("after", "fba")):
        expected = np.rint(lane.sel(mechanism=mechanism).to_numpy() * 1e9)
        np.testing.assert_array_equal(found.pnl[name], expected)
    parts = ["fills_only_before", "fills_only_after", "common_fills", "other_entries"]
    np.testing.assert_array_equal(found.pnl[parts].sum(axis=1), found.pnl["change"])
    assert set(found.fills["lane"]) <= {"before", "after"}
    back = proteus.why(tmp_path / "x", 5, {"mechanism": "fba"}, {"mechanism": "clob"})
    np.testing.assert_array_equal(back.pnl["change"], -found.pnl["change"])


def test_the_first_event_that_differs_is_a_jump_of_another_size(tmp_path):
    """Before the first jump both lanes are the same, and only its value tells them apart."""
    jumps = ["latent.jump_rate_per_s=3", "latent.jump_accuracy=0.6,0.8"]
    assert main([*QUICK, *jumps, f"output_dir={tmp_path / 'x'}"]) == 0
    found = proteus.why(tmp_path / "x", 3)
    assert found.first["kind"].tolist() == ["news", "news"]
    assert found.first["time_ns"].nunique() == 1
    assert found.first["value_nano"].nunique() == 2


def test_accounts_are_known_by_their_names(tmp_path):
    """A third maker moves the numbers of all after it: the first difference is its capital."""
    words = ["population.maker.count=2,3", "population.maker.capital=50"]
    assert main([*QUICK, *words, f"output_dir={tmp_path / 'x'}"]) == 0
    found = proteus.why(tmp_path / "x", 3)
    after = found.first.loc["after"]
    assert (after["code"], after["giver"], after["receiver"]) == ("endow", "issuer", "maker2")
    assert found.equal_events == 2  # the capital of the other two


def test_equal_cells_have_nothing_that_differs(tmp_path):
    proteus.sweep(
        {"mechanism": ["clob", "fba"], "delta": [100, 250], "horizon_s": 2, "record.warmup_s": 0,
         "metrics.tau_ms": 500}, seeds=2, output_dir=tmp_path / "x",
    )  # fmt: skip
    found = proteus.why(
        tmp_path / "x", 1, "mechanism=clob,delta=100", {"mechanism": "clob", "delta": 250}
    )
    assert found.first.empty
    assert found.fills.empty
    assert (found.pnl["change"] == 0).all()
    assert str(found).startswith("Both lanes have the same")


def test_what_was_not_run_is_refused_in_a_sentence(fee, tmp_path):
    with pytest.raises(
        ResultsError, match=r"seed=99 was not run in .*: it must be one of 0 \.\. 15"
    ):
        proteus.why(fee, 99)
    with pytest.raises(ResultsError, match="seed=True was not run"):
        proteus.why(fee, True)
    with pytest.raises(ResultsError, match="has two sides: name no cells of it"):
        proteus.why(fee, 1, "costs=none", "costs=kalshi")
    with pytest.raises(ResultsError, match=r"has no manifest\.json of a run"):
        proteus.why(tmp_path, 1)


def test_cells_are_named_by_their_axes(tmp_path):
    proteus.sweep(
        {"mechanism": ["clob", "fba"], "horizon_s": 2, "record.warmup_s": 0, "metrics.tau_ms": 500},
        seeds=2, output_dir=tmp_path / "x",
    )  # fmt: skip
    for a, b, sentence in (
        (None, None, "is a sweep: name two of its cells"),
        ("mechanism=clob", "mechanism=rfq", "mechanism=rfq was not run; it is one of clob, fba"),
        ("mechanism=clob", "delta=100", "does not say mechanism: it is one of clob, fba"),
        ("mechanism", "mechanism=fba", "write key=value,key=value"),
        ("mechanism=clob,tick=1", "mechanism=fba", "tick is no axis of the sweep"),
    ):
        with pytest.raises(ResultsError, match=sentence):
            proteus.why(tmp_path / "x", 1, a, b)
