"""What dumps of prediction markets share: messages as JSON or CSV, and decimal numbers in them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from pathlib import Path
from typing import Any

from proteus.errors import MessageError
from proteus.readers import sources
from proteus.readers.events import wrong

Message = dict[str, Any]
_SHOWN = 60  # letters of what is wrong
_EXACT = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow])  # it never rounds
_MOST_DAYS = 50_000  # of nanoseconds in 62 bits


def messages(path: Path) -> Iterator[tuple[int, Message]]:
    """Give the messages of a file with their numbers: JSON a line each, or CSV with a head.

    A line may hold a list of messages, which are one record.

    Raises
        MessageError: a line that is no message.
    """
    if sources.plain_name(path).endswith(".csv"):
        yield from _of_csv(path)
        return
    for number, line in sources.lines(path):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise MessageError(f"record {number} of file={path} is no JSON") from None
        for each in found if isinstance(found, list) else [found]:
            yield number, a_message(each, number)


def _of_csv(path: Path) -> Iterator[tuple[int, Message]]:
    names: list[str] = []
    for number, line in sources.lines(path):
        try:
            cells = next(csv.reader(io.StringIO(line.decode("utf-8", "replace"))))
        except csv.Error:
            raise MessageError(f"line {number} of file={path} is no row of CSV") from None
        if not names:
            names = cells
            continue
        if len(cells) != len(names):
            allowed = f"must have {len(names)} cells"
            raise wrong("cells", len(cells), number - 1, allowed)
        filled = {name: cell for name, cell in zip(names, cells, strict=True) if cell != ""}
        yield number - 1, filled


def whole(value: Any, digits: int, name: str, record: int) -> int:
    """Return a decimal number as a whole one of so many digits behind the point, exactly.

    Parameters
        value: an integer or a text; a float is none, as its digits are not those of the venue.

    Raises
        MessageError: it is no such number.
    """
    allowed = f"must be a decimal number with at most {digits} digits behind the point"
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise wrong(name, repr(value), record, f"{allowed}, an integer or a text")
    try:
        scaled = _EXACT.scaleb(Decimal(value), digits)
    except ArithmeticError:  # no number, or one with more digits than any venue writes
        raise wrong(name, repr(value), record, allowed) from None
    is_python = "_" in str(value)  # which is a number to Python alone
    if (
        is_python
        or not scaled.is_finite()
        or scaled != scaled.to_integral_value()
        or abs(scaled) > 2**62
    ):
        raise wrong(name, repr(value), record, allowed)
    return int(scaled)


def either(message: Message, forms: dict[str, tuple[int, int]], what: str, record: int) -> int:
    """Return a number that may be given in several units, which must say the same.

    Parameters
        forms: field to its digits behind the point, and what one of its smallest unit is.

    Raises
        MessageError: none is given, or two say different numbers.
    """
    found = {
        name: whole(message[name], digits, name, record) * unit
        for name, (digits, unit) in forms.items()
        if message.get(name) is not None
    }
    if not found:
        raise wrong(what, "nothing", record, f"must be given as {' or '.join(forms)}")
    if len({*found.values()}) > 1:
        said = " and ".join(f"{name}={message[name]}" for name in found)
        raise wrong(what, said, record, "both must say the same")
    return next(iter(found.values()))


def a_message(value: Any, record: int) -> Message:
    """Return what must be a message, or a part of one with names.

    Raises
        MessageError: it is something else.
    """
    if not isinstance(value, dict):
        raise wrong("message", repr(value)[:_SHOWN], record, "must be an object of JSON")
    return value


def listed(message: Message, name: str, record: int) -> list[Any]:
    """Return a list of a message, empty where there is none; a cell of CSV has it as JSON.

    Raises
        MessageError: it is no list.
    """
    value = message.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise wrong(name, repr(value)[:_SHOWN], record, "must be a list of JSON") from None
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(name, repr(value)[:_SHOWN], record, "must be a list")
    return value


def needed(message: Message, name: str, record: int) -> Any:
    """Return a field that must be there."""
    if message.get(name) is None:
        raise wrong(name, "nothing", record, "must be given")
    return message[name]


def instant(value: Any, digits: int, name: str, record: int) -> int:
    """Return a time, a number since 1970 or a text of ISO 8601, in nanoseconds.

    Parameters
        digits: of a number, 9 for seconds, 6 for milliseconds.
    """
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise wrong(name, repr(value), record, "must be a time of ISO 8601") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
        if abs(since.days) > _MOST_DAYS:
            raise wrong(name, repr(value), record, "must fit 64 bits in nanoseconds")
        return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
    return whole(value, digits, name, record)
