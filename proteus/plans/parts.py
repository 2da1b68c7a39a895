"""The parts of the lab makers of a plan: which, and a hash of each with its parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from proteus.basics.schema import Schema, canonical_json
from proteus.market.agents.lab_maker import LabMakerPolicy
from proteus.market.cell import CellConfig

_DIGITS = 12  # of a hash


def parts_of(cells: Sequence[CellConfig]) -> list[dict[str, str | int]]:
    """List the parts of lab makers, a row per cell and group that has them.

    Returns
        Rows of cell, group, and of filter and quoting the name and the hash of all its keys; equal
        hashes mean equal parts.
    """
    rows: list[dict[str, str | int]] = []
    for number, cell in enumerate(cells):
        for name, group in cell.population.items():
            policy = group.policy
            if isinstance(policy, LabMakerPolicy) and group.count:
                rows.append({
                    "cell": number, "group": name,
                    "filter": policy.filter.name, "filter_hash": _hash(policy.filter),
                    "quoting": policy.quoting.name, "quoting_hash": _hash(policy.quoting),
                })  # fmt: skip
    return rows


def _hash(part: Schema) -> str:
    written = canonical_json(part.model_dump(mode="json"))
    return hashlib.sha256(written.encode()).hexdigest()[:_DIGITS]
