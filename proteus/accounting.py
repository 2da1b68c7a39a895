"""The ledger: the only writer of balances.

Double entry: a fill is two transfers (contracts one way, cash the other), and settlement is a
transfer from the issuer. A posting is checked first, refused with a named code if anything is
wrong, and only then written on both sides. Money is int64 nano-currency, quantity int64 lots, so
every identity holds exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus._jit import cold_kernel, inline_kernel, state
from proteus.events import BUY, EVENT_ACK, EVENT_CANCEL, EVENT_FILL, SELL
from proteus.mechanisms.book import (
    EMPTY,
    keeps_roles_apart,
    ladders_in,
    next_occupied,
    opposite_ladder,
    rests,
)
from proteus.traders import CLASS_MAKER
from proteus.units import NANO

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
def check_roles(orders, book, roles, lane, buy, sell):
    """Check, where makers and takers are kept apart, that a fill has one of each.

    Parameters
        roles: int64 [A], CLASS_* of each trader. buy, sell: order slots.

    Returns
        LEDGER_OK or FILL_SAME_ROLE.
    """
    if not keeps_roles_apart(book):
        return LEDGER_OK
    buyer, seller = orders.trader[lane, buy], orders.trader[lane, sell]
    same = (roles[buyer] == CLASS_MAKER) == (roles[seller] == CLASS_MAKER)
    return FILL_SAME_ROLE if same else LEDGER_OK


@inline_kernel
def _transfer(ledger, lane, asset, giver, receiver, amount):
    ledger.balance[lane, giver, asset] -= amount
    ledger.balance[lane, receiver, asset] += amount


@inline_kernel
def check_orders(orders, outbox, lane):
    """Check every order that the outbox names: lots submitted = open + filled + cancelled.

    Returns
        LEDGER_OK or ORDER_NOT_CONSERVED.
    """
    for i in range(outbox.count[lane]):
        kind = outbox.kind[lane, i]
        if kind == EVENT_FILL and _is_torn(orders, lane, outbox.other[lane, i]):
            return ORDER_NOT_CONSERVED
        booked = kind == EVENT_FILL or kind == EVENT_CANCEL or kind == EVENT_ACK
        if booked and _is_torn(orders, lane, outbox.order[lane, i]):
            return ORDER_NOT_CONSERVED
    return LEDGER_OK


@inline_kernel
def _is_torn(orders, lane, slot):
    held = orders.lots[lane, slot] + orders.filled[lane, slot] + orders.cancelled[lane, slot]
    return orders.submitted[lane, slot] != held or orders.lots[lane, slot] < 0


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


@inline_kernel
def is_crossed(book, lane):
    """Tell whether the best bid and the best ask of the book, or of an auction, would trade."""
    for bids in range(0, ladders_in(book.layout), 2):
        bid, ask = book.best[lane, bids], book.best[lane, opposite_ladder(book, bids)]
        if bid != EMPTY and ask != EMPTY and bid + ask >= book.n_ticks[lane]:
            return True
    return False


@cold_kernel
def audit(ledger, orders, book, lane, resting_may_cross):
    """Check the invariants of a lane.

    Returns
        LEDGER_OK, or the code of the first invariant that does not hold.
    """
    code = check_assets(ledger, lane)
    if code != LEDGER_OK:
        return code
    for trader in range(ledger.bought.shape[1]):
        held = ledger.bought[lane, trader] - ledger.sold[lane, trader]
        if ledger.balance[lane, trader, CONTRACT] != held:
            return INVENTORY_NOT_FILLS
    if is_crossed(book, lane) and not resting_may_cross:
        return BOOK_CROSSED
    return _audit_book(orders, book, lane)


@inline_kernel
def _audit_book(orders, book, lane):
    """Check that every order is whole, and that the levels hold exactly the open ones."""
    open_orders = 0
    for slot in range(orders.lots.shape[1]):
        if orders.client_id[lane, slot] != 0:
            if orders.lots[lane, slot] == 0 or _is_torn(orders, lane, slot):
                return ORDER_NOT_CONSERVED
            open_orders += rests(orders, lane, slot)
    for ladder in range(ladders_in(book.layout)):
        rank = np.int64(book.best[lane, ladder])
        while rank != EMPTY:
            lots = np.int64(0)
            slot = np.int64(book.head[lane, ladder, rank])
            while slot != EMPTY:
                if orders.lots[lane, slot] <= 0 or orders.rank[lane, slot] != rank:
                    return BOOK_NOT_ORDERS
                if orders.ladder[lane, slot] != ladder or orders.side[lane, slot] != ladder & 1:
                    return BOOK_NOT_ORDERS
                lots += orders.lots[lane, slot]
                open_orders -= 1
                slot = np.int64(orders.next[lane, slot])
            if lots != book.lots[lane, ladder, rank]:
                return BOOK_NOT_ORDERS
            rank = next_occupied(book, lane, ladder, rank)
    return LEDGER_OK if open_orders == 0 else BOOK_NOT_ORDERS
