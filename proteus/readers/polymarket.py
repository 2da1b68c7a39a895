"""Polymarket: recorded messages of its market channel, ``book``, ``price_change``,
``last_trade_price``.

Prices and sizes are texts of decimals, times texts of milliseconds. A ``price_change`` says how
much stands at a price afterwards, a ``book`` everything; the side of a trade is that of who came.
Levels are told, not orders: see ``levels``.

Source
    Polymarket documentation, Market Channel (docs.polymarket.com).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proteus.basics.units import NANO
from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.readers import dumps
from proteus.readers.dumps import Message
from proteus.readers.events import wrong
from proteus.readers.following import Events
from proteus.readers.levels import Levels
from proteus.readers.reading import Format, Reading

LOT = 1e-6
_DIGITS = 9
_SIZE = 6
_SIDES = {"BUY": BUY, "SELL": SELL}
_TYPES = ("book", "price_change", "last_trade_price")


def fits(path: Path, first: bytes) -> bool:
    """Tell whether a file begins with a message of Polymarket."""
    return b"event_type" in first and b"asset_id" in first


def read(path: Path, reading: Reading) -> Iterator[Events]:
    """Give the messages about one token.

    Raises
        ConfigError: several tokens, and none is chosen. MessageError: a message that cannot be.
    """
    levels, token = Levels(), reading.symbol
    for record, message in dumps.messages(path):
        if message.get("event_type") not in _TYPES:
            continue
        time = dumps.instant(dumps.needed(message, "timestamp", record), 6, "timestamp", record)
        for asset, change in _changes(message, record):
            if token is None:
                token = asset
            if asset != token:
                if reading.symbol is None:
                    raise ConfigError(f"symbol is missing: the file has {token} and {asset}")
                continue
            levels.begin(record, time)
            _take(levels, str(message["event_type"]), change, record)
        if len(levels) >= reading.piece:
            yield levels.taken()
    levels.end()
    yield levels.taken()


def _changes(message: Message, record: int) -> Iterator[tuple[str, Message]]:
    """Give what a message says of each token: older ones have one, newer ones a list."""
    listed = (dumps.listed(message, name, record) for name in ("price_changes", "changes"))
    for each in next(filter(None, listed), [message]):
        change = dumps.a_message(each, record)
        yield str(change.get("asset_id") or dumps.needed(message, "asset_id", record)), change


def _take(levels: Levels, kind: str, message: Message, record: int) -> None:
    if kind == "book":
        sides = {BUY: "bids", SELL: "asks"}
        levels.set_all({side: _level(message, name, record) for side, name in sides.items()})
        levels.status()
        return
    side = dumps.needed(message, "side", record)
    if side not in _SIDES:
        raise wrong("side", repr(side), record, "must be BUY or SELL")
    price, size = _price(message, record), _size(message, record)
    if kind == "price_change":
        levels.set(_SIDES[side], price, size)
    elif size:
        levels.trade(BUY + SELL - _SIDES[side], price, size)


def _level(message: Message, name: str, record: int) -> dict[int, int]:
    levels = [dumps.a_message(each, record) for each in dumps.listed(message, name, record)]
    return {_price(level, record): size for level in levels if (size := _size(level, record))}


def _price(message: Message, record: int) -> int:
    price = dumps.whole(dumps.needed(message, "price", record), _DIGITS, "price", record)
    if not 0 < price < NANO:
        raise wrong("price", price / NANO, record, "must be between 0 and 1")
    return price


def _size(message: Message, record: int) -> int:
    value: Any = dumps.needed(message, "size", record)
    size = dumps.whole(value, _SIZE, "size", record)
    if size < 0:
        raise wrong("size", repr(value), record, "must be at least 0")
    return size


POLYMARKET = Format("polymarket", "Polymarket messages", fits, read, LOT)
