"""Machine code on disk: a file per kernel and signature.

The folder is named after the kernel hash, so all that it holds is of this code, wherever it is
installed; a file after the types that the kernel is compiled for, the processor and Python, and
after the source of the kernel and of what it imports numbers from, as those of readers and of
benchmarks are in no folder that is hashed. numba's own
cache goes by the path and the clock of the source, so a second installation would compile all
again; and its index, which processes that finish together write over each other, may then name the
code of another signature.

A file also names the parts that its kernel calls and does not contain, which have files of their
own (``outlined``); without one of them the kernel is compiled anew.
"""

from __future__ import annotations

import hashlib
import linecache
import os
import pickle
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from proteus.compiler import wanted
from proteus.compiler.folder import HASHED
from proteus.compiler.outlined import Outlined, provide_kept, write_whole
from proteus.compiler.places import Place, places
from proteus.compiler.private import CompileResult, dumps
from proteus.compiler.wanted import Wanted

# numba keeps the intermediate code of a function, to inline it into others. Nobody inlines a
# kernel, and reading that takes nine tenths of loading it; what is asked for are its symbols.
_NO_BITCODE = llvm.parse_assembly("").as_bitcode()
# At the beginning of a line: an import for types alone, which may not have been made, is indented.
_IMPORT = re.compile(rf"from (proteus\.(?!{'|'.join(HASHED)})[\w.]+) import")


def reduced(compiled: Any) -> tuple[Any, ...]:
    """Return what numba keeps of a compiled function, without a text that names files."""
    found: tuple[Any, ...] = compiled._replace(type_annotation="")._reduce()
    return found


class KernelCache:
    """What a dispatcher of numba asks for machine code, and gives it to."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        """Keep the code of a function in a folder, which need not be there."""
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._source = function.__code__.co_filename
        self._folder = folder
        self.cache_path: str = str(folder)

    def can_keep(self) -> bool:
        """Tell whether the folder can be written."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder.is_dir() and os.access(self._folder, os.W_OK)

    def has(self, signature: Any, target: Any) -> bool:
        """Tell whether the code for these types is there, without loading it."""
        looked_at = places(self._folder, target.codegen())
        return any(self._path(signature, place).is_file() for place in looked_at)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the compiled function for these types, or None."""
        target.refresh()
        for place in places(self._folder, target.codegen()):
            try:
                parts, deferred, symbols, kept = pickle.loads(
                    self._path(signature, place).read_bytes()
                )
            except (OSError, EOFError, pickle.UnpicklingError):  # not there, or not whole
                continue
            if provide_kept(parts, target.codegen()):
                wanted.note(deferred)
                target.codegen()._engine._defined_symbols.update(symbols)
                return CompileResult._rebuild(target, *kept)
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep a compiled function; a folder that cannot be written keeps none."""
        assert not compiled.library.has_dynamic_globals, "addresses of this process are in it"
        library = compiled.library
        self.save(signature, compiled.codegen, library.parts, library.wanted, reduced(compiled))

    def save(
        self,
        signature: Any,
        codegen: Any,
        parts: Iterable[Outlined],
        deferred: tuple[Wanted, ...],
        kept: tuple[Any, ...],
    ) -> None:
        """Keep what numba keeps of a compiled function, and what it calls: now and later."""
        names = tuple(part.name for part in parts)
        here = places(self._folder, codegen)[0]
        (name, kind, (code, bitcode)), *others = kept
        symbols = tuple(
            each.name for each in llvm.parse_bitcode(bitcode).functions if not each.is_declaration
        )
        kept = (name, kind, (code, _NO_BITCODE)), *others
        write_whole(self._path(signature, here), dumps((names, deferred, symbols, kept)))

    def flush(self) -> None:
        """Keep what is there: numba asks when a function is compiled anew."""

    def _path(self, signature: Any, place: Place) -> Path:
        source = "".join(_frozen(self._source))
        key = repr((signature, place.target, sys.version_info[:2], source))
        return place.folder / f"{self._name}.{hashlib.sha256(key.encode()).hexdigest()[:24]}.code"


def _frozen(path: str) -> list[str]:
    """Return the lines of a file, and of those that it imports from and no folder's hash has."""
    lines = linecache.getlines(path)
    named = (_IMPORT.match(line) for line in lines)
    modules = [sys.modules.get(found[1]) for found in named if found]
    files = [str(each.__file__) for each in modules if each is not None]
    return lines + [line for file in files for line in linecache.getlines(file)]
