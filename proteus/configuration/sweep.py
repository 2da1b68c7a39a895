"""The configuration tree of ``conf/`` as frozen models.

A :class:`CellConfig` is the part that decides results; the rest of a :class:`SweepConfig` (seeds,
executor, folder) only decides how many and where. Integer parameters (nanoseconds, ticks,
nano-currency) are properties of the cell. ``reading`` fills these models from a composed
mapping and words the errors.
"""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import SerializeAsAny, model_validator

from proteus.basics.schema import FolderName, requirement
from proteus.configuration.design import AnyDesign
from proteus.configuration.executors import Executor
from proteus.configuration.lab import KIND
from proteus.configuration.study import Endpoint, Lab, Parity, Precision, Seeds, Survival
from proteus.errors import ConfigError as ConfigError
from proteus.market.cell import CellConfig


class SweepConfig(CellConfig):
    """Hold one composed configuration: a cell, and how to run it."""

    RUN_KEYS: ClassVar[tuple[str, ...]] = (
        "seeds", "precision", "design", "endpoint", "parity", "lab", "survival", "study", "size",
        "executor", "output_dir", "plan_only", "resume_from",
    )  # fmt: skip

    seeds: Seeds
    precision: SerializeAsAny[Precision]
    design: SerializeAsAny[AnyDesign]
    endpoint: Endpoint
    parity: Parity
    lab: Lab = Lab(vary=None)
    survival: Survival | None
    study: str | None
    size: str | None
    executor: SerializeAsAny[Executor]
    output_dir: FolderName | None
    resume_from: FolderName | None = None
    plan_only: bool

    @property
    def treatment(self) -> tuple[str, ...]:
        """Return the keys in which compared cells may differ."""
        return self.lab.treatment or self.parity.treatment

    @model_validator(mode="after")
    def _check_lab(self) -> Self:
        if self.lab.vary and all(group.kind != KIND for group in self.population.values()):
            raise requirement("lab.vary", "must be null: no group of the population is a lab maker")
        return self

    def cell(self) -> CellConfig:
        """Return the part that decides results."""
        return CellConfig(**{key: getattr(self, key) for key in CellConfig.model_fields})
