"""The laboratory of makers in whole markets: the ordinary maker in parts, and parts as data."""

import numpy as np
import pytest

from proteus.testing.lanes import TINY, cell, differing, finished_plain

pytestmark = pytest.mark.nojit

MECHANISMS = ("clob", "fba", "dual_flow", "rfq")
AS_PARTS = "trader@population.maker=lab_maker"
# As different from the defaults as the ordinary maker can be.
ODD = {
    "skew": 0.003, "half_spread": 0.004, "inventory_slope": 0.0003, "volatility_weight": 0.7,
    "adverse_selection_weight": 0.9, "adverse_selection_horizon_ms": 30,
    "belief_gain_trade": 0.2, "belief_gain_fill": 0.4, "belief_gain_signal": 0.6,
    "quote_lots": 6, "inventory_limit_lots": 9,
}  # fmt: skip
OF_FILTER = ("belief_gain_trade", "belief_gain_fill", "belief_gain_signal")
OF_BOTH = ("quote_lots", "inventory_limit_lots")
BUSY = ("population.noise.count=6", "population.noise.schedule.rate_per_s=40")


def keys(is_lab):
    for key, value in ODD.items():
        part = "filter." if key in OF_FILTER else "quoting." if key not in OF_BOTH else ""
        yield f"population.maker.policy.{part if is_lab else ''}{key}={value}"


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("at_limit", ["pull", "widen"])
def test_tape_and_linear_are_the_ordinary_maker_to_the_bit(mechanism, at_limit):
    words = (*TINY, f"mechanism={mechanism}", "delta=50", *BUSY,
             f"population.maker.policy.at_limit={at_limit}")  # fmt: skip
    ordinary = finished_plain(cell(*words, *keys(False)), lanes=2)
    in_parts = finished_plain(cell(AS_PARTS, *words, *keys(True)), lanes=2)
    assert ordinary.progress.fills.sum() > 10
    assert not differing(
        ordinary._replace(policies=ordinary.policies.noise, traders=ordinary.traders.entity),
        in_parts._replace(policies=in_parts.policies.noise, traders=in_parts.traders.entity),
    )
    np.testing.assert_array_equal(
        ordinary.policies.maker.belief[:, :2], in_parts.policies.others.policy.maker.belief[:, :2]
    )
