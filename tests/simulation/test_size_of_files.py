"""Files of a run grow with what is recorded of it, not with the cells that are not."""

import json

import pyarrow.parquet as pq
import pytest

import proteus
from tests.helpers.recorded import near_barriers as near_barriers

KEYS = {
    "mechanism": "clob", "horizon_s": 1, "metrics.tau_ms": 500, "record.warmup_s": 0.25,
    "metrics.horizons_ms": [0], "metrics.volatility_grid_ms": 250,
}  # fmt: skip
LANE = "cell:1/seed:0"
FEW, MANY = 2, 20
OF_A_CELL = 40  # bytes: its value among the words of the run, which stand in each file twice


def made(folder, cells, **record):
    rates = [round(3 + 0.1 * number, 1) for number in range(cells)]
    keys = {**KEYS, "population.noise.schedule.rate_per_s": rates, "record": record}
    proteus.sweep(keys, seeds=1, output_dir=folder)
    return {path.name: path.stat().st_size for path in folder.iterdir()}


@pytest.fixture(scope="module")
def folders(near_barriers, tmp_path_factory):
    """Two sweeps with the log and the traces of one and the same lane, and the larger without."""
    at = tmp_path_factory.mktemp("sizes")
    sizes = {
        "few": made(at / "few", FEW, events=LANE, traces=LANE),
        "many": made(at / "many", MANY, events=LANE, traces=LANE),
        "none": made(at / "none", MANY),
        "none of few": made(at / "none of few", FEW),
    }
    return at, sizes


@pytest.mark.parametrize("name", ["events.parquet", "fills.parquet"])
def test_a_log_of_one_lane_is_as_large_whatever_the_number_of_cells(folders, name):
    _, sizes = folders
    assert sizes["many"][name] - sizes["few"][name] < OF_A_CELL * (MANY - FEW)


def test_so_are_its_traces(folders):
    _, sizes = folders
    added = [sizes[with_]["results.nc"] - sizes[without]["results.nc"]
             for with_, without in (("few", "none of few"), ("many", "none"))]  # fmt: skip
    assert abs(added[1] - added[0]) < 4096  # a page of the file


def test_a_log_says_of_its_own_cell_alone_what_it_is_and_is_replayed(folders):
    at, _ = folders
    for name in ("events", "fills"):
        told = pq.read_schema(at / "many" / f"{name}.parquet").metadata
        assert [cell["cell"] for cell in json.loads(told[b"cells"])] == [1]
    few, many = (proteus.load_events(at / name) for name in ("few", "many"))
    assert few.drop(columns="cell").equals(many.drop(columns="cell"))
    assert list(many.attrs["traders"]) == [1]
    assert proteus.load_fills(at / "many").attrs["traders"] == many.attrs["traders"]
    (lane,) = proteus.replay_log(at / "many")
    stored = proteus.load(at / "many").isel(mechanism=0, delta=0, noise_schedule_rate_per_s=1)
    assert lane.metrics["maker_pnl_marked"] == stored["maker_pnl_marked"].sel(seed=0)
    assert lane.label["noise_schedule_rate_per_s"] == 3.1
