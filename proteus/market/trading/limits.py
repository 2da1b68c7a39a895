"""What chains of constraints are told, and what the venue asks about capital.

Like the hooks these are chosen by the type of ``world.rules``; of every type but ``Rules`` they are
empty, nothing is told and everything can be paid.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel, interface
from proteus.market.rules import constraints
from proteus.market.rules.state import Rules


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
    return rules.constraints.table.is_tracked[trader]


@at_report.otherwise
@inline_kernel
def _reported(rules, messages, lane, trader, envelope, price):
    pass


@at_notice.otherwise
@inline_kernel
def _read(rules, messages, lane, trader, envelope):
    pass


for _interface, _kernel in (
    (can_pay, constraints.can_pay),
    (at_report, constraints.note_report),
    (at_notice, constraints.hear),
):
    _interface.implement(Rules)(_kernel)
