"""``runs.parquet``: one row per lane, read back by other tools and compared with the dataset."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray as xr

import proteus
from proteus.errors import ResultsError
from proteus.plans import planner
from proteus.results import per_run
from tests.helpers.fake_engine import FakeEngine, install

GRID = {"mechanism": ["clob", "fba"], "delta": [50, 100], "record.per_run": True}


@pytest.fixture
def folder(monkeypatch, tmp_path):
    install(monkeypatch, FakeEngine(violated=(4,)))
    with pytest.warns(RuntimeWarning, match="broke an invariant"):
        proteus.sweep(GRID, seeds=range(3, 8), output_dir=tmp_path / "out")
    return tmp_path / "out"


def test_one_row_per_lane_with_the_numbers_of_the_dataset(folder):
    rows, dataset = pd.read_parquet(folder / "runs.parquet"), proteus.load(folder)
    assert len(rows) == 15  # clob once, fba twice, five seeds each
    for row in rows[rows["mechanism"] == "fba"].to_dict("records"):
        lane = dataset.sel(mechanism="fba", delta=row["delta"], seed=row["seed"])
        for name in ("maker_pnl_marked", "effective_spread", "n_fills"):
            np.testing.assert_equal(row[name], lane[name].item())
        for horizon in (0, 100, 1000):
            written = row[f"maker_markout_{horizon}ms"]
            np.testing.assert_equal(
                written, lane["maker_markout"].sel(horizon=f"{horizon}ms").item()
            )


@pytest.mark.plain
def test_columns_of_traders_say_who_they_are_whatever_other_dims_they_have():
    lanes = xr.Dataset(
        {"won": (("seed", "episode", "trader", "reason"), np.zeros((2, 2, 2, 2))),
         "held": (("seed", "trader"), np.zeros((2, 2))), "n": (("seed",), np.zeros(2))},
        {"trader": ["maker0", "noise0"], "agent_uid": ("trader", [2**62 + 1, 5]),
         "episode": [3, 4], "reason": ["a", "b"]},
    )  # fmt: skip
    found = per_run._uids_of_columns(lanes)
    assert len(found) == 8 + 2
    for name, uid in found.items():
        assert uid == (2**62 + 1 if "maker0" in name else 5)


def test_a_key_that_a_cell_does_not_use_is_null(folder):
    rows = pq.read_table(folder / "runs.parquet").to_pylist()
    assert [row["delta"] for row in rows if row["mechanism"] == "clob"] == [None] * 5
    assert sorted({row["delta"] for row in rows if row["mechanism"] == "fba"}) == [50.0, 100.0]


def test_a_violated_lane_has_its_reason_and_no_numbers(folder):
    rows = pq.read_table(folder / "runs.parquet").to_pylist()
    for row in rows:
        assert row["violation"] == ("book_crossed" if row["seed"] == 4 else None)
        assert np.isnan(row["maker_pnl_marked"]) == (row["seed"] == 4)


def test_the_file_says_what_it_is(folder):
    file = pq.ParquetFile(folder / "runs.parquet")
    schema = file.schema_arrow
    assert schema.metadata[b"schema_version"] == b"6"
    assert schema.metadata[b"config_hash"].decode() == proteus.load(folder).attrs["config_hash"]
    assert schema.field("delta").metadata == {b"units": b"ms"}
    assert schema.field("maker_markout_100ms").metadata == {b"units": b"currency"}
    assert schema.field("seed").type == pa.int64()
    assert file.num_row_groups == 3
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_labels_of_further_dims_are_suffixes():
    horizons = np.array([500_000, 10**12 + 10**6], "timedelta64[ns]")
    dims = {"horizon": ("horizon", horizons), "trader_class": ["a", "b"]}
    variable = xr.DataArray(
        np.arange(8.0).reshape(2, 2, 2),
        dims=("seed", "horizon", "trader_class"),
        coords=dims,
        name="x",
    ).assign_attrs(units="1")
    found = {name: values.tolist() for name, (values, _) in per_run._columns(variable)}
    assert found["x_0.5ms_a"] == [0, 4]
    assert found["x_1000001ms_b"] == [3, 7]
    assert len(found) == 4


def test_nothing_else_changes_with_it(folder):
    with_rows, without = (planner.from_words([f"record.per_run={on}"]) for on in ("true", "false"))
    assert with_rows.config_hash == without.config_hash
    assert with_rows.cells[0].canonical() == without.cells[0].canonical()


def test_it_is_written_only_when_asked(monkeypatch, tmp_path):
    install(monkeypatch, FakeEngine())
    proteus.simulate(seeds=2, output_dir=tmp_path / "x")
    assert not (tmp_path / "x" / "runs.parquet").exists()
    with pytest.raises(ResultsError, match=r"does not exist: record.per_run=true writes it"):
        proteus.load_runs(tmp_path / "x")


def test_it_loads(folder):
    assert proteus.load_runs(folder).equals(pd.read_parquet(folder / "runs.parquet"))


def test_changed_values_are_never_read(folder):
    """A bit of each byte of a column's pages; what a page's header says of them may change."""
    path = folder / "runs.parquet"
    column, rows = pq.ParquetFile(path).metadata.row_group(0).column(2), proteus.load_runs(folder)
    whole, refused = path.read_bytes(), 0
    for at in range(column.total_compressed_size):
        place = column.dictionary_page_offset + at
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            assert proteus.load_runs(folder).equals(rows)
        except ResultsError:
            refused += 1
    assert refused > 20


def rewritten(path, metadata):
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata(metadata), path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "cannot be read as Parquet"),
        (lambda path: path.write_bytes(b"PAR1"), "cannot be read as Parquet"),
        (lambda path: path.write_text("a,b"), "cannot be read as Parquet"),
        (lambda path: rewritten(path, None), "not a result of Proteus: it has no schema_version"),
        (lambda path: rewritten(path, {"schema_version": "7"}), "schema_version=7: .* a newer"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_in_one_sentence(folder, change, sentence):
    change(folder / "runs.parquet")
    with pytest.raises(ResultsError, match=sentence) as caught:
        proteus.load_runs(folder)
    assert "\n" not in str(caught.value)
