"""How kernel state travels: a NamedTuple of arrays as one pointer.

numba passes a plain NamedTuple of arrays by value: hundreds of words at every call that LLVM does
not inline, and minutes of compilation for nested ones. A ``state`` travels as one pointer to its
array descriptors, written once when compiled code is entered. The descriptors never change during
a call, so their loads are marked invariant and LLVM keeps them in registers.

Every array has its type and shape on its line, and is made from that note: ``arrays.allocate``
takes the sizes by their letters and, by field, what is not zero at the start.

    @state
    class Queue(NamedTuple):  # L lanes, Q entries
        time: np.ndarray  # int64 [L, Q] ns
        size: np.ndarray  # int64 [L]

    queue = allocate(Queue, L=lanes, Q=entries)  # or time=NEVER_NS, to fill it
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite import ir
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from proteus.compiler.fields import FieldType, load_invariant, word_at, words_of
from proteus.compiler.private import AttributeTemplate, cgutils, types

Class = TypeVar("Class", bound=type)


class StateType(types.Type):
    """The numba type of a ``state`` class: a pointer to the descriptors of its fields."""

    def __init__(self, state_class: type, members: tuple[tuple[str, types.Type], ...]) -> None:
        self.state_class = state_class
        self.members = members
        # The name goes into every mangled symbol: a digest keeps symbols short.
        digest = hashlib.sha256(repr(members).encode()).hexdigest()[:12]
        super().__init__(name=f"{state_class.__module__}.{state_class.__name__}.{digest}")
        self._places, self.words = {}, 0
        for name, member in members:
            self._places[name] = self.words
            self.words += words_of(member)

    def place(self, attribute: str) -> int:
        """Return the word at which a field begins."""
        return self._places[attribute]


def state(state_class: Class) -> Class:
    """Declare a NamedTuple class as kernel state; its fields are arrays, numbers or states.

    Kernels read fields and never build a state; with the JIT off the class is the NamedTuple it
    is declared as.
    """

    @typeof_impl.register(state_class)
    def _typeof(value: Any, context: Any) -> StateType:
        fields = zip(value._fields, value, strict=True)
        return StateType(state_class, tuple((n, _typeof_field(n, v, context)) for n, v in fields))

    def _typeof_field(name: str, value: Any, context: Any) -> types.Type:
        found = typeof_impl(value, context)
        is_array = isinstance(found, types.Array)
        return FieldType(found, f"{state_class.__qualname__}.{name}") if is_array else found

    return state_class


def written_first(*fields: str) -> Callable[[Class], Class]:
    """Say of array fields that a lane writes each element of them before it reads it.

    So a lane that starts over may find in them what the lane before it left.
    """

    def declare(state_class: Class) -> Class:
        unknown = set(fields) - set(state_class._fields)  # type: ignore[attr-defined]
        assert not unknown, f"{state_class.__name__} has no {sorted(unknown)}"
        state_class.written_first = frozenset(fields)  # type: ignore[attr-defined]
        return state_class

    return declare


@register_model(StateType)
class _StateModel(models.OpaqueModel):  # type: ignore[misc]
    """An opaque pointer."""


@unbox(StateType)
def _unbox_state(state_type: StateType, value: Any, c: Any) -> NativeValue:
    """Write the members, arrays as their descriptors, to the stack of the entry wrapper."""
    words = ir.ArrayType(ir.IntType(64), state_type.words)
    place = c.builder.bitcast(cgutils.alloca_once(c.builder, words), cgutils.voidptr_t)
    failed = cgutils.false_bit
    for i, (name, member) in enumerate(state_type.members):
        field = c.pyapi.tuple_getitem(value, i)  # borrowed: the caller's tuple keeps it alive
        there = word_at(c.builder, place, state_type.place(name))
        kind = getattr(member, "array", member)
        there = c.builder.bitcast(there, c.context.get_value_type(kind).as_pointer())
        if isinstance(member, FieldType):
            is_error = c.builder.call(_array_unboxer(c, kind), [field, there])
        else:
            native = c.unbox(member, field)
            c.builder.store(native.value, there)
            is_error = native.is_error
        failed = c.builder.or_(failed, is_error)
    return NativeValue(place, is_error=failed)


def _array_unboxer(c: Any, array_type: types.Array) -> ir.Function:
    """Return the function that writes the descriptor of an array: one per type, not per field.

    A state has hundreds of arrays; unboxed in place they were a quarter of all machine code.
    """
    module, name = c.builder.module, f"proteus.unbox {array_type}"
    if name in module.globals:
        return module.globals[name]
    descriptor = c.context.get_value_type(array_type)
    arguments = [c.pyapi.pyobj, descriptor.as_pointer()]
    function = ir.Function(module, ir.FunctionType(ir.IntType(1), arguments), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block())
    inside = c._replace(builder=builder, pyapi=c.context.get_python_api(builder))
    native = inside.unbox(array_type, function.args[0])
    builder.store(native.value, function.args[1])
    builder.ret(native.is_error)
    return function


@infer_getattr
class _StateAttributes(AttributeTemplate):  # type: ignore[misc]
    key = StateType

    def generic_resolve(self, state_type: StateType, attribute: str) -> types.Type | None:
        return dict(state_type.members).get(attribute)


@lower_getattr_generic(StateType)
def _get_member(context: Any, builder: Any, state_type: StateType, value: Any, name: str) -> Any:
    member = dict(state_type.members)[name]
    there = word_at(builder, value, state_type.place(name))
    if isinstance(member, FieldType):
        return there
    return load_invariant(builder, there, context.get_value_type(member))
