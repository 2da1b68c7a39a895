"""Spoofer: shows a large order that it means to cancel, and trades with those whom it moves.

    show      large_lots on one side, distance_ticks behind the best price there
    trade     once the price on that side is target_ticks better for it than it was: trade_lots at
              once, against the quotes that have followed
    cancel    the large order in the same breath; or as soon as it hears that some of it has filled;
              or, with nothing moved, after patience_ms

It buys with a large order to sell shown, and the other way round. The side that it trades works off
its inventory; without one it is random, as is how long it rests before the next attempt. What it
sees is the best prices that all see, as late as its link. Whoever reads no lots at the best prices
is not moved; where takers rest apart from makers (``dual_flow``) nobody sees its order.

A market that is empty or crossed is left alone, and so is one in which the large order would trade
at once or leave 1 .. n_ticks - 1; where one side is missing the last price stands for it, as for
every taker. What fills of the large order is inventory. It has no opinion of the value: the belief
behind an order is its price.

Source
    Cartea, Jaimungal & Wang (2020) Applied Mathematical Finance 27:67, for an order on one side
    that moves the price of the other; Wang, Hoang, Vorobeychik & Wellman (2021) Games 12:46, for a
    spoofer among traders who read the book; United States v. Coscia (2017) 866 F.3d 782, for when
    large orders were cancelled: a partial fill, the fill of the small order, and time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field

from proteus.basics import units
from proteus.basics.schema import (
    MAX_LOTS,
    Lots,
    Milliseconds,
    PositiveCount,
    PositiveMilliseconds,
    SignedTicks,
)
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_charged, learn_fill_one
from proteus.market.agents.traders import INTENT_ORDER, INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, IOC, SELL
from proteus.market.costs.expected import edge_after_costs
from proteus.market.rng import below, exponential


class SpooferPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/spoofer.yaml``."""

    large_lots: int = Field(ge=0, le=MAX_LOTS)
    distance_ticks: SignedTicks
    trade_lots: Lots
    target_ticks: PositiveCount
    patience_ms: PositiveMilliseconds
    pause_ms: Milliseconds


@state
class SpooferParameters(NamedTuple):
    """Fixed numbers. A traders."""

    large_lots: np.ndarray  # int64 [A] 0: it sends nothing
    distance: np.ndarray  # int64 [A] of the large order behind the best price, ticks
    trade_lots: np.ndarray  # int64 [A]
    target: np.ndarray  # int64 [A] ticks by which the price must have moved
    patience_ns: np.ndarray  # int64 [A] life of the large order
    pause_ns: np.ndarray  # float64 [A] mean of the rest between attempts
    n_ticks: np.ndarray  # int64 [1]


@state
class Spoofer(NamedTuple):
    """What spoofers remember of their last attempt. L lanes, A traders."""

    parameters: SpooferParameters
    side: np.ndarray  # int64 [L, A] that it means to trade, BUY or SELL
    start: np.ndarray  # int64 [L, A] price there when it began, ticks
    shown: np.ndarray  # int64 [L, A] price of its large order, ticks
    is_hit: np.ndarray  # bool [L, A] it knows that some of that order has filled
    until_ns: np.ndarray  # int64 [L, A] when the attempt ends or ended, ns
    rest_ns: np.ndarray  # int64 [L, A] it rests so long after that, ns


def make(members: Members) -> Spoofer:
    """Build the parameters of all spoofers, none of whom has done anything yet."""
    policies = [policy for _, policy in members.policies]
    patience = [units.milliseconds_to_ns(policy.patience_ms) for policy in policies]
    return allocate(
        Spoofer, L=members.lanes, A=members.traders,
        parameters=SpooferParameters(
            large_lots=members.key("large_lots", np.int64),
            distance=members.key("distance_ticks", np.int64),
            trade_lots=members.key("trade_lots", np.int64),
            target=members.key("target_ticks", np.int64),
            patience_ns=members.column(patience, np.int64),
            pause_ns=members.column(units.milliseconds_to_ns(p.pause_ms) for p in policies),
            n_ticks=np.array([members.n_ticks], np.int64),
        ),
    )  # fmt: skip


@decide_charged.implement(Spoofer)
@inline_kernel
def decide(policy, view, private, has_signal, costs, intents, lane, trader):
    """Trade and cancel if an attempt has moved the price, cancel if it is hit, or begin one."""
    now, until = view.time[lane], policy.until_ns[lane, trader]
    if policy.parameters.large_lots[trader] == 0:
        return
    if now < until:
        has_moved = _has_moved(policy, view, costs, lane, trader)
        if has_moved:
            _trade(policy, view, intents, lane, trader)
        if has_moved or policy.is_hit[lane, trader]:
            _take_back(policy, intents, lane, trader)
            policy.until_ns[lane, trader] = now
    elif now >= until + policy.rest_ns[lane, trader] and not _stands(private, lane, trader):
        _begin(policy, view, private, intents, lane, trader)


@inline_kernel
def _stands(private, lane, trader):
    """Tell whether a large order of before may still stand, as far as the trader knows."""
    return private.quote_id[lane, trader, BUY] != 0 or private.quote_id[lane, trader, SELL] != 0


@inline_kernel
def _met(view, lane, side):
    """Return the price at which a trader would trade a side, ticks."""
    return view.executable[lane, 1 - side]


@inline_kernel
def _has_moved(policy, view, costs, lane, trader):
    """Tell whether the price is as much better as is wanted, with what a fill would cost.

    Its own large order is no price to trade at.
    """
    parameters, side = policy.parameters, policy.side[lane, trader]
    sign = 1 if side == SELL else -1
    met = _met(view, lane, side)
    if sign * (met - policy.shown[lane, trader]) <= 0:
        return False
    moved = sign * (met - policy.start[lane, trader]) - parameters.target[trader]
    lots, anchor = parameters.trade_lots[trader], view.reference_doubled[lane]
    edge = edge_after_costs(
        costs, lane, trader, side, met, moved / parameters.n_ticks[0], lots, 0.0, lots, anchor,
        view.time[lane],
    )  # fmt: skip
    return edge >= 0.0


@inline_kernel
def _trade(policy, view, intents, lane, trader):
    """Trade at the price that is shown, or not at all."""
    side, lots = policy.side[lane, trader], policy.parameters.trade_lots[trader]
    price = _met(view, lane, side)
    belief = price / policy.parameters.n_ticks[0]
    intend(intents, lane, INTENT_ORDER, side, price, lots, IOC, 0, belief)


@inline_kernel
def _take_back(policy, intents, lane, trader):
    """Want nothing to stand where the large order does."""
    side, price = 1 - policy.side[lane, trader], policy.shown[lane, trader]
    belief = price / policy.parameters.n_ticks[0]
    intend(intents, lane, INTENT_QUOTE, side, price, 0, GTC, 0, belief)


@inline_kernel
def _begin(policy, view, private, intents, lane, trader):
    """Show a large order on the side that is not traded, if there is a place for it."""
    parameters, held = policy.parameters, private.position[lane, trader]
    side = below(view.words[lane, 0], 2)
    if held != 0:
        side = SELL if held > 0 else BUY
    bid, ask = view.executable[lane, BUY], view.executable[lane, SELL]
    distance = parameters.distance[trader]
    price = bid - distance if side == SELL else ask + distance
    is_behind = price < ask if side == SELL else price > bid
    if bid >= ask or not is_behind or price < 1 or price >= parameters.n_ticks[0]:
        return
    life = parameters.patience_ns[trader]
    policy.side[lane, trader] = side
    policy.start[lane, trader] = _met(view, lane, side)
    policy.shown[lane, trader] = price
    policy.is_hit[lane, trader] = False
    policy.until_ns[lane, trader] = view.time[lane] + life
    rest = exponential(view.words[lane, 1]) * parameters.pause_ns[trader]
    policy.rest_ns[lane, trader] = np.int64(rest)
    lots, belief = parameters.large_lots[trader], price / parameters.n_ticks[0]
    intend(intents, lane, INTENT_QUOTE, 1 - side, price, lots, GTC, life, belief)


@learn_fill_one.implement(Spoofer)
@inline_kernel
def _learn_fill(policy, lane, trader, sign, quoted_belief, filled_ns, now):
    """Note a fill of the large order; its other orders are on the other side."""
    if sign == (1.0 if policy.side[lane, trader] == SELL else -1.0):
        policy.is_hit[lane, trader] = True
