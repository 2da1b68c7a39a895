"""The timer of a continuous venue: what waits at it is taken later, before messages of that time.

For a mechanism that implements no ``next_timer`` all of this compiles to nothing.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel, interface
from proteus.market.events.queue import KIND_CLEAR, push
from proteus.market.ledger.accounts import TIMER_NOT_LATER
from proteus.market.mechanisms.interface import NEVER, end_timer, next_timer
from proteus.market.trading.world import stop_lane


@interface
def set_timer(mechanism, world, lane, time):
    """Expect the next timer, after the mechanism has done something; by default there is none."""


@interface
def ring(mechanism, world, lane, time):
    """End the timer that is set for this time.

    Returns
        Whether the mechanism did something that must be booked.
    """


@set_timer.otherwise
@inline_kernel
def _set_none(mechanism, world, lane, time):
    pass


@ring.otherwise
@inline_kernel
def _ring_none(mechanism, world, lane, time):
    return False


@set_timer.where(next_timer)
@inline_kernel
def _set_timer(mechanism, world, lane, time):
    progress = world.progress
    due = next_timer(mechanism, world.market, lane)
    if due <= time:
        stop_lane(progress, lane, TIMER_NOT_LATER, progress.events[lane])
    elif due < progress.timer[lane]:
        progress.timer[lane] = due
        if due < world.settings.horizon_ns:
            push(world.queue, lane, due, KIND_CLEAR, 0)


@ring.where(next_timer)
@inline_kernel
def _ring(mechanism, world, lane, time):
    """End the timer; one that has since been set for an earlier time is nothing."""
    progress = world.progress
    if progress.timer[lane] != time:
        return False
    progress.timer[lane] = NEVER
    is_due = next_timer(mechanism, world.market, lane) == time
    if is_due:
        end_timer(mechanism, world.market, lane, time)
    _set_timer(mechanism, world, lane, time)
    return is_due
