"""Where the records of a binary file begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.jit import kernel
from proteus.errors import MessageError
from proteus.readers import sources

ITCH_FORM = 0
DBN_FORM = 1
_LEAST = {ITCH_FORM: 3, DBN_FORM: 4}  # bytes of the shortest record


Framed = tuple[NDArray[Any], NDArray[Any], int]


@kernel
def find_starts(data, form, starts):
    """Find where records begin: each says how long it is.

    Parameters
        data: uint8 [B]. form: ITCH_FORM, two bytes of length before each; DBN_FORM, the first byte
            of each is its length in words of four.
        starts: int64 [N], written: of records that are whole, without bytes of length.

    Returns
        How many there are, and where what is not whole begins; -1 if a record has no length.
    """
    at, count, size = 0, 0, data.shape[0]
    while at + 2 <= size and count < starts.shape[0]:
        before = 2 if form == ITCH_FORM else 0
        long = (
            np.int64(data[at]) * 256 + data[at + 1] if form == ITCH_FORM else np.int64(data[at]) * 4
        )
        if long == 0:
            return count, -1
        if at + before + long > size:
            break
        starts[count] = at + before
        count += 1
        at += before + long
    return count, at


def framed(path: Path, form: int, skip: int = 0) -> Iterator[Framed]:
    """Give blocks of a file with the starts of their records, and the number of the first.

    Parameters
        form: as in ``find_starts``. skip: bytes before the first record.

    Raises
        MessageError: the file ends in a record, or a record has no length.
    """
    left, number = b"", 0
    for block in sources.blocks(path):
        if skip:
            block, skip = block[skip:], max(0, skip - len(block))
        data = np.frombuffer(left + block, np.uint8)
        starts = np.empty(len(data) // _LEAST[form] + 1, np.int64)
        count, end = find_starts(data, form, starts)
        if end < 0:
            raise MessageError(f"record {number + count} of file={path} has no length")
        yield data, starts[:count], number
        left, number = data[end:].tobytes(), number + count
    if left:
        raise MessageError(f"file={path} ends in the middle of record {number}")


def fields(data: NDArray[Any], starts: NDArray[Any], layout: np.dtype[Any]) -> NDArray[Any]:
    """Return the records that begin at some places as rows of a layout."""
    rows = data[starts[:, None] + np.arange(layout.itemsize)]
    return rows.view(layout)[:, 0]
