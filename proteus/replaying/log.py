"""``proteus.replay_log``: rebuild lanes from their event log, and check every row on the way."""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from proteus.compiler import jit
from proteus.configuration.reading import read_cell
from proteus.errors import ConfigError, ResultsError
from proteus.market.book.book import keeps_roles_apart, next_occupied, rank_of
from proteus.market.book.codes import BUY, NO_ORDER, NO_RANK, SELL
from proteus.market.events.log import MISSING
from proteus.market.ledger.accounts import ACCOUNT_NAMES, CASH, CONTRACT
from proteus.market.mechanisms.dual_flow import AUCTION_NAMES
from proteus.market.setup.capacities import LARGEST_GROWTH
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.members import CellSetup
from proteus.market.trading.world import World
from proteus.market.variables import Values, measure
from proteus.market.variables.dimensions import optional_of
from proteus.recording import FILLS, LEDGER
from proteus.recording.checksums import checksums
from proteus.recording.columns import CLEAR, REASONS, is_kind
from proteus.recording.files import EventFile, Lane, read_file
from proteus.recording.ledger import LEDGER_FIELDS, Accounts, ledger_table
from proteus.recording.tables import CELL, CHECKSUM, FILL_FIELDS, SEED, fills_table, read_rows
from proteus.replaying.rerun import CapacityError, DifferenceError, Rerun
from proteus.results.outcome import Rows


@dataclass(frozen=True)
class ReplayedLane:
    """One lane as its log rebuilds it.

    cell, seed: the lane; ``label`` are the coordinates of the cell in the dataset.
    violation: why the lane was stopped, or None. metrics: variable to float64 [*dims], equal to the
    bit to those of the run, with the groups and traders of its cell; NaN where it was stopped.
    book: order_id, trader, side, price_ticks, lots of what rested at the end, best first.
    balances: per trader cash_nano and lots at T, and settled_nano at X; the latter is <NA> where
    the lane was stopped. clears: time_ns, price_ticks, volume, surplus, low, high; under dual_flow
    a row for each auction, and auction (bid, ask). fills: the rows of ``fills.parquet``.
    """

    cell: int
    seed: int
    label: dict[str, Any]
    violation: str | None
    metrics: dict[str, Values]
    book: pd.DataFrame
    balances: pd.DataFrame
    clears: pd.DataFrame
    fills: pd.DataFrame


def replay_log(path: str | os.PathLike[str]) -> list[ReplayedLane]:
    """Rebuild every lane of an event log from its messages, and check every row.

    Parameters
        path: the output folder of a sweep, or its ``events.parquet``; ``fills.parquet`` and
            ``ledger.parquet`` beside it are checked too.

    Returns
        One ReplayedLane per lane, in the order of the file. About a second per 5,000 rows.

    Raises
        ResultsError: the file cannot be read (see :func:`proteus.load_events`), or a row was
            altered, removed, inserted or moved; it names file, cell, seed, row and what differs.
    """
    file = read_file(path)
    starts = np.cumsum([0, *(lane.rows for lane in file.lanes)])
    parts = [
        (lane, file.table.slice(int(start), lane.rows))
        for lane, start in zip(file.lanes, starts, strict=False)
    ]
    for lane, part in parts:  # first, because it is quick
        rows = read_rows(part)
        sound = _sound_rows(file, lane, part, rows)
        if sound < lane.rows:
            raise _refusal(file, lane, _first_difference(file, lane, rows, sound))
    if starts[-1] != file.table.num_rows:
        raise ResultsError(f"{file.path} holds rows of no lane from row {starts[-1]} on")
    replayed = []
    for lane, part in parts:
        rows = read_rows(part)
        try:
            rerun = _rerun(file, lane, rows, lane.rows)
        except DifferenceError as difference:
            raise _refusal(file, lane, difference) from None
        replayed.append(_result(file, lane, rerun, rows))
    _check_derived(file, parts)
    return replayed


def _check_derived(file: EventFile, parts: list[tuple[Lane, pa.Table]]) -> None:
    """Refuse fills and entries that are not those of the event log they lie beside."""
    lanes = [(lane, read_rows(part)) for lane, part in parts]
    fills, ledger = pa.schema(FILL_FIELDS), pa.schema(LEDGER_FIELDS)
    _check_table(file, FILLS, [
        fills.empty_table(),
        *(fills_table(fills, lane.cell, lane.seed, rows) for lane, rows in lanes),
    ])  # fmt: skip
    _check_table(file, LEDGER, [
        ledger.empty_table(),
        *(
            ledger_table(ledger, lane.cell, lane.seed, rows, _accounts(file, lane))
            for lane, rows in lanes
        ),
    ])  # fmt: skip


def _accounts(file: EventFile, lane: Lane) -> Accounts:
    setup, _ = _set_up(file.path, json.dumps(file.cells[lane.cell].config))
    policies = setup.cell.incentives.versions
    return Accounts(file.cells[lane.cell].traders, setup.cell.tick_nano, policies)


def _check_table(file: EventFile, name: str, parts: list[pa.Table]) -> None:
    """Refuse a table beside the event log that is not what follows from it."""
    path = file.path.with_name(name)
    if not path.is_file():
        return
    found, right = read_file(path, name).table, pa.concat_tables(parts, unify_dictionaries=True)
    shared = min(found.num_rows, right.num_rows)
    wrong = [
        (int(places[0]), number)
        for number, column in enumerate(right.schema.names)
        if len(places := _differing(found.column(column)[:shared], right.column(column)[:shared]))
    ]
    if wrong:
        row, number = min(wrong)
        found_, right_ = (_shown(table.column(number)[row].as_py()) for table in (found, right))
        what = f"{right.schema.names[number]} is {found_}, and must be {right_}"
        raise ResultsError(f"{path}, row {row}: {what} by the event log")
    if found.num_rows != right.num_rows:
        counts = f"{found.num_rows} {path.stem} rows, and the event log has {right.num_rows}"
        raise ResultsError(f"{path}, row {shared}: it has {counts}")


def _differing(left: pa.ChunkedArray, right: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return the rows in which two columns differ; texts may be kept in different ways."""
    texts = pa.types.is_dictionary(right.type)
    ours, theirs = (side.cast(pa.string()) if texts else side for side in (left, right))
    same = pc.fill_null(pc.equal(ours, theirs), False)
    both = pc.and_(pc.is_null(ours), pc.is_null(theirs))
    return np.flatnonzero(~pc.or_(same, both).to_numpy())


def _shown(value: int | str | None) -> str:
    return "missing" if value is None else str(value)


def _sound_rows(file: EventFile, lane: Lane, part: pa.Table, rows: Rows) -> int:
    """Count the rows before the first one that is not what was written."""
    right = checksums(rows, file.sealed, lane.cell, lane.seed)
    is_wrong = part.column(CHECKSUM).fill_null(0).to_numpy() != right
    for name, number in ((CELL, lane.cell), (SEED, lane.seed)):
        is_wrong |= part.column(name).fill_null(MISSING).to_numpy() != number
    places = np.flatnonzero(is_wrong)
    return int(places[0]) if len(places) else len(is_wrong)


def _first_difference(file: EventFile, lane: Lane, rows: Rows, sound: int) -> DifferenceError:
    """Say what is wrong with the first row that is not sound, from those before it if they can."""
    try:
        _rerun(file, lane, rows, sound)
    except DifferenceError as difference:
        return difference
    if sound == len(rows["kind"]):
        return DifferenceError(sound, "is missing")
    reason = "was altered, or is not in its place: its checksum is wrong"
    about = "" if sound else "; or what the file says about the run was altered"
    return DifferenceError(sound, reason + about)


@functools.lru_cache(maxsize=8)
def _set_up(path: Path, config: str) -> tuple[CellSetup, tuple[str, ...]]:
    """Set up a cell; gives the optional dims that are measured in it, too."""
    try:
        cell = read_cell(json.loads(config))
        return set_up_cell(cell), optional_of(cell)
    except (ConfigError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{path} has a configuration that is refused: {reason}") from None


def _rerun(file: EventFile, lane: Lane, rows: Rows, sound: int) -> Rerun:
    """Run a lane again, as far as its rows are sound, with as much room as it needs."""
    setup, _ = _set_up(file.path, json.dumps(file.cells[lane.cell].config))
    growth = 1
    while True:
        try:
            with np.errstate(over="ignore"):  # the words of Philox wrap around
                rerun = Rerun(setup, file.root, lane.seed, rows, sound, growth, file.episode)
                rerun.run()
            return rerun
        except CapacityError:
            growth *= 2
            if growth > LARGEST_GROWTH:
                reason = "needs more room than any lane may have"
                raise DifferenceError(rerun.made, reason) from None


def _refusal(file: EventFile, lane: Lane, difference: DifferenceError) -> ResultsError:
    where = f"{file.path}, cell {lane.cell}, seed {lane.seed}, row {difference.row}"
    ours, theirs = jit.kernel_hash(), file.kernel_hash
    note = "" if ours == theirs else f"; kernel_hash={theirs} recorded it, and this is {ours}"
    return ResultsError(f"{where}: {difference}{note}")


def _result(file: EventFile, lane: Lane, rerun: Rerun, rows: Rows) -> ReplayedLane:
    world = rerun.block.world
    reason = int(rows["reason"][-1])
    violation = None if reason == MISSING else REASONS[reason]
    _, dims = _set_up(file.path, json.dumps(file.cells[lane.cell].config))
    metrics = {name: column[0] for name, column in measure(world, dims).items()}
    if violation:
        metrics = {name: np.full_like(value, np.nan) for name, value in metrics.items()}
    names = file.cells[lane.cell].traders
    schema = pa.schema(FILL_FIELDS)
    return ReplayedLane(
        cell=lane.cell,
        seed=lane.seed,
        label=file.cells[lane.cell].label,
        violation=violation,
        metrics=metrics,
        book=_book(world),
        balances=_balances(rerun, names, violation is not None),
        clears=_clears(rows, world),
        fills=fills_table(schema, lane.cell, lane.seed, rows).to_pandas(),
    )


def _ladders(world: World) -> list[tuple[int, int, str]]:
    """List the ladders of the book with their sides, bids first, those of makers before others."""
    firsts = range(0, world.market.book.best.shape[1], 2)
    return [
        (first + side, side, name)
        for side, name in ((BUY, "buy"), (SELL, "sell"))
        for first in firsts
    ]


def _book(world: World) -> pd.DataFrame:
    """List what rests, in priority order, bids first."""
    orders, book, found = world.market.orders, world.market.book, []
    for ladder, side, name in _ladders(world):
        rank = book.best[0, ladder]
        while rank != NO_RANK:
            slot = book.head[0, ladder, rank]
            while slot != NO_ORDER:
                price = rank_of(rank, side, world.settings.n_ticks)
                about = orders.client_id[0, slot], orders.trader[0, slot], name, price
                found.append((*about, orders.lots[0, slot]))
                slot = orders.next[0, slot]
            rank = next_occupied(book, 0, ladder, rank)
    return pd.DataFrame(found, columns=["order_id", "trader", "side", "price_ticks", "lots"])


def _balances(rerun: Rerun, names: list[str], is_stopped: bool) -> pd.DataFrame:
    """List what each trader, the venue and the issuer hold."""
    balance = rerun.block.world.ledger.balance[0]
    accounts = [*names, *ACCOUNT_NAMES.values()][: len(balance)]
    before = balance if rerun.balance_at_end is None else rerun.balance_at_end
    settled = pd.array([pd.NA if is_stopped else int(cash) for cash in balance[:, CASH]], "Int64")
    columns = {"cash_nano": before[:, CASH], "lots": before[:, CONTRACT], "settled_nano": settled}
    return pd.DataFrame(columns, index=pd.Index(accounts, name="account"))


def _clears(rows: Rows, world: World) -> pd.DataFrame:
    columns = {
        "time_ns": "time_ns", "price_ticks": "price_ticks", "volume": "lots",
        "surplus": "surplus_lots", "low": "low_ticks", "high": "high_ticks",
    }  # fmt: skip
    clears = is_kind(rows, CLEAR)
    table = pd.DataFrame({
        name: pd.array([pd.NA if n == MISSING else int(n) for n in rows[column][clears]], "Int64")
        for name, column in columns.items()
    })  # fmt: skip
    if keeps_roles_apart(world.market.book):
        table["auction"] = [AUCTION_NAMES[int(side)] for side in rows["side"][clears]]
    return table
