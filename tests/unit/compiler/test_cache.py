"""What machine code on disk is named after."""

import importlib.util
import linecache
import sys

from proteus.compiler.cache import KernelCache
from proteus.compiler.places import Place

KERNEL = """from __future__ import annotations

from proteus.codes_of_a_test import ADD


def is_add(kind):
    return kind == ADD
"""


def loaded(name, path, monkeypatch):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(path.read_text(), path, "exec"), module.__dict__)  # no byte code of a second ago
    linecache.checkcache()
    return module


def test_a_number_that_a_kernel_imports_is_in_the_name_of_its_code(tmp_path, monkeypatch):
    """Machine code has the number itself: after ADD = 1 that of ADD = 0 may not be found."""
    codes, kernel = tmp_path / "codes.py", tmp_path / "kernel.py"
    kernel.write_text(KERNEL)
    paths, place = [], Place(tmp_path, ("any processor",))
    for content in ("ADD = 0\n", "ADD = 10\n", "ADD = 0\n"):
        codes.write_text(content)
        loaded("proteus.codes_of_a_test", codes, monkeypatch)
        module = loaded("kernel_of_a_test", kernel, monkeypatch)
        paths.append(KernelCache(module.is_add, tmp_path)._path("(int64,)", place))
    assert paths[0] == paths[2] != paths[1]
