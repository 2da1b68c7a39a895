"""The table of seeded faults is honest: each can still be made."""

from pathlib import Path

import pytest

from tests.faults.__main__ import ROOT
from tests.faults.fault import Fault
from tests.faults.table import FAULTS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_fault_can_still_be_made(fault: Fault) -> None:
    source = Path(ROOT, "proteus", fault.file).read_text()
    assert source.count(fault.old) == 1
    assert fault.new != fault.old
