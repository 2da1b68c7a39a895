"""What contradicts a spoofer: it needs a book that is published, and makers who read its lots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proteus.market.agents.kinds import OF_STRESS
from proteus.market.cell import CellConfig
from proteus.market.environment.contradictions import Rule


def rules(cell: CellConfig) -> Iterator[Rule]:
    """List what must hold of a cell in which somebody spoofs."""
    groups = {name: group for name, group in cell.population.items() if group.count}
    filters: list[Any] = [getattr(group.policy, "filter", None) for group in groups.values()]
    is_read = any(part is not None and part.reads_sizes for part in filters)
    has_book = hasattr(cell.leakage, "book")
    for name, group in groups.items():
        if group.kind in OF_STRESS:
            key, kind = f"population.{name}.kind", group.kind
            nothing = f"another one: mechanism={cell.mechanism.name} publishes no book"
            yield Rule(key, kind, has_book, nothing)
            nobody = (
                "another one: nobody here reads depth; a group of kind lab_maker with "
                "policy.filter microprice or imbalance does"
            )
            yield Rule(key, kind, is_read, nobody)
