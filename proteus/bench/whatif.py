"""Recorded orders through mechanisms: from a LOBSTER file of a million messages to its page."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from proteus.bench.door import orders
from proteus.bench.figures import RUNS, Figure, Timing, rate, timed
from proteus.readers.table import followed, open_recorded
from proteus.replaying.orders import replay
from proteus.whatif import page
from proteus.whatif.judging import Judged, judge
from proteus.whatif.words import Words, read_words

_ROWS = 1_000_000
_UNIT = 10_000  # 1/10,000 of a dollar in a tick of the stream
_NAME = "STREAM_2026-11-27_34200000_57600000_message_1.csv"
_START_S = 34_200
_GRIDS = {
    "clob": ["mechanism=clob"],
    "fba": ["mechanism=fba", "delta=100"],
    "clob, fba and dual_flow at two intervals": ["mechanism=clob,fba,dual_flow", "delta=50,100"],
}


def measure() -> list[Figure]:
    """Measure messages per second of CPU of all threads; each run has the book as a control."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        messages = write(path, _ROWS)
        read = _timings(partial(_read, path))
        figures.append(rate("recorded file, read and followed", "messages/s", messages, read))
        for name, grid in _GRIDS.items():
            words = read_words([str(path), *grid])
            passes = len({"clob", *(cell.label for cell in words.cells)})
            label, judging = f"counterfactual, {name}", _timings(partial(judge, words))
            goal = 2e6 if passes == 1 else None
            figures.append(rate(f"{label}: of the file", "messages/s", messages, judging, goal))
            if passes > 1:
                label, amount = f"{label}: each mechanism's", messages * passes
                figures.append(rate(label, "messages/s", amount, judging, at_least=2e6))
            pages = _timings(partial(_write, words, judge(words), Path(folder)))
            seconds = tuple(timing.processor_s for timing in pages)
            figures.append(Figure(f"counterfactual, {name}: its page and tables", "s", seconds))
    return figures


def _timings(call: Callable[[], object]) -> list[Timing]:
    """Time runs after the first."""
    return [timed(call, time.process_time) for _ in range(RUNS + 1)][1:]


def _write(words: Words, judged: Judged, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as new:
        page.write(judged, words, Path(new), ["bench"])


def _read(path: Path) -> None:
    for _ in followed(open_recorded(path)):
        pass


def write(path: Path, rows: int) -> int:
    """Write what a venue would record of the stream of ``bench.door``; returns its messages."""
    frame = orders(rows)
    frame = frame[frame["kind"] != "amend"].reset_index(drop=True)
    found = replay(frame, "clob")
    limits = frame[frame["kind"] == "limit"].set_index("order_id")
    taken = found.fills.groupby("taker_order_id")["quantity"].sum()
    rests = limits["quantity"].astype(np.int64) - taken.reindex(limits.index, fill_value=0)
    rests = rests[rests > 0]
    wanted = found.cancels[found.cancels["order_id"].isin(limits.index)]
    fills = found.fills
    parts = [
        _rows(fills["time_ns"], 4, fills["maker_order_id"], fills["quantity"], limits),
        _rows(limits.loc[rests.index, "time_ns"], 1, rests.index.to_series(), rests, limits),
        _rows(wanted["time_ns"], 3, wanted["order_id"], wanted["quantity"], limits),
    ]
    stream = pd.concat(parts).sort_values(["ns", "stage"], kind="stable")
    whole, rest = np.divmod(stream["ns"].to_numpy(), 10**9)
    time = [f"{_START_S + s}.{ns:09d}" for s, ns in zip(whole.tolist(), rest.tolist(), strict=True)]
    stream.drop(columns=["ns", "stage"]).assign(time=time)[
        ["time", "type", "order", "size", "price", "direction"]
    ].to_csv(path, header=False, index=False)
    return len(stream)


def _rows(
    time: pd.Series, code: int, order: pd.Series, lots: pd.Series, limits: pd.DataFrame
) -> pd.DataFrame:
    meant = limits.loc[order.to_numpy()]
    return pd.DataFrame({
        "ns": time.to_numpy(), "stage": int(code != 4), "type": code, "order": order.to_numpy(),
        "size": lots.to_numpy(), "price": meant["price_ticks"].to_numpy(np.int64) * _UNIT,
        "direction": np.where(meant["side"].to_numpy() == "buy", 1, -1),
    })  # fmt: skip
