"""Files that older code wrote, in ``tests/fixtures``: they are read, and no number is another.

A folder is named by its schema version and the commit that wrote it: clob and fba at 100 and 200
ms, three seeds of 3 s, log and traces of one lane. The truth is what netCDF4 and pyarrow read.
"""

import gzip
import json
from pathlib import Path

import netCDF4
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

import proteus
from proteus.basics.versions import SCHEMA_VERSION, migrate
from proteus.results.flags import stopped

FIXTURES = Path(__file__).parents[2] / "fixtures"
RENAMED = {"class": "trader_class", "rank": "quote_rank"}
CELL, SEED = 1, 1  # the recorded lane: fba at 100 ms


@pytest.fixture(params=sorted(path.name for path in FIXTURES.glob("schema-*")))
def folder(request, tmp_path):
    for path in (FIXTURES / request.param).iterdir():
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    return tmp_path


@pytest.fixture
def written(folder):
    with netCDF4.Dataset(folder / "results.nc") as file:
        file.set_auto_maskandscale(False)
        yield file


def test_they_are_of_every_version_that_was_in_use():
    assert {path.name.split("-")[1] for path in FIXTURES.glob("schema-*")} >= {"3", "4"}
    assert sum(path.stat().st_size for path in FIXTURES.rglob("*.gz")) < 250_000


def test_every_number_is_kept_under_its_name_of_today(folder, written):
    loaded = proteus.load(folder)
    assert loaded.attrs["schema_version"] == SCHEMA_VERSION > written.schema_version
    dims = RENAMED if written.schema_version < 4 else {}
    coordinates = set()
    for name, values in written.variables.items():
        now = loaded[dims.get(name, name)]
        assert now.dims == tuple(dims.get(dim, dim) for dim in values.dimensions), name
        if name in written.dimensions:
            coordinates.add(name)
        if name in ("horizon", "elapsed"):
            assert now.dtype == "timedelta64[ns]"
            assert now.values.astype(int).tolist() == (values[:] * 1e6).round().tolist()
        else:
            np.testing.assert_array_equal(now.values, values[:], err_msg=name)
            assert now.attrs["long_name"] == values.long_name
    assert coordinates >= {"mechanism", "delta", "seed", "horizon", "elapsed"}
    assert len(written.variables) > 70
    assert not stopped(loaded).any()


def test_what_is_said_of_the_run_is_said_as_today(folder):
    loaded = proteus.load(folder)
    assert json.loads(loaded.attrs["overrides"])[:2] == ["mechanism=clob,fba", "delta=100,200"]
    config = yaml.safe_load(loaded.attrs["config"])
    assert config["endpoint"]["budgets"][0]["variable"]
    assert {group["accounts"] for group in config["population"].values()} <= {"one", "per_intent"}
    table = proteus.compare(loaded)
    first = table[(table["family"] == "primary") & (table["delta"] == 200)]
    assert (len(first), first["n"].item()) == (1, 3)


def test_its_traces_are_the_same(folder, written):
    (number,) = traces = proteus.load_traces(folder)
    group = written["traces"][f"cell_{CELL}"]
    assert (number, traces[number].seed.item()) == (CELL, SEED)
    assert traces[number].time.dtype == "timedelta64[ns]"
    times = traces[number].time.values / np.timedelta64(1, "ms")
    assert times.tolist() == list(range(0, 3001, 100))
    for name in ("v", "mid", "bid_depth", "inventory"):
        np.testing.assert_array_equal(traces[number][name].values, group[name][:])


def test_its_log_is_replayed_to_the_numbers_of_its_run(folder, written):
    events = proteus.load_events(folder)
    assert len(events) == pq.read_metadata(folder / "events.parquet").num_rows
    assert events.attrs["traders"][CELL][:2] == ["maker0", "maker1"]
    (lane,) = proteus.replay_log(folder)
    assert (lane.cell, lane.seed, lane.violation) == (CELL, SEED, None)
    checked = 0
    for name, values in written.variables.items():
        if name in lane.metrics and "seed" in values.dimensions:
            np.testing.assert_array_equal(lane.metrics[name], values[1, 0, SEED], err_msg=name)
            checked += 1
    assert checked > 60


def test_a_log_of_version_4_that_measured_no_trader_says_so_now():
    """Files of 8b16294 have version 4, and no key record.per_trader."""
    config = {"mechanism": {"name": "clob"}, "population": {}, "record": {"report": False}}
    written = {"cells": json.dumps([{"label": {}, "traders": [], "config": config}])}
    (cell,) = json.loads(migrate(written, 4)["cells"])
    assert cell["cell"] == 0
    assert cell["config"]["record"] == {"report": False, "per_trader": False}
