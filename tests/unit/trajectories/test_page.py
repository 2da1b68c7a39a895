"""The page of data sets is true: its tables are those of the code, and its example runs."""

import re
from pathlib import Path

import pytest

import proteus
from proteus.trajectories.collecting import ROWS_AT_ONCE
from proteus.trajectories.policies import POLICIES
from proteus.trajectories.schema import INFOS, KEYS, REWARDS
from proteus.trajectories.words import LANES

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "trajectories.md").read_text()


@pytest.mark.plain
def test_table_of_columns_is_that_of_the_code():
    rows = [
        f"| `{name}` | {column.kind} | {column.unit} | {column.means} |"
        for name, column in {**KEYS, **INFOS, **REWARDS}.items()
    ]
    head = "| column | type | unit | what |\n| --- | --- | --- | --- |\n"
    assert head + "\n".join(rows) + "\n\n" in PAGE


@pytest.mark.plain
def test_table_of_policies_and_numbers_are_those_of_the_code():
    section = PAGE.split("## Policies")[1].split("##")[0]
    assert re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE) == [*POLICIES]
    assert f"(at most\n  {LANES}, or `executor.block_lanes`, spread evenly)" in PAGE
    assert f"{ROWS_AT_ONCE:,} rows" in PAGE


def test_example_of_the_page_of_learning_runs(tmp_path, monkeypatch, capsys):
    section = (DOCS / "learning.md").read_text().split("## Data sets")[1].split("\n## ")[0]
    block = re.search(r"In Python:\n\n((?:    .*\n)+)", section)[1]
    monkeypatch.chdir(tmp_path)
    exec(re.sub("^    ", "", block, flags=re.MULTILINE), {"proteus": proteus})
    assert re.search(r"clob +-?\d", capsys.readouterr().out)
