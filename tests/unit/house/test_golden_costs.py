"""What costs take is what it was: ``tests/golden/costs_*.golden``, written by ``make golden``."""

import pytest

from tests.golden.costs import golden_path, names, told
from tests.helpers.budget import is_proof
from tests.helpers.cells import RULED

pytestmark = pytest.mark.plain


@pytest.mark.parametrize("mechanism", RULED if is_proof() else ["clob", "rfq"])
def test_costs_take_what_they_took(mechanism):
    kept = golden_path(mechanism).read_text().splitlines()
    lines = told(mechanism)
    assert lines == kept, "if that is meant: make golden"


def test_every_component_and_every_file_is_in_them():
    rows = [line.split() for each in RULED for line in golden_path(each).read_text().splitlines()]
    taken = [row for row in rows if row[0] != "costs" and any(int(n) for n in row[3:])]
    assert {row[0] for row in taken} == set(names())
    for component in range(3, 8):
        assert any(int(row[component]) for row in taken), component
