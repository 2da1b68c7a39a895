"""Who survives, against SciPy and by hand; and what of it hurts."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from proteus.configuration.study import Survival
from proteus.errors import ResultsError
from proteus.studies.survival import bites, judge, ranked

RULE = Survival(
    largest_inventory_lots=50, largest_drawdown=20.0, share_of_seeds=0.9, confirmed=2,
    confirmed_seeds=30,
)  # fmt: skip


def swept(pnl, inventory=10.0, drawdown=5.0, spread=0.02, violation=0):
    """A sweep of one mechanism over the points of a design; ``pnl`` is [point, seed]."""
    pnl = np.asarray(pnl, float)
    full = {
        "maker_pnl_marked": pnl, "maker_inventory_most": inventory, "maker_max_drawdown": drawdown,
        "quoted_spread": spread, "violation": violation,
    }  # fmt: skip
    dims = ("mechanism", "delta", "point", "seed")
    shape = (1, 1, *pnl.shape)
    return xr.Dataset(
        {
            name: (dims, np.broadcast_to(np.asarray(x, float), pnl.shape).reshape(shape))
            for name, x in full.items()
        },
        coords={"point": np.arange(len(pnl))},
    )


def test_the_interval_is_that_of_scipy_and_widens_for_several():
    pnl = np.random.default_rng(1).normal(1, 3, (2, 25))
    for together, level in ((1, 0.95), (5, 0.99)):
        table = judge(swept(pnl), RULE, together)
        for point, row in table.iterrows():
            wanted = stats.ttest_1samp(pnl[point], 0).confidence_interval(level)
            assert (row["low"], row["high"]) == pytest.approx((wanted.low, wanted.high))


@pytest.mark.parametrize(
    ("change", "within", "survives"),
    [
        ({}, 1.0, True),
        ({"inventory": np.r_[[60.0] * 2, [50.0] * 18]}, 0.9, True),  # at the limits is inside
        ({"inventory": np.r_[[60.0] * 3, [50.0] * 17]}, 0.85, False),
        ({"drawdown": np.r_[[20.1] * 3, [20.0] * 17]}, 0.85, False),
        (
            {"inventory": np.r_[60.0, [9.0] * 19], "drawdown": np.r_[[9.0] * 18, 30, 30]},
            0.85,
            False,
        ),
        ({"pnl": np.r_[[-1.0] * 10, [1.1] * 10]}, 1.0, False),  # positive, and not shown to be
    ],
)
def test_profit_and_risk_are_both_asked(change, within, survives):
    pnl = change.pop("pnl", np.linspace(1, 2, 20))
    (row,) = judge(swept([pnl], **change), RULE).to_dict("records")
    assert (row["within"], row["survives"]) == (pytest.approx(within), survives)


def test_the_narrowest_spread_is_first_and_losers_are_out():
    table = pd.DataFrame(
        {"point": [0, 1, 2, 3], "spread": [0.03, 0.01, 0.02, 0.02],
         "survives": [True, False, True, True]}
    )  # fmt: skip
    assert ranked(table) == [2, 3, 0]


def test_a_stopped_lane_is_no_base_for_a_judgement():
    with pytest.raises(ResultsError, match="1 lanes broke an invariant"):
        judge(swept(np.ones((1, 5)), violation=[0, 0, 1, 0, 0]), RULE)


def test_what_bites_is_the_paired_difference_of_the_ends():
    pnl = np.random.default_rng(2).normal(0, 1, (3, 40))
    mean, low, high = bites(swept(pnl), "point")
    wanted = stats.ttest_rel(pnl[2], pnl[0]).confidence_interval(0.95)
    assert (low, high) == pytest.approx((wanted.low, wanted.high))
    assert mean == pytest.approx((pnl[2] - pnl[0]).mean())
