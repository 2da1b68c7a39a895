"""What docs/metrics.md says suffices to compute variables from events, fills and traces."""

import numpy as np
import pytest

import proteus
from proteus.sweep import main
from tests.helpers.recorded import plain_engine as plain_engine
from tests.reference.by_the_page import Recorded, everything

WORDS = (
    "horizon_s=6", "metrics.tau_ms=2000", "metrics.horizons_ms=[0]", "mechanism=clob,fba,dual_flow",
    "delta=250", "population.noise.count=3", "latent.jump_rate_per_s=3", "record.warmup_s=1",
    "metrics.volatility_grid_ms=250", "seeds.count=2", "record.events=all", "record.traces=all",
)  # fmt: skip
LANES = [(cell, seed) for cell in range(3) for seed in range(2)]


@pytest.fixture(scope="module")
def folder(plain_engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "out"
    assert main([*WORDS, f"output_dir={folder}"]) == 0
    return folder


def recorded(folder, cell, seed):
    events, fills = proteus.load_events(folder), proteus.load_fills(folder)
    trace = proteus.load_traces(folder)[cell].sel(seed=seed)
    names = events.attrs["traders"][cell]
    lane = [table[(table.cell == cell) & (table.seed == seed)] for table in (events, fills)]
    return Recorded(
        *lane,
        v=trace.v.to_series().set_axis(trace.time.to_numpy().astype("timedelta64[ns]").astype(int)),
        classes=[name.rstrip("0123456789") for name in names],
        horizon=6 * 10**9, warmup=10**9, grid=250 * 10**6, tau=2 * 10**9, ticks=1000, first=500,
    )  # fmt: skip


@pytest.mark.parametrize(("cell", "seed"), LANES)
def test_the_page_suffices(folder, cell, seed):
    stored = proteus.load(folder).isel(mechanism=cell, delta=0).sel(seed=seed)
    found = everything(recorded(folder, cell, seed))
    wrong = {
        name: (value, stored[name].item())
        for name, value in found.items()
        if not np.isclose(value, stored[name].item(), rtol=1e-9, atol=1e-9, equal_nan=True)
    }
    assert not wrong
