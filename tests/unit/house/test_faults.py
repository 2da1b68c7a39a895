"""The table of seeded faults is honest: each can still be made, and each was noticed."""

import re
from pathlib import Path

import pytest

from tests.faults.__main__ import HANGS, PAGE, ROOT
from tests.faults.fault import Fault
from tests.faults.table import FAULTS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_fault_can_still_be_made(fault: Fault) -> None:
    source = Path(ROOT, "proteus", fault.file).read_text()
    assert source.count(fault.old) == 1
    assert fault.new != fault.old


def test_page_has_every_fault_and_a_test_that_exists_for_each() -> None:
    rows = re.findall(r"^\| \d+ \| (.+) \| `(.+)` \| `(.+)` \|$", PAGE.read_text(), re.MULTILINE)
    assert [(what, file) for what, file, _ in rows] == [(f.what, f.file) for f in FAULTS]
    assert len(FAULTS) >= 40
    for what, _, test in rows:
        path, _, name = test.partition("::")
        source = "" if test == HANGS else (ROOT / "tests" / path).read_text()
        assert test == HANGS or f"def {name.partition('[')[0]}(" in source, what
