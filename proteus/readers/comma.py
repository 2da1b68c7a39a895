"""Any CSV file, by a mapping that says what its columns and its words mean.

The mapping is a YAML file:

    columns: {time: ts, kind: action, order_id: id, side: side, price: px, lots: qty}
    kinds: {A: add, X: reduce, D: delete, F: execute}
    sides: {B: buy, S: sell}
    time_unit: ms
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from proteus.errors import ConfigError, MessageError
from proteus.market.book.codes import BUY, SELL
from proteus.readers import sources
from proteus.readers.events import SIDES, check, chosen, events, wrong
from proteus.readers.following import (
    ADD,
    EXECUTE,
    KIND_NAMES,
    NO_ID,
    NO_LOTS,
    NO_PRICE,
    NO_SIDE,
    NO_TIME,
    REPLACE,
    STATUS,
    TRADE,
    Events,
)
from proteus.readers.reading import Format, Reading

_COLUMNS = (
    "time", "received", "kind", "order_id", "new_id", "side", "price", "lots", "symbol", "printed",
)  # fmt: skip
_NEEDED = ("time", "kind")
_DIGITS = {"ns": 0, "us": 3, "ms": 6, "s": 9}  # behind the point, of nanoseconds


if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[KIND_NAMES]


class Mapping(BaseModel):
    """What a CSV file means."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str]  # of ours to those of the file
    kinds: dict[str, Kind]  # of the file's words
    sides: dict[str, Literal["buy", "sell"]] = {"buy": "buy", "sell": "sell"}
    side_of: Literal["resting", "aggressor"] = "resting"  # in executions and trades
    time_unit: Literal["ns", "us", "ms", "s"] = "ns"
    printed: dict[str, bool] = {"true": True, "false": False}
    delimiter: str = ","


def read_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises
        ConfigError: the key, its value and what is allowed.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"mapping={path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError(f"mapping={path} is no YAML file") from None
    if not isinstance(given, dict):
        raise ConfigError(f"mapping={path} is not allowed: it must have columns and kinds")
    try:
        mapping = Mapping(**given)
    except (ValidationError, TypeError) as error:
        raise ConfigError(_said(path, error)) from None
    for name in mapping.columns:
        if name not in _COLUMNS:
            allowed = f"allowed: {', '.join(_COLUMNS)}"
            raise ConfigError(f"columns.{name} of mapping={path} does not exist; {allowed}")
    for name in _NEEDED:
        if name not in mapping.columns:
            raise ConfigError(f"columns.{name} of mapping={path} is missing")
    if len(mapping.delimiter) != 1:
        raise ConfigError(f"delimiter={mapping.delimiter!r} of mapping={path} must be one letter")
    return mapping


def _said(path: Path, error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return f"mapping={path} is not allowed: its keys must be words"
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    value = "" if first["type"] == "missing" else f"={first['input']!r}"
    return f"{key}{value} of mapping={path} is not allowed: {first['msg']}"


def fits(path: Path, first: bytes) -> bool:
    """Tell whether a file is CSV by its name; a mapping must say what it means."""
    return sources.plain_name(path).endswith((".csv", ".tsv"))


def read(path: Path, reading: Reading) -> Iterator[Events]:
    """Give the records of a CSV file whose first row names its columns.

    Raises
        ConfigError: the mapping. MessageError: a record that does not follow it.
    """
    if reading.mapping is None:
        raise ConfigError(f"mapping is missing: file={path} is CSV, whose columns only you know")
    mapping = read_mapping(reading.mapping)
    if reading.symbol is not None and "symbol" not in mapping.columns:
        raise ConfigError(f"symbol={reading.symbol} is not allowed: the mapping has no such column")
    texts = {name: pa.string() for name in mapping.columns.values()}
    record = 0
    for table in sources.tables(path, None, texts, delimiter=mapping.delimiter):
        for column in mapping.columns.values():
            many = len(table.schema.get_all_field_indices(column))
            if many != 1:
                what = "no column" if many == 0 else f"{many} columns"
                raise MessageError(f"file={path} has {what} {column}, which its mapping names")
        numbers = np.arange(record, record + table.num_rows)
        record += table.num_rows
        rows = _Rows(table, numbers, mapping)
        if "symbol" in mapping.columns:
            rows = rows.of(reading.symbol)
        made = rows.events()
        for begin in range(0, len(made.kind), reading.piece):
            yield chosen(made, slice(begin, begin + reading.piece))


class _Rows:
    """Rows of text, and what they mean."""

    def __init__(self, table: Any, record: NDArray[np.int64], mapping: Mapping) -> None:
        self._table, self._record, self._mapping = table, record, mapping

    def of(self, symbol: str | None) -> _Rows:
        """Return the rows of one instrument."""
        column = self._table.column(self._mapping.columns["symbol"])
        if symbol is None:
            names = pc.unique(column).to_pylist()
            if len(names) > 1:
                some = ", ".join(str(name) for name in names[:10])
                raise ConfigError(f"symbol is missing: the file has several, as {some}")
            return self
        is_it = pc.fill_null(pc.equal(column, symbol), False).to_numpy(zero_copy_only=False)
        return _Rows(self._table.filter(pa.array(is_it)), self._record[is_it], self._mapping)

    def events(self) -> Events:
        """Return them as events."""
        mapping = self._mapping
        kinds = {word: KIND_NAMES.index(name) for word, name in mapping.kinds.items()}
        kind = self._codes("kind", kinds, None).astype(np.int8)
        sides = {word: SIDES[name] for word, name in mapping.sides.items()}
        side = self._codes("side", sides, NO_SIDE)
        if mapping.side_of == "aggressor":
            is_trade = (kind == EXECUTE) | (kind == TRADE)
            side = np.where(is_trade & (side >= 0), np.where(side == BUY, SELL, BUY), side)
        needs = (kind < TRADE) & (kind != STATUS)
        order = self._integers("order_id", NO_ID)
        check(needs & (order == NO_ID), "order_id", order, self._record, "must be given")
        price, lots = self._fixed("price", 9, NO_PRICE), self._integers("lots", NO_LOTS)
        is_sized = np.isin(kind, (ADD, EXECUTE, REPLACE, TRADE))
        check(is_sized & (lots < 1), "lots", lots, self._record, "must be at least 1")
        for name, given in (("price", price != NO_PRICE), ("side", side != NO_SIDE)):
            check(
                (kind == ADD) & ~given, name, ["nothing"] * len(kind), self._record, "must be given"
            )
        new_id = self._integers("new_id", NO_ID)
        check(
            (kind == REPLACE) & (new_id == NO_ID), "new_id", new_id, self._record, "must be given"
        )
        digits = _DIGITS[mapping.time_unit]
        printed = {word: int(value) for word, value in mapping.printed.items()}
        return events(
            self._record, time_ns=self._fixed("time", digits, None),
            recv_ns=self._fixed("received", digits, NO_TIME), kind=kind, order_id=order,
            other_id=np.where(kind == REPLACE, new_id, NO_ID), side=side, price=price, lots=lots,
            is_printed=self._codes("printed", printed, 1),
        )  # fmt: skip

    def _column(self, name: str) -> Any:
        known = self._mapping.columns.get(name)
        return None if known is None else self._table.column(known)

    def _codes(self, name: str, codes: dict[str, int], absent: int | None) -> NDArray[np.int64]:
        """Return what the words of a column mean; absent is for empty cells, None refuses them."""
        column = self._column(name)
        if column is None:
            return np.full(len(self._record), absent, np.int64)
        place = pc.index_in(column, pa.array([*codes]))
        values = pc.take(pa.array([*codes.values()], pa.int64()), place)
        is_wrong = values.is_null().to_numpy(zero_copy_only=False)
        if absent is not None:
            is_wrong &= ~column.is_null().to_numpy(zero_copy_only=False)
        if is_wrong.any():
            row = int(np.argmax(is_wrong))
            allowed = f"must be {', '.join(codes)}"
            raise wrong(name, column[row].as_py(), int(self._record[row]), allowed)
        return np.asarray(pc.fill_null(values, 0 if absent is None else absent).to_numpy())

    def _integers(self, name: str, absent: int) -> NDArray[np.int64]:
        return self._fixed(name, 0, absent)

    def _fixed(self, name: str, digits: int, absent: int | None) -> NDArray[np.int64]:
        """Return decimal numbers as whole ones of so many digits behind the point, exactly."""
        column = self._column(name)
        if column is None:
            return np.full(len(self._record), absent, np.int64)
        text = pc.utf8_trim_whitespace(column)
        try:
            number = text.cast(pa.decimal128(38, digits))
        except pa.ArrowException:
            raise self._not_a_number(name, text, digits) from None
        is_absent = number.is_null().to_numpy(zero_copy_only=False)
        if absent is None and is_absent.any():
            row = int(np.argmax(is_absent))
            raise wrong(name, "nothing", int(self._record[row]), "must be given")
        # What Arrow keeps of a decimal is the whole number itself, of 128 bits.
        words = np.frombuffer(number.buffers()[1], np.int64).reshape(-1, 2)
        words = words[number.offset : number.offset + len(number)]
        values = np.where(is_absent, 0, words[:, 0])
        is_wide = ~is_absent & (words[:, 1] != (words[:, 0] >> 63))
        check(is_wide, name, text.to_pylist(), self._record, "must fit 64 bits")
        return np.where(is_absent, 0 if absent is None else absent, values)

    def _not_a_number(self, name: str, text: Any, digits: int) -> MessageError:
        """Find the first cell that is not such a number."""
        pattern = rf"^[+-]?\d{{1,18}}(\.\d{{0,{digits}}}0*)?$"
        fine = pc.fill_null(pc.match_substring_regex(text, pattern), True)
        row = int(np.argmin(fine.to_numpy(zero_copy_only=False)))
        allowed = "must be a whole number"
        if digits:
            allowed = f"must be a decimal number with at most {digits} digits behind the point"
        return wrong(name, text[row].as_py(), int(self._record[row]), allowed)


CSV = Format("csv", "CSV file, by a mapping", fits, read, 1.0)
