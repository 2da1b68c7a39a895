"""LOBSTER: a message file, and the order-book file beside it.

A message is ``time, type, order id, size, price, direction`` without a head: seconds after
midnight, price in 1/10,000 of a dollar, direction that of the RESTING order (1 buys, -1 sells).
The order-book file has one row for each message, the book after it: ask price, ask size, bid
price, bid size for each level.

The book is not empty before the first message. Where the order-book file is there, its first row
less the first message is the beginning: a level becomes one order of ours, which is what later
messages mean by orders that the file does not begin.

Source
    LOBSTER, Output (lobsterdata.com, Data Structure); Huang & Polak (2011), LOBSTER: Limit Order
    Book Reconstruction System.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from proteus.errors import ConfigError, MessageError
from proteus.market.book.codes import BUY, SELL
from proteus.readers import sources
from proteus.readers.digits import read_lines
from proteus.readers.events import check, chosen, events, wrong
from proteus.readers.following import (
    ADD,
    CROSS,
    DELETE,
    EXECUTE,
    LEAST_ID,
    NO_ID,
    NO_LOTS,
    NO_PRICE,
    NO_SIDE,
    REDUCE,
    STATUS,
    TRADE,
    Events,
)
from proteus.readers.reading import Format, Reading

UNIT = 100_000  # nano-currency in 1/10,000 of a dollar
_NAMES = ["time", "type", "order", "size", "price", "direction"]
_KINDS = np.array([STATUS, ADD, REDUCE, DELETE, EXECUTE, TRADE, CROSS, STATUS], np.int8)
_HALT = 7
_SHORTEST = 12  # bytes of a line
_MOST = np.iinfo(np.int64).max // UNIT  # the largest price that fits 64 signed bits
_NO_LEVEL = 9_999_999_999  # the price of a level that there is not, with either sign
_FIRST = LEAST_ID  # ids of the levels of the beginning, counted up
_WHOLE = re.compile(r"-?\d+")
_SECONDS = re.compile(r"\+?\d+(\.\d*)?([eE][+-]?\d+)?")
_NAME = re.compile(r"^(.+)_message_(\d+)\.csv$")


def fits(path: Path, first: bytes) -> bool:
    """Tell whether a file has the name of a message file."""
    return _NAME.match(sources.plain_name(path)) is not None


def read(path: Path, reading: Reading) -> Iterator[Events]:
    """Give the messages of a file.

    Raises
        ConfigError: a symbol, of which files have none. MessageError: a message that cannot be.
    """
    if reading.symbol is not None:
        raise ConfigError(f"symbol={reading.symbol} is not allowed: such a file has no symbols")
    beginning = None
    record = 0
    for columns in _messages(path):
        piece = _piece(columns, record)
        record += len(piece.kind)
        if beginning is None:
            beginning = _beginning(path, piece)
            if len(beginning.kind):
                yield beginning
        for begin in range(0, len(piece.kind), reading.piece):
            part = chosen(piece, slice(begin, begin + reading.piece))
            yield _meant(part, beginning)


def _messages(path: Path) -> Iterator[list[NDArray[Any]]]:
    """Give the columns of a file, the time in seconds or, where it is whole, in ns.

    Lines as LOBSTER writes them are read here. From the first that is written in another way, a
    number in quotes or one that is none, the rest is for Arrow to read or to refuse.
    """
    given, left = 0, b""
    for block in itertools.chain(sources.blocks(path), [b""]):
        text = left + (block or b"\n")
        numbers = np.empty((len(_NAMES), len(text) // _SHORTEST + 1), np.int64)
        count, end = read_lines(np.frombuffer(text, np.uint8), numbers)
        given, left = given + count, text[end:]
        if count:
            yield [*numbers[:, :count]]
        if b"\n" in left and left != b"\n":
            break
    else:
        return
    yield from _others(path, given)


def _others(path: Path, given: int) -> Iterator[list[NDArray[Any]]]:
    """Give the rows of a file after so many, as Arrow reads them."""
    first = 0
    try:
        for table in sources.tables(path, _NAMES, dict.fromkeys(_NAMES, pa.string())):
            rows = table.slice(max(given - first, 0))
            first += table.num_rows
            if rows.num_rows:
                record = np.arange(first - rows.num_rows, first)
                yield sources.numbers(_numbers(path, rows), record)
    except MessageError:
        _check_lines(path, given)  # Arrow does not say which record it is
        raise


def _numbers(path: Path, rows: pa.RecordBatch) -> pa.RecordBatch:
    """Return texts as decimal numbers: to Arrow alone 0x10 is 16.

    Raises
        MessageError: one is none.
    """
    columns = []
    for name, text in zip(_NAMES, rows.columns, strict=True):
        pattern, kind = (_SECONDS, pa.float64()) if name == "time" else (_WHOLE, pa.int64())
        plain = pc.utf8_trim_whitespace(text)
        try:
            if pc.all(pc.match_substring_regex(plain, f"^({pattern.pattern})$")).as_py() is False:
                raise pa.ArrowInvalid(f"{name} is no number")
            columns.append(plain.cast(kind))
        except pa.ArrowInvalid as error:
            raise MessageError(f"file={path} cannot be read: {error}") from None
    return pa.RecordBatch.from_arrays(columns, names=_NAMES)


def _check_lines(path: Path, given: int) -> None:
    """Refuse the first line after so many that is no message.

    Raises
        MessageError: its record, what stands there and what must.
    """
    for record, (_, line) in enumerate(sources.lines(path)):
        words = line.decode("utf-8", "replace").split(",")
        if record < given:
            continue
        if len(words) != len(_NAMES):
            raise wrong("columns", len(words), record, f"a message has {len(_NAMES)}")
        for name, word in zip(_NAMES, words, strict=True):
            text, kind = word.strip(' "\r'), _SECONDS if name == "time" else _WHOLE
            if text and not (kind.fullmatch(text) and abs(float(text)) < 2**63):
                raise wrong(name, text, record, "must be a number, whole but for the time")


def _piece(columns: list[NDArray[Any]], first: int) -> Events:
    time, code, order, size, price, direction = columns
    record = np.arange(first, first + len(time))
    is_ns = time.dtype == np.int64
    seconds = time / 1e9 if is_ns else time
    check((code < 1) | (code > _HALT), "type", code, record, "must be 1 .. 7")
    is_status = code == _HALT
    is_side = (direction == 1) | (direction == -1) | is_status
    check(~is_side, "direction", direction, record, "must be 1, a buy, or -1, a sell")
    check((seconds < 0) | (seconds > 86_400), "time", seconds, record, "must be 0 .. 86400 seconds")
    check((size < 1) & ~is_status, "size", size, record, "must be at least 1")
    is_price = (price >= 1) & (price <= _MOST)
    check(~is_price & ~is_status, "price", price, record, f"must be 1 .. {_MOST}")
    kind = _KINDS[code]
    side = np.where(direction == 1, BUY, SELL)
    return events(
        record,
        time_ns=time if is_ns else np.rint(time * 1e9).astype(np.int64),
        kind=kind,
        order_id=np.where(kind <= EXECUTE, order, NO_ID),
        side=np.where(is_status, NO_SIDE, side),
        price=np.where(is_status, NO_PRICE, price * UNIT),
        lots=np.where(is_status, NO_LOTS, size),
        is_printed=(kind == EXECUTE) | (kind == TRADE),
    )


def book_file(path: Path) -> Path | None:
    """Return the order-book file that belongs to a message file, if it is there."""
    return next(
        (
            path.with_name(name)
            for name in {path.name.replace("_message_", "_orderbook_")} - {path.name}
            if path.with_name(name).is_file()
        ),
        None,
    )


def book_rows(path: Path) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Give an order-book file as prices and lots, int64 [N, 2, K] by side and level, BUY first.

    Prices are nano-currency; where there is no level, both are 0.
    """
    for batch in sources.tables(path, *_of_book(path)):
        numbers = np.stack([batch.column(at).to_numpy() for at in range(batch.num_columns)], axis=1)
        shaped = numbers.reshape(len(numbers), -1, 2, 2)  # level, ask or bid, price or size
        price, lots = shaped[..., 0].transpose(0, 2, 1), shaped[..., 1].transpose(0, 2, 1)
        is_there = (np.abs(price) != _NO_LEVEL) & (lots > 0)
        yield (
            np.where(is_there, price * UNIT, 0)[:, ::-1],
            np.where(is_there, lots, 0)[:, ::-1],
        )


def _of_book(path: Path) -> tuple[list[str], dict[str, pa.DataType]]:
    columns = sources.head(path).split(b"\n", 1)[0].count(b",") + 1
    check(
        np.array([columns % 4 != 0]), "columns", [columns], [0],
        "an order-book file has four for each level",
    )  # fmt: skip
    names = [str(number) for number in range(columns)]
    return names, dict.fromkeys(names, pa.int64())


def _beginning(path: Path, piece: Events) -> Events:
    """Return the orders that stand before the first message: a level is one of them."""
    book = book_file(path)
    if book is None or not len(piece.kind):
        return chosen(piece, slice(0))
    price, lots = (each[0].copy() for each in next(book_rows(book)))
    first = chosen(piece, slice(0, 1))
    change = {ADD: 1, REDUCE: -1, DELETE: -1, EXECUTE: -1}.get(int(first.kind[0]), 0)
    if change:
        side = int(first.side[0])
        at = np.flatnonzero((price[side] == first.price[0]) & (lots[side] > 0))
        if len(at):
            lots[side, at[0]] -= change * first.lots[0]
        elif change < 0:
            price = np.pad(price, ((0, 0), (0, 1)))
            lots = np.pad(lots, ((0, 0), (0, 1)))
            price[side, -1], lots[side, -1] = first.price[0], first.lots[0]
    sides, level = np.nonzero(lots > 0)
    return events(
        np.full(len(sides), -1),
        time_ns=first.time_ns[0],
        kind=ADD,
        order_id=_FIRST + np.arange(len(sides)),
        side=sides,
        price=price[sides, level],
        lots=lots[sides, level],
    )


def _meant(part: Events, beginning: Events) -> Events:
    """Name the level of the beginning that each message means if its order is not known."""
    if not len(beginning.kind):
        return part
    is_change = (part.kind == REDUCE) | (part.kind == DELETE) | (part.kind == EXECUTE)
    key = beginning.price * 2 + beginning.side
    order = np.argsort(key)
    place = np.searchsorted(key[order], part.price * 2 + part.side)
    place = np.minimum(place, len(key) - 1)
    level = order[place]
    is_it = is_change & (key[level] == part.price * 2 + part.side)
    return part._replace(other_id=np.where(is_it, beginning.order_id[level], NO_ID))


LOBSTER = Format("lobster", "LOBSTER message file", fits, read, 1.0)
