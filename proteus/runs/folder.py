"""The folder of a run: what is written into it, and in which order."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import netCDF4
import pandas as pd
import xarray as xr

from proteus.analysis import saving, summary
from proteus.analysis.contrasts import compare
from proteus.analysis.verdict import has_contrast, headline_of, judged, tests, verdict_of
from proteus.basics.files import whole
from proteus.basics.versions import SCHEMA_KEY, STAMP, csv_text
from proteus.market.setup.carrying import layout_of_cell
from proteus.pages import REPORT
from proteus.plans import snapshots
from proteus.plans.plan import Plan
from proteus.recording.collect import collecting
from proteus.results import dataset, merge, panel, per_run, provenance
from proteus.results.agents import AGENTS_KEY
from proteus.results.lanes import Lanes
from proteus.runs import claim, running, stopping

if TYPE_CHECKING:
    from proteus.recording.collect import Collector
    from proteus.recording.files import Lane
    from proteus.results.checkpoint import BlockFiles
    from proteus.runs.running import Done, Progress


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
    summary: pd.DataFrame  # where lanes are of episodes, of the last one
    verdict: list[str]  # its sentences
    headline: list[str]  # the verdict on all cells
    saving: str  # what a design of seeds and controls gave; empty without


def run_into(
    plan: Plan,
    folder: Path,
    lanes: BlockFiles,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Written:
    """Simulate what is missing of a plan, and write the results to its folder.

    ``results.nc``, ``summary.csv`` and, last, ``manifest.json``; with record.per_run=true also
    ``runs.parquet``, with record.panel=true ``panel.parquet``; with record.events
    ``events.parquet`` and ``fills.parquet``; with record.traces groups of ``results.nc``; where
    mechanisms are compared ``verdict.txt``; where
    seeds were added or chosen for precision ``contrasts.csv``, what was achieved; with
    record.report=true ``report.html``.

    Parameters
        plan: the checked sweep. folder: claimed. lanes: what has been simulated there.
        progress: as :func:`proteus.runs.running.simulate`. say: tells the person at the terminal.

    Returns
        What was written; no file stays open.

    Raises
        OSError: a file cannot be written. KeyboardInterrupt: a person stopped the run.
    """
    with stopping.on_request(say) as stop:
        done = running.simulate(plan, lanes, progress, stop)
    try:
        with collecting(done.plan, folder, lanes) as collector:
            if collector is not None:
                for cell in range(len(plan.cells)):
                    collector.take(cell, lanes.logs(cell))
        return _save(done, folder, lanes, collector)
    except RuntimeError as error:  # netCDF4 says so when the disk is full
        raise OSError(None, str(error).splitlines()[0]) from None


def _save(done: Done, folder: Path, lanes: Lanes, collector: Collector | None) -> Written:
    from proteus.market.variables import variables_of

    traces = collector.traces if collector is not None else {}
    measured = variables_of(done.plan.dims)
    writers = [_write_tests, *_traces_writers(traces)]
    merge.write(done.plan, lanes, measured, done.frame, folder, partial(_write_all, writers))
    with merge.opened(folder) as found:
        result = Result(found, done.violations, done.plan)
        _write_snapshot(result, lanes, folder)
        return _describe(result, folder, collector.lanes if collector is not None else [])


def _describe(result: Result, folder: Path, recorded: Sequence[Lane]) -> Written:
    """Write what is made of the results beside them."""
    settings = result.plan.settings
    if settings.record.per_run:
        per_run.write(result.plan, result.dataset, folder)
    if settings.record.panel:
        panel.write(result.plan, result.dataset, folder)
    manifest = _manifest(result, recorded)
    found = judged(result.dataset)
    with whole(folder / SUMMARY, durable=True) as temporary:
        table = summary.write(result.dataset, temporary)
    written = Written(
        result.plan, result.violations, manifest["precision"], table, verdict_of(found),
        headline_of(found), "" if result.violations else saving.sentence(result.dataset),
    )  # fmt: skip
    if written.verdict:
        _write_text(folder / VERDICT, "\n".join([*written.verdict, STAMP]) + "\n")
    is_precise = settings.precision.name != "fixed" and not result.violations
    if is_precise and has_contrast(result.dataset, settings.endpoint):
        table = compare(result.dataset, settings.endpoint.baseline)
        _write_text(folder / CONTRASTS, csv_text(table))
    if settings.record.report:
        _write_report(result, manifest, folder)
    digests = {dataset.DIGEST: dataset.digest(folder / dataset.RESULTS)}
    if settings.record.panel:
        digests[panel.DIGEST] = dataset.digest(folder / panel.PANEL)
    _write_text(folder / dataset.MANIFEST, _json(manifest | digests))
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in (LOG, *claim.PASSING):
            _log.info("%s is written: %d bytes", path, path.stat().st_size)
    return written


def _write_snapshot(result: Result, lanes: Lanes, folder: Path) -> None:
    """Write what the lanes carry on, where they do."""
    plan = result.plan
    cells = [(number, cell) for number, cell in enumerate(plan.cells) if cell.episodes.carries]
    if not cells:
        return
    seeds, numbers = plan.settings.seeds, {number: at for at, (number, _) in enumerate(cells)}
    stopped = lanes.violations_of(plan.replicates)
    about = {
        "words": plan.words, "root": str(seeds.root), "first": seeds.first,
        "count": len(plan.replicates), "episode": seeds.episode + plan.cells[0].episodes.count,
        "stopped": [(numbers[cell], bad.replicate) for cell, bad in stopped if cell in numbers],
    }  # fmt: skip
    snapshots.write(
        folder, about, [cell for _, cell in cells], [layout_of_cell(cell) for _, cell in cells],
        [lanes.carried(number, plan.replicates) for number, _ in cells],
    )  # fmt: skip


def default_folder(plan: Plan) -> Path:
    """Return outputs/<date>/<time>-<hash> for a plan.

    The hash is that of all it was asked for: what is recorded, and how it runs, included.
    """
    now = datetime.now()
    asked = hashlib.sha256(json.dumps([plan.config_hash, *plan.words]).encode()).hexdigest()
    return Path("outputs") / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S}-{asked[:8]}"


def _write_all(writers: Sequence[Callable[[Path], None]], path: Path) -> None:
    for write in writers:
        write(path)


def _write_tests(path: Path) -> None:
    """Add to the attributes of results what every part of them is adjusted for."""
    with merge.opened_file(path) as found:
        written = tests(found)
    if written is not None:
        with netCDF4.Dataset(path, "a") as file:
            file.setncattr(dataset.TESTS, written)


def _traces_writers(found: Mapping[int, xr.Dataset]) -> list[Callable[[Path], None]]:
    """Return what adds the traces to a file, if there are any."""
    if not found:
        return []
    from proteus.recording import traces

    return [partial(traces.write, found)]


def _write_report(result: Result, manifest: dict[str, Any], folder: Path) -> None:
    """Write the page; what draws it is loaded only where it is asked for."""
    from proteus.pages.bundle import bundle
    from proteus.pages.report import report_page

    page = report_page([bundle(result.dataset, manifest, folder.resolve().name)])
    _write_text(folder / REPORT, page)


def _json(content: dict[str, Any]) -> str:
    """Write an object, a line for each key and for each item of a list.

    Lines of their own for all that is nested would take ten times as long, and the cells of a
    design of many points half of the time of its folder.
    """
    lines = [f"{json.dumps(key)}: {_json_value(value)}" for key, value in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json_value(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, default=int)
    return "[\n  " + ",\n  ".join(json.dumps(item, default=int) for item in value) + "\n]"


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
        **({dataset.LAB_KEY: json.loads(attributes[dataset.LAB_KEY])}
           if dataset.LAB_KEY in attributes else {}),
        AGENTS_KEY: json.loads(attributes[AGENTS_KEY]),
        "recorded": [lane._asdict() for lane in recorded],
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "violations": result.violations,
    }  # fmt: skip


def _write_text(path: Path, text: str) -> None:
    with whole(path, durable=True) as temporary:
        temporary.write_text(text, encoding="utf-8")
