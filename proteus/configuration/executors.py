"""Where the work of a sweep runs: configuration models of the executors."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from proteus.basics.schema import PositiveCount, Schema, requirement

_ADDRESS = re.compile(r"((tcp|tls|wss?)://)?([^\s:/\[\]]+|\[[\da-fA-F:.]+\]):\d{1,5}")


class Executor(Schema):
    """Say how the work is spread; no result depends on it."""

    name: str
    workers: int | None = Field(ge=1, le=1024)  # beyond any machine's cores
    block_lanes: PositiveCount | None
    loop: Literal["auto", "rich"]

    @property
    def is_rich(self) -> bool:
        """Tell whether the loop has all hooks, also where a cell adds no rules."""
        return self.loop == "rich"

    @property
    def lanes_of_task(self) -> int | None:
        """Return how many lanes a worker is handed at once; None: chosen."""
        return None


class ThreadsExecutor(Executor):
    """Run blocks on threads of this process."""

    name: Literal["threads"]


class RemoteExecutor(Executor):
    """Run tasks of several blocks in other processes."""

    task_lanes: PositiveCount | None

    @property
    def lanes_of_task(self) -> int | None:
        """Return how many lanes a worker is handed at once; None: chosen."""
        return self.task_lanes


class ProcessesExecutor(RemoteExecutor):
    """Run tasks in fresh processes of this machine."""

    name: Literal["processes"]


class DaskExecutor(RemoteExecutor):
    """Run tasks on the workers of dask.distributed."""

    name: Literal["dask"]
    scheduler: str | None  # address; None: a cluster on this machine
    retries: int = Field(ge=0, le=100)  # of a task that failed

    @model_validator(mode="after")
    def _check_scheduler(self) -> Self:
        if self.scheduler is not None and not _ADDRESS.fullmatch(self.scheduler):
            raise requirement("scheduler", "must be an address, as tcp://host:8786, or null")
        if self.scheduler is not None and self.workers is not None:
            raise requirement("workers", "must be null with a scheduler, which knows its workers")
        return self


EXECUTOR_MODELS: dict[str, type[Executor]] = {
    "threads": ThreadsExecutor,
    "processes": ProcessesExecutor,
    "dask": DaskExecutor,
}
