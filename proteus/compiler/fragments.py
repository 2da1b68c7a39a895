"""How parts of a kernel are compiled: to intermediate code only.

numba optimises every function together with everything it calls, and again inside each caller, so
a chain of ten small functions is optimised ten times. A *fragment* is lowered to intermediate code
and left alone: no optimisation, no machine code, no wrapper for Python. The kernel that contains
it is optimised once, as a whole, with its fragments inlined. Fragments with a frame of their own
(``outlined``) are called by kernels, which do not contain them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from proteus.compiler.outlined import Outlined, is_outlined, outline, provide
from proteus.compiler.private import (
    CompilerBase,
    DefaultPassBuilder,
    JITCodeLibrary,
    NativeLowering,
    _dynfunc,
    normalize_ir_text,
    register_pass,
)
from proteus.compiler.wanted import Wanted, is_deferred, wanted_by

# A kernel is one function of a thousand blocks, and for each of its loads LLVM looks through 200
# of them for one that it repeats. With 50 it finds all but a thousandth, in a twelfth less time.
llvm.set_option("proteus", "-memdep-block-number-limit=50")


class _FragmentLibrary(JITCodeLibrary):  # type: ignore[misc]
    """A library that is only ever linked into a kernel: its own code, as it was lowered."""

    def add_ir_module(self, ir_module: Any) -> None:
        """Take the code; the kernel optimises and verifies it."""
        self._raise_if_finalized()
        _leave_unwritten(ir_module)
        self._final_module.link_in(llvm.parse_assembly(normalize_ir_text(str(ir_module))))

    def finalize(self) -> None:
        """Link nothing: the kernel links every fragment once."""
        self._raise_if_finalized()
        self._finalize_dynamic_globals()
        self._finalized = True

    def symbol_of(self, symbol: str) -> str:
        """Return what kernels know the function by; nothing is added to the code after that."""
        return symbol


def _leave_unwritten(module: ir.Module) -> None:
    """Let room for what a part with a frame of its own answers be written by that alone.

    numba writes zeros there where a function begins, and again, of the result, before the call. The
    first are stores on the way past every call that is not made, and what its arguments load is not
    moved beyond a store. The other room is for exceptions, of which kernels have none.
    """
    for function in module.functions:
        instructions = [each for block in function.blocks for each in block.instructions]
        calls = [each for each in instructions if isinstance(each, ir.CallInstr)]
        outlined = [call for call in calls if _has_frame(getattr(call.callee, "name", ""))]
        room = {id(argument) for call in outlined for argument in call.args[:2]}
        for block in function.blocks[:1]:
            block.instructions[:] = [
                each for each in block.instructions
                if not (isinstance(each, ir.StoreInstr) and id(each.operands[1]) in room)
            ]  # fmt: skip


def _has_frame(name: str) -> bool:
    """Tell whether a symbol is that of a part with a frame of its own."""
    return is_outlined(name) or is_deferred(name)


class _OutlinedLibrary(_FragmentLibrary):
    """A library that is never linked into a kernel, but loaded before it."""

    part: Outlined

    def symbol_of(self, symbol: str) -> str:
        """Link what is inlined into the function, and name it after the whole."""
        for library in _closure(self._linking_libraries):
            if not isinstance(library, _OutlinedLibrary):
                self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self.part = outline(self._final_module, symbol, self._codegen)
        return self.part.name


class KernelLibrary(JITCodeLibrary):  # type: ignore[misc]
    """A library that links all that is inlined into it, directly or not, and is optimised once."""

    parts: tuple[Outlined, ...] = ()  # what it calls and does not contain, directly or not
    wanted: tuple[Wanted, ...] = ()  # what it and these may call and is compiled later

    def _optimize_functions(self, module: Any) -> None:
        """Leave that to the optimisation of the whole."""

    def link(self) -> None:
        """Link all that is inlined, the fragments of fragments too."""
        for library in _closure(self._linking_libraries):
            if not isinstance(library, _OutlinedLibrary):
                self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self.parts = outlined_of(self._linking_libraries)
        wanted = (
            *wanted_by(self._final_module),
            *(one for part in self.parts for one in part.wanted),
        )
        self.wanted = tuple({part.number: part for part in wanted}.values())
        self._linking_libraries = []

    def finalize(self) -> None:
        """Link and load what is called, then go on as usual."""
        self.link()
        provide(self.parts, self._codegen)
        super().finalize()

    def machine_code(self) -> Any:
        """Return what numba keeps of a library, without loading it or what it calls."""
        self._optimize_final_module()
        self._finalized = True
        code = bytes(self._codegen._tm.emit_object(self._final_module))
        return self.name, "object", (code, self._get_module_for_linking().as_bitcode())

    def _optimize_final_module(self) -> None:
        """Run the full passes only: the cheap ones before them are for reference counts."""
        manager, builder = self._codegen._module_pass_manager()
        manager.run(self._final_module, builder)


def outlined_of(libraries: Iterable[Any]) -> tuple[Outlined, ...]:
    """Return the parts with a frame of their own among libraries and all that they link."""
    found = _closure(libraries, into_outlined=True)
    return tuple(each.part for each in found if isinstance(each, _OutlinedLibrary))


def _closure(libraries: Iterable[Any], into_outlined: bool = False) -> dict[Any, None]:
    """Return the libraries and those of the fragments among them, each once, in order.

    Parameters
        into_outlined: those of fragments with a frame of their own too.
    """
    found: dict[Any, None] = {}
    waiting = list(libraries)[::-1]
    while waiting:
        library = waiting.pop()
        if library not in found:
            found[library] = None
            is_inner = into_outlined or not isinstance(library, _OutlinedLibrary)
            if isinstance(library, _FragmentLibrary) and is_inner:
                waiting.extend(library._linking_libraries[::-1])
    return found


@register_pass(mutates_CFG=True, analysis_only=False)
class _FragmentLowering(NativeLowering):  # type: ignore[misc]
    """Lower without wrappers and register the result for other compiled code."""

    _name = "fragment_lowering"
    library_class = _FragmentLibrary
    inline = True

    def run_pass(self, state: Any) -> bool:
        state.library = self.library_class(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        state.flags.no_cpython_wrapper = True
        state.flags.no_cfunc_wrapper = True
        state.flags.no_compile = True
        # Set here and not by an option: numba compiles a callee again for every set of options
        # that its callers have.
        state.flags.forceinline = self.inline
        super().run_pass(state)
        lowered = state["cr"]
        description = lowered.fndesc
        description.mangled_name = state.library.symbol_of(description.mangled_name)
        # What numba makes of a function without a Python wrapper: an entry that is only a key.
        entry = _dynfunc.make_function(
            description.lookup_module(), description.qualname.split(".")[-1],
            "a fragment of a kernel", 0, lowered.env, (state.library,),
        )  # fmt: skip
        state.targetctx.insert_user_function(entry, description, [state.library])
        state["cr"] = lowered._replace(cfunc=entry)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _OutlinedLowering(_FragmentLowering):
    """The same for a fragment that keeps a frame of its own."""

    _name = "outlined_fragment_lowering"
    library_class = _OutlinedLibrary
    inline = False


@register_pass(mutates_CFG=True, analysis_only=False)
class _KernelLowering(NativeLowering):  # type: ignore[misc]
    """Lower into a library that links every fragment once."""

    _name = "kernel_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = KernelLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return bool(super().run_pass(state))


class FragmentCompiler(CompilerBase):  # type: ignore[misc]
    """The usual pipeline with the last pass replaced."""

    lowering: type[NativeLowering] = _FragmentLowering

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline of a fragment."""
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [
            (self.lowering if each is NativeLowering else each, why)
            for each, why in pipeline.passes
        ]
        pipeline.finalize()
        return [pipeline]


class OutlinedCompiler(FragmentCompiler):
    """The pipeline of a fragment that keeps a frame of its own."""

    lowering: type[NativeLowering] = _OutlinedLowering


class KernelCompiler(FragmentCompiler):
    """The pipeline of an entry from Python."""

    lowering: type[NativeLowering] = _KernelLowering
