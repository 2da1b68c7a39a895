"""Tables of messages in any form, as columns of plain arrays.

A DataFrame, whatever holds its columns (numpy, pandas' nullable types, Arrow), a list of dicts, and
everything that hands out an Arrow stream (Arrow tables, Polars frames, DuckDB relations) become the
same ``Column``. Whole columns are converted; cells are looked at one by one only where a column
holds Python objects of more than one kind.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from proteus.errors import MessageError

Messages = Any  # a DataFrame, a list of dicts, or what has an ``__arrow_c_stream__``


class Column(NamedTuple):
    """The cells of a column. N rows."""

    values: NDArray[Any]  # [N] integers, floats, booleans, places in ``words``, or objects
    absent: NDArray[np.bool_] | None  # [N] the cell is empty; None: no cell is
    words: list[str] | None = None  # what ``values`` are the places of

    def given(self) -> NDArray[np.bool_]:
        """Tell which cells are not empty."""
        return np.ones(len(self.values), np.bool_) if self.absent is None else ~self.absent

    def cell(self, row: int) -> Any:
        """Return a cell as a Python value."""
        value = self.values[row : row + 1].tolist()[0]
        is_filled = self.values.dtype != object and value == value
        if is_filled and self.absent is not None and self.absent[row]:
            return None
        return value if self.words is None else self.words[value]


class Table(NamedTuple):
    """A table of messages."""

    columns: dict[str, Column]
    rows: int


def read_table(messages: Messages, allowed: Sequence[str]) -> Table:
    """Return the messages as columns that are all among the allowed ones.

    Raises
        MessageError: an unknown column, one that is given twice, or no table.
    """
    names, cells, rows = _parts(messages)
    unknown = [str(name) for name in names if name not in allowed]
    if unknown:
        raise MessageError(f"unknown column {unknown[0]}; allowed: {', '.join(allowed)}")
    if len(set(names)) < len(names):
        raise MessageError("a column is given twice; each is allowed once")
    return Table({name: _column(each) for name, each in zip(names, cells, strict=True)}, rows)


def _parts(messages: Messages) -> tuple[list[Any], list[Any], int]:
    """Return the names of the columns, the columns, and the number of rows."""
    if isinstance(messages, pd.DataFrame):
        columns = [messages.iloc[:, place] for place in range(messages.shape[1])]
        return list(messages.columns), columns, len(messages)
    if hasattr(messages, "__arrow_c_stream__") and not isinstance(messages, pd.Series):
        return _arrow_parts(messages)
    if not isinstance(messages, Sequence) or isinstance(messages, (str, bytes)):
        allowed = "must be a DataFrame, an Arrow table or a list of rows, each a dict"
        raise MessageError(f"messages of type {type(messages).__name__} are not allowed: {allowed}")
    names: dict[Any, None] = {}
    for number, row in enumerate(messages):
        if not isinstance(row, Mapping):
            allowed = "must be a dict of columns to values"
            raise MessageError(f"row {number} is {reprlib.repr(row)}, not allowed: {allowed}")
        names.update(dict.fromkeys(row))
    return list(names), [_objects(messages, name) for name in names], len(messages)


def _arrow_parts(messages: Messages) -> tuple[list[Any], list[Any], int]:
    try:
        table = pa.table(messages)
    except (pa.ArrowException, TypeError, ValueError) as error:
        kind, reason = type(messages).__name__, str(error).splitlines()[0]
        allowed = f"must be a table of columns ({reason})"
        raise MessageError(f"messages of type {kind} are not allowed: {allowed}") from None
    return table.column_names, table.columns, table.num_rows


def _objects(rows: Sequence[Mapping[Any, Any]], name: Any) -> NDArray[np.object_]:
    """Return a column of dicts as it is: made an array of numbers it would lose large ids."""
    cells = np.empty(len(rows), object)
    for number, row in enumerate(rows):
        cells[number] = row.get(name)
    return cells


def _column(cells: Any) -> Column:
    if isinstance(cells, (pa.Array, pa.ChunkedArray)):
        return _from_arrow(cells)
    if isinstance(cells, np.ndarray):
        return _from_objects(cells)
    if not isinstance(cells.dtype, np.dtype):
        try:
            return _from_arrow(pa.array(cells))
        except (pa.ArrowException, TypeError, ValueError):
            return _from_objects(cells.to_numpy(object))
    values = cells.to_numpy()
    if values.dtype.kind == "f":
        absent = np.isnan(values)
        return Column(values, absent if absent.any() else None)
    if values.dtype.kind in "iub":
        return Column(values, None)
    return _from_objects(cells.astype(object).to_numpy())


def _from_arrow(cells: Any) -> Column:
    """Read a column of Arrow."""
    array = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    kind = array.type
    if pa.types.is_string_view(kind):
        array = array.cast(pa.large_string())
    if any(test(array.type) for test in (pa.types.is_string, pa.types.is_large_string)):
        array = pc.dictionary_encode(array)
    absent = None
    if array.null_count:
        absent = pc.is_null(array).to_numpy(zero_copy_only=False)
    if pa.types.is_dictionary(array.type):
        words = array.dictionary.to_pylist()
        if all(isinstance(word, str) for word in words):
            return Column(_filled(array.indices), absent, [*words, ""])
        array = array.dictionary_decode()
    is_number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    if not any(test(array.type) for test in is_number):
        return _from_objects(np.fromiter(array.to_pylist(), object, len(array)))
    values = _filled(array)
    if values.dtype.kind == "f" and np.isnan(values).any():
        absent = np.isnan(values) | (False if absent is None else absent)
    return Column(values, absent)


def _filled(array: Any) -> NDArray[Any]:
    filled = pc.fill_null(array, False if pa.types.is_boolean(array.type) else 0)
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _from_objects(cells: NDArray[np.object_]) -> Column:
    """Read a column of Python objects, as words if it holds nothing but text and empty cells."""
    kinds = set(map(type, cells))
    empty = (type(None), float, np.float64, type(pd.NA))
    if str in kinds and kinds.issubset({str, *empty}):
        places, words = pd.factorize(cells)
        if all(isinstance(word, str) for word in words):
            absent = places < 0
            return Column(places, absent if absent.any() else None, [*words, ""])
    absent = np.fromiter(map(is_absent, cells), np.bool_, len(cells))
    return Column(cells, absent if absent.any() else None)


def is_absent(value: Any) -> bool:
    """Tell whether a cell of the table is empty."""
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)
