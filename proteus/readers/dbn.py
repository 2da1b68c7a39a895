"""Databento DBN, schema MBO: a head with the symbols, then records of 56 bytes.

T is a trade as its aggressor did it, F the same as each resting order did, and the C or M that
follows F takes the lots from the order: one event, which counts once, at F. T without F traded
outside of the visible book. C takes as many lots as it says, which may be a part. R clears the
book. Prices are 1e-9, times nanoseconds since 1970 of the venue and of the capture; the highest
number of a field says that there is none, and is seen before anything is computed.

Source
    Databento, Databento Binary Encoding, versions 1 to 3; its fields are those of databento-dbn
    0.72.0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.errors import ConfigError, MessageError
from proteus.market.book.codes import BUY, SELL
from proteus.readers import framing, sources
from proteus.readers.events import check, chosen, events, joined
from proteus.readers.following import (
    ADD,
    CLEAR,
    FILL,
    MODIFY,
    NO_ID,
    NO_LOTS,
    NO_PRICE,
    NO_SIDE,
    NO_TIME,
    REDUCE,
    STATUS,
    TRADE,
    Events,
)
from proteus.readers.reading import Format, Reading

_MAGIC = b"DBN"
_MBO = 160
_LAST_OF_EVENT = 128
_NO_PRICE = np.int64(2**63 - 1)
_NO_SIZE = np.uint32(2**32 - 1)
_NO_TIME = np.uint64(2**64 - 1)
_KINDS = {b"A": ADD, b"C": REDUCE, b"M": MODIFY, b"R": CLEAR, b"T": TRADE, b"F": FILL, b"N": STATUS}
_RECORD = np.dtype([
    ("length", "u1"), ("rtype", "u1"), ("publisher", "<u2"), ("instrument", "<u4"),
    ("ts_event", "<u8"), ("order", "<u8"), ("price", "<i8"), ("size", "<u4"), ("flags", "u1"),
    ("channel", "u1"), ("action", "S1"), ("side", "S1"), ("ts_recv", "<u8"), ("delta", "<i4"),
    ("sequence", "<u4"),
])  # fmt: skip
_FIXED = {1: (16, 47, True, 22), 2: (16, 53, False, 71), 3: (16, 53, False, 71)}
_PRELUDE = 8


class _Held(NamedTuple):
    """Records, and their numbers. N rows."""

    rows: NDArray[Any]  # [N] _RECORD
    numbers: NDArray[np.int64]  # [N]


def fits(path: Path, first: bytes) -> bool:
    """Tell whether a file begins as DBN."""
    return first.startswith(_MAGIC)


def read(path: Path, reading: Reading) -> Iterator[Events]:
    """Give the records about one instrument.

    Raises
        ConfigError: the instrument is not said where there are several, or is not there.
        MessageError: a record that cannot be, or another schema.
    """
    size, symbols = _head(path)
    wanted = _instruments(path, symbols, reading.symbol)
    held = _Held(np.empty(0, _RECORD), np.empty(0, np.int64))
    for data, starts, first in framing.framed(path, framing.DBN_FORM, size):
        is_it = data[starts + 1] == _MBO
        numbers = first + np.flatnonzero(is_it)
        rows = framing.fields(data, starts[is_it], _RECORD)
        if wanted is not None:
            kept = np.isin(rows["instrument"], wanted)
            numbers, rows = numbers[kept], rows[kept]
        elif len(rows) and (several := np.unique(rows["instrument"])).size > 1:
            some = ", ".join(str(each) for each in several[:10].tolist())
            raise ConfigError(f"symbol is missing: the file has several instruments, as {some}")
        elif len(rows):
            wanted = rows["instrument"][:1]
        held = joined([held, _Held(rows, numbers)])
        ends = np.flatnonzero(held.rows["flags"] & _LAST_OF_EVENT)
        whole = int(ends[-1]) + 1 if len(ends) else 0  # an event is told by all its records
        made = _events(*chosen(held, slice(0, whole)))
        held = chosen(held, slice(whole, None))
        for begin in range(0, len(made.kind), reading.piece):
            yield chosen(made, slice(begin, begin + reading.piece))
    yield _events(*held)


def _head(path: Path) -> tuple[int, dict[str, list[int]]]:
    """Return how long the head is, and the instruments of each symbol."""
    with sources.opened(path) as stream:
        prelude = bytes(stream.read(_PRELUDE))
        if len(prelude) < _PRELUDE or not prelude.startswith(_MAGIC):
            raise MessageError(f"file={path} does not begin as DBN")
        version, length = prelude[3], struct.unpack("<I", prelude[4:])[0]
        if version not in _FIXED:
            raise MessageError(f"version={version} of file={path} is not allowed: 1, 2 or 3")
        head = bytes(stream.read(length))
    if len(head) < length:
        raise MessageError(f"file={path} ends in its head")
    try:
        return _PRELUDE + length, _symbols(head, version)
    except struct.error:
        raise MessageError(f"file={path} has a head that says more than it holds") from None


def _symbols(head: bytes, version: int) -> dict[str, list[int]]:
    """Return the instruments that each symbol means, where the head says that.

    Raises
        struct.error: it says that there are more than it holds.
    """
    dataset, reserved, has_count, width = _FIXED[version]
    at = dataset + 2 + 3 * 8 + 8 * has_count + 3
    if version > 1:
        (width,) = struct.unpack_from("<H", head, at)
        at += 2
    if width == 0:
        raise struct.error("names without a letter")
    at += reserved
    (definition,) = struct.unpack_from("<I", head, at)
    at += 4 + definition

    def number() -> int:
        nonlocal at
        at += 4
        return int(struct.unpack_from("<I", head, at - 4)[0])

    def text() -> str:
        nonlocal at
        at += width
        (found,) = struct.unpack_from(f"{width}s", head, at - width)
        return bytes(found).split(b"\0", 1)[0].decode("utf-8", "replace")

    for _ in range(3):  # symbols, those known in part, and not at all
        for _ in range(number()):
            text()
    found: dict[str, list[int]] = {}
    for _ in range(number()):
        name = text()
        for _ in range(number()):
            at += 8  # the days from and to
            instrument = text()
            if instrument.isdecimal():
                found.setdefault(name, []).append(int(instrument))
    return found


def _instruments(
    path: Path, symbols: dict[str, list[int]], symbol: str | None
) -> NDArray[Any] | None:
    """Return the numbers of the chosen instrument; None: the only one there is."""
    if symbol is None:
        return None
    if symbol in symbols:
        return np.array(symbols[symbol])
    if symbol.isdecimal():
        return np.array([int(symbol)])
    known = f"; it has {', '.join([*symbols][:10])}" if symbols else ""
    raise ConfigError(f"symbol={symbol} is not in file={path}{known}")


def _events(rows: NDArray[Any], record: NDArray[np.int64]) -> Events:
    action, side = rows["action"], rows["side"]
    known = np.isin(action, [*_KINDS])
    check(~known, "action", action, record, "must be A, C, M, R, T, F or N")
    kind = np.select([action == each for each in _KINDS], [*_KINDS.values()]).astype(np.int8)
    check(~np.isin(side, [b"A", b"B", b"N"]), "side", side, record, "must be A, B or N")
    resting = np.select([side == b"B", side == b"A"], [BUY, SELL], NO_SIDE)
    is_trade = kind == TRADE
    resting = np.where(is_trade & (resting >= 0), BUY + SELL - resting, resting)
    order = rows["order"]
    check(order > np.uint64(2**63 - 1), "order_id", order, record, "must be less than 2**63")
    changes = np.isin(kind, (ADD, REDUCE, MODIFY, FILL))
    size = rows["size"]
    is_sized = changes & ((size == _NO_SIZE) | ((size == 0) & (kind != MODIFY)))
    check(is_sized, "size", size, record, "must be at least 1, and given")
    check((kind == ADD) & (rows["price"] == _NO_PRICE), "price", rows["price"], record,
          "an order must have one")  # fmt: skip
    return events(
        record,
        time_ns=_times(rows["ts_event"], record),
        recv_ns=_times(rows["ts_recv"], record),
        kind=np.where(is_trade & _is_told(rows, kind), STATUS, kind),
        order_id=np.where(changes, order.astype(np.int64), NO_ID),
        side=resting,
        price=np.where(rows["price"] == _NO_PRICE, NO_PRICE, rows["price"]),
        lots=np.where(size == _NO_SIZE, NO_LOTS, size.astype(np.int64)),
        is_printed=is_trade | (kind == FILL),
    )


def _times(values: NDArray[Any], record: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return times as signed numbers, and what is none as that."""
    is_none = values == _NO_TIME
    check(~is_none & (values > np.uint64(2**62)), "time", values, record, "must be at most 2**62")
    return np.where(is_none, NO_TIME, values.astype(np.int64))


def _is_told(rows: NDArray[Any], kind: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Tell which records belong to an event in which resting orders say their fills."""
    ends = (rows["flags"] & _LAST_OF_EVENT) != 0
    event = np.cumsum(ends) - ends
    has_fills = np.bincount(event, kind == FILL, int(event.max(initial=0)) + 1) > 0
    return np.asarray(has_fills[event])


DBN = Format("dbn", "Databento DBN, MBO", fits, read, 1.0)
