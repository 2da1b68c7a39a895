"""The event loop: lanes in lockstep from barrier to barrier, each in exact order of its events.

``run_block`` reads as the algorithm: extend the news, take events until the barrier, audit. It is
compiled once per mechanism, because the mechanism's state has a type of its own.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel, kernel
from proteus.market.book.codes import EMPTY
from proteus.market.environment.news import NEWS_OK, extend_news, next_jump, start_news
from proteus.market.events.envelopes import CAUSE_NEWS, CAUSE_NOTIFIED, CAUSE_SCHEDULE
from proteus.market.events.queue import (
    KIND_CLEAR,
    KIND_MEASURE,
    KIND_MESSAGE,
    KIND_NEWS,
    KIND_NOTIFICATION,
    KIND_WAKE,
    KIND_WAKE_NEWS,
    next_time,
    pop,
    push,
)
from proteus.market.events.schedule import first_wake, next_wake
from proteus.market.ledger.accounts import LEDGER_OK, PNL_NOT_DECOMPOSED, check_assets
from proteus.market.ledger.audit import audit
from proteus.market.mechanisms.interface import is_continuous, next_clear
from proteus.market.metrics.risk import EQUITY_GRID_NS
from proteus.market.metrics.shocks import start_shock
from proteus.market.metrics.sums import (
    MEASURE_EQUITY,
    MEASURE_MID,
    MEASURE_START,
    close_lane,
    measure_grid,
)
from proteus.market.trading import protocol
from proteus.market.trading.paths import PATHS as PATHS  # registers what is in them
from proteus.market.trading.recorder import is_overfull, is_recorded, record_end, record_news
from proteus.market.trading.venue import clear_batch
from proteus.market.trading.world import FAULT_CAPACITY, FAULT_NONE, stop_lane

_ALL = np.iinfo(np.int64).max  # as many events as there are


@kernel
def run_block(mechanism, world):
    """Simulate every lane of a block from start to settlement.

    Parameters
        mechanism: state of the mechanism. world: World, freshly allocated; written.

    Afterwards ``world.sums`` and ``world.totals`` hold what was measured, and
    ``world.progress.fault`` says which lanes stopped, and why.
    """
    settings, progress = world.settings, world.progress
    lanes = progress.now.shape[0]
    for lane in range(lanes):
        start_lane(mechanism, world, lane)
    # Settlement is one look-ahead after trading, so the last barrier knows all the news.
    barrier = np.int64(0)
    while barrier < settings.horizon_ns:
        barrier = min(barrier + settings.barrier_ns, settings.horizon_ns)
        for lane in range(lanes):
            if progress.fault[lane] == FAULT_NONE:
                _know_news(world, lane, barrier + settings.lookahead_ns)
                _run_lane(mechanism, world, lane, barrier)
    for lane in range(lanes):
        if progress.fault[lane] == FAULT_NONE:
            finish_lane(mechanism, world, lane)
        if is_recorded(world.log):
            _end_log(world, lane)


@inline_kernel
def _run_lane(mechanism, world, lane, barrier):
    """Bring a lane to the barrier; audit it there, or after every event."""
    events = 1 if world.settings.audit_every_event else _ALL
    is_behind = True
    while is_behind and world.progress.fault[lane] == FAULT_NONE:
        is_behind = advance(mechanism, world, lane, barrier, events)
        audit_lane(mechanism, world, lane)


@cold_kernel
def start_lane(mechanism, world, lane):
    """Draw the start of the news and put the first event of everyone into the queue."""
    keys = world.market.keys
    start_news(world.news, world.news_parameters, keys[lane, 0], keys[lane, 1], lane)
    _push_before(world, lane, next_jump(world.news, lane, -1), KIND_NEWS, 0)
    close = next_clear(mechanism, world.market, lane, np.int64(0))
    _push_before(world, lane, close, KIND_CLEAR, 0)
    for what in (MEASURE_START, MEASURE_MID):
        push(world.queue, lane, world.settings.warmup_ns, KIND_MEASURE, what)
    _push_before(world, lane, np.int64(EQUITY_GRID_NS), KIND_MEASURE, MEASURE_EQUITY)
    for trader in range(world.traders.kind.shape[0]):
        time = first_wake(world.schedules, world.traders, world.private, keys, lane, trader)
        _push_before(world, lane, time, KIND_WAKE, trader)


@inline_kernel
def _push_before(world, lane, time, kind, item):
    """Put an event into the queue unless trading has ended by then."""
    if time < world.settings.horizon_ns:
        push(world.queue, lane, time, kind, item)


@inline_kernel
def _know_news(world, lane, until):
    keys = world.market.keys
    code = extend_news(world.news, world.news_parameters, keys[lane, 0], keys[lane, 1], lane, until)
    if code != NEWS_OK:
        stop_lane(world.progress, lane, FAULT_CAPACITY, world.progress.events[lane])


@inline_kernel
def advance(mechanism, world, lane, until, events):
    """Process at most ``events`` events of one lane before ``until``, in order.

    Returns
        True if there may be more before ``until``.
    """
    queue, progress = world.queue, world.progress
    for _ in range(events):
        if queue.size[lane] == 0 or next_time(queue, lane) >= until:
            return False
        time, kind, item = pop(queue, lane)
        progress.now[lane] = time
        worked, booked, waking = True, False, np.int64(EMPTY)
        slot, answer_word = np.int64(EMPTY), np.int64(0)
        if kind == KIND_MESSAGE:
            slot, answer_word = protocol.receive(mechanism, world, lane, time, item)
            booked = True
        elif kind == KIND_NOTIFICATION:
            waking = protocol.learn(mechanism, world, lane, time, item)
        elif kind == KIND_WAKE or kind == KIND_WAKE_NEWS:
            waking = item
        elif kind == KIND_CLEAR and not is_continuous(mechanism):
            clear_batch(mechanism, world, lane, time)
            close = next_clear(mechanism, world.market, lane, time)
            _push_before(world, lane, close, KIND_CLEAR, 0)
            booked = True
        elif kind == KIND_NEWS:
            start_shock(world.sums.shocks, world, lane, time)
            if is_recorded(world.log):
                record_news(world.log, world, lane, time)
            worked = _spread_news(world, lane, time, item)
        elif kind == KIND_MEASURE:
            again = measure_grid(world.sums, world, lane, time, item)
            _push_before(world, lane, again, KIND_MEASURE, item)
            worked = False
        else:
            worked, booked = protocol.ring(mechanism, world, lane, time, item)
        if booked:
            in_clear = kind == KIND_CLEAR and not is_continuous(mechanism)
            protocol.deliver(mechanism, world, lane, time, slot, answer_word, in_clear)
        if waking != EMPTY:
            cause = _cause_of(kind)
            number = _count_wake(world, lane, waking, cause)
            protocol.act(mechanism, world, lane, waking, time, cause, number)
        progress.events[lane] += worked
        if progress.fault[lane] != FAULT_NONE:
            return False
    return True


@inline_kernel
def _cause_of(kind):
    """Return what a wake-up that comes from this kind of event is caused by."""
    if kind == KIND_WAKE:
        return CAUSE_SCHEDULE
    return CAUSE_NEWS if kind == KIND_WAKE_NEWS else CAUSE_NOTIFIED


@inline_kernel
def _count_wake(world, lane, trader, cause):
    """Number a wake-up among those of its cause; of a scheduled one, set the next."""
    private = world.private
    if cause == CAUSE_SCHEDULE:
        number = private.wakes[lane, trader]
        private.wakes[lane, trader] = number + 1
        time = next_wake(
            world.schedules, world.traders, private, world.market.keys, lane, trader, number + 1
        )
        _push_before(world, lane, max(time, world.progress.now[lane] + 1), KIND_WAKE, trader)
    elif cause == CAUSE_NEWS:
        number = private.news_wakes[lane, trader]
        private.news_wakes[lane, trader] = number + 1
    else:
        number = private.notified[lane, trader]
        private.notified[lane, trader] = number + 1
    return number


@inline_kernel
def _spread_news(world, lane, time, jump):
    """Wake those who watch the news when the jump reaches their signal; expect the next jump.

    Returns
        True if anyone watches.
    """
    watched = False
    for trader in range(world.traders.kind.shape[0]):
        if world.schedules.on_news[trader]:
            watched = True
            reached = time + world.traders.signal_delay[trader]
            _push_before(world, lane, reached, KIND_WAKE_NEWS, trader)
    _push_before(world, lane, next_jump(world.news, lane, jump), KIND_NEWS, jump + 1)
    return watched


@inline_kernel
def audit_lane(mechanism, world, lane):
    """Check the invariants after an event, and whether a ring or pool has overflown."""
    market = world.market
    last_event = max(world.progress.events[lane] - 1, 0)
    overflow = world.queue.overflow[lane] + world.messages.overflow[lane]
    overflow += world.data.overflow[lane] + world.policies.maker.overflow[lane]
    overflow += world.sums.spreads.overflow[lane] + is_overfull(world.log, lane)
    if overflow > 0:
        stop_lane(world.progress, lane, FAULT_CAPACITY, last_event)
    sealed = not is_continuous(mechanism)
    code = audit(world.ledger, market.orders, market.book, lane, sealed)
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, last_event)


@inline_kernel
def finish_lane(mechanism, world, lane):
    """Settle, and check what only holds once trading has ended."""
    last_event = max(world.progress.events[lane] - 1, 0)
    protocol.close(mechanism, world, lane)
    if not close_lane(world.sums, world.totals, world, lane):
        stop_lane(world.progress, lane, PNL_NOT_DECOMPOSED, last_event)
    code = check_assets(world.ledger, lane)
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, last_event)


@inline_kernel
def _end_log(world, lane):
    """Record how the lane ended; a log that has no room for it is too small."""
    record_end(world.log, world, lane)
    if is_overfull(world.log, lane):
        stop_lane(world.progress, lane, FAULT_CAPACITY, max(world.progress.events[lane] - 1, 0))
