"""Frequent batch auction: sealed collection over Delta, one uniform price.

Rules
    Batch k holds the messages that arrive in [(k-1) Delta, k Delta) and clears at k Delta. The
    executable volume is maximal and the price lies in the Walrasian interval; strictly better
    orders fill in full, the marginal level by ``allocation``. What does not fill rests for the
    next batch. Nothing is published between clears. Immediate and market orders live for exactly
    one clear; fill-or-kill and post-only have no meaning in a batch and are rejected. With
    ``random_close`` the close moves back by a uniform share of up to that fraction of Delta.

What is not realistic
    No indicative prices during collection, no volatility extensions.

Source
    Budish, Cramton & Shim (2015) QJE 130:1547, section VII.
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np

from proteus.basics.schema import Probability
from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.codes import BUY, SELL
from proteus.market.information.leakage import BatchTable, Table
from proteus.market.mechanisms import pricing
from proteus.market.mechanisms.base import MechanismConfig, Sizes
from proteus.market.mechanisms.interface import clear
from proteus.market.mechanisms.self_trade import SelfTrade
from proteus.market.mechanisms.uniform_price import (
    Batch,
    clear_auction,
    expire_immediate,
    make_batch,
    trades_in_batches,
)

_AUCTION = 0  # there is one


class FbaConfig(MechanismConfig):
    """Keys of ``conf/mechanism/fba.yaml``."""

    uses_delta: ClassVar[bool] = True
    table: ClassVar[type[Table]] = BatchTable
    name: Literal["fba"]
    price_rule: Literal["midpoint", "reference", "lower", "upper", "t7"]
    allocation: Literal["time", "pro_rata", "pro_rata_fifo", "earlier_batches_first", "random"]
    self_trade: SelfTrade
    random_close: Probability  # fraction of delta


@state
class Fba(NamedTuple):
    """Parameters and scratch of the batch auction."""

    price_rule: int  # pricing.*
    batch: Batch


def make(config: FbaConfig, sizes: Sizes) -> Fba:
    """Build the mechanism for a block of lanes."""
    return Fba(
        price_rule=np.int64(pricing.PRICE_RULE_CODES[config.price_rule]),
        batch=make_batch(config.allocation, config.self_trade, config.random_close, sizes),
    )


trades_in_batches(Fba)


@clear.implement(Fba)
@inline_kernel
def _clear(mechanism, market, lane):
    market.clears[lane] += 1
    clear_auction(mechanism.batch, market, lane, _AUCTION, BUY, SELL, mechanism.price_rule)
    expire_immediate(mechanism.batch, market, lane)
