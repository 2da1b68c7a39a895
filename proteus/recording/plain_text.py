"""``proteus.export_ledger``: entries as plain-text double entry, so that others add them up."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from proteus.basics.files import whole
from proteus.basics.units import NANO
from proteus.errors import ConfigError, ResultsError
from proteus.recording.files import load_ledger
from proteus.recording.tables import CELL, SEED

# Programs for accounts count days; what happened when is a comment of each entry.
_DAY, _DAY_AFTER = "2000-01-01", "2000-01-02"


class _Entry(NamedTuple):
    """A row of the ledger."""

    cause: int
    time_ns: int
    code: str
    asset: str
    giver: str
    receiver: str
    amount: int


def export_ledger(folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> Path:
    """Write the ledger of recorded lanes as plain text that beancount or hledger reads.

    Parameters
        folder: the output folder of a sweep, or its ``ledger.parquet``.
        path: the file to write; ``.beancount`` for beancount, ``.journal`` for hledger.

    Every account of a lane is one of its own, as ``Assets:Cell0:Seed3:Maker0``; currency is CASH
    with nine decimals, lots are CONTRACT. The balances at the end are written as assertions, so
    that the program that reads the file proves them.

    Returns
        The file.

    Raises
        ConfigError: another ending. ResultsError: as :func:`proteus.load_ledger`, or the file
        cannot be written.
    """
    target = Path(path)
    if target.suffix not in _FORMATS:
        allowed = "it must end with .beancount or .journal"
        raise ConfigError(f"path={target} is not allowed: {allowed}")
    frame = load_ledger(folder)
    text = "\n".join([*_lines(frame, _FORMATS[target.suffix]), ""])
    try:
        with whole(target) as temporary:
            temporary.write_text(text, "utf-8")
    except OSError as error:
        raise ResultsError(f"{target} cannot be written: {error.strerror}") from None
    return target


def _lines(frame: pd.DataFrame, write: Callable[..., Iterator[str]]) -> Iterator[str]:
    columns = list(_Entry._fields)
    for (cell, seed), lane in frame.groupby([CELL, SEED], sort=False):
        entries = [_Entry(*row) for row in lane[columns].itertuples(index=False, name=None)]
        yield from write(f"Cell{cell}:Seed{seed}", entries, _balances(entries))


def _balances(entries: list[_Entry]) -> dict[tuple[str, str], int]:
    """Add up what every account holds, by its name and the asset."""
    held: dict[tuple[str, str], int] = {}
    for entry in entries:
        for account, amount in ((entry.giver, -entry.amount), (entry.receiver, entry.amount)):
            key = account, entry.asset
            held[key] = held.get(key, 0) + int(amount)
    return held


def _amount(amount: int, asset: str) -> str:
    """Write an amount exactly: nine decimals of currency, or whole lots."""
    if asset == "contract":
        return f"{amount} CONTRACT"
    sign, size = "-" if amount < 0 else "", abs(int(amount))
    return f"{sign}{size // NANO}.{size % NANO:09d} CASH"


def _account(lane: str, name: str) -> str:
    part = name.replace("_", "-")
    return f"Assets:{lane}:{part[0].upper()}{part[1:]}"


def _beancount(lane: str, entries: list[_Entry], held: dict[tuple[str, str], int]) -> Iterator[str]:
    for name in dict.fromkeys(name for name, _ in held):
        yield f"{_DAY} open {_account(lane, name)}"
    for entry in entries:
        yield f'{_DAY} * "{entry.code}" "event {entry.cause} at {entry.time_ns} ns"'
        yield from _legs(lane, entry)
    for (name, asset), amount in held.items():
        number, unit = _amount(amount, asset).split()
        # Without a tolerance of 0, one that is wrong by a unit of the last digit would hold.
        yield f"{_DAY_AFTER} balance {_account(lane, name)}  {number} ~ 0 {unit}"


def _hledger(lane: str, entries: list[_Entry], held: dict[tuple[str, str], int]) -> Iterator[str]:
    for entry in entries:
        yield f"{_DAY} * {entry.code} | event {entry.cause} at {entry.time_ns} ns"
        yield from _legs(lane, entry)
    yield f"{_DAY_AFTER} * balances"
    for (name, asset), amount in held.items():
        nothing = _amount(0, asset)
        yield f"  {_account(lane, name)}  {nothing} = {_amount(amount, asset)}"


def _legs(lane: str, entry: _Entry) -> Iterator[str]:
    yield f"  {_account(lane, entry.giver)}  {_amount(-entry.amount, entry.asset)}"
    yield f"  {_account(lane, entry.receiver)}  {_amount(entry.amount, entry.asset)}"


_FORMATS: dict[str, Callable[..., Iterator[str]]] = {
    ".beancount": _beancount, ".journal": _hledger,
}  # fmt: skip
