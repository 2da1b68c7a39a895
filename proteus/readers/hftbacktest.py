"""Arrays of hftbacktest: an npz file with ``data`` of 64-byte events.

What kind an event is stands in the low byte of ``ev``, flags in the high bits. Only events with
the flag of the exchange change its book; the others are the same ones again as they were received.
A file has events of orders (added, cancelled, modified, filled) or of levels (depth, trades); of
the former a trade is told again by its fills. Prices and quantities are floats: they are rounded
to 1e-9 and 1e-6.

Source
    hftbacktest 2.4.4, ``types.py``: event_dtype and the constants of events.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.errors import ConfigError, MessageError
from proteus.market.book.codes import BUY, SELL
from proteus.readers.events import check, events
from proteus.readers.following import (
    ADD,
    CLEAR,
    DELETE,
    FILL,
    MODIFY,
    NO_ID,
    NO_LOTS,
    NO_PRICE,
    NO_SIDE,
    STATUS,
    Events,
)
from proteus.readers.levels import Levels
from proteus.readers.reading import Format, Reading

LOT = 1e-6
_LAYOUT = np.dtype([
    ("ev", "<u8"), ("exch_ts", "<i8"), ("local_ts", "<i8"), ("px", "<f8"), ("qty", "<f8"),
    ("order_id", "<u8"), ("ival", "<i8"), ("fval", "<f8"),
])  # fmt: skip
# What reading a damaged archive, or one of another kind, may raise.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError, LookupError,
)  # fmt: skip
_AT_EXCHANGE, _BUYS, _SELLS = 1 << 31, 1 << 29, 1 << 28
_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BEST = 1, 2, 3, 4, 5
_OF_ORDERS = {10: ADD, 11: DELETE, 12: MODIFY, 13: FILL}
_KINDS = {_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BEST, *_OF_ORDERS}


def fits(path: Path, first: bytes) -> bool:
    """Tell whether a file is an npz file by its name."""
    return path.suffix == ".npz"


def read(path: Path, reading: Reading) -> Iterator[Events]:
    """Give the events of a file.

    Raises
        ConfigError: a symbol, of which files have none. MessageError: an event that cannot be.
    """
    if reading.symbol is not None:
        raise ConfigError(f"symbol={reading.symbol} is not allowed: such a file has no symbols")
    levels, is_of_orders, first = Levels(), None, 0
    for rows in _pieces(path, reading.piece):
        record = first + np.arange(len(rows))
        first += len(rows)
        code = (rows["ev"] & np.uint64(0xFF)).astype(np.int64)
        check(~np.isin(code, [*_KINDS]), "ev", code, record, f"must be one of {sorted(_KINDS)}")
        kept = (rows["ev"] & np.uint64(_AT_EXCHANGE)) != 0
        rows, code, record = rows[kept], code[kept], record[kept]
        is_order = np.isin(code, [*_OF_ORDERS])
        if is_of_orders is None and len(rows):
            is_of_orders = bool(is_order.any())
        mixed = is_order if not is_of_orders else np.isin(code, (_DEPTH, _SNAPSHOT))
        check(mixed, "ev", code, record, "a file has events of orders or of levels, not both")
        if is_of_orders:
            yield _of_orders(rows, code, record)
        else:
            yield _of_levels(levels, rows, code, record)
    levels.end()
    yield levels.taken()


def _pieces(path: Path, size: int) -> Iterator[NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            name = "data.npy" if "data.npy" in names else names[0] if names else ""
            if not name:
                raise MessageError(f"file={path} has no array data")
            with archive.open(name) as file:
                version = np.lib.format.read_magic(file)
                reads = np.lib.format.read_array_header_1_0
                if version != (1, 0):
                    reads = np.lib.format.read_array_header_2_0
                shape, _, layout = reads(file)
                if layout != _LAYOUT or len(shape) != 1:
                    allowed = ", ".join(_LAYOUT.names or ())
                    raise MessageError(f"{name} of file={path} must have the columns {allowed}")
                left = shape[0] * _LAYOUT.itemsize
                while left:
                    block = file.read(min(left, size * _LAYOUT.itemsize))
                    if len(block) % _LAYOUT.itemsize or not block:
                        raise MessageError(f"file={path} ends in the middle of {name}")
                    left -= len(block)
                    yield np.frombuffer(block, _LAYOUT)
    except MessageError:
        raise
    except _BROKEN:
        raise MessageError(f"file={path} is no npz file with an array") from None


def _sides(rows: NDArray[Any]) -> NDArray[np.int64]:
    buys, sells = ((rows["ev"] & np.uint64(flag)) != 0 for flag in (_BUYS, _SELLS))
    return np.select([buys & ~sells, sells & ~buys], [BUY, SELL], NO_SIDE)


def _whole(
    values: NDArray[Any], unit: float, name: str, record: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return floats as whole numbers of a unit."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.rint(values * (1 / unit))
    is_wrong = ~np.isfinite(values) | (np.abs(scaled) > 2**62)
    check(is_wrong, name, values, record, "must be a number that fits 64 bits")
    return scaled.astype(np.int64)


def _of_orders(rows: NDArray[Any], code: NDArray[np.int64], record: NDArray[np.int64]) -> Events:
    kind = np.select(
        [code == each for each in _OF_ORDERS] + [code == _CLEAR],
        [*_OF_ORDERS.values(), CLEAR], STATUS,
    )  # fmt: skip
    is_order = np.isin(code, [*_OF_ORDERS])
    order, side = rows["order_id"], _sides(rows)
    check(is_order & (order > np.uint64(2**63 - 1)), "order_id", order, record,
          "must be less than 2**63")  # fmt: skip
    check((kind == ADD) & (side == NO_SIDE), "ev", code, record, "an order must buy or sell")
    lots = _whole(np.where(is_order, rows["qty"], 0.0), LOT, "qty", record)
    is_sized = np.isin(kind, (ADD, MODIFY, FILL))
    check(is_sized & (lots < 1), "qty", rows["qty"], record, "must be at least 1e-06")
    price = _whole(np.where(is_order, rows["px"], 0.0), 1 / NANO, "px", record)
    return events(
        record,
        time_ns=rows["exch_ts"],
        recv_ns=rows["local_ts"],
        kind=kind,
        order_id=np.where(is_order, order.astype(np.int64), NO_ID),
        side=side,
        price=np.where(np.isin(kind, (ADD, MODIFY, FILL)), price, NO_PRICE),
        lots=np.where(is_sized, lots, NO_LOTS),
        is_printed=kind == FILL,
    )


def _of_levels(
    levels: Levels, rows: NDArray[Any], code: NDArray[np.int64], record: NDArray[np.int64]
) -> Events:
    is_level = np.isin(code, (_DEPTH, _TRADE, _SNAPSHOT))
    side = _sides(rows)
    check(is_level & (side == NO_SIDE), "ev", code, record, "a level or a trade must have a side")
    price = _whole(np.where(code == _BEST, 0.0, rows["px"]), 1 / NANO, "px", record)
    lots = _whole(np.where(is_level, rows["qty"], 0.0), LOT, "qty", record)
    check(lots < 0, "qty", rows["qty"], record, "must be at least 0")
    columns = (record, rows["exch_ts"], rows["local_ts"], code, side, price, lots)
    for number, time, received, kind, one, at, many in zip(
        *(each.tolist() for each in columns), strict=True
    ):
        levels.begin(number, time, received)
        if kind == _TRADE:
            levels.trade(BUY + SELL - one, at, many)
        elif kind == _CLEAR:
            for each in (BUY, SELL) if one == NO_SIDE else (one,):
                for found in levels.prices(each):
                    is_out = found >= at if each == BUY else found <= at
                    if one == NO_SIDE or is_out:
                        levels.set(each, found, 0)
        elif kind != _BEST:
            levels.set(one, at, many)
    return levels.taken()


HFTBACKTEST = Format("hftbacktest", "hftbacktest array", fits, read, LOT)
