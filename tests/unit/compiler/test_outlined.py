"""Parts of kernels with machine code of their own: named after it, compiled once, never stale."""

import os
import subprocess
import sys

import pytest

from proteus.compiler import outlined
from proteus.compiler.cache import KernelCache
from proteus.compiler.fragments import KernelCompiler
from proteus.compiler.jit import JIT_DISABLED, cold_kernel, dispatcher_of, inline_kernel

if JIT_DISABLED:
    pytest.skip("nothing is compiled", allow_module_level=True)

import numba

from proteus.compiler.ahead import lower


def _kernel_with(factor, inner_factor=1):
    """A kernel that calls a part, which calls a part and inlines another."""

    @cold_kernel
    def inner(value):
        return value * inner_factor

    @inline_kernel
    def moved(value):
        return value + factor

    @cold_kernel
    def part(value):
        return moved(inner(value))

    def entry(value):
        return part(value)

    return dispatcher_of(entry, KernelCompiler)  # a kernel that nothing is kept of


def _names(entry):
    return [each.name for each in lower(entry, (numba.int64,)).parts]


def test_a_name_is_that_of_the_code_with_all_that_it_calls_and_inlines():
    outer, inner = _names(_kernel_with(3, 5))
    assert _names(_kernel_with(3, 5)) == [outer, inner]
    other_constant = _names(_kernel_with(4, 5))
    assert other_constant[0] != outer
    assert other_constant[1] == inner
    other_callee = _names(_kernel_with(3, 6))
    assert other_callee[0] != outer, "the callee is named in its code"
    assert other_callee[1] != inner


def test_parts_of_equal_names_in_one_process_are_those_of_their_constants():
    """Functions that differ in nothing but a constant have equal symbols for numba."""
    assert [_kernel_with(3, 5)(7), _kernel_with(4, 5)(7), _kernel_with(3, 6)(7)] == [38, 39, 45]


PROBE = """
import numba
from proteus.compiler.ahead import lower
from proteus.compiler.jit import cold_kernel, kernel
from proteus.market.arithmetic.fixed_point import multiply_divide
for number in range({before}):
    numba.njit(lambda value: value + 1)(number)  # it counts what it compiles

@cold_kernel
def part(value):
    return multiply_divide(value, 7, 3, 1)

@kernel
def entry(value):
    return part(value)

print(*(each.name for each in lower(entry, (numba.int64,)).parts))
"""


def test_another_process_gives_the_same_names(tmp_path):
    found = set()
    for before, seed in ((0, "1"), (3, "2")):
        path = tmp_path / "probe.py"
        path.write_text(PROBE.format(before=before))
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, path], capture_output=True, text=True, check=True, env=environment
        )
        found.add(run.stdout)
    assert len(found) == 1
    assert outlined.is_outlined(found.pop())


def test_a_second_kernel_compiles_no_part_again(monkeypatch):
    compiled, make = [], outlined.machine_code
    monkeypatch.setattr(
        outlined, "machine_code", lambda *given: (compiled.append(given), make(*given))[1]
    )
    monkeypatch.setattr(outlined, "read", lambda name: None)
    assert _kernel_with(1001, 1003)(7) == 7 * 1003 + 1001
    assert len(compiled) == 2
    assert _kernel_with(1001, 1003)(8) == 8 * 1003 + 1001
    assert len(compiled) == 2


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder of parts, and a kernel in it; this process has loaded none of them."""
    monkeypatch.setattr(outlined, "cache_folder", lambda: tmp_path)
    entry = _kernel_with(*KEPT)
    entry._cache = KernelCache(entry.py_func, tmp_path)
    assert entry(7) == EXPECTED
    monkeypatch.setattr(outlined, "_load", lambda name, code, codegen: None)  # they are there
    monkeypatch.setattr(outlined, "_loaded", {})
    return tmp_path


KEPT, EXPECTED = (2003, 2005), 7 * 2005 + 2003


def _hits(folder):
    entry = _kernel_with(*KEPT)
    entry._cache = KernelCache(entry.py_func, folder)
    assert entry(7) == EXPECTED
    return sum(entry.stats.cache_hits.values())


def test_a_kernel_is_loaded_with_its_parts(kept):
    assert len(list(kept.glob("proteus.outlined.*.code"))) == 2
    assert _hits(kept) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
        lambda path: path.write_bytes(b""),
    ],
    ids=["missing", "cut", "changed", "empty"],
)
def test_a_kernel_without_one_of_its_parts_is_compiled_anew_and_kept(kept, spoil):
    for path in kept.glob("proteus.outlined.*.code"):
        spoil(path)
        assert _hits(kept) == 0
        outlined._loaded.clear()
        assert _hits(kept) == 1
        outlined._loaded.clear()


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(outlined, "cache_folder", lambda: tmp_path / "file")
    assert _kernel_with(3007, 3009)(7) == 7 * 3009 + 3007
