"""Legs: fills that are not final yet, in order of their numbers, and who has what pending.

A fill's pending cash is what the buyer owes the seller, its pending contracts what the seller owes
the buyer, so that pending sums to zero per asset over traders.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel, state, written_first
from proteus.market.events.queue import NEVER_NS
from proteus.market.settlement.added import OF_OURS, due_added
from proteus.market.settlement.sums import SettlementSums, locked_changed, value_changed

MODE_IMMEDIATE = 0
MODE_DELAYED = 1
MODE_BLOCKS = 2

# How far a fill is. Of the last four the caller posts and tells what follows from them.
LEG_TRADED = 0  # no block has carried it
LEG_PENDING = 1
LEG_SETTLED = 2
LEG_FAILED = 3  # it could not be paid, and is due again
LEG_CLOSED_OUT = 4  # it could not be paid the last time: both legs go back
LEG_REVERTED = 5  # a fork dropped it: both legs go back

NO_BLOCK = -1

# Which side of a fill could not pay.
NEITHER_FAILED = 0
BUYER_FAILED = 1
SELLER_FAILED = 2

# The second axis of what is held: assets, as in the ledger.
_CASH = 0
_CONTRACT = 1


@state
class Terms(NamedTuple):
    """Parameters of settlement; those of other modes than its own are 0. N numbers of a rule."""

    mode: int  # MODE_*
    end_ns: int  # nothing is due from then on, as all is settled
    delay_ns: int  # from a fill to when it is due; 0: in cycles
    cycle_ns: int  # distance of cycles
    rule: int  # of added.RULES, which says when a fill is due; OF_OURS: the two above
    numbers: np.ndarray  # int64 [N] what that rule is given
    nets: bool  # one amount per trader and cycle, and not each fill
    retries: int  # cycles that a failed fill is given
    fail_penalty_ppm: int  # of the value that fails, a cycle
    finality_blocks: int  # blocks made after the one that carries a fill
    fork_word: int  # a block forks iff its random word is below this
    fork_depth: int  # largest number of blocks that a fork drops


@written_first(
    "fill", "buyer", "seller", "lots", "cash", "traded_ns", "due_ns", "block", "tries", "status",
    "failing",
)  # fmt: skip
@state
class Legs(NamedTuple):
    """Fills that are not final. L lanes, C legs."""

    fill: np.ndarray  # int32 [L, C] number of the fill, from 0; increasing
    buyer: np.ndarray  # int32 [L, C]
    seller: np.ndarray  # int32 [L, C]
    lots: np.ndarray  # int32 [L, C] at most MAX_LOTS
    cash: np.ndarray  # int64 [L, C] price times lots, nano
    traded_ns: np.ndarray  # int64 [L, C]
    due_ns: np.ndarray  # int64 [L, C] when it is due, or NEVER_NS: under blocks
    block: np.ndarray  # int32 [L, C] number of the block that carries it, or NO_BLOCK
    tries: np.ndarray  # int16 [L, C] how often it failed, up to one more than MOST_RETRIES
    status: np.ndarray  # int8 [L, C] LEG_*
    failing: np.ndarray  # int8 [L, C] *_FAILED: who could not pay
    count: np.ndarray  # int64 [L] legs in use
    failed: np.ndarray  # int64 [L] of these, that could not be paid now
    taken_back: np.ndarray  # int64 [L] of these, that go back now
    fills: np.ndarray  # int64 [L] fills ever
    expected_ns: np.ndarray  # int64 [L] when settlement looks next, or 0: nothing is due
    overflow: np.ndarray  # int64 [L] 1: a fill or a payment found no room


@state
class Held(NamedTuple):
    """What fills have moved. L lanes, A traders."""

    pending: np.ndarray  # int64 [L, A, 2] not final: nano-currency; lots
    settled: np.ndarray  # int64 [L, A, 2] final: nano-currency; lots
    owed: np.ndarray  # int64 [L, A] pending cash of what it bought, nano


@state
class Parties(NamedTuple):
    """Who trades, the same in every lane. A traders."""

    by_uid: np.ndarray  # int64 [A] traders in order of their agent_uid
    is_limited: np.ndarray  # bool [A] has capital, and may thus be unable to pay


@state
class Sharing(NamedTuple):
    """Scratch, whatever the lane. A traders."""

    cash: np.ndarray  # int64 [A] settled cash, or the net amount of a cycle, nano
    weights: np.ndarray  # int64 [A]
    shares: np.ndarray  # int64 [A]
    paid: np.ndarray  # int64 [A]
    rests: np.ndarray  # int64 [A]


@written_first("what", "giver", "receiver", "amount")
@state
class Payments(NamedTuple):
    """Cash that is to be posted beside the legs. L lanes, P payments."""

    what: np.ndarray  # int8 [L, P] PAY_*
    giver: np.ndarray  # int32 [L, P] trader
    receiver: np.ndarray  # int32 [L, P] trader
    amount: np.ndarray  # int64 [L, P] nano, more than 0
    count: np.ndarray  # int64 [L] in use


@state
class SettlementState(NamedTuple):
    """Everything that settlement knows; where it is immediate there is room for nothing."""

    terms: Terms
    parties: Parties
    legs: Legs
    held: Held
    sharing: Sharing
    payments: Payments
    sums: SettlementSums


@inline_kernel
def is_immediate(settlement):
    """Tell whether every fill is final when it happens."""
    return settlement.terms.mode == MODE_IMMEDIATE


@inline_kernel
def due_after(terms, time):
    """Return when a fill of this time is due, or one that failed at it.

    Settlement comes before trading of the same nanosecond, so a fill at the time of a cycle
    belongs to the next one.
    """
    if terms.rule != OF_OURS:
        return due_added(terms.rule, terms.numbers, time)
    if terms.cycle_ns > 0:
        return (time // terms.cycle_ns + 1) * terms.cycle_ns
    return time + terms.delay_ns


@cold_kernel
def add_fill(settlement, lane, buyer, seller, lots, cash, time, block):
    """Take a fill whose economic balances have moved.

    Parameters
        buyer, seller: traders. lots: more than 0. cash: price times lots, nano.
        block: number of the block that carries it, or NO_BLOCK: the first that is made later.

    Returns
        A time at which ``due.settle_due`` must be called, or NEVER_NS if none needs to be added.
    """
    terms, legs = settlement.terms, settlement.legs
    at = legs.count[lane]
    if at == legs.fill.shape[1]:
        legs.overflow[lane] = 1
        return np.int64(NEVER_NS)
    is_delayed = terms.mode == MODE_DELAYED
    due = due_after(terms, time) if is_delayed else np.int64(NEVER_NS)
    legs.fill[lane, at] = legs.fills[lane]
    legs.buyer[lane, at] = buyer
    legs.seller[lane, at] = seller
    legs.lots[lane, at] = lots
    legs.cash[lane, at] = cash
    legs.traded_ns[lane, at] = time
    legs.due_ns[lane, at] = due
    legs.block[lane, at] = block
    legs.tries[lane, at] = 0
    legs.status[lane, at] = LEG_PENDING if is_delayed or block != NO_BLOCK else LEG_TRADED
    legs.failing[lane, at] = NEITHER_FAILED
    legs.count[lane] = at + 1
    legs.fills[lane] += 1
    settlement.sums.lots[lane] += lots
    _change_pending(settlement, lane, at, 1, time)
    return expect(terms, legs, lane, due)


@inline_kernel
def expect(terms, legs, lane, due):
    """Return a time that is to be queued, or NEVER_NS if another one is, or it never comes.

    What is added or fails now is due after all that is pending, so one time at once is enough.
    """
    if due >= terms.end_ns or legs.expected_ns[lane] != 0:
        return np.int64(NEVER_NS)
    legs.expected_ns[lane] = due
    return due


@inline_kernel
def settle_leg(settlement, lane, at, time):
    """Make a leg final: both assets leave pending for settled."""
    legs, held = settlement.legs, settlement.held
    buyer, seller = legs.buyer[lane, at], legs.seller[lane, at]
    lots, cash = np.int64(legs.lots[lane, at]), legs.cash[lane, at]
    legs.status[lane, at] = LEG_SETTLED
    _change_pending(settlement, lane, at, -1, time)
    held.settled[lane, buyer, _CASH] -= cash
    held.settled[lane, seller, _CASH] += cash
    held.settled[lane, buyer, _CONTRACT] += lots
    held.settled[lane, seller, _CONTRACT] -= lots
    settlement.sums.lots_final[lane] += lots


@inline_kernel
def fail_leg(legs, lane, at, trader):
    """Let a leg fail because of one of its traders."""
    legs.status[lane, at] = LEG_FAILED
    legs.failing[lane, at] = BUYER_FAILED if legs.buyer[lane, at] == trader else SELLER_FAILED
    legs.failed[lane] += 1


@inline_kernel
def drop_leg(settlement, lane, at, status, time):
    """End a leg that will never be final, as LEG_CLOSED_OUT or LEG_REVERTED."""
    settlement.legs.status[lane, at] = status
    settlement.legs.taken_back[lane] += 1
    _change_pending(settlement, lane, at, -1, time)


@cold_kernel
def _change_pending(settlement, lane, at, sign, time):
    """Add a leg to what is pending, or take it away (``sign`` -1), and extend the integrals."""
    legs, held, sums = settlement.legs, settlement.held, settlement.sums
    buyer, seller = legs.buyer[lane, at], legs.seller[lane, at]
    lots, cash = sign * np.int64(legs.lots[lane, at]), sign * legs.cash[lane, at]
    held.pending[lane, buyer, _CASH] -= cash
    held.pending[lane, seller, _CASH] += cash
    held.pending[lane, buyer, _CONTRACT] += lots
    held.pending[lane, seller, _CONTRACT] -= lots
    held.owed[lane, buyer] += cash
    value_changed(sums, lane, cash, time)
    for trader in (buyer, seller):
        needed = held.owed[lane, trader]
        if settlement.terms.nets:
            needed = max(np.int64(0), -held.pending[lane, trader, _CASH])
        locked_changed(sums, lane, trader, needed, time)


@inline_kernel
def settled_cash(held, balance, lane, trader):
    """Return the cash of a trader that is final: its economic balance less what is pending.

    Parameters
        balance: int64 [L, B, 2], economic; the traders are its first accounts.
    """
    return balance[lane, trader, _CASH] - held.pending[lane, trader, _CASH]


@inline_kernel
def _waits(legs, lane, at):
    """Tell whether a leg is pending, and not one that is over and is about to be let go."""
    status = legs.status[lane, at]
    return status == LEG_TRADED or status == LEG_PENDING or status == LEG_FAILED


@cold_kernel
def coming_in(legs, lane, trader, before):
    """Return what pending fills bring a trader: nano-currency, and lots.

    Parameters
        before: number of a fill; only those before it are looked at.
    """
    cash = lots = np.int64(0)
    for at in range(legs.count[lane]):
        if legs.fill[lane, at] < before and _waits(legs, lane, at):
            if legs.seller[lane, at] == trader:
                cash += legs.cash[lane, at]
            if legs.buyer[lane, at] == trader:
                lots += legs.lots[lane, at]
    return cash, lots


@cold_kernel
def going_out(legs, lane, trader, is_bought):
    """Return lots that a trader has sold, or bought (``is_bought``), and that are not final."""
    lots = np.int64(0)
    for at in range(legs.count[lane]):
        giver = legs.buyer[lane, at] if is_bought else legs.seller[lane, at]
        if giver == trader and _waits(legs, lane, at):
            lots += legs.lots[lane, at]
    return lots


@cold_kernel
def release(settlement, lane):
    """Let go of legs that are over, once they and the payments are posted; the failed are pending.

    What stays keeps its order.
    """
    legs = settlement.legs
    kept = np.int64(0)
    for at in range(legs.count[lane]):
        status = legs.status[lane, at]
        if status == LEG_SETTLED or status == LEG_CLOSED_OUT or status == LEG_REVERTED:
            continue
        if status == LEG_FAILED:
            legs.status[lane, at] = LEG_PENDING
            legs.failing[lane, at] = NEITHER_FAILED
        _move(legs, lane, at, kept)
        kept += 1
    legs.count[lane] = kept
    legs.failed[lane] = 0
    legs.taken_back[lane] = 0
    settlement.payments.count[lane] = 0


@inline_kernel
def _move(legs, lane, at, to):
    if at == to:
        return
    legs.fill[lane, to] = legs.fill[lane, at]
    legs.buyer[lane, to] = legs.buyer[lane, at]
    legs.seller[lane, to] = legs.seller[lane, at]
    legs.lots[lane, to] = legs.lots[lane, at]
    legs.cash[lane, to] = legs.cash[lane, at]
    legs.traded_ns[lane, to] = legs.traded_ns[lane, at]
    legs.due_ns[lane, to] = legs.due_ns[lane, at]
    legs.block[lane, to] = legs.block[lane, at]
    legs.tries[lane, to] = legs.tries[lane, at]
    legs.status[lane, to] = legs.status[lane, at]
    legs.failing[lane, to] = legs.failing[lane, at]
