"""What is measured while the engine runs: exact sums per lane, closed when trading ends.

Money sums are int64 nano-currency, so that the decomposition of maker PnL holds fill by fill.
Time integrals run over piecewise-constant paths and are brought up to date whenever the public
state changes, never sampled on a grid. ``variables`` turns the sums into dataset variables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus._jit import cold_kernel, inline_kernel, state
from proteus.accounting import CASH, CONTRACT, settle
from proteus.events import BUY, EVENT_FILL, SELL
from proteus.latent import NEVER_NS, integrals_at, value_at
from proteus.market_data import newest, reference_doubled
from proteus.mechanisms.book import EMPTY
from proteus.traders import CLASS_MAKER, CLASS_NOISE

NANO = 1_000_000_000


@state
class Sums(NamedTuple):
    """Running sums. L lanes, H markout horizons, A traders."""

    last_ns: np.ndarray  # int64 [L] time up to which the integrals run; NEVER_NS in the warm-up
    last_integral: np.ndarray  # float64 [L, 2] of v and v^2 from 0 to there, seconds
    square_error: np.ndarray  # float64 [L] integral of (reference - v)^2, currency^2 seconds
    spread: np.ndarray  # int64 [L] integral of the quoted spread, ticks ns
    covered: np.ndarray  # int64 [L] time with both sides quoted, ns
    captured: np.ndarray  # int64 [L] makers: sum of q (m - P), nano
    adverse: np.ndarray  # int64 [L, H] makers: sum of q (v(t + h) - m), nano
    fill_value: np.ndarray  # int64 [L] makers: sum of q v(t), nano
    maker_lots: np.ndarray  # int64 [L] makers: lots filled
    effective: np.ndarray  # float64 [L] takers against makers: sum of lots d (2 P - 2 m), ticks;
    # after the warm-up
    effective_lots: np.ndarray  # float64 [L] takers against makers: lots
    intents: np.ndarray  # int64 [L] noise intents up to T - tau
    intents_filled: np.ndarray  # int64 [L] of these: filled, in part or whole, within tau
    waited: np.ndarray  # int64 [L] their time to first fill, at most tau, ns
    clear_maker_lots: np.ndarray  # int64 [L, 2] scratch: makers' lots per side of a clear
    clear_lots: np.ndarray  # int64 [L] scratch: lots of a clear


@state
class Totals(NamedTuple):
    """What is known when a lane has ended. L lanes, A traders."""

    final_value: np.ndarray  # int64 [L] v at T, nano
    payoff: np.ndarray  # int64 [L] X, nano
    marked: np.ndarray  # int64 [L, A] PnL of each trader marked at v_T, nano
    settled: np.ndarray  # int64 [L, A] PnL of each trader settled at X, nano


def allocate_sums(lanes: int, horizons: int) -> Sums:
    """Allocate sums of zero."""

    def zeros(*more: int) -> np.ndarray:
        return np.zeros((lanes, *more), np.int64)

    return Sums(
        last_ns=np.full(lanes, NEVER_NS, np.int64),
        last_integral=np.zeros((lanes, 2)),
        square_error=np.zeros(lanes),
        spread=zeros(),
        covered=zeros(),
        captured=zeros(),
        adverse=zeros(horizons),
        fill_value=zeros(),
        maker_lots=zeros(),
        effective=np.zeros(lanes),
        effective_lots=np.zeros(lanes),
        intents=zeros(),
        intents_filled=zeros(),
        waited=zeros(),
        clear_maker_lots=zeros(2),
        clear_lots=zeros(),
    )


def allocate_totals(lanes: int, traders: int) -> Totals:
    """Allocate totals of zero."""
    return Totals(
        final_value=np.zeros(lanes, np.int64),
        payoff=np.zeros(lanes, np.int64),
        marked=np.zeros((lanes, traders), np.int64),
        settled=np.zeros((lanes, traders), np.int64),
    )


@inline_kernel
def nano(value):
    """Round a value in currency to nano-currency, once."""
    return np.int64(np.rint(value * NANO))


@inline_kernel
def start_integrals(sums, world, lane, time):
    """Start the time integrals: the warm-up has ended."""
    first, second = integrals_at(world.news, world.news_parameters, lane, time)
    sums.last_integral[lane, 0], sums.last_integral[lane, 1] = first, second
    sums.last_ns[lane] = time


@inline_kernel
def extend_integrals(sums, world, lane, time):
    """Bring the time integrals up to ``time``, over the public state that held until then."""
    settings, data = world.settings, world.data
    width = time - sums.last_ns[lane]
    if width <= 0:
        return
    at = newest(data, lane)
    bid, ask = data.best[lane, at, BUY], data.best[lane, at, SELL]
    if bid != EMPTY and ask != EMPTY:
        sums.spread[lane] += (ask - bid) * width
        sums.covered[lane] += width
    doubled = reference_doubled(data, lane, at, settings.initial_ticks)
    reference = doubled / (2.0 * settings.n_ticks)
    first, second = integrals_at(world.news, world.news_parameters, lane, time)
    value, square = first - sums.last_integral[lane, 0], second - sums.last_integral[lane, 1]
    sums.square_error[lane] += (
        square - 2.0 * reference * value + reference * reference * (width / NANO)
    )
    sums.last_integral[lane, 0], sums.last_integral[lane, 1] = first, second
    sums.last_ns[lane] = time


@inline_kernel
def count_intent(sums, settings, lane, role, time):
    """Start the clock of a noise intent: it counts tau until a fill says otherwise."""
    if role == CLASS_NOISE and time <= settings.horizon_ns - settings.tau_ns:
        sums.intents[lane] += 1
        sums.waited[lane] += settings.tau_ns


@inline_kernel
def open_clear(sums, outbox, orders, traders, lane):
    """Sum the lots of a clear per side, so that splits by class are in proportion to them."""
    sums.clear_lots[lane] = 0
    sums.clear_maker_lots[lane, BUY] = 0
    sums.clear_maker_lots[lane, SELL] = 0
    for i in range(outbox.count[lane]):
        if outbox.kind[lane, i] == EVENT_FILL:
            sums.clear_lots[lane] += outbox.lots[lane, i]
            for slot in (outbox.order[lane, i], outbox.other[lane, i]):
                if traders.role[orders.trader[lane, slot]] == CLASS_MAKER:
                    sums.clear_maker_lots[lane, orders.side[lane, slot]] += outbox.lots[lane, i]


@inline_kernel
def measure_fill(sums, world, lane, slot, other, price, lots, time, in_clear):
    """Measure one side of a fill: the order at ``slot`` against the order at ``other``."""
    orders, traders = world.market.orders, world.traders
    role = traders.role[orders.trader[lane, slot]]
    if role == CLASS_MAKER:
        _measure_maker(sums, world, lane, slot, price, lots, time)
        return
    side = orders.side[lane, slot]
    if time < world.settings.warmup_ns:
        weight = 0.0
    elif in_clear:
        weight = lots * sums.clear_maker_lots[lane, 1 - side] / sums.clear_lots[lane]
    elif traders.role[orders.trader[lane, other]] == CLASS_MAKER:
        weight = np.float64(lots)
    else:
        weight = 0.0
    paid = 2 * price - world.origins.reference_doubled[lane, slot]
    sums.effective[lane] += weight * (paid if side == BUY else -paid)
    sums.effective_lots[lane] += weight
    if role == CLASS_NOISE and not world.origins.is_filled[lane, slot]:
        _stop_clock(sums, world, lane, slot, time)


@inline_kernel
def _stop_clock(sums, world, lane, slot, time):
    """Replace the tau that a noise intent counts by its time to first fill."""
    settings = world.settings
    started = world.origins.intent_ns[lane, slot]
    world.origins.is_filled[lane, slot] = 1
    if started <= settings.horizon_ns - settings.tau_ns and time - started <= settings.tau_ns:
        sums.waited[lane] -= settings.tau_ns - (time - started)
        sums.intents_filled[lane] += 1


@inline_kernel
def _measure_maker(sums, world, lane, slot, price, lots, time):
    settings = world.settings
    quantity = lots if world.market.orders.side[lane, slot] == BUY else -lots
    belief = world.origins.belief[lane, slot]
    sums.captured[lane] += quantity * (belief - price * settings.tick_nano)
    sums.maker_lots[lane] += lots
    for h in range(settings.horizons_ns.shape[0]):
        later = time + settings.horizons_ns[h]
        value = nano(value_at(world.news, world.news_parameters, lane, later))
        sums.adverse[lane, h] += quantity * (value - belief)
        if h == 0:
            sums.fill_value[lane] += quantity * value


@cold_kernel
def close_lane(sums, totals, world, lane):
    """Close the integrals at T, mark at v_T, settle at X, and check that maker PnL decomposes.

    Returns
        True if maker PnL marked = spread captured + adverse selection at 0 + drift after fills.
    """
    settings, ledger, traders = world.settings, world.ledger, world.traders
    extend_integrals(sums, world, lane, settings.horizon_ns)
    value = nano(value_at(world.news, world.news_parameters, lane, settings.horizon_ns))
    totals.final_value[lane] = value
    totals.payoff[lane] = NANO * np.int64(world.news.payoff[lane])
    pnl, inventory = np.int64(0), np.int64(0)
    for trader in range(traders.kind.shape[0]):
        cash = ledger.balance[lane, trader, CASH]
        lots = ledger.balance[lane, trader, CONTRACT]
        totals.marked[lane, trader] = cash + lots * value
        if traders.role[trader] == CLASS_MAKER:
            pnl += totals.marked[lane, trader]
            inventory += lots
    settle(ledger, lane, totals.payoff[lane])
    for trader in range(traders.kind.shape[0]):
        totals.settled[lane, trader] = ledger.balance[lane, trader, CASH]
    drift = inventory * value - sums.fill_value[lane]
    return pnl == sums.captured[lane] + sums.adverse[lane, 0] + drift
