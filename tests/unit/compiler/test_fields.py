"""How kernels read and write the arrays of a state: as plain Python does, but never wrapped."""

from typing import NamedTuple

import numpy as np
import pytest

from proteus.compiler.jit import BOUNDSCHECK, JIT_DISABLED, compiled, inline_kernel, state


@state
class _Fields(NamedTuple):
    truth: np.ndarray  # bool [2]
    small: np.ndarray  # int8 [2, 3]
    words: np.ndarray  # uint64 [3]
    cube: np.ndarray  # float64 [2, 3, 4]
    total: np.ndarray  # float64 [2]


def _make() -> _Fields:
    return _Fields(
        truth=np.array([True, False]),
        small=np.arange(6, dtype=np.int8).reshape(2, 3),
        words=np.array([1, 2**63, 3], np.uint64),
        cube=np.arange(24.0).reshape(2, 3, 4),
        total=np.zeros(2),
    )


@inline_kernel
def _work(fields, row):
    """Use every kind of access: elements, a row, a slice, another field in between."""
    fields.truth[row] = not fields.truth[row]
    fields.words[row] += np.uint64(1)
    before = fields.cube[row, 1, 2]
    for i in range(3):
        fields.small[row, i] = fields.small[row, i] + np.int8(i)
        fields.cube[row, 1, 2] += fields.small[row, i]
    fields.total[row] = before + fields.cube[row, 1, 2]
    fields.cube[row, 0, :] = 7.0
    fields.total[row] += fields.cube[row].sum()


@pytest.mark.nojit
@pytest.mark.boundscheck
@pytest.mark.parametrize("row", [0, 1])
def test_compiled_access_is_that_of_plain_python(row: int) -> None:
    ours, theirs = _make(), _make()
    compiled(_work)(ours, row)
    _work(theirs, row)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


@inline_kernel
def _add(fields):
    fields.total[0] = fields.small[1, 1] * fields.small[1, 2] + fields.small[1, 2]
    fields.small[0, :] = 5
    fields.total[1] = fields.small[0].sum()
    fields.small[1, 0] = -fields.small[1, 2]


def test_narrow_elements_are_read_as_int64_and_slices_as_they_are() -> None:
    fields = _make()
    fields.small[1] = 127
    compiled(_add)(fields)
    assert fields.total.tolist() == [127 * 127 + 127, 15]  # far more than an int8 holds
    assert fields.small.tolist() == [[5, 5, 5], [-127, 127, 127]]


@inline_kernel
def _get_one(fields, index):
    return fields.total[index[0]]


@inline_kernel
def _set_one(fields, index):
    fields.total[index[0]] = 1.0


@inline_kernel
def _get_two(fields, index):
    return fields.small[index[0], index[1]]


@inline_kernel
def _set_two(fields, index):
    fields.small[index[0], index[1]] = 1


@inline_kernel
def _get_three(fields, index):
    return fields.cube[index[0], index[1], index[2]]


@inline_kernel
def _set_three(fields, index):
    fields.cube[index[0], index[1], index[2]] = 1.0


ACCESSES = (
    (_get_one, (2,)), (_set_one, (2,)), (_get_two, (2, 3)), (_set_two, (2, 3)),
    (_get_three, (2, 3, 4)), (_set_three, (2, 3, 4)),
)  # fmt: skip


@pytest.mark.boundscheck
@pytest.mark.skipif(not BOUNDSCHECK or JIT_DISABLED, reason="bounds are checked in another leg")
@pytest.mark.parametrize(
    ("access", "shape"), ACCESSES, ids=lambda each: getattr(each, "__name__", str(each))
)
def test_an_index_outside_is_an_error_and_never_wrapped(access, shape) -> None:
    call, fields = compiled(access), _make()
    call(fields, (0,) * len(shape))
    for axis, size in enumerate(shape):
        for wrong in (-1, -size, size):
            with pytest.raises(IndexError):
                call(fields, (*(0,) * axis, wrong, *(0,) * (len(shape) - axis - 1)))


@inline_kernel
def _shape(fields):
    return fields.cube.shape[0] + 10 * fields.cube.shape[1] + 100 * fields.cube.shape[2]


@inline_kernel
def _same_place(fields):
    return fields.other[1, 2]


@state
class _Views(NamedTuple):
    other: np.ndarray  # int64 [3, 4], not in C order


@pytest.mark.nojit
def test_shapes_and_arrays_in_any_order_are_those_of_numpy() -> None:
    assert compiled(_shape)(_make()) == 432
    whole = np.arange(48).reshape(6, 8)
    for view in (whole[::2, ::2], whole[:4, :3].T, np.asfortranarray(whole[:3, :4])):
        assert compiled(_same_place)(_Views(view)) == view[1, 2]
