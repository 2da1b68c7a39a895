"""Noise trader: random side, size and type, at random times; its limits end with a lifetime.

A marketable order carries a protective limit ``protection_ticks`` beyond the public reference
price and lives for an instant (in a batch: for one clear). A limit order is placed at the
reference plus an addressed offset and is cancelled after an exponential lifetime.

Source
    Cont, Stoikov & Talreja (2010) Operations Research 58:549, for Poisson order flow.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    Lots,
    Positive,
    PositiveMilliseconds,
    Probability,
    SignedTicks,
    requirement,
)
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, GTC, IOC, SELL
from proteus.market.costs.codes import MAKER, TAKER
from proteus.market.costs.expected import is_worth, worth_of_lot
from proteus.market.rng import below, exponential, uniform


class NoisePolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/noise.yaml``."""

    marketable_probability: Probability
    size_mean_lots: float = Field(ge=1)
    max_lots: Lots
    offset_low_ticks: SignedTicks  # a limit buy is placed at the reference minus the offset
    offset_high_ticks: SignedTicks
    lifetime_ms: PositiveMilliseconds
    reservation_scale: Positive | None = None  # currency; None: any cost is paid

    NEUTRAL: ClassVar[dict[str, Any]] = {"reservation_scale": None}

    @model_validator(mode="after")
    def _check_offsets(self) -> Self:
        if self.offset_high_ticks < self.offset_low_ticks:
            allowed = f"must be at least offset_low_ticks={self.offset_low_ticks}"
            raise requirement("offset_high_ticks", allowed)
        return self


@state
class Noise(NamedTuple):
    """Parameters. A traders."""

    marketable: np.ndarray  # float64 [A] probability
    size_scale: np.ndarray  # float64 [A] 1 / log(1 - 1 / mean): geometric sizes; 0: always one lot
    max_lots: np.ndarray  # int64 [A]
    offset_low: np.ndarray  # int64 [A] ticks
    offset_width: np.ndarray  # int64 [A] number of offsets, uniformly drawn
    lifetime_ns: np.ndarray  # float64 [A] mean
    reservation: np.ndarray  # float64 [A] mean of what trading is worth, currency; 0: any cost
    protection: np.ndarray  # int64 [1] ticks
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> Noise:
    """Build the parameters of all noise traders."""
    policies = [policy for _, policy in members.policies]
    means = [policy.size_mean_lots for policy in policies]
    widths = [policy.offset_high_ticks - policy.offset_low_ticks + 1 for policy in policies]
    return Noise(
        marketable=members.key("marketable_probability"),
        size_scale=members.column(0.0 if m == 1 else 1 / math.log1p(-1 / m) for m in means),
        max_lots=members.key("max_lots", np.int64),
        offset_low=members.key("offset_low_ticks", np.int64),
        offset_width=members.column(widths, np.int64),
        lifetime_ns=members.column(units.milliseconds_to_ns(p.lifetime_ms) for p in policies),
        reservation=members.column(p.reservation_scale or 0.0 for p in policies),
        protection=np.array([members.protection_ticks], np.int64),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@inline_kernel
def decide(noise, view, costs, intents, lane, trader):
    """Send one order whose side, type, size, offset and lifetime are drawn at this arrival.

    None is sent where it is expected to cost more than trading is worth to this trader.
    """
    side = below(view.words[lane, 0], 2)
    more = math.log(uniform(view.words[lane, 2])) * noise.size_scale[trader]
    lots = min(1 + np.int64(more), noise.max_lots[trader])
    last, twice = noise.n_ticks[0] - 1, view.reference_doubled[lane]
    mean, word, now = noise.reservation[trader], view.words[lane, 5], view.time[lane]
    worth = worth_of_lot(costs, mean, word)
    if uniform(view.words[lane, 1]) < noise.marketable[trader]:
        price = _beyond(twice, side, noise.protection[0])
        met = view.executable[lane, 1 - side]
        if is_worth(costs, lane, trader, TAKER, side, met, lots, twice, mean, word, now):
            intend(intents, lane, INTENT_ORDER, side, min(max(price, 1), last), lots, IOC, 0, worth)
        return
    offset = noise.offset_low[trader] + below(view.words[lane, 3], noise.offset_width[trader])
    price = min(max(_behind(twice, side, offset), 1), last)
    lifetime = np.int64(exponential(view.words[lane, 4]) * noise.lifetime_ns[trader]) + 1
    if is_worth(costs, lane, trader, MAKER, side, price, lots, 2 * price, mean, word, now):
        intend(intents, lane, INTENT_ORDER, side, price, lots, GTC, lifetime, worth)


@inline_kernel
def _behind(reference_doubled, side, ticks):
    """Return the tick at least ``ticks`` worse than the reference, rounded outward."""
    if side == BUY:
        return reference_doubled // 2 - ticks
    return -(-reference_doubled // 2) + ticks


@inline_kernel
def _beyond(reference_doubled, side, ticks):
    """Return the tick ``ticks`` better than the reference for the other side, rounded outward."""
    return _behind(reference_doubled, SELL if side == BUY else BUY, ticks)
