"""Memory that is asked for before it is needed, so that nobody need wait for it then."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.extending import intrinsic, overload

from proteus.compiler.fields import place_of
from proteus.compiler.jit import PART
from proteus.compiler.private import types

_BYTE, _FLAG = ir.IntType(8).as_pointer(), ir.IntType(32)
_TO_READ, _KEEP, _DATA = (ir.Constant(_FLAG, flag) for flag in (0, 3, 1))  # as LLVM numbers them


def fetch(field: Any, index: Any) -> None:
    """Ask for the line of memory in which an element of a field lies; it changes nothing.

    Parameters
        field: an array of a ``state``. index: a tuple of integers, one per dim; it may lie
            outside the array, as nothing is read.
    """


@intrinsic
def _fetch(typing: Any, field: Any, index: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, places = arguments
        element = place_of(context, builder, field, index, pointer, places, is_checked=False)
        assert element is not None, f"{field}: {index} is not one index per dim"
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, _FLAG, _FLAG, _FLAG])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", (_BYTE,), kind)
        builder.call(prefetch, [builder.bitcast(element, _BYTE), _TO_READ, _KEEP, _DATA])
        return context.get_dummy_value()

    return types.none(field, index), codegen


@overload(fetch, jit_options=PART)
def _typing(field, index):
    return lambda field, index: _fetch(field, index)
