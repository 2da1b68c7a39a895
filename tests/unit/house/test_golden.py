"""The sanity suite: every scenario under every mechanism gives its golden outcome."""

import re

import pytest

from tests.faults.__main__ import ROOT
from tests.golden.comparing import GREEN, RED, check, explain, first_change
from tests.golden.stories import FOLDER, Story, golden_path, names, read_story
from tests.golden.telling import outcome
from tests.helpers.cells import MECHANISM_NAMES, RULED

pytestmark = pytest.mark.plain


@pytest.mark.parametrize("mechanism", RULED)
@pytest.mark.parametrize("name", names())
def test_scenario_has_its_golden_outcome(name: str, mechanism: str) -> None:
    story = read_story(name)
    golden = golden_path(name, mechanism).read_text().splitlines()
    difference = check(story, mechanism, golden, outcome)
    if difference:
        pytest.fail(difference, pytrace=False)


@pytest.mark.parametrize("name", names())
def test_every_scenario_points_to_a_rule(name: str) -> None:
    rules = (ROOT / "docs" / "mechanisms.md").read_text()
    assert read_story(name).rule in rules


def test_there_is_no_golden_file_without_a_scenario() -> None:
    expected = {golden_path(name, m).name for name in names() for m in RULED}
    assert {path.name for path in FOLDER.glob("*.golden")} == expected


def test_a_failure_names_the_first_quantity_and_its_event() -> None:
    golden = golden_path("crossing", "clob").read_text().splitlines()
    at = next(place for place, line in enumerate(golden) if " fill " in line)
    changed = [*golden]
    changed[at] = re.sub(r"501", "502", golden[at])
    event = golden[at].split()[0]
    said = f"price changed first, in event {event}: 501 became 502"
    assert first_change(golden, changed) == said
    text = explain(read_story("crossing"), "clob", golden, changed)
    assert text is not None
    assert "docs/mechanisms.md, 'on arrival, against the best opposite" in text
    assert RED in text
    assert GREEN in text
    assert explain(read_story("crossing"), "clob", golden, golden) is None


def test_a_change_of_the_first_row_or_of_nothing_but_blanks_is_named_too() -> None:
    golden = golden_path("crossing", "clob").read_text().splitlines()
    said = first_change(golden, ["events" + golden[0][5:], *golden[1:]])
    assert said == "the row changed first, in the end: event became events"
    at = golden.index("")
    assert "became nothing" in first_change(golden, [*golden[: at + 1], "", *golden[at + 2 :]])


def test_a_broken_invariant_is_named_with_its_event_and_the_rule() -> None:
    def broken(story: Story, mechanism: str) -> list[str]:
        raise AssertionError("invariant crossed_book is broken in event 3")

    text = check(read_story("crossing"), "fba", [], broken)
    assert text == (
        "crossing under fba: invariant crossed_book is broken in event 3\n"
        "rule: docs/mechanisms.md, 'on arrival, against the best opposite price first', and the"
        " section of `fba`"
    )


def test_sections_of_rules_are_of_mechanisms_that_exist() -> None:
    assert {"clob", "dual_flow", "fba", "rfq"} <= {*RULED} <= {*MECHANISM_NAMES}
