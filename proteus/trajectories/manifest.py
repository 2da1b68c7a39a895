"""``manifest.json``: what a data set is, what made it, and the hashes of its files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION
from proteus.compiler import jit
from proteus.envs.tasks.table import TASKS
from proteus.plans.plan import Plan
from proteus.results import provenance
from proteus.trajectories import collecting
from proteus.trajectories.parts import FAULTS, Written
from proteus.trajectories.schema import (
    COLLECTION_KEY,
    TRAJECTORIES_KEY,
    TRAJECTORIES_VERSION,
    columns_of,
    spaces_of,
)
from proteus.trajectories.words import Request


def of(request: Request, plan: Plan, written: Sequence[Written]) -> dict[str, Any]:
    """Return the manifest of a data set whose files are all there."""
    task = collecting.task_of(request, 0, 1)
    seen, taken = spaces_of(task)
    seeds = plan.settings.seeds
    return {
        SCHEMA_KEY: SCHEMA_VERSION, TRAJECTORIES_KEY: TRAJECTORIES_VERSION,
        "config_hash": request.config_hash, COLLECTION_KEY: request.hash,
        "code_hash": provenance.code_hash(), "kernel_hash": jit.kernel_hash(),
        "git_sha": provenance.git_sha(), "created": provenance.created(),
        "overrides": list(request.words), **request.about(),
        "options": dict(task.given),
        "seeds": seeds.model_dump(),
        "axes": {name: list(values) for name, values in plan.axes.items()},
        "cells": [
            {"cell": number, "label": plan.label(number), "mechanism": cell.mechanism.name,
             "config": cell.model_dump(mode="json")}
            for number, cell in enumerate(plan.cells)
        ],
        "observation_space": seen._asdict(), "action_space": taken._asdict(),
        "reward": [
            {"means": term.means, "unit": "currency",
             "weight": task.given[term.option] if term.option else 1, "option": term.option}
            for term in TASKS[request.task].terms
        ],
        "columns": {name: column._asdict() for name, column in columns_of(seen, taken).items()},
        "fault_codes": {str(code): name for code, name in FAULTS.items()},
        "episodes": sum(one.seeds for one in written), "steps": sum(one.steps for one in written),
        "files": [one._asdict() for one in written],
        "versions": provenance.versions(), "machine": provenance.machine(),
    }  # fmt: skip
