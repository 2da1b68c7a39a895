"""A data set that is damaged is refused, with one sentence that says what is wrong."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import proteus
from proteus.errors import ResultsError
from proteus.trajectories.schema import columns_of, digest_of, schema_of
from tests.unit.trajectories.helping import collected, same


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading") / "data"
    return collected(folder, mechanism=["clob", "fba"], policy="random")


@pytest.fixture
def copy(data, tmp_path):
    return shutil.copytree(data.folder, tmp_path / "copy")


def rewritten(folder, change, *, is_signed=True):
    """Change the table of the first file; the manifest is signed anew, as by a careful forger."""
    path = sorted((folder / "steps").iterdir())[0]
    file = pq.ParquetFile(path)
    table = change(file.read())
    if "columns" not in str(change):
        table = table.replace_schema_metadata(file.schema_arrow.metadata)
    pq.write_table(table, path)
    if is_signed:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"][0]["sha256"] = digest_of(path)
        (folder / "manifest.json").write_text(json.dumps(manifest))


def with_column(name, change):
    def changed(table):
        at = table.schema.get_field_index(name)
        values = table[name].to_pylist()
        change(values, table["step"].to_pylist(), table["seed"].to_pylist())
        return table.set_column(
            at, table.schema.field(name), pa.array(values, table.schema.field(name).type)
        )

    return changed


def put(at, value):
    def change(values, steps, seeds):
        values[at] = value

    return change


def last_of_the_first(steps):
    return steps.index(0, 1) - 1


def at_last(back, value):
    def change(values, steps, seeds):
        values[last_of_the_first(steps) - back] = value

    return change


DAMAGES = [
    (lambda t: t.slice(1), "is damaged: of the episode of seed 0 its steps are not 0, 1, 2"),
    (lambda t: t.slice(0, len(t) - 1), "episode of seed 2 it must have a reward at each step"),
    (lambda t: pa.concat_tables([t, t.slice(len(t) - 1)]), "seed 2 its steps are not 0, 1, 2"),
    (lambda t: t.filter(pa.compute.not_equal(t["seed"], 1)), "its seeds are not 0 .. 2 of cell 0"),
    (lambda t: t.drop_columns(["action_2"]), "action_2 is missing"),
    (lambda t: t.append_column("more", t["step"]), "more is added"),
    (with_column("step", put(1, 7)), "of the episode of seed 0 its steps are not 0, 1, 2"),
    (with_column("episode", put(2, 7)), "of the episode of seed 0 its steps are not 0, 1, 2"),
    (with_column("cell", put(0, 1)), "its seeds are not 0 .. 2 of cell 0"),
    (with_column("reward", put(1, None)), "it must have a reward at each step, and one obs"),
    (with_column("truncated", at_last(0, False)), "it must have a truncated at each step"),
    (with_column("terminated", at_last(1, False)), "its last step alone must be terminated or"),
    (with_column("truncated", at_last(1, True)), "its last step alone must be terminated or"),
    (with_column("terminated", put(0, True)), "its last step alone must be terminated or trunc"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), DAMAGES, ids=[text[-30:] for _, text in DAMAGES])
def test_damaged_files(copy, change, sentence):
    rewritten(copy, change)
    with pytest.raises(ResultsError) as refused:
        proteus.load_trajectories(copy)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_the_one_that_was_written(copy):
    rewritten(copy, with_column("reward", put(0, 5.0)), is_signed=False)
    with pytest.raises(ResultsError, match="is not the file that was written: its SHA-256 is"):
        proteus.load_trajectories(copy)
    sorted((copy / "steps").iterdir())[1].unlink()
    rewritten(copy, lambda table: table)
    with pytest.raises(ResultsError, match=r"seed-0000000000.parquet does not exist, and manifest"):
        proteus.load_trajectories(copy)


def changed_manifest(**more):
    def change(folder):
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps({**manifest, **more}))

    return change


MANIFESTS = [
    (changed_manifest(config_hash="0" * 64), "is of another data set: config_hash is not that of"),
    (changed_manifest(collection_hash="0" * 64), "of another data set: collection_hash is not"),
    (changed_manifest(trajectories_version=2), "trajectories_version is 2; this Proteus reads"),
    (changed_manifest(schema_version=99), "a newer Proteus wrote it"),
    (changed_manifest(files=[]), "is damaged: its files are not all of its seeds"),
    (changed_manifest(seeds={"first": 0, "count": 4}), "its files are not all of its seeds"),
    (changed_manifest(observation_space={}), "is damaged: KeyError('kind') is not as it must be"),
    (lambda folder: (folder / "manifest.json").write_text("{"), "cannot be read: Exp"),
    (lambda folder: (folder / "manifest.json").write_text("[]"), "it is no mapping"),
    (lambda folder: (folder / "manifest.json").unlink(), "has no data set of episodes: python -m"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "sentence"), MANIFESTS, ids=[text[-25:] for _, text in MANIFESTS]
)
def test_damaged_manifests(copy, change, sentence):
    change(copy)
    with pytest.raises(ResultsError) as refused:
        proteus.load_trajectories(copy)
    assert sentence in str(refused.value)


def test_what_is_loaded(data):
    assert len(data) == 6
    table = data.episodes
    assert table["mechanism"].tolist() == ["clob"] * 3 + ["fba"] * 3
    rows = data.to_pandas()
    assert len(rows) == table["steps"].sum() + 6
    for at, each in enumerate(data):
        assert (each.cell, each.seed) == (at // 3, at % 3)
        assert same(each.observations, data[at].observations)
        assert same(data[at - 6].actions, each.actions)
        assert table["steps"][at] == len(each.rewards) == len(each.observations) - 1
        assert table["total_reward"][at] == pytest.approx(each.rewards.sum(), abs=1e-12)
        assert (table["terminated"][at], table["truncated"][at]) == (True, False)
        # equity is the sum of rewards: there are no penalties here
        nano = np.diff(each.infos["equity_nano"])
        assert same(nano / 1e9, each.rewards)
        times = each.infos["time_s"]
        assert (np.diff(times) >= 0).all()
        assert 0 < times[-1] <= 0.3
        mine = rows[(rows["cell"] == each.cell) & (rows["seed"] == each.seed)]
        assert same(mine["observation_position"].to_numpy(), each.observations[:, 6].copy())
        assert mine["action_0"].isna().tolist() == [False] * len(each.rewards) + [True]
    with pytest.raises(IndexError, match="episode 6 of 6"):
        data[6]


def test_arrays_have_the_last_observation_as_the_next_of_the_last_step(data):
    arrays, at = data.arrays(), 0
    for row, each in enumerate(data):
        steps = slice(at, at + len(each.rewards))
        at = steps.stop
        assert same(arrays["observations"][steps], each.observations[:-1])
        assert same(arrays["next_observations"][steps], each.observations[1:])
        assert same(arrays["actions"][steps], each.actions)
        assert (arrays["row"][steps] == row).all()
    assert at == len(arrays["rewards"]) == data.manifest["steps"]


def test_files_have_one_schema_with_units_that_tools_read(data):
    declared = schema_of(columns_of(data.observation_space, data.action_space))
    for path in (data.folder / "steps").iterdir():
        found = pq.read_schema(path)
        assert found.equals(declared)
        assert found.field("observation_position").metadata[b"units"] == b"scale_lots"
        assert found.field("reward").metadata[b"units"] == b"currency"
    whole = pd.read_parquet(data.folder / "steps")  # as people do, without us
    assert len(whole) == data.manifest["steps"] + 6
    duckdb = pytest.importorskip("duckdb")
    files = data.folder / "steps" / "*.parquet"
    query = f"select mechanism, count(action_0), count(*) from '{files}' group by 1 order by 1"
    steps = data.episodes.groupby("mechanism")["steps"].sum()
    assert duckdb.sql(query).fetchall() == [
        (name, steps[name], steps[name] + 3) for name in ("clob", "fba")
    ]


def test_the_manifest_says_what_the_data_set_is(data):
    about = data.manifest
    assert about["policy"] == {"name": "random", "hash": ""}
    told = {key: about["seeds"][key] for key in ("count", "root", "first", "episode", "design")}
    assert told == {"count": 3, "root": 7, "first": 0, "episode": 0, "design": "iid"}
    assert [term["option"] for term in about["reward"]] == [
        "", "inventory_penalty", "spread_penalty", "end_penalty",
    ]  # fmt: skip
    space = about["observation_space"]
    assert space["names"][6] == "position"
    assert (space["low"][6], space["high"][6], space["units"][6]) == (-100, 100, "scale_lots")
    assert space["sources"][6] == "own state"
    assert about["action_space"]["low"] == [-1] * 5
    assert about["steps"] == sum(file["steps"] for file in about["files"])
    assert [*about["columns"]] == pq.read_schema(data._files[0]).names
    assert about["cells"][1]["config"]["mechanism"]["name"] == "fba"


def test_loading_needs_no_gymnasium():
    code = "import proteus.trajectories.reading, sys; print('gymnasium' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
