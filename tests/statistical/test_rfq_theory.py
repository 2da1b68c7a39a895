"""Requests for quotes against theory: the winner's curse, and the option in a firm quote.

The engine itself, with its own traders set so that a closed form exists. Seeds are fixed.
"""

import math

import numpy as np
import pytest

from proteus.market.events.queue import NEVER_NS
from proteus.market.trading.loop import advance_block
from proteus.runs.cell import run_cell
from tests.helpers.budget import budget
from tests.helpers.cells import build, cell

NO_LATENCY = "{law: constant, base_ms: 0, spread_ms: 0, shape: 0}"
LEGS = ("submission", "acknowledgement", "fill_report", "market_data")


def instant(group):
    """The words that leave a group without latencies."""
    return [f"population.{group}.latency.{leg}={NO_LATENCY}" for leg in LEGS]


# A dealer that quotes its signal and nothing else, and forgets the last one.
NAIVE = (
    "mechanism=rfq", f"mechanism.response={NO_LATENCY}", "latent.jump_rate_per_s=0",
    "population.informed.count=0", "record.warmup_s=0", "metrics.horizons_ms=[0]",
    *instant("maker"), "population.maker.schedule={law: none, rate_per_s: 0, jitter: 0, "
    "cluster_probability: 0, cluster_gap_ms: 10, on_news: false, on_fill: false}",
    *(
        f"population.maker.policy.{key}=0"
        for key in (
            "inventory_slope", "skew", "volatility_weight", "adverse_selection_weight",
            "belief_gain_trade", "belief_gain_fill",
        )
    ),
    "population.maker.policy.belief_gain_signal=1", "population.maker.policy.quote_lots=1000",
    "population.maker.policy.inventory_limit_lots=1000000",
)  # fmt: skip

# --- V12 ------------------------------------------------------------------------------------------

SD = 0.02
# E[max of n] and Var[max of n] of standard normals: facts V12; David & Nagaraja (2003) table 3.
LARGEST = {1: (0.0, 1.0), 2: (0.56419, 0.68169), 3: (0.84628, 0.55947), 5: (1.16296, 0.44753)}


@pytest.mark.parametrize("dealers", LARGEST)
def test_the_winners_curse_grows_with_the_number_of_dealers(dealers):
    """v stands still; the best of n quotes is that of the dealer who errs most for the taker.

    Its adverse selection per lot is -sd E[max of n], whatever the half-spread. Quotes within a tick
    of 0.001 are drawn for, which takes less than a tick off the mean. False alarms: 1 in 15,000
    (4 standard errors) per case.
    """
    config = cell(
        *NAIVE, f"mechanism.dealers={dealers}", f"population.maker.count={dealers}",
        "latent.total_variance=0", "horizon_s=20", "population.sniper.count=0",
        "population.maker.policy.half_spread=0.05", "mechanism.tie=random",
        f"population.maker.signal={{delay_ms: 0, noise_sd: {SD}, look_ms: 0.001}}",
        "population.noise.schedule.rate_per_s=20", "population.noise.policy.size_mean_lots=1",
        "population.noise.policy.marketable_probability=1", "execution.protection_ticks=400",
    )  # fmt: skip
    values = run_cell(
        config, np.arange(budget("rfq_lanes")), root=11, workers=1, block_lanes=None
    ).values
    trades = values["maker_volume_lots"].sum()
    found = values["maker_adverse_selection"][:, 0].sum() / trades
    mean, variance = LARGEST[dealers]
    assert trades > 1_000 * len(values["n_fills"])
    assert abs(found + SD * mean) < 4 * SD * math.sqrt(variance / trades) + 0.001 / 4


# --- V13 ------------------------------------------------------------------------------------------

SIGMA, TTL_S = 0.08, 0.25
S = 0.25 * SIGMA * math.sqrt(TTL_S)  # 0.01: standard deviation of v over the life of a quote
TICK = 0.0001


def option(half_spread):
    """The value of one side of a quote to who may take it: S phi(h/S) - h Phi(-h/S)."""
    z = half_spread / S
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return S * density - half_spread * math.erfc(z / math.sqrt(2)) / 2


@pytest.mark.parametrize("half_spread", [0.0, 0.005, 0.01])
def test_a_firm_quote_is_a_free_option(half_spread):
    """Dealer and holders see v exactly; a holder takes the quote at its last moment if it pays.

    Rounding outward adds half a tick to the half-spread on average. p (1 - p) is within 1 % of 1/4,
    which is 1 % of the value at h = 0 and less than 3 % at h = S. False alarms: 1 in 15,000 (4
    standard errors, over lanes) per case.
    """
    config = cell(
        *NAIVE, *instant("sniper"), "mechanism.dealers=1", "population.maker.count=1",
        "population.noise.count=0", "population.sniper.count=4", "horizon_s=10", "latent.dt=1",
        "latent.total_variance=null", f"latent.sigma={SIGMA}", f"contract.tick={TICK}",
        f"mechanism.quote_ttl_ms={1000 * TTL_S}", f"mechanism.request_ttl_ms={1000 * TTL_S}",
        f"population.maker.policy.half_spread={half_spread}",
        "population.maker.signal={delay_ms: 0, noise_sd: 0, look_ms: 0.001}",
        "population.sniper.signal={delay_ms: 0, noise_sd: 0, look_ms: 0.001}",
        "population.sniper.policy={theta: 0, latency_risk: 0, lots: 1}",
    )  # fmt: skip
    mechanism, world = build(config, 6 * budget("rfq_lanes"))
    advance_block(mechanism, world, NEVER_NS)
    assert not world.progress.fault.any()
    orders = world.market.orders
    alive = (orders.client_id != 0) & (orders.previous != np.arange(orders.previous.shape[1]))
    options = world.sums.requests.answered - alive.sum(axis=1)  # that have ended
    paid = -(world.sums.markouts.captured + world.sums.markouts.adverse[:, 0]) / 1e9
    found = paid.sum() / options.sum()
    error = np.std(paid - found * options, ddof=1) * math.sqrt(len(paid)) / options.sum()
    expected = option(half_spread + TICK / 2)
    assert options.sum() > 25 * len(paid)
    assert abs(found - expected) < 4 * error + 0.03 * expected
    assert error < 0.05 * option(0.0)


def test_a_longer_quote_is_a_longer_option():
    """Dealers lose more to takers the longer they may hold: paired lanes, 4 standard errors."""
    lost = []
    for ttl in (60, 600):
        config = cell(
            "mechanism=rfq", f"mechanism.quote_ttl_ms={ttl}", "horizon_s=8",
            "mechanism.request_ttl_ms=600", "population.sniper.count=3",
        )  # fmt: skip
        lanes = np.arange(8 * budget("rfq_lanes"))
        values = run_cell(config, lanes, root=11, workers=1, block_lanes=None).values
        lost.append(-values["maker_adverse_selection"][:, 0])
    more = lost[1] - lost[0]
    assert more.mean() > 4 * more.std(ddof=1) / math.sqrt(len(more))
