"""The configuration tree of ``conf/`` as frozen models.

A :class:`CellConfig` is the part that decides results; the rest of a :class:`SweepConfig` (seeds,
executor, folder) only decides how many and where. Integer parameters (nanoseconds, ticks,
nano-currency) are properties of the cell. ``reading`` fills these models from a composed
mapping and words the errors.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import SerializeAsAny

from proteus.basics.schema import FolderName
from proteus.configuration.design import AnyDesign
from proteus.configuration.executors import Executor
from proteus.configuration.study import Endpoint, Parity, Precision, Seeds, Survival
from proteus.errors import ConfigError as ConfigError
from proteus.market.cell import CellConfig


class SweepConfig(CellConfig):
    """Hold one composed configuration: a cell, and how to run it."""

    RUN_KEYS: ClassVar[tuple[str, ...]] = (
        "seeds", "precision", "design", "endpoint", "parity", "survival", "study", "size",
        "executor", "output_dir", "plan_only",
    )  # fmt: skip

    seeds: Seeds
    precision: SerializeAsAny[Precision]
    design: SerializeAsAny[AnyDesign]
    endpoint: Endpoint
    parity: Parity
    survival: Survival | None
    study: str | None
    size: str | None
    executor: SerializeAsAny[Executor]
    output_dir: FolderName | None
    plan_only: bool

    def cell(self) -> CellConfig:
        """Return the part that decides results."""
        return CellConfig(**{key: getattr(self, key) for key in CellConfig.model_fields})
