"""What chains of constraints are told, and what the venue asks about capital.

Like the hooks these are chosen by the type of ``world.rules``; of every type but ``Rules`` they are
empty, nothing is told and everything can be paid.
"""

from __future__ import annotations

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel, interface
from proteus.market.constraints import venue
from proteus.market.ledger.accounts import CREDIT_NOT_WHOLE, FUNDS_NOT_ORDERS, LEDGER_OK
from proteus.market.rules import constraints
from proteus.market.rules.credit_books import is_whole
from proteus.market.rules.credit_liquidation import learn_sale
from proteus.market.rules.state import Rules
from proteus.market.rules.uses import AT_NOTICE, CHAINS, CREDIT, uses


@interface
def can_pay(rules, ledger, orders, lane, trader, slot, side, rank, lots):
    """Tell whether a trader can pay an order that reaches the venue, beside its others there.

    Parameters
        slot: of the order, or of the one that is changed. side, rank, lots: what it would be.
    """


@interface
def is_told(rules, trader):
    """Tell whether a trader waits for answers to orders that are no quotes."""


@interface
def at_report(rules, messages, lane, trader, envelope, price):
    """A fill of a trader, at a price in ticks, is about to be reported to it."""


@interface
def at_notice(rules, messages, lane, trader, envelope):
    """A trader is about to read an answer or a fill report."""


@interface
def at_decided(rules, ledger, private, view, lane, trader, time):
    """A trader has decided; nothing of it has been sent."""


@interface
def at_sent(rules, world, lane, trader, time, cause, number):
    """All that a trader wanted by a wake-up has been sent."""


@interface
def audit(rules, ledger, orders, lane, found):
    """Return what an audit has found so far, or else what does not hold of the venue's sums."""


@can_pay.otherwise
@inline_kernel
def _always(rules, ledger, orders, lane, trader, slot, side, rank, lots):
    return True


@is_told.otherwise
@inline_kernel
def _is_not_told(rules, trader):
    return False


@is_told.implement(Rules)
@inline_kernel
def _is_told(rules, trader):
    return uses(rules, CHAINS) and rules.constraints.table.is_tracked[trader]


@at_report.otherwise
@inline_kernel
def _reported(rules, messages, lane, trader, envelope, price):
    pass


@at_notice.otherwise
@inline_kernel
def _read(rules, messages, lane, trader, envelope):
    pass


@at_decided.otherwise
@inline_kernel
def _not_marked(rules, ledger, private, view, lane, trader, time):
    pass


@at_sent.otherwise
@inline_kernel
def _goes_on(rules, world, lane, trader, time, cause, number):
    pass


@audit.otherwise
@inline_kernel
def _nothing_more(rules, ledger, orders, lane, found):
    return found


# Where no chain has anything each of these is one test.


@can_pay.implement(Rules)
@inline_kernel
def _can_pay(rules, ledger, orders, lane, trader, slot, side, rank, lots):
    if not uses(rules, CHAINS):
        return True
    return constraints.can_pay(
        rules.constraints, rules.settlement.legs, ledger.balance, lane, trader, slot, side, rank,
        lots,
    )  # fmt: skip


@at_report.implement(Rules)
@inline_kernel
def _at_report(rules, messages, lane, trader, envelope, price):
    if uses(rules, CHAINS):
        constraints.note_report(
            rules.constraints, rules.settlement, messages, lane, trader, envelope, price
        )


@at_notice.implement(Rules)
@inline_kernel
def _at_notice(rules, messages, lane, trader, envelope):
    if uses(rules, AT_NOTICE):
        _hear(rules, messages, lane, trader, envelope)


@deferred_kernel()
def _hear(rules, messages, lane, trader, envelope):
    if uses(rules, CHAINS):
        constraints.hear(
            rules.constraints, rules.settlement, rules.overflow, messages, lane, trader, envelope
        )
    if uses(rules, CREDIT) and rules.credit.liquidators.calls[trader]:
        learn_sale(rules, messages, lane, trader, envelope)


@at_decided.implement(Rules)
@inline_kernel
def _at_decided(rules, ledger, private, view, lane, trader, time):
    if uses(rules, CHAINS) and rules.constraints.table.is_marked[trader]:
        constraints.mark(
            rules.constraints, rules.endowment, ledger, private, view, lane, trader, time
        )


@audit.implement(Rules)
@inline_kernel
def _audit(rules, ledger, orders, lane, found):
    if found == LEDGER_OK and uses(rules, CREDIT) and not is_whole(rules, ledger, lane):
        return CREDIT_NOT_WHOLE
    if found != LEDGER_OK or not uses(rules, CHAINS):
        return found
    return LEDGER_OK if venue.are_sums_whole(rules.constraints, orders, lane) else FUNDS_NOT_ORDERS
