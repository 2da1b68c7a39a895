"""The news: log-odds x of the payoff on a grid, jumps at exact times, and the fair value v.

Both models are one recursion. With g the grid step, z a normal, J a jump at time u:

    x <- phi x + direction * drift + step_sd * z        into every grid point g * dt
    x <- x + direction * J * exp(kappa (u - g dt))      at u in [g dt, (g + 1) dt)

``bayesian``  phi = 1, kappa = 0. The payoff X is drawn first, direction = +1 if X = 1 else -1,
              drift = sigma^2 / 2 per second. x is the log-odds of X given the news: v = p.
``log_odds``  phi = exp(-kappa dt), drift = 0, direction = 1. The factor on J makes a jump worth
              J at u and J exp(-kappa (t - u)) later, so the law does not depend on dt. The fair
              value is v = E[p at settlement | x], from a table; X is drawn last, given v.

v is piecewise constant and right-continuous: it changes at grid points and at jumps only. A jump
that falls on a grid point comes after the diffusion of that point. Inside a cell of ``log_odds``
v forgets that no jump came since the grid point: an error of order jump rate x dt, gone at the
next grid point, where v is a martingale exactly.

The path is made ahead of the event loop, in rings: grid point g lives in slot g & (G - 1), jump k
in slot k & (J - 1). No result depends on how far a call extends the path. Its integrals follow
behind, as far as they were read: they are read forwards in time, so no ring keeps them. ``setup``
allocates the rings and derives the parameters from the configuration.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel, state, written_first
from proteus.market.environment.fair_value import (
    decay_and_row,
    exp_negative,
    sigmoid,
    tabulated_value,
    value_in_row,
)
from proteus.market.environment.jumps import start_jumps, take_jump
from proteus.market.environment.masks import MASK_DIFFUSION, MASK_PAYOFF
from proteus.market.rng import (
    ENTITY_MARKET,
    STREAM_NEWS_DIFFUSION,
    STREAM_PAYOFF,
    normal,
    normal_central,
    philox,
    uniform,
)

MODEL_BAYESIAN = 0
MODEL_LOG_ODDS = 1

NEWS_OK = 0
NEWS_JUMP_CAPACITY = 1  # a jump would overwrite one that is still inside the window

PAYOFF_UNKNOWN = -1
_SECONDS = 1e-9


@written_first("value", "jumps_before", "jump_ns", "jump_value")
@state
class News(NamedTuple):
    """The path of each lane; L lanes, G grid slots, J jump slots (powers of two), C chunk."""

    value: np.ndarray  # float64 [L, G] v at grid point g, jumps at times <= g dt included
    jumps_before: np.ndarray  # int32 [L, G] number of jumps at times <= g dt
    jump_ns: np.ndarray  # int64 [L, J] time of jump k
    jump_value: np.ndarray  # float64 [L, J] v just after jump k
    n_jumps: np.ndarray  # int64 [L] jumps made so far, all at times <= grid_done * dt
    next_jump_ns: np.ndarray  # int64 [L] time of jump number n_jumps
    grid_done: np.ndarray  # int64 [L] last grid point made
    integrated: np.ndarray  # int64 [L] grid point up to which the integrals run
    integral: np.ndarray  # float64 [L] of v from 0 to there, in seconds
    integral_square: np.ndarray  # float64 [L] of v^2 from 0 to there, in seconds
    log_odds: np.ndarray  # float64 [L] x at the last grid point made
    is_carried: np.ndarray  # bool [L] x begins where an earlier episode ended
    start: np.ndarray  # float64 [L] that is here
    end: np.ndarray  # float64 [L] x at the end of trading, jumps then included
    payoff: np.ndarray  # int8 [L] X, or PAYOFF_UNKNOWN
    masks: np.ndarray  # uint32 [L, M] what a design of seeds changes of its words; 0: nothing
    usual: np.ndarray  # int64 [L] number of the jump that comes next as usual
    usual_ns: np.ndarray  # int64 [L] its time
    further: np.ndarray  # int64 [L] number of the jump that comes next on top, in a burst
    further_ns: np.ndarray  # int64 [L] its time, or NEVER_NS
    amount: np.ndarray  # float64 [L] expected jumps on top up to that one
    words: np.ndarray  # uint32 [C] scratch
    normals: np.ndarray  # float64 [C] scratch
    tails: np.ndarray  # int32 [C] scratch
    decays: np.ndarray  # float64 [C] scratch
    row_squares: np.ndarray  # float64 [C] scratch


@state
class NewsParameters(NamedTuple):
    """The numbers of one cell's news; always of the same types, so that none recompiles."""

    model: int  # MODEL_BAYESIAN or MODEL_LOG_ODDS
    dt_ns: int
    settle_ns: int  # when X settles: the end of trading plus the largest markout horizon
    last_grid: int  # last grid point that is not after the end of trading
    initial_probability: float
    initial_log_odds: float
    drift: float  # per step, towards X
    step_sd: float  # of the diffusion over one step
    phi: float  # exp(-kappa dt)
    reversion_per_ns: float  # kappa
    jump_gap_ns: float  # mean time between jumps; infinity when there are none
    jump_law: np.ndarray  # float64 [M, 3] cumulative weight, mean, standard deviation
    table: np.ndarray  # float64 [R, N] v by remaining time and expected log-odds at settlement
    table_limit: float  # the columns span -limit .. limit, NODES_PER_UNIT to the unit
    row_square_per_decay: float  # row^2 = (1 - exp(-kappa s)) * this + s * row_square_per_ns
    row_square_per_ns: float
    jump_drift: float  # mean of the jumps to come, decayed to settlement = this * row^2
    burst_begin_ns: np.ndarray  # int64 [B] bursts of news, by their begin
    burst_end_ns: np.ndarray  # int64 [B]
    burst_factor: np.ndarray  # float64 [B] on the rate of jumps
    burst_further: np.ndarray  # float64 [B] jumps that come on top, per ns


# --- making the path ------------------------------------------------------------------------------


@cold_kernel
def start_news(news, parameters, key0, key1, lane):
    """Put a lane at time 0: x, v, the first jump's time and, in ``bayesian``, the payoff.

    Parameters
        news: News, written. parameters: NewsParameters. key0, key1: uint32, replicate key.
        lane: row.
    """
    news.payoff[lane] = PAYOFF_UNKNOWN
    if parameters.model == MODEL_BAYESIAN:
        news.payoff[lane] = _draw_payoff(news, key0, key1, lane, parameters.initial_probability)
    news.log_odds[lane] = parameters.initial_log_odds
    if news.is_carried[lane]:
        news.log_odds[lane] = news.start[lane]
    origin = np.int64(0)
    news.value[lane, 0] = _fair_value(parameters, news.log_odds[lane], origin)
    news.jumps_before[lane, 0] = 0
    news.grid_done[lane] = 0
    news.integrated[lane] = 0
    news.integral[lane] = 0.0
    news.integral_square[lane] = 0.0
    news.n_jumps[lane] = 0
    start_jumps(news, parameters, key0, key1, lane)


@cold_kernel
def extend_news(news, parameters, key0, key1, lane, until_ns):
    """Make the path of a lane up to the first grid point at or after ``until_ns``.

    Parameters
        news: News, written. parameters: NewsParameters. key0, key1: uint32, replicate key.
        lane: row. until_ns: time.

    Returns
        NEWS_OK, or NEWS_JUMP_CAPACITY: the lane must be run again with more jump slots.

    In ``log_odds`` the payoff is known once the path has reached ``settle_ns``. A call has a cost
    of its own, so ask for tens of grid points at once.
    """
    chunk = news.words.shape[0]
    target = (until_ns + parameters.dt_ns - 1) // parameters.dt_ns
    while news.grid_done[lane] < target:
        first = news.grid_done[lane] + 1
        last = min(target, first | (chunk - 1))
        if first <= parameters.last_grid < last:
            last = np.int64(parameters.last_grid)  # to note x there
        fill_normals(news.words, news.normals, news.tails, key0, key1, first, last)
        _integrate(news, parameters, lane, last + 1 - news.value.shape[1])  # what is overwritten
        if _walk(news, parameters, key0, key1, lane, first, last) != NEWS_OK:
            return NEWS_JUMP_CAPACITY
        if last == parameters.last_grid:
            news.end[lane] = news.log_odds[lane]
        slot = first & (news.value.shape[1] - 1)
        _to_fair_values(news, parameters, lane, slot, slot + last - first + 1, first)
        news.grid_done[lane] = last
        reached = parameters.settle_ns <= last * parameters.dt_ns
        if reached and news.payoff[lane] == PAYOFF_UNKNOWN:
            probability = value_at(news, parameters, lane, parameters.settle_ns)
            news.payoff[lane] = _draw_payoff(news, key0, key1, lane, probability)
    return NEWS_OK


@inline_kernel
def fill_normals(words, normals, tails, key0, key1, first, last):
    """Write the normals of grid steps first .. last into the scratch, at step & (C - 1).

    The bits are those of ``rng.normal``; the centre is one vector loop, and the tails are listed
    without a branch before they are computed, because nobody can predict which they are.
    """
    mask = words.shape[0] - 1
    for quarter in range(first >> 2, (last >> 2) + 1):
        slot = (quarter << 2) & mask
        w0, w1, w2, w3 = philox(key0, key1, STREAM_NEWS_DIFFUSION, ENTITY_MARKET, quarter, 0)
        words[slot] = w0
        words[slot + 1] = w1
        words[slot + 2] = w2
        words[slot + 3] = w3
    begin, end = first & mask, (last & mask) + 1
    for slot in range(begin, end):
        normals[slot] = normal_central(uniform(words[slot]) - 0.5)
    n_tails = 0
    for slot in range(begin, end):
        tails[n_tails] = slot
        n_tails += 1 if abs(uniform(words[slot]) - 0.5) > 0.425 else 0
    for i in range(n_tails):
        normals[tails[i]] = normal(words[tails[i]])


@inline_kernel
def _walk(news, parameters, key0, key1, lane, first, last):
    """Move x through grid points first .. last, with its jumps; x itself goes to ``value``."""
    drift = -parameters.drift if news.payoff[lane] == 0 else parameters.drift
    path, jumps_before, normals = news.value[lane], news.jumps_before[lane], news.normals
    mask, scratch_mask = path.shape[0] - 1, normals.shape[0] - 1
    is_mirrored = news.masks[lane, MASK_DIFFUSION] != 0
    step_sd = -parameters.step_sd if is_mirrored else parameters.step_sd
    grid = first
    while grid <= last:
        while news.next_jump_ns[lane] < grid * parameters.dt_ns:
            if _jump(news, parameters, key0, key1, lane, grid - 1) != NEWS_OK:
                return NEWS_JUMP_CAPACITY
        x, n_jumps = news.log_odds[lane], news.n_jumps[lane]
        calm = min(last, news.next_jump_ns[lane] // parameters.dt_ns)
        for step in range(grid, calm + 1):
            noise = step_sd * normals[step & scratch_mask]
            x = parameters.phi * x + (drift + noise)
            path[step & mask] = x
            jumps_before[step & mask] = n_jumps
        news.log_odds[lane] = x
        while news.next_jump_ns[lane] == calm * parameters.dt_ns:
            if _jump(news, parameters, key0, key1, lane, calm) != NEWS_OK:
                return NEWS_JUMP_CAPACITY
            path[calm & mask] = news.log_odds[lane]
            jumps_before[calm & mask] = news.n_jumps[lane]
        grid = calm + 1
    return NEWS_OK


@inline_kernel
def _jump(news, parameters, key0, key1, lane, grid):
    """Apply the next jump, which lies in the cell that starts at ``grid``."""
    number, now_ns = news.n_jumps[lane], news.next_jump_ns[lane]
    slots = news.jump_ns.shape[1]
    slot = number & (slots - 1)
    oldest_ns = (grid + 1 - news.value.shape[1]) * parameters.dt_ns
    if number >= slots and news.jump_ns[lane, slot] > oldest_ns:
        return NEWS_JUMP_CAPACITY
    since_grid = (now_ns - grid * parameters.dt_ns) * parameters.reversion_per_ns
    size = take_jump(news, parameters, key0, key1, lane) / exp_negative(since_grid)
    against = parameters.model == MODEL_BAYESIAN and news.payoff[lane] == 0
    news.log_odds[lane] += -size if against else size
    news.jump_ns[lane, slot] = now_ns
    news.jump_value[lane, slot] = _fair_value(parameters, news.log_odds[lane], grid)
    news.n_jumps[lane] = number + 1
    return NEWS_OK


@inline_kernel
def _draw_payoff(news, key0, key1, lane, probability):
    word = philox(key0, key1, STREAM_PAYOFF, ENTITY_MARKET, 0, 0)[0]
    return 1 if uniform(np.uint32(word ^ news.masks[lane, MASK_PAYOFF])) < probability else 0


@inline_kernel
def _fair_value(parameters, x, grid):
    """Return v where the log-odds are x, at or just after a grid point."""
    if parameters.model == MODEL_LOG_ODDS:
        return tabulated_value(parameters, x, grid)
    return sigmoid(x)


@inline_kernel
def _to_fair_values(news, parameters, lane, begin, end, grid):
    """Turn x into v, in place, in slots begin .. end - 1, which hold grid points from ``grid``.

    The bits are those of ``_fair_value``; what does not depend on x is one vector loop.
    """
    values = news.value[lane]
    if parameters.model == MODEL_LOG_ODDS:
        decays, row_squares = news.decays, news.row_squares
        for i in range(end - begin):
            decays[i], row_squares[i] = decay_and_row(parameters, grid + i)
        for i in range(end - begin):
            values[begin + i] = value_in_row(
                parameters, values[begin + i], decays[i], row_squares[i]
            )
    else:
        for slot in range(begin, end):
            values[slot] = sigmoid(values[slot])


@cold_kernel
def _integrate(news, parameters, lane, until):
    """Carry the integrals of v and v^2 to a grid point, if they are not there yet."""
    mask = news.value.shape[1] - 1
    dt_s = parameters.dt_ns * _SECONDS
    total, total_square = news.integral[lane], news.integral_square[lane]
    for grid in range(news.integrated[lane] + 1, until + 1):
        before, slot = (grid - 1) & mask, grid & mask
        if news.jumps_before[lane, slot] == news.jumps_before[lane, before]:
            v = news.value[lane, before]
            total += v * dt_s
            total_square += v * v * dt_s
        else:
            now_ns = grid * parameters.dt_ns
            part, part_square = _cell_integrals(news, parameters, lane, grid - 1, now_ns)
            total += part
            total_square += part_square
    news.integral[lane], news.integral_square[lane] = total, total_square
    news.integrated[lane] = max(news.integrated[lane], until)


@inline_kernel
def _cell_integrals(news, parameters, lane, grid, until_ns):
    """Integrate v and v^2 from a grid point to a time in its cell, jump by jump; in seconds."""
    slot = grid & (news.value.shape[1] - 1)
    jump_mask = news.jump_ns.shape[1] - 1
    number = news.jumps_before[lane, slot]
    v = news.value[lane, slot]
    since_ns = grid * parameters.dt_ns
    total, total_square = 0.0, 0.0
    while number < news.n_jumps[lane] and news.jump_ns[lane, number & jump_mask] < until_ns:
        jump_ns = news.jump_ns[lane, number & jump_mask]
        width_s = (jump_ns - since_ns) * _SECONDS
        total += v * width_s
        total_square += v * v * width_s
        v = news.jump_value[lane, number & jump_mask]
        since_ns = jump_ns
        number += 1
    width_s = (until_ns - since_ns) * _SECONDS
    return total + v * width_s, total_square + v * v * width_s


# --- reading the path -----------------------------------------------------------------------------


@inline_kernel
def value_at(news, parameters, lane, time_ns):
    """Return v at a time inside the window; v(0) before the start.

    The window reaches from grid point grid_done - G + 1 up to, not including, grid point
    grid_done + 1 (no jump is known after grid point grid_done).
    """
    grid = max(time_ns, 0) // parameters.dt_ns
    slot = grid & (news.value.shape[1] - 1)
    jump_mask = news.jump_ns.shape[1] - 1
    number = news.jumps_before[lane, slot]
    v = news.value[lane, slot]
    while number < news.n_jumps[lane] and news.jump_ns[lane, number & jump_mask] <= time_ns:
        v = news.jump_value[lane, number & jump_mask]
        number += 1
    return v


@inline_kernel
def integrals_at(news, parameters, lane, time_ns):
    """Return the integrals of v and of v^2 from 0 to a time >= 0 inside the window, in seconds.

    Of two calls for a lane the later one may not ask for a grid cell before that of the earlier.
    """
    grid = time_ns // parameters.dt_ns
    _integrate(news, parameters, lane, grid)
    part, part_square = _cell_integrals(news, parameters, lane, grid, time_ns)
    return news.integral[lane] + part, news.integral_square[lane] + part_square


@inline_kernel
def next_jump(news, lane, after_index):
    """Return the time of jump number after_index + 1 (after_index = -1: the first jump).

    The jump may lie beyond the path made so far, by one: its time is known, its value is not.
    """
    number = after_index + 1
    if number < news.n_jumps[lane]:
        return news.jump_ns[lane, number & (news.jump_ns.shape[1] - 1)]
    return news.next_jump_ns[lane]
