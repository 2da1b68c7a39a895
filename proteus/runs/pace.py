"""How long a lane takes on this machine: measured on a few lanes of the plan itself.

Kernels must have been compiled here, or the measurement would take the time of a compiler: a file
beside the kernels lists the mechanisms that have run. On a machine that has never run one, the
estimate is that of the machine on which ``estimate.LANE_SECONDS_PER_S`` was measured.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from proteus.basics.files import whole
from proteus.market.cell import CellConfig

if TYPE_CHECKING:
    from proteus.plans.plan import Plan
    from proteus.runs.blocks import Pools

MOST_CELLS = 8  # measured, or as many as there are mechanisms
_ENOUGH_S = 0.1  # of processor time, for a cell
_MOST_LANES = 32
_COMPILED = "compiled.json"


def seconds_per_lane(plan: Plan, most_cells: int) -> dict[int, float] | None:
    """Measure the processor time of a lane, for some cells of a plan and one of each mechanism.

    Parameters
        plan: the sweep. most_cells: how many to measure, a tenth of a second or two lanes each.

    Returns
        Number of the cell to seconds; None where kernels have not been compiled yet.
    """
    if not are_noted(plan.cells):
        return None
    from proteus.runs.blocks import Pools

    pools = Pools()
    return {
        number: _measure(plan, plan.cells[number], pools)
        for number in _spread(plan.cells, min(most_cells, MOST_CELLS))
    }


def _spread(cells: Sequence[CellConfig], most: int) -> list[int]:
    """Choose about ``most`` cells, spread over those of each mechanism."""
    by_name: dict[str, list[int]] = {}
    for number, cell in enumerate(cells):
        by_name.setdefault(cell.mechanism.name, []).append(number)
    chosen = []
    for numbers in by_name.values():
        some = max(1, most * len(numbers) // len(cells))
        chosen += [numbers[int(at)] for at in np.linspace(0, len(numbers) - 1, some).round()]
    return sorted(set(chosen))


def _measure(plan: Plan, cell: CellConfig, pools: Pools) -> float:
    """Run ever larger blocks until they have taken long enough."""
    lanes, done, seconds = 1, 0, 0.0
    replicates = plan.replicates
    _run(plan, cell, replicates[:1], pools)  # what a cell costs once
    while seconds < _ENOUGH_S:
        seconds += _run(plan, cell, replicates[:lanes], pools)
        done += lanes
        lanes = min(2 * lanes, _MOST_LANES, len(replicates))
    return seconds / done


def _run(plan: Plan, cell: CellConfig, replicates: np.ndarray, pools: Pools) -> float:
    from proteus.runs.blocks import run_task
    from proteus.runs.tasks import Task

    none = np.zeros(len(replicates), np.bool_)
    root, is_rich = plan.settings.seeds.root, plan.settings.executor.is_rich
    task = Task(
        0, cell.canonical(), cell, root, replicates, none, len(replicates), False, is_rich, {}
    )
    before = time.thread_time()
    run_task(task, pools)
    return time.thread_time() - before


def note(cells: Sequence[CellConfig]) -> None:
    """Note that the kernels of these cells are compiled here; a folder that cannot be is left."""
    if not are_noted(cells):
        names = {cell.mechanism.name for cell in cells}
        with suppress(OSError), whole(_file()) as temporary:
            temporary.write_text(json.dumps(sorted(names | compiled())) + "\n", encoding="utf-8")


def are_noted(cells: Sequence[CellConfig]) -> bool:
    """Tell whether the kernels of these cells have been noted as compiled here."""
    return {cell.mechanism.name for cell in cells} <= compiled()


def compiled() -> set[str]:
    """Return the mechanisms that have run here, by this version."""
    try:
        return set(json.loads(_file().read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return set()


def _file() -> Path:
    from proteus.compiler import jit

    return jit.cache_folder() / _COMPILED
