"""A block as it stands: all its arrays, copied, and put back.

Everything that a lane is lies in the arrays of declared states whose first axis is L, so a block
that is restored goes on to the same bits. What all blocks of a cell share (parameters, tables) and
scratch have no lanes, and are not copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import notes_of

LANES = "L"  # the letter of their number in the notes of states
Snapshot = dict[str, NDArray[Any]]


def arrays_of(state: Any, path: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    """List the arrays [any shape] of a state, and of the states in it, with their dotted paths."""
    if isinstance(state, np.ndarray):
        yield path, state
    elif hasattr(state, "_fields"):
        for name, field in zip(state._fields, state, strict=True):
            yield from arrays_of(field, f"{path}.{name}" if path else name)


def arrays_of_lanes(state: Any, path: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    """List the arrays of a state, and of the states in it, that have a row per lane."""
    declared: type = type(state)
    notes = notes_of(declared)
    for name, field in zip(state._fields, state, strict=True):
        there = f"{path}.{name}" if path else name
        if name in notes and notes[name].shape[0].letter == LANES:
            yield there, field
        elif hasattr(field, "_fields"):
            yield from arrays_of_lanes(field, there)


def snapshot(block: Any) -> Snapshot:
    """Copy the arrays of a block's lanes, by their paths."""
    return {path: array.copy() for path, array in arrays_of_lanes(block)}


def restore(block: Any, taken: Snapshot) -> None:
    """Put a block where another one of the same cell, with as many lanes and as much room, stood.

    Raises
        ValueError: a path, shape or dtype differs, or a path is missing; nothing has been changed.
    """
    found = dict(arrays_of_lanes(block))
    for path in found:
        if path not in taken:
            raise ValueError(f"the snapshot has no {path}: it is of another kind of block")
    for path, array in taken.items():
        here = found.get(path)
        if here is None or here.shape != array.shape or here.dtype != array.dtype:
            kind = "nothing" if here is None else f"{here.dtype} {list(here.shape)}"
            raise ValueError(
                f"{path} of the snapshot is {array.dtype} {list(array.shape)}, here it is {kind}"
            )
    for path, array in taken.items():
        found[path][...] = array
