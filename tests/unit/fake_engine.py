"""A stand-in for the engine: values that are easy to compute by hand, and optional violations."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import proteus


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
)


class FakeEngine:
    """Return value = replicate + 1000 * delta in seconds; records every call."""

    def __init__(self, violated: tuple[int, ...] = ()) -> None:
        self.calls: list[dict[str, Any]] = []
        self.violated = violated

    def run_cell(self, cell: Any, replicates: np.ndarray, **options: Any) -> SimpleNamespace:
        self.calls.append({"cell": cell, "replicates": replicates, **options})
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
        }
        violations = [
            SimpleNamespace(replicate=r, reason="crossed_book", event_id=5, time_ns=7, detail="x")
            for r in self.violated
        ]
        if options["progress"]:
            options["progress"](len(replicates))
        return SimpleNamespace(values=values, violations=violations)


def install(monkeypatch: pytest.MonkeyPatch, engine: Any) -> Any:
    """Put the stand-in where the engine and the registry of variables are imported from."""
    for name, content in (
        (
            "engine",
            {"run_cell": engine.run_cell, "CellOutcome": SimpleNamespace, "LARGEST_BLOCK": 32},
        ),
        ("variables", {"VARIABLES": VARIABLES}),
    ):
        module = ModuleType(f"proteus.{name}")
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, f"proteus.{name}", module)
        monkeypatch.setattr(proteus, name, module, raising=False)
    return engine
