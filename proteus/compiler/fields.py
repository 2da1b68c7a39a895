"""How kernels read and write the arrays of a state.

Two things that the compiler cannot know of an array hold for every field of a ``state``:

An index is never negative, so none is wrapped around to the end: numba spends a comparison, an
addition and a selection on that for each index of each access. With bounds checks on, a negative
index is an error.

No two fields share memory. Each field has a type of its own in the alias analysis (TBAA), so what
was read from one field is still known after a write to another.

And one that kernels rely on: an element of a signed integer field is read as int64, however few
bytes it takes in memory. So a field can be as narrow as its values, and no sum wraps, no kernel is
compiled again for the type of what it is handed. Slices have the type of the array.

A field travels as a pointer to its descriptor, and an access loads what it needs of that: numba
loads and copies nine words for each, three quarters of all code that LLVM had to read.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

from llvmlite import ir
from numba.extending import models, register_model

from proteus.compiler.private import (
    arrayobj,
    cgutils,
    lower_builtin,
    lower_cast,
    lower_getattr,
    types,
)

_SCALAR = (types.Integer, types.Float, types.Boolean)


class FieldType(types.Array):  # type: ignore[misc]
    """The numba type of an array that is a field of a state."""

    def __init__(self, array: types.Array, field: str) -> None:
        self.array = array
        self.field = field
        is_signed = isinstance(array.dtype, types.Integer) and array.dtype.signed
        super().__init__(
            types.int64 if is_signed else array.dtype,
            array.ndim,
            array.layout,
            readonly=not array.mutable,
            name=f"{array.name} {field}",
            aligned=array.aligned,
        )

    @property
    def key(self) -> Any:
        """What makes two of these types equal."""
        return self.array, self.field

    @property
    def mangling_args(self) -> Any:
        """What stands in the names of compiled functions."""
        return self.field, self.array.mangling_args[1]

    def copy(self, *args: Any, **kwargs: Any) -> types.Array:
        """Return the type of a part of the array, which is an ordinary one."""
        return self.array.copy(*args, **kwargs)


@register_model(FieldType)
class _FieldModel(models.OpaqueModel):  # type: ignore[misc]
    """A pointer to the descriptor."""


_WORD, _POSITION = ir.IntType(64), ir.IntType(32)
_DATA, _SHAPE = 4, 5  # words of a descriptor, whose last are a shape and a stride per dim


def words_of(member: types.Type) -> int:
    """Return how many words a member of a state takes: a descriptor, or one."""
    return _SHAPE + 2 * member.ndim if isinstance(member, FieldType) else 1


def word_at(builder: Any, pointer: Any, position: int) -> Any:
    """Return a pointer to a word after another."""
    if position == 0:
        return pointer
    indices = [ir.Constant(_POSITION, position)]
    return builder.gep(pointer, indices, inbounds=True, source_etype=_WORD)


def load_invariant(builder: Any, pointer: Any, kind: ir.Type) -> Any:
    """Load a value that nothing changes during the call."""
    loaded = builder.load(pointer, typ=kind)
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


def _load_word(builder: Any, pointer: Any, position: int) -> Any:
    return load_invariant(builder, word_at(builder, pointer, position), _WORD)


@lower_cast(FieldType, types.Array)
def _whole(context: Any, builder: Any, field: FieldType, to: Any, pointer: Any) -> Any:
    """Load the whole descriptor, for what numba does with arrays."""
    layout, word = context.get_value_type(field.array), 0
    whole = ir.Constant(layout, ir.Undefined)
    for i, member in enumerate(layout.elements):
        part = load_invariant(builder, word_at(builder, pointer, word), member)
        whole = builder.insert_value(whole, part, i)
        word += member.count if isinstance(member, ir.ArrayType) else 1
    return whole


@lower_getattr(FieldType, "shape")
def _shape(context: Any, builder: Any, field: FieldType, pointer: Any) -> Any:
    sizes = [_load_word(builder, pointer, _SHAPE + axis) for axis in range(field.ndim)]
    return cgutils.pack_array(builder, sizes)


@lower_builtin(operator.getitem, FieldType, types.Integer)
@lower_builtin(operator.getitem, FieldType, types.BaseTuple)
def _get_item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Load one element; anything else than plain indices goes numba's way."""
    field, index_type = signature.args
    element = place_of(context, builder, field, index_type, *arguments)
    if element is None:
        is_tuple = isinstance(index_type, types.BaseTuple)
        usual = arrayobj.getitem_array_tuple if is_tuple else arrayobj.getitem_arraynd_intp
        return _as_array(usual, context, builder, signature, arguments)
    stored = field.array.dtype
    loaded = builder.load(element)
    _mark(builder, loaded, field)
    value = context.data_model_manager[stored].from_data(builder, loaded)
    return context.cast(builder, value, stored, field.dtype)


@lower_builtin(operator.setitem, FieldType, types.Integer, types.Any)
@lower_builtin(operator.setitem, FieldType, types.BaseTuple, types.Any)
def _set_item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Store one element; anything else than plain indices goes numba's way."""
    field, index_type, value_type = signature.args
    pointer, index, value = arguments
    element = place_of(context, builder, field, index_type, pointer, index)
    if element is None or not isinstance(value_type, _SCALAR):
        return _as_array(arrayobj.setitem_array, context, builder, signature, arguments)
    stored = field.array.dtype
    value = context.cast(builder, value, value_type, stored)
    data = context.data_model_manager[stored].as_data(builder, value)
    _mark(builder, builder.store(data, element), field)
    return context.get_dummy_value()


def _as_array(usual: Any, context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Do what numba does with the array itself."""
    field = signature.args[0]
    array = _whole(context, builder, field, field.array, arguments[0])
    signature = signature.replace(args=(field.array, *signature.args[1:]))
    return usual(context, builder, signature, (array, *arguments[1:]))


def place_of(
    context: Any, builder: Any, field: FieldType, index_type: Any, pointer: Any, index: Any,
    is_checked: bool = True,
) -> Any:  # fmt: skip
    """Return the address of an element, or None if the index is not one integer per dim."""
    if isinstance(index_type, types.BaseTuple):
        index_types: tuple[Any, ...] = tuple(index_type)
        indices = cgutils.unpack_tuple(builder, index, len(index_types))
    else:
        index_types, indices = (index_type,), [index]
    is_plain = all(isinstance(each, types.Integer) for each in index_types)
    if not is_plain or len(index_types) != field.ndim or not field.aligned:
        return None
    indices = [
        context.cast(builder, value, value_type, types.intp)
        for value, value_type in zip(indices, index_types, strict=True)
    ]
    if context.enable_boundscheck and is_checked:
        for axis, value in enumerate(indices):
            size = _load_word(builder, pointer, _SHAPE + axis)
            cgutils.do_boundscheck(context, builder, value, size, axis)
    kind = context.get_data_type(field.array.dtype).as_pointer()
    data = load_invariant(builder, word_at(builder, pointer, _DATA), kind)
    if field.layout != "C":
        start = _SHAPE + field.ndim
        strides = [_load_word(builder, pointer, start + axis) for axis in range(field.ndim)]
        return cgutils.get_item_pointer2(context, builder, data, [], strides, "A", indices)
    sizes = [_load_word(builder, pointer, _SHAPE + axis) for axis in range(1, field.ndim)]
    return builder.gep(data, [_place(builder, indices, sizes)])


def _place(builder: Any, indices: list[Any], sizes: list[Any]) -> Any:
    """Return the place of an element in C order, by the sizes of all dims but the first."""
    steps = [functools.reduce(builder.mul, sizes[axis:]) for axis in range(len(sizes))]
    terms = [builder.mul(value, step) for value, step in zip(indices, steps, strict=False)]
    return functools.reduce(builder.add, [*terms, indices[-1]])


def _mark(builder: Any, access: Any, field: FieldType) -> None:
    """Say which field an access belongs to; accesses of two fields never meet."""
    module = builder.module
    root = module.add_metadata(["proteus state"])
    offset = ir.Constant(ir.IntType(64), 0)
    node = module.add_metadata([field.field, root, offset])
    access.set_metadata("tbaa", module.add_metadata([node, node, offset]))
