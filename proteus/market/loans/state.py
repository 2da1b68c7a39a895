"""Fixed-term lending by rate: what a market of loans holds, and what it is told.

    rate        steps of 0.001 a year; who borrows buys, so a higher rate is the better bid
    interest    fixed at the match for the whole term: who repays early owes all of it. It is
                rounded up, but never beyond what collateral was reserved for
    offers      their cash is in escrow until they are lent, withdrawn or expire
    requests    their collateral is reserved, at the rate of the request, for what is open of them
    expiry      inclusive: an order still trades at its last time
    maturity    pays as far as the borrower's cash goes; the rest may be liquidated at any health
    losses      what is left without collateral: the treasury first, then the lender of the loan

Source
    Fixed-term lending by books and sealed auctions is young: the rules are those of Term Finance
    (one clearing rate) and Secured Finance (books by maturity), made deterministic.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state
from proteus.market.lending.collateral import Collateral
from proteus.market.lending.liquidation import Policy
from proteus.market.loans.codes import MOST_STEPS
from proteus.market.mechanisms.interface import NEVER, Market, allocate_market


@state
class LoanTerms(NamedTuple):
    """Parameters of fixed-term lending, the same in every lane."""

    term: int  # units of time, from the match to maturity
    year: int  # units of time
    collateral: Collateral
    policy: Policy


@state
class Message(NamedTuple):
    """What somebody wants done."""

    time: int  # not before the message before it
    action: int  # codes.ACTIONS, or lending.codes
    account: int  # who acts, or NOBODY
    amount: int  # nano, lots, a price in nano, or ALL
    rate: int  # steps; of an order the limit
    expires: int  # last time of an order, or NEVER
    number: int  # of a new order its own; else the order or loan that is meant, or NO_NUMBER
    borrower: int  # whose position is liquidated


@state
class Placed(NamedTuple):
    """What the book does not know of its orders. L lanes, C order slots."""

    open: np.ndarray  # int64 [L, C] nano that may still be lent; 0: the slot is free
    expires: np.ndarray  # int64 [L, C] last time, or NEVER
    used: np.ndarray  # int64 [L] slots from here on were never used


@state
class Loans(NamedTuple):
    """Loans in the order in which they open, so in that of maturity. L lanes, N loans."""

    lender: np.ndarray  # int32 [L, N]
    borrower: np.ndarray  # int32 [L, N]
    rate: np.ndarray  # int64 [L, N] steps
    principal: np.ndarray  # int64 [L, N] nano
    interest: np.ndarray  # int64 [L, N] nano, of the whole term
    owed: np.ndarray  # int64 [L, N] nano, what is left of both
    start: np.ndarray  # int64 [L, N] time
    maturity: np.ndarray  # int64 [L, N] time
    status: np.ndarray  # int8 [L, N] RUNNING, OVERDUE, REPAID or WRITTEN_OFF
    count: np.ndarray  # int64 [L] loans so far
    matured: np.ndarray  # int64 [L] the first loan that is not yet at its maturity


@state
class Accounts(NamedTuple):
    """Who takes part. L lanes, A accounts."""

    wallet: np.ndarray  # int64 [L, A, 2] nano of cash, and lots that are not pledged
    offered: np.ndarray  # int64 [L, A] nano in escrow
    reserved: np.ndarray  # int64 [L, A] nano that open requests may come to owe
    debt: np.ndarray  # int64 [L, A] nano
    overdue: np.ndarray  # int64 [L, A] nano, part of the debt
    claims: np.ndarray  # int64 [L, A] nano that others owe it
    pledged: np.ndarray  # int64 [L, A] lots
    is_short: np.ndarray  # bool [L, A] its lots are short ones
    seized: np.ndarray  # int64 [L, A, 2] long and short lots taken over as a liquidator


@state
class Events(NamedTuple):
    """What happened since the log was read. L lanes, E events; one row more takes what is beyond.

    A count above E means overflow.
    """

    kind: np.ndarray  # int8 [L, E + 1] CREDIT_*
    time: np.ndarray  # int64 [L, E + 1]
    account: np.ndarray  # int64 [L, E + 1] or NOBODY
    other: np.ndarray  # int64 [L, E + 1] the lender of a loan, or who liquidates
    order: np.ndarray  # int64 [L, E + 1] its number, or NO_NUMBER
    loan: np.ndarray  # int64 [L, E + 1] its number, or NO_NUMBER
    amount: np.ndarray  # int64 [L, E + 1] nano or lots
    rate: np.ndarray  # int64 [L, E + 1] steps, or 0
    before: np.ndarray  # int64 [L, E + 1] nano, debt of the account before, where it changes
    after: np.ndarray  # int64 [L, E + 1] nano, and after
    reason: np.ndarray  # int8 [L, E + 1] codes.REASONS, or ACCEPTED
    count: np.ndarray  # int64 [L] since the log was read
    capacity: int  # E


@state
class LoanMarket(NamedTuple):
    """A market of loans. L lanes."""

    market: Market  # prices are steps of the rate, lots are nano
    placed: Placed
    loans: Loans
    accounts: Accounts
    events: Events
    clock: np.ndarray  # int64 [L] time of what is happening
    price: np.ndarray  # int64 [L] nano, of the contract
    treasury: np.ndarray  # int64 [L] nano, part of bonuses
    bad_debt: np.ndarray  # int64 [L] nano written off so far
    rate: np.ndarray  # int64 [L] steps, of the last match; 0 before
    result: np.ndarray  # int64 [L, 2] what the last message returned


def allocate_loans(lanes: int, slots: int, loans: int, accounts: int, reference: int) -> LoanMarket:
    """Allocate a market without orders or loans, and with empty accounts.

    Parameters
        lanes, slots, loans, accounts: how many; slots are of orders.
        reference: steps of the rate before the first match.
    """
    keys = np.zeros((lanes, 2), np.uint32)
    market = allocate_market(lanes, slots, MOST_STEPS + 1, reference, 6 * slots + 8, keys)
    return allocate(
        LoanMarket, L=lanes, market=market,
        placed=allocate(Placed, L=lanes, C=slots, expires=NEVER),
        loans=allocate(Loans, L=lanes, N=loans),
        accounts=allocate(Accounts, L=lanes, A=accounts),
        events=allocate_events(lanes, events_of(slots, loans)),
    )  # fmt: skip


def allocate_events(lanes: int, events: int) -> Events:
    """Allocate an empty log."""
    return allocate(Events, L=lanes, E=events, capacity=np.int64(events))


def events_of(slots: int, loans: int) -> int:
    """Return how many events one message can make: it may open and end all there is."""
    return 3 * slots + 6 * loans + 8
