"""Run a plan as a command does: tell what happens, save it, print the summary and the folder."""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from proteus.commands.lean import import_xarray
from proteus.commands.process import EXIT_DONE, EXIT_VIOLATION, say

if TYPE_CHECKING:
    import xarray as xr

    from proteus.plans.plan import Plan
    from proteus.results.checkpoint import BlockFiles
    from proteus.results.lanes import Lanes
    from proteus.runs.estimate import Needs
    from proteus.runs.folder import Written

_FEW_SENTENCES = 6  # of a verdict, which stdout has whole
_log = logging.getLogger("proteus.sweep")  # also where this file is __main__


@contextmanager
def told_if_finished(folder: Path) -> Iterator[None]:
    """Say of an interrupt that comes when everything is written that only the table is missing."""
    from proteus.runs import claim

    try:
        yield
    except KeyboardInterrupt:
        if claim.is_finished(folder):
            told = f"interrupted: {folder} is finished; only its table was not printed"
            raise KeyboardInterrupt(told) from None
        raise


def execute(plan: Plan, folder: Path) -> Written:
    """Check what a plan declares and needs, run it with progress on stderr, and write the folder.

    Parameters
        plan: the sweep. folder: empty or not there yet.

    Raises
        ConfigError: what is not allowed, before anything runs. ResultsError: it cannot be written.
    """
    import_xarray()
    from proteus.runs import api, estimate

    needed = estimate.needs(plan, api.workers(plan))
    plan = api.checked(plan)
    return execute_estimated(plan, estimate.timed(plan, needed, api.workers(plan)), folder)


def execute_estimated(plan: Plan, needed: Needs, folder: Path) -> Written:
    """Run a plan whose needs are known, and write the folder; errors as in :func:`execute`."""
    from proteus.commands.job_log import job_log
    from proteus.runs import claim, estimate

    estimate.check_run(plan, needed, folder)
    with claim.claimed(folder, plan) as lanes, job_log(folder):
        _log.info("command: python -m proteus.sweep %s", shlex.join(plan.words))
        return run_lanes(plan, needed.seconds, folder, lanes)


def run_lanes(plan: Plan, seconds: float, folder: Path, lanes: BlockFiles) -> Written:
    """Simulate and write, with progress on stderr."""
    from proteus.analysis import precision
    from proteus.commands.progress import compile_notice, lanes_bar
    from proteus.runs import api, estimate
    from proteus.runs.folder import run_into

    for key, values in plan.fairness["deliberate"].items():
        tell(f"parity: compared cells differ on purpose in {key} ({values[0]} and {values[1]})")
    expected = f"{_at_most(plan)}about {estimate.duration(seconds)} on {api.workers(plan)} workers"
    tell(f"{sizes(plan)}: {expected}")
    started, before = time.perf_counter(), lanes.count
    with lanes_bar(plan) as progress, compile_notice(tell):
        written = run_into(plan, folder, lanes, progress, tell)
    elapsed, ran = time.perf_counter() - started, lanes.count - before
    tell(f"finished in {elapsed:.1f} s, {ran / elapsed:,.0f} lanes per second")
    if plan.settings.precision.name != "fixed":
        tell(precision.words(written.precision))
    return written


def run_in_memory(plan: Plan, lanes: Lanes | None = None) -> xr.Dataset:
    """Run a plan of which nothing is saved, with a bar on stderr; returns its dataset.

    Parameters
        lanes: what has been run of it, to which the rest is added; None: nothing.

    Raises
        ConfigError: what is not allowed, before anything runs. ViolationError: a lane broke an
            invariant. RunError: the machine stopped the run.
    """
    from proteus.commands.progress import compile_notice, lanes_bar
    from proteus.errors import ViolationError
    from proteus.runs import api, estimate

    plan = api.checked(plan)
    estimate.check_run(plan, estimate.needs(plan, api.workers(plan), in_memory=True), None)
    with lanes_bar(plan) as progress, compile_notice(tell):
        result = api.run(plan, progress, lanes)
    if result.violations:
        first = ", ".join(f"{key}={value}" for key, value in result.violations[0].items())
        raise ViolationError(f"{len(result.violations)} lanes broke an invariant; first: {first}")
    return result.dataset


def _at_most(plan: Plan) -> str:
    """Say that fewer seeds may do, where precision decides."""
    return "" if plan.settings.precision.name == "fixed" else "at most; "


def report(written: Written, folder: Path) -> int:
    """Print the summary, the verdict, the violations, and the folder as the last line."""
    from proteus.analysis.summary import show
    from proteus.commands.terminal import console
    from proteus.runs.folder import VERDICT

    terminal = console()
    declared = written.plan.settings.endpoint
    first = [declared.variable, *(budget.variable for budget in declared.budgets),
             *declared.companions]  # fmt: skip
    axes = list(written.plan.axes)
    name = written.plan.settings.seeds.unit_name
    show(written.summary, axes, terminal, first, written.plan.cell_of, name)
    is_short = len(written.verdict) <= _FEW_SENTENCES
    for sentence in written.verdict if is_short else written.headline:
        terminal.print(sentence)
    if not is_short:
        terminal.print(f"{VERDICT} has the verdict cell by cell")
    if written.saving:
        terminal.print(written.saving)
    for bad in written.violations:
        say(f"violation: {', '.join(f'{key}={value}' for key, value in bad.items())}")
    print(folder, flush=True)
    return EXIT_VIOLATION if written.violations else EXIT_DONE


def sizes(plan: Plan) -> str:
    """Say how many cells, seeds and lanes a plan has."""
    cells, seeds = len(plan.cells), len(plan.replicates)
    return f"{cells} cell{'s' * (cells > 1)} x {seeds} seeds = {plan.lanes} lanes"


def tell(message: str) -> None:
    """Say something and keep it in the log of the run."""
    say(message)
    _log.info(message)
