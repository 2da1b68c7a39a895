"""Where the rules that a market adds see what happens, and may act on it.

Costs, settlement, incentives, an environment and constraints are no part of a mechanism: the loop
calls a hook at each place where one of them can matter. A hook is an interface chosen by the type
of ``world.rules``. Of ``NoRules`` every hook is empty, so the plain loop is compiled without them.
Of ``Rules`` each is one call of a cold kernel that gets sub-states and numbers, never the world or
the mechanism.

``rules`` is written, and so are ``ledger`` and ``log``, through ``rules.posting`` alone;
``orders``, ``private`` and ``view`` are read. ``buy``, ``sell`` and ``slot`` are slots of orders,
``event`` is the number of the event, ``becomes`` is of ``constraints.AS_*``; the rest is as in all
of ``trading``. A rule asks to be woken by pushing an entry of a kind of its own (``events.queue``).

What an entry breaks stops the lane when its event is over (``check``).
"""

from __future__ import annotations

from proteus.compiler.jit import cold_kernel, inline_kernel, interface
from proteus.market.environment.news import value_at
from proteus.market.events.queue import KIND_TAKEN_BACK
from proteus.market.information.history import newest, reference_doubled
from proteus.market.ledger.accounts import LEDGER_OK, nano
from proteus.market.rules import posting, settlement
from proteus.market.rules.state import NoRules, Rules
from proteus.market.settlement.legs import NO_BLOCK
from proteus.market.trading.world import FAULT_CAPACITY, stop_lane

HOOKS = (
    "at_start", "before_sending", "at_door", "at_fill", "after_clear", "after_booking", "at_timer",
    "at_sample", "at_decision", "at_end", "check", "constrain", "at_settlement",
)  # fmt: skip


@interface
def at_start(rules, ledger, log, lane):
    """A lane starts; nothing has happened."""


@interface
def before_sending(rules, ledger, log, lane, trader, time, event):
    """A trader is about to send a message to the venue."""


@interface
def at_door(rules, ledger, log, orders, lane, trader, kind, slot, time, event):
    """A message of a trader has reached the venue; nothing has been done about it.

    It is about the order that had ``slot`` when it was sent (``envelopes.MESSAGE_*`` says how).
    Meanwhile that may have ended, and another trader's have the slot.
    """


@interface
def at_fill(rules, ledger, log, queue, orders, origins, lane, buy, sell, price, lots, time, event):
    """A fill between two orders, by their slots, has been posted; its price is in ticks."""


@interface
def after_clear(rules, ledger, log, orders, lane, time, event):
    """A batch has been cleared; its fills are not posted yet."""


@interface
def after_booking(rules, ledger, log, orders, origins, lane, time, event):
    """All fills and answers of an event are posted; no order that it ended has left its slot."""


@interface
def at_timer(rules, ledger, log, lane, kind, item, time, event):
    """An entry of the queue that rules pushed is due; its kind and item are theirs."""


@interface
def at_settlement(
    rules, ledger, log, queue, keys, traders, private, news, news_parameters, data, risk,
    initial_ticks, lane, kind, item, time, event,
):  # fmt: skip
    """Legs are due or a block is made; or a trader hears that a fill of its own was taken back."""


@interface
def at_sample(rules, ledger, log, lane, time, event):
    """The mid or equity is about to be sampled."""


@interface
def at_decision(rules, ledger, log, private, lane, trader, time, event):
    """A trader is about to decide."""


@interface
def at_end(rules, ledger, log, lane, time, event):
    """Trading has ended; contracts are not redeemed yet."""


@interface
def check(rules, progress, lane, event):
    """Stop the lane if rules broke something in this event."""


@interface
def constrain(rules, private, view, lane, trader, time, becomes, side, price, lots):
    """Return how many lots a trader may send of those it wants (``constraints.allowed_lots``)."""


for _hook in (
    at_start, before_sending, at_door, at_fill, after_clear, after_booking, at_timer, at_sample,
    at_decision, at_end, check, at_settlement,
):  # fmt: skip
    _hook.empty_for(NoRules)
# Nothing that is added acts here yet.
for _hook in (
    before_sending,
    at_door,
    after_clear,
    after_booking,
    at_timer,
    at_sample,
    at_decision,
):
    _hook.empty_for(Rules)


@at_start.implement(Rules)
@cold_kernel
def _at_start(rules, ledger, log, lane):
    posting.endow(rules, ledger, log, lane)


@at_fill.implement(Rules)
@cold_kernel
def _at_fill(rules, ledger, log, queue, orders, origins, lane, buy, sell, price, lots, time, event):
    settlement.note_fill(
        rules, ledger, log, queue, orders, lane, buy, sell, price, lots, time, NO_BLOCK, event
    )


@at_settlement.implement(Rules)
@cold_kernel
def _at_settlement(
    rules, ledger, log, queue, keys, traders, private, news, news_parameters, data, risk,
    initial_ticks, lane, kind, item, time, event,
):  # fmt: skip
    if kind == KIND_TAKEN_BACK:
        settlement.learn(private, lane, item)
        return
    value = nano(value_at(news, news_parameters, lane, time))
    doubled = reference_doubled(data, lane, newest(data, lane), initial_ticks)
    price = doubled * ledger.tick_nano[0] // 2
    settlement.settle(
        rules, ledger, log, queue, keys, traders, private, risk, lane, item, value, price, time,
        event,
    )  # fmt: skip


@at_end.implement(Rules)
@cold_kernel
def _at_end(rules, ledger, log, lane, time, event):
    settlement.end(rules, ledger, log, lane, time, event)


@check.implement(Rules)
@inline_kernel
def _check(rules, progress, lane, event):
    if rules.refused[lane] != LEDGER_OK:
        stop_lane(progress, lane, rules.refused[lane], event)
    if rules.overflow[lane] != 0:
        stop_lane(progress, lane, FAULT_CAPACITY, event)


@constrain.implement(NoRules)
@constrain.implement(Rules)
@inline_kernel
def _all_lots(rules, private, view, lane, trader, time, becomes, side, price, lots):
    return lots
