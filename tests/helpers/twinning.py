"""A lane of the engine beside its plain-Python twin: the first event that differs, and why."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from proteus.market.book.book import rank_of
from proteus.market.book.codes import NO_PRICE
from proteus.market.cell import CellConfig
from proteus.market.environment.news import NEWS_OK, extend_news, next_jump, start_news, value_at
from proteus.market.environment.setup import allocate_news
from proteus.market.events.log import MISSING
from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import (
    ACCOUNT_NAMES,
    CASH,
    CONTRACT,
    LEDGER_CODES,
    PLAIN_ACCOUNTS,
)
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.carrying import Carried, put, take
from proteus.market.setup.cell import news_of, set_up_cell, with_log
from proteus.market.setup.designs import INDEPENDENT, Design, rows
from proteus.market.trading import loop
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_CAPACITY, FAULT_NONE, World
from proteus.recording.columns import COLUMNS, rows_of
from tests.helpers.cells import ROOT, run_plain
from tests.reference import simulation as reference
from tests.reference.draws import Draws
from tests.reference.orders import Row
from tests.reference.past import Past, past_of
from tests.reference.world import World as TwinWorld
from tests.reference.world import describe

# Where the engine keeps an order says nothing about the market.
COMPARED = [column for column in COLUMNS if column.name != "slot"]
LARGEST_GROWTH = 64


class EngineNews:
    """The whole path of the news of a lane, made by the engine in one piece."""

    def __init__(
        self, cell: CellConfig, replicate: int, episode: int = 0, start: float | None = None,
        masks: Any = 0,
    ) -> None:  # fmt: skip
        self._parameters = news_of(cell)
        jumps = 40 * cell.latent.jump_rate_per_s * cell.settle_ns / 1e9 + 16
        self._news = allocate_news(1, 2 * cell.settle_ns, self._parameters.dt_ns, jumps)
        key = replicate_keys(ROOT, np.array([replicate]), episode)[0]
        self._news.masks[0] = masks
        if start is not None:
            self._news.is_carried[0], self._news.start[0] = True, start
        with np.errstate(over="ignore"):
            start_news(self._news, self._parameters, *key, 0)
            code = extend_news(self._news, self._parameters, *key, 0, cell.settle_ns)
        assert code == NEWS_OK
        self.end = float(self._news.end[0])  # log-odds at the end of trading
        self.payoff = int(self._news.payoff[0])
        self.jumps: list[tuple[int, float]] = []
        time_ns = int(next_jump(self._news, 0, -1))
        while time_ns < cell.horizon_ns:
            self.jumps.append((time_ns, self.value_at(time_ns)))
            time_ns = int(next_jump(self._news, 0, len(self.jumps) - 1))

    def value_at(self, time_ns: int) -> float:
        """The fair value at a time."""
        return float(value_at(self._news, self._parameters, 0, np.int64(time_ns)))


def engine_block(
    cell: CellConfig, replicate: int, plain: bool = False, episode: int = 0,
    carried: Carried | None = None, design: Design = INDEPENDENT,
) -> Block:  # fmt: skip
    """Run one lane of the engine with its log, in as much room as it needs."""
    setup, growth = with_log(set_up_cell(cell)), 1
    while True:
        keys = rows(design, ROOT, np.array([replicate]), episode)
        block = build_block(setup, keys, growth, audit=False)
        if carried is not None:
            put(block.world, cell, carried)
        (run_plain if plain else advance_block)(block.mechanism, block.world, NEVER_NS)
        if block.world.progress.fault[0] != FAULT_CAPACITY or growth == LARGEST_GROWTH:
            return block
        growth *= 2


def engine_rows(world: World) -> list[Row]:
    """The log of a lane as rows of names and numbers; what a row does not have is None."""
    columns = rows_of(world.log, 0)
    count = len(columns["kind"])

    def plain(column: Any, number: int) -> Any:
        if number == MISSING:
            return None
        return number if column.names is None else column.names[number]

    lists = {c.name: [plain(c, n) for n in columns[c.name].tolist()] for c in COMPARED}
    return [{name: values[at] for name, values in lists.items()} for at in range(count)]


def engine_ends(world: World) -> Row:
    """What a lane ended with, after settlement."""
    balance, progress = world.ledger.balance[0].tolist(), world.progress
    traders = world.ledger.bought.shape[1]
    ends: Row = {
        "events": int(progress.events[0]),
        "messages": int(progress.messages[0]),
        "fills": int(progress.fills[0]),
    }
    for trader in range(traders):
        ends[f"cash of trader {trader}"] = balance[trader][CASH]
        ends[f"lots of trader {trader}"] = balance[trader][CONTRACT]
    for which, name in ACCOUNT_NAMES.items():
        if traders + which < len(balance):
            ends[f"cash of {name}"] = balance[traders + which][CASH]
    return ends


def twin_ends(world: TwinWorld) -> Row:
    """The same of the twin."""
    ends: Row = {"events": world.events, "messages": world.messages, "fills": world.fills}
    for number in range(max(len(world.traders), 1)):
        ends[f"cash of trader {number}"] = world.ledger.cash[number]
        ends[f"lots of trader {number}"] = world.ledger.lots[number]
    for which, name in ACCOUNT_NAMES.items():
        if world.cell.needs_rules or which in PLAIN_ACCOUNTS:
            ends[f"cash of {name}"] = world.ledger.cash[name]
    return ends


def assert_twins(cell: CellConfig, replicate: int, plain: bool = False) -> TwinWorld:
    """Run both, compare every row of their logs and what they end with; return the twin."""
    world = engine_block(cell, replicate, plain).world
    return assert_twin_of(world, cell, replicate)


def assert_twin_days(cell: CellConfig, replicate: int, plain: bool = False) -> list[TwinWorld]:
    """Run both over all episodes; each carries on with what it has itself made of the last."""
    carried, past, start, twins = None, Past(), None, []
    for episode in range(cell.episodes.count):
        world = engine_block(cell, replicate, plain, episode, carried).world
        news = EngineNews(cell, replicate, episode, start)
        twins.append(assert_twin_of(world, cell, replicate, episode, news, past))
        carried = take(world, cell) if cell.episodes.carries else None
        past = past_of(twins[-1])
        start = news.end if cell.episodes.continues else None
    return twins


def assert_twin_of(
    world: World, cell: CellConfig, replicate: int, episode: int = 0,
    news: EngineNews | None = None, past: Past | None = None, draws: Draws | None = None,
) -> TwinWorld:  # fmt: skip
    """Compare a lane of the engine with its twin."""
    fault, stopped = int(world.progress.fault[0]), ""
    if fault != FAULT_NONE:
        reason = LEDGER_CODES.get(fault, "capacity")
        stopped = f"the engine stopped: {reason} at event {world.progress.fault_event[0]}\n"
    news, draws = news or EngineNews(cell, replicate), draws or Draws(ROOT, replicate, episode)
    twin = reference.simulate(cell, draws, news, past=past)
    rows, names = engine_rows(world), [column.name for column in COMPARED]
    for at in range(max(len(rows), len(twin.rows))):
        left = rows[at] if at < len(rows) else None
        right = {n: twin.rows[at].get(n) for n in names} if at < len(twin.rows) else None
        if left != right:
            is_plain = not episode and not draws.mirrored
            said = stopped + (report(cell, replicate, news, at, left, right) if is_plain else "")
            pytest.fail(said or f"row {at} of episode {episode}\nengine: {left}\ntwin: {right}")
    assert not stopped, stopped
    assert engine_ends(world) == twin_ends(twin)
    return twin


def report(
    cell: CellConfig, replicate: int, news: EngineNews, at: int, left: Row | None,
    right: Row | None,
) -> str:  # fmt: skip
    """Say which row differs first and how, and what both look like after that event."""
    columns = [n for n in (left or right or {}) if not (left and right and left[n] == right[n])]
    event = min(row["event"] for row in (left, right) if row)
    states = {
        "engine": engine_state(cell, replicate, event),
        "twin": twin_state(cell, replicate, news, event),
    }
    lines = [f"row {at} of seed {replicate} differs in {', '.join(columns)}"]
    for name, row in (("engine", left), ("twin", right)):
        shown = {k: v for k, v in row.items() if v is not None} if row else "no such row"
        lines += [f"{name}: {shown}", *(f"    {line}" for line in states[name])]
    return "\n".join([*lines, cell.canonical()])


def twin_state(cell: CellConfig, replicate: int, news: EngineNews, event: int) -> list[str]:
    """What the twin looks like after an event."""
    draws = Draws(ROOT, replicate)
    return describe(reference.simulate(cell, draws, news, lambda world: world.events <= event))


class _SeenEnoughError(Exception):
    pass


def engine_state(cell: CellConfig, replicate: int, event: int) -> list[str]:
    """What the engine looks like after an event, run once more in plain Python."""
    setup = set_up_cell(cell)
    key = replicate_keys(ROOT, np.array([replicate]))
    block = build_block(setup, key, LARGEST_GROWTH, audit=True)

    def stop(mechanism: Any, world: World, lane: int) -> None:
        if world.progress.events[lane] > event:
            raise _SeenEnoughError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "audit_lane", stop)
        with suppress(_SeenEnoughError):
            run_plain(block.mechanism, block.world)
    return describe_engine(block.world)


def describe_engine(world: World) -> list[str]:
    """The lines of ``tests.reference.world.describe``, of a lane of the engine."""
    progress, orders, n_ticks = world.progress, world.market.orders, world.settings.n_ticks
    last = int(progress.last_price[0])
    last_text = None if last == NO_PRICE else last
    lines = [f"last price {last_text}, fills {progress.fills[0]}, messages {progress.messages[0]}"]
    resting = [
        slot for slot in range(orders.lots.shape[1])
        if orders.client_id[0, slot] and orders.previous[0, slot] != slot
    ]  # fmt: skip
    resting.sort(key=lambda s: (orders.side[0, s], -orders.rank[0, s], orders.arrival[0, s]))
    for slot in resting:
        side = int(orders.side[0, slot])
        lines.append(
            f"{('buy', 'sell')[side]} {orders.lots[0, slot]} at "
            f"{rank_of(int(orders.rank[0, slot]), side, n_ticks)}: order "
            f"{orders.client_id[0, slot]} of trader {orders.trader[0, slot]}, arrival "
            f"{orders.arrival[0, slot]}"
        )
    for trader in range(world.traders.kind.shape[0]):
        cash, lots = world.ledger.balance[0, trader].tolist()
        thinks = f", belief {float(world.policies.maker.belief[0, trader])!r}"
        is_maker = world.traders.role[trader] == 0
        lines.append(f"trader {trader}: {cash} nano, {lots} lots{thinks if is_maker else ''}")
    return lines
