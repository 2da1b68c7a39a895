"""The engine against what is known without it: closed forms of market microstructure.

Each function configures a cell with the traders of a theory, runs it, and returns a
:class:`~proteus.validation.comparison.Comparison`: expected, simulated, standard_error.

    expected, simulated, standard_error = proteus.validation.glosten_milgrom(prior=0.7)

``python -m proteus.validation`` (``make validate``) tries all of them at the points of
``proteus.validation.items``. Parameters that make no sense raise ``proteus.errors.ConfigError``.
"""

from __future__ import annotations

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
from proteus.validation.fees import poisson_fees
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
from proteus.validation.settlement import cycle_wait, pending_value
from proteus.validation.surplus import call_auction
from proteus.validation.trades import roll

__all__ = [
    "Comparison",
    "avellaneda_stoikov",
    "base_fee",
    "batch_exposure",
    "batch_wait",
    "block_wait",
    "call_auction",
    "cycle_wait",
    "elastic_base_fee",
    "finality",
    "firm_quote",
    "first_to_empty",
    "glosten_milgrom",
    "identities",
    "jump_loss",
    "kyle",
    "latency_race",
    "liquidity_rewards",
    "loan_liquidation",
    "locked_capital",
    "maker_study",
    "mean_reverting_jumps",
    "pending_value",
    "poisson_fees",
    "pool_rate",
    "queue_length",
    "queue_wait",
    "report_gap",
    "roll",
    "ruin",
    "sniping_equilibrium",
    "two_rates",
    "volume_rewards",
    "winners_curse",
    "zero_intelligence",
]
