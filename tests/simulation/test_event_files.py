"""``events.parquet`` and ``fills.parquet`` as files: what they say, and what is refused."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import proteus
from proteus.errors import ResultsError
from proteus.plans.planner import from_words
from proteus.recording.checksums import checksums
from proteus.recording.columns import ADDED_IN_6, ADDED_LATER
from proteus.recording.files import read_file, sealed
from proteus.recording.size import FILLED, recorded
from proteus.recording.tables import CHECKSUM, read_rows
from proteus.runs.estimate import FILE_BYTES
from proteus.sweep import main
from tests.helpers.recorded import SEEDS, WORDS
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.recorded import run as run


def with_metadata(run, target, **changes):
    file = pq.ParquetFile(run[0] / "events.parquet")
    metadata = {key.decode(): text.decode() for key, text in file.metadata.metadata.items()}
    metadata = {key: text for key, text in {**metadata, **changes}.items() if text is not None}
    pq.write_table(file.read().replace_schema_metadata(metadata), target / "events.parquet")


REFUSED = [
    ({"schema_version": "7"}, "events.parquet has schema_version=7: .* a newer Proteus wrote it"),
    ({"schema_version": None}, "events.parquet is not a result of Proteus: it has no schema_ver"),
    ({"table": "fills"}, "events.parquet is not the events.parquet of a run"),
    ({"lanes": "[[1]]"}, "does not say which lanes it holds"),
    ({"lanes": "[[0, 0, -5]]"}, "does not say which lanes it holds"),
    ({"cells": "{"}, "does not say which lanes it holds"),
    ({"cells": "[]"}, "does not say which lanes it holds"),
    ({"seed_root": "x"}, "does not say which lanes it holds"),
    ({"config_hash": None}, "does not say which lanes it holds"),
]


def test_a_log_of_schema_5_has_no_values_of_credit(run, tmp_path):
    file = pq.ParquetFile(run[0] / "events.parquet")
    metadata = {key.decode(): text.decode() for key, text in file.metadata.metadata.items()}
    del metadata["ARROW:schema"]
    metadata |= {"schema_version": "5"}
    old = file.read().drop_columns([*ADDED_IN_6]).replace_schema_metadata(metadata)
    pq.write_table(old, tmp_path / "events.parquet")
    pd.testing.assert_frame_equal(proteus.load_events(tmp_path), proteus.load_events(run[0]))


@pytest.mark.parametrize("read", [proteus.replay_log, proteus.load_events])
@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_a_newer_or_foreign_file_is_refused(run, tmp_path, read, changes, sentence):
    with_metadata(run, tmp_path, **changes)
    with pytest.raises(ResultsError, match=sentence) as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("lots", pa.float64(), "lots is double, and must be int64"),
        ("time_ns", pa.string(), "time_ns is string, and must be int64"),
        ("reason", pa.int64(), "reason is int64, and must be text"),
    ],
)
def test_a_column_of_another_type_is_refused(run, tmp_path, name, kind, sentence):
    table = pq.read_table(run[0] / "events.parquet")
    place = table.schema.get_field_index(name)
    values = pa.nulls(table.num_rows, kind)
    pq.write_table(table.set_column(place, name, values), tmp_path / "events.parquet")
    with pytest.raises(ResultsError, match=sentence):
        proteus.load_events(tmp_path)


def test_damaged_bytes_of_the_metadata_are_refused(run, tmp_path):
    content = bytearray((run[0] / "events.parquet").read_bytes())
    content[content.rindex(b"seed_root") + 2] = 0xFF
    (tmp_path / "events.parquet").write_bytes(content)
    with pytest.raises(ResultsError, match="its metadata is damaged"):
        proteus.load_events(tmp_path)


def test_a_log_of_schema_2_is_read_as_this_version_writes_it(run, tmp_path):
    # Version 2 had no tables of leakage and no key record.report, and was sealed without them.
    file = pq.ParquetFile(run[0] / "events.parquet")
    metadata = {key.decode(): text.decode() for key, text in file.metadata.metadata.items()}
    del metadata["ARROW:schema"]  # which has the columns of today
    cells = json.loads(metadata["cells"])
    for cell in cells:
        del cell["config"]["execution"]["leakage"], cell["config"]["record"]["report"]
    metadata |= {"schema_version": "2", "cells": json.dumps(cells)}
    table, parts, start = file.read(), [], 0
    for cell, seed, rows in json.loads(metadata["lanes"]):
        part = table.slice(start, rows)
        sums = checksums(read_rows(part), sealed(metadata), cell, seed)
        at = part.schema.get_field_index(CHECKSUM)
        parts.append(part.set_column(at, part.schema.field(at), pa.array(sums)))
        start += rows
    old = pa.concat_tables(parts).drop_columns([*ADDED_LATER]).replace_schema_metadata(metadata)
    pq.write_table(old, tmp_path / "events.parquet")
    expected = read_file(run[0]).cells
    for each in expected.values():  # nothing was around a market, and what is absent is hidden
        (table,) = each.config["execution"]["leakage"].values()
        for event in ("report", "block", "waiting"):
            del table[event]
    assert read_file(tmp_path).cells == expected
    lane, same = proteus.replay_log(tmp_path)[-1], proteus.replay_log(run[0])[-1]
    assert (lane.cell, lane.seed) == (same.cell, same.seed)
    pd.testing.assert_frame_equal(lane.balances, same.balances)
    later, rows = [*ADDED_LATER], proteus.load_events(tmp_path)
    assert rows[later].isna().all(axis=None)
    same_rows = proteus.load_events(run[0]).drop(columns=later)
    pd.testing.assert_frame_equal(rows.drop(columns=later), same_rows)


@pytest.mark.parametrize("read", [proteus.replay_log, proteus.load_events, proteus.load_fills])
def test_a_truncated_or_missing_file_is_refused(run, tmp_path, read):
    name = "fills.parquet" if read is proteus.load_fills else "events.parquet"
    with pytest.raises(ResultsError, match=r"does not exist: record\.events=seed:0\.\.3 writes it"):
        read(tmp_path)
    whole = (run[0] / name).read_bytes()
    for kept in (0, 4, len(whole) // 2, len(whole) - 1):
        (tmp_path / name).write_bytes(whole[:kept])
        with pytest.raises(ResultsError, match="cannot be read as Parquet") as caught:
            read(tmp_path)
        assert "\n" not in str(caught.value)


def test_the_files_say_what_they_are(run):
    folder, dataset = run
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in ("events", "fills"):
        file = pq.ParquetFile(folder / f"{name}.parquet")
        metadata = {k.decode(): v.decode() for k, v in file.metadata.metadata.items()}
        assert metadata["schema_version"] == "6"
        assert metadata["table"] == name
        assert metadata["config_hash"] == dataset.attrs["config_hash"]
        assert metadata["kernel_hash"] == dataset.attrs["kernel_hash"]
        assert file.num_row_groups == len(manifest["recorded"]) == 6
        assert file.metadata.row_group(0).column(2).compression == "ZSTD"
        assert file.schema_arrow.field("time_ns").metadata == {b"units": b"ns"}
    rows = [file["rows"] for file in manifest["recorded"]]
    events = proteus.load_events(folder)
    assert len(events) == sum(rows)
    assert events.attrs["traders"][0][:3] == ["maker0", "maker1", "informed0"]
    assert set(events["kind"]) >= {"news", "order", "replace", "ack", "fill", "batch_clear"}
    assert not any(name.startswith(".") for name in map(str, (p.name for p in folder.iterdir())))


def test_the_estimate_of_rows_and_disk_is_near(run):
    made = from_words([*WORDS, f"seeds.count={SEEDS}", "record.events=all"])
    needed = recorded(made, workers=1)
    used = sum((run[0] / f"{name}.parquet").stat().st_size for name in ("events", "fills"))
    rows = [lane.rows for lane in read_file(run[0]).lanes]
    assert used - FILE_BYTES < 1.3 * needed.disk_bytes
    assert needed.disk_bytes < 1.3 * used
    assert needed.rows == pytest.approx(sum(rows), rel=0.3)
    room = needed.rows / FILLED / len(rows)
    assert max(rows) < room  # no lane had to be run again for want of it
    assert needed.lanes == len(rows)


def test_a_disk_that_fills_up_is_said_in_one_sentence_and_the_run_goes_on(
    run, near_barriers, monkeypatch, tmp_path, capsys
):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    folder = tmp_path / "out"
    words = [*WORDS, f"seeds.count={SEEDS}", "record.events=all", f"output_dir={folder}"]
    with monkeypatch.context() as patch:
        patch.setattr("proteus.recording.files.EventFiles.write", full)
        assert main(words) == 4
    said = capsys.readouterr().err.splitlines()[-1]
    cause = f"stopped: output_dir={folder} cannot be written: No space left on device"
    assert said.startswith(f"{cause}; {2 * SEEDS} lanes are saved; go on with: ")
    assert {path.name for path in folder.iterdir()} == {"begun.json", "blocks", "sweep.log"}
    assert main(["--resume", str(folder)]) == 0
    for name in ("events", "fills"):
        tables = [pq.read_table(where / f"{name}.parquet") for where in (folder, run[0])]
        assert tables[0].equals(tables[1]), name


def test_pandas_reads_the_same(run):
    plain = pd.read_parquet(run[0] / "events.parquet")
    ours = proteus.load_events(run[0])
    assert list(plain.columns) == [*ours.columns, "checksum"]
    both = plain["price_ticks"].notna()
    assert (plain["price_ticks"][both] == ours["price_ticks"][both].astype(float)).all()
    assert (plain["kind"].astype(str) == ours["kind"].astype(str)).all()
