"""The parts of the lab makers of a plan: which, and a hash of each with its parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from proteus.basics.schema import Schema, canonical_json
from proteus.market.agents.lab_maker import LabMakerPolicy
from proteus.market.cell import CellConfig

_DIGITS = 12  # of a hash


def parts_of(cells: Sequence[CellConfig]) -> list[dict[str, str | int]]:
    """List the parts of lab makers, a row per cell and group that has them.

    Returns
        Rows of cell, group, and of filter, quoting and risk the name and the hash of all its keys;
        equal hashes mean equal parts. The name of risk is that of its constraints in their order.
    """
    rows: list[dict[str, str | int]] = []
    for number, cell in enumerate(cells):
        for name, group in cell.population.items():
            policy = group.policy
            if isinstance(policy, LabMakerPolicy) and group.count:
                chain = sorted(group.risk.items(), key=_place)
                rows.append({
                    "cell": number, "group": name,
                    "filter": policy.filter.name, "filter_hash": _hash(_keys(policy.filter)),
                    "quoting": policy.quoting.name, "quoting_hash": _hash(_keys(policy.quoting)),
                    "risk": "+".join(each for each, _ in chain) or "none",
                    "risk_hash": _hash([_keys(each) for _, each in chain]),
                })  # fmt: skip
    return rows


def _place(item: tuple[str, Any]) -> int:
    return int(item[1].place)


def _keys(part: Schema) -> dict[str, Any]:
    return part.model_dump(mode="json")


def _hash(keys: Any) -> str:
    written = canonical_json(keys)
    return hashlib.sha256(written.encode()).hexdigest()[:_DIGITS]
