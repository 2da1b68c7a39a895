"""Nasdaq TotalView-ITCH 5.0: two bytes of length, then a message, big-endian.

E and C are executions of the order that rests, C at another price than its own. C that is not
printable takes lots from its order and is no volume: the cross that it belongs to is Q. P trades
with an order that is not shown. U gives an order another number, at the end of a queue. B takes a
trade back, and nothing in the book. Times are nanoseconds since midnight, prices 1/10,000 dollar.

Source
    Nasdaq, TotalView-ITCH 5.0 specification, 4.1 to 4.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.readers import framing
from proteus.readers.events import check, chosen, events, wrong
from proteus.readers.following import (
    ADD,
    BREAK,
    CROSS,
    DELETE,
    EXECUTE,
    REDUCE,
    REPLACE,
    STATUS,
    TRADE,
    Events,
)
from proteus.readers.reading import Format, Reading

UNIT = 100_000  # nano-currency in 1/10,000 of a dollar
_BEGIN = [("type", "S1"), ("locate", ">u2"), ("tracking", ">u2"), ("hour", ">u2"), ("ns", ">u4")]
_ORDER = [("order", ">u8")]
_SHOWN = [*_ORDER, ("side", "S1"), ("shares", ">u4"), ("stock", "S8"), ("price", ">u4")]
_LAYOUTS = {
    b"A": (ADD, _SHOWN),
    b"F": (ADD, [*_SHOWN, ("attribution", "S4")]),
    b"E": (EXECUTE, [*_ORDER, ("shares", ">u4"), ("match", ">u8")]),
    b"C": (EXECUTE, [*_ORDER, ("shares", ">u4"), ("match", ">u8"), ("printable", "S1"),
                     ("price", ">u4")]),
    b"X": (REDUCE, [*_ORDER, ("shares", ">u4")]),
    b"D": (DELETE, _ORDER),
    b"U": (REPLACE, [*_ORDER, ("new", ">u8"), ("shares", ">u4"), ("price", ">u4")]),
    b"P": (TRADE, [*_SHOWN, ("match", ">u8")]),
    b"Q": (CROSS, [("long", ">u8"), ("stock", "S8"), ("price", ">u4"), ("match", ">u8"),
                   ("cross", "S1")]),
    b"B": (BREAK, [("match", ">u8")]),
    b"H": (STATUS, [("stock", "S8"), ("state", "S1"), ("reserved", "S1"), ("reason", "S4")]),
}  # fmt: skip
_DIRECTORY = np.dtype([*_BEGIN, ("stock", "S8")])
_LAYOUT = {kind: (code, np.dtype([*_BEGIN, *rest])) for kind, (code, rest) in _LAYOUTS.items()}
_FIRST = b"\x00\x0cS"  # the message that begins a day
_SIDES = {b"B": BUY, b"S": SELL}


def fits(path: Path, first: bytes) -> bool:
    """Tell whether a file begins as a day of ITCH does."""
    return first.startswith(_FIRST)


def read(path: Path, reading: Reading) -> Iterator[Events]:
    """Give the messages about one stock.

    Raises
        ConfigError: the stock is not said where there are several, or is not there.
        MessageError: a message that cannot be.
    """
    stocks: dict[int, bytes] = {}
    locate: int | None = None
    for data, starts, first in framing.framed(path, framing.ITCH_FORM):
        kinds = data[starts].view("S1")
        _note_stocks(data, starts, kinds, stocks)
        if locate is None:
            locate = _locate(stocks, reading.symbol)
        if locate is None:
            continue
        of = data[starts + 1].astype(np.int64) * 256 + data[starts + 2]
        wanted = np.flatnonzero((of == locate) & np.isin(kinds, [*_LAYOUT]))
        made = _events(data, starts[wanted], kinds[wanted], first + wanted)
        for begin in range(0, len(made.kind), reading.piece):
            yield chosen(made, slice(begin, begin + reading.piece))
    if reading.symbol is None and len({*stocks}) > 1:
        raise ConfigError(_several(stocks))
    if locate is None and reading.symbol is not None:
        raise ConfigError(f"symbol={reading.symbol} is not in file={path}")


def _note_stocks(
    data: NDArray[Any], starts: NDArray[Any], kinds: NDArray[Any], stocks: dict[int, bytes]
) -> None:
    """Note which number each stock has on this day, which its entry in the directory says."""
    rows = framing.fields(data, starts[kinds == b"R"], _DIRECTORY)
    stocks |= dict(zip(rows["locate"].tolist(), rows["stock"].tolist(), strict=True))


def _locate(stocks: dict[int, bytes], symbol: str | None) -> int | None:
    """Return the number of a stock; None while it is not known."""
    if symbol is None:
        if len(stocks) > 1:
            raise ConfigError(_several(stocks))
        return next(iter(stocks), None)
    name = symbol.encode("ascii", "replace")
    return next((number for number, stock in stocks.items() if stock.strip() == name), None)


def _several(stocks: dict[int, bytes]) -> str:
    some = ", ".join(stock.decode("ascii", "replace").strip() for stock in [*stocks.values()][:10])
    return f"symbol is missing: the file has {len(stocks)} stocks, as {some}"


def _events(
    data: NDArray[Any], starts: NDArray[Any], kinds: NDArray[Any], record: NDArray[np.int64]
) -> Events:
    """Return messages of kinds that are known as events, in their order."""
    made = events(record)
    for kind, (code, layout) in _LAYOUT.items():
        at = np.flatnonzero(kinds == kind)
        if not len(at):
            continue
        long = data[starts[at] - 2].astype(np.int64) * 256 + data[starts[at] - 1]
        allowed = f"a message {kind.decode()} has {layout.itemsize}"
        check(long != layout.itemsize, "length", long, record[at], allowed)
        rows = framing.fields(data, starts[at], layout)
        made.time_ns[at] = rows["hour"].astype(np.int64) << 32 | rows["ns"]
        made.kind[at] = code
        _fill(made, at, rows, kind, record[at])
    return made


def _fill(
    made: Events, at: NDArray[np.int64], rows: NDArray[Any], kind: bytes, record: NDArray[np.int64]
) -> None:
    """Write what messages of one kind say."""
    names = rows.dtype.names or ()
    for name, column in (("order", made.order_id), ("new", made.other_id)):
        if name in names and kind != b"P":
            large = rows[name] > np.uint64(2**63 - 1)
            check(large, name, rows[name], record, "must be less than 2**63")
            column[at] = rows[name].astype(np.int64)
    if "side" in names:
        known = np.isin(rows["side"], [*_SIDES])
        if not known.all():
            row = int(np.argmin(known))
            raise wrong("side", rows["side"][row].decode("latin1"), int(record[row]), "B or S")
        made.side[at] = np.where(rows["side"] == b"B", BUY, SELL)
    if "shares" in names:
        check(rows["shares"] == 0, "shares", rows["shares"], record, "must be at least 1")
        made.lots[at] = rows["shares"]
    if "price" in names:
        made.price[at] = rows["price"].astype(np.int64) * UNIT
    if kind == b"Q":
        made.lots[at] = np.minimum(rows["long"], np.uint64(2**62)).astype(np.int64)
    made.is_printed[at] = rows["printable"] == b"Y" if "printable" in names else kind in b"EP"


ITCH = Format("itch", "Nasdaq TotalView-ITCH 5.0", fits, read, 1.0)
