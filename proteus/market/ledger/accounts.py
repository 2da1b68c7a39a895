"""The ledger: the only writer of balances.

Double entry: a fill is two transfers (contracts one way, cash the other), and settlement is a
transfer from the issuer. A posting is checked first, refused with a named code if anything is
wrong, and only then written on both sides. Money is int64 nano-currency, quantity int64 lots, so
every identity holds exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.codes import BUY, SELL

# Assets: the last axis of balances.
CASH = 0
CONTRACT = 1

# Accounts after the traders.
VENUE = 0
ISSUER = 1
OTHER_ACCOUNTS = 2

# What a posting or an audit can find.
LEDGER_OK = 0
FILL_NOT_POSITIVE = 1
FILL_WRONG_SIDE = 2
FILL_OFF_TICK = 3
FILL_BEYOND_LIMIT = 4
ORDER_NOT_CONSERVED = 5
ASSET_NOT_CONSERVED = 6
INVENTORY_NOT_FILLS = 7
BOOK_NOT_ORDERS = 8
BOOK_CROSSED = 9
PNL_NOT_DECOMPOSED = 10
FILL_SAME_ROLE = 11
LEDGER_CODES = {
    FILL_NOT_POSITIVE: "fill_not_positive",
    FILL_WRONG_SIDE: "fill_on_wrong_side",
    FILL_OFF_TICK: "fill_price_off_tick",
    FILL_BEYOND_LIMIT: "fill_price_beyond_limit",
    ORDER_NOT_CONSERVED: "order_lots_not_conserved",
    ASSET_NOT_CONSERVED: "asset_not_conserved",
    INVENTORY_NOT_FILLS: "inventory_is_not_the_sum_of_fills",
    BOOK_NOT_ORDERS: "book_is_not_the_open_orders",
    BOOK_CROSSED: "book_crossed",
    PNL_NOT_DECOMPOSED: "pnl_does_not_decompose",
    FILL_SAME_ROLE: "fill_within_one_role",
}


@state
class Ledger(NamedTuple):
    """Balances. L lanes, A traders, A + 2 accounts (traders, venue, issuer), 2 assets."""

    balance: np.ndarray  # int64 [L, A + 2, 2] nano-currency; lots
    bought: np.ndarray  # int64 [L, A] lots bought, counted fill by fill
    sold: np.ndarray  # int64 [L, A] lots sold
    tick_nano: np.ndarray  # int64 [1] nano-currency per tick


def allocate_ledger(lanes: int, traders: int, tick_nano: int) -> Ledger:
    """Allocate a ledger of zeros."""
    return Ledger(
        balance=np.zeros((lanes, traders + OTHER_ACCOUNTS, 2), np.int64),
        bought=np.zeros((lanes, traders), np.int64),
        sold=np.zeros((lanes, traders), np.int64),
        tick_nano=np.array([tick_nano], np.int64),
    )


@inline_kernel
def nano(value):
    """Round a value in currency to nano-currency, once."""
    return np.int64(np.rint(value * NANO))


@inline_kernel
def post_fill(ledger, orders, book, lane, buy, sell, price, lots):
    """Book one fill between two orders.

    Parameters
        buy, sell: order slots. price: ticks. lots: quantity.

    Returns
        LEDGER_OK, or the code of what is wrong; then nothing was written.
    """
    n_ticks = book.n_ticks[lane]
    if lots <= 0:
        return FILL_NOT_POSITIVE
    if orders.side[lane, buy] != BUY or orders.side[lane, sell] != SELL:
        return FILL_WRONG_SIDE
    if price < 1 or price >= n_ticks:
        return FILL_OFF_TICK
    if orders.rank[lane, buy] < price or orders.rank[lane, sell] < n_ticks - price:
        return FILL_BEYOND_LIMIT
    buyer, seller = orders.trader[lane, buy], orders.trader[lane, sell]
    cash = price * ledger.tick_nano[0] * lots
    _transfer(ledger, lane, CONTRACT, seller, buyer, lots)
    _transfer(ledger, lane, CASH, buyer, seller, cash)
    ledger.bought[lane, buyer] += lots
    ledger.sold[lane, seller] += lots
    orders.filled[lane, buy] += lots
    orders.filled[lane, sell] += lots
    return LEDGER_OK


@inline_kernel
def _transfer(ledger, lane, asset, giver, receiver, amount):
    ledger.balance[lane, giver, asset] -= amount
    ledger.balance[lane, receiver, asset] += amount


@inline_kernel
def settle(ledger, lane, payoff_nano):
    """Redeem every contract at the payoff: the issuer takes it back and pays.

    Afterwards no account holds contracts and the issuer's cash is minus what all traders won.
    """
    issuer = ledger.balance.shape[1] - OTHER_ACCOUNTS + ISSUER
    for account in range(issuer):
        lots = ledger.balance[lane, account, CONTRACT]
        _transfer(ledger, lane, CONTRACT, account, issuer, lots)
        _transfer(ledger, lane, CASH, issuer, account, lots * payoff_nano)


@inline_kernel
def check_assets(ledger, lane):
    """Check that each asset sums to zero over accounts; LEDGER_OK or ASSET_NOT_CONSERVED."""
    for asset in (CASH, CONTRACT):
        total = np.int64(0)
        for account in range(ledger.balance.shape[1]):
            total += ledger.balance[lane, account, asset]
        if total != 0:
            return ASSET_NOT_CONSERVED
    return LEDGER_OK
