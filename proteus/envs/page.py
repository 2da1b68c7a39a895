"""``python -m proteus.envs.page``: write ``docs/environments.md``, of what the code declares.

The table of wrappers is found by wrapping a small environment and stepping it past an end.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from gymnasium import wrappers as single
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import vector as wrappers

from proteus.envs.self_play import DECIDES
from proteus.envs.tasks.base import Feature, Task
from proteus.envs.tasks.table import TASKS
from proteus.envs.vector import FAULTS, ProteusVectorEnv

_SMALL: dict[str, Any] = {
    "mechanism": "clob", "horizon_s": 0.2, "record": {"warmup_s": 0.05}, "step_ms": 50,
    "metrics": {"tau_ms": 150, "horizons_ms": [0, 100]},
}  # fmt: skip
_STEPS = 6  # past an end, of four or five decisions


def _observing(name: str, **more: Any) -> Callable[[Any], Any]:
    return lambda envs: getattr(wrappers, name)(envs, **more)


WRAPPERS: dict[str, Callable[[Any], Any]] = {
    "RecordEpisodeStatistics": wrappers.RecordEpisodeStatistics,
    "NormalizeReward": wrappers.NormalizeReward,
    "NormalizeObservation": wrappers.NormalizeObservation,
    "FlattenObservation": wrappers.FlattenObservation,
    "ReshapeObservation": _observing("ReshapeObservation", shape=(1, 20)),
    "RescaleObservation": _observing("RescaleObservation", min_obs=-1.0, max_obs=1.0),
    "DtypeObservation": _observing("DtypeObservation", dtype=np.float64),
    "TransformObservation": _observing("TransformObservation", func=lambda seen: seen),
    "VectorizeTransformObservation": lambda envs: wrappers.VectorizeTransformObservation(
        envs, single.TransformObservation, func=lambda seen: seen, observation_space=None
    ),
    "ClipReward": _observing("ClipReward", min_reward=-1.0, max_reward=1.0),
    "TransformReward": _observing("TransformReward", func=lambda reward: reward),
    "ClipAction": wrappers.ClipAction,
    "RescaleAction": _observing("RescaleAction", min_action=-2.0, max_action=2.0),
    "TransformAction": _observing("TransformAction", func=lambda action: action),
    "DictInfoToList": wrappers.DictInfoToList,
}  # fmt: skip


def outcome(wrap: Callable[[Any], Any], mode: AutoresetMode) -> str:
    """Wrap a small environment and step it past an end; returns ``works``, or what it raises."""
    envs = ProteusVectorEnv("maker", 2, autoreset_mode=mode, **_SMALL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrapped = wrap(envs)
            wrapped.reset(seed=0)
            for _ in range(_STEPS):
                over = wrapped.step(np.zeros((2, 5), np.float32))[2]
                if mode == AutoresetMode.DISABLED and over.any():
                    wrapped.reset(options={"reset_mask": over.copy()})
    except Exception as error:  # whatever a wrapper raises is what the table says
        return f"`{type(error).__name__}`"
    return "works"


def page() -> str:
    """Return the page."""
    return "\n".join([*_head(), *_tasks(), *_agents(), *_infos(), *_wrappers()]) + "\n"


def _head() -> Iterator[str]:
    yield "# Environments"
    yield ""
    yield "Written by `make docs` from `proteus/envs`; `docs/learning.md` says how to use them."


def _tasks() -> Iterator[str]:
    for name, task in TASKS.items():
        yield from ("", f"## {name}", "")
        text = " ".join((task.__doc__ or "").split("\n\n")[0].split())
        decisions = "its wake-ups" if task.step_ms is None else f"every {task.step_ms:g} ms"
        yield f"`proteus/{name}-v0`. {text} Who: `{task.control}`, at {decisions}."
        yield from _table_of_options(task)
        yield from ("", *_FEATURES, *map(_row, task.features))
        yield from ("", "| action | what |", "| --- | --- |")
        yield from (f"| {at} | {means} |" for at, means in enumerate(task.actions))
        yield from ("", "| reward, currency | weight |", "| --- | --- |")
        for term in task.terms:
            yield f"| {term.means} | {f'`{term.option}`' if term.option else '1'} |"


_FEATURES = ("| observed | unit | bounds | from | what |", "| --- | --- | --- | --- | --- |")


def _row(each: Feature) -> str:
    bounds = f"{each.low:g} .. {each.high:g}"
    return f"| `{each.name}` | {each.unit} | {bounds} | {each.source} | {each.means} |"


def _table_of_options(task: type[Task]) -> Iterator[str]:
    options = ", ".join(f"`{key}={value}`" for key, value in task.options.items())
    yield f"Options and their defaults: {options}."


def _agents() -> Iterator[str]:
    yield from ("", "## Several agents", "")
    yield (
        "`proteus.envs.parallel_env(TASK)` for PettingZoo, `SelfPlayVectorEnv(TASK, N)` for NumPy: "
        "observations [N, M, F + 1], actions [N, M, A], rewards [N, M] and flags [N] of M agents, "
        "which are `GROUP.0` and `GROUP.1` of who is named above unless `control` lists others. "
        "Actions and terms of the reward are those of the task, each agent's own, charged over "
        "the time of every step by what it held and quoted at its last decision. Behind the "
        "features of the task comes one more, and the infos have it too, as `decides`."
    )
    yield from ("", *_FEATURES, _row(DECIDES), "")
    yield (
        "A step takes a lane to the next decision of any agent. All the others are shown what they "
        "saw last, zeros before they have seen anything, and after the end no time left."
    )


def _infos() -> Iterator[str]:
    yield from ("", "## What the info says", "")
    yield "An array of all lanes under every key, at every step, with a mask of ones under `_key`."
    yield from ("", "| key | type | what |", "| --- | --- | --- |")
    envs = ProteusVectorEnv("maker", 1, **_SMALL)
    _, info = envs.reset(seed=0)
    for key, means in INFOS.items():
        yield f"| `{key}` | {info[key].dtype} | {means} |"
    assert INFOS.keys() == {key for key in info if not key.startswith("_")}
    codes = ", ".join(f"{code} {name}" for code, name in FAULTS.items())
    yield from ("", f"Codes of `fault`: {codes}.")


INFOS = {
    "equity_nano": "what the trader has made so far, nano-currency",
    "episode_return": "sum of the rewards of the episode",
    "episode_length": "steps of the episode",
    "replicate": "which replicate the lane plays",
    "episode_number": "and which of its episodes, from 0",
    "time_s": "seconds since the start of the episode",
    "fault": "why the lane was stopped; 0: it was not",
}


def _wrappers() -> Iterator[str]:
    modes = tuple(AutoresetMode)
    yield from ("", "## Wrappers of Gymnasium", "")
    yield "Each around `maker`, stepped past an end: `works`, or what it raises by then."
    yield from ("", f"| wrapper | {' | '.join(mode.value for mode in modes)} |")
    yield "| --- |" + " --- |" * len(modes)
    for name, wrap in WRAPPERS.items():
        yield f"| {name} | {' | '.join(outcome(wrap, mode) for mode in modes)} |"


if __name__ == "__main__":
    print(page(), end="")
