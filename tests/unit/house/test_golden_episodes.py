"""What days carry is what it was: ``tests/golden/episodes_*.golden``, by ``make golden``."""

import pytest

from tests.golden.episodes import WORDS, golden_path, told
from tests.helpers.cells import RULED

pytestmark = pytest.mark.plain


def kept(mechanism):
    """Rows by the name of their lane, without it."""
    rows = [line.split() for line in golden_path(mechanism).read_text().splitlines()[1:]]
    return {name: [row[1:] for row in rows if row[0] == name] for name in WORDS}


@pytest.mark.parametrize("mechanism", RULED)
def test_days_carry_what_they_carried(mechanism):
    lines = told(mechanism)
    assert lines == golden_path(mechanism).read_text().splitlines(), "if that is meant: make golden"


@pytest.mark.parametrize("mechanism", RULED)
def test_going_on_from_bytes_is_carrying_and_every_lane_shows_what_it_is_for(mechanism):
    rows = kept(mechanism)
    assert rows["resume"] == rows["carry"]
    assert any(float(row[8]) != 0 for row in rows["carry"])  # AS_hat
    assert any(row[4] != "0" for row in rows["continue"])
    assert sum(int(row[4]) for row in rows["continue"]) == 0
    assert not any(row[4] != "0" for row in rows["carry"] + rows["ruin"])
    assert any(row[6] == "yes" and row[5] == "0" for row in rows["ruin"])
    for each in rows.values():
        ends = {(row[0], row[1]): int(row[3]) for row in each}
        for day, who, start, *_ in each:
            if day != "0" and int(start) > 0:
                assert int(start) == ends[str(int(day) - 1), who]
