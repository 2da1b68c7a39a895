"""Environments: steps of a vector environment on one core, and the same lanes without one.

The load is ``maker`` in a clob on a grid of 5 ms with actions drawn beforehand, so that the trader
moves both quotes at nearly every step: its wake-up, two messages, their answers, and what others
do. A step takes each lane to its next decision and gives fresh arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus.bench.figures import RUNS, Figure, Timing, rate, timed
from proteus.bench.lanes import run_lanes
from proteus.envs.vector import make_vec
from proteus.market.agents.external import DECIDED
from proteus.market.agents.traders import INTENT_QUOTE
from proteus.market.setup.block import BlockPool
from proteus.market.setup.cell import set_up_cell
from proteus.plans.planner import from_mapping
from proteus.sessions.session import Session

_STEPS = 40_000  # of all lanes together, in a run
_FASTER = 10  # times as fast as ``+experiment=bench``: traders' rates and makers' looks
_BUSY: dict[str, Any] = {
    "mechanism": "clob", "latent": "log_odds", "latent.sigma": 0.3,
    "latent.mean_reversion_per_s": 0.05,
    "population.maker.count": 2, "population.maker.schedule.rate_per_s": 20 * _FASTER,
    "population.maker.signal.look_ms": 40 / _FASTER,
    "population.maker.latency.submission.law": "shifted_exponential",
    "population.maker.latency.submission.base_ms": 1,
    "population.maker.latency.submission.spread_ms": 0.5,
    "population.maker.latency.market_data.law": "lognormal",
    "population.maker.latency.market_data.base_ms": 1,
    "population.maker.latency.market_data.spread_ms": 0.5,
    "population.maker.latency.market_data.shape": 0.5,
    "population.informed.count": 2, "population.informed.schedule.rate_per_s": 5 * _FASTER,
    "population.noise.count": 4, "population.noise.schedule.rate_per_s": _FASTER,
    "population.sniper.count": 0,
}  # fmt: skip


def measure() -> list[Figure]:
    """Measure steps, what an observation and an action add to them, messages, and a reset."""
    figures: list[Figure] = []
    for lanes, steps_at_least in ((64, 0.7e6), (1024, 0.7e6)):
        envs = make_vec("maker", num_envs=lanes, mechanism="clob", step_ms=5)
        figures += _of_steps(envs, f"envs: {lanes} lanes", steps_at_least)
    for lanes in (16, 64):
        figures += _of_messages(lanes)
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


def _of_messages(lanes: int) -> list[Figure]:
    """Measure a market with many messages in each step, and what the plain loop makes of it."""
    envs = make_vec("maker", num_envs=lanes, step_ms=200, **_BUSY)
    actions, count = _begin(envs), 60  # of 200 ms: no lane ends
    progress = envs.session.world.progress
    setup = set_up_cell(from_mapping(_BUSY, grid=False).cells[0])
    pool = BlockPool(setup)
    events_of_whole = int(run_lanes(setup, lanes, pool).events.sum())
    stepped, whole = list[Timing](), list[Timing]()
    for _ in range(RUNS):
        envs.reset(seed=0)
        before = int(progress.messages.sum()), int(progress.events.sum())
        stepped.append(timed(lambda: _step(envs, actions, count)))
        messages = int(progress.messages.sum()) - before[0]
        events = int(progress.events.sum()) - before[1]
        whole.append(timed(lambda: run_lanes(setup, lanes, pool)))
    name = f"envs: {lanes} lanes, many messages"
    beside = events_of_whole / events
    ratios = tuple(
        s.processor_s / w.processor_s * beside for s, w in zip(stepped, whole, strict=True)
    )
    return [
        rate(name, "messages/s", messages, stepped, at_least=3e6),
        Figure(name, "per step", (messages / (count * lanes),), at_least=80),
        Figure(f"{name}: an event, beside the plain loop", "times", ratios),
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
