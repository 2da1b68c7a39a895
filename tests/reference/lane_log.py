"""What happened in a lane, as the slow computation of its measures reads it.

Money is in currency, prices in ticks, times in ns.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import NamedTuple


class State(NamedTuple):
    """A public state, from its time on."""

    time: int
    bid: int | None
    ask: int | None
    lots: tuple[int, int]
    last: int

    @property
    def reference(self) -> float:
        """Return the public reference price in ticks."""
        if self.bid is not None and self.ask is not None:
            return (self.bid + self.ask) / 2
        return self.last


class Side(NamedTuple):
    """One side of a fill."""

    trader: int
    role: str
    sign: int
    order: tuple[int, ...]
    belief: float
    reference: float  # public reference price just before the intent, ticks
    intent: int
    is_quote: bool
    at_once: bool  # the intent was to trade at once or not at all


class End(NamedTuple):
    """An order that ended, with fills or without."""

    order: tuple[int, ...]
    role: str
    intent: int
    time: int
    cause: str


class Fill(NamedTuple):
    """A fill; fills of one auction share its time and number, continuous ones have none."""

    time: int
    price: int
    lots: int
    batch: tuple[int, int] | None
    sides: tuple[Side, Side]
    values: tuple[float, ...]  # v at the time plus each horizon, rounded to the nano


@dataclass
class Log:
    """Everything that is needed to measure a lane."""

    n_ticks: int
    horizon: int
    warmup: int
    tau: int
    horizons: list[int]
    elapsed: list[int]
    grid: int
    initial: int
    makers: list[int]
    states: list[State] = field(default_factory=list)
    moments: list[tuple[int, float]] = field(default_factory=list)  # every reference, however short
    near: list[tuple[int, int]] = field(default_factory=list)  # (time, lots near the best prices)
    quotes: list[tuple[int, int]] = field(default_factory=list)  # (time, lots at both bests), if
    # what rests is not what is public
    fills: list[Fill] = field(default_factory=list)
    intents: list[tuple[str, int]] = field(default_factory=list)  # (role, time)
    ends: list[End] = field(default_factory=list)  # of orders of takers
    offers: dict[tuple[int, ...], list[bool]] = field(default_factory=dict)  # of requests: inside?
    lost: list[tuple[tuple[int, ...], int, int]] = field(default_factory=list)  # time, lots
    jumps: list[tuple[int, float, float]] = field(default_factory=list)  # (time, before, after)
    values: dict[int, float] = field(default_factory=dict)  # v at grid times and at T

    def state_at(self, time: int) -> State:
        """Return the public state at a time, with all that happened at that time."""
        at = bisect.bisect_right([state.time for state in self.states], time) - 1
        return self.states[at] if at >= 0 else State(0, None, None, (0, 0), self.initial)

    def reference_at(self, time: int) -> float:
        """Return the public reference price in ticks."""
        return self.state_at(time).reference

    def show(self, state: State) -> None:
        """Note a new public state; of one nanosecond the last is what stood."""
        if self.states and self.states[-1].time == state.time:
            self.states.pop()
        self.states.append(state)
        self.moments.append((state.time, state.reference))
