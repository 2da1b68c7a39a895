"""How kernels read and write the arrays of a state.

Two things that the compiler cannot know of an array hold for every field of a ``state``:

An index is never negative, so none is wrapped around to the end: numba spends a comparison, an
addition and a selection on that for each index of each access. With bounds checks on, a negative
index is an error.

No two fields share memory. Each field has a type of its own in the alias analysis (TBAA), so what
was read from one field is still known after a write to another.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin
from numba.extending import models, register_model
from numba.np import arrayobj

_SCALAR = (types.Integer, types.Float, types.Boolean)


class FieldType(types.Array):  # type: ignore[misc]
    """The numba type of an array that is a field of a state."""

    def __init__(self, array: types.Array, field: str) -> None:
        self.array = array
        self.field = field
        super().__init__(
            array.dtype,
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


register_model(FieldType)(models.ArrayModel)


@lower_builtin(operator.getitem, FieldType, types.Integer)
@lower_builtin(operator.getitem, FieldType, types.BaseTuple)
def _get_item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Load one element; anything else than plain indices goes numba's way."""
    array_type, index_type = signature.args
    pointer = _element(context, builder, array_type, index_type, *arguments)
    if pointer is None:
        is_tuple = isinstance(index_type, types.BaseTuple)
        usual = arrayobj.getitem_array_tuple if is_tuple else arrayobj.getitem_arraynd_intp
        return usual(context, builder, signature, arguments)
    loaded = builder.load(pointer)
    _mark(builder, loaded, array_type)
    return context.data_model_manager[array_type.dtype].from_data(builder, loaded)


@lower_builtin(operator.setitem, FieldType, types.Integer, types.Any)
@lower_builtin(operator.setitem, FieldType, types.BaseTuple, types.Any)
def _set_item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Store one element; anything else than plain indices goes numba's way."""
    array_type, index_type, value_type = signature.args
    array, index, value = arguments
    pointer = _element(context, builder, array_type, index_type, array, index)
    if pointer is None or not isinstance(value_type, _SCALAR):
        return arrayobj.setitem_array(context, builder, signature, arguments)
    value = context.cast(builder, value, value_type, array_type.dtype)
    data = context.data_model_manager[array_type.dtype].as_data(builder, value)
    _mark(builder, builder.store(data, pointer), array_type)
    return context.get_dummy_value()


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
