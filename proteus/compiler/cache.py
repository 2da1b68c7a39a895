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

from proteus.compiler import wanted
from proteus.compiler.folder import HASHED
from proteus.compiler.outlined import Outlined, provide_kept, write_whole
from proteus.compiler.private import CompileResult, dumps
from proteus.compiler.wanted import Wanted

# At the beginning of a line: an import for types alone, which may not have been made, is indented.
_IMPORT = re.compile(rf"from (proteus\.(?!{'|'.join(HASHED)})[\w.]+) import")


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
        return self._path(signature, target.codegen()).is_file()

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the compiled function for these types, or None."""
        target.refresh()
        try:
            parts, deferred, kept = pickle.loads(
                self._path(signature, target.codegen()).read_bytes()
            )
        except (OSError, EOFError, pickle.UnpicklingError):  # not there, or not whole
            return None
        if not provide_kept(parts, target.codegen()):
            return None
        wanted.note(deferred)
        return CompileResult._rebuild(target, *kept)

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep a compiled function; a folder that cannot be written keeps none."""
        assert not compiled.library.has_dynamic_globals, "addresses of this process are in it"
        library = compiled.library
        self.save(signature, compiled.codegen, library.parts, library.wanted, compiled._reduce())

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
        write_whole(self._path(signature, codegen), dumps((names, deferred, kept)))

    def flush(self) -> None:
        """Keep what is there: numba asks when a function is compiled anew."""

    def _path(self, signature: Any, codegen: Any) -> Path:
        source = "".join(_frozen(self._source))
        key = repr((signature, codegen.magic_tuple(), sys.version_info[:2], source))
        return self._folder / f"{self._name}.{hashlib.sha256(key.encode()).hexdigest()[:24]}.code"


def _frozen(path: str) -> list[str]:
    """Return the lines of a file, and of those that it imports from and no folder's hash has."""
    lines = linecache.getlines(path)
    named = (_IMPORT.match(line) for line in lines)
    modules = [sys.modules.get(found[1]) for found in named if found]
    files = [str(each.__file__) for each in modules if each is not None]
    return lines + [line for file in files for line in linecache.getlines(file)]
