"""What a reader is told beside its file, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from proteus.readers.following import Events

PIECE = 1 << 18  # records at a time: what a reader holds does not grow with its file


class Reading(NamedTuple):
    """What is chosen of a file."""

    symbol: str | None = None  # the instrument; None: the only one
    mapping: Path | None = None  # of the columns of a CSV file
    piece: int = PIECE  # records at a time, about


class Format(NamedTuple):
    """A kind of files. ``read`` gives the events of one instrument, piece by piece."""

    name: str
    title: str
    fits: Callable[[Path, bytes], bool]  # by its name, without compression, and its first bytes
    read: Callable[[Path, Reading], Iterator[Events]]
    lot: float  # how many units of the instrument a lot is
