"""What is public, and what a trader sees of it, later."""

from dataclasses import dataclass
from typing import NamedTuple

Level = tuple[int, int] | None  # price in ticks and lots there


class State(NamedTuple):
    """A public state, from its time on."""

    time_ns: int
    bid: Level  # the quotes: of makers where makers and takers are kept apart
    ask: Level
    taker_bid: Level  # the other orders there; else the same as the quotes
    taker_ask: Level
    last_ticks: int | None  # last public price

    def reference_doubled(self, initial_ticks: int) -> int:
        """Twice the public reference price in ticks (MODEL 9)."""
        if self.bid and self.ask:
            return self.bid[0] + self.ask[0]
        return 2 * (initial_ticks if self.last_ticks is None else self.last_ticks)

    def executable(self, side: str, makes: bool, initial_ticks: int) -> int:
        """The price in ticks at which a trader could buy from, or sell to, ``side`` (MODEL 8)."""
        bid, ask = (self.taker_bid, self.taker_ask) if makes else (self.bid, self.ask)
        level = bid if side == "buy" else ask
        if level:
            return level[0]
        return initial_ticks if self.last_ticks is None else self.last_ticks


class Print(NamedTuple):
    """A trade on the tape, or one auction of a clear."""

    time_ns: int
    price_ticks: int
    parties: set[int]


@dataclass
class View:
    """What a trader knows when it decides."""

    time_ns: int
    reference_doubled: int
    bid_ticks: int  # executable: where it could sell
    ask_ticks: int  # where it could buy
    prints: list[int]  # new prices on the tape that are not its own
    signal: float | None = None
    look: int | None = None  # number of the look interval
    words: tuple[int, ...] = ()  # of a noise trader's arrival


class Public:
    """The history of public states, and the tape."""

    def __init__(self) -> None:
        self.states = [State(0, None, None, None, None, None)]
        self.tape: list[Print] = []

    def publish(self, state: State) -> bool:
        """Add a state if it is news; the last state of a nanosecond is the one that holds."""
        if state[1:] == self.states[-1][1:]:
            return False
        if self.states[-1].time_ns == state.time_ns:
            self.states.pop()
        self.states.append(state)
        return True

    def at(self, time_ns: int) -> State:
        """The state at a time."""
        return next(state for state in reversed(self.states) if state.time_ns <= time_ns)
