"""Traces against what hooks around the engine saw of the same lane."""

import netCDF4
import numpy as np
import pytest
import xarray as xr

import proteus
from proteus.basics.versions import SCHEMA_VERSION
from proteus.errors import ResultsError
from proteus.market.environment.news import value_at
from proteus.market.trading import loop
from proteus.plans.planner import from_words
from proteus.sweep import main
from tests.helpers.cells import MS, build, run_plain
from tests.helpers.measuring import record
from tests.helpers.recorded import near_barriers as near_barriers

WORDS = (
    "horizon_s=1.2", "metrics.tau_ms=700", "metrics.horizons_ms=[0,100,300]", "delta=100",
    "population.noise.count=5", "latent.jump_rate_per_s=6", "record.warmup_s=0.25",
    "metrics.volatility_grid_ms=250", "mechanism=clob,fba",
)  # fmt: skip
STEP_MS = 7  # neither divides the batch interval nor the grid of the news


@pytest.fixture(scope="module")
def folder(near_barriers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces") / "out"
    words = [*WORDS, "seeds.count=3", "record.traces=seed:0+cell:1/seed:2", f"output_dir={folder}"]
    assert main([*words, f"record.trace_step_ms={STEP_MS}"]) == 0
    return folder


@pytest.fixture(scope="module", params=[0, 1])
def pair(request, folder):
    """The trace of seed 0 of a cell, and a log of it that hooks made, with v at the same times."""
    config = from_words(WORDS).cells[request.param]
    log, _ = record(config)
    trace = proteus.load_traces(folder)[request.param].sel(seed=0)
    return trace, log, config


def times_of(trace):
    return trace["time"].to_numpy().astype("timedelta64[ns]").astype(np.int64)


def test_the_grid_and_the_lanes(folder):
    traces = proteus.load_traces(folder)
    assert {cell: trace["seed"].to_numpy().tolist() for cell, trace in traces.items()} == {
        0: [0], 1: [0, 2],
    }  # fmt: skip
    for trace in traces.values():
        assert trace["time"].dtype == np.dtype("timedelta64[ns]")
        assert times_of(trace).tolist() == [*range(0, 1200 * MS + 1, STEP_MS * MS)]
        assert trace["trader"].to_numpy().tolist()[:3] == ["maker0", "maker1", "informed0"]
        assert trace["inventory"].dims == ("seed", "time", "trader")
        assert all("units" in trace[name].attrs for name in trace.data_vars)
    assert traces[1].attrs["cell_mechanism"] == "fba"
    assert traces[1].attrs["cell_delta"] == 100


def test_prices_spread_and_depth_are_those_published_before(pair):
    trace, log, config = pair
    for at, time in enumerate(times_of(trace)):
        state = log.state_at(int(time) - 1)
        bid = np.nan if state.bid is None else state.bid / config.n_ticks
        ask = np.nan if state.ask is None else state.ask / config.n_ticks
        expected = {
            "best_bid": bid, "best_ask": ask, "mid": (bid + ask) / 2, "spread": ask - bid,
            "bid_depth": state.lots[0], "ask_depth": state.lots[1],
        }  # fmt: skip
        for name, value in expected.items():
            np.testing.assert_allclose(trace[name].to_numpy()[at], value, atol=1e-15)
    assert np.isfinite(trace["mid"]).sum() > 50
    assert np.unique(trace["spread"]).size > 3


def test_inventories_are_sums_of_fills_before(pair):
    trace, log, _ = pair
    for at, time in enumerate(times_of(trace)):
        held = np.zeros(trace.sizes["trader"])
        for fill in log.fills:
            if fill.time < time:
                for side in fill.sides:
                    held[side.trader] += side.sign * fill.lots
        assert (trace["inventory"].to_numpy()[at] == held).all()
    assert (trace["inventory"].to_numpy()[-1] != 0).sum() > 3


def test_fair_value_is_that_of_the_engine(pair, monkeypatch):
    """Asked of the engine's own path while it runs: at every grid time before its barrier."""
    trace, log, config = pair
    mechanism, world = build(config)
    times, found = times_of(trace), {}
    audit = loop.audit_lane

    def ask(mechanism, world, lane):
        now = int(world.progress.now[lane])
        for time in times:
            if time <= now and time not in found and time >= now - 200 * MS:
                found[time] = value_at(world.news, world.news_parameters, lane, time)
        audit(mechanism, world, lane)

    monkeypatch.setattr(loop, "audit_lane", ask)
    run_plain(mechanism, world._replace(settings=world.settings._replace(audit_every_event=True)))
    assert len(found) > 100
    for time, value in found.items():
        assert trace["v"].to_numpy()[np.flatnonzero(times == time)[0]] == value
    assert len(log.jumps) > 3


def test_the_results_beside_the_traces_are_as_ever(folder, tmp_path):
    plain = tmp_path / "plain"
    assert main([*WORDS, "seeds.count=3", f"output_dir={plain}"]) == 0
    xr.testing.assert_identical(proteus.load(folder).drop_attrs(), proteus.load(plain).drop_attrs())
    with pytest.raises(ResultsError, match=r"has no traces: record\.traces=seed:0\.\.3 writes"):
        proteus.load_traces(plain)


def test_a_newer_or_broken_file_is_refused(folder, tmp_path):
    path = tmp_path / "results.nc"
    with pytest.raises(ResultsError, match="does not exist"):
        proteus.load_traces(tmp_path)
    whole = (folder / "results.nc").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ResultsError, match="cannot be read as netCDF"):
        proteus.load_traces(tmp_path)
    for group in ("", "traces/cell_1"):
        path.write_bytes(whole)
        with netCDF4.Dataset(path, "a") as file:
            (file[group] if group else file).setncattr("schema_version", SCHEMA_VERSION + 1)
        with pytest.raises(ResultsError, match="a newer Proteus wrote it"):
            proteus.load_traces(tmp_path)
