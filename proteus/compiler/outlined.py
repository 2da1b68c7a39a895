"""Parts of kernels with a frame of their own: machine code that all kernels share.

A part that runs seldom (``jit.cold_kernel``) is a function that kernels call and do not contain.
It is optimised by itself with what is inlined into it, once, and kept in a file of its own; the
loop of one more mechanism finds it there.

Its name is a hash of its intermediate code, in which the names of other such parts stand for
theirs. So what is found by a name is that code, whoever compiled it, and nothing can be stale.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from proteus.compiler.folder import cache_folder
from proteus.compiler.places import brought_folder
from proteus.compiler.wanted import Wanted, is_deferred, wanted_by

_PREFIX = "proteus.outlined."
# Numbers that numba gives functions and constants differ from process to process.
_NUMBERED = re.compile(r"B\d+v\d+|picklebuf\.\d+")
_DIGEST = 32  # bytes before the code in a file

_loaded: dict[str, bytes] = {}  # machine code in memory, which LLVM does not copy


class Outlined(NamedTuple):
    """A part before it is machine code."""

    name: str
    code: bytes  # of LLVM
    wanted: tuple[Wanted, ...]  # what it calls and is compiled later


def is_outlined(name: str) -> bool:
    """Tell whether a symbol is that of such a part."""
    return name.startswith(_PREFIX)


def outline(module: Any, symbol: str, codegen: Any) -> Outlined:
    """Name a function after its code.

    Parameters
        module: the function with all that is inlined into it; nothing else stays visible.
        symbol: of the function.
    """
    for each in (*module.functions, *module.global_variables):
        if not each.is_declaration:
            # What is internal is optimised to fit its callers, and LLVM's loader lets a weak symbol
            # of another file be that of the same name. A private one has no name there.
            each.linkage = "private" if is_deferred(each.name) else "internal"
    module.name = ""
    function = module.get_function(symbol)
    function.linkage = "external"
    function.name = _PREFIX + _digest_of(module, codegen)
    return Outlined(function.name, module.as_bitcode(), wanted_by(module))


def _digest_of(module: Any, codegen: Any) -> str:
    numbers: dict[str, str] = {}
    text = _NUMBERED.sub(lambda m: numbers.setdefault(m[0], f"#{len(numbers)}"), str(module))
    assert "numba.dynamic.globals" not in text, "addresses of this process are in it"
    return hashlib.sha256(repr((codegen.magic_tuple(), text)).encode()).hexdigest()[:32]


def machine_code(code: bytes, codegen: Any) -> bytes:
    """Optimise a part and return its object file."""
    module = llvm.parse_bitcode(code)
    manager, builder = codegen._module_pass_manager()
    manager.run(module, builder)
    return bytes(codegen._tm.emit_object(module))


def provide(parts: Iterable[Outlined], codegen: Any) -> None:
    """Load parts, from disk or compiled now."""
    for name, code, _ in parts:
        if name not in _loaded:
            found = read(name)
            if found is None:
                found = machine_code(code, codegen)
                keep(name, found)
            _load(name, found, codegen)


def provide_kept(names: Iterable[str], codegen: Any) -> bool:
    """Load parts from disk; return False if one of them is not there."""
    found = {name: read(name) for name in names if name not in _loaded}
    for name, code in found.items():
        if code is None:
            return False
        _load(name, code, codegen)
    return True


def _load(name: str, code: bytes, codegen: Any) -> None:
    _loaded[name] = code
    codegen._engine._ee.add_object_file(llvm.ObjectFileRef.from_data(code))


def read(name: str) -> bytes | None:
    """Return the machine code of a part, or None if it is not on disk or not whole."""
    for folder in filter(None, (cache_folder(), brought_folder())):
        with suppress(OSError):
            digest_and_code = (folder / _file_of(name)).read_bytes()
            digest, code = digest_and_code[:_DIGEST], digest_and_code[_DIGEST:]
            if hashlib.sha256(code).digest() == digest:
                return code
    return None


def keep(name: str, code: bytes) -> None:
    """Keep the machine code of a part; a folder that cannot be written keeps none."""
    write_whole(cache_folder() / _file_of(name), hashlib.sha256(code).digest() + code)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that others find whole or not at all, if it can be written."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink()


def _file_of(name: str) -> str:
    return f"{name}.code"
