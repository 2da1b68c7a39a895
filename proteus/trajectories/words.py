"""What is asked for: the words of a collection, and those among them that are the market's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from proteus.configuration import overrides
from proteus.envs.tasks.table import TASKS
from proteus.errors import ConfigError, nearest
from proteus.market.cell import CellConfig
from proteus.plans import designs, planner
from proteus.plans.plan import Plan
from proteus.trajectories.policies import Chosen, choose
from proteus.trajectories.schema import hash_of

OPTIONS = "options"  # ``options.most_lots=10``: of the task
DEFAULTS: dict[str, Any] = {
    "task": "maker", "policy": "baseline", "control": None, "decisions": None, "step_ms": None,
    "end": "marked", "max_steps": None,
}  # fmt: skip
LANES = 64  # seeds of a file, played side by side, unless executor.block_lanes says so

# Keys that mean something to a sweep, and nothing to a data set.
_OF_A_SWEEP = {
    "endpoint": "a data set has no verdict", "survival": "a data set has no verdict",
    "precision": "seeds.count says how many episodes there are",
    "episodes": "an episode begins afresh; seeds.episode chooses which",
    "resume_from": "an episode begins afresh",
    "experiment": "it is of sweeps", "size": "it is of sweeps",
}  # fmt: skip
_RECORDS = ("record.per_run", "record.events", "record.panel", "record.report", "record.traces")


class Request(NamedTuple):
    """What is collected, as far as rows depend on it; workers get it whole."""

    task: str
    policy: Chosen
    control: str
    decisions: str
    step_ms: float | None
    end: str
    max_steps: int | None
    options: Mapping[str, Any]  # of the task, those that were given
    cells: tuple[CellConfig, ...]
    root: int  # root seed
    first: int  # seed
    seeds: int  # how many
    episode: int
    lanes: int  # of a part, at most
    config_hash: str
    words: tuple[str, ...]  # that were given

    @property
    def hash(self) -> str:
        """Return 64 hexadecimal digits: equal ones mean equal rows, by equal code."""
        return hash_of([self.config_hash, *self.about().values(), self.lanes, self.root])

    def about(self) -> dict[str, Any]:
        """Return what is not the market's."""
        return {
            "task": self.task, "policy": self.policy._asdict(), "control": self.control,
            "decisions": self.decisions, "step_ms": self.step_ms, "end": self.end,
            "max_steps": self.max_steps, "options": dict(self.options),
        }  # fmt: skip


def read(words: Sequence[str]) -> tuple[Request, Plan]:
    """Read the words of a collection.

    Raises
        ConfigError: a key, value or combination that is not allowed.
    """
    overrides.check_once(words)
    own = [word for word in words if _is_own(overrides.key(word))]
    for word in words:
        _check_applies(word)
    if OPTIONS in map(overrides.key, own):
        raise ConfigError(f"{OPTIONS} is not allowed alone: write {OPTIONS}.most_lots=10")
    values = {**DEFAULTS, **{overrides.key(word): _value(word) for word in own}}
    plan = planner.from_words([word for word in words if word not in own])
    designs.refuse(plan.settings, "a data set")
    if plan.settings.executor.name == "dask":
        allowed = "parts are collected by processes of this machine"
        raise ConfigError(f"executor=dask is not allowed: {allowed}")
    return _request(values, plan)._replace(words=tuple(words)), plan


def _is_own(key: str) -> bool:
    return key in DEFAULTS or key.partition(".")[0] == OPTIONS


def _value(word: str) -> Any:
    """Return the one value of a word of ours."""
    if overrides.is_axis(word):
        one = "a data set has one; axes are keys of the market"
        raise ConfigError(f"{word} is not allowed: {one}")
    return overrides.parse(word).value()


def _check_applies(word: str) -> None:
    key = overrides.key(word)
    first = key.partition(".")[0]
    if first in _OF_A_SWEEP:
        raise ConfigError(f"{word} is not allowed here: {_OF_A_SWEEP[first]}")
    if key in _RECORDS:
        raise ConfigError(f"{word} is not allowed here: a sweep records, see proteus.sweep")


def _request(values: Mapping[str, Any], plan: Plan) -> Request:
    name = str(values["task"])
    if name not in TASKS:
        raise ConfigError(f"task={name} is not allowed{nearest(name, TASKS)}")
    task, most, step_ms = TASKS[name], values["max_steps"], values["step_ms"]
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        raise ConfigError(f"max_steps={most} is not allowed: must be a whole number of at least 1")
    if step_ms is not None and (not isinstance(step_ms, (int, float)) or step_ms <= 0):
        raise ConfigError(f"step_ms={step_ms} is not allowed: must be greater than 0")
    decisions = values["decisions"] or ("step_ms" if step_ms is not None else task.decisions)
    seeds = plan.settings.seeds
    return Request(
        name, choose(str(values["policy"])), str(values["control"] or task.control), decisions,
        task.step_ms if step_ms is None and decisions == "step_ms" else step_ms,
        str(values["end"]), most,
        {key.partition(".")[2]: value for key, value in values.items()
         if key.startswith(f"{OPTIONS}.")},
        plan.cells, seeds.root, seeds.first, len(plan.replicates), seeds.episode,
        plan.settings.executor.block_lanes or LANES, plan.config_hash, plan.words,
    )  # fmt: skip
