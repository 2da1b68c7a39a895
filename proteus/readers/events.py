"""What a venue says it did, as columns: the one form that every reader gives.

One execution is one row, of the resting order; the side is that of the resting order too, so that
the aggressor is on the other one. Prices are whole nano-currency, so that a fraction of a penny, or
a billionth, is exact. Sentinels of a format become the names below before anything is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from proteus.errors import MessageError
from proteus.market.book.codes import BUY, SELL
from proteus.readers.following import (
    NO_ID,
    NO_LOTS,
    NO_PRICE,
    NO_SIDE,
    NO_TIME,
    STATUS,
    Events,
)

Columns = TypeVar("Columns", bound=tuple[Any, ...])

SIDES = {"buy": BUY, "sell": SELL}


def events(record: NDArray[np.int64], **columns: Any) -> Events:
    """Return events; a column that is not given says nothing.

    Parameters
        record: int64 [N]. columns: arrays [N], or one value for all.
    """
    nothing = {
        "time_ns": NO_TIME, "recv_ns": NO_TIME, "kind": STATUS, "order_id": NO_ID,
        "other_id": NO_ID, "side": NO_SIDE, "price": NO_PRICE, "lots": NO_LOTS, "is_printed": True,
    }  # fmt: skip
    kinds = {"kind": np.int8, "side": np.int8, "is_printed": np.bool_}
    made = {
        name: _column(np.asarray(columns.get(name, value), kinds.get(name, np.int64)), len(record))
        for name, value in nothing.items()
    }
    return Events(record.astype(np.int64), **made)


def _column(given: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return a column that may be written, also of one row."""
    return np.ascontiguousarray(given) if given.ndim else np.full(rows, given)


def joined(pieces: Sequence[Columns]) -> Columns:
    """Return pieces of columns, all of the same kind, as one."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    return type(first)(*(np.concatenate(columns) for columns in zip(*pieces, strict=True)))


def chosen(some: Columns, rows: Any) -> Columns:
    """Return some rows of columns, by a mask, places or a slice."""
    return type(some)(*(column[rows] for column in some))


def wrong(what: str, value: Any, record: int, allowed: str) -> MessageError:
    """Say what is wrong in a record."""
    return MessageError(f"{what}={value} in record {record} is not allowed: {allowed}")


def check(is_wrong: NDArray[np.bool_], what: str, values: Any, record: Any, allowed: str) -> None:
    """Raise for the first record in which something is wrong.

    Raises
        MessageError: it names the record, counted from 0, the value and what is allowed.
    """
    if is_wrong.any():
        row = int(np.argmax(is_wrong))
        raise wrong(what, values[row], int(record[row]), allowed)
