"""Where the rules that a market adds see what happens, and may act on it.

Costs, settlement, incentives, an environment and constraints are no part of a mechanism: the loop
calls a hook at each place where one of them can matter. A hook is an interface chosen by the type
of ``world.rules``. Of ``NoRules`` every hook is empty, so the plain loop is compiled without them.
Of ``Rules`` each is one call of a cold kernel that gets sub-states and numbers, never the world or
the mechanism.

``rules`` is written, and so is ``ledger`` through its entries alone; ``orders``, ``private`` and
``view`` are read. ``buy``, ``sell`` and ``slot`` are slots of orders, ``becomes`` is of
``constraints.AS_*``; the rest is as in all of ``trading``.

A kernel of rules moves balances through the ledger's entries, and asks to be woken by pushing an
entry of a kind of its own (``events.queue``). Sub-states that it is handed are those it may read.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import cold_kernel, inline_kernel, interface, state

HOOKS = (
    "before_sending", "at_door", "at_fill", "after_clear", "at_timer", "at_sample", "at_decision",
    "at_end", "constrain",
)  # fmt: skip
_BEFORE_SENDING, _AT_DOOR, _AT_FILL, _AFTER_CLEAR = 0, 1, 2, 3
_AT_TIMER, _AT_SAMPLE, _AT_DECISION, _AT_END, _CONSTRAIN = 4, 5, 6, 7, 8


@state
class NoRules(NamedTuple):
    """Nothing is added: every hook compiles to nothing."""


@state
class Rules(NamedTuple):
    """What is added to a market. L lanes, K hooks."""

    calls: np.ndarray  # int64 [L, K] how often each hook was called, in the order of HOOKS


def allocate_rules(lanes: int, is_rich: bool) -> NoRules | Rules:
    """Allocate the rules of a block; a rich loop has all hooks, even where nothing is added."""
    return allocate(Rules, L=lanes, K=len(HOOKS)) if is_rich else NoRules()


@interface
def before_sending(rules, ledger, lane, trader, time):
    """A trader is about to send a message to the venue."""


@interface
def at_door(rules, ledger, orders, lane, trader, kind, slot, time):
    """A message of a trader has reached the venue; nothing has been done about it.

    It is about the order that had ``slot`` when it was sent (``envelopes.MESSAGE_*`` says how).
    Meanwhile that may have ended, and another trader's have the slot.
    """


@interface
def at_fill(rules, ledger, orders, lane, buy, sell, price, lots, time):
    """A fill between two orders, by their slots, has been posted; its price is in ticks."""


@interface
def after_clear(rules, ledger, orders, lane, time):
    """A batch has been cleared; its fills are not posted yet."""


@interface
def at_timer(rules, ledger, lane, kind, item, time):
    """An entry of the queue that rules pushed is due; its kind and item are theirs."""


@interface
def at_sample(rules, ledger, lane, time):
    """The mid or equity is about to be sampled."""


@interface
def at_decision(rules, ledger, private, lane, trader, time):
    """A trader is about to decide."""


@interface
def at_end(rules, ledger, lane, time):
    """Trading has ended; contracts are not redeemed yet."""


@interface
def constrain(rules, private, view, lane, trader, time, becomes, side, price, lots):
    """Return how many lots a trader may send of those it wants (``constraints.allowed_lots``)."""


for _hook in (
    before_sending, at_door, at_fill, after_clear, at_timer, at_sample, at_decision, at_end,
):  # fmt: skip
    _hook.empty_for(NoRules)


@before_sending.implement(Rules)
@cold_kernel
def _before_sending(rules, ledger, lane, trader, time):
    rules.calls[lane, _BEFORE_SENDING] += 1


@at_door.implement(Rules)
@cold_kernel
def _at_door(rules, ledger, orders, lane, trader, kind, slot, time):
    rules.calls[lane, _AT_DOOR] += 1


@at_fill.implement(Rules)
@cold_kernel
def _at_fill(rules, ledger, orders, lane, buy, sell, price, lots, time):
    rules.calls[lane, _AT_FILL] += 1


@after_clear.implement(Rules)
@cold_kernel
def _after_clear(rules, ledger, orders, lane, time):
    rules.calls[lane, _AFTER_CLEAR] += 1


@at_timer.implement(Rules)
@cold_kernel
def _at_timer(rules, ledger, lane, kind, item, time):
    rules.calls[lane, _AT_TIMER] += 1


@at_sample.implement(Rules)
@cold_kernel
def _at_sample(rules, ledger, lane, time):
    rules.calls[lane, _AT_SAMPLE] += 1


@at_decision.implement(Rules)
@cold_kernel
def _at_decision(rules, ledger, private, lane, trader, time):
    rules.calls[lane, _AT_DECISION] += 1


@at_end.implement(Rules)
@cold_kernel
def _at_end(rules, ledger, lane, time):
    rules.calls[lane, _AT_END] += 1


@constrain.implement(NoRules)
@inline_kernel
def _all_lots(rules, private, view, lane, trader, time, becomes, side, price, lots):
    return lots


@constrain.implement(Rules)
@cold_kernel
def _constrain(rules, private, view, lane, trader, time, becomes, side, price, lots):
    rules.calls[lane, _CONSTRAIN] += 1
    return lots
