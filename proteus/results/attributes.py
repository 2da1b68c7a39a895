"""What results say of their run: words, configuration, hashes, seeds, agents, versions."""

from __future__ import annotations

import json
from typing import Any

import yaml

from proteus.basics.schema import canonical_json
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION
from proteus.plans.parts import parts_of
from proteus.plans.plan import Plan
from proteus.results import agents, provenance

LAB_KEY = "lab"  # attribute, and key of the manifest: the parts of lab makers


def _of_environments(plan: Plan) -> dict[str, Any]:
    """Return the version of the channels around markets, and which of them the markets move."""
    if not any(cell.environment.is_used for cell in plan.cells):
        return {}
    moved = sorted(set().union(*(cell.environment.endogenous for cell in plan.cells)))
    from proteus.market.environment.trace import ENVIRONMENT_KEY, ENVIRONMENT_SCHEMA

    says = {"environment_endogenous": " ".join(moved)} if moved else {}
    return {ENVIRONMENT_KEY: ENVIRONMENT_SCHEMA, **says}


def attributes_of(plan: Plan, kernel_hash: str) -> dict[str, Any]:
    """Return the attributes of the results of a plan, made by kernels of this hash."""
    seeds, parts = plan.settings.seeds, parts_of(plan.cells)
    return {
        "title": "Proteus sweep",
        SCHEMA_KEY: SCHEMA_VERSION,
        "overrides": json.dumps(plan.words),
        "config": yaml.safe_dump(plan.settings.model_dump(mode="json"), sort_keys=False),
        "config_hash": plan.config_hash,
        "code_hash": provenance.code_hash(),
        "kernel_hash": kernel_hash,
        "git_sha": provenance.git_sha(),
        "seed_root": str(seeds.root),  # may exceed int64
        "seed_first": seeds.first,
        "seed_count": seeds.count,
        "population_hash": plan.population_hash,
        agents.AGENTS_KEY: canonical_json(agents.written(plan.cells)),
        **({"gate": plan.gate} if plan.gate else {}),
        **_of_environments(plan),
        **({LAB_KEY: canonical_json(parts)} if parts else {}),
        "parity": canonical_json(plan.fairness),
        "versions": canonical_json(provenance.versions()),
        "created": provenance.created(),
    }
