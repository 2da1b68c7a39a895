"""Market quality: exact time integrals over the public state, and the mid on a grid.

The integrals run over piecewise-constant paths and are brought up to date whenever the public
state changes; nothing is sampled on a grid that could divide the batch interval. Only realised
volatility uses a grid, of the mid and not of trades, because bounce adds to every return.

Source
    Roll (1984) Journal of Finance 39:1127, for bounce.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.codes import BUY, NO_PRICE, SELL
from proteus.market.environment.news import integrals_at, value_at
from proteus.market.events.queue import NEVER_NS
from proteus.market.information.history import newest, reference_doubled


@state
class Quality(NamedTuple):
    """Integrals after the warm-up. L lanes."""

    last_ns: np.ndarray  # int64 [L] time up to which they run; NEVER_NS in the warm-up
    last_integral: np.ndarray  # float64 [L, 2] of v and v^2 from 0 to there, seconds
    square_error: np.ndarray  # float64 [L] integral of (reference - v)^2, currency^2 seconds
    spread: np.ndarray  # int64 [L] integral of the quoted spread, ticks ns
    covered: np.ndarray  # int64 [L] time with both sides quoted, ns
    depth_best: np.ndarray  # int64 [L] integral of the lots at both best prices, lots ns
    depth_near: np.ndarray  # int64 [L] integral of the lots near both best prices, lots ns
    near: np.ndarray  # int64 [L] lots near both best prices now
    near_ns: np.ndarray  # int64 [L] time up to which depth_near runs; NEVER_NS in the warm-up
    mid_doubled: np.ndarray  # int64 [L] twice the mid at the last grid point, ticks, or NO_PRICE
    mid_moves: np.ndarray  # int64 [L] sum of squared moves of it, from grid point to grid point
    value: np.ndarray  # float64 [L] v at the last grid point, currency
    value_moves: np.ndarray  # float64 [L] sum of squared moves of v over the same steps
    steps: np.ndarray  # int64 [L] steps with a mid at both ends


def allocate_quality(lanes: int) -> Quality:
    """Allocate sums of zero that have not started."""
    return allocate(Quality, L=lanes, last_ns=NEVER_NS, near_ns=NEVER_NS, mid_doubled=NO_PRICE)


@inline_kernel
def start_integrals(quality, world, lane, time):
    """Start the time integrals: the warm-up has ended."""
    first, second = integrals_at(world.news, world.news_parameters, lane, time)
    quality.last_integral[lane, 0], quality.last_integral[lane, 1] = first, second
    quality.last_ns[lane] = time
    quality.near_ns[lane] = time


@inline_kernel
def extend_integrals(quality, world, lane, time):
    """Bring the time integrals up to ``time``, over the public state that held until then."""
    settings, data = world.settings, world.data
    width = time - quality.last_ns[lane]
    if width <= 0:
        return
    at = newest(data, lane)
    bid, ask = data.best[lane, at, BUY], data.best[lane, at, SELL]
    if bid != NO_PRICE and ask != NO_PRICE:
        quality.spread[lane] += (ask - bid) * width
        quality.covered[lane] += width
    quality.depth_best[lane] += (data.lots[lane, at, BUY] + data.lots[lane, at, SELL]) * width
    doubled = reference_doubled(data, lane, at, settings.initial_ticks)
    reference = doubled / (2.0 * settings.n_ticks)
    first, second = integrals_at(world.news, world.news_parameters, lane, time)
    value = first - quality.last_integral[lane, 0]
    square = second - quality.last_integral[lane, 1]
    quality.square_error[lane] += (
        square - 2.0 * reference * value + reference * reference * (width / NANO)
    )
    quality.last_integral[lane, 0], quality.last_integral[lane, 1] = first, second
    quality.last_ns[lane] = time


@inline_kernel
def watch_depth(quality, world, lane, time):
    """Note the depth near the best prices of a book that has just been published."""
    near, book = np.int64(0), world.market.book
    for side in range(2):
        best = book.best[lane, side]  # below every rank where there is none
        for rank in range(max(best - world.settings.depth_ticks, 0), best + 1):
            near += book.lots[lane, side, rank]  # 0 where nothing rests
    if near != quality.near[lane]:
        extend_depth(quality, lane, time)
        quality.near[lane] = near


@inline_kernel
def extend_depth(quality, lane, time):
    """Bring the integral of the depth near the best prices up to ``time``."""
    width = time - quality.near_ns[lane]
    if width > 0:
        quality.depth_near[lane] += quality.near[lane] * width
        quality.near_ns[lane] = time


@inline_kernel
def sample_mid(quality, world, lane, time):
    """Take the mid at a grid point, before what happens then, and the move since the last one."""
    data = world.data
    at = newest(data, lane)
    bid, ask = data.best[lane, at, BUY], data.best[lane, at, SELL]
    doubled = bid + ask if bid != NO_PRICE and ask != NO_PRICE else np.int64(NO_PRICE)
    value = value_at(world.news, world.news_parameters, lane, time)
    if doubled != NO_PRICE and quality.mid_doubled[lane] != NO_PRICE:
        quality.mid_moves[lane] += (doubled - quality.mid_doubled[lane]) ** 2
        quality.value_moves[lane] += (value - quality.value[lane]) ** 2
        quality.steps[lane] += 1
    quality.mid_doubled[lane], quality.value[lane] = doubled, value
