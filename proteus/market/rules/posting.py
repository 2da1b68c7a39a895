"""How rules move balances: through the ledger's door, with a row in the log."""

from __future__ import annotations

from proteus.compiler.jit import cold_kernel
from proteus.market.events.log import MISSING, is_recorded, record_posting
from proteus.market.ledger.accounts import (
    BEFORE_FIRST,
    CASH,
    CONTRACT,
    ISSUER,
    LEDGER_OK,
    account_of,
)
from proteus.market.ledger.codes import CARRY, ENDOW
from proteus.market.ledger.entries import transfer_cash, transfer_contracts
from proteus.market.metrics.risk import change_inventory
from proteus.market.settlement.legs import is_immediate


@cold_kernel
def pay(rules, ledger, log, lane, time, event, giver, receiver, amount, code):
    """Move cash and record why; an amount of nothing is no entry.

    Parameters
        time: ns. event: number of the event that leads to it, BEFORE_FIRST or AFTER_LAST.
            giver, receiver: accounts. amount: nano-currency. code: posting code, as FEE.

    An entry that the ledger refuses stops the lane after this event.
    """
    charge(
        rules, ledger, log, lane, time, event, giver, receiver, amount, code, MISSING, MISSING
    )  # fmt: skip


@cold_kernel
def charge(
    rules, ledger, log, lane, time, event, giver, receiver, amount, code, order, fill
):  # fmt: skip
    """Move cash as ``pay`` does, because of an order.

    Parameters
        order: its version. fill: number of the fill that it is charged for, from 0; MISSING for
            several, and for a message.
    """
    if amount == 0:
        return
    refused = transfer_cash(ledger, lane, giver, receiver, amount, code, event)
    if refused != LEDGER_OK:
        rules.refused[lane] = refused
    elif is_recorded(log):
        record_posting(
            log, lane, event, time, CASH, giver, receiver, amount, code, order, fill
        )  # fmt: skip


@cold_kernel
def move(rules, ledger, log, lane, time, event, giver, receiver, lots, value, code):
    """Move contracts, whose drift begins at ``value``: v now, nano. The rest is as in ``pay``."""
    refused = transfer_contracts(ledger, lane, giver, receiver, lots, value, code, event)
    if refused != LEDGER_OK:
        rules.refused[lane] = refused
    elif is_recorded(log):
        record_posting(
            log, lane, event, time, CONTRACT, giver, receiver, lots, code, MISSING, MISSING
        )  # fmt: skip


@cold_kernel
def endow(rules, ledger, log, lane):
    """Give every trader its capital, before the first event."""
    issuer = account_of(ledger, ISSUER)
    for trader in range(rules.endowment.shape[1]):
        capital = rules.endowment[lane, trader]
        pay(rules, ledger, log, lane, 0, BEFORE_FIRST, issuer, trader, capital, ENDOW)


@cold_kernel
def open_positions(rules, ledger, log, risk, lane, value):
    """Open the positions that go on, before the first event; at ``value``, v at 0 in nano.

    Who buys them so has as much wealth as before, and they are settled.
    """
    issuer, held = account_of(ledger, ISSUER), rules.settlement.held
    for trader in range(rules.opening.shape[1]):
        lots = rules.opening[lane, trader]
        if rules.roles.is_maker[trader]:
            change_inventory(risk, lane, trader, lots, 0)
        if lots != 0:
            move(rules, ledger, log, lane, 0, BEFORE_FIRST, issuer, trader, lots, value, CARRY)
            price = lots * value
            pay(rules, ledger, log, lane, 0, BEFORE_FIRST, trader, issuer, price, CARRY)
            if not is_immediate(rules.settlement):
                held.settled[lane, trader, CONTRACT] += lots
