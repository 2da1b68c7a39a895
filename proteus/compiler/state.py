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
from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from proteus.compiler.fields import FieldType

Class = TypeVar("Class", bound=type)


class StateType(types.Type):
    """The numba type of a ``state`` class: a pointer to the descriptors of its fields."""

    def __init__(self, state_class: type, members: tuple[tuple[str, types.Type], ...]) -> None:
        self.state_class = state_class
        self.members = members
        # The name goes into every mangled symbol: a digest keeps symbols short.
        digest = hashlib.sha256(repr(members).encode()).hexdigest()[:12]
        super().__init__(name=f"{state_class.__module__}.{state_class.__name__}.{digest}")

    def place(self, attribute: str) -> int:
        """Return the position of a field."""
        return [name for name, _ in self.members].index(attribute)


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


def _descriptors(context: Any, state_type: StateType) -> ir.Type:
    return ir.LiteralStructType([context.get_value_type(t) for _, t in state_type.members])


@unbox(StateType)
def _unbox_state(state_type: StateType, value: Any, c: Any) -> NativeValue:
    """Write the descriptors of all fields to the stack of the entry wrapper."""
    place = cgutils.alloca_once(c.builder, _descriptors(c.context, state_type))
    failed = cgutils.false_bit
    for i, (_, field_type) in enumerate(state_type.members):
        field = c.pyapi.tuple_getitem(value, i)  # borrowed: the caller's tuple keeps it alive
        there = cgutils.gep_inbounds(c.builder, place, 0, i)
        if isinstance(field_type, FieldType):
            is_error = c.builder.call(_array_unboxer(c, field_type.array), [field, there])
        else:
            native = c.unbox(field_type, field)
            c.builder.store(native.value, there)
            is_error = native.is_error
        failed = c.builder.or_(failed, is_error)
    pointer = c.builder.bitcast(place, c.context.get_value_type(state_type))
    return NativeValue(pointer, is_error=failed)


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
def _get_field(context: Any, builder: Any, state_type: StateType, value: Any, name: str) -> Any:
    place = state_type.place(name)
    pointer = builder.bitcast(value, _descriptors(context, state_type).as_pointer())
    field = cgutils.gep_inbounds(builder, pointer, 0, place)
    return _load_invariant(builder, field)


def _load_invariant(builder: Any, pointer: Any) -> Any:
    """Load a value that nothing changes during the call; structures member by member."""
    pointee = pointer.type.pointee
    if isinstance(pointee, (ir.LiteralStructType, ir.ArrayType)):
        loaded = ir.Constant(pointee, ir.Undefined)
        for i in range(len(pointee)):
            member = _load_invariant(builder, cgutils.gep_inbounds(builder, pointer, 0, i))
            loaded = builder.insert_value(loaded, member, i)
        return loaded
    loaded = builder.load(pointer)
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded
