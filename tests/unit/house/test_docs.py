"""The generated pages are those in the repository."""

from __future__ import annotations

import re
from pathlib import Path

from proteus.configuration.defaults import table
from proteus.market.book.codes import EVENT_NAMES
from proteus.market.variables import VARIABLES
from proteus.market.variables.page import page
from proteus.market.variables.sources import SOURCES
from proteus.recording.columns import KINDS, NAMES

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"


def test_table_of_defaults_is_up_to_date() -> None:
    assert (DOCS / "defaults.md").read_text() == table(), "run make docs"


def test_every_room_stands_in_the_architecture_and_nothing_else() -> None:
    rows = [line.split("|")[1] for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines()
            if line.startswith("| `")]  # fmt: skip
    named = {name for row in rows for name in re.findall("`([^`]+)`", row)}
    rooms = {path.name for path in (ROOT / "proteus").glob("*.py")} - {"__init__.py"}
    rooms |= {f"{path.parent.name}/" for path in (ROOT / "proteus").glob("*/__init__.py")}
    elsewhere = {name for name in named if name.startswith("tests/")}
    assert named - elsewhere == rooms
    assert all((ROOT / name).is_dir() for name in elsewhere)


def test_page_of_metrics_is_up_to_date() -> None:
    assert (DOCS / "metrics.md").read_text() == page(), "run make docs"


def test_every_source_of_a_variable_is_given_in_full_and_used() -> None:
    assert {variable.source for variable in VARIABLES} == {*SOURCES}


def test_page_of_events_names_every_column_kind_and_reason_to_look_up() -> None:
    text = (DOCS / "events.md").read_text()
    for name in (*NAMES, "cell", "seed", "checksum"):
        assert f"`{name}`" in text, name
    for source, kind in KINDS:
        assert f"`{EVENT_NAMES[kind]}`" in text, (source, kind)


def test_table_of_defaults_has_the_model_defaults() -> None:
    # MODEL 30, by hand.
    text = table()
    for row in (
        "| `seeds.count` | `1000` |",
        "| `horizon_s` | `20` |",
        "| `contract.initial_probability` | `0.5` |",
        "| `total_variance` | `1.0` |",
        "| `jump_rate_per_s` | `0.2` |",
        "| `jump_accuracy` | `0.8` |",
    ):
        assert row in text
