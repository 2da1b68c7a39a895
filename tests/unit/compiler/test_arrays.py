"""Arrays are made as the notes beside their fields say, and a note that says too little is told."""

from typing import NamedTuple

import numpy as np
import pytest

from proteus.compiler import arrays
from proteus.compiler.arrays import allocate, notes_of


class _Inner(NamedTuple):
    n: np.ndarray  # int64 [1]


class _Held(NamedTuple):
    """L lanes, A traders, D ladders."""

    lots: np.ndarray  # int32 [L, A + 2, D/2] of what
    is_open: np.ndarray  # bool [L]
    word: np.ndarray  # uint64 [3]
    price: np.ndarray  # float64 [L, D]
    inner: _Inner
    limit: int  # no array


def _held(**more):
    return allocate(_Held, **{"L": 5, "A": 3, "D": 4, "inner": None, "limit": 7, **more})


@pytest.mark.plain
def test_types_shapes_and_fills_are_those_declared():
    held = _held(is_open=True, price=[1.0, 2.0, 3.0, 4.0])
    assert [(each.dtype.name, each.shape) for each in held[:4]] == [
        ("int32", (5, 5, 2)), ("bool", (5,)), ("uint64", (3,)), ("float64", (5, 4)),
    ]  # fmt: skip
    assert held.is_open.all()
    assert not held.lots.any()
    np.testing.assert_array_equal(held.price, np.tile([1.0, 2.0, 3.0, 4.0], (5, 1)))
    assert held.limit == 7


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"lost": 1}, "_Held has no field lost"),
        ({"word": 1.5}, "Cannot cast"),
        ({"is_open": [True, False]}, "broadcast"),
    ],
)
def test_what_does_not_fit_is_refused(given, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        _held(**given)


def test_a_missing_size_or_value_is_named():
    with pytest.raises(TypeError, match=r"_Held\.lots is as large as D: give it"):
        allocate(_Held, L=5, A=3, lots=0, inner=None, limit=7)
    with pytest.raises(TypeError, match=r"_Held\.limit is no array: give its value"):
        allocate(_Held, L=5, A=3, D=4, inner=None)


@pytest.mark.parametrize("note", ["", "  # lots", "  # int64 [L", "  # int64 [l]", "  # [L]"])
def test_a_note_that_says_too_little_is_told(note):
    with pytest.raises(TypeError, match=r"field lots: the note must begin as in # int64 \[L, 2\]"):
        arrays._read("field lots", note)


def test_notes_are_those_of_the_class_and_of_no_other():
    assert list(notes_of(_Held)) == ["lots", "is_open", "word", "price"]
    assert notes_of(_Inner)["n"] == arrays.Note(np.dtype(np.int64), (arrays.Extent("", 1, 1),))
