"""Parity of the draws: compared cells meet the same exogenous random numbers.

Equal configurations should give equal draws; this computes them, with the parts of the kernels that
the engine runs, for one seed and the first addresses of every stream, and compares hashes. Only
addresses that both cells could use count: a trader that one cell lacks is left out (MODEL 6).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from proteus.errors import ConfigError
from proteus.market.agents.table import decide
from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.cell import CellConfig
from proteus.market.environment.news import extend_news, start_news
from proteus.market.events.envelopes import CAUSE_SCHEDULE, pack_address
from proteus.market.events.latency import delay, latency_words
from proteus.market.events.schedule import first_wake, next_wake
from proteus.market.information.signals import signal
from proteus.market.rng import (
    ENTITY_MARKET,
    STREAM_INTENT,
    STREAM_LIFETIME,
    replicate_keys,
    words_at,
)
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.cell import set_up_cell
from proteus.plans import parity

if TYPE_CHECKING:
    from proteus.plans.plan import Plan

STEPS = 256  # grid steps of the news
ADDRESSES = 16  # wake-ups, arrivals and looks of each trader
_LEGS = 4

Draws = dict[str, dict[int, bytes]]  # stream -> entity -> what was drawn


def check(plan: Plan) -> Plan:
    """Check the draws of the mechanisms of a plan, at the first point of its other axes.

    Returns
        The plan, with a hash per stream in ``fairness``; unchanged where nothing is compared.

    Raises
        ConfigError: the streams that differ although no exception explains it.
    """
    cells = next(iter(parity.compared(plan)))
    representatives = {plan.cells[cell].mechanism.name: cell for cell in reversed(cells)}
    chosen = sorted(representatives.values())
    if len(chosen) < 2:
        return plan
    root, replicate = plan.settings.seeds.root, int(plan.replicates[0])
    drawn = [exogenous(plan.cells[cell], root, replicate) for cell in chosen]
    unequal = sorted({name for other in drawn[1:] for name in differing(drawn[0], other)})
    if unequal and not plan.fairness["deliberate"]:
        names = " and ".join(plan.cells[cell].mechanism.name for cell in chosen)
        raise ConfigError(
            f"mechanism={names} cannot be compared: the draws of {', '.join(unequal)} differ for "
            f"seed {replicate} although their configuration is the same"
        )
    record = {"seed": replicate, "hashes": hashes(drawn[0]), "differing": unequal}
    return dataclasses.replace(plan, fairness={**plan.fairness, "draws": record})


def exogenous(cell: CellConfig, root: int, replicate: int) -> Draws:
    """Draw the first exogenous numbers of one seed.

    Parameters
        cell: the configuration. root, replicate: the seed.

    Returns
        Stream (news, arrivals, intents, signals, latencies) to entity to the numbers as bytes.
    """
    keys = replicate_keys(root, np.array([replicate]))
    block = build_block(set_up_cell(cell), keys, growth=1, audit=False)
    with np.errstate(over="ignore"):  # the parts run as plain Python, and Philox wraps around
        draws: Draws = {"news": {ENTITY_MARKET: _news(block)}}
        for trader in range(sum(group.count for group in cell.population.values())):
            entity = int(block.world.traders.entity[trader])
            for stream, numbers in _of_trader(block, trader).items():
                draws.setdefault(stream, {})[entity] = np.array(numbers).tobytes()
    return draws


def differing(left: Draws, right: Draws) -> list[str]:
    """Name the streams in which two cells differ at an entity that both have."""
    return [
        stream
        for stream in left.keys() & right.keys()
        if any(
            left[stream][entity] != right[stream][entity]
            for entity in left[stream].keys() & right[stream].keys()
        )
    ]


def hashes(draws: Mapping[str, Mapping[int, bytes]]) -> dict[str, str]:
    """Return sixteen hexadecimal digits per stream."""
    result = {}
    for stream, entities in draws.items():
        digest = hashlib.sha256()
        for entity in sorted(entities):
            digest.update(entity.to_bytes(8, "big") + entities[entity])
        result[stream] = digest.hexdigest()[:16]
    return result


def _news(block: Block) -> bytes:
    """Return payoff, first path of v and first jumps."""
    news, parameters = block.world.news, block.world.news_parameters
    key0, key1 = block.world.market.keys[0]
    start_news(news, parameters, key0, key1, 0)
    steps = min(STEPS, news.value.shape[1] // 2)
    extend_news(news, parameters, key0, key1, 0, steps * parameters.dt_ns)
    jumps = news.jump_ns[0, : news.n_jumps[0]]
    parts = (news.payoff, news.value[0, : steps + 1], jumps, news.next_jump_ns)
    return b"".join(part.tobytes() for part in parts)


def _of_trader(block: Block, trader: int) -> dict[str, list[Any]]:
    """Return the numbers of one trader's streams; the news must be made."""
    world = block.world
    draws: dict[str, list[Any]] = {
        "arrivals": _arrivals(world, trader),
        "latencies": [_delays(world, trader, number) for number in range(ADDRESSES)],
    }
    if world.traders.has_signal[trader]:
        draws["signals"] = _signals(world, trader)
    if world.traders.role[trader] == CLASS_NOISE:
        draws["intents"] = [_intent(world, trader, number) for number in range(ADDRESSES)]
    return draws


def _arrivals(world: Any, trader: int) -> list[int]:
    """Return the times of the first scheduled wake-ups, ns."""
    state = world.schedules, world.traders, world.private, world.market.keys, 0, trader
    times = [int(first_wake(*state))]
    if world.schedules.law[trader]:
        times += [int(next_wake(*state, number)) for number in range(1, ADDRESSES)]
    return times


def _delays(world: Any, trader: int, number: int) -> list[int]:
    """Return the latency of each leg of a scheduled wake-up, ns."""
    address = pack_address(CAUSE_SCHEDULE, 0, number)
    drawn = latency_words(world.traders, world.market.keys, 0, trader, address)
    return [int(delay(world.traders, trader, leg, drawn[leg])) for leg in range(_LEGS)]


def _signals(world: Any, trader: int) -> list[float]:
    """Return the signals of the first looks, up to the news that is made."""
    traders, keys = world.traders, world.market.keys[0]
    look, made = traders.signal_look[trader], world.news.grid_done[0]
    looks = range(min(ADDRESSES, int(made * world.news_parameters.dt_ns // look)))
    return [
        float(
            signal(
                world.news, world.news_parameters, keys[0], keys[1], 0, traders.entity[trader],
                number * look, traders.signal_delay[trader], traders.signal_noise[trader], look,
            )
        )
        for number in looks
    ]  # fmt: skip


def _intent(world: Any, trader: int, number: int) -> list[int]:
    """Return side, limit, lots, lifetime law and duration of a noise arrival in an empty market."""
    view, intents, entity = world.seen, world.intents, world.traders.entity[trader]
    for stream, begin in ((STREAM_INTENT, 0), (STREAM_LIFETIME, _LEGS)):
        drawn = words_at(world.market.keys, 0, stream, entity, number, CAUSE_SCHEDULE)
        view.words[0, begin : begin + 4] = drawn[: view.words.shape[1] - begin]
    view.reference_doubled[0] = 2 * world.settings.initial_ticks
    intents.count[0] = 0
    decide(world.policies, world.traders, view, world.private, intents, 0, trader)
    sent = intents.side, intents.price, intents.lots, intents.lifetime, intents.duration
    return [int(field[0, 0]) for field in sent]
