"""Logs that another tool has written again, and fills that are not those of their log."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import proteus
from proteus.errors import ResultsError
from proteus.recording.files import read_file
from tests.helpers.recorded import located
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.recorded import run as run


def test_a_log_written_again_by_another_tool_is_read_and_its_altered_row_located(run, tmp_path):
    """``pq.write_table`` keeps the schema's metadata and drops what was added at the end."""
    path = tmp_path / "events.parquet"
    table = pq.read_table(run[0] / "events.parquet")
    pq.write_table(table, path)
    assert read_file(path).lanes == read_file(run[0]).lanes
    at = table.num_rows - 1
    time = table.column("time_ns").to_pylist()
    time[at] += 1
    place = table.schema.get_field_index("time_ns")
    pq.write_table(table.set_column(place, table.schema.field(place), [time]), path)
    last = read_file(run[0]).lanes[-1]
    assert located(path)[:3] == (last.cell, last.seed, last.rows - 1)


@pytest.mark.parametrize(
    ("kind", "column", "text"),
    [("ack", "reason", "banana"), ("ack", "lifetime", "never"), ("book", "side", "BUY")],
)
def test_a_name_that_nobody_knows_is_located(run, tmp_path, kind, column, text):
    table = pq.read_table(run[0] / "events.parquet")
    row = table.column("kind").to_pylist().index(kind)
    values = table.column(column).to_pylist()
    assert values[row] is None
    values[row] = text
    place = table.schema.get_field_index(column)
    pq.write_table(
        table.set_column(place, table.schema.field(place).with_type(pa.string()), [values]),
        tmp_path / "events.parquet",
    )
    assert located(tmp_path / "events.parquet")[2] == row


@pytest.mark.parametrize("name", ["price_ticks", "buyer", "time_ns", "maker_order_id"])
def test_an_altered_fill_is_located(run, tmp_path, name):
    shutil.copy(run[0] / "events.parquet", tmp_path)
    table = pq.read_table(run[0] / "fills.parquet")
    values, row = table.column(name).to_pylist(), table.num_rows // 2
    values[row] += 1
    place = table.schema.get_field_index(name)
    changed = table.set_column(place, table.schema.field(place), [values])
    pq.write_table(changed, tmp_path / "fills.parquet")
    with pytest.raises(ResultsError, match=rf"fills\.parquet, row {row}: {name} is "):
        proteus.replay_log(tmp_path)


def test_a_missing_fill_is_noticed(run, tmp_path):
    shutil.copy(run[0] / "events.parquet", tmp_path)
    table = pq.read_table(run[0] / "fills.parquet")
    pq.write_table(table.slice(0, table.num_rows - 1), tmp_path / "fills.parquet")
    with pytest.raises(ResultsError, match=rf"row {table.num_rows - 1}: it has"):
        proteus.replay_log(tmp_path)
