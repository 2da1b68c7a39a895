"""Settlement bound to a market: fills become legs, what is due is posted, and traders are told.

``rules`` is written, and so are the queue and, through ``posting``, the ledger and the log; of
``risk`` and ``private`` the inventories. ``lane`` is the row, ``time`` is ns, ``event`` is the
number of the event, ``value`` is v now in nano. A settled leg is no posting: balances of the ledger
are economic, and moved with the fill.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.book.codes import (
    EVENT_SETTLEMENT_FAILED,
    EVENT_SETTLEMENT_FINAL,
    EVENT_SETTLEMENT_PENDING,
    EVENT_SETTLEMENT_REVERTED,
    FAILED_AGAIN,
    FAILED_CLOSED_OUT,
)
from proteus.market.events.latency import FILL_REPORT, delay
from proteus.market.events.log import is_recorded, record_fork, record_settlement
from proteus.market.events.queue import KIND_SETTLEMENT, KIND_TAKEN_BACK, NEVER_NS, push
from proteus.market.events.windows import slowed
from proteus.market.ledger.accounts import CASH, CONTRACT, SETTLED_NOT_WHOLE
from proteus.market.ledger.codes import CLOSE_OUT, DEFAULT, FAIL_PENALTY, REVERT
from proteus.market.metrics.risk import change_inventory
from proteus.market.rng import STREAM_TAKEN_BACK, words_at
from proteus.market.rules import posting, stress
from proteus.market.rules.uses import CHAINS, uses
from proteus.market.settlement.due import settle_due
from proteus.market.settlement.failing import PAY_DEFAULT, PAY_PENALTY
from proteus.market.settlement.finality import make_block, settle_all
from proteus.market.settlement.legs import (
    LEG_CLOSED_OUT,
    LEG_REVERTED,
    LEG_SETTLED,
    MODE_BLOCKS,
    NEITHER_FAILED,
    add_fill,
    is_immediate,
)

DUE = -1  # item of an entry of KIND_SETTLEMENT: legs are due; a block: its number

_TRADER_SHIFT = 48  # of an entry of KIND_TAKEN_BACK: the trader, and lots that it had bought (> 0)
_LOTS_OFFSET = 1 << 47


@deferred_kernel()
def note_fill(rules, ledger, log, queue, orders, lane, buy, sell, price, lots, time, block, event):
    """Let a fill wait for its settlement.

    Parameters
        buy, sell: order slots. price: ticks. block: number of the block that carries it, or
            NO_BLOCK.
    """
    state = rules.settlement
    buyer, seller = np.int64(orders.trader[lane, buy]), np.int64(orders.trader[lane, sell])
    cash = price * ledger.tick_nano[0] * lots
    fill = state.legs.fills[lane]
    due = add_fill(state, lane, buyer, seller, lots, cash, time, block)
    rules.overflow[lane] |= state.legs.overflow[lane]
    _expect(queue, lane, due)
    if is_recorded(log):
        record_settlement(
            log, lane, event, time, EVENT_SETTLEMENT_PENDING, fill, buyer, seller, lots, cash
        )


@inline_kernel
def _expect(queue, lane, due):
    if due != NEVER_NS:
        push(queue, lane, due, KIND_SETTLEMENT, DUE)


@inline_kernel
def expect_block(rules, queue, lane, number, time):
    """Let settlement see a block that is made, after all of the environment of this nanosecond."""
    if rules.settlement.terms.mode == MODE_BLOCKS:
        push(queue, lane, time, KIND_SETTLEMENT, number)


@deferred_kernel()
def settle(
    rules, ledger, log, queue, keys, traders, private, risk, lane, item, value, price, time, event
):
    """Settle what is due, or what a block decides, and post what follows; then ``legs.release``.

    Parameters
        item: DUE, or the number of a block. price: public price of a lot, nano.
    """
    state = rules.settlement
    if item == DUE:
        _expect(queue, lane, settle_due(state, ledger.balance, lane, time, price))
    else:
        word = stress.fork_word(rules, time)
        dropped = min(make_block(state, keys, lane, item, time, word), item)
        if dropped > 0 and is_recorded(log):
            record_fork(log, lane, event, time, item, dropped)
    rules.overflow[lane] |= state.legs.overflow[lane]
    if state.legs.taken_back[lane] > 0:
        _tell(rules, queue, keys, traders, private, lane, time)
        _take_back(rules, ledger, log, traders, risk, lane, value, time, event)
    _pay(rules, ledger, log, lane, time, event)
    _record(state, log, lane, time, event)


@inline_kernel
def _is_taken_back(status):
    return status == LEG_CLOSED_OUT or status == LEG_REVERTED


@deferred_kernel()
def _take_back(rules, ledger, log, traders, risk, lane, value, time, event):
    """Move the contracts and the cash of fills that will never be final back, at their prices.

    Who keeps to capital may be short then.
    """
    legs = rules.settlement.legs
    rules.constraints.shaken[lane] = uses(rules, CHAINS)
    for at in range(legs.count[lane]):
        status = legs.status[lane, at]
        if not _is_taken_back(status):
            continue
        code = REVERT if status == LEG_REVERTED else CLOSE_OUT
        buyer, seller = np.int64(legs.buyer[lane, at]), np.int64(legs.seller[lane, at])
        lots, cash = np.int64(legs.lots[lane, at]), legs.cash[lane, at]
        posting.move(rules, ledger, log, lane, time, event, buyer, seller, lots, value, code)
        posting.pay(rules, ledger, log, lane, time, event, seller, buyer, cash, code)
        if traders.role[buyer] == CLASS_MAKER:
            change_inventory(risk, lane, buyer, -lots, time)
        if traders.role[seller] == CLASS_MAKER:
            change_inventory(risk, lane, seller, lots, time)


@inline_kernel
def _pay(rules, ledger, log, lane, time, event):
    """Post penalties, what is missing of them, and differences of close-outs."""
    payments = rules.settlement.payments
    for i in range(payments.count[lane]):
        what = payments.what[lane, i]
        code = CLOSE_OUT
        if what == PAY_PENALTY:
            code = FAIL_PENALTY
        elif what == PAY_DEFAULT:
            code = DEFAULT
        giver, receiver = np.int64(payments.giver[lane, i]), np.int64(payments.receiver[lane, i])
        amount = payments.amount[lane, i]
        posting.pay(rules, ledger, log, lane, time, event, giver, receiver, amount, code)


@inline_kernel
def _record(state, log, lane, time, event):
    """Record what became of each leg; a fill that is pending as before has no row."""
    legs = state.legs
    if not is_recorded(log):
        return
    for at in range(legs.count[lane]):
        status, kind = legs.status[lane, at], 0
        if legs.failing[lane, at] != NEITHER_FAILED:
            kind = EVENT_SETTLEMENT_FAILED
        elif status == LEG_SETTLED:
            kind = EVENT_SETTLEMENT_FINAL
        elif status == LEG_REVERTED:
            kind = EVENT_SETTLEMENT_REVERTED
        if kind != 0:
            fill, lots = np.int64(legs.fill[lane, at]), np.int64(legs.lots[lane, at])
            buyer, seller = np.int64(legs.buyer[lane, at]), np.int64(legs.seller[lane, at])
            row = record_settlement(
                log, lane, event, time, kind, fill, buyer, seller, lots, legs.cash[lane, at]
            )
            if kind == EVENT_SETTLEMENT_FAILED and row >= 0:
                log.code[lane, row] = (
                    FAILED_CLOSED_OUT if status == LEG_CLOSED_OUT else FAILED_AGAIN
                )


# --- what traders are told ------------------------------------------------------------------------


@deferred_kernel()
def _tell(rules, queue, keys, traders, private, lane, time):
    """Tell both sides of a fill that it is taken back, over their fill-report links."""
    legs = rules.settlement.legs
    for at in range(legs.count[lane]):
        if _is_taken_back(legs.status[lane, at]):
            fill, lots = np.int64(legs.fill[lane, at]), np.int64(legs.lots[lane, at])
            buyer, seller = np.int64(legs.buyer[lane, at]), np.int64(legs.seller[lane, at])
            send_back(rules, queue, keys, traders, private, lane, time, buyer, lots, fill, 0)
            send_back(rules, queue, keys, traders, private, lane, time, seller, -lots, fill, 1)


@inline_kernel
def send_back(rules, queue, keys, traders, private, lane, time, trader, bought, fill, side):
    """Tell a trader, over its fill-report link, that lots it had bought are gone."""
    entity = traders.entity[trader]
    word = words_at(keys, lane, STREAM_TAKEN_BACK, entity, fill, side)[0]
    takes = delay(traders, trader, FILL_REPORT, word)
    arrives = time + slowed(rules.stress.windows, trader, FILL_REPORT, time, takes)
    arrives = max(arrives, private.filled_until[lane, trader])
    private.filled_until[lane, trader] = arrives
    push(queue, lane, arrives, KIND_TAKEN_BACK, trader << _TRADER_SHIFT | (bought + _LOTS_OFFSET))


@inline_kernel
def learn(private, lane, item):
    """Let a trader know that a fill of its own was taken back; beliefs stay as they are."""
    trader = item >> _TRADER_SHIFT
    bought = (item & ((1 << _TRADER_SHIFT) - 1)) - _LOTS_OFFSET
    private.position[lane, trader] -= bought


# --- the end --------------------------------------------------------------------------------------


@deferred_kernel()
def end(rules, ledger, log, lane, time, event):
    """Make everything final that is pending; contracts that are settled are then those held.

    The caller lets go of the legs (``legs.release``).
    """
    state = rules.settlement
    if is_immediate(state):
        return
    settle_all(state, lane, time)
    _record(state, log, lane, time, event)
    pending, settled = state.held.pending, state.held.settled
    for trader in range(settled.shape[1]):
        held = ledger.balance[lane, trader, CONTRACT]
        is_pending = pending[lane, trader, CASH] != 0 or pending[lane, trader, CONTRACT] != 0
        if is_pending or settled[lane, trader, CONTRACT] != held:
            rules.refused[lane] = SETTLED_NOT_WHOLE
