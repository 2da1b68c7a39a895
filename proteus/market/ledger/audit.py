"""Invariants of a lane: what must hold between the ledger, the orders and the book."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.book.book import (
    keeps_roles_apart,
    ladders_in,
    next_occupied,
    opposite_ladder,
    rests,
)
from proteus.market.book.codes import EVENT_FILL, EVENT_REJECT, EVENT_RFQ_REJECT, NO_ORDER, NO_RANK
from proteus.market.ledger.accounts import (
    ASSET_NOT_CONSERVED,
    BOOK_CROSSED,
    BOOK_NOT_ORDERS,
    CASH,
    CONTRACT,
    FILL_SAME_ROLE,
    INVENTORY_NOT_FILLS,
    LEDGER_OK,
    ORDER_NOT_CONSERVED,
    PNL_NOT_DECOMPOSED,
)
from proteus.market.ledger.codes import FILL


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
def check_orders(orders, outbox, lane):
    """Check every order that the outbox names: lots submitted = open + filled + cancelled.

    Returns
        LEDGER_OK or ORDER_NOT_CONSERVED.
    """
    for i in range(outbox.count[lane]):
        kind = outbox.kind[lane, i]
        if kind == EVENT_FILL and _is_torn(orders, lane, outbox.other[lane, i]):
            return ORDER_NOT_CONSERVED
        booked = kind != EVENT_REJECT and kind != EVENT_RFQ_REJECT
        if booked and _is_torn(orders, lane, outbox.order[lane, i]):
            return ORDER_NOT_CONSERVED
    return LEDGER_OK


@inline_kernel
def _is_torn(orders, lane, slot):
    held = orders.lots[lane, slot] + orders.filled[lane, slot] + orders.cancelled[lane, slot]
    return orders.submitted[lane, slot] != held or orders.lots[lane, slot] < 0


@inline_kernel
def is_crossed(book, lane):
    """Tell whether the best bid and the best ask of the book, or of an auction, would trade."""
    for bids in range(0, ladders_in(book.layout), 2):
        bid, ask = book.best[lane, bids], book.best[lane, opposite_ladder(book, bids)]
        if bid != NO_RANK and ask != NO_RANK and bid + ask >= book.n_ticks[lane]:
            return True
    return False


@cold_kernel
def audit(ledger, orders, book, lane, resting_may_cross):
    """Check the invariants of a lane.

    Returns
        LEDGER_OK, or the code of the first invariant that does not hold.
    """
    code = audit_entries(ledger, lane)
    if code != LEDGER_OK:
        return code
    if is_crossed(book, lane) and not resting_may_cross:
        return BOOK_CROSSED
    return _audit_book(orders, book, lane)


@cold_kernel
def audit_entries(ledger, lane):
    """Check balances against the totals of entries by code, and both sides against each other.

    Every asset sums to zero over accounts, and so do the entries of every code; contracts and cash
    held are the sum of entries by code; contracts of fills are those counted fill by fill.

    Returns
        LEDGER_OK, or the code of the first that does not hold.
    """
    balance, total = ledger.balance, ledger.total
    for asset in (CASH, CONTRACT):
        held = np.int64(0)
        for account in range(balance.shape[1]):
            held += balance[lane, account, asset]
        if held != 0:
            return ASSET_NOT_CONSERVED
    for trader in range(ledger.bought.shape[1]):
        filled = ledger.bought[lane, trader] - ledger.sold[lane, trader]
        if total[lane, trader, ledger.place[FILL], CONTRACT] != filled:
            return INVENTORY_NOT_FILLS
    for account in range(balance.shape[1]):
        cash, lots = balance[lane, account, CASH], balance[lane, account, CONTRACT]
        for place in range(total.shape[2]):
            cash -= total[lane, account, place, CASH]
            lots -= total[lane, account, place, CONTRACT]
        if lots != 0:
            return INVENTORY_NOT_FILLS
        if cash != 0:
            return PNL_NOT_DECOMPOSED
    return _audit_codes(total, lane)


@inline_kernel
def _audit_codes(total, lane):
    """Check that what an entry gives under a code it takes under the same."""
    for place in range(total.shape[2]):
        for number in range(total.shape[3]):
            moved = np.int64(0)
            for account in range(total.shape[1]):
                moved += total[lane, account, place, number]
            if moved != 0:
                return ASSET_NOT_CONSERVED
    return LEDGER_OK


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
        while rank != NO_RANK:
            lots = np.int64(0)
            slot = np.int64(book.head[lane, ladder, rank])
            while slot != NO_ORDER:
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
