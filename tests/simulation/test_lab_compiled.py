"""Makers of the laboratory, compiled, under other mechanisms than the two that studies compile.

A whole loop with them takes 25 s to compile, so that these are behind PROTEUS_PROOF=1. What the
makers do is the same code under every mechanism: it is compiled in 7 s, for the types of such a
market, and called from lanes whose mechanism is plain Python. All is equal to the bit.
"""

import functools

import pytest

from proteus.compiler.jit import JIT_DISABLED, compiled
from proteus.market.trading import desk, notices, rfq_notices
from proteus.testing.lanes import TINY, cell, differing, finished, finished_plain
from tests.helpers.budget import is_proof

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="all of it is plain Python then")

BUSY = ("population.noise.count=3", "population.noise.schedule.rate_per_s=40")
WORDS = (*TINY, *BUSY, "population.maker=lab", "+population.other=lab",
         "population.other.count=1", "filter=kalman", "quoting=glft",
         "population.other.policy.filter.trade_sd=0.02")  # fmt: skip
OF = {  # words of a mechanism alone
    "dual_flow": ("delta=50",),
    "rfq": ("execution.leakage.rfq.trade.price=asked",),  # dealers are told, and learn from it
}
AS_KERNEL = {  # of the trading loop, all that calls a maker
    (desk, "decide_possible"), (desk, "observe"), (notices, "learn_own_fill"),
    (rfq_notices, "learn_own_fill"), (rfq_notices, "learn_price"),
}  # fmt: skip


@functools.cache
def machine(part):
    return compiled(part)


@pytest.mark.parametrize("mechanism", OF)
def test_compiled_makers_do_what_plain_ones_do(mechanism, monkeypatch):
    config = cell(f"mechanism={mechanism}", *WORDS, *OF[mechanism])
    plain = finished_plain(config)
    called = []
    for module, name in AS_KERNEL:
        kernel = machine(getattr(module, name))

        def counted(*arguments, kernel=kernel, name=name):
            called.append(name)
            return kernel(*arguments)

        monkeypatch.setattr(module, name, counted)
    assert differing(plain, finished_plain(config)) == []
    assert {*called} >= {"decide_possible", "observe", "learn_own_fill"}
    assert ("learn_price" in called) == (mechanism == "rfq")


@pytest.mark.skipif(not is_proof(), reason="two loops to compile")
@pytest.mark.parametrize("mechanism", OF)
def test_compiled_loops_of_makers_do_what_plain_ones_do(mechanism):
    config = cell(f"mechanism={mechanism}", *WORDS, *OF[mechanism])
    assert differing(finished(config), finished_plain(config)) == []
