"""Budgets and companions: what binds, and what else has moved, on data that are easy to compute."""

import numpy as np
import pytest
from scipy import stats

from proteus.analysis.costs import BEYOND, OPEN, WITHIN
from proteus.analysis.verdict import headline, judged, verdict
from tests.unit.analysis.test_contrasts import ENDPOINT, dataset

WAIT = {"variable": "taker_time_to_execution", "may": "rise", "at_most": 100}
FILLED = {"variable": "share", "may": "fall", "at_most": 0.05}


def study(fall=0.02, spread=0.01, companions=(), **changes):
    """Add a share that is lower under fba by ``fall``, and a total that is the same."""
    declared = {**ENDPOINT, "budgets": [FILLED, WAIT], "companions": [*companions]}
    data = dataset(endpoint=declared, **changes).sel(delta=[50.0])
    random = np.random.default_rng(5)
    shape = data["price_rmse"].shape
    share = 0.8 + spread * random.normal(size=shape)
    share[1] -= fall
    data["share"] = data["price_rmse"].dims, share, {"units": "1"}
    data["total"] = data["price_rmse"].dims, random.normal(10, 1, shape), {"units": "lots"}
    return data


def only(data):
    (cell,) = judged(data).cells
    return cell


def test_the_budget_with_the_least_room_binds_where_all_are_kept():
    data = study(fall=0.04, rise=10.0)
    cell = only(data)
    assert [cost.kept for cost in cell.costs] == [WITHIN, WITHIN]
    assert cell.binding.budget.variable == "share"
    # By SciPy: the interval of the fall, and what it leaves of 0.05.
    a, b = (data["share"].sel(mechanism=name).to_numpy().ravel() for name in ("fba", "clob"))
    most = -stats.ttest_rel(a, b).confidence_interval(0.95).low
    assert cell.binding.room == pytest.approx((0.05 - most) / 0.05)
    assert cell.is_preferred
    _, second = verdict(data)
    assert "share fell by 0.0" in second
    assert (
        "the budget that binds is share, which has the least room; so fba (delta=50 ms)" in second
    )


@pytest.mark.parametrize(
    ("changes", "kept", "binds"),
    [
        ({"fall": 0.2}, [BEYOND, WITHIN], "share"),
        ({"rise": 300.0}, [WITHIN, BEYOND], "taker_time_to_execution"),
        ({"fall": 0.2, "rise": 110.0}, [BEYOND, BEYOND], "share"),
        ({"fall": 0.06, "rise": 900.0}, [BEYOND, BEYOND], "taker_time_to_execution"),
        ({"fall": 0.05, "spread": 0.05}, [OPEN, WITHIN], "share"),
        ({"fall": 0.05, "spread": 0.05, "rise": 300.0}, [OPEN, BEYOND], "taker_time_to_execution"),
    ],
)
def test_a_budget_that_fails_binds_and_the_cell_is_not_preferred(changes, kept, binds):
    data = study(**changes)
    cell = only(data)
    assert [cost.kept for cost in cell.costs] == kept
    assert cell.binding.budget.variable == binds
    assert not cell.is_preferred
    _, second = verdict(data)
    assert "which fails; so fba (delta=50 ms) is not preferred to clob." in second
    assert headline(data)[1] == second


def test_a_rise_of_what_may_fall_costs_nothing():
    cell = only(study(fall=-0.3))
    assert cell.costs[0].kept == WITHIN
    assert cell.costs[0].room > 1


@pytest.mark.parametrize("limit", [0, 0.0])
def test_a_budget_of_nothing_is_kept_only_by_what_does_not_move_that_way(limit):
    declared = {**ENDPOINT, "budgets": [{**WAIT, "at_most": limit}], "companions": []}
    for rise, kept in ((50.0, BEYOND), (-50.0, WITHIN)):
        cell = only(dataset(endpoint=declared, rise=rise).sel(delta=[50.0]))
        assert cell.costs[0].kept == kept


def test_companions_are_named_where_their_interval_excludes_zero_and_only_there():
    data = study(companions=["effective_lots", "total", "share"])
    data["effective_lots"][1] += 5
    first, second, third = verdict(data)
    assert third.startswith("What else moved, by 95 % intervals that are not adjusted: effective")
    a, b = (data["effective_lots"].sel(mechanism=name).to_numpy().ravel()
            for name in ("fba", "clob"))  # fmt: skip
    interval = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert third.endswith(
        f"effective lots rose from {b.mean():.4g} to {a.mean():.4g} lots "
        f"(difference {interval.low:.4g} to {interval.high:.4g})."
    )
    assert "total" not in third  # its interval holds zero
    assert "share" not in third  # a budget speaks of it already
    assert "which is better" in first
    assert "within its budget" in second


def test_where_nothing_moves_nothing_is_added():
    assert len(verdict(study(companions=["total"]))) == 2


def test_companions_do_not_move_the_verdict():
    data = study(companions=["total"])
    other = data.copy()
    other["total"] = data["total"] * (1 + 9 * (data["mechanism"] == "fba"))
    assert verdict(other)[:2] == verdict(data)
    assert len(verdict(other)) == 3


def test_a_variable_too_large_to_be_read_at_once_gives_the_same_verdict(monkeypatch):
    declared = {**ENDPOINT, "companions": ["effective_lots", "price_rmse"]}
    data = dataset(endpoint=declared)
    expected = verdict(data)
    monkeypatch.setattr("proteus.analysis.contrasts.READ_AT_ONCE", 10)
    assert verdict(data) == expected
