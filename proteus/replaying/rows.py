"""Reading columns of a table of messages: integers and names, with what is wrong by row."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.errors import ConfigError, MessageError
from proteus.market.door.orders import MAX_QUANTITY, UNCHANGED
from proteus.replaying.cells import Column, Table

LATEST_NS = 2**62  # so that what follows the last message has a time
EXACT = 2**53  # a float of this size or more may stand for several integers
ABSENT = -1  # a code that is not given
_UNKNOWN = -2
_HALF = 31  # bits
_WHOLE = "must be an integer"
_WIDE = "must be an integer of 64 bits, -2**63 .. 2**63 - 1"
_FLOAT = (
    "a float from 2**53 on may have lost its last digits: must be an integer, in a column of "
    "integers (with empty cells dtype Int64)"
)


def check_integer(name: str, value: Any, least: int, most: int) -> None:
    """Check an argument that is a number.

    Raises
        ConfigError: it is no integer from least to most.
    """
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not (is_integer and least <= value <= most):
        allowed = f"must be an integer {least} .. {most}"
        raise ConfigError(f"{name}={value!r} is not allowed: {allowed}")


def read_times(table: Table) -> NDArray[np.int64]:
    """Read ``time_ns``, int64 [N]; 0 where it is absent.

    Raises
        MessageError: the row and what is wrong with its time.
    """
    time = read_integers(table, "time_ns", 0)
    outside = (time < 0) | (time > LATEST_NS)
    if outside.any():
        row = int(np.argmax(outside))
        raise refused("time_ns", int(time[row]), row, f"must be 0 .. {LATEST_NS}")
    return time


def refused(name: str, value: Any, row: int, allowed: str) -> MessageError:
    """Say what is wrong in a row; of a long value, how it begins and ends."""
    return MessageError(f"{name}={reprlib.repr(value)} in row {row} is not allowed: {allowed}")


def is_given(table: Table, name: str) -> NDArray[np.bool_]:
    """Tell which rows have a value in a column."""
    column = table.columns.get(name)
    return np.zeros(table.rows, np.bool_) if column is None else column.given()


def read_integers(
    table: Table, name: str, default: int | NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Read a column of integers, int64 [N].

    Parameters
        default: what absent values take, one for all or int64 [N]; without one they are refused.

    Raises
        MessageError: the row and what is wrong with it.
    """
    column = table.columns.get(name)
    if column is None:
        column = Column(np.zeros(table.rows, np.int8), np.ones(table.rows, np.bool_))
    if column.values.dtype == object and column.words is None:
        return _integers_of_objects(column, name, default)
    wrong, allowed = _wrong_numbers(column)
    wrong = wrong if default is not None else wrong | ~column.given()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise refused(name, column.cell(row), row, allowed(row))
    with np.errstate(invalid="ignore"):  # of an absent cell
        values = column.values.astype(np.int64)
    if column.absent is not None:
        fill = np.broadcast_to(np.int64(0) if default is None else default, values.shape)
        np.copyto(values, fill, where=column.absent)
    return values


def _wrong_numbers(column: Column) -> tuple[NDArray[np.bool_], Any]:
    """Tell which cells of a column are no integers, and of a row why it is not one."""
    values, given = column.values, column.absent
    kind = "O" if column.words is not None else values.dtype.kind
    if kind == "i":
        return np.zeros(len(values), np.bool_), lambda row: _WHOLE
    if kind == "u":
        wrong, reason = values > np.uint64(2**63 - 1), _WIDE
    elif kind == "f":
        wrong = (values != np.trunc(values)) | (np.abs(values) >= EXACT)
        return wrong & column.given(), lambda row: _why(float(values[row]))
    else:
        wrong, reason = np.ones(len(values), np.bool_), _WHOLE
    return (wrong if given is None else wrong & ~given), lambda row: reason


def _why(value: float) -> str:
    """Say why a float is not taken for an integer."""
    if not value.is_integer():
        return _WHOLE
    return _FLOAT if -(2**63) <= value < 2**63 else _WIDE


def _integers_of_objects(
    column: Column, name: str, default: int | NDArray[np.int64] | None
) -> NDArray[np.int64]:
    cells = column.values
    fill = np.asarray(0 if default is None else default, np.int64)
    values = np.broadcast_to(fill, len(cells)).copy()
    given = column.given() if default is not None else np.ones(len(cells), np.bool_)
    for row in np.flatnonzero(given).tolist():
        value = cells[row]
        is_float = isinstance(value, float)
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not (whole or (is_float and value.is_integer())):
            raise refused(name, value, row, _WHOLE)
        if not -(2**63) <= value < 2**63:
            raise refused(name, value, row, _WIDE)
        if is_float and abs(value) >= EXACT:
            raise refused(name, value, row, _FLOAT)
        values[row] = int(value)
    return values


def read_codes(
    table: Table,
    name: str,
    codes: Mapping[Any, int],
    required: NDArray[np.bool_] | bool = False,
) -> NDArray[np.int8]:
    """Read a column of names as codes, int8 [N], ABSENT where it is empty.

    Parameters
        codes: names to codes. required: rows, bool [N] or all, that must have a name.

    Raises
        MessageError: the row and what is wrong with it.
    """
    column = table.columns.get(name)
    if column is None:
        column = Column(np.zeros(table.rows, np.int8), np.ones(table.rows, np.bool_), [""])
    read = _codes_of(column, codes)
    if column.absent is not None:
        read[column.absent] = ABSENT
    wrong = read == _UNKNOWN
    if required is not False:
        wrong |= (read == ABSENT) & required
    if wrong.any():
        row = int(np.argmax(wrong))
        allowed = ", ".join(str(key) for key in codes)
        raise refused(name, column.cell(row), row, f"must be {allowed}")
    return read


def check_sum(quantity: NDArray[np.int64], bits: int) -> None:
    """Check that lots do not together reach 2**bits: sums, or products, would not fit 64 bits.

    Parameters
        quantity: int64 [N]; what is no number of lots counts as none.

    Raises
        MessageError: the row that reaches it.
    """
    if not len(quantity) or int(quantity.max()) * len(quantity) < 2**bits:
        return
    lots = np.where((quantity >= 1) & (quantity <= MAX_QUANTITY), quantity, 0)
    upper, lower = np.cumsum(lots >> _HALF), np.cumsum(lots & (2**_HALF - 1))
    is_beyond = upper + (lower >> _HALF) >= 2 ** (bits - _HALF)
    if is_beyond.any():
        row = int(np.argmax(is_beyond))
        allowed = f"the quantities of all rows up to here must add up to less than 2**{bits} lots"
        raise refused("quantity", int(quantity[row]), row, allowed)


def in_order_of(time: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the rows in time order, equal times as they stand; None: they are so already."""
    return None if bool((time[1:] >= time[:-1]).all()) else np.argsort(time, kind="stable")


def list_prices(
    price: NDArray[np.int64], n_ticks: int, most: int
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """Return the prices that messages name, where there are too many ticks, and the level of each.

    Parameters
        price: int64 [N] ticks, or UNCHANGED.
        most: how many ticks may all be levels; then a price is its own level.

    A price outside 1 .. n_ticks-1 has level 0.
    """
    if n_ticks <= most:
        return None, price
    is_valid = (price >= 1) & (price < n_ticks)
    prices = np.unique(price[is_valid])
    levels = np.where(price == UNCHANGED, UNCHANGED, 0)
    levels[is_valid] = np.searchsorted(prices, price[is_valid]) + 1
    return prices, levels


def _codes_of(column: Column, codes: Mapping[Any, int]) -> NDArray[np.int8]:
    """Return the code of every cell, _UNKNOWN where it has none."""
    values = column.values
    if column.words is not None:
        by_place = np.array([codes.get(word, _UNKNOWN) for word in column.words], np.int8)
        return np.asarray(by_place[values])
    if values.dtype.kind == "b":
        by_value = np.array([codes.get(value, _UNKNOWN) for value in (False, True)], np.int8)
        return by_value[values.view(np.uint8)]
    if values.dtype != object:
        return np.full(len(values), _UNKNOWN, np.int8)
    known = (str, bool, np.bool_)
    found = (codes.get(cell, _UNKNOWN) if isinstance(cell, known) else _UNKNOWN for cell in values)
    return np.fromiter(found, np.int8, len(values))
