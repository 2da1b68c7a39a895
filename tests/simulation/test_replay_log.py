"""A lane rebuilt from its log: metrics, balances and book to the bit; alterations are located."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import proteus
from proteus.errors import ResultsError
from proteus.market.events.log import MISSING
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.plans.planner import from_words
from proteus.recording.checksums import checksums
from proteus.recording.columns import COLUMNS, FILL, ORDER, is_kind
from proteus.recording.files import read_file
from proteus.recording.tables import events_table, read_rows
from proteus.sweep import main
from tests.helpers.cells import ROOT, run_plain
from tests.helpers.recorded import SEEDS, WORDS, located
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.recorded import run as run


@pytest.fixture(scope="module")
def replayed(run):
    return proteus.replay_log(run[0])


def test_every_metric_is_that_of_the_run_to_the_bit(run, replayed):
    _, dataset = run
    assert [(lane.cell, lane.seed) for lane in replayed] == [
        (c, s) for c in (0, 1) for s in (0, 1, 2)
    ]
    for lane in replayed:
        point = dataset.sel(seed=lane.seed, **lane.label)
        names = set(dataset.data_vars) - {"violation"}
        assert set(lane.metrics) == names
        for name in names:
            assert lane.metrics[name].tobytes() == point[name].to_numpy().tobytes(), name
        assert lane.violation is None


@pytest.mark.parametrize("cell", [0, 1])
def test_balances_and_book_are_those_of_the_engine(run, replayed, cell):
    config = from_words(WORDS).cells[cell]
    for lane in replayed[SEEDS * cell : SEEDS * (cell + 1)]:
        keys = replicate_keys(ROOT, np.array([lane.seed]))
        mechanism, world = build_block(set_up_cell(config), keys, growth=1, audit=False)
        run_plain(mechanism, world)
        settled = lane.balances["settled_nano"].to_numpy(np.int64)
        assert (settled == world.ledger.balance[0, :, 0]).all()
        marked = lane.balances["cash_nano"] + lane.balances["lots"] * world.totals.final_value[0]
        traders = len(world.traders.kind)
        assert (marked.to_numpy()[:traders] == world.totals.marked[0]).all()
        assert lane.balances[["cash_nano", "lots"]].sum().tolist() == [0, 0]
        orders = world.market.orders
        rests = orders.previous[0] != np.arange(orders.previous.shape[1])
        alive = rests & (orders.client_id[0] != 0)
        found = sorted(
            zip(lane.book["order_id"], lane.book["trader"], lane.book["lots"], strict=True)
        )
        assert found == sorted(
            zip(
                orders.client_id[0, alive],
                orders.trader[0, alive],
                orders.lots[0, alive],
                strict=True,
            )
        )
        bids = lane.book[lane.book["side"] == "buy"]
        assert bids["price_ticks"].is_monotonic_decreasing
        assert len(bids) > 1


def test_fills_and_clears_add_up(run, replayed):
    fills = proteus.load_fills(run[0])
    assert len(fills) == sum(len(lane.fills) for lane in replayed) > 100
    batch = [lane for lane in replayed if lane.label["mechanism"] == "fba"]
    for lane in batch:
        assert lane.clears["time_ns"].tolist() == [100_000_000 * k for k in range(1, 15)]
        traded = lane.fills.groupby("time_ns")["quantity"].sum()
        volume = lane.clears.set_index("time_ns")["volume"]
        assert traded.to_dict() == volume[volume > 0].to_dict()
        priced = lane.clears.dropna()
        assert (priced["low"] <= priced["price_ticks"]).all()
        assert (priced["price_ticks"] <= priced["high"]).all()
    assert all(len(lane.clears) == 0 for lane in replayed if lane not in batch)
    for lane in replayed:
        lots = np.zeros(len(lane.balances), np.int64)
        np.add.at(lots, lane.fills["buyer"], lane.fills["quantity"])
        np.subtract.at(lots, lane.fills["seller"], lane.fills["quantity"])
        assert (lots == lane.balances["lots"]).all()


def window(name, key, begin_s, end_s, factor):
    """The word of a window of stress."""
    inside = f"from_s: {begin_s}, to_s: {end_s}, factor: {factor}, value: null"
    return f"+stress.windows.{name}={{key: '{key}', {inside}}}"


VARIANTS = {
    "random closes": ["mechanism=fba", "mechanism.random_close=0.4"],
    "random allocation": ["mechanism=fba", "mechanism.allocation=random"],
    "pro rata, t7": ["mechanism=fba", "mechanism.allocation=pro_rata", "mechanism.price_rule=t7"],
    "shared levels": ["mechanism=clob", "mechanism.allocation=pro_rata"],
    "own orders": ["mechanism=clob,fba", "mechanism.self_trade=cancel_both"],
    "log odds": ["mechanism=clob,fba", "latent=log_odds", "latent.jump_rate_per_s=2"],
    "grids that meet batches": ["mechanism=fba", "metrics.volatility_grid_ms=100", "delta=50"],
    "many orders": ["mechanism=clob", "population.noise.schedule.rate_per_s=30"],
    "dual flow": ["mechanism=dual_flow", "mechanism.price_rule=takers"],
    "dual flow, random": ["mechanism=dual_flow", "mechanism.allocation=random"],
    "requests": ["mechanism=rfq"],
    "last looks": [
        "mechanism=rfq", "mechanism.last_look=true", "mechanism.tolerance=0",
        "mechanism.shows_side=false", "mechanism.tie=random",
    ],
    "late for everything": [
        "mechanism=rfq", "mechanism.request_ttl_ms=24", "mechanism.quote_ttl_ms=15",
        "mechanism.decision_ms=0",
    ],
    "no makers": ["mechanism=clob,fba", "population.maker.count=0"],
    "hidden and late": [
        "mechanism=clob", "execution.leakage.clob.book.best_bid=hidden",
        "execution.leakage.clob.trade.price=parties", "execution.leakage.clob.book.delay_ms=30",
    ],
    "stakes and samples": [
        "mechanism=clob,fba,dual_flow", "incentives=staking",
        "incentives.policies.presence.epoch_s=0.5", "incentives.policies.slashing.epoch_s=0.25",
        "incentives.policies.slashing.measure.required_share=1",
    ],
    "fines of messages": [
        "mechanism=rfq,clob", "incentives=message_ratio", "population.maker.capital=2",
        "incentives.policies.messages.epoch_s=0.5",
        "incentives.policies.messages.charge.amount=0.1",
    ],
    "in stress": [  # the loop is that of "stakes and samples"
        "mechanism=clob,fba",
        window("flood", "population.noise.schedule.rate_per_s", 0.4, 1, 4),
        window("slow", "population.*.latency", 0.6, 1.2, 5),
        window("cut", "population.maker.lots", 0.8, 1.1, 0.5),
    ],
}  # fmt: skip


def test_a_clear_of_dual_flow_has_a_row_for_each_auction(near_barriers, tmp_path):
    more = [
        "mechanism=dual_flow",
        "seeds.count=1",
        "record.events=seed:0",
        f"output_dir={tmp_path}/out",
    ]
    assert main([*(word for word in WORDS if not word.startswith("mechanism=")), *more]) == 0
    (lane,) = proteus.replay_log(tmp_path / "out")
    assert lane.clears["auction"].tolist() == ["bid", "ask"] * (len(lane.clears) // 2)
    assert (lane.clears["time_ns"][::2].to_numpy() == lane.clears["time_ns"][1::2].to_numpy()).all()
    maker_buys = lane.fills["maker_order_id"] == lane.fills["buy_order_id"]
    for auction, buys in (("bid", True), ("ask", False)):
        part = lane.clears[lane.clears["auction"] == auction].set_index("time_ns")["volume"]
        traded = lane.fills[maker_buys == buys].groupby("time_ns")["quantity"].sum()
        assert traded.to_dict() == part[part > 0].to_dict()
        assert len(traded) > 3


@pytest.mark.parametrize("variant", VARIANTS)
def test_other_cells_replay_to_the_bit(near_barriers, tmp_path, variant):
    words = VARIANTS[variant]
    given = {word.partition("=")[0] for word in words}
    kept = [word for word in WORDS if word.partition("=")[0] not in given]
    more = ["seeds.count=2", "record.events=seed:1", f"output_dir={tmp_path / 'out'}"]
    assert main([*kept, *words, *more]) == 0
    dataset = proteus.load(tmp_path / "out")
    lanes = proteus.replay_log(tmp_path / "out")
    assert len(lanes) == dataset.sizes["mechanism"]
    for lane in lanes:
        point = dataset.sel(seed=1, **lane.label)
        for name, value in lane.metrics.items():
            assert value.tobytes() == point[name].to_numpy().tobytes(), name
        assert lane.metrics["n_messages"] > 10


def test_a_lane_that_needed_more_room_replays_with_more_room(near_barriers, monkeypatch, tmp_path):
    monkeypatch.setattr("proteus.market.setup.capacities.pending_orders", lambda *_: 8)
    more = ["seeds.count=1", "record.events=all", f"output_dir={tmp_path / 'out'}"]
    assert main([*WORDS, *more]) == 0
    assert proteus.load_events(tmp_path / "out")["slot"].max() >= 8
    dataset = proteus.load(tmp_path / "out")
    for lane in proteus.replay_log(tmp_path / "out"):
        point = dataset.sel(seed=0, **lane.label)
        assert all(v.tobytes() == point[k].to_numpy().tobytes() for k, v in lane.metrics.items())


# --- alterations ----------------------------------------------------------------------------------


def rewritten(run, target, change):
    """Write the events file again after a change to its table; the metadata stays."""
    file = pq.ParquetFile(run[0] / "events.parquet")
    metadata = file.metadata.metadata
    table = change(file.read()).replace_schema_metadata(metadata)
    path = target / "events.parquet"
    pq.write_table(table, path)
    return path


LANE = 4  # cell 1, seed 1: not the first of the file


def start_of(run, lane=LANE):
    return sum(each.rows for each in read_file(run[0]).lanes[:lane])


def set_value(table, row, name, value):
    at = table.column_names.index(name)
    column = table.column(at).combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    values = column.to_pylist()
    values[row] = value
    kind = table.field(at).type
    plain = pa.string() if pa.types.is_dictionary(kind) else kind
    return table.set_column(at, table.field(at), pa.array(values, plain).cast(kind))


def another(name, value):
    names = {column.name: column.names for column in COLUMNS}.get(name)
    if names is not None:
        return next(text for text in names.values() if text != value)
    return 1 if value is None else value - 1


COLUMN_NAMES = ["cell", "seed", *(column.name for column in COLUMNS), "checksum"]


@pytest.mark.parametrize("name", COLUMN_NAMES)
@pytest.mark.parametrize("part", [0.0, 0.4, 1.0])
def test_one_altered_value_is_located(run, tmp_path, name, part):
    """Sampled rows of a lane, every column; null becomes a number, a number becomes another."""
    start, rows = start_of(run), read_file(run[0]).lanes[LANE].rows
    row = int(part * (rows - 1))

    def alter(table):
        value = table.column(name)[start + row].as_py()
        return set_value(table, start + row, name, another(name, value))

    assert located(rewritten(run, tmp_path, alter))[:3] == (1, 1, row)


@pytest.mark.parametrize("name", ["price_ticks", "lots", "value_nano"])
def test_a_value_that_is_taken_away_is_located(run, tmp_path, name):
    start = start_of(run)
    rows = read_rows(read_file(run[0]).table.slice(start, read_file(run[0]).lanes[LANE].rows))
    row = int(np.flatnonzero(rows[name] != MISSING)[20])
    path = rewritten(run, tmp_path, lambda table: set_value(table, start + row, name, None))
    assert located(path)[:3] == (1, 1, row)


def without(table, row):
    return pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def inserted(table, row):
    return pa.concat_tables([table.slice(0, row), table.slice(row, 1), table.slice(row)])


def swapped(table, row):
    order = [*range(row), row + 1, row, *range(row + 2, table.num_rows)]
    return table.take(pa.array(order))


@pytest.mark.parametrize("part", [0.0, 0.3, 0.8])
@pytest.mark.parametrize(("change", "shift"), [(without, 0), (inserted, 1), (swapped, 0)])
def test_a_row_removed_inserted_or_swapped_is_located(run, tmp_path, change, shift, part):
    start, rows = start_of(run), read_file(run[0]).lanes[LANE].rows
    row = int(part * (rows - 2))
    path = rewritten(run, tmp_path, lambda table: change(table, start + row))
    assert located(path)[:3] == (1, 1, row + shift)  # the copy is where the next row should be


def test_the_last_row_of_a_lane_and_of_the_file(run, tmp_path):
    file = read_file(run[0])
    end = start_of(run) + file.lanes[LANE].rows
    path = rewritten(run, tmp_path, lambda table: without(table, end - 1))
    assert located(path)[:3] == (1, 1, file.lanes[LANE].rows - 1)
    path = rewritten(run, tmp_path, lambda table: table.slice(0, table.num_rows - 1))
    cell, seed, row, reason = located(path)
    assert (cell, seed, row) == (1, 2, file.lanes[5].rows - 1)
    assert reason.startswith("is missing")
    twice = rewritten(run, tmp_path, lambda table: inserted(table, table.num_rows - 1))
    with pytest.raises(ResultsError, match=f"holds rows of no lane from row {file.table.num_rows}"):
        proteus.replay_log(twice)


def test_lanes_that_change_places_are_noticed(run, tmp_path):
    file = read_file(run[0])
    one, two = start_of(run, 1), start_of(run, 2)

    def exchange(table):
        parts = [table.slice(one, two - one), table.slice(0, one), table.slice(two)]
        return pa.concat_tables(parts)

    assert located(rewritten(run, tmp_path, exchange))[:3] == (0, 0, 0)
    assert file.lanes[0].rows > 10


@pytest.mark.parametrize("key", ["seed_root", "config_hash", "cells"])
def test_altered_words_about_the_run_are_noticed(run, tmp_path, key):
    file = pq.ParquetFile(run[0] / "events.parquet")
    metadata = dict(file.metadata.metadata)
    old = metadata[key.encode()].decode()
    new = old.replace('"horizon_s": 1.5', '"horizon_s": 2') if key == "cells" else old[::-1] + "1"
    assert new != old
    metadata[key.encode()] = new.encode()
    pq.write_table(file.read().replace_schema_metadata(metadata), tmp_path / "events.parquet")
    assert located(tmp_path / "events.parquet")[:3] == (0, 0, 0)


# --- the replay itself, where checksums have been made anew ---------------------------------------


def forged(run, tmp_path, change):
    """Change the rows of one lane and write checksums that fit."""
    file = read_file(run[0])
    start, lane = start_of(run), file.lanes[LANE]
    read = read_rows(file.table.slice(start, lane.rows))
    rows = {name: values.copy() for name, values in read.items()}
    change(rows)
    checksum = checksums(rows, file.sealed, lane.cell, lane.seed)
    part = events_table(file.table.schema, lane.cell, lane.seed, rows, checksum)
    after = file.table.slice(start + lane.rows)
    return rewritten(
        run, tmp_path, lambda table: pa.concat_tables([table.slice(0, start), part, after])
    )


@pytest.mark.parametrize("name", ["price_ticks", "lots", "other_id", "trader", "time_ns"])
def test_a_forged_outcome_does_not_follow(run, tmp_path, name):
    at = []

    def change(rows):
        at.append(int(np.flatnonzero(is_kind(rows, FILL))[5]))
        rows[name][at[0]] += 1

    cell, seed, row, reason = located(forged(run, tmp_path, change))
    assert (cell, seed, row) == (1, 1, at[0])
    assert re.fullmatch(rf"{name} is \d+, and must be \d+", reason)


def test_a_forged_order_does_not_lead_to_what_is_logged(run, tmp_path):
    """A buy limit far below the market does not trade; its fill in the log does not follow."""
    at = []

    def change(rows):
        filled = {*rows["other_id"][is_kind(rows, FILL)], *rows["order_id"][is_kind(rows, FILL)]}
        bought = is_kind(rows, ORDER) & (rows["side"] == 0) & np.isin(rows["order_id"], [*filled])
        at.append(int(np.flatnonzero(bought)[3]))
        rows["price_ticks"][at[0]] = 1

    cell, seed, row, _ = located(forged(run, tmp_path, change))
    assert (cell, seed) == (1, 1)
    assert row >= at[0]


def test_the_sentence_says_when_other_code_recorded_the_log(run, tmp_path):
    file = pq.ParquetFile(run[0] / "events.parquet")
    metadata = {**file.metadata.metadata, b"kernel_hash": b"0123456789abcdef"}
    table = set_value(file.read(), 0, "trader", 7).replace_schema_metadata(metadata)
    pq.write_table(table, tmp_path / "events.parquet")
    *_, reason = located(tmp_path / "events.parquet")
    assert "kernel_hash=0123456789abcdef recorded it, and this is " in reason
