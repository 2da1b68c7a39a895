"""A stand-in for the engine with the variables that studies read; PnL falls where makers suffer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.helpers import fake_engine
from tests.helpers.fake_engine import FakeEngine, Outcome, install, row

VARIABLES = (
    *fake_engine.VARIABLES,
    row("maker_inventory_most", unit="lots"),
    row("maker_max_drawdown"),
    row("quoted_spread"),
    row("price_rmse"),
    row("pnl_venue"),
)
BY_GROUP = row("pnl_marked_by_group", "group")
BY_GROUP.needs = ""


class StudyEngine(FakeEngine):
    """PnL is ``profit`` per half-spread, less what informed orders and latency take."""

    def __init__(self, profit: float = 100.0, bite: float = 1.0) -> None:
        super().__init__()
        self.profit, self.bite = profit, bite

    def outcome(self, cell: Any, replicates: np.ndarray, number: int = 0) -> Outcome:
        outcome = super().outcome(cell, replicates, number)
        maker, informed = cell.population["maker"], cell.population["informed"]
        harm = informed.schedule.rate_per_s + maker.latency.submission.base_ms / 10
        noise = outcome.values["maker_adverse_selection"][:, 0] + 1.5  # -0.5 to 0.5
        pnl = self.profit * maker.policy.half_spread - self.bite * harm + noise
        one = np.ones(len(replicates))
        groups = [*cell.population]
        by_group = np.zeros((len(replicates), len(groups)))
        by_group[:, groups.index("maker")] = pnl
        outcome.values.update(
            {
                "maker_pnl_marked": pnl,
                "maker_inventory_most": one * maker.policy.quote_lots,
                "maker_max_drawdown": one,
                "quoted_spread": one * 2 * maker.policy.half_spread,
                "price_rmse": 0.01 * one + 0.001 * noise,
                **{f"pnl_{name}": 0 * one for name in ("noise", "informed", "sniper", "venue")},
                "pnl_maker": pnl,
                "pnl_marked_by_group": by_group,
            }
        )
        return outcome


def install_study(monkeypatch: pytest.MonkeyPatch, engine: StudyEngine) -> StudyEngine:
    """Put the stand-in and its variables where they are imported from."""
    monkeypatch.setattr(fake_engine, "VARIABLES", VARIABLES)
    install(monkeypatch, engine)
    monkeypatch.setattr("proteus.market.variables.POPULATION_VARIABLES", (BY_GROUP,))
    return engine
