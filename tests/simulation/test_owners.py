"""Whose the orders of a trader are: ``accounts`` of its group, and what follows from it."""

import numpy as np
import pytest

from proteus.market.variables import measure
from tests.helpers.cells import cell, finished

WITH_ORDERS = pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow"])
GROUPS = ("maker", "informed", "noise", "sniper")
BUSY = ("population.noise.count=1", "population.noise.schedule.rate_per_s=40", "seeds.count=1",
        "horizon_s=6", "metrics.tau_ms=2000", "metrics.elapsed_ms=[50,500]")  # fmt: skip


def measured(*words):
    world = finished(cell(*BUSY, *words))
    return {name: values[0] for name, values in measure(world).items()}


def share_of(values, end):
    """The share of noise intents with an end."""
    ends = ("filled", "expired", "cancelled", "self_trade", "priced_out", "refused",
            "trading_ended")  # fmt: skip
    return values["taker_end_share"][2, ends.index(end)]


@WITH_ORDERS
def test_where_every_intent_has_its_owner_prevention_does_nothing(mechanism):
    """Exactly what happens without it: nobody can meet itself."""
    alone = [f"population.{group}.accounts=per_intent" for group in GROUPS]
    with_it = measured(f"mechanism={mechanism}", "mechanism.self_trade=cancel_oldest", *alone)
    without = measured(f"mechanism={mechanism}", "mechanism.self_trade=none", *alone)
    for name, values in with_it.items():
        assert np.array_equal(values, without[name], equal_nan=True), name
    assert with_it["n_fills"] > 30


@pytest.mark.parametrize("mechanism", ["clob", "fba"])
def test_one_account_meets_itself_and_a_stream_of_people_does_not(mechanism):
    one = measured(f"mechanism={mechanism}", "population.noise.accounts=one")
    stream = measured(f"mechanism={mechanism}")
    assert share_of(one, "self_trade") > 0.02
    assert share_of(stream, "self_trade") == 0


@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow", "rfq"])
def test_the_ends_of_a_class_are_shares_of_its_intents(mechanism):
    values = measured(f"mechanism={mechanism}")
    shares, sent = values["taker_end_share"], values["taker_intents_by_class"]
    assert np.allclose(shares[sent > 0].sum(axis=1), 1, rtol=0, atol=1e-12)
    assert np.isnan(shares[sent == 0]).all()
    assert shares[sent > 0].min() >= 0
    assert sent[0] == 0  # what makers quote is no intent to take
    assert share_of(values, "trading_ended") > 0  # limits rest for two seconds, or requests


@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow", "rfq"])
def test_the_restricted_mean_is_made_of_its_parts(mechanism):
    """Mean of min(wait, tau) = share unfilled x tau + share filled x mean wait of those filled."""
    values = measured(f"mechanism={mechanism}")
    unfilled = values["taker_unfilled_share"]
    parts = unfilled * 2000 + (1 - unfilled) * values["taker_wait_filled"]
    assert values["taker_time_to_execution"] == pytest.approx(parts, rel=1e-12)
    assert 0 < values["taker_wait_filled_median"] < 2000
