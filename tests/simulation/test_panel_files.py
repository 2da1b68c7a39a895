"""Files of episodes that are not what was written, and those of nobody, are told or read."""

import json
import shutil
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest

import proteus
from proteus.analysis.lives import at_stake
from proteus.errors import ResultsError
from proteus.plans.snapshots import SNAPSHOT
from proteus.results import panel as panels
from tests.helpers.days import run

pytestmark = pytest.mark.nojit
NOBODY = {f"population__{group}__count": 0 for group in ("maker", "informed", "noise", "sniper")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files") / "run"
    run(
        mechanism="clob", episodes__count=2, episodes__carryover="capital_only",
        population__maker__capital=20, record__panel=True, record__per_run=True, output_dir=folder,
    )  # fmt: skip
    return folder


def rewritten(path, there, change):
    """Write a table of Parquet again, its columns and what it says changed."""
    table = pq.read_table(path)
    about = {key.decode(): text.decode() for key, text in table.schema.metadata.items()}
    table, about = change(table, about)
    pq.write_table(table.replace_schema_metadata(about), there)
    return there


def other_uid(table, about):
    at = table.schema.names.index("agent_uid")
    uids = table["agent_uid"].to_numpy().copy()
    uids[table["instance"].to_numpy() == "maker1"] = 5
    return table.set_column(at, table.schema.field(at), [uids]), about


def other_cohort(table, about):
    listed = json.loads(about["agents"])
    listed[0]["cohort"] = "treated"
    return table, {**about, "agents": json.dumps(listed)}


def test_a_panel_that_was_changed_after_the_run_is_refused(folder, tmp_path):
    there = tmp_path / "changed"
    shutil.copytree(folder, there)
    panel = proteus.load_panel(there)
    rewritten(there / panels.PANEL, there / panels.PANEL, lambda table, about: (table, about))
    with pytest.raises(ResultsError, match=r"was changed after the run: panel_sha256"):
        proteus.load_panel(there)
    (there / "manifest.json").unlink()
    assert proteus.load_panel(there).equals(panel)


def test_a_panel_whose_agents_are_others_is_refused(folder, tmp_path):
    there = rewritten(folder / panels.PANEL, tmp_path / "uid.parquet", other_uid)
    with pytest.raises(ResultsError, match="trader maker1 has agent_uid=5, in its profile it is"):
        proteus.load_panel(there)
    there = rewritten(folder / panels.PANEL, tmp_path / "cohort.parquet", other_cohort)
    with pytest.raises(ResultsError, match=r"agent_uid=\d+ is not that of number 0 of group maker"):
        proteus.load_panel(there)


def test_columns_of_somebody_else_are_refused(folder, tmp_path):
    def exchange(table, about):
        at = next(at for at, name in enumerate(table.schema.names) if name.endswith("_maker1"))
        field = table.schema.field(at)
        field = field.with_metadata({**field.metadata, b"agent_uid": b"5"})
        return table.set_column(at, field, table[field.name]), about

    there = rewritten(folder / "runs.parquet", tmp_path / "uid.parquet", exchange)
    with pytest.raises(ResultsError, match=r"column \w+_maker1 has agent_uid=5"):
        proteus.load_runs(there)
    there = rewritten(folder / "runs.parquet", tmp_path / "cohort.parquet", other_cohort)
    with pytest.raises(ResultsError, match="is not that of number 0 of group maker"):
        proteus.load_runs(there)


def test_no_bit_of_a_panel_or_snapshot_changes_unseen(folder, tmp_path):
    """Each is read as it was or refused, whatever byte flips and wherever it ends."""
    draws = np.random.default_rng(1)
    for name, load in ((panels.PANEL, proteus.load_panel), (SNAPSHOT, proteus.snapshot)):
        whole, there = (folder / name).read_bytes(), tmp_path / name
        expected = _content(load(folder))
        changed = [whole[: int(at)] for at in draws.integers(len(whole), size=15)]
        # The first page and its header, the directory of an archive, and anywhere.
        places = [*draws.integers(len(whole), size=60), *range(len(whole) - 150, len(whole), 3)]
        for at in places:
            flipped = bytearray(whole)
            flipped[at] ^= 1 << int(draws.integers(8))
            changed.append(bytes(flipped))
        refused = 0
        for content in changed:
            there.write_bytes(content)
            try:
                found = load(there)
            except ResultsError:
                refused += 1
            else:
                assert _content(found) == expected
        assert refused > 40


def _content(found):
    return found.digest if hasattr(found, "digest") else found.to_csv()


def test_an_error_that_says_nothing_is_told_by_its_name(folder, tmp_path):
    """A member that says it is encrypted, and one that ends too early, are damaged files."""
    whole = bytearray((folder / SNAPSHOT).read_bytes())
    at = zipfile.ZipFile(folder / SNAPSHOT).start_dir
    whole[at + 8] |= 1
    (tmp_path / SNAPSHOT).write_bytes(bytes(whole))
    with pytest.raises(ResultsError, match=r"is damaged, or no snapshot: .*encrypted"):
        proteus.snapshot(tmp_path)


def test_nobody_has_a_panel_without_rows(tmp_path):
    dataset = run(
        mechanism="clob", costs="kalshi", episodes__count=4, record__panel=True,
        output_dir=tmp_path, **NOBODY,
    )  # fmt: skip
    assert dataset.sizes["trader"] == 0
    assert dataset["n_fills"].sum() == 0
    assert at_stake(dataset) == []
    panel = proteus.load_panel(tmp_path)
    assert panel.columns.tolist() == [*panels.FIELDS]
    assert len(panel) == 0
    assert proteus.load_panel(tmp_path, to="xarray").sizes["agent_uid"] == 0
    table = proteus.agents(proteus.load(tmp_path))
    assert table.columns.tolist()[:3] == ["agent_uid", "cohort_id", "trader"]
    assert len(table) == 0
    with pytest.raises(ResultsError, match="fewer than 4 episodes"):
        proteus.persistence(panel)
