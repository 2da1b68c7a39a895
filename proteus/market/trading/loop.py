"""The event loop: lanes in lockstep from barrier to barrier, each in exact order of its events.

``advance_block`` reads as the algorithm; it is compiled for the type of each mechanism's state.
Where a block stands is in its state, so it may be stepped at any times, copied and carried on.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel, kernel
from proteus.market.agents.external import pauses
from proteus.market.agents.ordinary import has_overflown
from proteus.market.book.codes import NO_ORDER, NO_TRADER
from proteus.market.environment.news import (
    NEWS_OK,
    extend_news,
    next_jump,
    start_news,
    value_at,
)
from proteus.market.events.envelopes import CAUSE_NEWS, CAUSE_SCHEDULE
from proteus.market.events.log import is_overfull, is_recorded
from proteus.market.events.queue import (
    KIND_CLEAR,
    KIND_MEASURE,
    KIND_MESSAGE,
    KIND_NEWS,
    KIND_NOTIFICATION,
    KIND_TIMER,
    KIND_WAKE,
    KIND_WAKE_NEWS,
    next_time,
    pop,
    push,
)
from proteus.market.events.schedule import first_wake, next_wake
from proteus.market.ledger.accounts import (
    CLEAR_NOT_LATER,
    LEDGER_OK,
    PNL_NOT_DECOMPOSED,
    nano,
)
from proteus.market.ledger.audit import audit, audit_entries
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
from proteus.market.trading import credit, hooks, limits, protocol, stressing, timers
from proteus.market.trading import ruling as ruling  # registers what hooks do where there are rules
from proteus.market.trading.booking import book
from proteus.market.trading.passing import pass_door
from proteus.market.trading.paths import PATHS as PATHS  # registers what is in them
from proteus.market.trading.recorder import record_end, record_news
from proteus.market.trading.ringing import ring_rules
from proteus.market.trading.venue import clear_batch
from proteus.market.trading.world import (
    FAULT_CAPACITY,
    FAULT_NONE,
    STAGE_ENDED,
    STAGE_NEW,
    STAGE_TRADING,
    last_event,
    stop_lane,
)

ALL = np.iinfo(np.int64).max  # as many events as there are

# What an entry of the queue leads to.
WAS_NO_WORK = 0  # it is not counted among the events
WAS_WORK = 1
FOLLOWS_DELIVERY = 2  # the mechanism did something that must be booked and told
FOLLOWS_DECISION = 3  # a trader decides


@kernel
def advance_block(mechanism, world, until):
    """Bring every lane of a block to a time, from wherever it stands.

    Lanes that have not started do; those that reach the end of trading are settled. Between two
    stops, which are never further apart than barriers, a lane processes its own events. Which
    times a block is stepped at changes no bit.

    Parameters
        mechanism: state of the mechanism. world: World; written. until: int64, ns; events before
            it are processed; from the end of trading on (as ``NEVER``) lanes are settled.

    Of a settled block ``world.sums`` and ``world.totals`` hold what was measured, and
    ``world.progress.fault`` says which lanes stopped, and why.
    """
    settings, progress = world.settings, world.progress
    lanes = progress.now.shape[0]
    for lane in range(lanes):
        if progress.stage[lane] == STAGE_NEW:
            start_lane(mechanism, world, lane)
    # Settlement is one look-ahead after trading, so the last barrier knows all the news.
    stop, end = progress.reached[0], min(np.int64(until), settings.horizon_ns)
    while stop < end:
        stop = min(barrier_after(settings, stop), end)
        for lane in range(lanes):
            if progress.fault[lane] == FAULT_NONE:
                know_news(world, lane, stop + settings.lookahead_ns)
                run_lane(mechanism, world, lane, stop)
            progress.reached[lane] = stop
    if stop >= settings.horizon_ns:
        for lane in range(lanes):
            if progress.stage[lane] == STAGE_TRADING:
                end_lane(mechanism, world, lane)


@inline_kernel
def barrier_after(settings, time):
    """Return the first barrier after a time, ns."""
    return (time // settings.barrier_ns + 1) * settings.barrier_ns


@inline_kernel
def run_lane(mechanism, world, lane, stop):
    """Bring a lane to a stop; audit it if that is a barrier or the end, or after every event."""
    settings = world.settings
    is_audited = stop % settings.barrier_ns == 0 or stop == settings.horizon_ns
    is_audited |= settings.audit_every_event
    events = 1 if settings.audit_every_event else ALL
    is_behind = True
    while is_behind and world.progress.fault[lane] == FAULT_NONE:
        is_behind = advance(mechanism, world, lane, stop, events)
        if is_audited:
            audit_lane(mechanism, world, lane)
        else:
            _check_room(world, lane)


@inline_kernel
def end_lane(mechanism, world, lane):
    """Settle a lane and end its log, also that of a lane that was stopped."""
    if world.progress.fault[lane] == FAULT_NONE:
        finish_lane(mechanism, world, lane)
    if is_recorded(world.log):
        _end_log(world, lane)
    world.progress.stage[lane] = STAGE_ENDED


@cold_kernel
def start_lane(mechanism, world, lane):
    """Draw the start of the news and put the first event of everyone into the queue."""
    keys = world.market.keys
    world.progress.stage[lane] = STAGE_TRADING
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
    value = nano(value_at(world.news, world.news_parameters, lane, np.int64(0)))
    hooks.at_start(
        world.rules, world.ledger, world.log, world.queue, world.private, keys, world.sums.risk,
        lane, value,
    )  # fmt: skip
    hooks.check(world.rules, world.progress, lane, 0)
    stressing.start(world.rules, world.queue, keys, lane)


@inline_kernel
def _push_before(world, lane, time, kind, item):
    """Put an event into the queue unless trading has ended by then."""
    if time < world.settings.horizon_ns:
        push(world.queue, lane, time, kind, item)


@inline_kernel
def know_news(world, lane, until):
    """Extend the news of a lane to a time, ns."""
    keys = world.market.keys
    code = extend_news(world.news, world.news_parameters, keys[lane, 0], keys[lane, 1], lane, until)
    if code != NEWS_OK:
        stop_lane(world.progress, lane, FAULT_CAPACITY, world.progress.events[lane])


@inline_kernel
def advance(mechanism, world, lane, until, events):
    """Process at most ``events`` events of one lane before ``until``, in order.

    Returns
        True if there may be more before ``until``; a lane that waits for a decision has no more.
    """
    queue, progress = world.queue, world.progress
    for _ in range(events):
        if queue.size[lane] == 0 or next_time(queue, lane) >= until:
            return False
        time, kind, item = pop(queue, lane)
        progress.now[lane] = time
        follows, subject, word = _process(mechanism, world, lane, time, kind, item)
        if follows == FOLLOWS_DELIVERY:
            in_clear = kind == KIND_CLEAR and not is_continuous(mechanism)
            book(mechanism, world, lane, time, subject, word, in_clear)
        elif follows == FOLLOWS_DECISION:
            _decide(mechanism, world, lane, time, subject, stressing.cause_of(world.rules, kind))
        if pauses(world.policies, lane, kind, item):
            return False
        if hooks.may_break(world.rules):
            hooks.check(world.rules, progress, lane, progress.events[lane])
        progress.events[lane] += follows != WAS_NO_WORK
        if progress.fault[lane] != FAULT_NONE:
            return False
    return True


@inline_kernel
def _process(mechanism, world, lane, time, kind, item):
    """Do what an entry of the queue is about: the table of kinds.

    Returns
        What follows (FOLLOWS_* or WAS_*); the order that a delivery is about or the trader who
        decides, or NO_ORDER; and the random word of the latency of the answer to that order.
    """
    if kind == KIND_MESSAGE:
        if hooks.watch_door(world.rules):
            is_done, booked = pass_door(mechanism, world, lane, time, item)
            if is_done:
                follows = FOLLOWS_DELIVERY if booked else WAS_WORK
                return follows, np.int64(NO_ORDER), np.int64(0)
        slot, answer_word = protocol.receive(mechanism, world, lane, time, item)
        timers.set_timer(mechanism, world, lane, time)
        return FOLLOWS_DELIVERY, np.int64(slot), np.int64(answer_word)
    if kind == KIND_NOTIFICATION:
        trader = protocol.read_notice(mechanism, world, lane, time, item)
        follows = FOLLOWS_DECISION if trader != NO_TRADER else WAS_WORK
        return follows, np.int64(trader), np.int64(0)
    if kind == KIND_WAKE or kind == KIND_WAKE_NEWS:
        return FOLLOWS_DECISION, np.int64(item), np.int64(0)
    if kind == KIND_CLEAR and not is_continuous(mechanism):
        _clear(mechanism, world, lane, time)
        return FOLLOWS_DELIVERY, np.int64(NO_ORDER), np.int64(0)
    if kind == KIND_TIMER:
        worked, booked = protocol.run_timer(mechanism, world, lane, time, item)
        follows = FOLLOWS_DELIVERY if booked else WAS_WORK if worked else WAS_NO_WORK
        return follows, np.int64(NO_ORDER), np.int64(0)
    if kind == KIND_NEWS:
        watched = _jump(world, lane, time, item)
        return WAS_WORK if watched else WAS_NO_WORK, np.int64(NO_ORDER), np.int64(0)
    if kind == KIND_CLEAR:
        booked = timers.ring(mechanism, world, lane, time)
        return FOLLOWS_DELIVERY if booked else WAS_NO_WORK, np.int64(NO_ORDER), np.int64(0)
    if kind == KIND_MEASURE:
        _sample(world, lane, time, item)
        return WAS_NO_WORK, np.int64(NO_ORDER), np.int64(0)
    if stressing.is_decision(world.rules, kind):
        return FOLLOWS_DECISION, np.int64(item), np.int64(0)
    booked = ring_rules(mechanism, world, lane, time, kind, item)
    return FOLLOWS_DELIVERY if booked else WAS_WORK, np.int64(NO_ORDER), np.int64(0)


@inline_kernel
def _clear(mechanism, world, lane, time):
    """Clear the open batch and expect the next clear."""
    clear_batch(mechanism, world, lane, time)
    event, orders = world.progress.events[lane], world.market.orders
    hooks.after_clear(world.rules, world.ledger, world.log, orders, lane, time, event)
    close = next_clear(mechanism, world.market, lane, time)
    if close <= time:
        stop_lane(world.progress, lane, CLEAR_NOT_LATER, event)
    _push_before(world, lane, close, KIND_CLEAR, 0)


@inline_kernel
def _jump(world, lane, time, jump):
    """Note a jump of the news and let those who watch it wake up; tells whether anyone does."""
    start_shock(world.sums.shocks, world, lane, time)
    credit.at_jump(world.rules, world, lane, time)
    if is_recorded(world.log):
        record_news(world.log, world, lane, time)
    return _spread_news(world, lane, time, jump)


@inline_kernel
def _sample(world, lane, time, what):
    """Take a sample and expect the next one."""
    event = world.progress.events[lane]
    hooks.at_sample(world.rules, world.ledger, world.log, lane, time, event)
    again = measure_grid(world.sums, world, lane, time, what)
    _push_before(world, lane, again, KIND_MEASURE, what)


@inline_kernel
def _decide(mechanism, world, lane, time, trader, cause):
    """Let a trader that woke up look, decide and send."""
    number = _count_wake(world, lane, trader, cause)
    event = world.progress.events[lane]
    hooks.at_decision(
        world.rules, world.ledger, world.log, world.private, lane, trader, time, event
    )
    keys = world.market.keys
    if not stressing.stays_away(world.rules, keys, lane, trader, time, cause, number):
        protocol.act(mechanism, world, lane, trader, time, cause, number)
        credit.at_acted(world.rules, world, lane, trader, time, cause, number)


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
        number = stressing.count_other(
            world.rules, world.queue, private, world.market.keys, lane, trader, cause
        )
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
    _check_room(world, lane)
    code = audit(world.ledger, market.orders, market.book, lane, not is_continuous(mechanism))
    code = limits.audit(world.rules, world.ledger, market.orders, lane, code)
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, last_event(world.progress, lane))


@inline_kernel
def _check_room(world, lane):
    """Stop a lane that has lost something because a ring or pool was too small."""
    overflow = world.queue.overflow[lane] + world.messages.overflow[lane]
    overflow += world.data.overflow[lane] + has_overflown(world.policies, lane)
    overflow += world.sums.spreads.overflow[lane] + is_overfull(world.log, lane)
    if overflow > 0:
        stop_lane(world.progress, lane, FAULT_CAPACITY, last_event(world.progress, lane))


@inline_kernel
def finish_lane(mechanism, world, lane):
    """Settle, and check what only holds once trading has ended."""
    event = last_event(world.progress, lane)
    hooks.at_end(
        world.rules, world.ledger, world.log, world.private, world.news, world.news_parameters,
        world.data, world.sums.risk, world.settings.initial_ticks, lane,
        world.settings.horizon_ns, world.progress.events[lane],
    )  # fmt: skip
    hooks.check(world.rules, world.progress, lane, event)
    protocol.close(mechanism, world, lane)
    if not close_lane(world.sums, world.totals, world, lane):
        stop_lane(world.progress, lane, PNL_NOT_DECOMPOSED, event)
    code = audit_entries(world.ledger, lane)
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, event)


@inline_kernel
def _end_log(world, lane):
    """Record how the lane ended; a log that has no room for it is too small."""
    record_end(world.log, world, lane)
    if is_overfull(world.log, lane):
        stop_lane(world.progress, lane, FAULT_CAPACITY, last_event(world.progress, lane))
