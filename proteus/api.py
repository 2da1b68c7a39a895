"""Run a plan: the Python functions, and what the command line calls.

``run`` simulates in memory; ``run_into`` saves finished lanes to a folder, and then the results.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import xarray as xr

from proteus import (
    artifacts,
    claim,
    dataset,
    estimate,
    executors,
    merge,
    overrides,
    provenance,
    resuming,
    running,
    runs,
    stopping,
)
from proteus import plan as planning
from proteus.contrasts import compare
from proteus.errors import ConfigError, RunError
from proteus.files import whole
from proteus.lanes import Lanes
from proteus.plan import Plan
from proteus.recording.collect import collecting
from proteus.report import REPORT
from proteus.summary import summarise
from proteus.verdict import has_contrast, verdict
from proteus.versions import SCHEMA_KEY, STAMP, csv_text

if TYPE_CHECKING:
    from proteus.checkpoint import BlockFiles
    from proteus.recording.collect import Collector
    from proteus.recording.files import Lane
    from proteus.running import Done, Progress

_log = logging.getLogger(__name__)

SUMMARY, CONTRASTS, VERDICT, LOG = "summary.csv", "contrasts.csv", "verdict.txt", "sweep.log"


class Result(NamedTuple):
    """What a run gives: what was measured, and what went wrong."""

    dataset: xr.Dataset
    violations: list[dict[str, Any]]  # a record per violated lane
    plan: Plan  # as it turned out


class Written(NamedTuple):
    """What is known of a run when its folder is written; its numbers are in the folder."""

    plan: Plan  # as it turned out
    violations: list[dict[str, Any]]  # a record per violated lane
    precision: dict[str, Any]  # what it achieved
    summary: pd.DataFrame
    verdict: list[str]  # its sentences


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
        Dataset with dims (mechanism, delta, seed), and horizon, elapsed, class or
        rank where a variable has them.

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
            ``{"mechanism": ["clob", "fba"], "delta": [50, 100], "horizon_s": 30}``; a numeric
            design of many points as ``"design": {"name": "sobol", "points": 64, "factors":
            [{"key": "latent.jump_rate_per_s", "low": 0, "high": 1}]}``, which adds the dim
            ``point`` with the values as coordinates.
        seeds, output_dir: as in :func:`simulate`.

    Returns
        Dataset with dims (mechanism, delta, <swept keys>, seed), and horizon, elapsed,
        class or rank where a variable has them.

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


def resume(folder: str | os.PathLike[str], **executor: Any) -> xr.Dataset:
    """Go on with a run that wrote to a folder and was stopped before its end.

    Parameters
        folder: its output folder. executor: other keys of the executor than it was begun with, as
            ``workers=2``.

    Returns
        The dataset, to the bit what the run would have given; that of a finished run is loaded.

    Raises
        ResultsError: no run was begun there, or by other code. ConfigError, RunError: as in
            :func:`simulate`.
    """
    path = artifacts.as_path(folder)
    if claim.is_finished(path):
        found = dataset.load(path)
        claim.tidy(path)
        return found
    words = overrides.from_mapping({"executor": executor}, grid=False) if executor else []
    plan = resumed_plan(path, words)
    estimate.check_run(plan, estimate.left(estimate.needs(plan, workers(plan)), path), path)
    with claim.resumed(path, plan) as lanes:
        written = run_into(plan, path, lanes)
    return _in_memory(written, path)


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
    needed = estimate.needs(plan, workers(plan), in_memory=folder is None)
    plan = checked(plan)
    estimate.check_run(plan, needed, folder)
    if folder is None:
        result = run(plan)
        _warn(result.violations)
        return result.dataset
    with claim.claimed(folder, plan) as lanes:
        written = run_into(plan, folder, lanes)
    return _in_memory(written, folder)


def _in_memory(written: Written, folder: Path) -> xr.Dataset:
    _warn(written.violations)
    return dataset.load(folder)


def _warn(violations: list[dict[str, Any]]) -> None:
    if violations:
        first = violations[0]
        message = f"{len(violations)} lanes broke an invariant and are NaN; first: {first}"
        warnings.warn(message, RuntimeWarning, stacklevel=4)


def resumed_plan(folder: Path, words: Sequence[str]) -> Plan:
    """Plan again what was begun in a folder.

    Parameters
        folder: of the unfinished run. words: what a person adds, as :func:`resuming.words_of`.

    Raises
        ResultsError: no run was begun there, or by other code. ConfigError: the words are wrong.
    """
    return checked(planning.from_words(resuming.words_of(folder, words)))


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


def run(plan: Plan, progress: Progress | None = None) -> Result:
    """Simulate every cell of a plan in memory, with as many seeds as its precision asks for.

    Parameters
        plan: the checked sweep. progress: as :func:`proteus.running.simulate`.

    Returns
        The dataset, the violations with the labels of their cell, and the plan of the seeds run.

    Raises
        RunError: a worker was killed or ran out of memory.
    """
    from proteus.variables import VARIABLES

    lanes = Lanes()
    try:
        done = running.simulate(plan, lanes, progress)
    except Exception as error:
        why = stopping.reason(error, Path())
        if why is None:
            raise
        raise RunError(f"{why}; with an output_dir what is done would be saved") from None
    built = dataset.build(done.plan, lanes, VARIABLES, done.frame.attrs["kernel_hash"])
    built.attrs = done.frame.attrs
    return Result(built, done.violations, done.plan)


def run_into(
    plan: Plan,
    folder: Path,
    lanes: BlockFiles,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Written:
    """Simulate what is missing of a plan, and write the results to its folder.

    ``results.nc``, ``summary.csv`` and, last, ``manifest.json``; with record.per_run=true also
    ``runs.parquet``; with record.events ``events.parquet`` and ``fills.parquet``; with
    record.traces groups of ``results.nc``; where mechanisms are compared ``verdict.txt``; where
    seeds were added or chosen for precision ``contrasts.csv``, what was achieved; with
    record.report=true ``report.html``.

    Parameters
        plan: the checked sweep. folder: claimed. lanes: what has been simulated there.
        progress: as :func:`proteus.running.simulate`. say: tells the person at the terminal.

    Returns
        What was written; no file stays open.

    Raises
        OSError: a file cannot be written. KeyboardInterrupt: a person stopped the run.
    """
    with stopping.on_request(say) as stop:
        done = running.simulate(plan, lanes, progress, stop)
    try:
        with collecting(done.plan, folder) as collector:
            if collector is not None:
                for cell in range(len(plan.cells)):
                    collector.take(cell, lanes.logs(cell))
        return _save(done, folder, lanes, collector)
    except RuntimeError as error:  # netCDF4 says so when the disk is full
        raise OSError(None, str(error).splitlines()[0]) from None


def _save(done: Done, folder: Path, lanes: Lanes, collector: Collector | None) -> Written:
    from proteus.variables import VARIABLES

    traces = collector.traces if collector is not None else {}
    merge.write(done.plan, lanes, VARIABLES, done.frame, folder, _traces_writer(traces))
    with merge.opened(folder) as found:
        result = Result(found, done.violations, done.plan)
        return _describe(result, folder, collector.lanes if collector is not None else [])


def _describe(result: Result, folder: Path, recorded: Sequence[Lane]) -> Written:
    """Write what is made of the results beside them."""
    settings = result.plan.settings
    if settings.record.per_run:
        runs.write(result.plan, result.dataset, folder)
    manifest = _manifest(result, recorded)
    written = Written(
        result.plan, result.violations, manifest["precision"],
        summarise(result.dataset), verdict(result.dataset),
    )  # fmt: skip
    _write_text(folder / SUMMARY, csv_text(written.summary))
    if written.verdict:
        _write_text(folder / VERDICT, "\n".join([*written.verdict, STAMP]) + "\n")
    is_precise = settings.precision.name != "fixed" and not result.violations
    if is_precise and has_contrast(result.dataset, settings.endpoint):
        table = compare(result.dataset, settings.endpoint.baseline)
        _write_text(folder / CONTRASTS, csv_text(table))
    if settings.record.report:
        _write_report(result, manifest, folder)
    digest = {dataset.DIGEST: dataset.digest(folder / dataset.RESULTS)}
    _write_text(folder / dataset.MANIFEST, _json(manifest | digest))
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in (LOG, *claim.PASSING):
            _log.info("%s is written: %d bytes", path, path.stat().st_size)
    return written


def workers(plan: Plan) -> int:
    """Return the number of workers that a plan runs on; those of a scheduler are not known."""
    return plan.settings.executor.workers or executors.usable_cores()


def default_folder(plan: Plan) -> Path:
    """Return outputs/<date>/<time>-<hash> for a plan."""
    now = datetime.now()
    return Path("outputs") / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S}-{plan.config_hash[:8]}"


def _traces_writer(found: Mapping[int, xr.Dataset]) -> Callable[[Path], None] | None:
    """Return what adds the traces to a file, if there are any."""
    if not found:
        return None
    from proteus.recording import traces

    return partial(traces.write, found)


def _write_report(result: Result, manifest: dict[str, Any], folder: Path) -> None:
    """Write the page; what draws it is loaded only where it is asked for."""
    from proteus.reporting.bundle import bundle
    from proteus.reporting.page import report_page

    page = report_page([bundle(result.dataset, manifest, folder.resolve().name)])
    _write_text(folder / REPORT, page)


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, default=int) + "\n"


def _manifest(result: Result, recorded: Sequence[Lane]) -> dict[str, Any]:
    attributes, plan = result.dataset.attrs, result.plan
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
        "recorded": [lane._asdict() for lane in recorded],
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "violations": result.violations,
    }


def _write_text(path: Path, text: str) -> None:
    with whole(path, durable=True) as temporary:
        temporary.write_text(text)
