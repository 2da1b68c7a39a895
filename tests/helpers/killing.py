"""Runs in child processes that are killed, and what they leave."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq

import proteus
from proteus.results import checkpoint
from proteus.sweep import main

WORDS = (
    "mechanism=clob,fba", "delta=100", "horizon_s=2", "metrics.tau_ms=700",
    "metrics.horizons_ms=[0,100,300]", "record.warmup_s=0.25", "executor.block_lanes=4",
    "executor.workers=2", "record.per_run=true", "record.events=seed:1..2", "record.traces=seed:2",
)  # fmt: skip


def in_child(words: Sequence[str], prepare: Callable[[], None], errors: Path) -> int:
    """Start a run in a fork of this process; returns the child's number.

    A fork has the kernels, so that a run takes a moment. ``errors`` gets what it says.
    """
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        with errors.open("w") as said:
            os.dup2(said.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.stderr = os.fdopen(2, "w")
            checkpoint.SAVE_EVERY_S = 0.0  # a file per block
            prepare()
            code = main(words)
            sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a child; returns its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_after(child: int, seconds: float) -> int:
    """Kill a child some time after it was started; returns as :func:`ended`."""
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return ended(child)


def contents(folder: Path) -> dict[str, object]:
    """Return what a run gave, in a form that is equal only if every bit is."""
    found = proteus.load(folder)
    traces = proteus.load_traces(folder)
    return {
        **{str(name): found[name].to_numpy().tobytes() for name in found.data_vars},
        **{f"trace {cell}": trace["inventory"].to_numpy().tobytes()
           for cell, trace in traces.items()},
        **{name: (folder / name).read_text() for name in ("summary.csv", "verdict.txt")},
        **{name: pq.read_table(folder / f"{name}.parquet").to_pandas().to_csv()
           for name in ("events", "fills", "runs")},
        "files": sorted(path.name for path in folder.iterdir()),
    }  # fmt: skip
