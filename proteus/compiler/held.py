"""States that are entered many times: laid out for compiled code once, then handed over by address.

A kernel that is called with states unpacks each of their arrays first, which takes as long as a
hundred events of a market. Where a kernel does little and is called often, it gets what holds them:

    held = Held(world)          # once
    step(held)                  # each time; the kernel says ``world = opened(held)``

The arrays of a state that is held must stay where they are, as they do: kernels allocate nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.extending import (
    NativeValue,
    intrinsic,
    models,
    overload,
    register_model,
    typeof_impl,
    unbox,
)

from proteus.compiler.fields import FieldType
from proteus.compiler.jit import PART
from proteus.compiler.private import cgutils, types
from proteus.compiler.state import StateType


class HeldType(types.Type):
    """The numba type of what holds a state: the pointer to its descriptors."""

    def __init__(self, state: StateType) -> None:
        self.state = state
        super().__init__(name=f"held {state.name}")


class Held:
    """A state as compiled code sees it."""

    def __init__(self, state: Any) -> None:
        """Lay out the descriptors of a state and of those in it; it is kept alive with them."""
        self.state = state
        self.type: HeldType = HeldType(typeof_impl(state, None))
        self._words: np.ndarray = np.zeros(self.type.state.words, np.int64)
        _lay_out(self.type.state, state, self._words)
        self.address: int = int(self._words.ctypes.data)


def _lay_out(kind: StateType, state: Any, words: np.ndarray) -> None:
    """Write the words of a state as its unboxing does: those of a state in it in their place."""
    for (name, member), field in zip(kind.members, state, strict=True):
        at = kind.place(name)
        if isinstance(member, FieldType):
            described = (field.size, field.itemsize, field.ctypes.data)
            words[at + 2 : at + 5] = described
            words[at + 5 : at + 5 + 2 * field.ndim] = (*field.shape, *field.strides)
        elif isinstance(member, StateType):
            _lay_out(member, field, words[at : at + member.words])
        elif isinstance(member, types.Float):
            words[at : at + 1].view(np.float64)[0] = field
        else:
            words[at] = int(field)


@typeof_impl.register(Held)
def _typeof(value: Held, context: Any) -> HeldType:
    return value.type


@register_model(HeldType)
class _HeldModel(models.OpaqueModel):  # type: ignore[misc]
    """An opaque pointer."""


@unbox(HeldType)
def _unbox_held(kind: HeldType, value: Any, c: Any) -> NativeValue:
    address = c.pyapi.object_getattr_string(value, "address")
    number = c.pyapi.long_as_longlong(address)
    c.pyapi.decref(address)
    return NativeValue(c.builder.inttoptr(number, cgutils.voidptr_t))


@intrinsic
def _opened(typing: Any, held: HeldType) -> Any:
    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        return arguments[0]

    return held.state(held), codegen


def opened(held: Any) -> Any:
    """Return the state that is held; in kernels too."""
    return held.state


@overload(opened, jit_options=PART)
def _typing(held):
    return lambda held: _opened(held)
