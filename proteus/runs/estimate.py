"""What a plan needs, before it runs: memory, disk and time, against what the machine has.

Memory of lanes is counted, not guessed: one lane of each cell is laid out by the code that will run
it. What the rest takes was measured, as was how far results compress. Time is that of some lanes of
the plan (``proteus.runs.pace``), or the rate of another machine where none could be run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from proteus.basics import units
from proteus.basics.machine import free_disk, free_memory, resident
from proteus.configuration.sweep import SweepConfig
from proteus.errors import ConfigError
from proteus.market.cell import CellConfig
from proteus.market.environment.models import BayesianLatent
from proteus.market.variables import values_per_lane
from proteus.plans.limits import SUMMARY_BYTES, amount, check_fits
from proteus.recording.limits import BLOCKS_AHEAD
from proteus.recording.size import Recorded, recorded

if TYPE_CHECKING:
    from proteus.plans.plan import Plan

# Simulated seconds per second of one core, measured with one worker on a shared two-core machine:
# 8000 lanes of 21 s of the baseline took 9 s under fba and 13 s under clob. Work grows with how
# often traders wake up.
LANE_SECONDS_PER_S = 14_000.0
BASELINE_WAKE_UPS_PER_S = 82.0
COMPILE_S = 20.0  # of the kernels of a mechanism, once per version

VALUE_BYTES = 8  # float64
ROW_BYTES = 160  # one row of summary.csv
FILE_BYTES = 300_000  # attributes, manifest, and what netCDF adds
COMPRESSED = 0.54  # of the bytes of values; 0.43 to 0.62 were measured, 0.54 of Parquet
WRITE_S, WRITE_POINT_S, WRITE_LANE_S = 0.4, 0.15, 30e-6  # of the results: once, per point, per lane
WRITE_ROW_S = 2.2e-6  # of a log, which one thread makes into rows of the two files
WRITE_BYTES = 50 * 2**20  # what the libraries that write and summarise take
KERNEL_BYTES = 50 * 2**20  # machine code of a mechanism, and what numba keeps of it
PROCESS_BYTES = 320 * 2**20  # a worker process with its libraries and one mechanism
_SHORT_S = 2.0  # a shorter run is not measured; of a longer one, a cell for every so many seconds
_LONG_S = 5.0  # a lane that takes longer is not tried, since a running lane cannot be stopped
_FEW_LANES = 20  # a cell is measured for so many lanes of the plan; it takes two lanes or more
_SLOTS = 256  # orders of a trial lane; a second one shows the bytes of one more order


class Needs(NamedTuple):
    """What a plan needs.

    Attributes
        lane_bytes: state of the largest lane. lanes_held: lanes whose state is in memory at once.
        memory_bytes: more than this process has, at its peak.
        disk_bytes: of the results. passing_bytes: beside them until they are written.
        seconds: with kernels compiled before. is_measured: on lanes of the plan, here.
        recorded: what event logs and traces need at most, which is in the other numbers.
    """

    lane_bytes: int
    lanes_held: int
    memory_bytes: int
    disk_bytes: int
    passing_bytes: int
    seconds: float
    is_measured: bool
    recorded: Recorded


def needs(plan: Plan, workers: int, *, in_memory: bool = False) -> Needs:
    """Estimate what a plan needs on a number of workers.

    Parameters
        plan: the sweep. workers: how many. in_memory: no folder keeps its lanes.

    Raises
        ConfigError: a cell whose news cannot be tabulated.
    """
    settings = plan.settings
    lane_bytes = max(_lane_bytes(cell) for cell in plan.cells)
    tables = _table_bytes(plan.cells)
    held = _lanes_held(plan, workers)
    logs, points = recorded(plan, workers), plan.cell_of.size
    results = _results_bytes(plan)
    return Needs(
        lane_bytes,
        held,
        lane_bytes * held + tables + _kernels_bytes(plan) + logs.memory_bytes
        + _flying_bytes(plan, workers)
        + (results if in_memory else min(results, _slab_bytes(plan)))
        + WRITE_BYTES + points * values_per_lane(plan.labels) * SUMMARY_BYTES
        + (workers * PROCESS_BYTES if settings.executor.name != "threads" else 0),
        _disk_bytes(plan) + logs.disk_bytes,
        _lanes_bytes(plan) + logs.disk_bytes,
        _seconds(plan, workers, sum(map(_baseline_seconds, plan.cells)) / LANE_SECONDS_PER_S)
        + logs.rows * WRITE_ROW_S,
        False,
        logs,
    )  # fmt: skip


def timed(plan: Plan, needed: Needs, workers: int) -> Needs:
    """Measure a few lanes of a plan, if they fit, so that its time is that of this machine.

    A short run is not measured, because it would wait for that: unless only the plan is asked for.

    Parameters
        plan, workers: as :func:`needs`, which gave ``needed``.
    """
    from proteus.runs import pace

    most_cells = int(min(needed.seconds / _SHORT_S, plan.lanes / _FEW_LANES))
    if plan.settings.plan_only:
        most_cells = max(1, plan.lanes // _FEW_LANES)
    longest = max(map(_baseline_seconds, plan.cells)) / LANE_SECONDS_PER_S
    if most_cells == 0 or longest > _LONG_S or needed.memory_bytes > free_memory():
        return needed
    measured = pace.seconds_per_lane(plan, most_cells)
    if measured is None:
        return needed
    shares = [measured[number] / _baseline_seconds(plan.cells[number]) for number in measured]
    by_name: dict[str, list[float]] = {}
    for number, share in zip(measured, shares, strict=True):
        by_name.setdefault(plan.cells[number].mechanism.name, []).append(share)
    one_lane_each = 0.0
    for number, cell in enumerate(plan.cells):
        like = by_name.get(cell.mechanism.name, shares)
        relative = _baseline_seconds(cell) * sum(like) / len(like)
        one_lane_each += measured.get(number, relative)
    return needed._replace(
        memory_bytes=needed.memory_bytes - _kernels_bytes(plan),  # they are in memory now
        seconds=_seconds(plan, workers, one_lane_each) + needed.recorded.rows * WRITE_ROW_S,
        is_measured=True,
    )


def _kernels_bytes(plan: Plan) -> int:
    return KERNEL_BYTES * len({cell.mechanism.name for cell in plan.cells})


def _seconds(plan: Plan, workers: int, one_lane_each: float) -> float:
    """Return the time of a plan from that of one lane of every cell on one core."""
    count, points = len(plan.replicates), plan.cell_of.size
    simulate = one_lane_each * count / min(workers, count * len(plan.cells))
    return simulate + WRITE_S + points * (WRITE_POINT_S + WRITE_LANE_S * count)


def _baseline_seconds(cell: CellConfig) -> float:
    """Return how many seconds of the baseline are as much work as one lane of a cell."""
    groups = cell.population.values()
    wake_ups = sum(group.count * cell.wake_ups_per_s(group) for group in groups)
    share = 0.1 + 0.9 * wake_ups / BASELINE_WAKE_UPS_PER_S  # news and clears cost without traders
    return share * cell.settle_ns / units.NS_PER_S * cell.episodes.count


def _block_lanes(settings: SweepConfig) -> int:
    from proteus.runs.dispatch import LARGEST_BLOCK

    return settings.executor.block_lanes or LARGEST_BLOCK


def _lanes_held(plan: Plan, workers: int) -> int:
    """Count the lanes in flight, and those of blocks that wait in case their cell goes on."""
    from proteus.runs.blocks import CELLS_KEPT

    most = workers * _block_lanes(plan.settings)
    waiting = (min(len(plan.cells), CELLS_KEPT) - 1) * min(most, len(plan.replicates))
    return min(plan.lanes, most + waiting)


def _flying_bytes(plan: Plan, workers: int) -> int:
    """Return the bytes of what was measured of lanes that are not finished, or not taken yet.

    A block of episodes has all of them, and again as one array while they are put together.
    """
    block = _block_lanes(plan.settings)
    lanes = workers * (1 + BLOCKS_AHEAD) * block + workers * block
    return min(2 * plan.lanes, lanes) * values_per_lane(plan.labels) * VALUE_BYTES


def _lane_bytes(cell: CellConfig) -> int:
    """Return the bytes of a lane's state, from two small blocks: they grow linearly in slots."""
    from proteus.market.setup.block import block_bytes, build_block
    from proteus.market.setup.cell import set_up_cell

    news = BayesianLatent(  # the same arrays per lane, and quick to set up
        model="bayesian", dt=cell.latent.dt, jump_rate_per_s=cell.latent.jump_rate_per_s,
        total_variance=1.0, sigma=None, jump_accuracy=0.5,
    )  # fmt: skip
    setup = set_up_cell(cell.model_copy(update={"latent": news}))

    def lane(slots: int) -> int:
        one, two = (
            block_bytes(build_block(setup._replace(pending=slots), keys, growth=1, audit=False))
            for keys in (np.zeros((1, 2), np.uint32), np.zeros((2, 2), np.uint32))
        )
        return two - one

    try:
        least = lane(_SLOTS)
        slot = (lane(2 * _SLOTS) - least) / _SLOTS
    except (MemoryError, ValueError):  # numpy's words for an array that no machine can hold
        raise ConfigError(
            f"latent.dt={cell.latent.dt} is not allowed: one lane of {cell.horizon_s} s does not "
            f"fit in memory, of which {amount(free_memory())} is free; it must be larger"
        ) from None
    return int(least + slot * (setup.pending - _SLOTS))


def _table_bytes(cells: Sequence[CellConfig]) -> int:
    """Return the bytes of the largest fair-value table; the first to ask for each of them.

    Raises
        ConfigError: the news is too strong to be tabulated.
    """
    from proteus.market.environment.setup import parameters_for

    distinct = {
        (cell.latent.model_dump_json(), cell.horizon_ns, cell.settle_ns, cell.initial_ticks): cell
        for cell in cells
    }
    largest = 0
    for cell in distinct.values():
        times = cell.horizon_ns, cell.settle_ns
        try:
            news = parameters_for(cell.latent, *times, cell.contract.initial_probability)
        except ConfigError as error:
            reason = str(error).removeprefix("latent: ")
            where = f"latent.sigma={cell.latent.sigma} with horizon_s={cell.horizon_s}"
            raise ConfigError(f"{where} is not allowed: {reason}") from None
        largest = max(largest, news.table.nbytes)
    return largest


def _results_bytes(plan: Plan) -> int:
    """Return the bytes of lanes and dataset: twice the values."""
    values = plan.cell_of.size * values_per_lane(plan.labels) * len(plan.replicates)
    return values * 2 * VALUE_BYTES


def _slab_bytes(plan: Plan) -> int:
    """Return the bytes of what is in memory while results are written and summarised."""
    from proteus.analysis.measures import READ_AT_ONCE
    from proteus.results.dataset import slab_lanes

    return VALUE_BYTES * (3 * slab_lanes(plan) * values_per_lane(plan.labels) + 8 * READ_AT_ONCE)


def _lanes_bytes(plan: Plan) -> int:
    """Return the bytes of the block files, which are not compressed."""
    return plan.lanes * (values_per_lane(plan.labels) + 1) * VALUE_BYTES


def _disk_bytes(plan: Plan) -> int:
    """Return the bytes of the results of a run, compressed."""
    points, values = plan.cell_of.size, values_per_lane(plan.labels)
    lanes = points + (len(plan.cells) if plan.settings.record.per_run else 0)
    of_lanes = lanes * len(plan.replicates) * COMPRESSED * VALUE_BYTES * values
    return int(FILE_BYTES + of_lanes + points * values * ROW_BYTES)


def left(needed: Needs, folder: Path) -> Needs:
    """Return what a run still needs when it goes on in a folder that holds a part of it.

    Parameters
        needed: by the whole run. folder: where it was begun.
    """
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return needed._replace(passing_bytes=max(0, needed.passing_bytes - there))


def check_run(plan: Plan, needed: Needs, folder: Path | None) -> None:
    """Refuse a plan that needs more memory or disk than the machine has.

    Parameters
        plan, needed: the sweep and what it needs. folder: where it will write, or None.

    Raises
        ConfigError: how much is needed, and how much there is.
    """
    points, free = plan.cell_of.size, free_memory()
    lanes_bytes = needed.lane_bytes * needed.lanes_held
    if lanes_bytes > free:
        workers = plan.settings.executor.workers or "every core"
        raise ConfigError(
            f"executor.block_lanes={_block_lanes(plan.settings)} on {workers} as workers is not "
            f"allowed: {needed.lanes_held} lanes held at once of {amount(needed.lane_bytes)} each "
            f"need {amount(lanes_bytes)} of memory, and the machine has {amount(free)} free"
        )
    _check_recorded(plan, needed.recorded, folder)
    check_fits(plan.settings, points, "memory", needed.memory_bytes, free)
    if folder is not None:
        disk, free = needed.disk_bytes + needed.passing_bytes, free_disk(folder)
        if free == 0:
            needs_disk = f"the results need {amount(disk)} of disk, and there is none free there"
            raise ConfigError(f"output_dir={folder} is not allowed: {needs_disk}")
        check_fits(plan.settings, points, "disk", disk, free)


def _check_recorded(plan: Plan, needed: Recorded, folder: Path | None) -> None:
    """Refuse logs and traces that alone are more than the machine has."""
    record = plan.settings.record
    given = [(key, getattr(record, key)) for key in ("events", "traces")]
    words = " ".join(f"record.{key}={text}" for key, text in given if text is not None)
    limits = [("memory", needed.memory_bytes, free_memory())]
    if folder is not None:
        limits.append(("disk", needed.disk_bytes, free_disk(folder)))
    for what, size, free in limits:
        if size > free:
            raise ConfigError(
                f"{words} is not allowed: {needed.lanes} lanes with about {needed.rows:,} rows "
                f"need {amount(size)} of {what}, and the machine has {amount(free)} free"
            )


def lines(plan: Plan, needed: Needs, workers: int, folder: Path) -> list[str]:
    """Write what a plan needs for a person to read."""
    memory, disk = amount(free_memory()), amount(free_disk(folder))
    lane = f"{amount(needed.lane_bytes)} a lane, {needed.lanes_held} lanes held at once"
    logs = needed.recorded
    recorded_lanes = f"recorded: {logs.lanes} lanes with about {logs.rows:,} rows"
    return [
        *([recorded_lanes] if logs.lanes else []),
        f"memory: about {amount(needed.memory_bytes + resident())}, with what is in use now; "
        f"{memory} more are free ({lane})",
        f"disk: about {amount(needed.disk_bytes)}, and {amount(needed.passing_bytes)} more until "
        f"it ends, of {disk} free",
        f"time: about {duration(needed.seconds)} on {workers} workers, {_basis(needed)}",
        f"kernels: {_kernels(plan)}",
    ]


def _basis(needed: Needs) -> str:
    """Say what an estimated time rests on."""
    if needed.is_measured:
        return "measured on some of these lanes"
    return "as on another machine"


def _kernels(plan: Plan) -> str:
    """Say which kernels this machine has, and what it takes to compile the others."""
    from proteus.runs import pace

    names = dict.fromkeys(cell.mechanism.name for cell in plan.cells)
    missing = [name for name in names if name not in pace.compiled()]
    if not missing:
        return f"{', '.join(names)} compiled before"
    seconds = len(missing) * COMPILE_S
    return f"{', '.join(missing)} will be compiled, once per version: about {duration(seconds)}"


def duration(seconds: float) -> str:
    """Write a time to run with two digits."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}"
    return f"{max(seconds, 1):.2g} s"
