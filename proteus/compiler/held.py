"""States that are entered many times: laid out for compiled code once, then handed over by address.

A kernel that is called with states unpacks each of their arrays first, which takes as long as a
hundred events of a market. Where a kernel does little and is called often, it gets what holds them:

    held = Held(world)          # once
    step(held)                  # each time; the kernel says ``world = opened(held)``

What is called at every step is bound to its states, so that nobody looks at their types again:

    go_on = bound(step, held)   # once
    go_on()                     # each time

The arrays of a state that is held must stay where they are, as they do: kernels allocate nothing.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
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
from proteus.compiler.jit import JIT_DISABLED, PART
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

    def __reduce__(self) -> tuple[Any, ...]:
        """Lay out the state again where it is copied: an address would still be that of this."""
        return Held, (self.state,)


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


class _Bound(functools.partial[Any]):
    """Machine code with the addresses that it gets; a copy has those of its own states."""

    kernel: Any

    def __reduce__(self) -> tuple[Any, ...]:
        """Bind the kernel again, by its name: machine code cannot be copied."""
        return _bound_again, (self.kernel.__module__, self.kernel.__name__, *self.args)


def _bound_again(module: str, name: str, *held: Held) -> Callable[[], Any]:
    return bound(getattr(importlib.import_module(module), name), *held)


def bound(kernel: Any, *held: Held) -> Callable[[], Any]:
    """Return what calls a kernel with states that are held; it is compiled now if it is not yet.

    To find the machine code for the types of what a kernel is called with takes 1.5 us for each
    state, as long as a lane takes from one decision to the next.
    """
    if JIT_DISABLED:
        made = _Bound(np.errstate(over="ignore")(kernel), *held)  # the words of Philox wrap around
    else:
        signature = tuple(each.type for each in held)
        kernel.compile(signature)
        made = _Bound(kernel.overloads[signature].entry_point, *held)
    made.kernel = kernel
    return made


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
