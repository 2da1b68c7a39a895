"""What the hooks do where a market has rules: one test each, and then a call of a cold kernel.

The test is of what the cell uses (``rules.uses``), a word that stays at hand. The kernel gets
sub-states and numbers, never the world or the mechanism, so that all mechanisms share it.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel
from proteus.market.costs.volume import find_tiers
from proteus.market.environment.news import value_at
from proteus.market.events.envelopes import MESSAGE_CREDIT
from proteus.market.events.queue import KIND_INCENTIVE, KIND_TAKEN_BACK
from proteus.market.information.history import newest, reference_doubled
from proteus.market.ledger.accounts import LEDGER_OK, nano
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
from proteus.market.rules.state import Rules
from proteus.market.rules.uses import (
    ANYTHING,
    AT_DOOR,
    AT_FILL,
    BASE_FEE,
    BEFORE_SENDING,
    BLOCKS,
    CAPITAL,
    CHAINS,
    CREDIT,
    DELAYED,
    EDGES,
    FEES,
    GAS,
    KEPT_GAS,
    ORACLE,
    POLICIES,
    STRESS,
    TIERS,
    WORTH,
    uses,
)
from proteus.market.settlement.legs import release
from proteus.market.trading import hooks
from proteus.market.trading.world import FAULT_CAPACITY, stop_lane


@hooks.at_start.implement(Rules)
@inline_kernel
def _at_start(rules, ledger, log, queue, private, keys, risk, lane, value):
    if uses(rules, ANYTHING):
        _start(rules, ledger, log, queue, private, keys, risk, lane, value)


@deferred_kernel()
def _start(rules, ledger, log, queue, private, keys, risk, lane, value):
    posting.endow(rules, ledger, log, lane)
    posting.open_positions(rules, ledger, log, risk, lane, value)
    if uses(rules, CREDIT):
        if rules.credit.goes_on:
            credit_end.reopen(rules, ledger, log, lane)
        credit.start(rules, queue, lane)
    if uses(rules, POLICIES):
        incentives.start_incentives(rules, ledger, log, queue, private, keys, lane)
    environment.start(rules, queue, keys, lane)


@hooks.before_sending.implement(Rules)
@inline_kernel
def _before_sending(
    rules, ledger, log, messages, orders, origins, lane, trader, envelope, time, event
):
    if uses(rules, BEFORE_SENDING):
        _send(rules, messages, orders, origins, lane, trader, envelope, time)


@deferred_kernel()
def _send(rules, messages, orders, origins, lane, trader, envelope, time):
    if uses(rules, BLOCKS):
        environment.offer(rules, lane, envelope)
    if uses(rules, CHAINS):
        constraints.note_message(
            rules.constraints, rules.overflow, messages, orders, origins, lane, trader, envelope,
            time,
        )  # fmt: skip
        is_order = messages.kind[lane, envelope] != MESSAGE_CREDIT  # credit uses no gas
        if is_order and uses(rules, KEPT_GAS):
            constraints.keep_gas(rules, messages, lane, trader, envelope, time)


@hooks.see_edge.implement(Rules)
@inline_kernel
def _see_edge(
    rules, messages, orders, keys, traders, private, view, intents, lane, trader, i, lots, stands,
    tick_nano, n_ticks,
):  # fmt: skip
    if uses(rules, EDGES):
        environment.see_edge(
            rules, messages, orders, keys, traders, private, view, intents, lane, trader, i, lots,
            stands, tick_nano, n_ticks,
        )  # fmt: skip


@hooks.hold_back.implement(Rules)
@inline_kernel
def _hold_back(rules, log, queue, messages, entities, keys, lane, envelope, time, event):
    if uses(rules, BLOCKS):
        return environment.hold_back(
            rules, log, queue, messages, entities, keys, lane, envelope, time, event
        )
    return False


@hooks.at_environment.implement(Rules)
@inline_kernel
def _at_environment(
    rules, ledger, log, queue, messages, news, news_parameters, data, keys, lane, item, time, event
):
    environment.run(
        rules, ledger, log, queue, messages, news, news_parameters, data, keys, lane, item, time,
        event,
    )  # fmt: skip


@hooks.at_end.implement(Rules)
@inline_kernel
def _at_end(
    rules, ledger, log, private, news, news_parameters, data, risk, initial_ticks, lane, time, event
):  # fmt: skip
    if uses(rules, ANYTHING):
        _end(
            rules, ledger, log, private, news, news_parameters, data, risk, initial_ticks, lane,
            time, event,
        )  # fmt: skip


@deferred_kernel()
def _end(
    rules, ledger, log, private, news, news_parameters, data, risk, initial_ticks, lane, time, event
):  # fmt: skip
    if uses(rules, DELAYED):
        settlement.end(rules, ledger, log, lane, time, event)
        _let_go(rules, ledger, log, lane, time, event)
    if uses(rules, CREDIT):
        value = nano(value_at(news, news_parameters, lane, time))
        credit_end.end(rules, ledger, log, data, risk, initial_ticks, lane, time, value)
    if uses(rules, POLICIES):
        incentives.end_incentives(rules, ledger, log, private, lane, time)
    if uses(rules, ORACLE):
        environment.end(rules, news, news_parameters, lane, time)


@hooks.at_door.implement(Rules)
@inline_kernel
def _at_door(rules, ledger, log, orders, lane, trader, envelope, kind, slot, order, time, event):
    if uses(rules, AT_DOOR):
        _enter(rules, ledger, log, orders, lane, trader, envelope, kind, slot, order, time, event)


@deferred_kernel()
def _enter(rules, ledger, log, orders, lane, trader, envelope, kind, slot, order, time, event):
    if uses(rules, GAS):
        costs.at_door(rules, ledger, log, lane, trader, kind, order, time, event)
    if uses(rules, KEPT_GAS):
        constraints.release_gas(rules.constraints, lane, trader, envelope)
    if uses(rules, POLICIES):
        counting.count_message(rules, lane, trader)
    if uses(rules, BLOCKS):
        environment.carry(rules, orders, lane, trader, slot)


@hooks.at_answer.implement(Rules)
@inline_kernel
def _at_answer(rules, orders, lane, quote, request, elapsed_ns, reference):
    if uses(rules, POLICIES):
        counting.count_answer(rules, orders, lane, quote, request, elapsed_ns, reference)


@hooks.at_fill.implement(Rules)
@inline_kernel
def _at_fill(
    rules, ledger, log, queue, orders, origins, traders, lane, buy, sell, earlier, price, lots,
    clears, fill, time, event,
):  # fmt: skip
    if uses(rules, AT_FILL):
        _fill(
            rules, ledger, log, queue, orders, origins, traders, lane, buy, sell, earlier, price,
            lots, clears, fill, time, event,
        )  # fmt: skip


@deferred_kernel()
def _fill(
    rules, ledger, log, queue, orders, origins, traders, lane, buy, sell, earlier, price, lots,
    clears, fill, time, event,
):  # fmt: skip
    if uses(rules, CREDIT) and not uses(rules, DELAYED):
        credit.at_fill(rules, ledger, log, orders, lane, buy, sell, price, lots, time, event)
    if uses(rules, FEES):
        costs.at_fill(
            rules, ledger, log, orders, origins, traders, lane, buy, sell, earlier, price, lots,
            clears, fill, time, event,
        )  # fmt: skip
    if uses(rules, WORTH):
        costs.note_gains(rules, orders, origins, lane, buy, sell, lots)
    if uses(rules, DELAYED):
        settlement.note_fill(
            rules, ledger, log, queue, orders, lane, buy, sell, price, lots, time,
            environment.block_of_fill(rules, lane, buy, sell), event,
        )  # fmt: skip
    if uses(rules, POLICIES):
        counting.count_fill(
            rules, orders, traders.group, lane, buy, sell, earlier, price, lots, clears
        )


@hooks.at_settlement.implement(Rules)
@inline_kernel
def _at_settlement(
    rules, ledger, log, queue, keys, traders, private, news, news_parameters, data, risk,
    initial_ticks, lane, kind, item, time, event,
):  # fmt: skip
    _settle(
        rules, ledger, log, queue, keys, traders, private, news, news_parameters, data, risk,
        initial_ticks, lane, kind, item, time, event,
    )  # fmt: skip


@deferred_kernel()
def _settle(
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
    _let_go(rules, ledger, log, lane, time, event)


@inline_kernel
def _let_go(rules, ledger, log, lane, time, event):
    """Let credit see which fills are final now, and let go of them."""
    if uses(rules, DELAYED):
        if uses(rules, CREDIT):
            credit.at_final(rules, ledger, log, lane, time, event)
        release(rules.settlement, lane)


@hooks.at_timer.implement(Rules)
@inline_kernel
def _at_timer(
    rules, ledger, log, queue, orders, private, keys, lane, kind, item, public_before, time, event
):
    if kind == KIND_INCENTIVE:
        incentives.run_incentives(
            rules, ledger, log, queue, orders, private, keys, lane, public_before, time, event
        )


@hooks.after_booking.implement(Rules)
@inline_kernel
def _after_booking(rules, ledger, log, market, origins, traders, split, lane, slot, time, event):
    if uses(rules, FEES) and rules.costs.n_filled[lane] > 0:
        costs.after_booking(
            rules, ledger, log, market.orders, market.clears, origins, traders, split, lane, time,
            event,
        )  # fmt: skip
    if uses(rules, CHAINS):
        constraints.count(
            rules.constraints, rules.endowment, rules.settlement.legs, ledger.balance,
            market.orders, market.outbox, lane, slot,
        )  # fmt: skip


@hooks.at_decision.implement(Rules)
@inline_kernel
def _at_decision(rules, ledger, log, private, lane, trader, time, event):
    if uses(rules, TIERS | BASE_FEE):
        _prepare(rules, lane, trader, time, event)


@inline_kernel
def _prepare(rules, lane, trader, time, event):
    if uses(rules, TIERS):
        find_tiers(rules.costs, lane, trader, time, event)
    if uses(rules, BASE_FEE):
        costs.learn_base_fee(rules, lane)


@hooks.may_break.implement(Rules)
@inline_kernel
def _may_break(rules):
    return uses(rules, ANYTHING)


@hooks.watch_door.implement(Rules)
@inline_kernel
def _watch_door(rules):
    return uses(rules, AT_DOOR | CREDIT)


@hooks.may_cut.implement(Rules)
@inline_kernel
def _may_cut(rules):
    return uses(rules, CAPITAL | CHAINS | STRESS)


@hooks.check.implement(Rules)
@inline_kernel
def _check(rules, progress, lane, event):
    if rules.refused[lane] != LEDGER_OK:
        stop_lane(progress, lane, rules.refused[lane], event)
    if rules.costs.volume.overflow[lane] or rules.overflow[lane]:
        stop_lane(progress, lane, FAULT_CAPACITY, event)


@hooks.constrain.implement(Rules)
@inline_kernel
def _constrain(
    rules, ledger, log, private, view, lane, trader, time, event, becomes, side, price, lots
):
    if uses(rules, CAPITAL) and rules.is_ruined[lane, trader]:
        return np.int64(0)
    if not uses(rules, CHAINS):
        return lots
    return constraints.allowed_lots(
        rules, ledger, log, private, lane, trader, time, event, becomes, side, price, lots
    )
