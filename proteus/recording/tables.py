"""Rows as Parquet tables: ``events.parquet`` and ``fills.parquet``.

Both carry the schema version, the hashes and seeds of the run, and the configuration of its cells.
A row group holds one lane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from proteus.market.book.codes import BUY
from proteus.market.events.log import MISSING
from proteus.market.ledger.accounts import CONTRACT
from proteus.recording.charges import CHARGE_COLUMNS, Sides, charges_of
from proteus.recording.columns import (
    COLUMNS,
    FILL,
    NEW_AT_VENUE,
    POSTING,
    REPLACE,
    Column,
    is_kind,
)
from proteus.results.outcome import Rows

CELL, SEED, CHECKSUM = "cell", "seed", "checksum"
UNKNOWN = MISSING + 1  # a text that names nothing


def _field(column: Column) -> pa.Field:
    kind = pa.int64() if column.names is None else pa.dictionary(pa.int8(), pa.string())
    return pa.field(column.name, kind, metadata={"units": column.unit} if column.unit else None)


EVENT_FIELDS = (
    pa.field(CELL, pa.int64()),
    pa.field(SEED, pa.int64()),
    *(_field(column) for column in COLUMNS),
    pa.field(CHECKSUM, pa.uint64()),
)
_FILL_COLUMNS = {
    "event": "", "time_ns": "ns", "buy_order_id": "", "sell_order_id": "", "maker_order_id": "",
    "taker_order_id": "", "buyer": "", "seller": "", "price_ticks": "ticks", "quantity": "lots",
    **dict.fromkeys(CHARGE_COLUMNS, "nano-currency"),
}  # fmt: skip
FILL_FIELDS = (
    pa.field(CELL, pa.int64()),
    pa.field(SEED, pa.int64()),
    *(
        pa.field(name, pa.int64(), metadata={"units": unit} if unit else None)
        for name, unit in _FILL_COLUMNS.items()
    ),
)


def events_table(
    schema: pa.Schema, cell: int, seed: int, rows: Rows, checksum: NDArray[np.uint64]
) -> pa.Table:
    """Return the rows of one lane as they are written.

    Parameters
        cell, seed: numbers of the lane. rows: int64 [N] by column. checksum: uint64 [N], by row.
    """
    arrays = [_repeated(cell, rows), _repeated(seed, rows)]
    arrays += [_written(column, rows[column.name]) for column in COLUMNS]
    return pa.table([*arrays, pa.array(checksum)], schema=schema)


def _repeated(number: int, rows: Rows) -> pa.Array:
    return pa.array(np.full(len(rows["kind"]), number, np.int64))


def _written(column: Column, values: NDArray[np.int64]) -> pa.Array:
    absent = values == MISSING
    if column.names is None:
        return pa.array(values, mask=absent)
    codes = np.array([*column.names], np.int64)
    order = np.argsort(codes)
    places = order[np.searchsorted(codes, np.where(absent, codes[order[0]], values), sorter=order)]
    indices = pa.array(places.astype(np.int8), mask=absent)
    return pa.DictionaryArray.from_arrays(indices, pa.array([*column.names.values()]))


def read_rows(table: pa.Table) -> Rows:
    """Return the columns of a table as numbers, the inverse of :func:`events_table`.

    A name that is not known becomes ``UNKNOWN``, which no row has.
    """
    return {column.name: _numbers(column, table.column(column.name)) for column in COLUMNS}


def _numbers(column: Column, written: pa.ChunkedArray) -> NDArray[np.int64]:
    if column.names is not None:
        codes = pa.array([*column.names], pa.int64())
        names = pa.array([*column.names.values()])
        texts = written.cast(pa.string())
        places = pa.compute.index_in(texts, names)
        is_unknown = pa.compute.and_(texts.is_valid(), places.is_null())
        written = codes.take(places.combine_chunks())
        written = pa.compute.if_else(is_unknown.combine_chunks(), UNKNOWN, written)
    numbers: NDArray[np.int64] = written.fill_null(MISSING).to_numpy()
    return numbers


def fills_table(schema: pa.Schema, cell: int, seed: int, rows: Rows) -> pa.Table:
    """Return the fills among the rows of one lane, with both owners and what they were charged."""
    fills = {name: values[is_kind(rows, FILL)] for name, values in rows.items()}
    earlier, later = fills["order_id"], fills["other_id"]
    owner = owners(rows)
    earlier_buys = fills["side"] == BUY
    buy, sell = np.where(earlier_buys, earlier, later), np.where(earlier_buys, later, earlier)
    columns = {
        "event": fills["event"], "time_ns": fills["time_ns"], "buy_order_id": buy,
        "sell_order_id": sell, "maker_order_id": earlier, "taker_order_id": later,
        "buyer": owner[buy], "seller": owner[sell], "price_ticks": fills["price_ticks"],
        "quantity": fills["lots"],
        **charges_of(rows, Sides(fills["event"], (buy, sell), fills["lots"])),
    }  # fmt: skip
    arrays = [pa.array(columns[name]) for name in _FILL_COLUMNS]
    return pa.table([_repeated(cell, fills), _repeated(seed, fills), *arrays], schema=schema)


def owners(rows: Rows) -> NDArray[np.int64]:
    """Return the trader of every order version by its number, int64 [largest number + 1]."""
    made = np.logical_or.reduce([is_kind(rows, kind) for kind in NEW_AT_VENUE])
    new = is_kind(rows, REPLACE)
    numbers = np.concatenate([rows["order_id"][made], rows["other_id"][new]])
    table = np.full(int(numbers.max(initial=0)) + 1, MISSING, np.int64)
    table[numbers] = np.concatenate([rows["trader"][made], rows["trader"][new]])
    return table


class ContractMoves(NamedTuple):
    """Contracts that change hands, in the order of the rows: fills, and postings of rules."""

    time_ns: NDArray[np.int64]  # [n]
    receiver: NDArray[np.int64]  # [n] account
    giver: NDArray[np.int64]  # [n] account
    lots: NDArray[np.int64]  # [n]

    def held(self, traders: int) -> NDArray[np.int64]:
        """Return the lots of each trader after each move, int64 [n, traders]."""
        moved = np.zeros((len(self.lots), traders), np.int64)
        for account, lots in ((self.receiver, self.lots), (self.giver, -self.lots)):
            places = np.flatnonzero(account < traders)
            np.add.at(moved, (places, account[places]), lots[places])
        return moved.cumsum(axis=0)


def contract_moves(rows: Rows) -> ContractMoves:
    """Return all moves of contracts among the rows of one lane, redemption excepted."""
    is_fill = is_kind(rows, FILL)
    is_move = is_fill | (is_kind(rows, POSTING) & (rows["asset"] == CONTRACT))
    receiver, giver = rows["receiver"].copy(), rows["giver"].copy()
    lots = np.where(is_fill, rows["lots"], rows["amount"])
    owner, buys = owners(rows), rows["side"][is_fill] == BUY
    sides = owner[rows["order_id"][is_fill]], owner[rows["other_id"][is_fill]]
    receiver[is_fill] = np.where(buys, *sides)
    giver[is_fill] = np.where(buys, *reversed(sides))
    moves = (column[is_move] for column in (rows["time_ns"], receiver, giver, lots))
    return ContractMoves(*moves)
