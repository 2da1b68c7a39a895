"""What is public, and what a trader sees of it, later."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from proteus.market.cell import CellConfig
from tests.reference.draws import ns

Level = tuple[int, int] | None  # price in ticks and lots there


class Shown(NamedTuple):
    """The leakage table of a mechanism, as far as it has a choice."""

    bid: bool  # the best price of that side is public; else nobody sees it
    ask: bool
    prints_to: str  # public, parties, hidden
    book_age_ns: int  # how much later than it is the book is shown
    print_age_ns: int  # the same of a print
    sizes: bool = False  # the lots at the best prices are public


def read_table(cell: CellConfig) -> Shown:
    """Read the table of a cell."""
    table: Any = cell.execution.leakage[cell.mechanism.name]
    if cell.mechanism.name == "rfq":  # there is no public book; those who are asked have no print
        audience = "parties" if table.trade.price == "asked" else table.trade.price
        age_ns = ns(table.trade.delay_ms)
        return Shown(False, False, audience, age_ns, age_ns)
    printed = table.trade if cell.mechanism.name == "clob" else table.batch_clear
    sides = (side == "public" for side in (table.book.best_bid, table.book.best_ask))
    ages = ns(table.book.delay_ms), ns(printed.delay_ms)
    return Shown(*sides, printed.price, *ages, table.book.size == "public")


class State(NamedTuple):
    """A state of the market that can be shown, from its time on."""

    time_ns: int
    bid: Level  # the quotes: of makers where makers and takers are kept apart
    ask: Level
    taker_bid: Level  # the other orders there; else the same as the quotes
    taker_ask: Level
    last_ticks: int | None  # last public price

    def reference_doubled(self, shown: Shown, last_ticks: int) -> int:
        """Twice the reference price in ticks, with this last price (MODEL 9)."""
        if self.bid and self.ask and shown.bid and shown.ask:
            return self.bid[0] + self.ask[0]
        return 2 * last_ticks

    def quotes(self, shown: Shown) -> tuple[Level, Level]:
        """The best quotes with their lots, as far as they are shown."""
        bid, ask = (self.bid if shown.bid else None), (self.ask if shown.ask else None)
        return (bid, ask) if shown.sizes else (None, None)

    def executable(self, side: str, makes: bool, shown: Shown, last_ticks: int) -> int:
        """The price in ticks at which a trader could buy from, or sell to, ``side`` (MODEL 8)."""
        bid, ask = (self.taker_bid, self.taker_ask) if makes else (self.bid, self.ask)
        level, is_shown = (bid, shown.bid) if side == "buy" else (ask, shown.ask)
        return level[0] if level and is_shown else last_ticks


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
    best: tuple[Level, Level] = (None, None)  # the quotes, where prices and lots are shown
    report_nano: int | None = None  # the last one of the oracle that has arrived


class Public:
    """The history of what can be shown, who is shown what, and the tape."""

    def __init__(self, shown: Shown, initial_ticks: int) -> None:
        self.shown, self.initial_ticks = shown, initial_ticks
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

    def reference_doubled(self) -> int:
        """Twice the reference price that everyone could know by now, in ticks."""
        state = self.states[-1]
        is_known = state.last_ticks is not None and self.shown.prints_to == "public"
        last = state.last_ticks if is_known else self.initial_ticks
        assert last is not None
        return state.reference_doubled(self.shown, last)

    def last_ticks(self, trader: int, view_ns: int) -> int:
        """The last price that a trader is shown; the initial one if there is none."""
        last, until_ns = None, max(view_ns - self.shown.print_age_ns, 0)
        if self.shown.prints_to == "public":
            last = self.at(until_ns).last_ticks
        elif self.shown.prints_to == "parties":
            own = [p for p in self.tape if trader in p.parties and p.time_ns <= until_ns]
            last = own[-1].price_ticks if own else None
        return self.initial_ticks if last is None else last
