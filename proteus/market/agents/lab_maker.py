"""Laboratory maker: a filter says what the contract is worth, a quoting rule what is quoted.

    estimate                filter: tape, tape_only, ewma, kalman, oracle, microprice, imbalance
    reservation, half       quoting: linear, fixed, avellaneda_stoikov, glft, cartea_jaimungal
    bid = floor(reservation - half), ask = ceil(reservation + half)          outward, whole ticks

The half-spread is kept within ``min_half_spread`` and ``max_half_spread``. A side whose price would
leave 1 .. n_ticks - 1 is not quoted, nor is one that the rule does not quote. While the filter is
not ready the maker quotes ``max_half_spread`` around its last estimate, p0 at first, or nothing.

Both parts are data: codes in the state, so that another choice compiles nothing. With ``tape`` and
``linear`` it is the ordinary maker of ``maker.py``, to the bit: its belief, its rule and its sizes
are the same kernels.

Source
    ``docs/makers.md`` has formula, source and units of each part.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from proteus.basics.schema import Lots, NonNegative, Probability, requirement
from proteus.compiler.jit import cold_kernel, inline_kernel, state
from proteus.market.agents import maker
from proteus.market.agents.base import (
    Members,
    PolicyConfig,
    decide_charged,
    has_overflown_one,
    learn_fill_one,
    learn_price_one,
    show_one,
)
from proteus.market.agents.traders import INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, NO_PRICE, SELL
from proteus.market.incentives.pass_through import narrowed
from proteus.market.makers.filters.codes import TAPE, TAPE_ONLY
from proteus.market.makers.filters.kalman import log_odds
from proteus.market.makers.filters.models import AnyFilter
from proteus.market.makers.filters.state import Filters, Seen, allocate_seen, make_filters
from proteus.market.makers.filters.table import hear, update
from proteus.market.makers.quoting.base import HalfSpread
from proteus.market.makers.quoting.cartea_jaimungal import BOTH, NO_ASK, NO_BID
from proteus.market.makers.quoting.codes import LINEAR
from proteus.market.makers.quoting.models import AnyQuoting
from proteus.market.makers.quoting.state import QuotingState, make_quoting
from proteus.market.makers.quoting.table import (
    learns,
    note_estimate,
    note_fill,
    note_quote,
    quote,
)

_FARTHEST = 1e6  # currency; nothing is quoted at such a distance, and ticks of less are integers

_SILENT = {  # keys of the ordinary maker, for the rules and filters that have no such thing
    "half_spread": 0.0, "inventory_slope": 0.0, "skew": 0.0, "volatility_weight": 0.0,
    "adverse_selection_weight": 0.0, "volatility_decay": 0.0, "adverse_selection_decay": 0.0,
    "adverse_selection_horizon_ms": 0, "belief_gain_trade": 0.0, "belief_gain_fill": 0.0,
    "belief_gain_signal": 0.0,
}  # fmt: skip


class LabMakerPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/lab_maker.yaml``."""

    NEUTRAL: ClassVar[dict[str, Any]] = {
        "knows_rewards": True, "reward_pass": 0.5, "reward_decay": 0.5,
    }  # fmt: skip

    filter: AnyFilter
    quoting: AnyQuoting
    min_half_spread: HalfSpread  # currency
    max_half_spread: HalfSpread | None  # currency; None: no bound
    not_ready: Literal["nothing", "widest"]
    quote_lots: Lots
    inventory_limit_lots: Lots
    at_limit: Literal["pull", "widen"]
    widen_by: NonNegative  # currency
    knows_rewards: bool = True
    reward_pass: Probability = 0.5  # of what an own lot earns of policies
    reward_decay: Probability = 0.5

    @model_validator(mode="after")
    def _check_half_spreads(self) -> Self:
        if self.max_half_spread is None:
            if self.not_ready == "widest":
                raise requirement("max_half_spread", "must be given when not_ready=widest")
        elif self.max_half_spread < self.min_half_spread:
            allowed = f"must be at least min_half_spread={self.min_half_spread}"
            raise requirement("max_half_spread", allowed)
        return self

    def as_maker(self) -> maker.MakerPolicy:
        """Return what of it the ordinary maker has too."""
        shared = self.model_dump(include={*maker.MakerPolicy.model_fields})
        parts = {**self.filter.model_dump(), **self.quoting.model_dump()}
        known = {key: value for key, value in parts.items() if key in _SILENT}
        return maker.MakerPolicy(**{**_SILENT, **shared, **known})


@state
class LabParameters(NamedTuple):
    """Fixed numbers. A traders; money in currency."""

    least: np.ndarray  # float64 [A] smallest half-spread
    most: np.ndarray  # float64 [A] largest half-spread
    is_linear: np.ndarray  # bool [A] quotes as the ordinary maker
    reads_tape: np.ndarray  # bool [A] believes as the ordinary maker
    waits_wide: np.ndarray  # bool [A] while its filter is not ready
    tick: np.ndarray  # float64 [1] currency


@state
class LabMaker(NamedTuple):
    """What makers of the laboratory think."""

    parameters: LabParameters
    maker: maker.Maker  # belief, which is the estimate, and all that the ordinary maker has
    filters: Filters
    quoting: QuotingState
    seen: Seen


def make(members: Members) -> LabMaker:
    """Build parameters and first thoughts of all makers of the laboratory."""
    policies = [policy for _, policy in members.policies]
    as_makers = tuple((trader, policy.as_maker()) for trader, policy in members.policies)
    probability, tick = members.initial_probability, 1.0 / members.n_ticks
    mosts = [math.inf if p.max_half_spread is None else p.max_half_spread for p in policies]
    codes = [p.filter.CODE for p in policies]
    column = members.column
    return LabMaker(
        parameters=LabParameters(
            least=members.key("min_half_spread"),
            most=column(mosts),
            is_linear=column((p.quoting.CODE == LINEAR for p in policies), np.bool_),
            reads_tape=column((code in (TAPE, TAPE_ONLY) for code in codes), np.bool_),
            waits_wide=column((p.not_ready == "widest" for p in policies), np.bool_),
            tick=np.array([tick]),
        ),
        maker=maker.make(members._replace(policies=as_makers), probability, members.growth),
        filters=make_filters(
            [(trader, policy.filter) for trader, policy in members.policies],
            members.lanes, members.traders, members.n_ticks, probability,
        ),
        quoting=make_quoting(
            [(trader, policy.quoting) for trader, policy in members.policies],
            members.lanes, members.traders, log_odds(probability, tick),
        ),
        seen=allocate_seen(members.lanes),
    )  # fmt: skip


@show_one.implement(LabMaker)
@inline_kernel
def _show(policy, data, at, report, lane):
    seen, shows = policy.seen, data.disclosure.shows_best
    bid, ask = data.best[lane, at, BUY], data.best[lane, at, SELL]
    seen.has_bid[lane] = shows[BUY] and bid != NO_PRICE
    seen.has_ask[lane] = shows[SELL] and ask != NO_PRICE
    seen.bid[lane], seen.ask[lane] = bid, ask
    seen.bid_lots[lane] = data.lots[lane, at, BUY] if data.disclosure.shows_size else 0
    seen.ask_lots[lane] = data.lots[lane, at, SELL] if data.disclosure.shows_size else 0
    seen.report[lane] = report


@decide_charged.implement(LabMaker)
@inline_kernel
def decide(policy, view, private, has_signal, costs, intents, lane, trader):
    """Learn from the view, then say what should stand on both sides."""
    _decide(policy, view, private, has_signal, costs, intents, lane, trader)


@cold_kernel
def _decide(policy, view, private, has_signal, costs, intents, lane, trader):
    parameters, thinking, now = policy.parameters, policy.maker, view.time[lane]
    maker.judge_fills(thinking, lane, trader, now)
    is_ready = _estimate(policy, view, has_signal, lane, trader)
    maker.note_change(thinking, lane, trader)
    estimate = thinking.belief[lane, trader]
    if learns(policy.quoting, trader):
        level = log_odds(estimate, parameters.tick[0])
        note_estimate(policy.quoting, lane, trader, level, now)
    reservation, half_spread, sides = _quote(policy, private, lane, trader, now)
    if not is_ready:
        is_wide = parameters.waits_wide[trader]
        half_spread = parameters.most[trader] if is_wide else math.inf
        reservation, sides = estimate, BOTH
    is_near = half_spread < _FARTHEST and abs(reservation - 0.5) < _FARTHEST
    if is_near:
        thinking.half_spread[lane, trader] = half_spread
    for side in (BUY, SELL):
        missing = NO_BID if side == BUY else NO_ASK
        is_quoted = is_near and sides != missing
        _stand(policy, private, costs, intents, lane, trader, now, side, reservation, is_quoted)


@inline_kernel
def _estimate(policy, view, has_signal, lane, trader):
    """Bring the belief up to what is shown; returns whether the filter is ready."""
    thinking = policy.maker
    if policy.parameters.reads_tape[trader]:
        maker.learn(thinking, view, has_signal, lane, trader)
        return True
    update(policy.filters, view, policy.seen, has_signal, lane, trader)
    thinking.belief[lane, trader] = policy.filters.estimate[lane, trader]
    return policy.filters.is_ready[lane, trader]


@inline_kernel
def _quote(policy, private, lane, trader, now):
    """Return reservation price, half-spread within its bounds, and the sides that are quoted."""
    parameters, thinking = policy.parameters, policy.maker
    least, most = parameters.least[trader], parameters.most[trader]
    if parameters.is_linear[trader]:
        reservation, half_spread = maker.linear(thinking, private, lane, trader)
        return reservation, min(max(half_spread, least), most), BOTH
    estimate, inventory = thinking.belief[lane, trader], private.position[lane, trader]
    size = thinking.parameters.quote_lots[trader]
    reservation, half_spread, sides = quote(
        policy.quoting, lane, trader, estimate, inventory, size, now
    )
    half_spread = min(max(half_spread, least), most)
    rewarded, share = private.rewarded[lane, trader], thinking.parameters.reward_pass[trader]
    return reservation, narrowed(half_spread, least, share, rewarded), sides


@inline_kernel
def _stand(policy, private, costs, intents, lane, trader, now, side, reservation, is_quoted):
    """Say what should stand on one side: a quote, or nothing."""
    thinking, inventory = policy.maker, private.position[lane, trader]
    estimate = thinking.belief[lane, trader]
    if is_quoted:
        signed = inventory if side == BUY else -inventory
        maker.quote_side(
            thinking, private, costs, intents, lane, trader, now, side, reservation, signed
        )
    else:
        intend(intents, lane, INTENT_QUOTE, side, 0, 0, GTC, 0, estimate)
    at = intents.count[lane] - 1
    away = intents.price[lane, at] * policy.parameters.tick[0] - estimate
    distance = -away if side == BUY else away
    note_quote(policy.quoting, lane, trader, side, intents.lots[lane, at] > 0, distance)


@learn_fill_one.implement(LabMaker)
@inline_kernel
def _learn_fill(policy, lane, trader, sign, quoted_belief, filled_ns, now):
    maker.learn_fill(policy.maker, lane, trader, sign, quoted_belief, filled_ns, now)
    note_fill(policy.quoting, lane, trader, BUY if sign > 0.0 else SELL)


@learn_price_one.implement(LabMaker)
@inline_kernel
def _learn_price(policy, lane, trader, price):
    if policy.parameters.reads_tape[trader]:
        maker.learn_price(policy.maker, lane, trader, price)
    else:
        hear(policy.filters, lane, trader, price)


@has_overflown_one.implement(LabMaker)
@inline_kernel
def _has_overflown(policy, lane):
    return policy.maker.overflow[lane]
