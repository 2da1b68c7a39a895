"""Where the rules that a market adds see what happens, and may act on it.

Costs, settlement, incentives, an environment and constraints are no part of a mechanism: the loop
calls a hook at each place where one of them can matter. A hook is an interface chosen by the type
of ``world.rules``. Of ``NoRules`` every hook is empty, so the plain loop is compiled without them.
Of ``Rules`` each is one call of a cold kernel that gets sub-states and numbers, never the world or
the mechanism, and none where the part of the rules that it is about is not used.

``rules`` is written, and so are ``ledger`` and ``log``, through ``rules.posting`` alone, ``queue``,
and what a trader knows of its rewards (``private``), the inventory that is measured (``risk``);
the rest is read. ``buy``, ``sell`` and
``slot`` are slots of orders, ``event`` is the number of the event, ``becomes`` is of
``constraints.AS_*``. A rule asks to be woken by an entry of a kind of its own (``events.queue``).

What an entry breaks stops the lane when its event is over (``check``).
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel, interface
from proteus.market.constraints.state import is_unconstrained, keeps_gas
from proteus.market.costs.charging import charges_nothing, has_gas
from proteus.market.costs.expected import has_worth
from proteus.market.costs.volume import find_tiers, has_tiers
from proteus.market.environment.news import value_at
from proteus.market.events.envelopes import MESSAGE_CREDIT
from proteus.market.events.queue import KIND_INCENTIVE, KIND_TAKEN_BACK
from proteus.market.incentives.state import has_policies
from proteus.market.information.history import newest, reference_doubled
from proteus.market.ledger.accounts import LEDGER_OK, nano
from proteus.market.lending.credit import lends
from proteus.market.rules import (
    constraints,
    costs,
    counting,
    credit,
    credit_end,
    environment,
    incentives,
    posting,
    settlement,
)
from proteus.market.rules.state import NoRules, Rules
from proteus.market.settlement.legs import is_immediate
from proteus.market.trading.world import FAULT_CAPACITY, stop_lane

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
def at_end(rules, ledger, log, private, news, news_parameters, lane, time, event):
    """Trading has ended; contracts are not redeemed yet."""


@interface
def check(rules, progress, lane, event):
    """Stop the lane if rules broke something in this event."""


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


@at_start.implement(Rules)
@cold_kernel
def _at_start(rules, ledger, log, queue, private, keys, risk, lane, value):
    posting.endow(rules, ledger, log, lane)
    posting.open_positions(rules, ledger, log, risk, lane, value)
    if lends(rules.credit):
        credit.start(rules, queue, lane)
    incentives.start_incentives(rules, ledger, log, queue, private, keys, lane)
    environment.start(rules, queue, keys, lane)


@before_sending.implement(Rules)
@inline_kernel
def _before_sending(
    rules, ledger, log, messages, orders, origins, lane, trader, envelope, time, event
):
    if environment.goes_by_blocks(rules):
        environment.offer(rules, lane, envelope)
    if not is_unconstrained(rules.constraints):
        constraints.note_message(
            rules.constraints, rules.overflow, messages, orders, origins, lane, trader, envelope,
            time,
        )  # fmt: skip
        is_order = messages.kind[lane, envelope] != MESSAGE_CREDIT  # credit uses no gas
        if is_order and keeps_gas(rules.constraints):
            constraints.keep_gas(rules, messages, lane, trader, envelope, time)


@see_edge.implement(Rules)
@inline_kernel
def _see_edge(
    rules, messages, orders, keys, traders, private, view, intents, lane, trader, i, lots, stands,
    tick_nano, n_ticks,
):  # fmt: skip
    if environment.sees_edges(rules):
        environment.see_edge(
            rules, messages, orders, keys, traders, private, view, intents, lane, trader, i, lots,
            stands, tick_nano, n_ticks,
        )  # fmt: skip


@hold_back.implement(NoRules)
@inline_kernel
def _never(rules, log, queue, messages, entities, keys, lane, envelope, time, event):
    return False


@hold_back.implement(Rules)
@inline_kernel
def _hold_back(rules, log, queue, messages, entities, keys, lane, envelope, time, event):
    if environment.goes_by_blocks(rules):
        return environment.hold_back(
            rules, log, queue, messages, entities, keys, lane, envelope, time, event
        )
    return False


@at_environment.implement(Rules)
@inline_kernel
def _at_environment(
    rules, ledger, log, queue, messages, news, news_parameters, data, keys, lane, item, time, event
):
    environment.run(
        rules, ledger, log, queue, messages, news, news_parameters, data, keys, lane, item, time,
        event,
    )  # fmt: skip


@at_end.implement(Rules)
@cold_kernel
def _at_end(rules, ledger, log, private, news, news_parameters, lane, time, event):
    settlement.end(rules, ledger, log, lane, time, event)
    if lends(rules.credit):
        value = nano(value_at(news, news_parameters, lane, time))
        credit_end.end(rules, ledger, log, lane, time, value)
    incentives.end_incentives(rules, ledger, log, private, lane, time)
    environment.end(rules, news, news_parameters, lane, time)


@at_door.implement(Rules)
@inline_kernel
def _at_door(rules, ledger, log, orders, lane, trader, envelope, kind, slot, order, time, event):
    if has_gas(rules.costs):
        costs.at_door(rules, ledger, log, lane, trader, kind, order, time, event)
    if keeps_gas(rules.constraints):
        constraints.release_gas(rules.constraints, lane, trader, envelope)
    if has_policies(rules.incentives):
        counting.count_message(rules, lane, trader)
    if environment.goes_by_blocks(rules):
        environment.carry(rules, orders, lane, trader, slot)


@at_answer.implement(Rules)
@inline_kernel
def _at_answer(rules, orders, lane, quote, request, elapsed_ns, reference):
    if has_policies(rules.incentives):
        counting.count_answer(rules, orders, lane, quote, request, elapsed_ns, reference)


@at_fill.implement(Rules)
@inline_kernel
def _at_fill(
    rules, ledger, log, queue, orders, origins, traders, lane, buy, sell, earlier, price, lots,
    clears, fill, time, event,
):  # fmt: skip
    if lends(rules.credit):
        credit.at_fill(rules, ledger, log, orders, lane, buy, sell, price, lots, time, event)
    if not charges_nothing(rules.costs):
        costs.at_fill(
            rules, ledger, log, orders, origins, traders, lane, buy, sell, earlier, price, lots,
            clears, fill, time, event,
        )  # fmt: skip
    if has_worth(rules.costs):
        costs.note_gains(rules, orders, origins, lane, buy, sell, lots)
    if not is_immediate(rules.settlement):
        settlement.note_fill(
            rules, ledger, log, queue, orders, lane, buy, sell, price, lots, time,
            environment.block_of_fill(rules, lane, buy, sell), event,
        )  # fmt: skip
    if has_policies(rules.incentives):
        counting.count_fill(
            rules, orders, traders.group, lane, buy, sell, earlier, price, lots, clears
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


@at_timer.implement(Rules)
@cold_kernel
def _at_timer(
    rules, ledger, log, queue, orders, private, keys, lane, kind, item, public_before, time, event
):
    if kind == KIND_INCENTIVE:
        incentives.run_incentives(
            rules, ledger, log, queue, orders, private, keys, lane, public_before, time, event
        )


@after_booking.implement(Rules)
@inline_kernel
def _after_booking(rules, ledger, log, market, origins, traders, split, lane, slot, time, event):
    if rules.costs.n_filled[lane] > 0:
        costs.after_booking(
            rules, ledger, log, market, origins, traders, split, lane, time, event
        )  # fmt: skip
    if not is_unconstrained(rules.constraints):
        constraints.count(
            rules.constraints, rules.endowment, rules.settlement.legs, ledger.balance,
            market.orders, market.outbox, lane, slot,
        )  # fmt: skip


@at_decision.implement(Rules)
@inline_kernel
def _at_decision(rules, ledger, log, private, lane, trader, time, event):
    if has_tiers(rules.costs):
        find_tiers(rules.costs, lane, trader, time, event)
    if costs.shows_base_fee(rules):
        costs.learn_base_fee(rules, lane)


@check.implement(Rules)
@inline_kernel
def _check(rules, progress, lane, event):
    if rules.refused[lane] != LEDGER_OK:
        stop_lane(progress, lane, rules.refused[lane], event)
    if rules.costs.volume.overflow[lane] or rules.overflow[lane]:
        stop_lane(progress, lane, FAULT_CAPACITY, event)


@constrain.implement(NoRules)
@inline_kernel
def _all_lots(
    rules, ledger, log, private, view, lane, trader, time, event, becomes, side, price, lots
):
    return lots


@constrain.implement(Rules)
@inline_kernel
def _constrain(
    rules, ledger, log, private, view, lane, trader, time, event, becomes, side, price, lots
):
    if rules.is_ruined[lane, trader]:
        return np.int64(0)
    if is_unconstrained(rules.constraints):
        return lots
    return constraints.allowed_lots(
        rules, ledger, log, private, lane, trader, time, event, becomes, side, price, lots
    )
