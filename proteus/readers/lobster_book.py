"""The book as the orders make it against the order-book file of LOBSTER, row by row.

A file of K levels does not say what stands behind them. So a level counts as checked while both
the row before and the row itself can show it; one that comes into view from behind the last level
is taken as the file has it, and counted. Everything else must be the row before and the one order
that changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.errors import MessageError
from proteus.market.book.codes import BUY, SELL
from proteus.readers import lobster
from proteus.readers.events import chosen, joined
from proteus.readers.following import ADD, DELETE, EXECUTE, REDUCE
from proteus.readers.reading import Reading
from proteus.readers.tracking import Tracker, check_known

_ROWS = 1 << 14  # compared at a time
_SIDE_NAMES = {BUY: "bid", SELL: "ask"}


class Levels(NamedTuple):
    """Rows of a book. N rows, K levels from the best; BUY first."""

    price: NDArray[np.int64]  # [N, 2, K] nano-currency; 0: no such level
    lots: NDArray[np.int64]  # [N, 2, K]


class Change(NamedTuple):
    """What the orders say that each row changes. N rows."""

    record: NDArray[np.int64]  # [N]
    side: NDArray[np.int8]  # [N]
    price: NDArray[np.int64]  # [N] nano-currency
    lots: NDArray[np.int64]  # [N] that come, or less than 0: go


class Checked(NamedTuple):
    """How much was checked."""

    rows: int
    levels: int  # that were equal, over all rows
    entered: int  # that came into view from behind the last level


def check_book(path: Path, is_whole: bool = False) -> Checked:
    """Check the order-book file beside a message file against the book that the orders make.

    Parameters
        path: the message file. is_whole: also refuse what a file of few levels may lack: a change
            of an order that has not come, or of more lots than it has left.

    Raises
        MessageError: the first row that differs, counted from 0, with both numbers.
    """
    book = lobster.book_file(path)
    if book is None:
        raise MessageError(f"file={path} has no order-book file beside it to be checked against")
    rows = levels = entered = 0
    before: Levels | None = None
    pairs = zip(
        _cut(_changes(path, is_whole)), _cut(map(Levels._make, lobster.book_rows(book))),
        strict=True,
    )  # fmt: skip
    try:
        for change, after in pairs:
            if len(change.record) != len(after.price):
                raise ValueError
            first = before is None
            past = chosen(after, slice(0, -1))
            if before is not None:
                past = joined([before, past])
            known, came = _compare(
                past, chosen(after, slice(1 if first else 0, None)),
                chosen(change, slice(1 if first else 0, None)),
            )  # fmt: skip
            rows, levels, entered = rows + len(after.price), levels + known, entered + came
            before = chosen(after, slice(-1, None))
    except ValueError as error:
        if isinstance(error, MessageError):
            raise
        raise MessageError(f"file={book} must have a row for each message of {path}") from None
    return Checked(rows, levels, entered)


def _changes(path: Path, is_whole: bool) -> Iterator[Change]:
    """Give what each message changes, by the side and price of its order where that is known."""
    tracker = Tracker()
    for piece in lobster.read(path, Reading()):
        tracked = tracker.track(piece)
        if is_whole:
            check_known(tracked)
        said, found = (
            chosen(tracked.events, piece.record >= 0),
            chosen(tracked.found, piece.record >= 0),
        )
        is_known = found.limit >= 0
        sign = np.zeros(len(said.kind), np.int64)
        sign[said.kind == ADD] = 1
        sign[np.isin(said.kind, (REDUCE, DELETE, EXECUTE))] = -1
        yield Change(
            said.record,
            np.where(is_known, found.side, said.side),
            np.where(is_known, found.limit, said.price),
            sign * np.maximum(said.lots, 0),
        )


def _cut(pieces: Iterator[Any]) -> Iterator[Any]:
    """Give rows in pieces of one size, but for the last."""
    kept: list[Any] = []
    count = 0
    for piece in pieces:
        kept.append(piece)
        count += len(piece[0])
        if count >= _ROWS:
            whole = joined(kept)
            for begin in range(0, count - count % _ROWS, _ROWS):
                yield chosen(whole, slice(begin, begin + _ROWS))
            kept = [chosen(whole, slice(count - count % _ROWS, None))]
            count %= _ROWS
    if count:
        yield joined(kept)


def _compare(before: Levels, after: Levels, change: Change) -> tuple[int, int]:
    """Compare rows with those before them; returns levels that were equal, and that came."""
    known = came = 0
    for side in (BUY, SELL):
        sign = 1 if side == BUY else -1  # a better bid is higher
        old, new = (each.price[:, side] for each in (before, after))
        delta = np.where(change.side == side, change.lots, 0)
        price = np.where(delta != 0, change.price, -1)
        expected = _lots_at(new, old, before.lots[:, side]) + delta[:, None] * (
            new == price[:, None]
        )
        is_new = (new > 0) & ~(new[:, :, None] == old[:, None, :]).any(axis=2)
        is_revealed = is_new & _is_behind(new, old, sign)
        is_wrong = (new > 0) & ~is_revealed & (expected != after.lots[:, side])
        _refuse(is_wrong, change.record, side, new, after.lots[:, side], expected)
        left = before.lots[:, side] + delta[:, None] * (old == price[:, None])
        is_gone = (old > 0) & ~(old[:, :, None] == new[:, None, :]).any(axis=2)
        is_wrong = is_gone & (left != 0) & ~_is_behind(old, new, sign)
        _refuse(is_wrong, change.record, side, old, np.zeros_like(left), left)
        added = np.where(delta > 0, price, 0)[:, None]
        is_there = np.asarray((added == new).any(axis=1))[:, None]
        is_wrong = (added > 0) & ~is_there & ~_is_behind(added, new, sign)
        _refuse(is_wrong, change.record, side, added, np.zeros_like(added), delta[:, None])
        known += int(((new > 0) & ~is_revealed).sum())
        came += int(is_revealed.sum())
    return known, came


def _lots_at(
    prices: NDArray[np.int64], among: NDArray[np.int64], lots: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the lots at prices [N, K] in other rows, 0 where they have no such level."""
    return np.asarray(((prices[:, :, None] == among[:, None, :]) * lots[:, None, :]).sum(axis=2))


def _is_behind(prices: NDArray[np.int64], shown: NDArray[np.int64], sign: int) -> NDArray[np.bool_]:
    """Tell which prices are behind the last level of a row that shows as many as it can."""
    is_full = np.asarray((shown > 0).all(axis=1))
    return np.asarray(is_full[:, None] & (prices * sign < (shown[:, -1] * sign)[:, None]))


def _refuse(
    is_wrong: NDArray[np.bool_], record: NDArray[np.int64], side: int, price: NDArray[np.int64],
    has: NDArray[np.int64], expected: NDArray[np.int64],
) -> None:  # fmt: skip
    if not is_wrong.any():
        return
    row = int(np.argmax(is_wrong.any(axis=1)))
    at = int(np.argmax(is_wrong[row]))
    shown = price[row, at] // lobster.UNIT
    raise MessageError(
        f"the order-book file has {has[row, at]} lots at the {_SIDE_NAMES[side]} {shown} in row "
        f"{record[row]}, and the orders up to it leave {expected[row, at]}"
    )
