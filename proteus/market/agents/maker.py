"""Market maker: quotes both sides around its belief, skewed by inventory.

    r = belief - kappa I                                   reservation price
    h = h0 + a |I| + b sigma_hat + c AS_hat                half-spread
    bid = floor(r - h), ask = ceil(r + h)                  outward, in whole ticks

The belief learns from the public tape (not from quotes, which echo its own), from its own fills
and, optionally, from its own signal; only with + - x /, so that it is the same everywhere.
sigma_hat is the EWMA of |change of belief| per requote. AS_hat = max(0, EWMA over own fills of
-sign(q) (belief at t_j + horizon - belief when the filled quote was sent)). The size shrinks with
inventory; at the risk limit, counted at worst case, a side is pulled or widened.

Source
    Avellaneda & Stoikov (2008) Quantitative Finance 8:217, for the inventory skew; Glosten &
    Milgrom (1985) JFE 14:71, for learning from trades.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from proteus.basics import units
from proteus.basics.schema import Lots, Milliseconds, NonNegative, Probability
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.agents.base import Members, PolicyConfig
from proteus.market.agents.ticks import ceil_ticks, floor_ticks
from proteus.market.agents.traders import INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, SELL
from proteus.market.costs.expected import with_costs
from proteus.market.incentives.pass_through import narrowed

_MARKS = 64  # own fills that wait for their horizon, per maker; a power of two


class MakerPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/maker.yaml``."""

    NEUTRAL: ClassVar[dict[str, Any]] = {
        "knows_rewards": True, "reward_pass": 0.5, "reward_decay": 0.5,
    }  # fmt: skip

    half_spread: NonNegative  # h0, currency
    inventory_slope: NonNegative  # a, currency per lot
    skew: NonNegative  # kappa, currency per lot
    volatility_weight: NonNegative  # b
    adverse_selection_weight: NonNegative  # c
    volatility_decay: Probability
    adverse_selection_decay: Probability
    adverse_selection_horizon_ms: Milliseconds
    belief_gain_trade: Probability
    belief_gain_fill: Probability
    belief_gain_signal: Probability
    quote_lots: Lots
    inventory_limit_lots: Lots
    at_limit: Literal["pull", "widen"]
    widen_by: NonNegative  # currency
    knows_rewards: bool = True
    reward_pass: Probability = 0.5  # of what an own lot earns of policies
    reward_decay: Probability = 0.5


@state
class MakerParameters(NamedTuple):
    """Fixed numbers. A traders; money in currency."""

    number: np.ndarray  # int64 [A] of a maker among the makers
    half_spread: np.ndarray  # float64 [A]
    inventory_slope: np.ndarray  # float64 [A] per lot
    skew: np.ndarray  # float64 [A] per lot
    volatility_weight: np.ndarray  # float64 [A]
    adverse_weight: np.ndarray  # float64 [A]
    volatility_decay: np.ndarray  # float64 [A]
    adverse_decay: np.ndarray  # float64 [A]
    adverse_horizon_ns: np.ndarray  # int64 [A]
    gain_trade: np.ndarray  # float64 [A]
    gain_fill: np.ndarray  # float64 [A]
    gain_signal: np.ndarray  # float64 [A]
    quote_lots: np.ndarray  # int64 [A]
    limit_lots: np.ndarray  # int64 [A] to which quotes shrink
    most_held: np.ndarray  # int64 [A] lots, of the constraint that belongs to the plain loop
    widens: np.ndarray  # bool [A] at the limit: widen instead of pull
    widen_by: np.ndarray  # float64 [A]
    reward_pass: np.ndarray  # float64 [A] of what an own lot earns of policies
    n_ticks: np.ndarray  # int64 [1]


@written_first("mark_due", "mark_sign", "mark_belief")
@state
class Maker(NamedTuple):
    """What makers think. L lanes, A traders, of which M makers, K waiting fills."""

    parameters: MakerParameters
    belief: np.ndarray  # float64 [L, A] probability
    belief_before: np.ndarray  # float64 [L, A] at the last requote
    half_spread: np.ndarray  # float64 [L, A] at the last requote
    volatility: np.ndarray  # float64 [L, A] sigma_hat
    adverse: np.ndarray  # float64 [L, A] EWMA behind AS_hat
    look: np.ndarray  # int64 [L, A] last look interval of the signal that was used
    mark_due: np.ndarray  # int64 [L, M, K] ns when an own fill is judged
    mark_sign: np.ndarray  # int8 [L, M, K] +1 bought, -1 sold
    mark_belief: np.ndarray  # float64 [L, M, K] belief when the filled quote was sent
    marks: np.ndarray  # int64 [L, A, 2] fills judged, fills seen
    overflow: np.ndarray  # int8 [L] 1: more fills wait than there is room for


def make(members: Members, initial_probability: float, growth: int) -> Maker:
    """Build parameters and first thoughts of all makers; ``growth`` multiplies capacities."""
    horizons = [p.adverse_selection_horizon_ms for _, p in members.policies]
    widens = [p.at_limit == "widen" for _, p in members.policies]
    passes = [p.reward_pass if p.knows_rewards else 0.0 for _, p in members.policies]
    makers = len(members.policies)
    return allocate(
        Maker,
        L=members.lanes,
        A=members.traders,
        M=max(makers, 1),
        K=_MARKS * growth,
        parameters=MakerParameters(
            number=members.column(range(makers), np.int64),
            half_spread=members.key("half_spread"),
            inventory_slope=members.key("inventory_slope"),
            skew=members.key("skew"),
            volatility_weight=members.key("volatility_weight"),
            adverse_weight=members.key("adverse_selection_weight"),
            volatility_decay=members.key("volatility_decay"),
            adverse_decay=members.key("adverse_selection_decay"),
            adverse_horizon_ns=members.column(map(units.milliseconds_to_ns, horizons), np.int64),
            gain_trade=members.key("belief_gain_trade"),
            gain_fill=members.key("belief_gain_fill"),
            gain_signal=members.key("belief_gain_signal"),
            quote_lots=members.key("quote_lots", np.int64),
            limit_lots=members.key("inventory_limit_lots", np.int64),
            most_held=members.column(_most_held(members), np.int64),
            widens=members.column(widens, np.bool_),
            widen_by=members.key("widen_by"),
            reward_pass=members.column(passes, np.float64),
            n_ticks=np.array([members.n_ticks], np.int64),
        ),
        belief=initial_probability,
        belief_before=initial_probability,
        half_spread=members.key("half_spread"),
        look=-1,
    )


def _most_held(members: Members) -> list[int]:
    """Return the lots that each maker may hold; a chain that names none means the strategy's."""
    own = [policy.inventory_limit_lots for _, policy in members.policies]
    chains = members.most_held or (None,) * len(own)
    return [most or limit for most, limit in zip(chains, own, strict=True)]


@inline_kernel
def decide(maker, view, private, has_signal, costs, intents, lane, trader):
    """Learn from the view, then say what should stand on both sides."""
    judge_fills(maker, lane, trader, view.time[lane])
    learn(maker, view, has_signal, lane, trader)
    note_change(maker, lane, trader)
    reservation, half_spread = linear(maker, private, lane, trader)
    maker.half_spread[lane, trader] = half_spread
    inventory, now = private.position[lane, trader], view.time[lane]
    quote_side(maker, private, costs, intents, lane, trader, now, BUY, reservation, inventory)
    quote_side(maker, private, costs, intents, lane, trader, now, SELL, reservation, -inventory)


@inline_kernel
def linear(maker, private, lane, trader):
    """Return the reservation price and the half-spread, currency, by what the maker thinks now."""
    parameters, inventory = maker.parameters, private.position[lane, trader]
    belief = maker.belief[lane, trader]
    half_spread = (
        parameters.half_spread[trader]
        + parameters.inventory_slope[trader] * abs(inventory)
        + parameters.volatility_weight[trader] * maker.volatility[lane, trader]
        + parameters.adverse_weight[trader] * max(maker.adverse[lane, trader], 0.0)
    )
    smallest, rewarded = parameters.half_spread[trader], private.rewarded[lane, trader]
    half_spread = narrowed(half_spread, smallest, parameters.reward_pass[trader], rewarded)
    reservation = belief - parameters.skew[trader] * inventory
    return reservation, half_spread


@inline_kernel
def learn_fill(maker, lane, trader, sign, quoted_belief, filled_ns, now):
    """Learn from an own fill: move the belief against it, and keep it to judge it later.

    Parameters are those of ``table.learn_fill``.
    """
    judge_fills(maker, lane, trader, now)
    step = maker.parameters.gain_fill[trader] * maker.half_spread[lane, trader]
    maker.belief[lane, trader] = min(max(maker.belief[lane, trader] - sign * step, 0.0), 1.0)
    seen = maker.marks[lane, trader, 1]
    capacity = maker.mark_due.shape[2]
    if seen - maker.marks[lane, trader, 0] == capacity:
        maker.overflow[lane] = 1
        return
    number, at = maker.parameters.number[trader], seen & (capacity - 1)
    maker.mark_due[lane, number, at] = filled_ns + maker.parameters.adverse_horizon_ns[trader]
    maker.mark_sign[lane, number, at] = sign
    maker.mark_belief[lane, number, at] = quoted_belief
    maker.marks[lane, trader, 1] = seen + 1


@inline_kernel
def learn_price(maker, lane, trader, price):
    """Learn from a price in ticks that the maker was told, as from a print."""
    belief = maker.belief[lane, trader]
    gain = maker.parameters.gain_trade[trader]
    maker.belief[lane, trader] += gain * (price / maker.parameters.n_ticks[0] - belief)


@inline_kernel
def judge_fills(maker, lane, trader, time):
    """Fold own fills whose horizon has passed into AS_hat; the belief has not moved since."""
    weight = maker.parameters.adverse_decay[trader]
    number, mask = maker.parameters.number[trader], maker.mark_due.shape[2] - 1
    while maker.marks[lane, trader, 0] < maker.marks[lane, trader, 1]:
        at = maker.marks[lane, trader, 0] & mask
        if maker.mark_due[lane, number, at] > time:
            break
        moved = maker.belief[lane, trader] - maker.mark_belief[lane, number, at]
        loss = -maker.mark_sign[lane, number, at] * moved
        maker.adverse[lane, trader] += weight * (loss - maker.adverse[lane, trader])
        maker.marks[lane, trader, 0] += 1


@inline_kernel
def learn(maker, view, has_signal, lane, trader):
    """Move the belief to prints of others and to a new look at the signal."""
    parameters = maker.parameters
    belief = maker.belief[lane, trader]
    for i in range(view.n_prints[lane]):
        price = view.print_price[lane, i] / parameters.n_ticks[0]
        belief += parameters.gain_trade[trader] * (price - belief)
    if has_signal and view.look[lane] != maker.look[lane, trader]:
        maker.look[lane, trader] = view.look[lane]
        belief += parameters.gain_signal[trader] * (view.signal[lane] - belief)
    maker.belief[lane, trader] = belief


@inline_kernel
def note_change(maker, lane, trader):
    """Update sigma_hat with the change of the belief since the last requote."""
    belief = maker.belief[lane, trader]
    change = abs(belief - maker.belief_before[lane, trader])
    weight = maker.parameters.volatility_decay[trader]
    maker.volatility[lane, trader] += weight * (change - maker.volatility[lane, trader])
    maker.belief_before[lane, trader] = belief


@inline_kernel
def _price(side, reservation, half_spread, n_ticks):
    """Return the tick of a quote, rounded outward."""
    if side == BUY:
        return floor_ticks((reservation - half_spread) * n_ticks)
    return ceil_ticks((reservation + half_spread) * n_ticks)


@inline_kernel
def fit(private, lane, trader, side, price, lots, most):
    """Return the lots that can be quoted so that ``most`` is kept if all that may fill does.

    A quote that stands at this price with no more lots is kept and adds nothing. A replace does:
    the version it replaces may fill, all but a lot, before it arrives.
    """
    stands = private.quote_id[lane, trader, side] != 0
    stands = stands and private.quote_price[lane, trader, side] == price
    if stands and private.quote_lots[lane, trader, side] <= lots:
        return lots
    return min(lots, most - private.exposure[lane, trader, side])


@inline_kernel
def quote_side(maker, private, costs, intents, lane, trader, now, side, reservation, signed):
    """Say what should stand on one side; ``signed`` is the inventory this side would add to.

    The half-spread is wider by what a fill at the price without costs would cost.
    """
    parameters, half_spread = maker.parameters, maker.half_spread[lane, trader]
    n_ticks, limit = parameters.n_ticks[0], parameters.limit_lots[trader]
    lots = parameters.quote_lots[trader] * (limit - max(signed, 0)) // limit
    widened = lots <= 0 and parameters.widens[trader]
    if parameters.reward_pass[trader] > 0.0 and private.rewarded[lane, trader] > 0.0:
        lots = max(lots, private.least_lots[lane, trader])  # smaller orders would earn nothing
    if widened:
        lots = parameters.quote_lots[trader]
        half_spread += parameters.widen_by[trader]
    price = _price(side, reservation, half_spread, n_ticks)
    if lots > 0:
        half_spread = with_costs(costs, lane, trader, half_spread, side, price, lots, now)
        price = _price(side, reservation, half_spread, n_ticks)
    if not widened:
        most = parameters.most_held[trader] - signed
        lots = fit(private, lane, trader, side, price, lots, most)
    if price < 1 or price >= n_ticks:
        lots = 0  # a price it would not want is not quoted, and never clamped
    belief = maker.belief[lane, trader]
    intend(intents, lane, INTENT_QUOTE, side, np.int64(price), max(lots, 0), GTC, 0, belief)
