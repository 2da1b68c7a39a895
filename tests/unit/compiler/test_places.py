"""Machine code that came with Proteus is used where this machine has compiled none."""

import json
import os
import subprocess
import sys

import pytest

from proteus.compiler import outlined, places
from proteus.compiler.cache import KernelCache
from proteus.compiler.jit import JIT_DISABLED, cold_kernel, kernel

if JIT_DISABLED:
    pytest.skip("nothing is compiled", allow_module_level=True)

BASELINE = dict(zip(("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"), places.BASELINE, strict=True))
RUN = """
import json, sys
from pathlib import Path
from proteus.compiler import places
places.BROUGHT = Path(sys.argv[1])
from proteus.compiler.jit import cache_folder
from proteus.market.rng import draw

words = [[int(word) for word in draw(1, 2, 3, 4, 5, number)] for number in range(1000)]
hits, misses = (sum(found.values()) for found in draw.stats[1:3])
print(json.dumps([words, hits, misses, len(list(cache_folder().glob("*.code")))]))
"""


def _run(brought, cache, **variables):
    """The words that another process draws, and what it loaded, compiled and kept for that."""
    given = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_CPU")}
    variables = {**given, "PROTEUS_CACHE_DIR": str(cache), **variables}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(brought)], env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def brought(tmp_path_factory):
    """What a wheel brings, and the words that it drew where it was compiled."""
    folder = tmp_path_factory.mktemp("wheel")
    words, hits, misses, kept = _run(folder / "nothing", folder, **BASELINE)
    assert (hits, misses, kept) == (0, 1, 1)
    return folder / "proteus", words


@pytest.mark.skipif(not places.can_run_baseline(), reason="another kind of processor")
def test_what_came_with_it_is_loaded_compiled_by_nobody_and_does_the_same_to_the_bit(
    brought, tmp_path
):
    folder, words = brought
    assert _run(folder, tmp_path / "empty") == [words, 1, 0, 0]


@pytest.mark.parametrize("case", ["nothing came", "code for this very processor is wanted"])
def test_without_it_the_machine_compiles_for_itself(brought, tmp_path, case):
    folder, words = brought
    if case == "nothing came":
        found = _run(tmp_path / "nothing", tmp_path / "cache")
    else:
        found = _run(folder, tmp_path / "cache", NUMBA_CPU_NAME="x86-64", NUMBA_CPU_FEATURES="")
    assert found == [words, 0, 1, 1]


@pytest.mark.parametrize(
    ("machine", "lacks", "can"),
    [("x86_64", None, True), ("x86_64", "avx2", False), ("aarch64", None, False)],
)
def test_a_processor_that_lacks_something_gets_nothing(monkeypatch, machine, lacks, can):
    features = {name: name != lacks for name in places._NEEDED}
    monkeypatch.setattr(places.platform, "machine", lambda: machine)
    monkeypatch.setattr(places.llvm, "get_host_cpu_features", lambda: features)
    assert places.can_run_baseline() == can


@cold_kernel
def _far(value):
    return 3 * value + 11


def _near(value):
    return _far(value) - 1


def _entry(function, folder):
    entry = kernel(function)
    entry._cache = KernelCache(function, folder)
    return entry


def _hits(entry):
    return sum(entry.stats.cache_hits.values())


@pytest.mark.parametrize("lost", ["", "proteus.outlined.*", "*"])
def test_a_kernel_that_came_needs_its_parts_and_is_compiled_where_one_is_missing(
    tmp_path, monkeypatch, lost
):
    wheel, here = tmp_path / "wheel", tmp_path / "here"
    monkeypatch.setattr(outlined, "cache_folder", lambda: wheel)
    monkeypatch.setattr(outlined, "_loaded", {})
    assert _entry(_near, wheel)(5) == 25
    for path in wheel.glob(lost) if lost else ():
        path.unlink()
    monkeypatch.setattr(outlined, "cache_folder", lambda: here)
    monkeypatch.setattr(outlined, "_load", lambda name, code, codegen: None)  # it is there
    monkeypatch.setattr(outlined, "_loaded", {})
    target = kernel(_near).targetctx.codegen().magic_tuple()
    for module in (places, outlined):
        monkeypatch.setattr(module, "brought_folder", lambda: wheel)
    monkeypatch.setattr(places, "BASELINE", target[1:])
    entry = _entry(_near, here)
    assert entry(5) == 25
    assert _hits(entry) == (not lost)
    assert here.is_dir() == bool(lost)


def _inner(value):
    return value * 7


def test_a_kernel_can_call_one_that_was_loaded(tmp_path):
    assert _entry(_inner, tmp_path)(6) == 42
    inner = _entry(_inner, tmp_path)
    assert inner(6) == 42
    assert _hits(inner) == 1

    def outer(value):
        return inner(value) + 1

    assert _entry(outer, tmp_path / "other")(6) == 43
