"""Take the logs of chosen lanes when a sweep has run: to files, and to traces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from proteus.basics.selection import Chosen, choose
from proteus.recording import files, traces
from proteus.results.outcome import LaneLog

if TYPE_CHECKING:
    import xarray as xr

    from proteus.plans.plan import Plan
    from proteus.results.lanes import Lanes


def chosen_lanes(plan: Plan, cell: int) -> Chosen:
    """Return which lanes of a cell are recorded, for events or for traces."""
    record = plan.settings.record
    events, traced = choose(record.events, plan, cell), choose(record.traces, plan, cell)
    return Chosen(events.always | traced.always, events.if_violated | traced.if_violated)


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

    def take(self, cell: int, logs: Iterable[LaneLog]) -> None:
        """Take the logs of a cell."""
        record = self._plan.settings.record
        events = choose(record.events, self._plan, cell)
        traced = choose(record.traces, self._plan, cell)
        for log in logs:
            place = log.replicate - int(self._plan.replicates[0])
            if self._events is not None and _is_in(events, place, log):
                self._events.write(cell, log)
            if _is_in(traced, place, log):
                lane = log.replicate, traces.of_lane(self._plan, cell, log)
                self._traces.setdefault(cell, []).append(lane)


def _is_in(chosen: Chosen, place: int, log: LaneLog) -> bool:
    return bool(chosen.always[place] or (log.is_violated and chosen.if_violated[place]))


@contextmanager
def collecting(plan: Plan, folder: Path, lanes: Lanes) -> Iterator[Collector | None]:
    """Collect what ``record.events`` and ``record.traces`` choose; None if they choose nothing.

    Parameters
        plan, folder: of the run. lanes: its finished ones.

    Raises
        OSError: a file cannot be written.
    """
    record = plan.settings.record
    if record.events is None and record.traces is None:
        yield None
        return
    if record.events is None:
        yield Collector(plan, None)
        return
    with files.open_files(plan, folder, _with_events(plan, lanes)) as events:
        yield Collector(plan, events)


def _with_events(plan: Plan, lanes: Lanes) -> list[int]:
    """Return the cells of which ``record.events`` chooses a lane."""
    chosen = [choose(plan.settings.record.events, plan, cell) for cell in range(len(plan.cells))]
    found = {cell for cell, lanes_of in enumerate(chosen) if lanes_of.always.any()}
    for cell, bad in lanes.violations_of(plan.replicates):
        if chosen[cell].if_violated[bad.replicate - int(plan.replicates[0])]:
            found.add(cell)
    return sorted(found)
