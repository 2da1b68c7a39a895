"""A kernel compiled in two halves, so that another process can do the second.

From Python to intermediate code takes as long as from there to machine code, and what kernels share
of the first half is done once per process. So one process lowers one kernel after another, and
others optimise what it has lowered: ``python -m proteus.compiler.ahead`` reads lowered kernels
from stdin and writes machine code to stdout.
"""

from __future__ import annotations

import pickle
import signal
import sys
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from proteus.compiler.cache import reduced
from proteus.compiler.fragments import FragmentCompiler, KernelLibrary
from proteus.compiler.jit import dispatcher_of
from proteus.compiler.outlined import Outlined, is_outlined, machine_code
from proteus.compiler.private import (
    NativeLowering,
    cpu_target,
    dumps,
    global_compiler_lock,
    register_pass,
)
from proteus.compiler.wanted import Wanted


class Lowered(NamedTuple):
    """The first half of a kernel: all of its code, and what else is kept of it on disk."""

    name: str
    code: bytes  # of LLVM
    parts: tuple[Outlined, ...]  # what it calls and does not contain
    wanted: tuple[Wanted, ...]  # what it calls and is compiled later
    kept: tuple[Any, ...]  # a ``CompileResult`` without machine code


class _LoweredLibrary(KernelLibrary):
    """A library that never becomes machine code here."""

    def serialize_using_object_code(self) -> None:
        """Return nothing for the machine code that another process will make."""


@register_pass(mutates_CFG=True, analysis_only=False)
class _LoweringOnly(NativeLowering):  # type: ignore[misc]
    """Lower and stop."""

    _name = "lowering_only"

    def run_pass(self, state: Any) -> bool:
        state.library = _LoweredLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        return bool(super().run_pass(state))


class _LoweringCompiler(FragmentCompiler):
    """The pipeline of a kernel up to intermediate code."""

    lowering = _LoweringOnly


def lower(kernel: Any, signature: tuple[Any, ...]) -> Lowered:
    """Do the first half of a kernel for these types."""
    dispatcher = dispatcher_of(kernel.py_func, _LoweringCompiler)
    compiled = dispatcher._compiler._compile_core(signature, None)
    compiled.library.link()
    compiled.library._finalize_dynamic_globals()
    assert not compiled.library._dynamic_globals, "addresses of this process are in it"
    code = compiled.library._final_module.as_bitcode()
    library = compiled.library
    return Lowered(library.name, code, library.parts, library.wanted, reduced(compiled)[1:])


def optimise(name: str, code: bytes) -> Any:
    """Do the second half: return machine code as numba keeps it, or that of an outlined part."""
    codegen = cpu_target.target_context.codegen()
    with global_compiler_lock:
        if is_outlined(name):
            return machine_code(code, codegen)
        library = KernelLibrary(codegen, name)
        library._final_module.link_in(llvm.parse_bitcode(code))
        return library.machine_code()


def main() -> None:
    """Optimise what comes from stdin until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for who sends the code
    while True:
        try:
            name, code = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        sys.stdout.buffer.write(dumps(optimise(name, code)))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
