"""A kernel whose halves are compiled in two processes is the kernel."""

import pickle

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest

from proteus.compiler.cache import KernelCache
from proteus.compiler.jit import JIT_DISABLED, cold_kernel, inline_kernel, kernel
from proteus.runs import compiling
from tests.unit.compiler.test_fields import _Fields, _make

if JIT_DISABLED:
    pytest.skip("nothing is compiled", allow_module_level=True)

from proteus.compiler.ahead import lower, optimise
from proteus.compiler.outlined import keep


@cold_kernel
def _scaled(fields, row, factor):
    return fields.cube[row, 1, 2] * factor


@inline_kernel
def _moved(value):
    return value + 1.0


@kernel
def _work(fields, row):
    fields.total[row] = _moved(_scaled(fields, row, 3.0))
    return fields.total[row]


def _signature(fields: _Fields):
    return tuple(map(numba.typeof, (fields, 1)))


def _elsewhere(name, code):
    with compiling._process() as process:
        pickle.dump((name, code), process.stdin)
        process.stdin.flush()
        return pickle.load(process.stdout)


@pytest.mark.parametrize("second_half", [optimise, _elsewhere])
def test_both_halves_make_the_kernel_and_it_is_loaded(tmp_path, second_half):
    fields = _make()
    expected = _work.py_func(fields, 1)
    work = kernel(_work.py_func)
    work._cache = KernelCache(work.py_func, tmp_path / "cache")
    signature, target = _signature(fields), work.targetctx
    assert work._cache.can_keep()
    assert not work._cache.has(signature, target)
    lowered = lower(work, signature)
    (part,) = lowered.parts
    keep(part.name, second_half(part.name, part.code))
    kept = (second_half(lowered.name, lowered.code), *lowered.kept)
    work._cache.save(signature, target.codegen(), [part], lowered.wanted, kept)
    assert work._cache.has(signature, target)
    fields.total[:] = 0.0
    assert work(fields, 1) == expected
    np.testing.assert_array_equal(fields.total, [0.0, expected])
    assert sum(work.stats.cache_hits.values()) == 1


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = KernelCache(_work.py_func, tmp_path / "file")
    assert not cache.can_keep()
    bitcode = llvm.parse_assembly("").as_bitcode()
    kept = (("_work", "object", (b"", bitcode)),)
    cache.save((), _work.targetctx.codegen(), (), (), kept)  # no error: compiled once more later
