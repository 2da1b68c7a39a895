"""Run a plan: the Python functions, and what the command line calls.

``run`` hands each cell to the engine and joins the outcomes; ``save`` writes the folder.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import xarray as xr

from proteus import dataset, provenance
from proteus import plan as planning
from proteus.errors import ConfigError
from proteus.plan import Plan
from proteus.summary import summarise

if TYPE_CHECKING:
    from proteus.engine import Violation

MANIFEST = "manifest.json"
SUMMARY = "summary.csv"

Progress = Callable[[int], None]


class Result(NamedTuple):
    """What a run gives: the dataset, and one record per violated lane."""

    dataset: xr.Dataset
    violations: list[dict[str, Any]]


def simulate(*, seeds: Any = None, output_dir: str | None = None, **parameters: Any) -> xr.Dataset:
    """Simulate one cell.

    Parameters
        seeds: number of replicates (default 1000), or a range of them, or ``seeds`` keys.
        output_dir: also write the results there; by default nothing is written.
        parameters: any key of the configuration, as ``mechanism="fba", delta=250``; deeper keys
            as nested mappings, or dotted through ``**{"population.maker.count": 3}``.

    Returns
        Dataset with dims (mechanism, delta, seed[, horizon]).

    Raises
        ConfigError: a key or value that is not allowed; nothing has been simulated.
    """
    plan = planning.from_mapping(parameters, seeds, grid=False)
    return _run_and_save(plan, output_dir)


def sweep(
    parameters: Mapping[str, Any], *, seeds: Any = None, output_dir: str | None = None
) -> xr.Dataset:
    """Simulate every combination of the listed values.

    Parameters
        parameters: key to value, or to a list of values to sweep:
            ``{"mechanism": ["clob", "fba"], "delta": [50, 100], "horizon_s": 30}``.
        seeds, output_dir: as in :func:`simulate`.

    Returns
        Dataset with dims (mechanism, delta, <swept keys>, seed[, horizon]).

    Raises
        ConfigError: a key, value or combination that is not allowed; nothing has been simulated.
    """
    return _run_and_save(planning.from_mapping(parameters, seeds), output_dir)


def _run_and_save(plan: Plan, output_dir: str | None) -> xr.Dataset:
    wanted = output_dir if output_dir is not None else plan.settings.output_dir
    folder = claim_folder(Path(wanted)) if wanted is not None else None
    result = run(plan)
    if folder is not None:
        save(plan, result, folder)
    if result.violations:
        first = result.violations[0]
        message = f"{len(result.violations)} lanes broke an invariant and are NaN; first: {first}"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return result.dataset


def run(plan: Plan, progress: Progress | None = None) -> Result:
    """Simulate every cell of a plan.

    Parameters
        plan: the checked sweep.
        progress: called with the number of lanes that have just been finished.

    Returns
        The dataset, and the violations with the labels of their cell.
    """
    # numba is loaded when something runs.
    from proteus._jit import kernel_hash
    from proteus.engine import run_cell
    from proteus.variables import VARIABLES

    executor = plan.settings.executor
    outcomes, violations = [], []
    for number, cell in enumerate(plan.cells):
        outcome = run_cell(
            cell,
            plan.replicates,
            root=plan.settings.seeds.root,
            workers=executor.workers or usable_cores(),
            block_lanes=executor.block_lanes,
            progress=progress,
        )
        outcomes.append(outcome)
        for bad in outcome.violations:
            violations.append({"cell": number, **plan.label(number), **_plain(plan, bad)})
    built = dataset.build(plan, outcomes, VARIABLES, kernel_hash())
    return Result(built, violations)


def _plain(plan: Plan, violation: Violation) -> dict[str, Any]:
    """Describe a violated lane, with the command that runs its seed again."""
    kept = [word for word in plan.words if not word.startswith(("seeds.", "output_dir="))]
    seed = [f"seeds.root={plan.settings.seeds.root}", f"seeds.first={violation.replicate}"]
    return {
        "seed": int(violation.replicate),
        "reason": violation.reason,
        "event_id": int(violation.event_id),
        "time_ns": int(violation.time_ns),
        "detail": violation.detail,
        "reproduce": " ".join(["python -m proteus.sweep", *kept, *seed, "seeds.count=1"]),
    }


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_folder(plan: Plan) -> Path:
    """Return outputs/<date>/<time>-<hash> for a plan."""
    now = datetime.now()
    return Path("outputs") / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S}-{plan.config_hash[:8]}"


def claim_folder(folder: Path) -> Path:
    """Make the output folder before anything is simulated.

    Raises
        ConfigError: it cannot be made, or it already holds files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"output_dir={folder} cannot be used: {error.strerror}") from None
    if occupied:
        raise ConfigError(f"output_dir={folder} is not empty: choose another folder")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"output_dir={folder} cannot be written")
    return folder


def save(plan: Plan, result: Result, folder: Path) -> None:
    """Write ``results.nc``, ``summary.csv`` and ``manifest.json``; the manifest comes last."""
    dataset.write(result.dataset, folder)
    _write_text(folder / SUMMARY, summarise(result.dataset).to_csv(index=False))
    attributes = result.dataset.attrs
    kept = ("schema_version", "config_hash", "code_hash", "kernel_hash", "git_sha", "created")
    manifest = {
        **{key: attributes[key] for key in kept},
        "overrides": plan.words,
        "axes": plan.axes,
        "cell_of": plan.cell_of.tolist(),
        "cells": [cell.model_dump(mode="json") for cell in plan.cells],
        "seeds": plan.settings.seeds.model_dump(),
        "lanes": plan.lanes,
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "violations": result.violations,
    }
    _write_text(folder / MANIFEST, json.dumps(manifest, indent=2, default=int) + "\n")


def _write_text(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text)
    os.replace(temporary, path)
