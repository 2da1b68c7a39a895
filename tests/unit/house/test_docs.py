"""The pages in the repository are true: generated ones are current, and what is named exists."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import proteus
from proteus.configuration.defaults import table
from proteus.market.book.codes import EVENT_NAMES
from proteus.market.variables import variables_of
from proteus.market.variables.dimensions import OPTIONAL_DIMENSIONS
from proteus.market.variables.page import page
from proteus.market.variables.sources import SOURCES
from proteus.recording.columns import KINDS, NAMES
from tests.helpers.cells import RULED

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"


def test_table_of_defaults_is_up_to_date() -> None:
    """What has no rules in docs yet may be missing: a newcomer's mechanism or trader."""
    ours, made = ((text.split("\n## ")) for text in ((DOCS / "defaults.md").read_text(), table()))
    new = {part for part in {*made} - {*ours} if part.startswith(("mechanism/", "trader/"))}
    ruled = {f"mechanism/{name}.yaml" for name in RULED}
    kept = [part for part in made if part not in new or part.splitlines()[0] in ruled]
    assert ours == kept, "run make docs"


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
    listed = variables_of(OPTIONAL_DIMENSIONS)
    assert {variable.source for variable in listed} == {*SOURCES}


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


def walks() -> list[tuple[str, str]]:
    """The steps of both walks in ARCHITECTURE.md, as file below proteus/ and name in it."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    found = []
    for above, walk in (("", "A walk of `delta=250`"), ("market/", "A walk of one order")):
        paragraph = text.split(f"**{walk}**")[1].split("\n\n")[0]
        found += [(above + f, n) for f, n in re.findall(r"`([\w/]+\.py):(\w+)`", paragraph)]
    return found


def test_every_step_of_the_walks_is_a_name_in_a_file() -> None:
    steps = walks()
    assert len(steps) >= 35
    for file, name in steps:
        assert re.search(rf"\b{name}\b", (ROOT / "proteus" / file).read_text()), f"{file}: {name}"


@pytest.mark.parametrize("page_name", ["CONTRIBUTING.md", "ARCHITECTURE.md", "README.md"])
def test_every_file_and_folder_that_a_page_names_exists(page_name: str) -> None:
    text = (ROOT / page_name).read_text()
    named = set(re.findall(r"`((?:proteus|tests|conf|docs|notebooks)/[\w./]*)`", text))
    named |= set(re.findall(r"\]\((?!http)([^)#]+)\)", text))
    named = {name for name in named if "NAME" not in name}  # of what a reader will add
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_licence_is_the_text_of_apache_and_every_place_names_it() -> None:
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    # Of LICENSE-2.0.txt as the Apache Software Foundation publishes it, and of Debian's copy.
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["license"] == citation["license"] == "Apache-2.0"
    assert "version" in project["dynamic"]  # the build reads it where Python does
    assert citation["version"] == proteus.__version__


def test_citation_has_the_keys_that_its_schema_requires() -> None:
    # The schema of the Citation File Format 1.2.0: what it requires, and what an entity must have.
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"authors", "cff-version", "message", "title"} <= set(citation)
    assert all(set(author) == {"name"} for author in citation["authors"])
    assert citation["type"] in ("software", "dataset")


def test_make_alone_lists_every_target_in_groups() -> None:
    text = (ROOT / "Makefile").read_text()
    declared = " ".join(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)).split()
    legs = {"nojit", "kernels", "checked-kernels"}  # of make test
    alone = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    said = subprocess.run(["make"], cwd=ROOT, env=alone, capture_output=True, text=True, check=True)
    lines = said.stdout.splitlines()
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert headings == ["Use it", "Check it", "Write what is committed", "Look after it"]
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(listed) == sorted(set(declared) - legs)
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    "path", sorted((ROOT / "proteus").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_a_docstring_names_by_its_full_name_exists(path: Path) -> None:
    named = re.findall(r"(?:`|``)(proteus(?:\.\w+)+)`", path.read_text())
    assert [name for name in named if not is_there(name)] == []


def is_there(name: str) -> bool:
    """Tell whether a dotted name can be imported, or is in what can."""
    module, _, attribute = name.rpartition(".")
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except ModuleNotFoundError:  # what stands before the dot is no package
        pass
    return importlib.util.find_spec(module) is not None and hasattr(
        importlib.import_module(module), attribute
    )
