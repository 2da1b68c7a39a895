"""Parts of kernels that are compiled when they are first called: never before, and once."""

import os
import signal
import subprocess
import sys
import time

import pytest

from proteus.compiler import deferred, wanted
from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.fragments import KernelCompiler
from proteus.compiler.jit import JIT_DISABLED, cold_kernel, dispatcher_of, inline_kernel

if JIT_DISABLED:
    pytest.skip("nothing is compiled", allow_module_level=True)

import numba
import numpy as np


@deferred_kernel()
def _note(values, at):
    values[at] += 1.0


@deferred_kernel(bool)
def _is_large(values, at):
    return values[at] > 5.0


@deferred_kernel(int)
def _tens(values, at):
    return 10 * at


@deferred_kernel(float)
def _changed(values, at):
    _note(values, at)  # one that another one calls
    return values[at] if _is_large(values, at) else -values[at]


@deferred_kernel(int)
def _half(value):
    return value / 2


@deferred_kernel(int)
def _between(low, value, high):
    return min(max(value, low), high)


def _part_of(function):
    """Return what stands for a part, of whatever types it is called with."""
    (found,) = (each for each in wanted._wanted.values() if each.function == function.__name__)
    return found


def test_a_part_is_compiled_when_it_is_first_called_and_does_what_python_does():
    @cold_kernel
    def far(values, at):
        return _tens(values, at)

    @inline_kernel
    def near(values, at):
        return _changed(values, at) + far(values, at)

    def entry(values, calls):
        total = 0.0
        for at in range(values.shape[0]):
            if calls:
                total += near(values, at)
        return total

    work = dispatcher_of(entry, KernelCompiler)
    values, expected = np.array([7.5, 2.0]), np.array([7.5, 2.0])
    assert work(values, False) == 0.0
    parts = [_part_of(each).number for each in (_changed, _tens)]
    assert not deferred._addresses.keys() & set(parts), "nobody has called them"
    total = sum(_changed(expected, at) + _tens(expected, at) for at in range(2))
    assert work(values, True) == total == 15.5
    assert values.tolist() == expected.tolist() == [8.5, 3.0]
    addresses = {number: deferred._addresses[number] for number in parts}
    assert work(values, True) == 9.5 - 4.0 + 10.0
    assert addresses.items() <= deferred._addresses.items(), "compiled once"


def test_what_a_part_returns_is_what_it_is_declared_to_return():
    def entry(value):
        return _half(value)

    dispatcher_of(entry, KernelCompiler).compile((numba.int64,))
    with pytest.raises(AssertionError, match="_half returns float64, not int64"):
        deferred.address_of(_part_of(_half).number)


def test_who_calls_a_part_with_a_constant_does_not_change_how_others_call_it():
    """The optimiser fits a cold part's way to another part to the arguments that it gives."""

    @cold_kernel
    def at_least_one(value, high):
        return _between(1, value, high)

    def entry(low, value, high):
        return at_least_one(value, high) * 1000 + _between(low, value, high)

    work = dispatcher_of(entry, KernelCompiler)
    for low, value, high in ((20, 7, 30), (-5, -3, 8), (2, 90, 60)):
        assert work(low, value, high) == min(max(value, 1), high) * 1000 + _between(
            low, value, high
        )


def test_an_interrupt_while_a_part_is_compiled_comes_when_there_is_code(monkeypatch):
    asked = []

    def address_of(number):
        asked.append(number)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return 4096

    monkeypatch.setattr(deferred, "address_of", address_of)
    answers = []

    def called():
        answers.append(deferred._resolve(7))
        end = time.monotonic() + 10
        while time.monotonic() < end:
            pass

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # where it is ignored too
    try:
        with pytest.raises(KeyboardInterrupt):
            called()
    finally:
        signal.signal(signal.SIGINT, handler)
    assert answers == [4096]
    assert asked == [7, 7]


PROBE = """
import numpy as np
from proteus.compiler import deferred
from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.trading.loop import advance_block
from tests.helpers.cells import TINY, cell
if {known}:
    del deferred._name_compiled
for words in ([], ["costs=kalshi"]):
    setup = set_up_cell(cell("mechanism=clob", *TINY, *words), is_rich=True)
    advance_block(*build_block(setup, replicate_keys(7, np.arange(1)), 1, False), NEVER_NS)
    print(len(deferred._addresses))
"""


def _parts_called(known):
    command = [sys.executable, "-c", PROBE.format(known=known)]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return [int(line) for line in run.stdout.split()]


def test_a_market_compiles_the_rules_that_it_uses_and_another_process_finds_them():
    nothing, used = _parts_called(known=False)
    assert nothing == 0
    assert 1 <= used < 20, "of some fifty"
    assert _parts_called(known=True) == [0, used]
