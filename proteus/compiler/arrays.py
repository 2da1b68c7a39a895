"""The arrays of a state, made as the notes beside its fields declare them.

A field of a ``state`` that is an array has a note on its line, type and shape first:

    lots: np.ndarray  # int64 [L, D, R] open lots of the level

A letter is a size that the docstring of the class names; an extent is a letter, a number, a letter
plus a number or a letter over a number (``A + 2``, ``D/2``). The notes are read from the source,
once per module, so that what a reader is told of an array is how it is made.
"""

from __future__ import annotations

import functools
import linecache
import re
import sys
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

State = TypeVar("State", bound=tuple[Any, ...])

_CLASS = re.compile(r"class (\w+)\(")
_ARRAY = re.compile(r"    (\w+): np\.ndarray\b(?: = \w+)?(.*)")
_NOTE = re.compile(r"  # (bool|u?int\d+|float\d+) \[([^]]+)\]( |$)")
_EXTENT = re.compile(r"(?:([A-Z])(?:/(\d+))?(?: \+ (\d+))?|(\d+))")


class Extent(NamedTuple):
    """One size of an array: that of a letter over a divisor, plus a number."""

    letter: str  # empty for a number alone
    divisor: int
    added: int

    def size(self, sizes: dict[str, int]) -> int:
        """Return the size, for those of the letters."""
        return (sizes[self.letter] // self.divisor if self.letter else 0) + self.added


class Note(NamedTuple):
    """What is declared of an array."""

    dtype: np.dtype[Any]
    shape: tuple[Extent, ...]


def allocate(state_class: type[State], /, **given: Any) -> State:
    """Allocate the arrays of a state as its notes declare them.

    ``allocate(Orders, L=lanes, C=slots, n_free=slots)`` gives zeros, but for ``n_free``.

    Parameters
        given: capitals are the sizes in the notes; the rest are fields. Of an array: what fills
            it, a number or an array that broadcasts. Of any other field: the value itself.

    Raises
        TypeError: a field has no readable note, its size or value is missing, it cannot hold what
            fills it, or something is given that the state does not have.
    """
    notes = notes_of(state_class)
    values = {}
    for field in state_class._fields:  # type: ignore[attr-defined]
        note = notes.get(field)
        if note is not None:
            values[field] = _make(state_class, field, note, given)
        elif field in given:
            values[field] = given[field]
        else:
            raise TypeError(f"{state_class.__name__}.{field} is no array: give its value")
    unknown = [name for name in given if not name.isupper() and name not in values]
    if unknown:
        raise TypeError(f"{state_class.__name__} has no field {unknown[0]}")
    return state_class(**values)


def _make(state_class: type, field: str, note: Note, given: dict[str, Any]) -> NDArray[Any]:
    try:
        array = np.zeros([extent.size(given) for extent in note.shape], note.dtype)
    except KeyError as error:
        message = f"{state_class.__name__}.{field} is as large as {error.args[0]}: give it"
        raise TypeError(message) from None
    if field in given:
        np.copyto(array, given[field], casting="same_kind")
    return array


@functools.cache
def notes_of(state_class: type) -> dict[str, Note]:
    """Return what is declared of each array of a state, by field.

    Raises
        TypeError: an array has no note, or its note cannot be read.
    """
    return _notes_of_module(state_class.__module__).get(state_class.__name__, {})


@functools.cache
def _notes_of_module(name: str) -> dict[str, dict[str, Note]]:
    """Read the notes of every class of a module."""
    module = sys.modules[name]
    notes: dict[str, dict[str, Note]] = {}
    fields: dict[str, Note] = {}
    for line in linecache.getlines(str(module.__file__), vars(module)):
        if found := _CLASS.match(line):
            fields = notes[found[1]] = {}
        elif found := _ARRAY.match(line):
            fields[found[1]] = _read(f"{name}, field {found[1]}", found[2])
    return notes


def _read(field: str, text: str) -> Note:
    """Read the note that follows a declaration."""
    found = _NOTE.match(text)
    extents = [_EXTENT.fullmatch(each) for each in found[2].split(", ")] if found else []
    if found is None or None in extents:
        raise TypeError(f"{field}: the note must begin as in # int64 [L, 2], not {text.strip()!r}")
    shape = (
        Extent(letter or "", int(divisor or 1), int(added or number or 0))
        for letter, divisor, added, number in (each.groups() for each in extents if each)
    )
    return Note(np.dtype(found[1]), tuple(shape))
