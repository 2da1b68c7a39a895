"""Decisions taken out of a run, and changes of what the trader may and may not see."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pytest

from proteus.market.agents.kinds import KINDS
from proteus.market.book.codes import NO_PRICE
from proteus.market.cell import CellConfig
from proteus.market.events.envelopes import (
    MESSAGE_ORDER,
    MESSAGE_REPLACE,
    NOTICE_ACK,
    NOTICE_FILL,
    pack_address,
)
from proteus.market.events.latency import MARKET_DATA, delay, latency_words
from proteus.market.events.queue import _KIND_BITS, _PRIORITY_SHIFT
from proteus.market.information.history import TO_PARTIES, TO_PUBLIC
from proteus.market.information.leakage import Table
from proteus.market.setup.snapshots import arrays_of
from proteus.market.trading import desk
from proteus.market.trading.desk import wake
from proteus.market.trading.world import World
from tests.helpers.cells import build, copied, run_plain
from tests.helpers.recording import intents_of

_KEPT = 4  # decisions per trader with, and as many without, an intent


class Decision(NamedTuple):
    """A trader is about to look, at a moment of a run."""

    world: World  # one lane
    trader: int
    time: int
    cause: int
    number: int

    @property
    def _seen_until(self) -> int:
        """Time up to which the trader sees what is shown at once."""
        traders, keys = self.world.traders, self.world.market.keys
        address = pack_address(self.cause, 0, self.number)
        word = latency_words(traders, keys, 0, self.trader, address)[MARKET_DATA]
        oldest = self.world.private.view_time[0, self.trader]
        return max(int(oldest), self.time - int(delay(traders, self.trader, MARKET_DATA, word)))

    @property
    def book_until(self) -> int:
        """Time of the book that the trader looks at."""
        return max(self._seen_until - self.world.data.disclosure.book_delay_ns, 0)

    @property
    def prints_until(self) -> int:
        """Time up to which the trader sees prints and the last price."""
        return max(self._seen_until - self.world.data.disclosure.price_delay_ns, 0)

    def under(self, table: Table) -> Decision:
        """Return the same decision where this table says what is shown."""
        data = self.world.data._replace(disclosure=table.disclosure())
        return self._replace(world=self.world._replace(data=data))

    @property
    def signal_time(self) -> int:
        """Time of the fair value that the trader sees."""
        return self.time - int(self.world.traders.signal_delay[self.trader])

    def act(self, world: World) -> dict[str, Any]:
        """Let the trader decide in a world; return everything it did and remembers."""
        sequence = int(world.queue.sequence[0])
        wake(world, 0, self.trader, self.time, self.cause, self.number)
        assert not world.progress.fault.any()
        return {
            "intents": intents_of(world, 0),
            "sent": _sent(world, sequence),
            "knows": remembered(world, self.trader),
        }


def decisions(config: CellConfig, first_ns: int) -> list[Decision]:
    """Run replicate 0 in plain Python and copy the world before some decisions of everyone."""
    block = build(config)
    found: list[Decision] = []
    count: dict[tuple[int, bool], int] = {}

    def watch(world: World, lane: int, trader: int, time: int, cause: int, number: int) -> None:
        before = Decision(copied(world), trader, int(time), int(cause), int(number))
        wake(world, lane, trader, time, cause, number)
        case = (int(trader), bool(world.intents.count[lane]))
        if time >= first_ns and count.get(case, 0) < _KEPT:
            count[case] = count.get(case, 0) + 1
            found.append(before)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "wake", watch)
        run_plain(block.mechanism, block.world)
    return found


def place_of(world: World, path: str, trader: int) -> int | None:
    """Return where the policies keep what a trader remembers, along the axis after the lane.

    Own fills that are not judged yet, and those that a rule fits, are kept by the number of a maker
    among those of its kind; tables of a rule are nobody's.
    """
    parent, _, field = path.rpartition(".")
    parent, _, part = parent.rpartition(".") if parent.endswith("quoting") else (parent, "", "")
    if not (field.startswith("mark_") or (part and field in ("exposure", "fills"))):
        return trader if "parameters" not in path else None
    kind = "maker" if parent == "maker" else "lab_maker"
    if world.traders.kind[trader] != KINDS[kind].number:
        return None
    maker = attrgetter(f"{parent}.maker" if part else parent)(world.policies)
    return int(maker.parameters.number[trader])


def remembered(world: World, trader: int) -> dict[str, Any]:
    """List what a trader remembers, by the path of the array."""
    found = {path: array[0, trader].tolist() for path, array in arrays_of(world.private)}
    for path, array in arrays_of(world.policies):
        place = place_of(world, path, trader)
        if array.ndim > 1 and place is not None:
            found[path] = array[0, place].tolist()
    return found


def sequence_of(key: int) -> int:
    """Return the number of an entry of the queue among those ever pushed."""
    return (int(key) & ((1 << _PRIORITY_SHIFT) - 1)) >> _KIND_BITS


def _sent(world: World, sequence: int) -> list[tuple[int, ...]]:
    """Describe the messages and timers that went into the queue since ``sequence``."""
    queue, orders, messages = world.queue, world.market.orders, world.messages
    sent = []
    for at in range(int(queue.size[0])):
        if sequence_of(queue.key[0, at]) < sequence:
            continue
        item = int(queue.item[0, at])
        slot, kind = int(messages.order[0, item]), int(messages.kind[0, item])
        what = [messages.trader[0, item], messages.cause[0, item]]
        if kind == MESSAGE_ORDER:
            what += [field[0, slot] for field in (orders.side, orders.rank, orders.lifetime)]
        elif kind == MESSAGE_REPLACE:
            fields = (messages.side, messages.rank, messages.lots, messages.belief)
            what += [field[0, item] for field in fields]
        sent.append((int(queue.time[0, at]), kind, *map(int, what)))
    return sent


# --- changes --------------------------------------------------------------------------------------

Change = Callable[[World, Decision], None]


def shake(array: np.ndarray, where: Any = ...) -> None:
    """Change every chosen number of an array."""
    if array.dtype == np.bool_:
        array[where] = ~array[where]
    elif np.issubdtype(array.dtype, np.floating):
        array[where] = array[where] * 0.9 + 0.05
    else:
        array[where] += array.dtype.type(3)


def shake_all(state: Any, where: Any = ..., but: tuple[str, ...] = ()) -> None:
    for path, array in arrays_of(state):
        if path.split(".")[-1] not in but:
            shake(array, where)


def others(world: World, decision: Decision) -> np.ndarray:
    """Choose everyone but the trader, bool [A]."""
    return np.arange(len(world.traders.kind)) != decision.trader


def what_others_know(world: World, decision: Decision) -> None:
    """Positions, quotes, exposure and wake-ups of everyone else, and what makers believe."""
    rest = (slice(None), others(world, decision))
    shake_all(world.private, rest)
    for path, array in arrays_of(world.policies):
        if array.ndim > 1 and "parameters" not in path:
            own = place_of(world, path, decision.trader)
            shake(array, (slice(None), np.arange(array.shape[1]) != own))


def who_others_are(world: World, decision: Decision) -> None:
    """Kind, latency, signal, schedule and parameters of everyone else."""
    rest = others(world, decision)
    for state in (world.traders, world.schedules, world.policies):
        for _, array in arrays_of(state):
            if array.shape[0] == len(rest) and array.ndim == 1:
                shake(array, rest)
    shake(world.traders.latency_base, rest)


def _visible_news(world: World, decision: Decision) -> tuple[np.ndarray, np.ndarray]:
    """Choose the grid slot and the jumps whose values the signal may show, bool [G], bool [J]."""
    news = world.news
    grid = max(decision.signal_time, 0) // world.news_parameters.dt_ns
    slots = np.arange(news.value.shape[1]) == grid & (news.value.shape[1] - 1)
    jumps = news.jump_ns[0] <= decision.signal_time
    if not world.traders.has_signal[decision.trader]:
        slots[:], jumps[:] = False, False
    return slots, jumps


def news_it_cannot_know(world: World, decision: Decision) -> None:
    """Fair value after the signal's time and before, the state behind it, and the payoff."""
    news = world.news
    slots, jumps = _visible_news(world, decision)
    shake(news.value[0], ~slots)
    shake(news.jump_value[0], ~jumps)
    shake(news.jump_ns[0], ~jumps)
    for array in (news.integral, news.integral_square, news.log_odds, news.payoff):
        shake(array)


def book_behind_the_published(world: World, decision: Decision) -> None:
    """The book and the open batch, and every order in it, its own included."""
    market = world.market
    for path, array in arrays_of(market.book):
        if path not in ("occupied", "n_ticks"):
            shake(array)
    shake_all(market.orders, but=("free", "n_free", "client_id"))
    for array in (market.clears, market.low, market.high, market.volume, market.surplus):
        shake(array)
    shake_all(world.origins, but=("lifetime",))


def what_is_not_public_yet(world: World, decision: Decision) -> None:
    """Books, last prices and prints younger than what the trader is shown."""
    data = world.data
    shake(data.best[0], data.time[0] > decision.book_until)
    shake(data.last[0], data.time[0] > decision.prints_until)
    shake(data.print_price[0], data.print_time[0] > decision.prints_until)


def sizes_and_names(world: World, decision: Decision) -> None:
    """The lots at the best prices, and who else took part in prints."""
    shake(world.data.lots)
    own = np.uint64(1) << np.uint64(decision.trader)
    world.data.parties[0] ^= ~own


def prices_the_table_hides(world: World, decision: Decision) -> None:
    """The best prices, last prices and prints that are not shown to the trader at any time."""
    data, rules = world.data, world.data.disclosure
    for side in np.flatnonzero(~rules.shows_best):
        shake(data.best[0, :, side::2])
    if rules.price_to != TO_PUBLIC:
        shake(data.last)
        own = (data.parties[0, :, 0] >> np.uint64(decision.trader)) & np.uint64(1) == 1
        shake(data.print_price[0], ~own if rules.price_to == TO_PARTIES else ...)


def messages_under_way(world: World, decision: Decision) -> None:
    """Messages of others, and its own answers and fill reports that have not arrived."""
    messages = world.messages
    notices = (messages.kind[0] >= NOTICE_ACK) & (messages.kind[0] <= NOTICE_FILL)
    hidden = notices | (messages.trader[0] != decision.trader)
    for array in (
        messages.rank, messages.lots, messages.belief, messages.new_id, messages.side,
        messages.filled_ns,
    ):  # fmt: skip
        shake(array[0], hidden)
    world.queue.time[0] += 1


def balances_and_measures(world: World, decision: Decision) -> None:
    shake_all(world.ledger, but=("tick_nano",))
    shake_all(world.sums)
    shake_all(world.totals)
    shake_all(world.log)
    shake_all(world.progress, but=("fault", "last_id", "now"))


def what_another_left_behind(world: World, decision: Decision) -> None:
    """The view and the intents of whoever decided before."""
    shake_all(world.seen, but=("n_prints",))
    world.seen.n_prints[:] = 2
    shake_all(world.intents)


HIDDEN: dict[str, Change] = {
    change.__name__: change
    for change in (
        what_others_know, who_others_are, news_it_cannot_know, book_behind_the_published,
        what_is_not_public_yet, sizes_and_names, messages_under_way, balances_and_measures,
        what_another_left_behind,
    )
}  # fmt: skip


def channels(world: World, decision: Decision) -> None:
    """What an oracle has read and said, blocks, base fees, and what waits with its tips."""
    shake_all(world.rules.environment, but=("reads", "offered"))


# Which of these changes the fields of an event that the tables let nobody else see.
FIELDS = {
    "report": channels,
    "block": channels,
    "waiting": channels,
    "order": book_behind_the_published,
    "ack": messages_under_way,
    "reject": messages_under_way,
    "fill": messages_under_way,
    "fill.counterparty": sizes_and_names,
    "book.size": sizes_and_names,
    "book.depth": book_behind_the_published,
    "trade.side": book_behind_the_published,
    "trade.size": messages_under_way,
    "trade.parties": sizes_and_names,
    "batch_clear.volume": book_behind_the_published,
    "batch_clear.imbalance": book_behind_the_published,
    "batch_clear.parties": sizes_and_names,
}


def everything_hidden(world: World, decision: Decision) -> None:
    for change in HIDDEN.values():
        change(world, decision)


def its_signal(world: World, decision: Decision) -> None:
    slots, jumps = _visible_news(world, decision)
    world.news.value[0, slots] = 0.9
    world.news.jump_value[0, jumps] = 0.9


def its_view(world: World, decision: Decision) -> None:
    """The published state it looks at moves by 200 ticks."""
    for array, until in (
        (world.data.best, decision.book_until), (world.data.last, decision.prints_until),
    ):  # fmt: skip
        old = world.data.time[0] <= until
        array[0, old] += np.where(array[0, old] == NO_PRICE, 0, 200)


def its_tape(world: World, decision: Decision) -> None:
    """Prints that it has not read yet become others' prints at another price."""
    old = world.data.print_time[0] <= decision.prints_until
    world.data.print_price[0, old] = 900
    world.data.parties[0, old] = 0


def its_position(world: World, decision: Decision) -> None:
    world.private.position[0, decision.trader] += 20


def its_words(world: World, decision: Decision) -> None:
    world.market.keys[0] ^= np.uint32(0xFFFF)


SEEN: dict[str, Change] = {
    change.__name__: change for change in (its_signal, its_view, its_tape, its_position, its_words)
}
