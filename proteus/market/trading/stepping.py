"""Lanes with traders who are decided for outside, from one decision to the next.

A lane stops where such a trader looks, in the middle of that event: what it sees stands in
``world.seen``. What it then wants is written to ``world.intents``, and the next step goes on there,
so the lane does what it would have done had the trader been decided for inside, to the bit.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.held import opened
from proteus.compiler.jit import inline_kernel, kernel
from proteus.market.agents.external import DECIDED, WAITS, keep_limit, take_up
from proteus.market.agents.ordinary import are_possible
from proteus.market.environment.news import value_at
from proteus.market.events.envelopes import CAUSE_NEWS, CAUSE_SCHEDULE
from proteus.market.ledger.accounts import INTENT_IMPOSSIBLE, nano
from proteus.market.ledger.entries import equity_of
from proteus.market.trading import hooks, loop, protocol, stressing
from proteus.market.trading.fetching import fetch_lane, fetch_places
from proteus.market.trading.world import (
    FAULT_NONE,
    STAGE_ENDED,
    STAGE_NEW,
    STAGE_TRADING,
    stop_lane,
)


@kernel
def step_block(held_mechanism, held_world):
    """Bring every lane to the next decision that is taken outside, or to its end.

    Lanes that have not started do; those that are decided for go on with what stands in
    ``world.intents``; those that wait still, or have ended, stay as they are. The
    news is extended and a lane audited at barriers, as in ``advance_block``, and no lane sees where
    another one stands.

    Parameters
        held_mechanism: ``Held`` state of the mechanism. held_world: ``Held`` World, of a population
            with traders outside; written.

    Of a lane that waits, ``external.waits`` says so; of every lane ``external.equity`` is what the
    traders outside have made, net of all that they paid: marked at v now, or at v(T) at the end.
    """
    mechanism, world = opened(held_mechanism), opened(held_world)
    lanes = world.progress.now.shape[0]
    for lane in range(lanes):
        if lane + 2 < lanes:
            fetch_places(world, lane + 2)
            fetch_lane(world, lane + 1)
        if world.progress.stage[lane] != STAGE_ENDED:
            _step_lane(mechanism, world, lane)


@inline_kernel
def _step_lane(mechanism, world, lane):
    settings, progress = world.settings, world.progress
    external = world.policies.others.policy
    if progress.stage[lane] == STAGE_NEW:
        loop.start_lane(mechanism, world, lane)
        _know_next(world, lane)
    elif external.waits[lane] == WAITS:
        return
    elif external.waits[lane] == DECIDED:
        _go_on(mechanism, world, external, lane)
    while progress.fault[lane] == FAULT_NONE and progress.stage[lane] == STAGE_TRADING:
        stop = min(loop.barrier_after(settings, progress.reached[lane]), settings.horizon_ns)
        loop.advance(mechanism, world, lane, stop, loop.ALL)
        if external.waits[lane] != 0:
            break
        loop.audit_lane(mechanism, world, lane)
        progress.reached[lane] = stop
        if stop == settings.horizon_ns:
            loop.end_lane(mechanism, world, lane)
        else:
            _know_next(world, lane)
    if progress.fault[lane] != FAULT_NONE and progress.stage[lane] == STAGE_TRADING:
        loop.end_lane(mechanism, world, lane)
    if progress.fault[lane] == FAULT_NONE:
        _mark(world, external, lane)


@inline_kernel
def _know_next(world, lane):
    """Know the news up to the next barrier, and as far past it as events may ask."""
    settings, reached = world.settings, world.progress.reached[lane]
    stop = min(loop.barrier_after(settings, reached), settings.horizon_ns)
    loop.know_news(world, lane, stop + settings.lookahead_ns)


@inline_kernel
def _go_on(mechanism, world, external, lane):
    """Send what the trader wants for whom the lane waited, and end that event."""
    progress, private, intents = world.progress, world.private, world.intents
    trader, kind, item = external.trader[lane], external.kind[lane], external.item[lane]
    event = progress.events[lane]
    if not are_possible(world.policies, intents, lane, world.settings.n_ticks):
        stop_lane(progress, lane, INTENT_IMPOSSIBLE, event)
        intents.count[lane] = 0
    take_up(external, intents, lane)
    keep_limit(external, private, intents, lane, trader)
    cause = stressing.cause_of(world.rules, kind)
    number = stressing.last_other(world.rules, private, lane, trader, cause)
    if cause == CAUSE_SCHEDULE:
        number = private.wakes[lane, trader] - 1
    elif cause == CAUSE_NEWS:
        number = private.news_wakes[lane, trader] - 1
    now = progress.now[lane]
    protocol.go_on(mechanism, world, lane, trader, now, kind, item, cause, number)
    hooks.check(world.rules, progress, lane, event)
    progress.events[lane] = event + 1


@inline_kernel
def _mark(world, external, lane):
    """Note what each trader outside has made so far."""
    progress, ended = world.progress, world.progress.stage[lane] == STAGE_ENDED
    value = np.int64(0)
    if not ended:
        value = nano(value_at(world.news, world.news_parameters, lane, progress.now[lane]))
    for trader in range(external.number.shape[0]):
        if external.is_outside[trader]:
            at = external.number[trader]
            if ended:
                external.equity[lane, at] = world.totals.marked[lane, trader]
            else:
                external.equity[lane, at] = equity_of(world.ledger, lane, trader, value)
