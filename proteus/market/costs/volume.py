"""What traders traded in a window that ends before the event, and the tier they have by it.

Fills of an event count from the next event on, those of [t - window, t]. What a trader had traded
before the lane counts as traded at 0.
"""

from __future__ import annotations

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.costs.codes import MAKER
from proteus.market.costs.tables import segment_at
from proteus.market.events.queue import NEVER_NS

_ALL, _AS_MAKER = 0, 1
_MILLION = 1_000_000


@cold_kernel
def note_fill(costs, lane, trader, role, value, time, event):
    """Note a side of a fill, which counts from the next event on.

    Parameters
        value: price times lots, nano. time: ns. event: its number.
    """
    if not has_tiers(costs):
        return
    volume = costs.volume
    seen, room = volume.seen[lane], volume.value.shape[1]
    if seen - volume.expired[lane] == room:
        volume.overflow[lane] = 1
        return
    at = seen & (room - 1)
    volume.time[lane, at] = time
    volume.event[lane, at] = event
    volume.trader[lane, at] = trader
    volume.by_maker[lane, at] = 1 if role == MAKER else 0
    volume.value[lane, at] = value
    volume.seen[lane] = seen + 1


@inline_kernel
def has_tiers(costs):
    """Tell whether anything depends on what was traded."""
    return costs.tables.bound.shape[2] > 1


@deferred_kernel()
def find_tiers(costs, lane, trader, time, event):
    """Write the trader's tier in each part, as it is before the event."""
    if not has_tiers(costs):
        return
    _move_window(costs, lane, time, event)
    segment = segment_at(costs.tables, time)
    for part in range(costs.tables.kind.shape[0]):
        tier = 0
        while tier + 1 < costs.tables.bound.shape[2]:
            if not _reaches(costs, lane, trader, segment, part, tier + 1):
                break
            tier += 1
        costs.tier[lane, part] = tier


@inline_kernel
def _move_window(costs, lane, time, event):
    """Add what earlier events traded to the sums, and take out what is older than the window."""
    volume = costs.volume
    mask, window_ns = volume.value.shape[1] - 1, costs.tables.window_ns[0]
    while volume.counted[lane] < volume.seen[lane]:
        at = volume.counted[lane] & mask
        if volume.event[lane, at] >= event:
            break
        _add(volume, lane, at, 1)
        volume.counted[lane] += 1
    if window_ns == NEVER_NS:
        volume.expired[lane] = volume.counted[lane]  # they stay in the sums
        return
    while volume.expired[lane] < volume.counted[lane]:
        at = volume.expired[lane] & mask
        if volume.time[lane, at] >= time - window_ns:
            break
        _add(volume, lane, at, -1)
        volume.expired[lane] += 1
    if time > window_ns and volume.start_left[lane] == 0:
        volume.start_left[lane] = 1
        for trader in range(volume.start.shape[1]):
            for which in (_ALL, _AS_MAKER):
                volume.traded[lane, trader, which] -= volume.start[lane, trader, which]
                volume.everybody[lane, which] -= volume.start[lane, trader, which]


@inline_kernel
def _add(volume, lane, at, sign):
    trader, value = volume.trader[lane, at], sign * volume.value[lane, at]
    volume.traded[lane, trader, _ALL] += value
    volume.everybody[lane, _ALL] += value
    if volume.by_maker[lane, at] == 1:
        volume.traded[lane, trader, _AS_MAKER] += value
        volume.everybody[lane, _AS_MAKER] += value


@inline_kernel
def _reaches(costs, lane, trader, segment, part, tier):
    """Tell whether a trader has all that a tier needs; each bound is inclusive."""
    volume, bound = costs.volume, costs.tables.bound
    traded, as_maker = volume.traded[lane, trader, _ALL], volume.traded[lane, trader, _AS_MAKER]
    sides, of_makers = volume.everybody[lane, _ALL], volume.everybody[lane, _AS_MAKER]
    return (
        traded >= bound[segment, part, tier, 0]
        and _is_share(2 * traded, sides, bound[segment, part, tier, 1])  # a fill has two sides
        and _is_share(as_maker, of_makers, bound[segment, part, tier, 2])
    )


@inline_kernel
def _is_share(part, whole, ppm):
    """Tell whether a part is at least so many millionths of the whole; of nothing it is none."""
    if ppm == 0:
        return True
    return part > 0 and multiply_divide(part, _MILLION, whole, FLOOR) >= ppm
