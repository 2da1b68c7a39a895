"""The message door end to end: a table of a million messages in, tables out, on one core."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from proteus.bench.figures import RUNS, Figure, rate, timed
from proteus.replaying.cells import Messages
from proteus.replaying.orders import replay

_ROWS = 1_000_000
_SHARES = (0.55, 0.60, 0.95)  # limits up to the first, then markets, then cancels, then amends
_RECENT = 100  # a cancel or an amend means one of so many orders
_AGENTS = 1000
_MIDDLE = 500
_OPEN = (10, 18_000)  # requests that stay open
_AGES = 2**50  # ns: longer than the stream
_SEED = 7


def measure() -> list[Figure]:
    """Measure messages per second of one core, and the memory of one."""
    frame = orders(_ROWS)
    figures = [
        _rate("message door, a DataFrame of a million rows", frame, "clob", at_least=3e6),
        _rate("message door, an Arrow table", pa.Table.from_pandas(frame), "clob"),
    ]
    for count in _OPEN:
        name = f"message door, requests for quote, {count:,} open"
        figures.append(_rate(name, requests(_ROWS, count), "rfq"))
    command = [sys.executable, "-m", "proteus.bench.door"]
    sizes = [float(subprocess.check_output(command)) for _ in range(RUNS)]
    figures.append(Figure("message door, memory at most", "B/message", tuple(sizes), at_most=400))
    return figures


def _rate(name: str, table: Messages, mechanism: str, at_least: float | None = None) -> Figure:
    timings = [timed(partial(replay, table, mechanism)) for _ in range(RUNS + 1)]
    return rate(name, "messages/s", _ROWS, timings[1:], at_least)


def orders(rows: int) -> pd.DataFrame:
    """Draw limits, markets, cancels and amends around one price."""
    generator = np.random.default_rng(_SEED)
    kind = np.searchsorted(_SHARES, generator.random(rows), side="right")
    kind[:_RECENT] = 0
    limits = np.flatnonzero(kind == 0)
    latest = np.searchsorted(limits, np.arange(rows))
    meant = limits[np.maximum(latest - generator.integers(1, _RECENT, rows), 0)]
    number = np.where(kind < 2, np.arange(rows), meant)
    side = generator.integers(0, 2, rows)
    distance = generator.geometric(0.3, rows)
    price = np.where(side == 0, _MIDDLE + 1 - distance, _MIDDLE + distance).clip(1, 999)
    return pd.DataFrame(
        {
            "time_ns": np.arange(rows) * 1000,
            "kind": _words(["limit", "market", "cancel", "amend"], kind),
            "order_id": number + 1,
            "agent": generator.integers(0, _AGENTS, rows)[number],
            "side": _words(["buy", "sell"], side).where(kind < 2),
            "price_ticks": _cells(price, (kind == 0) | (kind == 3)),
            "quantity": _cells(generator.integers(1, 20, rows), kind != 2),
        }
    )


def requests(rows: int, count: int) -> pd.DataFrame:
    """Make requests, each with a quote and an acceptance; so many stay open to the end."""
    number, step = np.divmod(np.arange(rows), 3)
    is_open = number < count
    step = np.where(is_open & (step == 2), 1, step)  # a second dealer instead of an acceptance
    return pd.DataFrame(
        {
            "time_ns": np.arange(rows) * 1000,
            "kind": _words(["request", "quote", "accept"], step),
            "request_id": number,
            "order_id": _cells(np.arange(rows), step < 2),
            "side": _words(["buy", "sell"], number % 2).where(step == 0),
            "price_ticks": _cells(np.full(rows, _MIDDLE), step == 1),
            "quantity": _cells(np.ones(rows, np.int64), step < 2),
            "ttl_ns": _cells(np.where(is_open, _AGES, 10_000), step < 2),
        }
    )


def _words(words: list[str], places: np.ndarray) -> pd.Series:
    return pd.Series(words, dtype=str).take(places).reset_index(drop=True)


def _cells(values: np.ndarray, is_given: np.ndarray) -> pd.Series:
    return pd.Series(pd.arrays.IntegerArray(values.astype(np.int64), ~is_given))


def _peak(name: str) -> int:
    """Return a size of this process in bytes."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _print_memory() -> None:
    """Print what a message adds to the peak of this process, its table apart."""
    frame = orders(_ROWS)
    replay(frame.head(1))
    with open("/proc/self/clear_refs", "w") as control:
        control.write("5")  # the peak begins anew
    before = _peak("VmRSS:")
    replay(frame)
    print((_peak("VmHWM:") - before) / _ROWS)


if __name__ == "__main__":
    _print_memory()
