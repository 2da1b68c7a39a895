"""The fair-value table is made once for all that a sweep does with cells of the same news."""

import numpy as np

import proteus
from proteus.market.environment import fair_value, setup
from proteus.market.environment.tables import Tables
from proteus.sweep import main

WORDS = (
    "mechanism=clob,fba", "latent=log_odds", "horizon_s=2", "metrics.tau_ms=700", "delta=100",
    "metrics.horizons_ms=[0,100,300]", "record.warmup_s=0.25", "seeds.count=24",
    "executor.workers=2", "executor.block_lanes=8",
)  # fmt: skip


def test_one_table_serves_estimate_parity_plan_and_run(monkeypatch, tmp_path):
    honest, laws = fair_value.tabulate, []

    def counted(*law):
        laws.append(law)
        return honest(*law)

    monkeypatch.setattr(fair_value, "tabulate", counted)
    monkeypatch.setattr(setup, "TABLES", Tables())
    folder = tmp_path / "out"
    words = [*WORDS, f"output_dir={folder}", "record.traces=seed:0"]
    assert main([*words, "plan_only=true"]) == 0  # measures some lanes
    assert main(words) == 0
    assert len(laws) == 1
    assert main([*words[:-2], f"output_dir={tmp_path / 'other'}", "latent.sigma=0.2"]) == 0
    assert len(laws) == 2
    one, other = (proteus.load(tmp_path / name) for name in ("out", "other"))
    assert not np.array_equal(one["price_rmse"], other["price_rmse"])
