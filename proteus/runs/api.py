"""Run a plan: the Python functions, and what the command line calls.

``run`` simulates in memory; ``run_into`` saves finished lanes to a folder, and then the results.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from proteus import plugins
from proteus.configuration import overrides
from proteus.errors import ConfigError, RunError
from proteus.plans import planner, snapshots
from proteus.plans.plan import Plan
from proteus.plans.snapshots import Snapshot
from proteus.results import artifacts, dataset
from proteus.results.lanes import Lanes
from proteus.runs import claim, estimate, notebook, resuming, running, stopping
from proteus.runs import workers as executors
from proteus.runs.folder import Result, Written, run_into

if TYPE_CHECKING:
    from proteus.runs.running import Progress


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
        Dataset of float64 variables with dims (mechanism, delta, seed), and horizon, elapsed
        (timedelta64), trader_class, ... where a variable has them. ``units``, ``formula`` and
        ``source`` are attributes of each; a value that does not exist is NaN, and counted there
        under its reason.

    Warns
        RuntimeWarning: lanes broke an invariant; they are NaN and named in ``violation``.

    Raises
        ConfigError: a key or value that is not allowed, or more memory or disk than the machine
            has; nothing has been simulated.
        ResultsError: the files cannot be written. RunError: the machine stopped the run.
    """
    return _run_and_save(planner.from_mapping(_with(parameters, output_dir), seeds, grid=False))


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
        Dataset as of :func:`simulate`, with dims (mechanism, delta, <swept keys>, seed), and
        horizon, elapsed, trader_class, ... where a variable has them.

    Raises
        ConfigError, ResultsError, RunError: as in :func:`simulate`.
    """
    return _run_and_save(planner.from_mapping(_with(parameters, output_dir), seeds))


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
    with claim.resumed(path, plan) as lanes, notebook.line(plan) as progress:
        written = run_into(plan, path, lanes, progress)
    return _in_memory(written, path)


def _run_and_save(plan: Plan) -> xr.Dataset:
    settings = plan.settings
    wanted = settings.output_dir
    if settings.plan_only:
        raise ConfigError("plan_only=true is not allowed: only the command line prints plans")
    record = settings.record
    for key, value in (
        ("per_run", "true" if record.per_run else None), ("events", record.events),
        ("panel", "true" if record.panel else None),
        ("report", "true" if record.report else None), ("traces", record.traces),
    ):  # fmt: skip
        if value is not None and wanted is None:
            raise ConfigError(f"record.{key}={value} is not allowed: it must have an output_dir")
    folder = Path(wanted) if wanted is not None else None
    needed = estimate.needs(plan, workers(plan), in_memory=folder is None)
    plan = checked(plan)
    estimate.check_run(plan, needed, folder)
    if folder is None:
        with notebook.line(plan) as progress:
            result = run(plan, progress)
        _warn(result.violations)
        return result.dataset
    with claim.claimed(folder, plan) as lanes, notebook.line(plan) as progress:
        written = run_into(plan, folder, lanes, progress)
    return _in_memory(written, folder)


def _in_memory(written: Written, folder: Path) -> xr.Dataset:
    _warn(written.violations)
    return dataset.load(folder)


def _warn(violations: list[dict[str, Any]]) -> None:
    if violations:
        first = violations[0]
        message = f"{len(violations)} lanes broke an invariant and are NaN; first: {first}"
        warnings.warn(message, RuntimeWarning, stacklevel=4)


def resume_from(
    start: str | os.PathLike[str] | Snapshot,
    *,
    episodes: int,
    output_dir: str | os.PathLike[str] | None = None,
) -> xr.Dataset:
    """Go on with the lanes of a finished run for more episodes, with all that they carry.

    Parameters
        start: the output folder of the run, or what :func:`proteus.snapshot` returned.
        episodes: how many more. output_dir: also write the results, and the next snapshot, there;
            without it no panel, table or page of the run is written again, nor measured what only
            they show.

    Returns
        Dataset of the new episodes, to the bit what the run would have given for them, had it not
        ended before.

    Raises
        ResultsError: no snapshot is there, or it is damaged. ConfigError, RunError: as in
            :func:`simulate`.
    """
    found = start if isinstance(start, Snapshot) else snapshots.snapshot(start)
    mine = {"resume_from": os.fspath(found.path), "episodes.count": episodes}
    mine |= {"seeds.episode": found.episode}
    if output_dir is None:
        mine |= dict.fromkeys(("record.panel", "record.per_run", "record.report"), False)
    words = [word for word in found.words if overrides.key(word) not in {"output_dir", *mine}]
    added = overrides.from_mapping(_with(mine, output_dir), grid=False)
    return _run_and_save(planner.from_words([*words, *added]))


def resumed_plan(folder: Path, words: Sequence[str]) -> Plan:
    """Plan again what was begun in a folder.

    Parameters
        folder: of the unfinished run. words: what a person adds, as :func:`resuming.words_of`.

    Raises
        ResultsError: no run was begun there, or by other code. ConfigError: the words are wrong.
    """
    return checked(planner.from_words(resuming.words_of(folder, words)))


def checked(plan: Plan) -> Plan:
    """Check what a plan declares and what its cells draw, before anything is simulated.

    Returns
        The plan, with what its comparisons share.

    Raises
        ConfigError: an endpoint that is not measured, draws that are not common, or a part of
            another package that cannot be compiled.
    """
    from proteus.analysis import endpoint
    from proteus.plans import draws

    endpoint.check(plan)
    if plugins.are_there():
        from proteus.market.setup.foreign import check_parts

        check_parts(plan.cells)
    return draws.check(plan)


def run(plan: Plan, progress: Progress | None = None, lanes: Lanes | None = None) -> Result:
    """Simulate every cell of a plan in memory, with as many seeds as its precision asks for.

    Parameters
        plan: the checked sweep. progress: as :func:`proteus.runs.running.simulate`.
        lanes: what has been simulated of it, to which the rest is added; None: nothing.

    Returns
        The dataset, the violations with the labels of their cell, and the plan of the seeds run.

    Raises
        RunError: a worker was killed or ran out of memory.
    """
    from proteus.analysis.verdict import tests
    from proteus.market.variables import variables_of

    lanes = Lanes() if lanes is None else lanes
    try:
        done = running.simulate(plan, lanes, progress)
    except Exception as error:
        why = stopping.reason(error, Path())
        if why is None:
            raise
        raise RunError(f"{why}; with an output_dir what is done would be saved") from None
    measured = variables_of(plan.dims)
    built = dataset.build(done.plan, lanes, measured, done.frame)
    written = tests(built)
    if written is not None:
        built.attrs[dataset.TESTS] = written
    return Result(built, done.violations, done.plan)


def workers(plan: Plan) -> int:
    """Return the number of workers that a plan runs on; those of a scheduler are not known."""
    return plan.settings.executor.workers or executors.usable_cores()
