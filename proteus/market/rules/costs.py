"""Costs, posted: what each order pays for its fills, and each trader for its messages.

Where orders trade one by one each fill is charged at once, first to the buyer and then to the
seller. In a clear an order is charged once, for all its lots there, after all fills are posted. One
posting per component says why cash moved: a fee and a rounding fee to the venue, a rebate from it,
gas to the network and a tip to the proposer.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW
from proteus.market.book.book import rank_of
from proteus.market.book.codes import NO_ORDER
from proteus.market.costs.charging import (
    OF_THE_MODEL,
    begin_charge,
    charge_action,
    charge_fill,
    forget_paid,
    gas_of_action,
    take_order,
)
from proteus.market.costs.codes import FEE, GAS_BURNED, GAS_TIP, MAKER, REBATE, ROUNDING, TAKER
from proteus.market.costs.volume import find_tiers, has_tiers, note_fill
from proteus.market.environment.mempool import TIPS_FIXED
from proteus.market.events.log import MISSING
from proteus.market.ledger import codes
from proteus.market.ledger.accounts import (
    AMOUNT_TOO_LARGE,
    NETWORK,
    PROPOSER,
    VENUE,
    account_of,
)
from proteus.market.metrics.clear_split import lots_against
from proteus.market.rules.posting import charge
from proteus.market.rules.roles import makes


@deferred_kernel()
def at_fill(
    rules, ledger, log, orders, origins, traders, lane, buy, sell, earlier, price, lots, clears,
    fill, time, event,
):  # fmt: skip
    """Charge both sides of a fill, or gather their lots if it is of a clear."""
    costs = rules.costs
    if costs.payers.by_clear[0]:
        _gather(costs, lane, buy, price, lots)
        _gather(costs, lane, sell, price, lots)
        return
    for slot in (buy, sell):
        role = MAKER if makes(rules.roles, orders, lane, slot, earlier, clears) else TAKER
        _charge(
            rules, ledger, log, orders, origins, lane, slot, role, price, lots, fill, time, event
        )  # fmt: skip
        other = orders.trader[lane, sell if slot == buy else buy]
        share = 1.0 if traders.role[other] == CLASS_MAKER else 0.0
        _measure(rules, traders, lane, orders.trader[lane, slot], share, time)


@deferred_kernel()
def after_booking(rules, ledger, log, orders, clears, origins, traders, split, lane, time, event):
    """Charge each order that was filled in a clear, in the order of their first fills."""
    costs = rules.costs
    for i in range(costs.n_filled[lane]):
        slot = costs.filled[lane, i]
        price, lots = np.int64(costs.price[lane, slot]), np.int64(costs.lots[lane, slot])
        costs.lots[lane, slot] = 0
        is_maker = makes(rules.roles, orders, lane, slot, NO_ORDER, clears[lane])
        role = MAKER if is_maker else TAKER
        take_order(costs, lane, slot, _number(origins, lane, slot))
        forget_paid(costs, lane, slot)
        _charge(
            rules, ledger, log, orders, origins, lane, slot, role, price, lots, np.int64(MISSING),
            time, event,
        )  # fmt: skip
        share = lots_against(
            split, lane, orders.ladder[lane, slot], 1, CLASS_MAKER, CLASS_MAKER, True
        )
        _measure(rules, traders, lane, orders.trader[lane, slot], share, time)
    costs.n_filled[lane] = 0


@deferred_kernel()
def note_gains(rules, orders, origins, lane, buy, sell, lots):
    """Add what the lots of a fill are worth by themselves to those of whom that is said."""
    costs = rules.costs
    for slot in (buy, sell):
        if costs.payers.worth[orders.trader[lane, slot]] > 0.0:
            costs.gained[lane] += lots * origins.belief[lane, slot]


@deferred_kernel()
def at_door(rules, ledger, log, lane, trader, kind, order, time, event):
    """Charge gas for a message that reaches the venue, whatever becomes of it.

    Parameters
        kind: MESSAGE_*. order: version of the order that it is about.
    """
    costs = rules.costs
    begin_charge(costs, lane)
    action = costs.payers.action[kind]
    base_fee = base_fee_of_block(rules, lane)
    if charge_action(costs, lane, action, base_fee, OF_THE_MODEL, time):
        _post_gas(rules, ledger, log, lane, trader, order, time, event)
    else:
        rules.refused[lane] = AMOUNT_TOO_LARGE


@inline_kernel
def base_fee_of_block(rules, lane):
    """Return the base fee of the block that carried a message, or OF_THE_MODEL: nano."""
    if rules.channels.route.by_blocks and rules.channels.congestion.base_fee > 0:
        return rules.environment.congestion.base_fee[lane]
    return np.int64(OF_THE_MODEL)


@cold_kernel
def expected_gas(rules, lane, kind, time):
    """Return what a message is expected to cost its sender, nano, or AMOUNT_OVERFLOW.

    A tip that is a share of an edge is not in it: that is known when the message is written.

    Parameters
        kind: MESSAGE_*.
    """
    costs, route = rules.costs, rules.channels.route
    base_fee = np.int64(OF_THE_MODEL)
    if shows_base_fee(rules):
        base_fee = rules.environment.congestion.next_base_fee[lane]
    gas = gas_of_action(costs, costs.payers.action[kind], base_fee, OF_THE_MODEL, time)
    if gas != AMOUNT_OVERFLOW and route.by_blocks and route.tips == TIPS_FIXED:
        gas += route.tip
    return gas


@inline_kernel
def shows_base_fee(rules):
    """Tell whether traders are shown the base fee of the block that is made next."""
    return rules.channels.route.shows_base_fee != 0


@inline_kernel
def learn_base_fee(rules, lane):
    """Let the trader who decides know it: it follows from the blocks so far."""
    rules.costs.known_fee[lane] = rules.environment.congestion.next_base_fee[lane]


@inline_kernel
def _gather(costs, lane, slot, price, lots):
    """Add to what an order fills in this clear; all of it has one price."""
    if costs.lots[lane, slot] == 0:
        costs.filled[lane, costs.n_filled[lane]] = slot
        costs.n_filled[lane] += 1
    costs.lots[lane, slot] += lots
    costs.price[lane, slot] = price


@inline_kernel
def _number(origins, lane, slot):
    """Return a number that no other order has had in this slot: none is sent before it is free."""
    return origins.intent_ns[lane, slot] + 1


@inline_kernel
def _charge(
    rules, ledger, log, orders, origins, lane, slot, role, price, lots, fill, time, event
):  # fmt: skip
    """Charge one order for lots at a price, and note them for the tiers of later events."""
    costs, side, trader = rules.costs, orders.side[lane, slot], orders.trader[lane, slot]
    anchor = 2 * rank_of(orders.rank[lane, slot], side, costs.tables.curves.shape[1] - 1)
    if origins.is_immediate[lane, slot]:
        anchor = origins.reference_doubled[lane, slot]
    begin_charge(costs, lane)
    take_order(costs, lane, slot, _number(origins, lane, slot))
    if has_tiers(costs):
        find_tiers(costs, lane, trader, time, event)
    charge_fill(costs, lane, slot, role, side, price, lots, anchor, time)
    if has_tiers(costs):
        value = price * lots * costs.tables.tick_nano[0]
        note_fill(costs, lane, trader, role, value, time, event)
    order = orders.client_id[lane, slot]
    _post(rules, ledger, log, lane, trader, order, fill, time, event)


@inline_kernel
def _measure(rules, traders, lane, trader, share, time):
    """Add what was just charged to what takers' fills against makers cost, after the warm-up.

    Parameters
        share: of the fill that counts as traded with makers.
    """
    if traders.role[trader] != CLASS_MAKER and time >= rules.channels.warmup_ns:
        due = rules.costs.due
        cost = due[lane, FEE] + due[lane, ROUNDING] - due[lane, REBATE]
        rules.costs.against_makers[lane] += share * cost


@inline_kernel
def _post(rules, ledger, log, lane, trader, order, fill, time, event):
    """Post what is due for a fill, a component at a time."""
    venue, due = account_of(ledger, VENUE), rules.costs.due
    fee, rebate, rounding = due[lane, FEE], due[lane, REBATE], due[lane, ROUNDING]
    if fee != 0:
        charge(
            rules, ledger, log, lane, time, event, trader, venue, fee, codes.FEE, order, fill
        )  # fmt: skip
    if rebate != 0:
        charge(
            rules, ledger, log, lane, time, event, venue, trader, rebate, codes.REBATE, order, fill
        )  # fmt: skip
    if rounding != 0:
        charge(
            rules, ledger, log, lane, time, event, trader, venue, rounding, codes.ROUNDING, order,
            fill,
        )  # fmt: skip


@inline_kernel
def _post_gas(rules, ledger, log, lane, trader, order, time, event):
    """Post what is due for a message: what is burned, and the tip."""
    burned, tip = rules.costs.due[lane, GAS_BURNED], rules.costs.due[lane, GAS_TIP]
    if burned != 0:
        network = account_of(ledger, NETWORK)
        charge(
            rules, ledger, log, lane, time, event, trader, network, burned, codes.GAS_BURNED,
            order, MISSING,
        )  # fmt: skip
    if tip != 0:
        proposer = account_of(ledger, PROPOSER)
        charge(
            rules, ledger, log, lane, time, event, trader, proposer, tip, codes.GAS_TIP, order,
            MISSING,
        )  # fmt: skip
