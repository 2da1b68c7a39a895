"""The tasks there are: a class and a line here."""

from __future__ import annotations

from proteus.envs.tasks.base import Task
from proteus.envs.tasks.maker import Maker, MakerGrid
from proteus.envs.tasks.taker import Sniper, Taker

TASKS: dict[str, type[Task]] = {task.name: task for task in (Maker, MakerGrid, Taker, Sniper)}
