"""Every parameter of a request for quote changes something, in the direction it should.

Paired lanes: the same seeds with and without the change. A difference counts at 4 standard errors,
so that a parameter that does nothing passes once in 30,000 times.
"""

import functools
import math

import numpy as np
import pytest

from proteus.runs.cell import run_cell
from tests.helpers.cells import cell, finished

LANES = 32
MANY = 160  # for what moves little beside its noise
BIG = ("population.noise.policy.size_mean_lots=9",)
LOOKS = ("mechanism.last_look=true",)
# Makers who are told nothing and learn nothing quote the same price, and less of it the more they
# hold: only the tie rule decides.
EQUAL = (
    *BIG, "population.maker.count=3", "mechanism.dealers=3", "population.maker.signal=null",
    *(
        f"population.maker.policy.{key}=0"
        for key in (
            "inventory_slope", "skew", "volatility_weight", "adverse_selection_weight",
            "belief_gain_trade", "belief_gain_fill",
        )
    ),
    "population.maker.policy.inventory_limit_lots=40",
)  # fmt: skip

# key=value, in a market with these words | what changes | by which sign
CHANGES = [
    ("dealers=1", (), "effective_spread", +1),
    ("dealers=1", (), "maker_adverse_selection", +1),
    ("dealers=1", (), "price_rmse", +1),
    ("request_ttl_ms=30", (), "taker_fill_probability", -1),
    ("request_ttl_ms=30", (), "price_rmse", +1),
    ("quote_ttl_ms=25", (), "taker_fill_probability", -1),
    ("quote_ttl_ms=25", (), "rfq_late_acceptances", +1),
    ("quote_ttl_ms=400", (), "depth_best", +1),
    ("decision_ms=100", (), "taker_time_to_execution", +1),
    ("response.base_ms=60", (), "taker_time_to_execution", +1),
    ("response.spread_ms=100", (), "rfq_late_quotes", +1),
    ("response.spread_ms=100", (), "price_rmse", +1),
    ("response.law=shifted_exponential", (), "rfq_late_quotes", +1),
    ("response.shape=2", ("mechanism.response.law=lognormal",), "rfq_late_quotes", +1),
    ("response_probability=0.5", (), "rfq_response_rate", -1),
    ("response_probability=0.5", (), "rfq_win_rate", +1),
    ("shows_side=false", (), "n_messages", +1),
    ("shows_side=false", (), "quoted_coverage", +1),
    ("shows_size=false", (), "depth_best", +1),
    ("tie=size", EQUAL, "volume_lots", +1),
    ("least_share=1", BIG, "n_fills", -1),
    ("last_look=true", (), "maker_adverse_selection", +1),
    ("last_look=true", (), "taker_fill_probability", -1),
    ("hold_ms=100", LOOKS, "rfq_rejection_rate", +1),
    ("tolerance=0", LOOKS, "rfq_rejection_rate", +1),
]


@functools.cache
def measured(lanes, *words):
    config = cell("mechanism=rfq", "horizon_s=6", *words)
    outcome = run_cell(config, np.arange(lanes), root=7, workers=1, block_lanes=None)
    assert outcome.violations == []
    return outcome.values


@pytest.mark.parametrize(("change", "words", "name", "sign"), CHANGES)
def test_a_parameter_bites(change, words, name, sign):
    lanes = MANY if name in ("price_rmse", "taker_time_to_execution") else LANES
    before, after = (
        measured(lanes, *these)[name].reshape(lanes, -1)[:, 0]
        for these in (words, (*words, f"mechanism.{change}"))
    )
    moved = sign * (after - before)
    moved = moved[~np.isnan(moved)]
    assert len(moved) > lanes / 2
    assert moved.mean() > 4 * moved.std(ddof=1) / math.sqrt(len(moved))


def test_every_key_is_swept():
    keys = set(cell("mechanism=rfq").mechanism.model_dump()) - {"name"}
    assert {change.partition("=")[0].partition(".")[0] for change, *_ in CHANGES} == keys


def test_a_slow_dealer_wins_ties_only_where_time_does_not_decide():
    """Ties by time go to the fast dealers; in random order the slow one gets its third."""
    slow = (
        "population.maker.count=2", "+trader@population.slow=maker", "population.slow.count=1",
        "population.slow.signal=null", "population.slow.latency.market_data.base_ms=15",
        *(word.replace("maker.policy", "slow.policy") for word in EQUAL if "policy" in word),
        "mechanism.response.spread_ms=1",
    )  # fmt: skip
    share = {}
    for tie in ("time", "random"):
        world = finished(cell("mechanism=rfq", *EQUAL, *slow, f"mechanism.tie={tie}"), 8)
        made = (world.ledger.bought + world.ledger.sold)[:, world.traders.role == 0].sum(axis=0)
        share[tie] = made[-1] / made.sum()
    assert share["time"] < 0.1 < 0.25 < share["random"]
