"""Run a plan: the Python functions, and what the command line calls.

``run`` hands each cell to the engine and joins the outcomes; ``save`` writes the folder.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import xarray as xr

from proteus import dataset, estimate, precision, provenance, runs
from proteus import plan as planning
from proteus.config import canonical_json
from proteus.contrasts import compare
from proteus.errors import ConfigError
from proteus.files import temporary, unwritable, whole
from proteus.plan import Plan
from proteus.recording import EVENTS, FILLS
from proteus.report import REPORT
from proteus.summary import summarise
from proteus.verdict import verdict
from proteus.versions import SCHEMA_KEY

if TYPE_CHECKING:
    from proteus.engine import CellOutcome, Violation
    from proteus.recording.collect import Collector
    from proteus.recording.files import Lane

_log = logging.getLogger(__name__)

SUMMARY, CONTRASTS, VERDICT, LOG = "summary.csv", "contrasts.csv", "verdict.txt", "sweep.log"
FILES = (
    dataset.RESULTS, runs.RUNS, EVENTS, FILLS, SUMMARY, CONTRASTS, VERDICT, REPORT, LOG,
    dataset.MANIFEST,
)  # fmt: skip

Progress = Callable[[int], None]

_NOT_REPRODUCED = ("seeds.", "precision", "output_dir=")  # of the words that made a lane


class Result(NamedTuple):
    """What a run gives: what was measured, what went wrong, and what was recorded."""

    dataset: xr.Dataset
    violations: list[dict[str, Any]]  # a record per violated lane
    plan: Plan  # as it turned out
    traces: Mapping[int, xr.Dataset] = MappingProxyType({})  # by number of the cell
    recorded: Sequence[Lane] = ()  # whose events were written


def simulate(
    *, seeds: Any = None, output_dir: str | os.PathLike[str] | None = None, **parameters: Any
) -> xr.Dataset:
    """Simulate one cell.

    Parameters
        seeds: number of replicates (default 1000), or a range of them, or ``seeds`` keys.
        output_dir: also write the results there; by default nothing is written.
        parameters: any key of the configuration, as ``mechanism="fba", delta=250``; deeper keys
            as nested mappings, or dotted through ``**{"population.maker.count": 3}``.

    Returns
        Dataset with dims (mechanism, delta, seed), and horizon, elapsed or
        class where a variable has them.

    Raises
        ConfigError: a key or value that is not allowed, or more memory or disk than the machine
            has; nothing has been simulated. ResultsError: the files cannot be written.
    """
    return _run_and_save(planning.from_mapping(_with(parameters, output_dir), seeds, grid=False))


def sweep(
    parameters: Mapping[str, Any],
    *,
    seeds: Any = None,
    output_dir: str | os.PathLike[str] | None = None,
) -> xr.Dataset:
    """Simulate every combination of the listed values.

    Parameters
        parameters: key to value, or to a list of values to sweep:
            ``{"mechanism": ["clob", "fba"], "delta": [50, 100], "horizon_s": 30}``.
        seeds, output_dir: as in :func:`simulate`.

    Returns
        Dataset with dims (mechanism, delta, <swept keys>, seed), and horizon, elapsed or
        class where a variable has them.

    Raises
        ConfigError, ResultsError: as in :func:`simulate`.
    """
    return _run_and_save(planning.from_mapping(_with(parameters, output_dir), seeds))


def _with(parameters: Mapping[str, Any], output_dir: Any) -> Mapping[str, Any]:
    """Add the folder to the keys, if one is given."""
    if output_dir is None or not isinstance(parameters, Mapping):
        return parameters
    folder = os.fspath(output_dir) if isinstance(output_dir, os.PathLike) else output_dir
    return {**parameters, "output_dir": folder}


def _run_and_save(plan: Plan) -> xr.Dataset:
    settings = plan.settings
    wanted = settings.output_dir
    if settings.plan_only:
        raise ConfigError("plan_only=true is not allowed: only the command line prints plans")
    record = settings.record
    for key, value in (
        ("per_run", "true" if record.per_run else None), ("events", record.events),
        ("report", "true" if record.report else None), ("traces", record.traces),
    ):  # fmt: skip
        if value is not None and wanted is None:
            raise ConfigError(f"record.{key}={value} is not allowed: it must have an output_dir")
    folder = Path(wanted) if wanted is not None else None
    needed = estimate.needs(plan, workers(plan))
    plan = checked(plan)
    estimate.check_run(plan, needed, folder)
    if folder is None:
        result = run(plan)
    else:
        with claimed(folder):
            result = run(plan, folder=folder)
            save(result.plan, result, folder)
    if result.violations:
        first = result.violations[0]
        message = f"{len(result.violations)} lanes broke an invariant and are NaN; first: {first}"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return result.dataset


def checked(plan: Plan) -> Plan:
    """Check what a plan declares and what its cells draw, before anything is simulated.

    Returns
        The plan, with what its comparisons share.

    Raises
        ConfigError: an endpoint that is not measured, or draws that are not common.
    """
    from proteus import draws, endpoint

    endpoint.check(plan)
    return draws.check(plan)


def run(plan: Plan, progress: Progress | None = None, folder: Path | None = None) -> Result:
    """Simulate every cell of a plan, with as many seeds as its precision asks for.

    Parameters
        plan: the checked sweep.
        progress: called with the number of lanes that have just been finished.
        folder: where the event logs of chosen lanes are written, as they come; None writes none.

    Returns
        The dataset, the violations with the labels of their cell, the plan of the seeds run, and
        what was recorded.

    Raises
        ResultsError: a log cannot be written.
    """
    # numba is loaded when something runs. This file is no part of what is compiled: a file that
    # imports names from _jit belongs to the kernels' hash, and each edit would compile again.
    from proteus import _jit
    from proteus.recording.collect import collecting
    from proteus.variables import VARIABLES

    def build(part: Plan, outcomes: list[CellOutcome]) -> xr.Dataset:
        return dataset.build(part, outcomes, VARIABLES, _jit.kernel_hash())

    with collecting(plan, folder) as collector:

        def simulate(part: Plan) -> list[CellOutcome]:
            return _simulate(part, progress, collector)

        done = precision.run(plan, simulate, build)
    violations = [
        {"cell": number, **plan.label(number), **_plain(done.plan, bad)}
        for number, outcome in enumerate(done.outcomes)
        for bad in outcome.violations
    ]
    for bad in violations:
        _log.warning("violation: %s", bad)
    done.dataset.attrs["precision"] = canonical_json(done.record)
    if collector is None:
        return Result(done.dataset, violations, done.plan)
    return Result(done.dataset, violations, done.plan, collector.traces, collector.lanes)


def _simulate(
    plan: Plan, progress: Progress | None, collector: Collector | None
) -> list[CellOutcome]:
    """Simulate the replicates of a plan; one outcome per cell."""
    from proteus.engine import run_cell

    outcomes = []
    for number, cell in enumerate(plan.cells):
        named = f"cell {number} ({', '.join(f'{k}={v}' for k, v in plan.label(number).items())})"
        _log.info("%s starts: seeds %d to %d", named, plan.replicates[0], plan.replicates[-1])
        outcome = run_cell(
            cell,
            plan.replicates,
            root=plan.settings.seeds.root,
            workers=workers(plan),
            block_lanes=plan.settings.executor.block_lanes,
            progress=progress,
            recording=collector.of_cell(number) if collector is not None else None,
        )
        _log.info("%s is finished: %d lanes stopped", named, len(outcome.violations))
        outcomes.append(outcome)
    return outcomes


def _plain(plan: Plan, violation: Violation) -> dict[str, Any]:
    """Describe a violated lane, with the command that runs its seed again."""
    kept = [word for word in plan.words if not word.startswith(_NOT_REPRODUCED)]
    seed = [f"seeds.root={plan.settings.seeds.root}", f"seeds.first={violation.replicate}"]
    return {
        "seed": int(violation.replicate),
        "reason": violation.reason,
        "event_id": int(violation.event_id),
        "time_ns": int(violation.time_ns),
        "detail": violation.detail,
        "reproduce": " ".join(["python -m proteus.sweep", *kept, *seed, "seeds.count=1"]),
    }


def workers(plan: Plan) -> int:
    """Return the number of threads that a plan runs on."""
    return plan.settings.executor.workers or usable_cores()


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_folder(plan: Plan) -> Path:
    """Return outputs/<date>/<time>-<hash> for a plan."""
    now = datetime.now()
    return Path("outputs") / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S}-{plan.config_hash[:8]}"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make the output folder, and take back all that was made and written if the run fails.

    Raises
        ConfigError: it cannot be made or written, or it already holds files.
    """
    made = _claim(folder)
    try:
        yield
    except BaseException:
        for name in FILES:
            for path in (folder / name, temporary(folder / name)):
                path.unlink(missing_ok=True)
        _remove(made)
        raise


def _claim(folder: Path) -> list[Path]:
    """Make a folder and its parents; returns those that were made, the innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        _remove(missing)
        allowed = "give a folder that can be made"
        raise ConfigError(
            f"output_dir={folder} cannot be used: {error.strerror}; {allowed}"
        ) from None
    if occupied:
        raise ConfigError(f"output_dir={folder} is not empty: choose another folder")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"output_dir={folder} cannot be written: choose another folder")
    return missing


def _remove(folders: list[Path]) -> None:
    """Remove folders that are empty, from the innermost outwards."""
    with suppress(OSError):
        for path in folders:
            path.rmdir()


def save(plan: Plan, result: Result, folder: Path) -> None:
    """Write ``results.nc``, ``summary.csv`` and, last, ``manifest.json``.

    With record.per_run=true also ``runs.parquet``, with record.report=true ``report.html``. Traces
    are groups of ``results.nc``; ``events.parquet`` and ``fills.parquet`` have been written by
    :func:`run`. Where mechanisms are compared also ``verdict.txt``; where seeds were added or
    chosen for precision ``contrasts.csv``, what was achieved.

    Raises
        ResultsError: a file cannot be written.
    """
    try:
        dataset.write(result.dataset, folder, _traces_writer(result))
        if plan.settings.record.per_run:
            runs.write(plan, result.dataset, folder)
        _write_text(folder / SUMMARY, summarise(result.dataset).to_csv(index=False))
        _write_comparison(plan, result, folder)
        manifest = _manifest(plan, result)
        if plan.settings.record.report:
            _write_report(result, manifest, folder)
        _write_text(folder / dataset.MANIFEST, _json(manifest))
    except (OSError, RuntimeError) as error:  # netCDF4 says RuntimeError when the disk is full
        raise unwritable(folder, error) from None
    for path in sorted(path for path in folder.iterdir() if path.name != LOG):
        _log.info("%s is written: %d bytes", path, path.stat().st_size)


def _traces_writer(result: Result) -> Callable[[Path], None] | None:
    """Return what adds the traces to a file, if there are any."""
    if not result.traces:
        return None
    from proteus.recording import traces

    return partial(traces.write, result.traces)


def _write_comparison(plan: Plan, result: Result, folder: Path) -> None:
    sentences = verdict(result.dataset)
    if sentences:
        _write_text(folder / VERDICT, "\n".join(sentences) + "\n")
    if plan.settings.precision.name != "fixed" and not result.violations:
        table = compare(result.dataset, plan.settings.endpoint.baseline)
        _write_text(folder / CONTRASTS, table.to_csv(index=False))


def _write_report(result: Result, manifest: dict[str, Any], folder: Path) -> None:
    """Write the page; what draws it is loaded only where it is asked for."""
    from proteus.reporting.bundle import bundle
    from proteus.reporting.page import report_page

    page = report_page([bundle(result.dataset, manifest, folder.resolve().name)])
    _write_text(folder / REPORT, page)


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, default=int) + "\n"


def _manifest(plan: Plan, result: Result) -> dict[str, Any]:
    attributes = result.dataset.attrs
    kept = (SCHEMA_KEY, "config_hash", "code_hash", "kernel_hash", "git_sha", "created")
    return {
        **{key: attributes[key] for key in kept},
        "overrides": plan.words,
        "axes": plan.axes,
        "cell_of": plan.cell_of.tolist(),
        "cells": [cell.model_dump(mode="json") for cell in plan.cells],
        "seeds": plan.settings.seeds.model_dump(),
        "parity": plan.fairness,
        "precision": json.loads(attributes["precision"]),
        "lanes": plan.lanes,
        "recorded": [lane._asdict() for lane in result.recorded],
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "violations": result.violations,
    }


def _write_text(path: Path, text: str) -> None:
    with whole(path) as temporary:
        temporary.write_text(text)
