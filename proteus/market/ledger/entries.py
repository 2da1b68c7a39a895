"""The door to the ledger: ``transfer`` is the only writer of balances.

Double entry: whatever one account gets, another gives, under a code that says why. A fill is two
transfers (contracts one way, cash the other), and the payoff is a transfer from the issuer. An
entry is checked first, refused with a named code if anything is wrong, and only then written on
both sides. Accounts may go below zero: who may owe is a matter of rules, not of the ledger.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.codes import BUY, SELL
from proteus.market.ledger.accounts import (
    AFTER_LAST,
    AMOUNT_TOO_LARGE,
    CASH,
    CONTRACT,
    ENTRY_NOT_CARRIED,
    ENTRY_OUT_OF_ORDER,
    FILL_BEYOND_LIMIT,
    FILL_NOT_POSITIVE,
    FILL_OFF_TICK,
    FILL_WRONG_SIDE,
    ISSUER,
    LEDGER_OK,
    MOST_CASH,
    MOST_TRADED,
    NOT_CARRIED,
    VALUE_THEN,
    account_of,
)
from proteus.market.ledger.codes import FILL, PAYOFF, TERM_CLAIMS


@inline_kernel
def transfer(ledger, lane, asset, giver, receiver, amount, code, cause):
    """Move an asset from one account to another.

    Contracts move by ``transfer_contracts``, which adds what they were worth.

    Parameters
        asset: CASH or CONTRACT. giver, receiver: accounts. amount: nano-currency or lots; what is
            negative moves the other way. code: posting code, as FEE.
        cause: number of the event that leads to it, BEFORE_FIRST or AFTER_LAST; never smaller
            than that of the entry before.

    Returns
        LEDGER_OK, or the code of what is wrong; then nothing was written.
    """
    if not _is_carried(ledger, asset, giver, receiver, code):
        return ENTRY_NOT_CARRIED
    place = ledger.place[code]
    before = ledger.cause[lane]
    if cause != AFTER_LAST and (cause < before or before == AFTER_LAST):
        return ENTRY_OUT_OF_ORDER
    ledger.cause[lane] = cause
    ledger.balance[lane, giver, asset] -= amount
    ledger.balance[lane, receiver, asset] += amount
    ledger.total[lane, giver, place, asset] -= amount
    ledger.total[lane, receiver, place, asset] += amount
    return LEDGER_OK


@inline_kernel
def _is_carried(ledger, asset, giver, receiver, code):
    """Tell whether this ledger has the asset, both accounts and the code.

    A number below zero, as NO_TRADER, would be written to the account of another lane.
    """
    if asset != CASH and asset != CONTRACT:
        return False
    if min(giver, receiver) < 0 or max(giver, receiver) >= ledger.balance.shape[1]:
        return False
    return 0 <= code < ledger.place.shape[0] and ledger.place[code] != NOT_CARRIED


@inline_kernel
def transfer_cash(ledger, lane, giver, receiver, amount, code, cause):
    """Move cash that is neither of a fill nor of the payoff. Returns as ``transfer``.

    Those have room of their own (``accounts.MOST_TRADED``), so no sequence of entries takes a
    balance out of int64.
    """
    if not _is_carried(ledger, CASH, giver, receiver, code):
        return ENTRY_NOT_CARRIED
    if amount < -MOST_CASH or amount > MOST_CASH:
        return AMOUNT_TOO_LARGE
    if not (_has_room(ledger, lane, giver, -amount) and _has_room(ledger, lane, receiver, amount)):
        return AMOUNT_TOO_LARGE
    return transfer(ledger, lane, CASH, giver, receiver, amount, code, cause)


@inline_kernel
def _has_room(ledger, lane, account, amount):
    """Tell whether an account can get so much more under codes other than FILL and PAYOFF."""
    held = ledger.balance[lane, account, CASH]
    for code in (FILL, PAYOFF):
        held -= ledger.total[lane, account, ledger.place[code], CASH]
    return -MOST_CASH <= held + amount <= MOST_CASH


@inline_kernel
def transfer_contracts(ledger, lane, giver, receiver, lots, value, code, cause):
    """Move contracts, whose drift begins at ``value``: v now, nano. Returns as ``transfer``."""
    refused = transfer(ledger, lane, CONTRACT, giver, receiver, lots, code, cause)
    if refused != LEDGER_OK:
        return refused
    place = ledger.place[code]
    ledger.total[lane, giver, place, VALUE_THEN] -= lots * value
    ledger.total[lane, receiver, place, VALUE_THEN] += lots * value
    return LEDGER_OK


@inline_kernel
def post_fill(ledger, orders, book, lane, buy, sell, price, lots, value, cause):
    """Book one fill between two orders.

    Parameters
        buy, sell: order slots. price: ticks. lots: quantity. value: v now, nano.
        cause: number of the event.

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
    if max(ledger.bought[lane, buyer], ledger.sold[lane, seller]) > MOST_TRADED - lots:
        return AMOUNT_TOO_LARGE
    cash = price * ledger.tick_nano[0] * lots
    refused = transfer_contracts(ledger, lane, seller, buyer, lots, value, FILL, cause)
    if refused != LEDGER_OK:
        return refused
    transfer(ledger, lane, CASH, buyer, seller, cash, FILL, cause)
    ledger.bought[lane, buyer] += lots
    ledger.sold[lane, seller] += lots
    orders.filled[lane, buy] += lots
    orders.filled[lane, sell] += lots
    return LEDGER_OK


@inline_kernel
def settle(ledger, lane, payoff_nano):
    """Redeem every contract at the payoff: the issuer takes it back and pays.

    Afterwards nobody but the issuer holds contracts. Every lane carries the code, and no entry
    can come too late for it, so it is never refused.
    """
    issuer = account_of(ledger, ISSUER)
    for account in range(ledger.balance.shape[1]):
        lots = ledger.balance[lane, account, CONTRACT]
        if account != issuer:
            transfer_contracts(ledger, lane, account, issuer, lots, payoff_nano, PAYOFF, AFTER_LAST)
            cash = lots * payoff_nano
            transfer(ledger, lane, CASH, issuer, account, cash, PAYOFF, AFTER_LAST)


# --- what an account has made ---------------------------------------------------------------------


@cold_kernel
def equity_of(ledger, lane, account, value):
    """Return the PnL of an account so far: cash and contracts at ``value``, less its claims, nano.

    Before contracts are redeemed ``value`` is v, afterwards it does not matter.
    """
    cash = ledger.balance[lane, account, CASH] - worth_of_term(ledger, lane, account, TERM_CLAIMS)
    return cash + ledger.balance[lane, account, CONTRACT] * value


@inline_kernel
def worth_of_term(ledger, lane, account, term):
    """Return what an account got under the codes of a term: cash, and contracts at v then, nano."""
    worth = np.int64(0)
    for place in range(ledger.term.shape[0]):
        if ledger.term[place] == term:
            worth += ledger.total[lane, account, place, CASH]
            worth += ledger.total[lane, account, place, VALUE_THEN]
    return worth


@inline_kernel
def drift_of(ledger, lane, account, value):
    """Return what the contracts of an account gained since they moved, at ``value``, nano."""
    drift = ledger.balance[lane, account, CONTRACT] * value
    for place in range(ledger.term.shape[0]):
        drift -= ledger.total[lane, account, place, VALUE_THEN]
    return drift
