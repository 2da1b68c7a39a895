"""Everything that is measured in a lane, and how fills, books and ends reach it.

Sums are exact and stream in the engine; ``market.variables`` turns them into dataset variables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import cold_kernel, inline_kernel, state
from proteus.market.agents.traders import CLASS_MAKER, CLASSES
from proteus.market.book.codes import BUY
from proteus.market.environment.news import value_at
from proteus.market.ledger.accounts import nano
from proteus.market.ledger.codes import TERM_CLAIMS, TERM_FEES, TERM_FILLS
from proteus.market.ledger.entries import drift_of, equity_of, settle, worth_of_term
from proteus.market.metrics.clear_split import ClearSplit, allocate_clear_split, lots_against
from proteus.market.metrics.detection import (
    Detection,
    NoDetection,
    allocate_detection,
    note_book,
    note_fill,
    note_open,
)
from proteus.market.metrics.execution import Execution, allocate_execution, measure_taker
from proteus.market.metrics.markouts import Markouts, allocate_markouts, measure_maker
from proteus.market.metrics.quality import (
    Quality,
    allocate_quality,
    extend_depth,
    extend_integrals,
    sample_mid,
    start_integrals,
    watch_depth,
)
from proteus.market.metrics.requests import Requests, allocate_requests
from proteus.market.metrics.risk import (
    EQUITY_GRID_NS,
    Risk,
    allocate_risk,
    change_inventory,
    mark_equity,
)
from proteus.market.metrics.shocks import Shocks, allocate_shocks, censor_shock, watch_shock
from proteus.market.metrics.spreads import (
    Spreads,
    allocate_spreads,
    await_reference,
    compare_with_reference,
    measure_effective,
)

# What a measuring event does.
MEASURE_START = 0  # the warm-up ends
MEASURE_EQUITY = 1
MEASURE_MID = 2


@state
class Sums(NamedTuple):
    """Running sums, one state per family."""

    quality: Quality
    markouts: Markouts
    spreads: Spreads
    execution: Execution
    risk: Risk
    shocks: Shocks
    clear_split: ClearSplit
    requests: Requests
    detection: NoDetection | Detection


@state
class Totals(NamedTuple):
    """What is known when a lane has ended. L lanes, A traders."""

    final_value: np.ndarray  # int64 [L] v at T, nano
    payoff: np.ndarray  # int64 [L] X, nano; where positions go on v at T, at which they are marked
    marked: np.ndarray  # int64 [L, A] PnL of each trader marked at v_T, nano
    settled: np.ndarray  # int64 [L, A] PnL of each trader settled at X, nano


def allocate_sums(
    lanes: int, traders: int, horizons: int, times: int, tau_ns: int, waiting: int, auctions: int,
    classes: int = CLASSES, detects: bool = False,
) -> Sums:  # fmt: skip
    """Allocate sums of zero.

    Parameters
        lanes, traders: L and A. horizons: markout horizons. times: points of the incidences.
        tau_ns: longest wait of an intent that is measured.
        waiting: fills that wait for a later reference price, a power of two.
        auctions: of the mechanism. classes: of traders that are measured. detects: what shows
            spoofing is summed too.
    """
    return Sums(
        quality=allocate_quality(lanes),
        markouts=allocate_markouts(lanes, horizons, classes),
        spreads=allocate_spreads(lanes, horizons, waiting),
        execution=allocate_execution(lanes, times, tau_ns, classes),
        risk=allocate_risk(lanes, traders),
        shocks=allocate_shocks(lanes),
        clear_split=allocate_clear_split(lanes, auctions, classes),
        requests=allocate_requests(lanes),
        detection=allocate_detection(lanes, traders) if detects else NoDetection(),
    )


def allocate_totals(lanes: int, traders: int) -> Totals:
    """Allocate totals of zero."""
    return allocate(Totals, L=lanes, A=traders)


@inline_kernel
def measure_fill(sums, world, lane, buy, sell, price, lots, time, value, in_clear):
    """Measure both sides of a fill: the order at ``buy`` against the order at ``sell``.

    ``value`` is v now, nano.

    A maker's side and a taker's side wait together for the reference prices to come: neither adds
    to the sums of the other.
    """
    spreads, orders, origins = sums.spreads, world.market.orders, world.origins
    note_fill(sums.detection, orders, lane, buy, sell, lots)
    quantity, weight, before = np.int64(0), 0.0, np.int64(0)
    for side in range(2):
        slot, other = (buy, sell) if side == BUY else (sell, buy)
        sign = 1 if side == BUY else -1
        role = world.traders.role[orders.trader[lane, slot]]
        other_role = world.traders.role[orders.trader[lane, other]]
        if role == CLASS_MAKER:
            if quantity != 0:
                await_reference(spreads, lane, time, price, quantity, 0.0, 0)
            quantity = sign * lots
            measure_maker(
                sums.markouts, world, lane, slot, other_role, price, lots, time, value, in_clear
            )
            change_inventory(sums.risk, lane, orders.trader[lane, slot], quantity, time)
            continue
        measure_taker(sums.execution, world, lane, slot, role, price, lots, time, value)
        against = _lots_against_makers(sums, world, lane, slot, other_role, lots, time, in_clear)
        if against == 0.0:
            continue
        if weight != 0.0:
            await_reference(spreads, lane, time, price, 0, weight, before)
        weight, before = sign * against, origins.reference_doubled[lane, slot]
        measure_effective(spreads, lane, weight, price, before)
    if quantity != 0 or weight != 0.0:
        await_reference(spreads, lane, time, price, quantity, weight, before)


@inline_kernel
def _lots_against_makers(sums, world, lane, slot, other_role, lots, time, in_clear):
    """Return the lots of a taker's side that count as traded with makers, after the warm-up."""
    if time < world.settings.warmup_ns:
        return 0.0
    ladder = world.market.orders.ladder[lane, slot]
    return lots_against(sums.clear_split, lane, ladder, lots, CLASS_MAKER, other_role, in_clear)


@inline_kernel
def measure_before_publication(sums, world, lane, time):
    """Measure the public state that is about to be replaced."""
    extend_integrals(sums.quality, world, lane, time)
    compare_with_reference(sums.spreads, world, lane, time)


@inline_kernel
def measure_grid(sums, world, lane, time, what):
    """Measure at a point of a grid.

    Returns
        When to do so again; a time beyond the end of trading for never.
    """
    settings = world.settings
    if what == MEASURE_START:
        start_integrals(sums.quality, world, lane, time)
        return settings.horizon_ns
    if what == MEASURE_EQUITY:
        value = nano(value_at(world.news, world.news_parameters, lane, time))
        mark_equity(sums.risk, world, lane, value, True)
        return time + EQUITY_GRID_NS
    sample_mid(sums.quality, world, lane, time)
    return time + settings.volatility_grid_ns


@cold_kernel
def close_lane(sums, totals, world, lane):
    """Close the sums at T, mark at v_T, settle at X, and check that PnL decomposes.

    Returns
        True if maker PnL marked = spread captured + adverse selection at 0 + what every other term
        of the ledger's codes says + drift, and takers of each class got by fills what was measured.
    """
    settings, ledger, traders = world.settings, world.ledger, world.traders
    value = nano(value_at(world.news, world.news_parameters, lane, settings.horizon_ns))
    totals.final_value[lane] = value
    totals.payoff[lane] = value if settings.continues else NANO * np.int64(world.news.payoff[lane])
    _close_sums(sums, world, lane, value)
    pnl, parts = np.int64(0), sums.markouts.captured[lane] + sums.markouts.adverse[lane, 0]
    for trader in range(traders.kind.shape[0]):
        totals.marked[lane, trader] = equity_of(ledger, lane, trader, value)
        if traders.role[trader] == CLASS_MAKER:
            pnl += totals.marked[lane, trader]
            parts += drift_of(ledger, lane, trader, value)
            for term in range(TERM_FEES, TERM_CLAIMS):
                parts += worth_of_term(ledger, lane, trader, term)
    settle(ledger, lane, totals.payoff[lane])
    for trader in range(traders.kind.shape[0]):
        totals.settled[lane, trader] = equity_of(ledger, lane, trader, totals.payoff[lane])
    return pnl == parts and _takers_paid_their_error(sums, ledger, traders, lane)


@inline_kernel
def _takers_paid_their_error(sums, ledger, traders, lane):
    """Tell whether what each class of takers got by fills is less what it paid beyond v, exactly.

    That error is summed fill by fill, apart from the ledger.
    """
    for role in range(sums.execution.error.shape[1]):
        worth = np.int64(0)
        for trader in range(traders.kind.shape[0]):
            if traders.role[trader] == role:
                worth += worth_of_term(ledger, lane, trader, TERM_FILLS)
        if role != CLASS_MAKER and worth != -sums.execution.error[lane, role]:
            return False
    return True


@inline_kernel
def _close_sums(sums, world, lane, value):
    """Bring everything up to T, which is a point of a grid if its last step is whole."""
    settings, quality = world.settings, sums.quality
    end = settings.horizon_ns
    extend_integrals(quality, world, lane, end)
    extend_depth(quality, lane, end)
    if (end - settings.warmup_ns) % settings.volatility_grid_ns == 0:
        sample_mid(quality, world, lane, end)
    compare_with_reference(sums.spreads, world, lane, end + 1)
    censor_shock(sums.shocks, lane, end)
    mark_equity(sums.risk, world, lane, value, end % EQUITY_GRID_NS == 0)
    for trader in range(world.traders.role.shape[0]):
        change_inventory(sums.risk, lane, trader, 0, end)
    note_open(sums.detection, world.market.orders, lane)


@inline_kernel
def measure_publication(sums, world, lane, time):
    """Measure a public state that has just been published."""
    watch_shock(sums.shocks, world, lane, time)


@inline_kernel
def measure_book(sums, world, lane, time):
    """Measure a book that is public, whether its best prices changed or not."""
    watch_depth(sums.quality, world, lane, time)
    note_book(sums.detection, world.market.book, world.settings.depth_ticks, lane)
