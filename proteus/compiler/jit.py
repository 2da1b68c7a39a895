"""The one place that configures numba.

Every compiled function of Proteus is declared with one of three decorators:

``kernel``         an entry from Python: cached on disk, releases the GIL;
``inline_kernel``  a part of a kernel, always inlined;
``cold_kernel``    a part with a frame of its own, compiled once for all kernels that call it
                   (``outlined``): what runs seldom, and is given no mechanism where it can be.

What most cells never use is a fourth, compiled when it is first called (``deferred``).

Parts have no Python wrapper, and inlined ones no machine code and no optimisation of their own,
which is most of the cost of compiling. Called from Python a part runs as plain Python; ``compiled``
makes an entry for one. A kernel is thus nearly one flat function to LLVM, which keeps state in
registers across what were calls. State that kernels work on is declared with ``state``, and
functions that each mechanism implements with ``interface``.

Why these options
    ``nogil``: blocks of lanes run on threads. ``error_model="numpy"``: no Python exception paths
    in the hot loop. No ``fastmath``: results must not change between CPUs. ``boundscheck`` only in
    the test leg that asks for it (``PROTEUS_BOUNDSCHECK=1``). ``_nrt=False``: kernels allocate
    nothing, so they need no reference counts; this alone makes compilation three times faster.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba
from numba.extending import overload, register_jitable

from proteus.compiler.cache import KernelCache
from proteus.compiler.folder import BOUNDSCHECK, HASHED, cache_folder, kernel_hash
from proteus.compiler.fragments import FragmentCompiler, KernelCompiler, OutlinedCompiler
from proteus.compiler.state import StateType, state, written_first

__all__ = [
    "BOUNDSCHECK",
    "HASHED",
    "cache_folder",
    "cold_kernel",
    "compiled",
    "inline_kernel",
    "interface",
    "kernel",
    "kernel_hash",
    "state",
    "written_first",
]

JIT_DISABLED = bool(numba.config.DISABLE_JIT)

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
