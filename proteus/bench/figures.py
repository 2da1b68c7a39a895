"""Samples, their medians and the targets they are held to.

Rates of one core are per second of processor time of the measuring thread: on an idle machine that
is the time on the clock, and on a busy one it is what the clock would have shown. The rate on the
clock stands beside it. Whatever spans threads or processes is measured on the clock alone.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION
from proteus.compiler import jit
from proteus.results import provenance

FOLDER = Path("outputs/bench")
RUNS = 5  # of every measurement; the figure is the median


class Timing(NamedTuple):
    """How long one run took."""

    clock_s: float
    processor_s: float


@dataclass(frozen=True)
class Figure:
    """One measured number.

    samples: one per run. clock_samples: the same by the clock, where ``samples`` are by processor
    time. at_least, at_most: the target, or None.
    """

    name: str
    unit: str
    samples: tuple[float, ...]
    clock_samples: tuple[float, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    @property
    def median(self) -> float:
        """Return the figure."""
        return statistics.median(self.samples)

    @property
    def clock_median(self) -> float | None:
        """Return the figure by the clock, where that is another one."""
        return statistics.median(self.clock_samples) if self.clock_samples else None

    @property
    def peer(self) -> str:
        """Return the program that it is a ratio to, which its name says; empty without one."""
        return self.name.partition("beside ")[2]

    @property
    def target(self) -> str:
        """Return the target in words."""
        if self.at_least is not None:
            return f">= {show(self.at_least)}"
        return f"<= {show(self.at_most)}" if self.at_most is not None else ""

    @property
    def met(self) -> bool | None:
        """Tell whether the target is met; None without a target."""
        if self.at_least is not None:
            return self.median >= self.at_least
        return self.median <= self.at_most if self.at_most is not None else None

    def record(self) -> dict[str, Any]:
        """Return what is written to the results file."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "clock_median": self.clock_median,
            "target": self.target,
            "met": self.met,
            "samples": list(self.samples),
            "clock_samples": list(self.clock_samples),
        }


def show(value: float) -> str:
    """Write a number with about three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def timed(call: Callable[[], object], processor: Callable[[], float] = time.thread_time) -> Timing:
    """Time one call; of processor time that of this thread, or what another clock counts."""
    clock, began = time.perf_counter(), processor()
    call()
    return Timing(time.perf_counter() - clock, processor() - began)


def rate(
    name: str, unit: str, amount: float, timings: Sequence[Timing], at_least: float | None = None
) -> Figure:
    """Return an amount of work per second of one core."""
    return Figure(
        name,
        unit,
        samples=tuple(amount / timing.processor_s for timing in timings),
        clock_samples=tuple(amount / timing.clock_s for timing in timings),
        at_least=at_least,
    )


def write(name: str, content: dict[str, Any]) -> Path:
    """Write what was measured, with what it was measured on and with, to a new file.

    Parameters
        name: how the file's begins; the time follows. content: what was measured.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}{datetime.now():%Y-%m-%d-%H%M%S}.json"
    about = {
        SCHEMA_KEY: SCHEMA_VERSION,
        "created": provenance.created(),
        "kernel_hash": jit.kernel_hash(),
        "git_sha": provenance.git_sha(),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
    }
    path.write_text(json.dumps(about | content, indent=1) + "\n", encoding="utf-8")
    return path
