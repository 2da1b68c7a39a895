"""The one place that configures numba.

Every compiled function of Proteus is declared with one of three decorators:

``kernel``         an entry from Python: cached on disk, releases the GIL;
``inline_kernel``  a part of a kernel, always inlined;
``cold_kernel``    a part with a frame of its own, for what runs once per barrier or less.

Parts have no Python wrapper, no machine code and no optimisation of their own, which is most of
the cost of compiling. Called from Python a part runs as plain Python; ``compiled`` makes an entry
for one. A kernel is thus nearly one flat function to LLVM, which keeps state in registers across
what were calls. State that kernels work on is declared with ``state``, and functions that each
mechanism implements with ``interface``.

Why these options
    ``nogil``: blocks of lanes run on threads. ``error_model="numpy"``: no Python exception paths
    in the hot loop. No ``fastmath``: results must not change between CPUs. ``boundscheck`` only in
    the test leg that asks for it (``PROTEUS_BOUNDSCHECK=1``). ``_nrt=False``: kernels allocate
    nothing, so they need no reference counts; this alone makes compilation three times faster.

Why the cache folder has a hash in its name
    Code is kept by the types of a kernel (``cache``), which an edit of it does not change. The
    folder is named after a hash of every source that a kernel may take a constant from, the
    versions of the compiler and the flags, so an edit means a new folder.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.extending import overload, register_jitable

from proteus import plugins
from proteus.compiler.cache import KernelCache
from proteus.compiler.fragments import FragmentCompiler, KernelCompiler, OutlinedCompiler
from proteus.compiler.state import StateType, state, written_first

__all__ = [
    "BOUNDSCHECK",
    "cold_kernel",
    "compiled",
    "inline_kernel",
    "interface",
    "kernel",
    "kernel_hash",
    "state",
    "written_first",
]

BOUNDSCHECK = os.environ.get("PROTEUS_BOUNDSCHECK") == "1"
JIT_DISABLED = bool(numba.config.DISABLE_JIT)
_PACKAGE = Path(__file__).parent.parent
HASHED = ("basics", "compiler", "market")  # folders: kernels freeze constants of any file in them


@functools.cache
def kernel_hash() -> str:
    """Hash every source that can reach machine code, with the versions and flags of the compiler.

    The sources of other packages that add to ours count with them.

    Returns
        Sixteen hexadecimal digits. Two installations with equal hashes run equal kernels.
    """
    versions = f"numba {numba.__version__} llvmlite {llvmlite.__version__}"
    digest = hashlib.sha256(f"{versions} boundscheck {BOUNDSCHECK}".encode())
    for path in sorted(path for folder in HASHED for path in (_PACKAGE / folder).rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    for name, content in plugins.sources():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return where machine code of this code, by these versions, is kept."""
    root = os.environ.get("PROTEUS_CACHE_DIR")
    base = Path(root) if root else Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    return base / "proteus" / kernel_hash()


_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": BOUNDSCHECK,
    "_nrt": False,
}

PART: dict[str, Any] = {**_OPTIONS, "pipeline_class": FragmentCompiler}

Decorator = Callable[[Callable[..., Any]], Any]
inline_kernel: Decorator = register_jitable(**PART)
cold_kernel: Decorator = register_jitable(**{**_OPTIONS, "pipeline_class": OutlinedCompiler})


def dispatcher_of(function: Callable[..., Any], pipeline: type) -> Any:
    """Return what compiles a function for the types that it is called with, by a pipeline."""
    return numba.njit(**_OPTIONS, pipeline_class=pipeline)(function)


def kernel(function: Callable[..., Any]) -> Any:
    """Declare an entry from Python; its machine code is kept on disk."""
    dispatcher = dispatcher_of(function, KernelCompiler)
    if not JIT_DISABLED:
        dispatcher._cache = KernelCache(function, cache_folder())
    return dispatcher


def compiled(part: Callable[..., Any]) -> Callable[..., Any]:
    """Make an entry from Python for a part of a kernel; for tests and benchmarks, not cached."""

    def call(*arguments: Any) -> Any:
        return part(*arguments)

    entry = dispatcher_of(call, KernelCompiler)
    return functools.wraps(part)(lambda *arguments: entry(*arguments))


def interface(stub: Callable[..., Any]) -> Any:
    """Declare a function that is implemented once per type of its first argument.

    The engine's loop is written once and names the stub; numba compiles it per mechanism, because
    each mechanism passes its own NamedTuple type. Register with ``@stub.implement(Type)``.

    What most types share is registered once, with ``@stub.otherwise``; for a type of which nothing
    is to be done, ``stub.empty_for(Type)``; what follows for each type that implements another
    interface, with ``@stub.where(other)``.

    Parameters
        stub: a function whose body is only a docstring; implementations use its argument names.

    Returns
        A callable that works in compiled code, and in plain Python when the JIT is off.
    """
    implementations: dict[type | None, Any] = {}
    following: list[tuple[Any, Any]] = []  # another interface, and what follows from it

    def implementation(first_type: type) -> Any:
        if first_type not in implementations:
            for other, function in following:
                if other.is_implemented(first_type):
                    return function
        return implementations.get(first_type, implementations.get(None))

    @functools.wraps(stub)
    def dispatch(*arguments: Any) -> Any:
        found = implementation(type(arguments[0]))
        if found is None:
            raise NotImplementedError(stub.__name__, type(arguments[0]))
        return found(*arguments)

    def choose(first: Any) -> Any:
        found = implementation(first.state_class) if isinstance(first, StateType) else None
        return getattr(found, "py_func", found)

    def implement(first_type: type | None) -> Callable[[Any], Any]:
        def register(function: Any) -> Any:
            implementations[first_type] = function
            return function

        return register

    def where(other: Any) -> Callable[[Any], Any]:
        def register(function: Any) -> Any:
            following.append((other, function))
            return function

        return register

    if not JIT_DISABLED:
        _overload_with_signature_of(stub, dispatch, choose)
    dispatch.implement = implement  # type: ignore[attr-defined]
    dispatch.otherwise = implement(None)  # type: ignore[attr-defined]
    dispatch.where = where  # type: ignore[attr-defined]
    dispatch.is_implemented = implementations.__contains__  # type: ignore[attr-defined]
    nothing = inline_kernel(stub)
    dispatch.empty_for = lambda empty: implement(empty)(nothing)  # type: ignore[attr-defined]
    return dispatch


def _overload_with_signature_of(stub: Any, dispatch: Any, choose: Callable[[Any], Any]) -> None:
    """Register ``choose`` as the overload of ``dispatch``; numba compares argument names."""

    @functools.wraps(stub)
    def typing(*arguments: Any) -> Any:
        return choose(arguments[0])

    overload(dispatch, jit_options=PART)(typing)
