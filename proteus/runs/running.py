"""Run a plan: simulate the lanes that are missing, and join what they gave to results."""

from __future__ import annotations

import logging
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import xarray as xr

from proteus.analysis import precision
from proteus.basics.schema import canonical_json
from proteus.plans.plan import Plan
from proteus.recording.collect import chosen_lanes
from proteus.results import dataset
from proteus.results.lanes import Lanes, Replicates
from proteus.runs import pace
from proteus.runs.compiling import compile_ahead
from proteus.runs.tasks import Workers
from proteus.runs.workers import open_workers

if TYPE_CHECKING:
    from proteus.market.variables import Variable
    from proteus.results.outcome import Outcome, Violation
    from proteus.runs.tasks import Job

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # number of the cell, lanes that have just been finished

# Of the words that made a lane; other lanes may be recorded, and none of this changes a number.
_NOT_REPRODUCED = ("seeds.", "precision", "output_dir=", "record.events=", "record.traces=")


class Done(NamedTuple):
    """What has been simulated."""

    plan: Plan  # as it turned out
    frame: xr.Dataset  # its coordinates and attributes
    violations: list[dict[str, Any]]  # a record per violated lane


def simulate(
    plan: Plan,
    lanes: Lanes,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Done:
    """Simulate what is missing of a plan, with as many seeds as its precision asks for.

    Parameters
        plan: the checked sweep. lanes: what there is, and where the rest is kept.
        progress: called with every task that is finished.
        stop: asked after every task; once it holds, the tasks in flight are the last.

    Raises
        KeyboardInterrupt: ``stop()`` held. Whatever failed in a task, after those in flight.
    """
    from proteus.compiler import jit
    from proteus.market.variables import variables_of

    wanted = _of_endpoint(plan, variables_of(plan.dims))
    told = _Told(plan, progress)
    with _imports_beside(plan), open_workers(plan.settings.executor) as workers:

        def simulate_part(part: Plan) -> None:
            _simulate(part, lanes, workers, told, stop)

        def look(part: Plan) -> precision.Seen:
            empty = dataset.frame(part, jit.kernel_hash())
            return precision.seen(dataset.build(part, lanes, wanted, empty), part)

        found = precision.run(plan, simulate_part, look)
    if plan.settings.executor.name == "threads":
        pace.note(plan.cells)
    frame = dataset.frame(found.plan, jit.kernel_hash())
    frame.attrs["precision"] = canonical_json(found.record)
    violations = [
        {"cell": cell, **plan.label(cell), **_plain(found.plan, bad)}
        for cell, bad in lanes.violations_of(found.plan.replicates)
    ]
    for bad in violations:
        _log.warning("violation: %s", bad)
    return Done(found.plan, frame, violations)


@contextmanager
def _imports_beside(plan: Plan) -> Iterator[None]:
    """Let xarray import what it wants for its first array beside kernels, which leave Python free.

    The thread ends before a netCDF file is written: that library is not made for two, and any
    thread may be the one that collects, and so closes, a file that somebody has left open.
    """
    if plan.settings.executor.name != "threads":
        yield
        return
    thread = threading.Thread(target=dataset.frame, args=(plan, ""), daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _of_endpoint(plan: Plan, variables: tuple[Variable, ...]) -> list[Variable]:
    """Return what a look needs of the measured variables."""
    endpoint = plan.settings.endpoint
    return [each for each in variables if each.name in (endpoint.variable, endpoint.per)]


class _Told:
    """Who is told of progress: a function, of how many lanes of each cell; and the log."""

    def __init__(self, plan: Plan, progress: Progress | None) -> None:
        self._plan, self._progress = plan, progress
        self._lanes: dict[int, int] = {}
        self._left: dict[int, int] = {}  # lanes under way
        self._stopped: dict[int, int] = {}

    def begin(self, cell: int, missing: Replicates) -> None:
        """Tell the log that a cell starts, with these replicates."""
        self._left[cell], self._stopped[cell] = len(missing), 0
        _log.info("%s starts: seeds %d to %d", self._name(cell), missing[0], missing[-1])

    def end(self, outcome: Outcome) -> None:
        """Tell of a task that is finished, and the log of a cell that is."""
        cell = outcome.number
        self.are_done(cell, len(outcome.replicates))
        self._left[cell] -= len(outcome.replicates)
        self._stopped[cell] += len(outcome.violations)
        if self._left[cell] == 0:
            _log.info("%s is finished: %d lanes stopped", self._name(cell), self._stopped[cell])

    def _name(self, cell: int) -> str:
        labels = ", ".join(f"{name}={value}" for name, value in self._plan.label(cell).items())
        return f"cell {cell} ({labels})"

    def are_there(self, cell: int, lanes: int) -> None:
        """Tell of lanes that need not be simulated, but for those that are known."""
        self.are_done(cell, lanes - self._lanes.get(cell, 0))

    def are_done(self, cell: int, lanes: int) -> None:
        """Tell of lanes that have just been finished."""
        if lanes > 0 and self._progress is not None:
            self._lanes[cell] = self._lanes.get(cell, 0) + lanes
            self._progress(cell, lanes)


def _simulate(
    plan: Plan, lanes: Lanes, workers: Workers, told: _Told, stop: Callable[[], bool]
) -> None:
    """Simulate the lanes of a plan that are missing."""
    from proteus.runs.dispatch import run_jobs

    missing = [
        cell
        for number, cell in enumerate(plan.cells)
        if len(lanes.missing(number, plan.replicates))
    ]
    compile_ahead(missing, plan.settings.executor, stop)
    for outcome in run_jobs(_jobs(plan, lanes, told), workers, stop):
        lanes.add(outcome)
        told.end(outcome)
    lanes.flush()
    if stop():
        raise KeyboardInterrupt


def _jobs(plan: Plan, lanes: Lanes, told: _Told) -> Iterator[Job]:
    """List what is missing, cell by cell."""
    from proteus.runs.tasks import Job

    executor, first = plan.settings.executor, int(plan.replicates[0])
    for number, cell in enumerate(plan.cells):
        missing = lanes.missing(number, plan.replicates)
        told.are_there(number, len(plan.replicates) - len(missing))
        if len(missing):
            told.begin(number, missing)
            chosen = chosen_lanes(plan, number)
            places = missing - first
            yield Job(
                number, cell, plan.settings.seeds.root, missing, chosen.always[places],
                chosen.if_violated[places], executor.block_lanes, executor.lanes_of_task,
                executor.is_rich, {dim: plan.labels[dim] for dim in plan.dims},
                plan.settings.seeds.episode,
                None if plan.start is None else plan.start.rows(cell, missing),
                plan.settings.seeds.dependence,
            )  # fmt: skip


def _plain(plan: Plan, violation: Violation) -> dict[str, Any]:
    """Describe a violated lane, with the command that runs its seed again."""
    kept = [word for word in plan.words if not word.startswith(_NOT_REPRODUCED)]
    seeds = plan.settings.seeds
    unit = seeds.unit  # of which no part can be run alone
    first = violation.replicate - violation.replicate % unit
    seed = [*seeds.words_of_design, f"seeds.root={seeds.root}", f"seeds.first={first}"]
    if seeds.episode:
        seed.append(f"seeds.episode={seeds.episode}")
    return {
        "seed": int(violation.replicate),
        "reason": violation.reason,
        "event_id": int(violation.event_id),
        "time_ns": int(violation.time_ns),
        "detail": violation.detail,
        "reproduce": shlex.join(
            ["python", "-m", "proteus.sweep", *kept, *seed, f"seeds.count={unit}"]
        ),
    }
