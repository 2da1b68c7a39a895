"""Where stress changes what happens in the loop; chosen by the type of ``world.rules``.

Of every type but ``Rules`` nothing of it is compiled. A time is ns, and that of the event.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel, interface
from proteus.market.events.envelopes import CAUSE_FURTHER
from proteus.market.events.queue import KIND_FURTHER
from proteus.market.events.schedule import cause_of_kind
from proteus.market.rules import stress
from proteus.market.rules.state import Rules
from proteus.market.rules.uses import STRESS, uses


@interface
def start(rules, queue, keys, lane):
    """A lane has started: expect what comes on top."""


@interface
def is_decision(rules, kind):
    """Tell whether an entry of the queue is a wake-up that stress has added."""


@interface
def cause_of(rules, kind):
    """Return what a wake-up that comes from this kind of entry is caused by."""


@interface
def count_other(rules, queue, private, keys, lane, trader, cause):
    """Number a wake-up that is neither scheduled nor caused by news among those of its cause."""


@interface
def last_other(rules, private, lane, trader, cause):
    """Return the number that ``count_other`` gave last."""


@interface
def stays_away(rules, keys, lane, trader, time, cause, number):
    """Tell whether a wake-up of a trader is left out."""


@interface
def delayed(rules, trader, leg, time, takes):
    """Return how long takes, ns, what is sent now and takes so long as usual.

    Parameters
        leg: ``latency.SUBMISSION`` ... takes: ns.
    """


@interface
def age(rules, trader, time, takes):
    """Return how old the newest is, ns, that a trader is shown now, from what it is as usual."""


@interface
def cut(rules, trader, time, becomes, lots):
    """Return what a trader may send of its lots (``constraints.AS_*``: as what)."""


@start.otherwise
@inline_kernel
def _nothing(rules, queue, keys, lane):
    pass


@is_decision.otherwise
@inline_kernel
def _never(rules, kind):
    return False


@cause_of.otherwise
@inline_kernel
def _cause_of_kind(rules, kind):
    return cause_of_kind(kind)


@count_other.otherwise
@inline_kernel
def _count_notified(rules, queue, private, keys, lane, trader, cause):
    number = private.notified[lane, trader]
    private.notified[lane, trader] = number + 1
    return number


@last_other.otherwise
@inline_kernel
def _last_notified(rules, private, lane, trader, cause):
    return private.notified[lane, trader] - 1


@stays_away.otherwise
@inline_kernel
def _always_there(rules, keys, lane, trader, time, cause, number):
    return False


@delayed.otherwise
@inline_kernel
def _as_usual(rules, trader, leg, time, takes):
    return takes


@age.otherwise
@inline_kernel
def _age_as_usual(rules, trader, time, takes):
    return takes


@cut.otherwise
@inline_kernel
def _all_of_them(rules, trader, time, becomes, lots):
    return lots


@start.implement(Rules)
@inline_kernel
def _start(rules, queue, keys, lane):
    if uses(rules, STRESS):
        stress.start(rules, queue, keys, lane)


@is_decision.implement(Rules)
@inline_kernel
def _is_further(rules, kind):
    return kind == KIND_FURTHER


@cause_of.implement(Rules)
@inline_kernel
def _cause(rules, kind):
    return CAUSE_FURTHER if kind == KIND_FURTHER else cause_of_kind(kind)


@count_other.implement(Rules)
@inline_kernel
def _count(rules, queue, private, keys, lane, trader, cause):
    if cause == CAUSE_FURTHER:
        return stress.count_further(rules, queue, keys, lane, trader)
    return _count_notified(rules, queue, private, keys, lane, trader, cause)


@last_other.implement(Rules)
@inline_kernel
def _last(rules, private, lane, trader, cause):
    if cause == CAUSE_FURTHER:
        return rules.stress.further[lane, trader] - 1
    return private.notified[lane, trader] - 1


@stays_away.implement(Rules)
@inline_kernel
def _is_left_out(rules, keys, lane, trader, time, cause, number):
    if uses(rules, STRESS):
        return stress.stays_away(rules, keys, lane, trader, time, cause, number)
    return False


@delayed.implement(Rules)
@inline_kernel
def _delayed(rules, trader, leg, time, takes):
    if uses(rules, STRESS):
        return stress.slowed_now(rules, trader, leg, time, takes)
    return takes


@age.implement(Rules)
@inline_kernel
def _age(rules, trader, time, takes):
    if uses(rules, STRESS):
        return stress.age(rules, trader, time, takes)
    return takes


@cut.implement(Rules)
@inline_kernel
def _cut(rules, trader, time, becomes, lots):
    if uses(rules, STRESS):
        return stress.cut(rules, trader, time, becomes, lots)
    return lots
