"""Reading a table of messages: columns of integers and of names, with what is wrong by row."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proteus.errors import ConfigError, MessageError

LATEST_NS = 2**62  # so that what follows the last message has a time


def check_integer(name: str, value: Any, least: int, most: int) -> None:
    """Check an argument that is a number.

    Raises
        ConfigError: it is no integer from least to most.
    """
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not (is_integer and least <= value <= most):
        allowed = f"must be an integer {least} .. {most}"
        raise ConfigError(f"{name}={value!r} is not allowed: {allowed}")


def read_frame(
    messages: pd.DataFrame | Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> pd.DataFrame:
    """Return the messages as a table that has no other columns than these.

    Raises
        MessageError: an unknown column, one that is given twice, or no table.
    """
    frame = _table(messages)
    unknown = [str(column) for column in frame.columns if column not in columns]
    if unknown:
        raise MessageError(f"unknown column {unknown[0]}; allowed: {', '.join(columns)}")
    if not frame.columns.is_unique:
        raise MessageError("a column is given twice; each is allowed once")
    return frame


def _table(messages: Any) -> pd.DataFrame:
    """Return the messages as a table, or refuse what is none."""
    if isinstance(messages, pd.DataFrame):
        return messages
    if not isinstance(messages, Sequence) or isinstance(messages, (str, bytes)):
        allowed = "must be a DataFrame or a list of rows, each a dict"
        raise MessageError(f"messages of type {type(messages).__name__} are not allowed: {allowed}")
    for number, row in enumerate(messages):
        if not isinstance(row, Mapping):
            allowed = "must be a dict of columns to values"
            raise MessageError(f"row {number} is {reprlib.repr(row)}, not allowed: {allowed}")
    # Rows given as dicts stay objects: a column with gaps would become float and lose large ids.
    return pd.DataFrame(messages, dtype=object)


def read_times(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Read ``time_ns``, int64 [N]; 0 where it is absent.

    Raises
        MessageError: the row and what is wrong with its time.
    """
    time = read_integers(frame, "time_ns", 0)
    outside = np.flatnonzero((time < 0) | (time > LATEST_NS))
    if outside.size:
        row = int(outside[0])
        raise _refused("time_ns", int(time[row]), row, f"must be 0 .. {LATEST_NS}")
    return time


def _refused(name: str, value: Any, row: int, allowed: str) -> MessageError:
    """Say what is wrong in a row; of a long value, how it begins and ends."""
    return MessageError(f"{name}={reprlib.repr(value)} in row {row} is not allowed: {allowed}")


def is_absent(value: Any) -> bool:
    """Tell whether a cell of the table is empty."""
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def read_integers(
    frame: pd.DataFrame, name: str, default: int | NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Read a column of integers, int64 [N].

    Parameters
        default: what absent values take, one for all or int64 [N]; without one they are refused.

    Raises
        MessageError: the row and what is wrong with it.
    """
    values = np.broadcast_to(
        np.asarray(0 if default is None else default, np.int64), len(frame)
    ).copy()
    column = frame[name].tolist() if name in frame else [None] * len(frame)
    for row, value in enumerate(column):
        if is_absent(value) and default is not None:
            continue
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        whole = whole or (isinstance(value, float) and value.is_integer())
        if not whole:
            raise _refused(name, value, row, "must be an integer")
        if not -(2**63) <= value < 2**63:
            raise _refused(name, value, row, "must be an integer of 64 bits, -2**63 .. 2**63 - 1")
        values[row] = int(value)
    return values


def read_codes(
    frame: pd.DataFrame,
    name: str,
    codes: Mapping[Any, int],
    default: int | None,
    required: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Read a column of names as codes, int64 [N].

    Parameters
        codes: number of each name. default: of absent values; None: they are refused.
        required: bool [N], the rows in which an absent value is not 0; None: all.

    Raises
        MessageError: the row and what is allowed.
    """
    column = frame[name].tolist() if name in frame else [None] * len(frame)
    read = np.zeros(len(frame), np.int64)
    for row, value in enumerate(column):
        if is_absent(value) and required is not None and not required[row]:
            continue
        known = isinstance(value, (str, bool, np.bool_))
        code = default if is_absent(value) else codes.get(value) if known else None
        if code is None:
            allowed = ", ".join(str(key) for key in codes)
            raise _refused(name, value, row, f"must be {allowed}")
        read[row] = code
    return read
