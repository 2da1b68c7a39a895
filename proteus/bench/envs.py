"""Environments: steps of a vector environment on one core, and the same lanes without one.

The load is ``maker`` in a clob on a grid of 5 ms with actions drawn beforehand, so that the trader
moves both quotes at nearly every step: its wake-up, two messages, their answers, and what others
do. A step takes each lane to its next decision and gives fresh arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus.bench.figures import RUNS, Figure, Timing, rate, timed
from proteus.envs.vector import make_vec
from proteus.market.agents.external import DECIDED
from proteus.market.agents.traders import INTENT_QUOTE
from proteus.sessions.session import Session

_STEPS = 40_000  # of all lanes together, in a run
_WIDE = "population.noise.schedule.rate_per_s"


def measure() -> list[Figure]:
    """Measure steps, what an observation and an action add to them, messages, and a reset."""
    figures: list[Figure] = []
    for lanes, steps_at_least in ((64, 0.7e6), (1024, 0.7e6)):
        envs = make_vec("maker", num_envs=lanes, mechanism="clob", step_ms=5)
        figures += _of_steps(envs, f"envs: {lanes} lanes", steps_at_least)
    dense = make_vec("maker", num_envs=64, mechanism="clob", step_ms=200, **{_WIDE: 100.0})
    figures += _of_messages(dense)
    figures.append(_reset())
    return figures


def _of_steps(envs: Any, name: str, at_least: float) -> list[Figure]:
    """Measure one vector environment, and its lanes stepped with the same intents again."""
    actions, count = _begin(envs), max(_STEPS // envs.num_envs, 20)
    wanted, events = _record(envs, actions, count)
    whole, bare = list[Timing](), list[Timing]()
    for _ in range(RUNS):
        envs.reset(seed=0)
        whole.append(timed(lambda: _step(envs, actions, count)))
        envs.session.reset(seed=0)
        bare.append(timed(lambda: _step_bare(envs.session, wanted)))
    ratios = tuple(w.processor_s / b.processor_s for w, b in zip(whole, bare, strict=True))
    return [
        rate(name, "env-steps/s", count * envs.num_envs, whole, at_least=at_least),
        Figure(f"{name}: events", "per step", (events,), at_least=4),
        Figure(f"{name}: over the lanes alone", "times", ratios, at_most=1.3),
    ]


def _begin(envs: Any) -> list[Any]:
    envs.reset(seed=0)
    envs.action_space.seed(0)
    actions = [envs.action_space.sample() for _ in range(16)]
    for each in actions:  # quotes up to 0.1 from the reference, on their own side of it
        each[:, :2] = np.sqrt(0.05 * (each[:, :2] + 1.0))
    _step(envs, actions, 8)
    return actions


def _step(envs: Any, actions: list[Any], count: int) -> None:
    for number in range(count):
        envs.step(actions[number % len(actions)])


def _record(envs: Any, actions: list[Any], count: int) -> tuple[list[Any], float]:
    """Note what is wanted at each step, prices and lots, and how many events a step has.

    No lane may end meanwhile.
    """
    session, wanted = envs.session, []
    session.reset(seed=0)
    intents, progress = session.world.intents, session.world.progress
    before = int(progress.events.sum())
    for number in range(count):
        envs.task.take(actions[number % len(actions)])
        envs.task.decide()
        wanted.append((intents.price[:, :2].copy(), intents.lots[:, :2].copy()))
        session.resume()
    assert session.waiting.all(), "a lane has ended"
    return wanted, (int(progress.events.sum()) - before) / (count * envs.num_envs)


def _step_bare(session: Session, wanted: list[Any]) -> None:
    """Step the lanes with intents that are there already: no observation, reward or info."""
    external, intents = session.world.policies.others.policy, session.world.intents
    for price, lots in wanted:
        intents.count[:], intents.price[:, :2], intents.lots[:, :2] = 2, price, lots
        intents.kind[:, :2], intents.side[:, :2] = INTENT_QUOTE, (0, 1)
        external.waits[:] = DECIDED
        session.resume()


def _of_messages(envs: Any) -> list[Figure]:
    """Measure a market with many messages in each step."""
    actions, timings = _begin(envs), list[Timing]()
    progress, counts = envs.session.world.progress, []
    count = 60  # of 200 ms: no lane ends
    for _ in range(RUNS):
        envs.reset(seed=0)
        before = int(progress.messages.sum())
        timings.append(timed(lambda: _step(envs, actions, count)))
        counts.append(int(progress.messages.sum()) - before)
    of_a_step = counts[0] / (count * envs.num_envs)
    return [
        rate("envs: many messages", "messages/s", counts[0], timings, at_least=3e6),
        Figure("envs: many messages", "per step", (of_a_step,), at_least=80),
    ]


def _reset() -> Figure:
    """Measure how long one lane of 64 takes to start over."""
    session = Session({"mechanism": "clob"}, 64)
    one, times = np.arange(64) == 5, 200
    taken = [timed(lambda: _restart(session, one, times)) for _ in range(RUNS)]
    return Figure(
        "envs: a lane starts over", "us", tuple(t.processor_s / times * 1e6 for t in taken),
        at_most=50,
    )  # fmt: skip


def _restart(session: Session, lanes: Any, times: int) -> None:
    for _ in range(times):
        session.restart(lanes=lanes)
