"""How traders and the venue talk: by orders, unless a mechanism has a way of its own.

The event loop names these functions. Each has the implementation of markets where traders send
orders; a mechanism with another path (requests and quotes) implements them for its own type, and
the loop of every other mechanism is compiled without it.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel, interface
from proteus.market.events.envelopes import pack_address
from proteus.market.events.latency import latency_words
from proteus.market.mechanisms.interface import NEVER
from proteus.market.trading import desk, notices, venue


@interface
def act(mechanism, world, lane, trader, time, cause, number):
    """Let a trader that woke up look, decide and send.

    Parameters
        cause, number: what woke it (``envelopes.CAUSE_*``) and the number of that wake-up.
    """


@interface
def go_on(mechanism, world, lane, trader, time, kind, item, cause, number):
    """Send what a trader wants who was decided for outside, of a lane that waited for it.

    Parameters
        kind, item: entry of the queue that led to the decision. cause, number: as in ``act``.
    """


@interface
def receive(mechanism, world, lane, time, envelope):
    """Hand a message to the mechanism.

    Returns
        The slot of the order that the message is about, and the word of the latency of its answer,
        for ``booking.book``.
    """


@interface
def read_notice(mechanism, world, lane, time, envelope):
    """Let a notification reach a trader.

    Returns
        The trader if it reacts at once, else NO_TRADER.
    """


@interface
def run_timer(mechanism, world, lane, time, envelope):
    """Do what a timer that ends was set for.

    Returns
        Whether that was work, and whether the mechanism did something that must be booked.
    """


@interface
def next_deadline(mechanism, lane):
    """Return when something ends by itself at the venue, ns, or NEVER.

    That is after the messages of the same nanosecond.
    """


@interface
def expire(mechanism, world, lane, time):
    """End what ends by itself up to ``time``; it must be booked."""


@interface
def close(mechanism, world, lane):
    """Bring what the mechanism measures by itself up to the end of trading."""


@act.otherwise
@inline_kernel
def _act(mechanism, world, lane, trader, time, cause, number):
    desk.wake(world, lane, trader, time, cause, number)


@go_on.otherwise
@inline_kernel
def _go_on(mechanism, world, lane, trader, time, kind, item, cause, number):
    address = pack_address(cause, 0, number)
    words = latency_words(world.traders, world.market.keys, lane, trader, address)
    desk.send_intents(world, lane, trader, time, cause, number, words)


@receive.otherwise
@inline_kernel
def _receive(mechanism, world, lane, time, envelope):
    return venue.receive(mechanism, world, lane, time, envelope)


@read_notice.otherwise
@inline_kernel
def _read_notice(mechanism, world, lane, time, envelope):
    return notices.read_notice(world, lane, envelope)


@run_timer.otherwise
@inline_kernel
def _run_timer(mechanism, world, lane, time, envelope):
    return desk.end_lifetime(world, lane, time, envelope), False


@next_deadline.otherwise
@inline_kernel
def _next_deadline(mechanism, lane):
    return NEVER


@expire.otherwise
@inline_kernel
def _expire(mechanism, world, lane, time):
    pass


@close.otherwise
@inline_kernel
def _close(mechanism, world, lane):
    pass
