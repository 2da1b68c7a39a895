"""How parts of a kernel are compiled: to intermediate code only.

numba optimises every function together with everything it calls, and again inside each caller, so
a chain of ten small functions is optimised ten times. A *fragment* is lowered to intermediate code
and left alone: no optimisation, no machine code, no wrapper for Python. The kernel that contains
it is optimised once, as a whole, with its fragments inlined.
"""

from __future__ import annotations

from typing import Any

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _FragmentLibrary(JITCodeLibrary):  # type: ignore[misc]
    """A library that is only ever linked into others."""

    def _optimize_final_module(self) -> None:
        """Leave that to the kernel."""

    def _finalize_specific(self) -> None:
        """Do not hand the module to the machine code emitter."""


@register_pass(mutates_CFG=True, analysis_only=False)
class _FragmentLowering(NativeLowering):  # type: ignore[misc]
    """Lower without wrappers and register the result for other compiled code."""

    _name = "fragment_lowering"
    inline = True

    def run_pass(self, state: Any) -> bool:
        state.library = _FragmentLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
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
        if not self.inline:
            module = state.library._final_module
            module.get_function(description.llvm_func_name).add_function_attribute("noinline")
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
    inline = False


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

    lowering = _OutlinedLowering
