"""Take the logs of chosen lanes while a sweep runs: to files, and to traces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from proteus.files import unwritable
from proteus.recording import files, traces
from proteus.recording.lanes import LaneLog, Recording
from proteus.recording.selection import Chosen, choose

if TYPE_CHECKING:
    import xarray as xr

    from proteus.plan import Plan


class Collector:
    """What is recorded of a sweep."""

    def __init__(self, plan: Plan, events: files.EventFiles | None) -> None:
        """Take the open files, or None when only traces are wanted."""
        self._plan, self._events = plan, events
        self._traces: dict[int, list[tuple[int, xr.Dataset]]] = {}

    @property
    def lanes(self) -> list[files.Lane]:
        """Return the lanes whose events were written."""
        return self._events.lanes if self._events is not None else []

    @property
    def traces(self) -> dict[int, xr.Dataset]:
        """Return the traces of each cell that has some, by its number."""
        return {cell: traces.join(self._plan, cell, lanes) for cell, lanes in self._traces.items()}

    def of_cell(self, cell: int) -> Recording:
        """Return what the engine records of a cell."""
        record = self._plan.settings.record
        events = choose(record.events, self._plan, cell)
        traced = choose(record.traces, self._plan, cell)
        return Recording(
            events.always | traced.always,
            events.if_violated | traced.if_violated,
            partial(self._take, cell, events, traced),
        )

    def _take(self, cell: int, events: Chosen, traced: Chosen, log: LaneLog) -> None:
        place = log.replicate - int(self._plan.replicates[0])

        def is_in(chosen: Chosen) -> bool:
            return bool(chosen.always[place] or (log.is_violated and chosen.if_violated[place]))

        if self._events is not None and is_in(events):
            self._events.write(cell, log)
        if is_in(traced):
            lane = log.replicate, traces.of_lane(self._plan, cell, log)
            self._traces.setdefault(cell, []).append(lane)


@contextmanager
def collecting(plan: Plan, folder: Path | None) -> Iterator[Collector | None]:
    """Collect what ``record.events`` and ``record.traces`` choose; None if they choose nothing.

    Raises
        ResultsError: a file cannot be written.
    """
    record = plan.settings.record
    if folder is None or (record.events is None and record.traces is None):
        yield None
        return
    has_events = record.events is not None
    try:
        with files.open_files(plan, folder) if has_events else nullcontext() as events:
            yield Collector(plan, events)
    except OSError as error:
        raise unwritable(folder, error) from None
