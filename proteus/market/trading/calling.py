"""What a liquidator asks for: lots of the account that fails most, if selling them pays.

It goes by what it is shown: the price by which it reckons health is the middle of the market of its
last view. Debts and pledged lots are on the pool's books, which liquidators read.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import CEIL, FLOOR, multiply_divide
from proteus.market.book.codes import BUY, NO_PRICE, NO_TRADER, SELL
from proteus.market.costs.expected import edge_after_costs
from proteus.market.environment.mempool import PARTS, TIPS_FIXED, share_of
from proteus.market.information.history import mid_doubled, opposite_best, state_at
from proteus.market.ledger.accounts import CASH
from proteus.market.lending.collateral import bonus_of, carries, worth
from proteus.market.lending.credit import DEBT
from proteus.market.lending.curves import WAD
from proteus.market.lending.liquidation import most_repaid, sale
from proteus.market.rules.uses import EDGES, uses
from proteus.market.settlement.legs import coming_in
from proteus.market.trading.desk import last_shown

_NOTHING = np.int64(0)


@inline_kernel
def price_seen(world, lane, trader):
    """Return the middle of the market that a trader was last shown, nano."""
    data, settings = world.data, world.settings
    at = _state_seen(world, lane, trader)
    last = np.int64(data.last[lane, at])
    if not data.disclosure.last_with_book:
        last = last_shown(world, lane, trader, world.private.view_time[lane, trader])
    if last == NO_PRICE:
        last = settings.initial_ticks
    return mid_doubled(data, lane, at, last) * settings.tick_nano // 2


@inline_kernel
def _state_seen(world, lane, trader):
    """Return the ring position of the public state that a trader was last shown."""
    seen = world.private.view_time[lane, trader] - world.data.disclosure.book_delay_ns
    return state_at(world.data, lane, max(seen, 0))


@inline_kernel
def _half_spread_seen(world, lane, trader):
    """Return half of the spread that a trader was last shown, nano; 0 where it sees none."""
    at = _state_seen(world, lane, trader)
    bid = opposite_best(world.data, lane, at, BUY, False)
    ask = opposite_best(world.data, lane, at, SELL, False)
    if bid == NO_PRICE or ask == NO_PRICE:
        return np.int64(0)
    return max(ask - bid, 0) * world.settings.tick_nano // 2


@cold_kernel
def wanted(rules, world, lane, trader):
    """Return the account that a liquidator asks for lots of, or NO_TRADER, how many, and its gain.

    It asks for what the policy lets it repay and its cash can pay, with the tip of its message. The
    gain is that of a lot beyond its margin, currency.
    """
    credit, known = rules.credit, rules.credit.liquidators
    price, half = price_seen(world, lane, trader), _half_spread_seen(world, lane, trader)
    known.reference[lane, trader], known.half_spread[lane, trader] = price, half
    borrower = _worst_by(credit, lane, trader, price)
    if borrower == NO_TRADER:
        return borrower, _NOTHING, 0.0
    collateral, policy = credit.terms.collateral, credit.terms.policy
    held, debt = credit.pool.pledged[lane, borrower], credit.booked[lane, borrower, DEBT]
    is_short = credit.pool.is_short[lane, borrower]
    value = worth(collateral, price, is_short)
    cost = value - bonus_of(collateral, value)
    most = most_repaid(policy, collateral.threshold, held, value, cost, debt)
    fee = multiply_divide(value - cost, policy.protocol_share, WAD, FLOOR)
    legs, told = rules.settlement.legs, rules.constraints.told[lane, trader]
    coming, bought = coming_in(legs, lane, trader, told)  # of which nothing can be paid
    cash = world.ledger.balance[lane, trader, CASH] - rules.constraints.untold[lane, trader]
    position = world.private.position[lane, trader] - bought
    cash += min(position, 0) * collateral.payoff - coming  # a short locks it
    bonus = value - cost - fee
    tip, tip_of_lot = _tips(rules, lane, trader, bonus)
    lots = min(held, max(cash - tip, 0) // max(cost + fee + tip_of_lot, 1))
    lots = sale(policy, held, value, cost, lots, most)[0]
    if lots <= 0:
        return np.int64(NO_TRADER), _NOTHING, 0.0
    gain = _gain(rules, world, lane, trader, bonus, is_short, lots, tip)
    if not gain > 0.0:
        return np.int64(NO_TRADER), _NOTHING, 0.0
    return borrower, lots, gain


@inline_kernel
def _tips(rules, lane, trader, bonus):
    """Return the fixed tip of a call, and the most that it may offer for a lot; nano."""
    route = rules.channels.route
    tip = np.int64(route.tip if route.by_blocks and route.tips == TIPS_FIXED else 0)
    if not uses(rules, EDGES):
        return tip, _NOTHING
    share = share_of(route, rules.credit.liquidators.tip_share[trader])
    return tip, multiply_divide(max(bonus, 0), share, np.int64(PARTS), CEIL)


@inline_kernel
def _worst_by(credit, lane, liquidator, price):
    """Return the account that fails most by a price; of equals the first."""
    worst, least = np.int64(NO_TRADER), np.inf
    collateral, held = credit.terms.collateral, credit.liquidations
    for side in range(2):
        value = worth(collateral, price, side == 1)
        for at in range(held.in_order[lane, side]):
            trader = held.order[lane, side, at]
            debt, lots = credit.booked[lane, trader, DEBT], credit.pool.pledged[lane, trader]
            health = np.float64(lots) * value / debt
            if health > least or carries(lots, value, collateral.threshold, debt):
                break  # as do all behind it
            if trader != liquidator and (health < least or trader < worst):
                worst, least = np.int64(trader), health
    return worst


@inline_kernel
def _gain(rules, world, lane, trader, bonus, was_short, lots, tip):
    """Return what a lot is expected to gain beyond the margin, currency.

    That is the bonus, nano a lot, less what selling is expected to cost, and the fixed tip.
    """
    known, tick_nano = rules.credit.liquidators, world.settings.tick_nano
    reference = known.reference[lane, trader]
    edge = (bonus - known.half_spread[lane, trader]) / NANO - known.slope[lane, trader] * lots
    ticks = min(max(reference // tick_nano, 1), world.settings.n_ticks - 1)
    side = BUY if was_short else SELL
    time = world.progress.now[lane]
    edge = edge_after_costs(
        rules.costs, lane, trader, side, ticks, edge, lots, 0.0, lots, 2 * ticks, time
    )
    return edge - tip / NANO / lots - known.margin[trader]
