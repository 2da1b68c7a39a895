"""Kalshi: recorded messages of its feed, ``orderbook_snapshot``, ``orderbook_delta``, ``trade``.

The book has bids alone, of yes and of no: a bid of p for no is an offer of yes at 1 - p. A price is
in cents or, as a text, in dollars, a count whole or with two decimals; where both are given they
must say the same. Levels are told, not orders: see ``levels``.

Source
    Kalshi API, WebSocket channels orderbook_delta and trade (docs.kalshi.com).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from proteus.basics.units import NANO
from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.readers import dumps
from proteus.readers.dumps import Message
from proteus.readers.events import wrong
from proteus.readers.following import Events
from proteus.readers.levels import Levels
from proteus.readers.reading import Format, Reading

LOT = 0.01
_CENT = NANO // 100
_TYPES = ("orderbook_snapshot", "orderbook_delta", "trade")
_SIDES = {"yes": BUY, "no": SELL}
_DIGITS = 9  # behind the point of a dollar: nano-currency
_COUNT = 2  # behind the point of a contract


def fits(path: Path, first: bytes) -> bool:
    """Tell whether a file begins with a message of Kalshi."""
    return b"market_ticker" in first


def read(path: Path, reading: Reading) -> Iterator[Events]:
    """Give the messages about one market.

    Raises
        ConfigError: several markets, and none is chosen. MessageError: a message that cannot be.
    """
    levels, market, latest = Levels(), reading.symbol, 0
    for record, message in dumps.messages(path):
        kind = message.get("type")
        if kind not in _TYPES:
            continue
        inner = dumps.a_message(message.get("msg", message), record)
        ticker = str(dumps.needed(inner, "market_ticker", record))
        if market is None:
            market = ticker
        if ticker != market:
            if reading.symbol is None:
                raise ConfigError(f"symbol is missing: the file has {market} and {ticker}")
            continue
        latest = _time(inner, latest, record)
        levels.begin(record, latest)
        _take(levels, str(kind), inner, record)
        if len(levels) >= reading.piece:
            yield levels.taken()
    levels.end()
    yield levels.taken()


def _time(message: Message, latest: int, record: int) -> int:
    """Return when it was; a snapshot, which does not say it, was when the last message was."""
    if message.get("ts_ms") is not None:
        return dumps.instant(message["ts_ms"], 6, "ts_ms", record)
    if message.get("ts") is not None:
        return dumps.instant(message["ts"], 9, "ts", record)
    return latest


def _take(levels: Levels, kind: str, message: Message, record: int) -> None:
    if kind == "orderbook_snapshot":
        levels.set_all({side: _level(message, name, record) for name, side in _SIDES.items()})
        levels.status()
        return
    if kind == "orderbook_delta":
        side = _side(message, "side", record)
        price = _price(message, "price", record)
        forms = {"delta": (0, 100), "delta_fp": (_COUNT, 1)}
        lots = dumps.either(message, forms, "delta", record)
        levels.change(side, price if side == BUY else NANO - price, lots)
        return
    taker = _side(message, "taker_side", record)
    yes = _price(message, "yes_price", record)
    forms = {"count": (0, 100), "count_fp": (_COUNT, 1)}
    levels.trade(BUY + SELL - taker, yes, dumps.either(message, forms, "count", record))


def _side(message: Message, name: str, record: int) -> int:
    found = dumps.needed(message, name, record)
    if found not in _SIDES:
        raise wrong(name, repr(found), record, "must be yes or no")
    return _SIDES[found]


def _price(message: Message, name: str, record: int) -> int:
    forms = {name: (0, _CENT), f"{name}_dollars": (_DIGITS, 1)}
    price = dumps.either(message, forms, name, record)
    if not 0 < price < NANO:
        raise wrong(name, price / NANO, record, "must be between 0 and 1 dollar")
    return price


def _level(message: Message, name: str, record: int) -> dict[int, int]:
    """Return the levels of a side of a snapshot, in whichever units it has them."""
    found: dict[int, int] = {}
    for field, (digits, unit), (count, lots) in (
        (name, (0, _CENT), (0, 100)),
        (f"{name}_dollars", (_DIGITS, 1), (0, 100)),
        (f"{name}_dollars_fp", (_DIGITS, 1), (_COUNT, 1)),
    ):
        for level in dumps.listed(message, field, record):
            if not isinstance(level, list) or len(level) != 2:
                raise wrong(field, repr(level), record, "a level must be a price and a count")
            price, many = level
            at = dumps.whole(price, digits, field, record) * unit
            if not 0 < at < NANO:
                raise wrong(field, at / NANO, record, "must be between 0 and 1 dollar")
            at = at if name == "yes" else NANO - at
            standing = dumps.whole(many, count, field, record) * lots
            if found.setdefault(at, standing) != standing:
                raise wrong(field, standing, record, "all units must say the same")
    return found


KALSHI = Format("kalshi", "Kalshi messages", fits, read, LOT)
