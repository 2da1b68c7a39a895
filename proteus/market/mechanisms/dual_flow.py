"""Dual-flow batch auction: makers and takers meet each other, and never their own kind.

Rules
    Every batch holds two independent uniform-price auctions: in the bid auction makers buy from
    takers, in the ask auction makers sell to takers. Batches, prices and what rests are those of
    the frequent batch auction, in each auction alone: the volume is maximal, the price lies in the
    Walrasian interval of that auction, and an order that does not fill rests with its role. The
    marginal level is shared by size, or in random order, whatever the time of arrival: there is no
    time priority. An order's role is that of its trader (makers make; informed, noise and snipers
    take, whatever the order type); through the message door it is the column ``role``.

    The quotes of the market are those of the makers. Their bid and ask may cross, because they
    never meet.

What is not realistic
    A venue lets every order choose its role; here traders do not. No indicative prices during
    collection, no margin or position limits by role.

Source
    Jump Crypto (2025), Dual Flow Batch Auction; Budish, Cramton & Shim (2015) QJE 130:1547,
    section VII, for the batch.
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np

from proteus.basics.schema import Probability
from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.book import opposite_ladder
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

BID_AUCTION = 0  # makers buy, takers sell
ASK_AUCTION = 1  # makers sell, takers buy
AUCTION_NAMES = {BID_AUCTION: "bid", ASK_AUCTION: "ask"}
_IN_FAVOUR_OF_TAKERS = (pricing.UPPER, pricing.LOWER)


class DualFlowConfig(MechanismConfig):
    """Keys of ``conf/mechanism/dual_flow.yaml``."""

    uses_delta: ClassVar[bool] = True
    table: ClassVar[type[Table]] = BatchTable
    auctions: ClassVar[int] = 2
    name: Literal["dual_flow"]
    price_rule: Literal["midpoint", "reference", "lower", "upper", "takers", "t7"]
    allocation: Literal["pro_rata", "random"]
    self_trade: SelfTrade
    random_close: Probability  # fraction of delta


@state
class DualFlow(NamedTuple):
    """Parameters and scratch of the dual-flow batch auction."""

    price_rule: np.ndarray  # int64 [2] pricing.*, of each auction
    batch: Batch


def make(config: DualFlowConfig, sizes: Sizes) -> DualFlow:
    """Build the mechanism for a block of lanes."""
    rules = _IN_FAVOUR_OF_TAKERS
    if config.price_rule != "takers":
        rules = (pricing.PRICE_RULE_CODES[config.price_rule],) * 2
    return DualFlow(
        price_rule=np.array(rules, np.int64),
        batch=make_batch(config.allocation, config.self_trade, config.random_close, sizes),
    )


trades_in_batches(DualFlow)


@clear.implement(DualFlow)
@inline_kernel
def _clear(mechanism, market, lane):
    market.clears[lane] += 1
    for auction in range(2):
        bids = 2 * auction
        asks = opposite_ladder(market.book, bids)
        rule = mechanism.price_rule[auction]
        clear_auction(mechanism.batch, market, lane, auction, bids, asks, rule)
    expire_immediate(mechanism.batch, market, lane)
