"""A stand-in for the engine: values that are easy to compute by hand, and optional violations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from proteus.results.outcome import Violation
from proteus.runs.tasks import Job


def row(name: str, *dims: str, unit: str = "currency") -> SimpleNamespace:
    return SimpleNamespace(
        name=name, dims=dims, unit=unit, long_name=name.replace("_", " "),
        sign="positive is good", formula=f"{name} = f(x)", source="hand", missing="no_fill",
    )  # fmt: skip


VARIABLES = (
    row("maker_pnl_marked"),
    row("effective_spread"),
    row("maker_markout", "horizon"),
    row("n_fills", unit="1"),
    row("maker_adverse_selection", "horizon"),
    row("maker_volume_lots", unit="lots"),
    row("taker_time_to_execution", unit="ms"),
    row("taker_wait_filled", unit="ms"),
    row("taker_fill_probability", unit="1"),
    row("volume_lots", unit="lots"),
    row("taker_execution_error"),
    *(row(f"pnl_{name}") for name in ("noise", "informed", "maker", "sniper")),
)


class Outcome(NamedTuple):
    number: int
    replicates: np.ndarray
    values: dict[str, np.ndarray]
    violations: list[Violation]
    logs: list[Any]
    carried: list[Any]
    carried: list[Any]


class FakeEngine:
    """Return value = replicate + 1000 * delta in seconds; records every call."""

    def __init__(self, violated: tuple[int, ...] = (), reason: str = "book_crossed") -> None:
        self.calls: list[dict[str, Any]] = []
        self.violated, self.reason = violated, reason

    def run_jobs(self, jobs: Iterable[Job], workers: Any, stop: Any) -> Iterator[Outcome]:
        for job in jobs:
            if stop():
                return
            self.calls.append({**job._asdict(), "workers": workers.capacity()})
            yield self.outcome(job.cell, job.replicates, job.number)

    def outcome(self, cell: Any, replicates: np.ndarray, number: int = 0) -> Outcome:
        base = replicates + cell.delta_ns / 1e6
        factor = 7919 + cell.delta_ns // 10**6
        noise = 1 + (replicates + 1) * factor % 101 / 100  # 1 to 2, another order in each cell
        horizons = len(cell.metrics.horizons_ms)
        values = {
            "maker_pnl_marked": base.astype(float),
            "effective_spread": np.full(len(replicates), 0.01),
            "maker_markout": base[:, None] + np.arange(horizons),
            "n_fills": np.where(replicates % 2 == 0, 4.0, np.nan),
            "maker_adverse_selection": -noise[:, None] - np.arange(horizons),
            "maker_volume_lots": np.full(len(replicates), 10.0),
            "taker_time_to_execution": cell.delta_ns / 1e6 + noise,
            "taker_wait_filled": cell.delta_ns / 1e6 + noise,
            "taker_fill_probability": np.full(len(replicates), 0.9),
            "volume_lots": np.full(len(replicates), 20.0),
            "taker_execution_error": 0.01 * noise,
            **{f"pnl_{name}": noise for name in ("noise", "informed", "maker", "sniper")},
        }
        violations = [
            Violation(replicate, self.reason, event_id=5, time_ns=7, detail="x")
            for replicate in self.violated
            if replicate in replicates
        ]
        return Outcome(number, replicates, values, violations, [], [])


def install(monkeypatch: pytest.MonkeyPatch, engine: Any) -> Any:
    """Put the stand-in where the engine and the registry of variables are imported from."""
    monkeypatch.setattr("proteus.runs.dispatch.run_jobs", engine.run_jobs)
    monkeypatch.setattr("proteus.market.variables.VARIABLES", VARIABLES)
    monkeypatch.setattr("proteus.market.variables.POPULATION_VARIABLES", ())
    monkeypatch.setattr("proteus.runs.pace.seconds_per_lane", lambda plan, most_cells: None)
    monkeypatch.setattr("proteus.runs.pace.note", lambda cells: None)
    return engine
