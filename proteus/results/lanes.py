"""Where finished lanes are kept while a sweep runs, and found again by cell and replicate.

A sweep asks for lanes, not for blocks: what is missing is simulated, in whatever tasks, and what is
there is not. So looks, pilots and a run that goes on after a kill all read the same store, which
is in memory here and in files in ``proteus.results.checkpoint``.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.results.outcome import Violation

if TYPE_CHECKING:
    from proteus.results.outcome import LaneLog, Outcome

Matrix = NDArray[np.float64]
Replicates = NDArray[np.int64]


class Column(NamedTuple):
    """Where one variable is in a row of numbers: ``width`` of them, in the shape of its dims."""

    name: str
    first: int
    width: int
    shape: tuple[int, ...]


class Segment(NamedTuple):
    """Finished lanes of one cell that are kept together."""

    replicates: Replicates | range  # increasing
    place: Any  # where the numbers are: what :meth:`Lanes._load` takes

    @property
    def first(self) -> int:
        """Return the first replicate."""
        return int(self.replicates[0])

    @property
    def last(self) -> int:
        """Return the last replicate."""
        return int(self.replicates[-1])


class Part(NamedTuple):
    """Finished lanes of one cell, in order of their replicates."""

    replicates: Replicates
    numbers: Matrix  # [n, K]
    carried: NDArray[np.uint8]  # [n, bytes] into the next episode
    violations: list[Violation]
    logs: list[LaneLog]


class Lanes:
    """Finished lanes, in memory."""

    def __init__(self) -> None:
        """Start without any."""
        self.columns: list[Column] = []
        self.violations: list[tuple[int, Violation]] = []  # with the number of the cell
        self.count: int = 0  # lanes that are kept for good
        self._waiting: list[Outcome] = []
        self._segments: dict[int, list[Segment]] = {}
        self._reach: dict[int, list[int]] = {}  # the last replicate of the segments so far
        self._carried: dict[int, list[tuple[Replicates, Any]]] = {}  # replicates and their place

    def add(self, outcome: Outcome) -> None:
        """Take what a task gave.

        Raises
            OSError: it cannot be written.
        """
        self._waiting.append(outcome)

    def flush(self) -> None:
        """Keep for good what has been taken."""
        if not self._waiting:
            return
        self.columns = self.columns or _columns(self._waiting[0])
        parts = join(self._waiting)
        self._keep(parts)
        self._waiting = []

    def _keep(self, parts: dict[int, Part]) -> None:
        for cell, part in parts.items():
            self._index(cell, part.replicates, part.numbers)
            self._carried.setdefault(cell, []).append((part.replicates, part.carried))
            self.violations += ((cell, bad) for bad in part.violations)

    def _index(self, cell: int, replicates: Replicates, place: Any) -> None:
        segments = self._segments.setdefault(cell, [])
        bisect.insort(segments, Segment(_compact(replicates), place), key=lambda each: each.first)
        self._reach.pop(cell, None)
        self.count += len(replicates)

    def _load(self, cell: int, place: Any) -> Matrix:
        return np.asarray(place)

    def missing(self, cell: int, replicates: Replicates) -> Replicates:
        """Return those of successive replicates that a cell lacks."""
        if any(outcome.number == cell for outcome in self._waiting):
            self.flush()
        first, held = int(replicates[0]), np.zeros(len(replicates), np.bool_)
        for segment in self._overlapping(cell, first, len(replicates)):
            places = np.asarray(segment.replicates) - first
            held[places[(places >= 0) & (places < len(held))]] = True
        return replicates[~held]

    def read(self, cell: int, first: int, count: int) -> Matrix:
        """Return the numbers of the replicates first .. first + count - 1, float64 [count, K].

        Raises
            ResultsError: a file that holds some of them is damaged.
        """
        self.flush()
        found = np.empty((count, sum(column.width for column in self.columns)))
        for segment in self._overlapping(cell, first, count):
            places = np.asarray(segment.replicates) - first
            inside = (places >= 0) & (places < count)
            found[places[inside]] = self._load(cell, segment.place)[inside]
        return found

    def violations_of(self, replicates: Replicates) -> list[tuple[int, Violation]]:
        """Return the violations among successive replicates, with their cells, in order."""
        self.flush()
        first, last = int(replicates[0]), int(replicates[-1])
        found = [(cell, bad) for cell, bad in self.violations if first <= bad.replicate <= last]
        return sorted(found, key=lambda pair: (pair[0], pair[1].replicate))

    def _overlapping(self, cell: int, first: int, count: int) -> Iterator[Segment]:
        """List the segments of a cell that may hold some of a range of replicates."""
        segments = self._segments.get(cell, [])
        if cell not in self._reach:
            self._reach[cell] = list(accumulate((segment.last for segment in segments), max))
        begin = bisect.bisect_left(self._reach[cell], first)
        for segment in segments[begin:]:
            if segment.first >= first + count:
                return
            yield segment

    def carried(self, cell: int, replicates: Replicates) -> NDArray[np.uint8]:
        """Return what successive replicates of a cell carry on after the last episode, [n, bytes].

        Raises
            ResultsError: a file that holds some of them is damaged.
        """
        self.flush()
        first, found = int(replicates[0]), np.zeros((len(replicates), 0), np.uint8)
        for held, place in self._carried.get(cell, []):
            places, rows = held - first, self._load_carried(cell, place)
            inside = (places >= 0) & (places < len(replicates))
            if not found.size:
                found = np.zeros((len(replicates), rows.shape[1]), np.uint8)
            found[places[inside]] = rows[inside]
        return found

    def _load_carried(self, cell: int, place: Any) -> NDArray[np.uint8]:
        return np.asarray(place)

    def logs(self, cell: int) -> Iterator[LaneLog]:
        """List the logs of a cell's recorded lanes, by replicate; nothing is recorded in memory."""
        return iter(())


def _compact(replicates: Replicates) -> Replicates | range:
    """Keep successive replicates as a range: it needs no memory."""
    first, last = int(replicates[0]), int(replicates[-1])
    whole = range(first, last + 1)
    return whole if len(whole) == len(replicates) else replicates


def _columns(outcome: Outcome) -> list[Column]:
    columns, first = [], 0
    for name, values in outcome.values.items():
        shape = values.shape[1:]
        width = int(np.prod(shape, dtype=np.int64))
        columns.append(Column(name, first, width, shape))
        first += width
    return columns


def join(outcomes: Sequence[Outcome]) -> dict[int, Part]:
    """Join what tasks gave, cell by cell, in order of the replicates."""
    by_cell: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        by_cell.setdefault(outcome.number, []).append(outcome)
    return {cell: _part(of_cell) for cell, of_cell in sorted(by_cell.items())}


def _part(outcomes: Sequence[Outcome]) -> Part:
    replicates = np.concatenate([outcome.replicates for outcome in outcomes])
    carried = [rows for outcome in outcomes for rows in outcome.carried]
    nothing = np.zeros((len(replicates), 0), np.uint8)
    order = np.argsort(replicates)
    violations = [bad for outcome in outcomes for bad in outcome.violations]
    logs = [log for outcome in outcomes for log in outcome.logs]
    return Part(
        replicates[order],
        _numbers(outcomes, order),
        (np.concatenate(carried) if carried else nothing)[order],
        sorted(violations, key=lambda bad: bad.replicate),
        sorted(logs, key=lambda log: log.replicate),
    )


def _numbers(outcomes: Sequence[Outcome], order: NDArray[np.int64]) -> Matrix:
    """Join the numbers of tasks in order of the replicates; they are not held a third time."""
    widths = [each[0].size for each in outcomes[0].values.values()]
    found, place, at = np.empty((len(order), sum(widths))), np.argsort(order), 0
    for outcome in outcomes:
        rows = [each.reshape(len(each), -1) for each in outcome.values.values()]
        count = len(outcome.replicates)
        found[place[at : at + count]] = np.concatenate(rows, axis=1)
        at += count
    return found
