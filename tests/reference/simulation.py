"""The twin of a whole lane: events in order of (time, priority, sequence) until trading ends.

At equal time news come first, then blocks and oracles, then a clear, then messages by their
addressed key, then notices to traders, then wake-ups; each kind in the order in which it was
expected.
"""

import heapq
from collections.abc import Callable
from typing import Any, NamedTuple

from proteus.market.cell import CellConfig
from tests.reference import (
    asking,
    constraints,
    crediting,
    desk,
    environment,
    liquidating,
    rfq_desk,
    rfq_venue,
    rules,
    settling,
    stress,
    venue,
)
from tests.reference.desk import expire, nano
from tests.reference.draws import FURTHER, NEWS, NOTIFIED, SCHEDULE, Cause, Draws, ns
from tests.reference.past import Past
from tests.reference.rfq import Venue
from tests.reference.venue import clear, next_clear
from tests.reference.world import TO_POOL, News, Notice, Trader, World

Watch = Callable[[World], bool]  # called after each event; tells whether to go on


class Path(NamedTuple):
    """How traders and the venue talk."""

    wake: Callable[[World, Trader, int, int, int], None]
    receive: Callable[[World, Any, int], None]
    learn: Callable[[World, Any, int], bool]


BY_ORDERS = Path(desk.wake, venue.receive, desk.learn)
BY_REQUESTS = Path(rfq_desk.wake, rfq_venue.receive, rfq_desk.learn)


def path_of(world: World) -> Path:
    """Traders send orders, or ask for quotes."""
    return BY_REQUESTS if isinstance(world.market, Venue) else BY_ORDERS


def simulate(
    cell: CellConfig, draws: Draws, news: News, watch: Watch | None = None, past: Past | None = None
) -> World:
    """Run a lane from its start to settlement, or until ``watch`` has seen enough."""
    world = World(cell, draws, news, past)
    for trader in world.traders:
        constraints.memory(world, trader)  # of what it brings along, also if it does nothing
    if news.jumps:
        world.push_before_end(news.jumps[0][0], "news", 0)
    world.push_before_end(next_clear(world), "clear", None)
    for trader in world.traders:
        world.push_before_end(trader.schedule.wake(0), "wake", trader)
    rules.start(world)
    crediting.start(world)
    rules.start_policies(world)
    environment.start(world)
    stress.start(world)
    while world.queue and world.queue[0][0] < cell.horizon_ns:
        time_ns, _, _, _, what, item = heapq.heappop(world.queue)
        world.events += happen(world, time_ns, what, item)
        if watch is not None and not watch(world):
            return world
    settling.end(world)
    if world.settlement is not None:
        crediting.at_final(world, cell.horizon_ns)
    crediting.charge_last(world)
    liquidating.keep_last(world)
    crediting.end(world)
    rules.finish(world)
    end_value = nano(news.value_at(cell.horizon_ns))
    pays = cell.episodes.boundary == "settle"
    world.note(
        cell.horizon_ns, "venue", "end", value_nano=end_value,
        price_ticks=cell.n_ticks * news.payoff if pays else None,
    )  # fmt: skip
    world.held = {trader.number: world.ledger.lots[trader.number] for trader in world.traders}
    world.ledger.settle(10**9 * news.payoff if pays else end_value)
    return world


def happen(world: World, time_ns: int, what: str, item: Any) -> bool:
    """Let one thing happen; tell whether it counts as an event."""
    if what == "news":
        return spread_news(world, time_ns, item)
    if what == "expiry":
        return expire(world, item, time_ns)
    if what == "timer":
        return bool(item(world, time_ns))
    if what == "accrual":
        crediting.accrue(world, time_ns)
    elif what == "liquidation":
        liquidating.keep(world, time_ns)
    elif what == "policies":
        rules.act(world, time_ns)
    elif what == "clear":
        clear(world, time_ns)
        world.push_before_end(next_clear(world), "clear", None)
    elif what == "environment":
        item(world, time_ns)
    elif what == "settle":
        is_taken_back = settling.settle(world, item, time_ns)
        crediting.at_final(world, time_ns)
        if is_taken_back:
            venue.end_shortage(world, time_ns)
    elif what == "taken back":
        settling.learn(item)
        constraints.note_taken_back(world, *item)
    elif what == "message":
        if not environment.holds_back(world, item, time_ns):
            to_pool = item.kind in TO_POOL
            (liquidating if to_pool else path_of(world)).receive(world, item, time_ns)
    elif what == "notice":
        react(world, item, time_ns)
    elif what == "wake":
        wake_by_schedule(world, item, time_ns)
    else:
        kind = NEWS if what == "jump seen" else FURTHER
        number = item.count_wake(kind)
        if kind == FURTHER:
            stress.expect(world, item)
        wake(world, item, time_ns, Cause(kind, number))
    return True


def wake(world: World, trader: Trader, time_ns: int, cause: Cause) -> None:
    """Let a trader act, unless stress keeps it away."""
    if not stress.stays_away(world, trader, time_ns, cause):
        path_of(world).wake(world, trader, time_ns, cause.kind, cause.wake)
        asking.ask(world, trader, time_ns, cause)


def spread_news(world: World, time_ns: int, jump: int) -> bool:
    """Wake those who watch the news when a jump reaches their signal; tell if anyone does."""
    crediting.at_jump(world, time_ns)
    world.note(time_ns, "news", "news", value_nano=nano(world.news.value_at(time_ns)))
    watchers = [trader for trader in world.traders if trader.group.schedule.on_news]
    for trader in watchers:
        signal = trader.group.signal
        seen_ns = time_ns + (ns(signal.delay_ms) if signal else 0)
        world.push_before_end(seen_ns, "jump seen", trader)
    if jump + 1 < len(world.news.jumps):
        world.push_before_end(world.news.jumps[jump + 1][0], "news", jump + 1)
    return bool(watchers)


def react(world: World, notice: Notice, time_ns: int) -> None:
    """Let a trader learn, and act at once if it does so on fills."""
    trader = notice.trader
    if path_of(world).learn(world, notice, time_ns):
        wake(world, trader, time_ns, Cause(NOTIFIED, trader.count_wake(NOTIFIED)))


def wake_by_schedule(world: World, trader: Trader, time_ns: int) -> None:
    """Wake a trader, and expect its next wake-up, at least 1 ns later."""
    number = trader.count_wake(SCHEDULE)
    following = trader.schedule.wake(number + 1)
    assert following is not None
    world.push_before_end(max(following, time_ns + 1), "wake", trader)
    wake(world, trader, time_ns, Cause(SCHEDULE, number))
