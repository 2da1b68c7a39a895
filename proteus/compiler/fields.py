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
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types, typing
from numba.core.imputils import lower_builtin
from numba.extending import models, register_model
from numba.np import arrayobj

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
class _FieldModel(models.ArrayModel):  # type: ignore[misc]
    """Laid out as the array that it is."""

    def __init__(self, manager: Any, field_type: FieldType) -> None:
        super().__init__(manager, field_type.array)


@lower_builtin(operator.getitem, FieldType, types.Integer)
@lower_builtin(operator.getitem, FieldType, types.BaseTuple)
def _get_item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Load one element; anything else than plain indices goes numba's way."""
    array_type, index_type = signature.args
    pointer = _element(context, builder, array_type, index_type, *arguments)
    if pointer is None:
        is_tuple = isinstance(index_type, types.BaseTuple)
        usual = arrayobj.getitem_array_tuple if is_tuple else arrayobj.getitem_arraynd_intp
        return usual(context, builder, _of_array(signature), arguments)
    stored = array_type.array.dtype
    loaded = builder.load(pointer)
    _mark(builder, loaded, array_type)
    value = context.data_model_manager[stored].from_data(builder, loaded)
    return context.cast(builder, value, stored, array_type.dtype)


@lower_builtin(operator.setitem, FieldType, types.Integer, types.Any)
@lower_builtin(operator.setitem, FieldType, types.BaseTuple, types.Any)
def _set_item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Store one element; anything else than plain indices goes numba's way."""
    array_type, index_type, value_type = signature.args
    array, index, value = arguments
    pointer = _element(context, builder, array_type, index_type, array, index)
    if pointer is None or not isinstance(value_type, _SCALAR):
        return arrayobj.setitem_array(context, builder, _of_array(signature), arguments)
    stored = array_type.array.dtype
    value = context.cast(builder, value, value_type, stored)
    data = context.data_model_manager[stored].as_data(builder, value)
    _mark(builder, builder.store(data, pointer), array_type)
    return context.get_dummy_value()


def _of_array(signature: Any) -> Any:
    """Return the signature of the same access to an ordinary array."""
    field_type, *others = signature.args
    return typing.signature(signature.return_type, field_type.array, *others)


def _element(
    context: Any, builder: Any, array_type: FieldType, index_type: Any, array: Any, index: Any
) -> Any:
    """Return the address of the element, or None if the index is not one integer per dim."""
    if isinstance(index_type, types.BaseTuple):
        index_types: tuple[Any, ...] = tuple(index_type)
        indices = cgutils.unpack_tuple(builder, index, len(index_types))
    else:
        index_types, indices = (index_type,), [index]
    is_plain = all(isinstance(each, types.Integer) for each in index_types)
    if not is_plain or len(index_types) != array_type.ndim or not array_type.aligned:
        return None
    view = arrayobj.make_array(array_type)(context, builder, array)
    indices = [
        context.cast(builder, value, value_type, types.intp)
        for value, value_type in zip(indices, index_types, strict=True)
    ]
    if context.enable_boundscheck:
        sizes = cgutils.unpack_tuple(builder, view.shape, array_type.ndim)
        for axis, (value, size) in enumerate(zip(indices, sizes, strict=True)):
            cgutils.do_boundscheck(context, builder, value, size, axis)
    return cgutils.get_item_pointer(context, builder, array_type, view, indices)


def _mark(builder: Any, access: Any, array_type: FieldType) -> None:
    """Say which field an access belongs to; accesses of two fields never meet."""
    module = builder.module
    root = module.add_metadata(["proteus state"])
    offset = ir.Constant(ir.IntType(64), 0)
    node = module.add_metadata([array_type.field, root, offset])
    access.set_metadata("tbaa", module.add_metadata([node, node, offset]))
