"""Parts of other packages that cannot be compiled: left out where nobody uses them, else told."""

import numpy as np
import pytest

from proteus.compiler.foreign import why_not
from proteus.compiler.jit import JIT_DISABLED, compiled, inline_kernel
from proteus.market.book.codes import BUY
from proteus.market.constraints import added as constraints
from proteus.market.environment import sources
from proteus.market.events import latency
from proteus.market.incentives import added as incentives
from proteus.market.settlement import added as settlement

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="in plain Python everything is known")


@inline_kernel
def broken(*given):
    """No part of a kernel."""
    return {"a": 1}[str(given)[:0] + "a"]


@inline_kernel
def strange(numbers, *_):
    return numbers.first


@inline_kernel
def half(numbers, side, price, lots, *_):
    return lots // 2


@inline_kernel
def later(numbers, time):
    return time + numbers[0]


@inline_kernel
def first(numbers, *_):
    return numbers[0]


@inline_kernel
def the_value(public, value, time):
    return value


@inline_kernel
def the_shape(shape, word):
    return shape


NUMBERS = np.array([5])
ORDER = NUMBERS, BUY, 50, 8, 100
FILL = NUMBERS, BUY, True, 50, 8
CASES = {
    "constraints": (
        constraints.or_else, half, constraints._nothing, constraints.GIVEN,
        (NUMBERS, BUY, 50, 8, 0, 0, 0, 10**9, 100), 4, 0,
    ),
    "settlement": (
        settlement.or_else, later, settlement._at_once,
        settlement.GIVEN, (NUMBERS, 30), 35, 31,
    ),
    "orders": (
        incentives.or_order, half, incentives._no_order, incentives.ORDER_GIVEN, ORDER, 4, 0,
    ),
    "fills": (
        incentives.or_fill, first, incentives._no_fill,
        incentives.FILL_GIVEN, FILL, 5, 0,
    ),
    "sources": (
        sources._or_else, the_value, sources._public, sources.GIVEN,
        (40, 60, 7), 60, 40,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_loop_knows_all_parts_but_those_that_cannot_be_compiled(name):
    """Of two, the one that can be compiled is asked as before; the other answers as if unknown."""
    or_else, good, nothing, given, about, wanted, otherwise = CASES[name]
    machine = compiled(or_else(16, broken, or_else(17, good, nothing)))
    assert why_not(good, given) == ""
    assert why_not(broken, given)
    assert machine(17, *about) == wanted
    assert machine(16, *about) == machine(18, *about) == otherwise


def test_a_law_of_latency_that_cannot_be_compiled_adds_nothing():
    good = latency._or_else(17, the_shape, latency._extra_of_ours)
    machine = compiled(latency._or_else(16, broken, good))
    word = np.uint32(2**31)
    assert machine(17, 3.0, 2.0, word) == 6.0
    assert machine(16, 3.0, 2.0, word) == 0.0
    assert machine(latency.UNIFORM, 3.0, 2.0, word) == pytest.approx(1.5)


def test_a_function_that_is_declared_as_no_part_is_told_what_it_lacks():
    reason = why_not(lambda *_: 1, constraints.GIVEN)
    assert reason == "it must be declared with proteus.compiler.jit.inline_kernel"


def test_the_reason_is_one_line_of_the_compiler():
    reason = why_not(strange, constraints.GIVEN)
    assert reason == "Unknown attribute 'first' of type array(int64, 1d, C)"
