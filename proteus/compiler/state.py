"""How kernel state travels: a NamedTuple of arrays as one pointer.

numba passes a plain NamedTuple of arrays by value: hundreds of words at every call that LLVM does
not inline, and minutes of compilation for nested ones. A ``state`` travels as one pointer to its
array descriptors, written once when compiled code is entered, those of a state in it among them: so
each is at a fixed distance from one pointer. The descriptors never change during a call, so their
loads are marked invariant and LLVM keeps them in registers.

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
        self._places: dict[str, int] = {}
        self.words: int = 0
        for name, member in members:
            self._places[name] = self.words
            self.words += member.words if isinstance(member, StateType) else words_of(member)

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
    return NativeValue(place, is_error=_write_members(state_type, value, place, c))


def _write_members(state_type: StateType, value: Any, place: Any, c: Any) -> Any:
    """Write the members of a state to where it is; returns whether that failed."""
    failed, rows = cgutils.false_bit, []
    for i, (name, member) in enumerate(state_type.members):
        there = state_type.place(name)
        if isinstance(member, StateType):
            inner = c.pyapi.tuple_getitem(value, i)  # borrowed from the caller's
            pointer = word_at(c.builder, place, there)
            pointer = c.builder.bitcast(pointer, cgutils.voidptr_t)
            failed = c.builder.or_(failed, _write_members(member, inner, pointer, c))
        else:
            unboxer = _unboxer(c, getattr(member, "array", member))
            rows.append(_ROW([_WORD(i), _WORD(8 * there), unboxer]))
    if rows:
        module = c.builder.module
        constant = ir.Constant(ir.ArrayType(_ROW, len(rows)), rows)
        table = cgutils.global_constant(c.builder, module.get_unique_name("members"), constant)
        table = c.builder.bitcast(table, _ROW.as_pointer())
        arguments = [value, place, table, _WORD(len(rows))]
        failed = c.builder.or_(failed, c.builder.call(_members_unboxer(c), arguments))
    return failed


_WORD, _BYTES, _FAILED = ir.IntType(64), cgutils.voidptr_t, ir.IntType(1)
_UNBOXER = ir.FunctionType(_FAILED, [_BYTES, _BYTES])  # an object, where to write it
_ROW = ir.LiteralStructType([_WORD, _WORD, _UNBOXER.as_pointer()])  # position, bytes to its place


def _unboxer(c: Any, member: types.Type) -> ir.Function:
    """Return the function that writes a member: one per type, not per field.

    A state has hundreds of arrays; unboxed in place they were a quarter of all machine code.
    """
    name = f"proteus.unbox {member}"
    function, builder = _function(c, name, _UNBOXER)
    if builder is not None:
        inside = c._replace(builder=builder, pyapi=c.context.get_python_api(builder))
        native = inside.unbox(member, function.args[0])
        there = builder.bitcast(function.args[1], native.value.type.as_pointer())
        builder.store(native.value, there)
        builder.ret(native.is_error)
    return function


def _members_unboxer(c: Any) -> ir.Function:
    """Return the function that writes the members of a state that a table lists."""
    arguments = [_BYTES, _BYTES, _ROW.as_pointer(), _WORD]
    function, builder = _function(c, "proteus.unbox", ir.FunctionType(_FAILED, arguments))
    if builder is not None:
        value, place, table, rows = function.args
        item_type = ir.FunctionType(_BYTES, [_BYTES, _WORD])
        item = cgutils.get_or_insert_function(builder.module, item_type, "PyTuple_GetItem")
        failed = cgutils.alloca_once_value(builder, cgutils.false_bit)
        with cgutils.for_range(builder, rows) as loop:
            row = builder.load(builder.gep(table, [loop.index]))
            position, there, unboxer = (builder.extract_value(row, i) for i in range(3))
            found = builder.call(item, [value, position])
            is_error = builder.call(unboxer, [found, builder.gep(place, [there])])
            builder.store(builder.or_(builder.load(failed), is_error), failed)
        builder.ret(builder.load(failed))
    return function


def _function(c: Any, name: str, kind: ir.FunctionType) -> tuple[ir.Function, Any]:
    """Return a function of the module, and what writes it if it is new."""
    module = c.builder.module
    if name in module.globals:
        return module.globals[name], None
    function = ir.Function(module, kind, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    return function, ir.IRBuilder(function.append_basic_block())


@infer_getattr
class _StateAttributes(AttributeTemplate):  # type: ignore[misc]
    key = StateType

    def generic_resolve(self, state_type: StateType, attribute: str) -> types.Type | None:
        return dict(state_type.members).get(attribute)


@lower_getattr_generic(StateType)
def _get_member(context: Any, builder: Any, state_type: StateType, value: Any, name: str) -> Any:
    member = dict(state_type.members)[name]
    there = word_at(builder, value, state_type.place(name))
    if isinstance(member, FieldType | StateType):
        return there  # they begin here
    return load_invariant(builder, there, context.get_value_type(member))
