"""Agents have the same number and profile in whatever run they are in, in every file.

The truth is SHA-256 of cohort, group and number, taken here.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import netCDF4
import numpy as np
import pyarrow.parquet as pq
import pytest

import proteus
from proteus.errors import ConfigError, ResultsError
from proteus.results.agents import AGENTS_KEY

pytestmark = pytest.mark.nojit
SHORT = [
    "horizon_s=0.3", "record.warmup_s=0.1", "metrics.tau_ms=100", "metrics.horizons_ms=[0,20]",
    "metrics.elapsed_ms=[50]", "metrics.volatility_grid_ms=100", "delta=50",
    "execution.leakage.clob.book.delay_ms=0",
]  # fmt: skip
RECORDED = [
    "record.per_trader=true",
    "record.per_run=true",
    "record.events=all",
    "record.traces=all",
]


def uid(cohort, group, member):
    return int.from_bytes(hashlib.sha256(f"{cohort}/{group}/{member}".encode()).digest()[:8]) >> 1


def command(folder, *words):
    """Run the main command in a process of its own."""
    subprocess.run(
        [sys.executable, "-m", "proteus.sweep", "mechanism=clob", "seeds.count=1", *SHORT, *words,
         f"output_dir={folder}"], check=True, capture_output=True, env=os.environ,
    )  # fmt: skip
    return proteus.load(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("identity") / "run"
    command(folder, *RECORDED, "population.maker.capital=60")
    return folder


def numbers(dataset):
    table = proteus.agents(dataset)
    return {(row.group, row.member): row.agent_uid for row in table.itertuples()}


def test_two_commands_have_the_same_agents_whoever_else_is_there(folder, tmp_path):
    ours = numbers(proteus.load(folder))
    assert ours == {
        (group, member): uid("default", group, member)
        for group, count in (("maker", 2), ("informed", 1), ("noise", 4), ("sniper", 1))
        for member in range(count)
    }
    more = command(
        tmp_path / "more", "+trader@population.aa_first=noise", "population.aa_first.count=2",
        "population.maker.count=1", "seeds.root=8", "record.per_trader=true",
    )  # fmt: skip
    theirs = numbers(more)
    assert {key: theirs[key] for key in theirs if key in ours} == {
        key: ours[key] for key in ours if key != ("maker", 1)
    }
    assert {key for key in theirs if key not in ours} == {("aa_first", 0), ("aa_first", 1)}
    by_name = more["agent_uid"].to_series()
    assert by_name["noise2"] == uid("default", "noise", 2)


def test_another_cohort_is_other_agents_and_another_configuration(folder, tmp_path):
    other = command(tmp_path / "other", "identity.cohort=treated", "record.per_trader=true")
    plain = command(tmp_path / "plain", "record.per_trader=true")
    assert numbers(other)["maker", 0] == uid("treated", "maker", 0)
    assert not {*numbers(other).values()} & {*numbers(plain).values()}
    assert set(proteus.agents(other)["cohort_id"]) == {"treated"}
    assert other.attrs["config_hash"] != plain.attrs["config_hash"]
    np.testing.assert_array_equal(other["pnl_marked_by_trader"], plain["pnl_marked_by_trader"])


def test_every_file_that_names_a_trader_says_who_it_is(folder):
    expected = numbers(proteus.load(folder))
    names = {f"{group}{member}": number for (group, member), number in expected.items()}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [uid for each in manifest[AGENTS_KEY] for uid in each["agent_uids"]] == [*names.values()]
    (trace,) = proteus.load_traces(folder).values()
    assert trace["agent_uid"].to_series().to_dict() == names
    for table in (proteus.load_events, proteus.load_fills, proteus.load_ledger):
        about = table(folder).attrs
        assert dict(zip(about["traders"][0], about["agent_uids"][0], strict=True)) == names
    schema = pq.read_schema(folder / "runs.parquet")
    for name, number in names.items():
        column = schema.field(f"pnl_marked_by_trader_{name}")
        assert column.metadata[b"agent_uid"] == str(number).encode()


def test_profiles_say_what_the_configuration_does(folder):
    table = proteus.agents(proteus.load(folder)).set_index("trader")
    assert table.loc["maker1", ["cohort_id", "strategy_family", "trader_class"]].tolist() == [
        "default", "maker", "maker",
    ]  # fmt: skip
    assert table.loc["maker1", "capital_baseline"] == 60
    assert np.isnan(table.loc["noise0", "capital_baseline"])
    assert json.loads(table.loc["maker0", "risk_envelope"]) == {
        "inventory_limit": {"lots": None, "on_limit": "clip"}
    }
    assert table["cells"].tolist() == [(0,)] * 8


def changed(folder, tmp_path, change):
    there = tmp_path / "changed"
    shutil.copytree(folder, there)
    (there / "manifest.json").unlink()
    with netCDF4.Dataset(there / "results.nc", "a") as file:
        change(file)
    return there


def test_an_agent_that_is_somebody_else_is_refused(folder, tmp_path):
    def rename(file):
        listed = json.loads(file.getncattr(AGENTS_KEY))
        listed[0]["cohort"] = "treated"
        file.setncattr(AGENTS_KEY, json.dumps(listed))

    with pytest.raises(ResultsError, match=r"agent_uid=\d+ is not that of number 0 of group maker"):
        proteus.load(changed(folder, tmp_path, rename))


def test_a_coordinate_that_differs_from_the_profile_is_refused(folder, tmp_path):
    def exchange(file):
        file["agent_uid"][0] = 5

    with pytest.raises(ResultsError, match=r"trader maker0 has agent_uid=5, in its profile it is"):
        proteus.load(changed(folder, tmp_path, exchange))


def test_a_newer_profile_is_refused(folder, tmp_path):
    def age(file):
        listed = json.loads(file.getncattr(AGENTS_KEY))
        listed[0]["profile_version"] = 2
        file.setncattr(AGENTS_KEY, json.dumps(listed))

    with pytest.raises(ResultsError, match=r"profile_version=2 is not allowed: .* reads 0 to 1"):
        proteus.load(changed(folder, tmp_path, age))


def test_a_log_whose_traders_are_others_is_refused(folder, tmp_path):
    there = tmp_path / "events.parquet"
    table = pq.read_table(folder / "events.parquet")
    about = dict(table.schema.metadata)
    cells = json.loads(about[b"cells"])
    cells[0]["agent_uids"][0] = 5
    pq.write_table(table.replace_schema_metadata({**about, b"cells": json.dumps(cells)}), there)
    with pytest.raises(ResultsError, match=r"trader maker0 of cell 0 has agent_uid=5, by its"):
        proteus.load_events(there)


def test_bad_cohorts_are_told_in_a_sentence():
    for cohort, why in (("A b", "lower-case letters"), ("", "must not be empty")):
        with pytest.raises(
            ConfigError, match=rf"identity\.cohort={cohort} is not allowed: .*{why}"
        ):
            proteus.simulate(mechanism="clob", seeds=1, identity={"cohort": cohort})
    with pytest.raises(ConfigError, match=r"identity\.cohort cannot be swept"):
        proteus.sweep({"mechanism": "clob", "identity.cohort": ["a", "b"]}, seeds=1)
    with pytest.raises(ResultsError, match="a dict is not allowed"):
        proteus.agents({})
