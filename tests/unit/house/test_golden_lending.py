"""Edge cases of lending do what they did: ``tests/golden/lending``, written by ``make golden``."""

import pytest

from tests.faults.__main__ import ROOT
from tests.golden.loans import FOLDER, MECHANISMS, golden_path, names, read_story, told

pytestmark = pytest.mark.plain


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("name", names())
def test_an_edge_case_of_lending_has_its_golden_outcome(name: str, mechanism: str) -> None:
    lines = "\n".join(told(name, mechanism)) + "\n"
    assert lines == golden_path(name, mechanism).read_text(), "if that is meant: make golden"


@pytest.mark.parametrize("name", names())
def test_every_edge_case_points_to_a_rule(name: str) -> None:
    page = " ".join((ROOT / "docs" / "credit.md").read_text().split())
    assert read_story(name)[0]["rule"] in page


def test_there_is_no_golden_file_of_lending_without_a_scenario() -> None:
    expected = {golden_path(name, m).name for name in names() for m in MECHANISMS}
    assert {path.name for path in FOLDER.glob("*.golden")} == expected
