"""One lane again from the messages in its log: the same venue and measures, without traders.

News are drawn again from the seed, clears and grid points follow from the configuration, and the
rows of traders (intents and messages) are fed in their order. The recorder writes down what comes
of it, and every row must be the one in the log. Runs in plain Python, to the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.market.book.codes import EVENT_CUT, EVENT_END, NO_ORDER
from proteus.market.environment.news import (
    NEWS_OK,
    extend_news,
    next_jump,
    start_news,
    value_at,
)
from proteus.market.events.envelopes import (
    MESSAGE_ACCEPT,
    MESSAGE_CANCEL,
    MESSAGE_DECLINE,
    MESSAGE_ORDER,
    MESSAGE_QUOTE,
    MESSAGE_REPLACE,
    take_envelope,
)
from proteus.market.events.log import MISSING, SOURCE_RULES, SOURCE_TRADER
from proteus.market.ledger.accounts import AFTER_LAST, LEDGER_CODES, TIMER_NOT_LATER, nano
from proteus.market.mechanisms.interface import NEVER, end_timer, next_clear, next_timer
from proteus.market.metrics.execution import count_intent
from proteus.market.metrics.risk import EQUITY_GRID_NS
from proteus.market.metrics.shocks import start_shock
from proteus.market.metrics.sums import MEASURE_EQUITY, MEASURE_MID, MEASURE_START, measure_grid
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.members import CellSetup
from proteus.market.trading import credit, hooks, protocol
from proteus.market.trading.booking import book
from proteus.market.trading.loop import audit_lane, finish_lane
from proteus.market.trading.recorder import record_end, record_intent, record_news
from proteus.market.trading.venue import clear_batch
from proteus.market.trading.world import FAULT_CAPACITY, FAULT_NONE, stop_lane
from proteus.recording.columns import (
    ACCEPT,
    CANCEL,
    COLUMNS,
    CREDIT_CALLED,
    CREDIT_OFFER,
    CREDIT_REQUEST,
    CUT,
    DECLINE,
    END,
    INTENT,
    NAMES,
    NEW_AT_VENUE,
    ORDER,
    QUOTE,
    REASON_SPAN,
    REPLACE,
    REQUEST,
    WAITS_FOR_BLOCK,
    Kind,
    is_kind,
    rows_of,
    written,
)
from proteus.replaying.surroundings import Surroundings, drop_reports
from proteus.replaying.written import (
    place_order,
    repeat_call,
    repeat_credit,
    repeat_cut,
    write_pair,
    write_replace,
)
from proteus.results.outcome import Rows

_LANE = 0
_CUT: Kind = (SOURCE_TRADER, EVENT_CUT)  # it comes of what a trader wants, as its own rows do
_SPARE_ROWS = 64  # so that a lane that makes more rows than its log has is noticed
_MESSAGES = {
    ORDER: MESSAGE_ORDER, REPLACE: MESSAGE_REPLACE, CANCEL: MESSAGE_CANCEL,
    REQUEST: MESSAGE_ORDER, QUOTE: MESSAGE_QUOTE, ACCEPT: MESSAGE_ACCEPT,
    DECLINE: MESSAGE_DECLINE,
}  # fmt: skip

# What happens by itself, in the order of ``clock`` at equal time, and before any message.
_NEWS, _RULES, _START, _EQUITY, _MID, _CLEAR, _TIMER = range(7)
_GRIDS = {_START: MEASURE_START, _EQUITY: MEASURE_EQUITY, _MID: MEASURE_MID}


class DifferenceError(Exception):
    """A row of the log that does not follow from those before it."""

    def __init__(self, row: int, reason: str) -> None:
        """Name the row, by its number in the lane, and say what differs."""
        super().__init__(reason)
        self.row = row


class CapacityError(Exception):
    """The lane needs more room than it was given."""


class Rerun:
    """One lane that is run again from its rows."""

    def __init__(
        self, setup: CellSetup, root: int, seed: int, rows: Rows, sound: int, growth: int,
        episode: int = 0,
    ) -> None:  # fmt: skip
        """Prepare the lane.

        Parameters
            setup, root, seed: the cell, and what the lane's keys come from.
            rows: of its log, every column int64 [n].
            sound: rows at the start that are known to be what was written; others are compared
                where they come of these, and never given to the kernels.
            growth: factor on every capacity. episode: whose random numbers the lane has.

        A log that says why the lane was stopped is run with every event audited.
        """
        self._rows, self._count, self._sound = rows, len(rows["kind"]), sound
        self._is_whole = sound == self._count
        ends = is_kind(rows, END)
        self._is_stopped = self._is_whole and bool((rows["reason"][ends] != MISSING).any())
        keys = replicate_keys(root, np.array([seed]), episode)
        sized = setup._replace(log_rows=self._count + _SPARE_ROWS)
        self.block: Block = build_block(sized, keys, growth, self._is_stopped)
        self.made: int = 0  # rows that have been made again, and are as in the log
        self.balance_at_end: NDArray[np.int64] | None = None  # [A + 2, 2] at T, before settlement
        self._known_ns = 0  # barrier up to which the engine knew the news by now
        self._jump = -1
        world = self.block.world
        start_news(world.news, world.news_parameters, keys[0, 0], keys[0, 1], _LANE)
        value = nano(value_at(world.news, world.news_parameters, _LANE, np.int64(0)))
        hooks.at_start(
            world.rules, world.ledger, world.log, world.queue, world.private, keys,
            world.sums.risk, _LANE, value,
        )  # fmt: skip
        self._surroundings = Surroundings(self.block)
        self._times = {
            _NEWS: next_jump(world.news, _LANE, -1),
            _RULES: self._surroundings.next_ns,
            _START: world.settings.warmup_ns,
            _EQUITY: EQUITY_GRID_NS,
            _MID: world.settings.warmup_ns,
            _CLEAR: next_clear(self.block.mechanism, world.market, _LANE, np.int64(0)),
            _TIMER: NEVER,
        }

    def run(self) -> None:
        """Run the lane as far as its rows are sound, and compare all that comes of them.

        Raises
            DifferenceError: the first row that does not follow from those before it.
            CapacityError: the lane needs more room.
        """
        self._compare()
        while self.made < self._sound:
            self._step()
        if self._is_whole and not is_kind(self._rows, END)[-1:].any():
            raise DifferenceError(self._count, "is missing: the last row must be of kind end")

    def _step(self) -> None:
        """Do what comes next, and compare the rows that it makes."""
        at, rows, world = self._driver(), self._rows, self.block.world
        kind = int(rows["source"][at]), int(rows["kind"][at])
        if kind == CUT:
            kind = _CUT
        time, what = min((time, what) for what, time in self._times.items())
        is_due = time < world.settings.horizon_ns
        if kind == END and self._is_stopped:
            is_due = False
        elif kind[0] == SOURCE_TRADER:
            is_due &= time <= rows["time_ns"][at]
        event = rows["event"][at]
        world.progress.events[_LANE] = rows["event"][-1] if event == AFTER_LAST else event
        if self._ends_first(at, kind, time):
            self._expire()
        elif is_due:
            self._happen(np.int64(time), what)
        elif kind[0] == SOURCE_TRADER:
            self._feed(at, kind)
        else:
            self._end(at)
        if self._is_stopped and kind != END:
            audit_lane(self.block.mechanism, world, _LANE)
        hooks.check(world.rules, world.progress, _LANE, world.progress.events[_LANE])
        self._compare()

    def _driver(self) -> int:
        """Return the row that is acted on next: postings that come of it may stand before it."""
        at, rows = self.made, self._rows
        while (
            at + 1 < self._count
            and rows["source"][at] == SOURCE_RULES
            and rows["kind"][at] != EVENT_CUT
            and rows["event"][at + 1] == rows["event"][at]
        ):
            at += 1
        return at

    def _ends_first(self, at: int, kind: Kind, time: np.int64) -> bool:
        """Tell whether something ends by itself at the venue before all else: after messages."""
        deadline = protocol.next_deadline(self.block.mechanism, _LANE)
        latest = min(time, self.block.world.settings.horizon_ns)
        if kind[0] == SOURCE_TRADER or self._is_stopped:
            latest = min(latest, self._rows["time_ns"][at] + (kind[0] != SOURCE_TRADER))
        return bool(deadline < latest)

    def _expire(self) -> None:
        mechanism, world = self.block
        time = protocol.next_deadline(mechanism, _LANE)
        self._learn_news(time)
        world.progress.now[_LANE] = time
        protocol.expire(mechanism, world, _LANE, time)
        self._deliver(time, np.int64(NO_ORDER), np.int64(0), in_clear=False)

    def _learn_news(self, time: np.int64) -> None:
        """Know the news as far as the engine did: its integrals are sums in that order."""
        world, settings = self.block.world, self.block.world.settings
        while self._known_ns <= time and self._known_ns < settings.horizon_ns:
            self._known_ns = min(self._known_ns + settings.barrier_ns, settings.horizon_ns)
            key, until = world.market.keys[_LANE], self._known_ns + settings.lookahead_ns
            code = extend_news(world.news, world.news_parameters, key[0], key[1], _LANE, until)
            if code != NEWS_OK:
                raise CapacityError

    def _happen(self, time: np.int64, what: int) -> None:
        """Let a jump, a grid point or a clear happen, and note when the next one will."""
        mechanism, world = self.block
        self._learn_news(time)
        world.progress.now[_LANE] = time
        if what == _NEWS:
            self._jump += 1
            start_shock(world.sums.shocks, world, _LANE, time)
            credit.at_jump(world.rules, world, _LANE, time)
            record_news(world.log, world, _LANE, time)
            self._times[what] = next_jump(world.news, _LANE, self._jump)
        elif what == _RULES:
            if self._surroundings.happen(time):
                self._set_timer(time)
                self._deliver(time, np.int64(NO_ORDER), np.int64(0), in_clear=False)
            self._times[what] = self._surroundings.next_ns
        elif what == _CLEAR:
            clear_batch(mechanism, world, _LANE, time)
            event, orders = world.progress.events[_LANE], world.market.orders
            hooks.after_clear(world.rules, world.ledger, world.log, orders, _LANE, time, event)
            self._times[what] = next_clear(mechanism, world.market, _LANE, time)
            self._deliver(time, np.int64(NO_ORDER), np.int64(0), in_clear=True)
        elif what == _TIMER:
            end_timer(mechanism, world.market, _LANE, time)
            self._set_timer(time)
            self._deliver(time, np.int64(NO_ORDER), np.int64(0), in_clear=False)
        else:
            event = world.progress.events[_LANE]
            hooks.at_sample(world.rules, world.ledger, world.log, _LANE, time, event)
            self._times[what] = measure_grid(world.sums, world, _LANE, time, _GRIDS[what])

    def _set_timer(self, time: np.int64) -> None:
        """Expect the next timer of a continuous venue; one that is not later stops the lane."""
        mechanism, world = self.block
        self._times[_TIMER] = next_timer(mechanism, world.market, _LANE)
        if self._times[_TIMER] <= time:
            stop_lane(world.progress, _LANE, TIMER_NOT_LATER, world.progress.events[_LANE])

    def _deliver(self, time: np.int64, slot: Any, answer_word: Any, *, in_clear: bool) -> None:
        mechanism, world = self.block
        book(mechanism, world, _LANE, time, slot, answer_word, in_clear)
        self._surroundings.take_entries()
        self._times[_RULES] = self._surroundings.next_ns
        drop_reports(world)

    def _feed(self, at: int, kind: Kind) -> None:
        """Repeat a decision, or let a message reach the venue."""
        row: dict[str, Any] = {name: values[at] for name, values in self._rows.items()}
        world, time = self.block.world, row["time_ns"]
        self._learn_news(time)
        world.progress.now[_LANE] = time
        if kind == WAITS_FOR_BLOCK:
            if self._surroundings.is_full:
                raise CapacityError
            self._surroundings.wait(row)
            return
        if kind == _CUT:
            repeat_cut(world, row)
            return
        if kind in (CREDIT_OFFER, CREDIT_REQUEST):
            repeat_credit(world, row, is_offer=kind == CREDIT_OFFER)
            return
        if kind == CREDIT_CALLED:
            if repeat_call(self.block, row):
                self._set_timer(time)
                self._deliver(time, np.int64(NO_ORDER), np.int64(0), in_clear=False)
            return
        slot, trader = row["slot"], row["trader"]
        if slot >= world.market.orders.lots.shape[1]:
            raise CapacityError
        if kind in (INTENT, *NEW_AT_VENUE) and world.market.orders.client_id[_LANE, slot] == 0:
            place_order(world, row)
            world.origins.is_quote[_LANE, slot] = kind != INTENT  # a taker's may be one too
        if kind in NEW_AT_VENUE:  # a request never rests, whatever its intent was
            world.market.orders.lifetime[_LANE, slot] = row["lifetime"]
        if kind == INTENT:
            role = world.traders.role[trader]
            count_intent(world.sums.execution, world.settings, _LANE, role, time)
            record_intent(world.log, world, _LANE, time, slot)
            return
        messages = world.messages
        envelope = take_envelope(messages, _LANE, _MESSAGES[kind], trader, slot, row["order_id"])
        messages.cause[_LANE, envelope] = row["cause"]
        if kind == REPLACE:
            write_replace(world, row, envelope)
        elif kind in (QUOTE, ACCEPT):
            write_pair(self.block, row, envelope, kind)
        hooks.at_door(
            world.rules, world.ledger, world.log, world.market.orders, _LANE, trader, envelope,
            messages.kind[_LANE, envelope], slot, row["order_id"], time,
            world.progress.events[_LANE],
        )  # fmt: skip
        slot, answer_word = protocol.receive(self.block.mechanism, world, _LANE, time, envelope)
        self._set_timer(time)
        self._deliver(time, slot, answer_word, in_clear=False)

    def _end(self, at: int) -> None:
        """End the lane, or stop it where the log says that its room was exhausted."""
        world, progress = self.block.world, self.block.world.progress
        if self._rows["reason"][at] == EVENT_END * REASON_SPAN + FAULT_CAPACITY:
            stop_lane(progress, _LANE, FAULT_CAPACITY, progress.events[_LANE])
        if self._is_stopped:
            progress.now[_LANE] = self._rows["time_ns"][at]
        if progress.fault[_LANE] == FAULT_NONE:
            self._learn_news(np.int64(world.settings.horizon_ns - 1))
            self.balance_at_end = world.ledger.balance[_LANE].copy()
            finish_lane(self.block.mechanism, world, _LANE)
        record_end(world.log, world, _LANE)

    def _compare(self) -> None:
        """Compare the rows that have been made with those of the log."""
        first = self.made
        made = rows_of(self.block.world.log, _LANE, first)
        count = len(made["kind"])
        end = min(first + count, self._count)
        wrong = {
            name: np.flatnonzero(made[name][: end - first] != self._rows[name][first:end])
            for name in NAMES
        }
        differing = [int(places[0]) for places in wrong.values() if len(places)]
        if differing:
            reason = _describe(made, self._rows, first, min(differing))
            raise DifferenceError(first + min(differing), reason)
        if first + count > self._count and self._is_whole:
            raise DifferenceError(self._count, "is missing")
        self.made = first + count
        fault = int(self.block.world.progress.fault[_LANE])
        ended = self.made >= self._count or is_kind(self._rows, END)[self.made]
        if fault != FAULT_NONE and not ended:
            if fault == FAULT_CAPACITY:
                raise CapacityError
            raise DifferenceError(self.made, f"the lane stops before it: {LEDGER_CODES[fault]}")


def _describe(made: Rows, logged: Rows, first: int, at: int) -> str:
    """Name the first wrong column of a row, and both values."""
    names = [name for name in NAMES if made[name][at] != logged[name][first + at]]
    column = next(column for column in COLUMNS if column.name == names[0])
    is_, must = (written(column, int(rows[names[0]][place])) for rows, place in (
        (logged, first + at), (made, at)
    ))  # fmt: skip
    return f"{names[0]} is {is_}, and must be {must}"
