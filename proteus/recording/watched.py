"""One recorded lane as series: fair value, published book, quotes of makers, fills, clears, orders.

Everything follows from the rows of the log, but for the fair value, which is drawn again from the
seed and must agree with the rows of the news. Prices are in ticks and times in ns, as in the log.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.configuration.reading import read_cell
from proteus.errors import ConfigError, ResultsError
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NAMES, ROLE_NAMES
from proteus.market.book.codes import BUY, SELL
from proteus.market.cell import CellConfig
from proteus.market.events.log import MISSING
from proteus.market.setup.cell import set_up_cell
from proteus.recording import naming
from proteus.recording.columns import (
    ACK,
    BOOK,
    CANCELLED,
    CLEAR,
    END,
    EXPIRED,
    FILL,
    NEW_AT_VENUE,
    NEWS,
    REPLACE,
    is_kind,
)
from proteus.recording.files import EventFile, Lane, read_file, start_of, stopped
from proteus.recording.tables import ContractMoves, contract_moves, owners, read_rows
from proteus.recording.traces import value_path
from proteus.results.outcome import Rows

MOST_VALUES = 20_000  # points of the fair value; a long lane gets a coarser grid
MAKER = CLASS_NAMES[CLASS_MAKER]
_ENDS = (CANCELLED, EXPIRED)

Series = NDArray[np.int64]


class OpenChanges(NamedTuple):
    """How the open lots of the orders change, one entry for each change."""

    row: Series  # [n] number of the row of the lane that causes it
    side: Series  # [n] BUY or SELL
    price: Series  # [n] ticks
    trader: Series  # [n]
    lots: Series  # [n] signed


class Quotes(NamedTuple):
    """The best open orders of makers after each change; MISSING where there is none."""

    time: Series  # [n] ns
    bid: Series  # [n] ticks
    ask: Series  # [n] ticks


class WatchedLane(NamedTuple):
    """One lane: its rows and what follows from them."""

    name: str  # as cell:1/seed:3
    label: dict[str, object]  # coordinates of the cell
    cell: CellConfig
    traders: list[str]
    classes: list[str]  # of each trader
    end_ns: int  # T, or when the lane was stopped
    stopped: str  # why the lane was stopped; empty where it was not
    rows: Rows
    value_times: Series  # [n] ns
    values: NDArray[np.float64]  # [n] currency
    moves: ContractMoves  # contracts that change hands
    inventory: Series  # [move, trader] lots after each move
    fill_traders: Series  # [fill, 2] owners of the earlier and the later order
    changes: OpenChanges
    quotes: Quotes


def read_lane(folder: str, words: str) -> WatchedLane:
    """Read one recorded lane.

    Parameters
        folder: the output folder of a sweep, or its ``events.parquet``. words: name the lane, as
            ``seed:3`` or ``cell:1/seed:3``.

    Raises
        ResultsError: no log, or one that cannot be read or belongs to other news.
        ConfigError: the words do not name one recorded lane.
    """
    file = read_file(folder)
    lane = naming.find(file, words)
    rows = read_rows(file.table.slice(start_of(file, lane), lane.rows))
    about = file.cells[lane.cell]
    try:
        setup = set_up_cell(read_cell(about.config))
    except (ConfigError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{file.path} has a configuration that is refused: {reason}") from None
    cell = setup.cell
    classes = [ROLE_NAMES[role] for role in setup.traders.role]
    times, values = _fair_value(file, lane, cell, rows)
    sides, moves = _fill_traders(rows), contract_moves(rows)
    changes = open_changes(rows)
    return WatchedLane(
        name=naming.name(lane),
        label=naming.label_of(about),
        cell=cell,
        traders=about.traders,
        classes=classes,
        end_ns=int(rows["time_ns"][-1]),
        stopped=stopped(file, lane),
        rows=rows,
        value_times=times,
        values=values,
        moves=moves,
        inventory=moves.held(len(classes)),
        fill_traders=sides,
        changes=changes,
        quotes=best_of_makers(rows, changes, classes),
    )


def _fair_value(
    file: EventFile, lane: Lane, cell: CellConfig, rows: Rows
) -> tuple[Series, NDArray[np.float64]]:
    """Draw v again: at its grid, at every jump, and at the end.

    Raises
        ResultsError: a row of the news, or of the end, says otherwise.
    """
    news, end = is_kind(rows, NEWS), is_kind(rows, END)
    last = int(rows["time_ns"][-1])
    step = units.milliseconds_to_ns(cell.latent.dt)
    step *= max(1, -(-last // (step * MOST_VALUES)))
    known = (news | end) & (rows["value_nano"] != MISSING)
    noted = rows["time_ns"][known]
    times = np.unique(np.concatenate([np.arange(0, last + 1, step), noted, [last]]))
    values = value_path(cell, file.root, lane.seed, file.episode, times)
    ours = values[np.searchsorted(times, noted)]
    wrong = np.abs(ours * units.NANO - rows["value_nano"][known]) > 1
    if wrong.any():
        at = int(noted[np.flatnonzero(wrong)[0]])
        raise ResultsError(
            f"{file.path}, {naming.name(lane)}: the news drawn again differ from the log at "
            f"{at / units.NS_PER_S:g} s; another version of the code wrote it"
        )
    return times, values


def _fill_traders(rows: Rows) -> Series:
    """Return the owners of both orders of each fill, int64 [fill, 2]."""
    fills, owner = is_kind(rows, FILL), owners(rows)
    return np.stack([owner[rows["order_id"][fills]], owner[rows["other_id"][fills]]], axis=1)


class _Open(NamedTuple):
    side: int
    price: int
    trader: int
    lots: int


def open_changes(rows: Rows) -> OpenChanges:
    """Follow the open orders of a lane through its rows.

    An order opens with the ``ack`` of the venue; the ``ack`` of a replace closes the old version,
    whose open lots it names; fills and ``cancel`` rows of the venue take lots off. Requests and
    quotes are orders that end with ``rfq_expire``.
    """
    kinds = {kind: is_kind(rows, kind) for kind in (*NEW_AT_VENUE, REPLACE, ACK, FILL, *_ENDS)}
    columns = ("order_id", "other_id", "side", "price_ticks", "trader", "lots")
    old, new, sides, prices, traders, sizes = (rows[name].tolist() for name in columns)
    waiting: dict[int, tuple[_Open, int]] = {}  # version -> what it will be, and what it replaces
    opened: dict[int, _Open] = {}
    found: list[tuple[int, ...]] = []

    def change(row: int, order: int, lots: int) -> None:
        if order in opened:
            one = opened[order]
            opened[order] = one._replace(lots=one.lots + lots)
            found.append((row, one.side, one.price, one.trader, lots))

    for row in np.flatnonzero(np.any([*kinds.values()], axis=0)).tolist():
        order, lots = old[row], sizes[row]
        if any(kinds[kind][row] for kind in NEW_AT_VENUE):
            waiting[order] = _Open(sides[row], prices[row], traders[row], lots), MISSING
        elif kinds[REPLACE][row]:
            waiting[new[row]] = _Open(sides[row], prices[row], traders[row], lots), order
        elif kinds[ACK][row] and order in waiting:
            one, replaced = waiting.pop(order)
            change(row, replaced, -lots)
            opened[order] = one._replace(lots=0)
            change(row, order, one.lots)
        elif kinds[FILL][row]:
            change(row, order, -lots)
            change(row, new[row], -lots)
        elif any(kinds[kind][row] for kind in _ENDS):
            change(row, order, -lots)
    return OpenChanges(*np.array(found, np.int64).reshape(-1, 5).T)


def best_of_makers(rows: Rows, changes: OpenChanges, classes: list[str]) -> Quotes:
    """Return the best bid and ask of the makers' open orders, whenever one changes."""
    levels: tuple[dict[int, int], dict[int, int]] = ({}, {})
    found: list[tuple[int, int, int]] = []
    for row, side, price, trader, lots in zip(*(part.tolist() for part in changes), strict=True):
        if classes[trader] != MAKER:
            continue
        ladder = levels[side]
        ladder[price] = ladder.get(price, 0) + lots
        if ladder[price] == 0:
            del ladder[price]
        best = max(levels[BUY], default=MISSING), min(levels[SELL], default=MISSING)
        time = int(rows["time_ns"][row])
        if found and found[-1][0] == time:
            found.pop()
        if not found or found[-1][1:] != best:
            found.append((time, *best))
    return Quotes(*np.array(found, np.int64).reshape(-1, 3).T)


def books(lane: WatchedLane) -> dict[str, Series]:
    """Return the published books: time_ns, bid_ticks, ask_ticks, bid_lots, ask_lots, last."""
    shown = is_kind(lane.rows, BOOK)
    names = ("time_ns", "bid_ticks", "ask_ticks", "bid_lots", "ask_lots", "price_ticks")
    return {name: lane.rows[name][shown] for name in names}


def clears(lane: WatchedLane) -> dict[str, Series]:
    """Return the batches: time_ns, price_ticks, lots, surplus_lots, low_ticks, high_ticks, side."""
    shown = is_kind(lane.rows, CLEAR)
    names = (
        "time_ns", "price_ticks", "lots", "surplus_lots", "low_ticks", "high_ticks", "side",
    )  # fmt: skip
    return {name: lane.rows[name][shown] for name in names}


def fills(lane: WatchedLane) -> dict[str, Series]:
    """Return the fills: time_ns, price_ticks, lots, and side, first, second.

    ``side`` is of the order that arrived earlier, under ``dual_flow`` of the maker's; ``first`` is
    its owner, ``second`` that of the other.
    """
    shown = is_kind(lane.rows, FILL)
    names = ("time_ns", "price_ticks", "lots", "side")
    taken = {name: lane.rows[name][shown] for name in names}
    return {**taken, "first": lane.fill_traders[:, 0], "second": lane.fill_traders[:, 1]}
