"""Stress in the twin: what is different in which window, read from the cell each time.

A window is [begin, end). Rates above the usual are wake-ups of a Poisson process of its own; those
below are usual ones left out. A latency is that of the time at which something is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

from proteus.market.rng import STREAM_FURTHER, STREAM_THINNED, exponential, uniform

if TYPE_CHECKING:
    from proteus.market.cell import CellConfig
    from tests.reference.draws import Cause
    from tests.reference.world import Trader, World

S = 10**9


def exact(number: float) -> Fraction:
    """A number as it was written."""
    return Fraction(str(number))


def span(window: Any) -> tuple[int, int]:
    """Its first nanosecond and the first after it."""
    return int(exact(window.from_s) * S), int(exact(window.to_s) * S)


def windows(cell: CellConfig, *keys: str) -> Iterator[Any]:
    """The windows about one of these keys, by their begin."""
    found = [each for each in cell.stress.windows.values() if each.key in keys]
    yield from sorted(found, key=lambda each: span(each)[0])


def of_trader(world: World, trader: Trader, what: str) -> list[Any]:
    """The windows about a key of a trader's group."""
    groups = world.cell.population.items()
    name = next(name for name, group in groups if group is trader.group)
    keys = [f"population.{each}.{what}" for each in (name, "*")]
    if what.startswith("latency."):
        keys += [f"population.{each}.latency" for each in (name, "*")]
    return list(windows(world.cell, *keys))


def now(found: Any, time_ns: int) -> Any:
    """The window that a time is in, or None."""
    inside = [each for each in found if span(each)[0] <= time_ns < span(each)[1]]
    assert len(inside) < 2
    return inside[0] if inside else None


# --- wake-ups -------------------------------------------------------------------------------------


def rate_factor(window: Any, trader: Trader) -> float:
    """A factor on how often a trader wakes up."""
    if window.factor is None:
        return float(window.value / trader.group.schedule.rate_per_s)
    return float(window.factor)


def start(world: World) -> None:
    """Expect the first further wake-up of everyone."""
    for trader in world.traders:
        expect(world, trader)


def expect(world: World, trader: Trader) -> None:
    """Expect the next one: so many unit exponentials, spent in the windows one after the other."""
    word = world.draws.words(STREAM_FURTHER, trader.entity, trader.further)[0]
    trader.further += 1
    trader.further_amount += exponential(word)
    amount, schedule = trader.further_amount, trader.group.schedule
    if schedule.law not in ("periodic", "poisson"):
        return
    for window in of_trader(world, trader, "schedule.rate_per_s"):
        begin, end = span(window)
        rate = max(rate_factor(window, trader) - 1.0, 0.0) * schedule.rate_per_s / S
        if amount < (end - begin) * rate:
            time_ns = min(begin + int(amount / rate), end - 1)
            world.push_before_end(time_ns, "further", trader)
            return
        amount -= (end - begin) * rate


def stays_away(world: World, trader: Trader, time_ns: int, cause: Cause) -> bool:
    """Tell whether a wake-up is left out."""
    window = now(of_trader(world, trader, "schedule.rate_per_s"), time_ns)
    if window is None or rate_factor(window, trader) >= 1:
        return False
    word = world.draws.words(STREAM_THINNED, trader.entity, cause.wake, cause.kind)[0]
    return uniform(word) >= rate_factor(window, trader)


# --- links ----------------------------------------------------------------------------------------


def delay_of(found: Any, time_ns: int, takes_ns: int) -> int:
    """How long takes what is sent at a time."""
    window = now(found, time_ns)
    return takes_ns if window is None else max(int(takes_ns * float(window.factor)), 1)


def delayed(world: World, trader: Trader, leg: str, time_ns: int, takes_ns: int) -> int:
    """How long takes what is sent now over a leg."""
    return delay_of(of_trader(world, trader, f"latency.{leg}"), time_ns, takes_ns)


def age(world: World, trader: Trader, time_ns: int, takes_ns: int) -> int:
    """The age of the newest data that is there: of all times, the last one that has arrived.

    That is as usual, just before a window, just before the end of one, or inside of one.
    """
    found = of_trader(world, trader, "latency.market_data")
    times = [time_ns - takes_ns]
    for window in found:
        begin, end = span(window)
        inside = time_ns - max(int(takes_ns * float(window.factor)), 1)
        times += [begin - 1, min(inside, end - 1)]
    arrived = [each for each in times if each + delay_of(found, each, takes_ns) <= time_ns]
    return time_ns - max(arrived)


# --- what is sent, reported, dropped, charged -----------------------------------------------------


def cut(world: World, trader: Trader, time_ns: int, lots: int) -> int:
    """The lots that are sent of those that would be; not of what was agreed to."""
    window = now(of_trader(world, trader, "lots"), time_ns)
    return lots if window is None else floor(lots * exact(window.factor))


def instead(cell: CellConfig, key: str, time_ns: int, usual: float) -> Fraction:
    """What a key of the market is at a time."""
    window = now(windows(cell, key), time_ns)
    if window is None:
        return exact(usual)
    return exact(usual) * exact(window.factor) if window.value is None else exact(window.value)
