"""Where the rules that a market adds see what happens, and may act on it.

Costs, settlement, incentives, an environment and constraints are no part of a mechanism: the loop
calls a hook at each place where one of them can matter. A hook is an interface chosen by the type
of ``world.rules``. Of ``NoRules`` every hook is empty, so the plain loop is compiled without them.
Of ``Rules`` each is a test of what the cell uses (``rules.uses``) and then a call of a cold kernel
that gets sub-states and numbers, never the world or the mechanism.

``rules`` is written, and so are ``ledger`` and ``log``, through ``rules.posting`` alone, ``queue``,
and what a trader knows of its rewards (``private``), the inventory that is measured (``risk``);
the rest is read. ``buy``, ``sell`` and
``slot`` are slots of orders, ``event`` is the number of the event, ``becomes`` is of
``constraints.AS_*``. A rule asks to be woken by an entry of a kind of its own (``events.queue``).

What an entry breaks stops the lane when its event is over (``check``).
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel, interface
from proteus.market.rules.state import NoRules, Rules

HOOKS = (
    "at_start", "before_sending", "at_door", "at_answer", "at_fill", "after_clear",
    "after_booking", "at_timer", "at_sample", "at_decision", "at_end", "check", "constrain",
    "see_edge", "hold_back", "at_environment", "at_settlement",
)  # fmt: skip


@interface
def at_start(rules, ledger, log, queue, private, keys, risk, lane, value):
    """A lane starts; nothing has happened. ``value``: v at 0, nano."""


@interface
def before_sending(
    rules, ledger, log, messages, orders, origins, lane, trader, envelope, time, event
):
    """A trader is about to send a message to the venue."""


@interface
def at_door(rules, ledger, log, orders, lane, trader, envelope, kind, slot, order, time, event):
    """A message of a trader has reached the venue; nothing has been done about it.

    It is about the order that had ``slot`` when it was sent (``envelopes.MESSAGE_*`` says how), by
    its version ``order``. Meanwhile that may have ended, and another trader's have the slot.
    """


@interface
def at_answer(rules, orders, lane, quote, request, elapsed_ns, reference):
    """A dealer's first quote for a request that lives has reached the venue.

    ``quote`` and ``request`` are slots, ``reference`` is twice the public reference, in ticks.
    """


@interface
def at_fill(
    rules, ledger, log, queue, orders, origins, traders, lane, buy, sell, earlier, price, lots,
    clears, fill, time, event,
):  # fmt: skip
    """A fill between two orders, by their slots, has been posted; its price is in ticks.

    ``earlier`` is the one of them that was there first, or the maker's where roles are kept apart;
    ``clears`` are those so far, with that of this fill, ``fill`` is its number, from 0.
    """


@interface
def after_clear(rules, ledger, log, orders, lane, time, event):
    """A batch has been cleared; its fills are not posted yet."""


@interface
def after_booking(rules, ledger, log, market, origins, traders, split, lane, slot, time, event):
    """All fills and answers of an event are posted; no order that it ended has left its slot.

    ``slot`` is of the order that a message was about, or NO_ORDER; ``split`` says who met whom in a
    clear (``metrics.clear_split``).
    """


@interface
def at_timer(
    rules, ledger, log, queue, orders, private, keys, lane, kind, item, public_before, time, event
):
    """An entry of the queue that rules pushed is due; its kind and item are theirs.

    Orders that rest have been published if they joined an earlier batch than ``public_before``.
    """


@interface
def at_sample(rules, ledger, log, lane, time, event):
    """The mid or equity is about to be sampled."""


@interface
def at_decision(rules, ledger, log, private, lane, trader, time, event):
    """A trader is about to decide."""


@interface
def at_end(
    rules, ledger, log, private, news, news_parameters, data, risk, initial_ticks, lane, time, event
):  # fmt: skip
    """Trading has ended; contracts are not redeemed yet."""


@interface
def check(rules, progress, lane, event):
    """Stop the lane if rules broke something in this event."""


@interface
def may_break(rules):
    """Tell whether an event may have broken something, so that ``check`` has to look."""


@interface
def watch_door(rules):
    """Tell whether anything is to be done with a message before the mechanism gets it."""


@interface
def may_cut(rules):
    """Tell whether a trader may have to send less than it wants."""


@interface
def constrain(
    rules, ledger, log, private, view, lane, trader, time, event, becomes, side, price, lots
):
    """Return how many lots a trader may send of those it wants (``constraints.allowed_lots``)."""


@interface
def see_edge(
    rules, messages, orders, keys, traders, private, view, intents, lane, trader, i, lots, stands,
    tick_nano, n_ticks,
):  # fmt: skip
    """A trader is about to send so many lots of its intent ``i``; ``stands``: a quote changes."""


@interface
def hold_back(rules, log, queue, messages, entities, keys, lane, envelope, time, event):
    """Tell whether a message that has reached the venue's side has to wait there."""


@interface
def at_environment(
    rules, ledger, log, queue, messages, news, news_parameters, data, keys, lane, item, time, event
):
    """An entry of the environment is due."""


@interface
def at_settlement(
    rules, ledger, log, queue, keys, traders, private, news, news_parameters, data, risk,
    initial_ticks, lane, kind, item, time, event,
):  # fmt: skip
    """Legs are due or a block is made; or a trader hears that a fill of its own was taken back."""


for _hook in (
    at_start, before_sending, at_door, at_answer, at_fill, after_clear, after_booking, at_timer,
    at_sample, at_decision, at_end, check, see_edge, at_environment, at_settlement,
):  # fmt: skip
    _hook.empty_for(NoRules)
# Nothing that is added acts here yet.
for _hook in (after_clear, at_sample):
    _hook.empty_for(Rules)


@hold_back.implement(NoRules)
@inline_kernel
def _never(rules, log, queue, messages, entities, keys, lane, envelope, time, event):
    return False


@constrain.implement(NoRules)
@inline_kernel
def _all_lots(
    rules, ledger, log, private, view, lane, trader, time, event, becomes, side, price, lots
):
    return lots


@inline_kernel
def _no(rules):
    return False


@inline_kernel
def _yes(rules):
    return True


for _question in (may_break, watch_door, may_cut):
    _question.implement(NoRules)(_no)
    _question.otherwise(_yes)
