"""What recording needs, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from proteus.basics import units
from proteus.basics.selection import choose
from proteus.recording.limits import logs_in_memory

if TYPE_CHECKING:
    from proteus.market.cell import CellConfig
    from proteus.plans.plan import Plan

DISK_BYTES_PER_ROW = 21  # of the two files; 19 to 22 were measured
FILLED = 0.45  # of the room that a log is given; 0.35 to 0.58 were measured
_VALUE_BYTES = 8
_PRICES = 7  # traces that are not per trader
_OF_TRADERS, _OF_ACCOUNTS = 1, 4  # those that are, and what accounts of credit add


class Recorded(NamedTuple):
    """What the chosen lanes need. Lanes that may turn out to be violated are not counted.

    Attributes
        lanes: recorded lanes. rows: of all their logs together, about.
        memory_bytes: at most, at the same time. disk_bytes: about.
    """

    lanes: int
    rows: int
    memory_bytes: int
    disk_bytes: int


def recorded(plan: Plan, workers: int) -> Recorded:
    """Estimate what ``record.events`` and ``record.traces`` need.

    Parameters
        plan: the sweep. workers: threads that it runs on.
    """
    record = plan.settings.record
    total = Recorded(0, 0, 0, 0)
    if record.events is None and record.traces is None:
        return total
    for number, cell in enumerate(plan.cells):
        events = choose(record.events, plan, number).always
        traced = choose(record.traces, plan, number).always
        total = _add(total, cell, events, traced, workers)
    return total


def _add(
    total: Recorded, cell: CellConfig, events: np.ndarray, traced: np.ndarray, workers: int
) -> Recorded:
    """Add a cell: its logs are in memory one after the other, its traces until the end."""
    from proteus.market.events.log import Log
    from proteus.market.setup.cell import set_up_cell, with_log
    from proteus.recording.columns import COLUMNS

    lanes, written = int((events | traced).sum()), int(events.sum())
    rows = with_log(set_up_cell(cell)).log_rows
    row_bytes = _VALUE_BYTES * (len(Log._fields) + len(COLUMNS))
    logs = min(lanes, logs_in_memory(workers)) * rows * row_bytes
    traders = sum(group.count for group in cell.population.values())
    steps = cell.horizon_ns // units.milliseconds_to_ns(cell.record.trace_step_ms) + 1
    each = _OF_TRADERS + (_OF_ACCOUNTS if cell.credit.is_used else 0)
    values = int(traced.sum()) * steps * (_PRICES + traders * each)
    return Recorded(
        total.lanes + lanes,
        total.rows + int(FILLED * lanes * rows),
        max(total.memory_bytes, logs) + 2 * _VALUE_BYTES * values,
        total.disk_bytes
        + int(FILLED * written * rows) * DISK_BYTES_PER_ROW
        + _VALUE_BYTES * values,
    )
