"""What ``make validate`` compares: a row per function, with the points it is tried at.

Items are those of the project's lists of closed forms; ``driver`` names the compiled loop that a
row needs, so that each is compiled by one process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from proteus.validation.batches import batch_exposure, batch_wait
from proteus.validation.budgets import zero_intelligence
from proteus.validation.capital import locked_capital, ruin
from proteus.validation.chain import (
    base_fee,
    block_wait,
    elastic_base_fee,
    finality,
    report_gap,
)
from proteus.validation.comparison import Comparison
from proteus.validation.exact import identities
from proteus.validation.fees import SCHEDULES, poisson_fees
from proteus.validation.incentives import liquidity_rewards, volume_rewards
from proteus.validation.insider_auction import kyle
from proteus.validation.inventory import avellaneda_stoikov
from proteus.validation.learning import glosten_milgrom
from proteus.validation.loans import jump_loss, loan_liquidation, pool_rate, two_rates
from proteus.validation.maker_study import maker_study
from proteus.validation.news import mean_reverting_jumps
from proteus.validation.queues import first_to_empty, queue_length, queue_wait
from proteus.validation.races import latency_race, sniping_equilibrium
from proteus.validation.requests import firm_quote, winners_curse
from proteus.validation.running import ROOT
from proteus.validation.settlement import cycle_wait, pending_value
from proteus.validation.surplus import call_auction
from proteus.validation.trades import roll

Kind = Literal["closed form", "exact", "band"]


class Item(NamedTuple):
    """One function and the points it is tried at."""

    code: str
    title: str
    compare: Callable[..., Comparison]
    driver: str
    points: tuple[Mapping[str, Any], ...]
    kind: Kind = "closed form"

    @property
    def name(self) -> str:
        """Return the name of the function."""
        return self.compare.__name__


ITEMS: tuple[Item, ...] = (
    Item(
        "V1", "Glosten-Milgrom quotes and learning", glosten_milgrom, "clob, theory",
        ({}, {"prior": 0.7}, {"informed_share": 0.1, "trades": 20},
         {"prior": 0.2, "informed_share": 0.5, "trades": 5}),
    ),
    Item(
        "V2", "Kyle's auction", kyle, "fba, theory",
        ({"value_sd": 0.05}, {"value_sd": 0.03, "noise_lots": 10},
         {"value_sd": 0.08, "noise_lots": 1000}),
    ),
    Item(
        "V3", "Avellaneda-Stoikov quotes and profit", avellaneda_stoikov, "clob, theory",
        ({"risk_aversion": 0.1}, {"risk_aversion": 0.01}, {"risk_aversion": 0.5},
         {"strategy": "symmetric"}),
    ),
    Item(
        "V4", "Sniping and the zero-profit spread", sniping_equilibrium, "clob, theory",
        ({}, {"firms": 2, "jump": 0.1}, {"law": "normal"}, {"law": "normal", "firms": 6}),
    ),
    Item(
        "V5", "Head starts under batching", batch_exposure, "fba",
        ({"head_start_ms": 1}, {"head_start_ms": 25}, {"head_start_ms": 40, "delta_ms": 50},
         {"head_start_ms": 150}),
    ),
    Item(
        "V5", "Waiting for a clear", batch_wait, "fba",
        ({"delta_ms": 100}, {"delta_ms": 50}, {"delta_ms": 250, "rate_per_s": 8}),
    ),
    Item(
        "V6", "Waiting in a queue", queue_wait, "clob, theory",
        ({"cancel_rate": 0}, {"cancel_rate": 0.4},
         {"ahead": 8, "market_rate": 1, "cancel_rate": 1, "own_cancel_rate": 0.1}),
    ),
    Item(
        "V7", "Stationary queue", queue_length, "clob, theory",
        ({}, {"arrival_rate": 1}, {"arrival_rate": 10, "cancel_rate": 1}),
    ),
    Item(
        "V8", "Which queue empties first", first_to_empty, "clob, theory",
        ({"bids": 1, "asks": 1}, {"bids": 2, "asks": 1}, {"bids": 3, "asks": 1},
         {"bids": 5, "asks": 2}),
    ),
    Item(
        "V9", "Mean reversion with jumps", mean_reverting_jumps, "clob",
        ({}, {"start": -1, "reversion": 2, "time_s": 0.5}, {"jump_rate": 3, "jump_mean": -0.5}),
    ),
    Item(
        "V10", "Bid-ask bounce", roll, "clob",
        ({"half_spread": 0.01}, {"half_spread": 0.001}, {"half_spread": 0.05, "trades": 300}),
    ),
    Item(
        "V11", "Call auction of uniform values", call_auction, "fba, theory",
        ({"buyers": 2}, {"buyers": 5, "price_rule": "upper"}, {"buyers": 10},
         {"buyers": 50, "price_rule": "t7"}),
    ),
    Item(
        "V14", "Latency race", latency_race, "clob",
        ({"snipers": 1}, {"snipers": 2}, {"snipers": 4}),
    ),
    Item(
        "V15", "Zero intelligence", zero_intelligence, "clob, theory",
        ({"traders": 8}, {"traders": 10}, {"traders": 12}), "band",
    ),
    *(
        Item(
            "V16", f"Identities under {mechanism}", identities, mechanism,
            tuple({"mechanism": mechanism, "delta_ms": delta} for delta in (50, 100, 250)), "exact",
        )
        for mechanism in ("clob", "fba", "dual_flow", "rfq")
    ),
    Item(
        "V12", "The winner's curse of dealers", winners_curse, "rfq",
        ({"dealers": 1}, {"dealers": 3}, {"dealers": 8, "half_spread": 0.03}),
    ),
    Item(
        "V13", "A firm quote as an option", firm_quote, "rfq",
        ({"half_spread": 0}, {"half_spread": 0.005}, {"half_spread": 0.01},
         {"move_sd": 0.02, "half_spread": 0.01}),
    ),
    Item(
        "V17", "Fees of a Poisson flow", poisson_fees, "clob",
        (*({"schedule": name} for name in SCHEDULES),
         {"schedule": "polymarket_us", "half_spread": 0.2},
         {"schedule": "kalshi", "half_spread": 0.123, "orders_per_s": 50}),
    ),
    Item(
        "V18", "Value pending until settlement", pending_value, "clob, rules",
        ({"delay_ms": 50}, {"delay_ms": 200}, {"delay_ms": 500, "rate_per_s": 5}),
    ),
    Item(
        "V18", "Waiting for a settlement cycle", cycle_wait, "clob, rules",
        ({"cycle_ms": 50}, {"cycle_ms": 200}, {"cycle_ms": 500, "rate_per_s": 5}),
    ),
    Item(
        "V19", "Base fee under demand that ignores it", base_fee, "clob, rules",
        ({}, {"demand_spread": 0.5}, {"demand_spread": 0.8, "blocks": 200}),
    ),
    Item(
        "V19", "Base fee under elastic demand", elastic_base_fee, "clob, rules",
        ({}, {"start": 0.9}, {"demand_mean": 4.0}, {"demand_mean": 1.25, "start": 0.5}), "exact",
    ),
    Item(
        "V19", "Time to finality with missed slots", finality, "clob, rules",
        ({}, {"missed": 0.05}, {"blocks": 4, "missed": 0.5}),
    ),
    Item(
        "V20", "Time between reports of an oracle", report_gap, "clob, rules",
        ({}, {"steps": 5}, {"deviation": 0.005, "steps": 16}),
    ),
    Item(
        "V20", "Waiting for a block", block_wait, "clob, rules",
        ({}, {"missed": 0.3}, {"law": "poisson"}),
    ),
    Item(
        "V21", "Rewards of quotes at known distances", liquidity_rewards, "clob, rules",
        ({}, {"near": 0.005, "far": 0.029, "far_lots": 1000}, {"near_lots": 1, "far": 0.011}),
        "exact",
    ),
    Item(
        "V21", "A capped reward for volume", volume_rewards, "clob, rules",
        ({}, {"rate_per_s": 5, "reward_lots": 8}, {"rate_per_s": 60, "reward_lots": 50}),
    ),
    Item(
        "V22", "Study of makers by Avellaneda and Stoikov", maker_study, "clob, theory and lab",
        ({"risk_aversion": 0.01}, {"risk_aversion": 0.1}, {"risk_aversion": 0.5},
         {"risk_aversion": 1}),
    ),
    Item(
        "V23", "Demand lost while capital is locked", locked_capital, "rfq, theory and rules",
        ({}, {"lots": 3, "offered": 6}, {"lots": 20, "offered": 12, "delay_ms": 50}),
    ),
    Item(
        "V24", "Ruin of a maker without limits", ruin, "clob", ({}, {"days": 5}, {"days": 60}),
    ),
    Item(
        "V25", "Liquidation without trading", loan_liquidation, "clob, theory and credit",
        ({"level": 0.45}, {}, {"level": 0.35}, {"level": 0.3}),
    ),
    Item(
        "V26", "What one jump beyond the buffer costs lenders", jump_loss,
        "clob, theory and credit", ({}, {"accuracy": 0.9}, {"jumps_expected": 0.5}),
    ),
    Item(
        "V27", "Interest at two utilisations", two_rates, "clob, theory and credit",
        ({}, {"rate_per_s": 0.5}, {"used": 0.97, "rate_per_s": 5}),
    ),
    Item(
        "V28", "The rate of a pool at rest", pool_rate, "clob, theory and credit",
        ({"used": 0.2}, {"used": 0.8}, {"used": 0.95}), "exact",
    ),
)  # fmt: skip


def seed(item: int, point: int) -> int:
    """Return the root seed of a point, so that no two points share their draws."""
    return ROOT + 100 * item + point
