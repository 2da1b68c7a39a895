"""What the clock of one process says, whenever another one reads it."""

import time

import pytest

from proteus.arena.clock import _Meter

pytestmark = pytest.mark.plain


class Read(list):
    """Shared memory that another process reads after every write."""

    def __init__(self, values, meter):
        super().__init__(values)
        self.meter, self.seen = meter, []

    def __setitem__(self, at, value):
        super().__setitem__(at, value)
        self.seen.append(self.meter.taken("mine"))


def test_nobody_is_ever_seen_to_have_taken_more_than_it_did():
    """Not in the middle of a write either: a machine is up for days, and a limit is a minute."""
    meter = _Meter(("other", "mine"))
    meter.spent, meter.now = (Read([*values], meter) for values in (meter.spent, meter.now))
    began = time.monotonic()
    for _ in range(3):
        with meter.running("mine"):
            time.sleep(0.01)
            assert meter.taken("mine") > 0.009
    whole = time.monotonic() - began
    assert max(*meter.spent.seen, *meter.now.seen) <= whole
    assert 0.03 <= meter.taken("mine") <= whole
