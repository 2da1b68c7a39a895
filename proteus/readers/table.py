"""The formats that there are, and a file of any of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from proteus.errors import ConfigError, MessageError, nearest
from proteus.readers import sources
from proteus.readers.comma import CSV
from proteus.readers.dbn import DBN
from proteus.readers.events import check, chosen, joined
from proteus.readers.following import NO_TIME, Events
from proteus.readers.hftbacktest import HFTBACKTEST
from proteus.readers.itch import ITCH
from proteus.readers.kalshi import KALSHI
from proteus.readers.lobster import LOBSTER
from proteus.readers.polymarket import POLYMARKET
from proteus.readers.reading import Format, Reading
from proteus.readers.tracking import Tracked, Tracker

_FURTHEST_NS = 2**62  # so that two times can be subtracted
FORMATS = {
    each.name: each
    for each in (LOBSTER, ITCH, DBN, HFTBACKTEST, KALSHI, POLYMARKET, CSV)  # the first that fits
}


def format_of(path: Path, name: str | None = None) -> Format:
    """Return the format of a file, by its name and how it begins, or that of a name.

    Raises
        ConfigError: there is no such format, no such file, it is empty, or it looks like none.
    """
    if name is not None and name not in FORMATS:
        raise ConfigError(f"format={name} does not exist{nearest(name, FORMATS)}")
    first = sources.head(path)
    if not first:
        raise ConfigError(f"file={path} is empty")
    if name is not None:
        return FORMATS[name]
    fitting = next((each for each in FORMATS.values() if each.fits(path, first)), None)
    if fitting is None:
        raise ConfigError(f"file={path} looks like no format: say format={'|'.join(FORMATS)}")
    return fitting


def open_recorded(
    path: str | Path, format: str | None = None, reading: Reading | None = None
) -> Iterator[Events]:
    """Give the events of one instrument of a recorded file, piece by piece.

    Parameters
        path: the file, which gzip or zstd may have compressed. format: its name; by default what
            the file looks like. reading: which instrument, and how.

    Raises
        ConfigError: the file, its format or the instrument. MessageError: a record, by its number.
    """
    reading = reading or Reading()
    found = format_of(Path(path), format)
    if reading.mapping is not None and found is not CSV:
        raise ConfigError(f"mapping={reading.mapping} is not allowed: format={found.name} has none")
    some = False
    for piece in found.read(Path(path), reading):
        some |= bool(len(piece.kind))
        for name, times in (("time", piece.time_ns), ("received", piece.recv_ns)):
            is_far = np.abs(times) > _FURTHEST_NS  # what is none has no absolute value
            check(is_far, name, times, piece.record, "must be within 2**62 ns of 0")
        yield piece
    if not some:
        of = f" of symbol={reading.symbol}" if reading.symbol else ""
        raise MessageError(f"file={path} has no records{of}")


def followed(pieces: Iterator[Events]) -> Iterator[Tracked]:
    """Follow the orders through pieces, cut anew so that records of one moment stay together.

    A record whose time is none has that of the one before it.
    """
    tracker, held, latest = Tracker(), None, NO_TIME
    for given in pieces:
        if not len(given.kind):
            continue
        piece = _timed(given, latest)
        latest = piece.time_ns[-1]
        if held is not None and held.time_ns[-1] != piece.time_ns[0]:
            yield tracker.track(held)  # which costs less than to copy the piece behind it
            held = None
        whole = piece if held is None else joined([held, piece])
        earlier = np.flatnonzero(whole.time_ns != whole.time_ns[-1])
        end = int(earlier[-1]) + 1 if len(earlier) else 0
        held = chosen(whole, slice(end, None))
        if end:
            yield tracker.track(chosen(whole, slice(0, end)))
    if held is not None:
        yield tracker.track(held)


def _timed(piece: Events, latest: int) -> Events:
    """Return a piece in which every record has a time."""
    is_known = piece.time_ns != NO_TIME
    if is_known.all():
        return piece
    place = np.maximum.accumulate(np.where(is_known, np.arange(len(is_known)), -1))
    first = piece.time_ns[np.argmax(is_known)] if is_known.any() else 0
    before = latest if latest != NO_TIME else first
    return piece._replace(time_ns=np.where(place < 0, before, piece.time_ns[place]))
