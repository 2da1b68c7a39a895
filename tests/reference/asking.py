"""What traders ask a pool of credit for, by what they know (MODEL2 K6).

A trader asks after it has acted on a wake-up, over the link of its orders.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from tests.reference import constraints, desk
from tests.reference.draws import Cause
from tests.reference.environment import fixed_tip
from tests.reference.pool import NANO, ONE, nano_of, of_one
from tests.reference.sellers import Seller

if TYPE_CHECKING:
    from tests.reference.world import Trader, World

SLOT = 254  # of such a message among those of a wake-up


def ask(world: World, trader: Trader, time: int, cause: Cause) -> None:
    """Send the pool what a trader wants of it after it has acted."""
    credit, number = world.credit, trader.number
    if credit is None or number in world.past.ruined:
        return
    kind, about, amount, gain = "supply", 0, 0, 0.0
    if trader.group.kind == "lender":
        policy: Any = trader.group.policy
        cash = world.ledger.cash[number] - credit.under_way[number]
        if credit.pool.rate >= of_one(policy.reservation_rate):
            amount = min(nano_of(policy.deposit), cash)
    elif trader.group.target_leverage is not None:
        kind, amount = "borrow", lacks(world, trader)
    elif trader.group.kind == "liquidator":
        kind = "liquidate"
        about, amount, gain = wanted(world, trader, time)
        if credit.under_way[number] > 0:
            return
    if amount <= 0:
        return
    cause = cause._replace(slot=SLOT)
    tip = fixed_tip(world) + floor(int(gain * NANO) * amount * share_of(world, trader))
    message = desk.Message(kind, trader, 0, cause, lots=amount, other_id=about, tip_nano=tip)
    credit.under_way[number] += amount
    desk.post(world, message, desk.sent(world, trader, time, cause), time)


def share_of(world: World, trader: Trader) -> Fraction:
    """The part of what a call is worth that its tip is, where tips are by that."""
    way = world.cell.execution
    if way.tips != "edge_share" or way.route != "blocks":
        return Fraction(0)
    own = getattr(trader.group.policy, "tip_share", None)
    return Fraction(str(way.tip_share if own is None else own))


def price_seen(world: World, trader: Trader) -> tuple[int, int]:
    """The middle of the market that a trader was last shown, and half of the spread, nano."""
    public, tick = world.public, world.cell.tick_nano
    state = public.at(max(trader.view_ns - public.shown.book_age_ns, 0))
    last = public.last_ticks(trader.number, trader.view_ns)
    middle = state.reference_doubled(public.shown, last) * tick // 2
    bid, ask = (state.bid if public.shown.bid else None), (state.ask if public.shown.ask else None)
    spread = max(ask[0] - bid[0], 0) if bid and ask else 0
    return middle, spread * tick // 2


def known_cash(world: World, trader: Trader) -> tuple[int, int]:
    """Its own cash less fills that it has not been told of, and its position as reported."""
    known = constraints.memory(world, trader)
    assert known is not None
    return world.ledger.cash[trader.number] - sum(known.untold), known.position


def lacks(world: World, trader: Trader) -> int:
    """What a trader would borrow to reach its target; less than a lot is worth is nothing."""
    credit, pool, number = world.credit, world.credit.pool, trader.number
    price, (cash, position) = price_seen(world, trader)[0], known_cash(world, trader)
    wealth = cash - credit.debt[number] + position * price
    target = floor(max(wealth, 0) * (Fraction(str(trader.group.target_leverage)) - 1))
    lots = position if world.settlement is None else world.settlement.settled["lots"][number]
    value = pool.worth(lots < 0, price)
    most = abs(lots) * value * of_one(credit.rules.ltv) // ONE
    more = min(target, most) - credit.debt[number] - credit.under_way[number]
    return more if more >= value else 0


def wanted(world: World, trader: Trader, time: int) -> tuple[int, int, float]:
    """Whose lots a liquidator asks for, how many, and its gain of a lot beyond the margin.

    They are of who fails most by what it is shown.
    """
    credit, pool, mind = world.credit, world.credit.pool, trader.mind
    assert isinstance(mind, Seller)
    price, half_spread = mind.seen = price_seen(world, trader)
    share, failing = Fraction(of_one(credit.rules.threshold), ONE), []
    for number, account in enumerate(pool.accounts):
        value, debt = pool.worth(account.is_short, price), credit.debt[number]
        if number != trader.number and debt > 0 and 0 < account.lots * value * share < debt:
            failing.append((float(account.lots) * value / debt, number))
    if not failing:
        return 0, 0, 0.0
    borrower = min(failing)[1]
    account, debt = pool.accounts[borrower], credit.debt[borrower]
    value = pool.worth(account.is_short, price)
    cost = value - pool.bonus(value)
    most = pool.most_repaid(account.lots, value, cost, debt)
    fee = floor((value - cost) * Fraction(of_one(credit.rules.protocol_share), ONE))
    cash, position = known_cash(world, trader)
    for trade in constraints.waiting(world):  # of what comes nothing can be paid
        if trade.number not in constraints.memory(world, trader).heard:
            continue
        cash -= trade.cash if trade.seller == trader.number else 0
        position -= trade.lots if trade.buyer == trader.number else 0
    cash += min(position, 0) * NANO  # a short locks it
    tip = fixed_tip(world)
    most_tip = ceil(max(value - cost - fee, 0) * share_of(world, trader))  # that a lot offers
    lots = min(account.lots, max(cash - tip, 0) // max(cost + fee + most_tip, 1))
    lots = pool.sale(account.lots, value, cost, lots, most)[0]
    if lots == 0:
        return 0, 0, 0.0
    edge = (value - cost - fee - half_spread) / NANO - mind.slope * lots
    ticks = min(max(price // world.cell.tick_nano, 1), world.cell.n_ticks - 1)
    side = "buy" if account.is_short else "sell"
    edge = mind.costs.edge(edge, side, ticks, lots, 2 * ticks, time)
    policy: Any = trader.group.policy
    gain = edge - tip / NANO / lots - policy.margin
    return (borrower, lots, gain) if gain > 0 else (0, 0, 0.0)
