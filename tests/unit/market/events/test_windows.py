"""Lookups in windows against the plainest recomputation: every nanosecond is tried."""

from random import Random

import numpy as np
import pytest

from proteus.market.events import windows as kernels
from proteus.market.events.queue import NEVER_NS
from proteus.market.events.windows import OF_LATENCY, Windows

pytestmark = pytest.mark.plain
LEG = 3


def drawn(chooser):
    """Windows about two traders on one leg, that do not meet; some are about another leg."""
    edges = sorted(chooser.sample(range(60), 8))
    spans = [*zip(edges[::2], edges[1::2], strict=True)]
    factors = [chooser.choice((0.25, 0.5, 2.0, 4.0)) for _ in spans]
    legs = [chooser.choice((LEG, LEG, LEG, 0)) for _ in spans]
    return spans, factors, legs, Windows(
        what=np.array([OF_LATENCY + leg for leg in legs], np.int8),
        begin_ns=np.array([begin for begin, _ in spans]),
        end_ns=np.array([end for _, end in spans]),
        number=np.array(factors), is_about=np.array([[True, False]] * len(spans)),
        further=np.zeros((2, len(spans))),
    )  # fmt: skip


@pytest.mark.parametrize("number", range(40))
def test_the_newest_that_has_arrived_is_the_last_of_all_times_that_has(number):
    chooser = Random(number)
    spans, factors, legs, windows = drawn(chooser)

    def takes(sent, usual):
        for (begin, end), factor, leg in zip(spans, factors, legs, strict=True):
            if leg == LEG and begin <= sent < end:
                return max(int(usual * factor), 1)
        return usual

    for now in range(0, 90, 3):
        usual = chooser.randint(1, 12)
        tried = [sent for sent in range(-20, now) if sent + takes(sent, usual) <= now]
        assert kernels.newest_arrived(windows, 0, LEG, now, usual) == max(tried)
        assert kernels.newest_arrived(windows, 1, LEG, now, usual) == now - usual
        assert kernels.slowed(windows, 0, LEG, now, usual) == takes(now, usual)


def test_amounts_are_spent_in_the_windows_one_after_the_other():
    begin, end, rate = np.array([10, 100]), np.array([20, 200]), np.array([0.5, 0.01])
    for amount, time in ((0.0, 10), (0.6, 11), (4.99, 19), (5.0, 100), (5.5, 150), (6.0, NEVER_NS)):
        assert kernels.time_of(begin, end, rate, amount) == time
    assert kernels.time_of(begin[:0], end[:0], rate[:0], 0.1) == NEVER_NS
