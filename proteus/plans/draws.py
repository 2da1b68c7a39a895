"""Parity of the draws: compared cells meet the same exogenous random numbers.

Equal configurations should give equal draws; this computes them, with the parts of the kernels that
the engine runs, for one seed and the first addresses of every stream, and compares hashes. Only
addresses that both cells could use count: a trader that one cell lacks is left out (MODEL 6).
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proteus.configuration.treatments import TREATMENTS, Treatment
from proteus.errors import ConfigError
from proteus.market.agents.ordinary import decide
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
    """Check the draws of each level of the treatment, at the first point of the other axes.

    Returns
        The plan, with a hash per stream in ``fairness``; unchanged where nothing is compared.

    Raises
        ConfigError: the streams that differ although no treatment or exception explains it.
    """
    treatment = [TREATMENTS[key] for key in plan.settings.treatment]
    chosen = _representatives(plan, treatment)
    if len(chosen) < 2:
        return plan
    root, replicate = plan.settings.seeds.root, int(plan.replicates[0])
    drawn = {levels: exogenous(plan.cells[cell], root, replicate) for levels, cell in chosen}
    unequal, treated = set(), set()
    for (levels, left), (others, right) in itertools.combinations(drawn.items(), 2):
        rows = zip(treatment, levels, others, strict=True)
        may = {stream for row, a, b in rows if a != b for stream in row.streams}
        found = {*differing(left, right)}
        unequal |= found - may
        treated |= found & may
    if unequal and not plan.fairness["deliberate"]:
        raise ConfigError(
            f"{_named(treatment, [*drawn])} cannot be compared: the draws of "
            f"{', '.join(sorted(unequal))} differ for seed {replicate} although their "
            f"configuration is the same"
        )
    record: dict[str, Any] = {"seed": replicate, "hashes": hashes(shared(drawn.values()))}
    record["differing"] = sorted(unequal)
    if treated:
        record["treated"] = sorted(treated)
    return dataclasses.replace(plan, fairness={**plan.fairness, "draws": record})


Levels = tuple[str, ...]  # of the treatments, in their order


def _representatives(plan: Plan, treatment: Sequence[Treatment]) -> list[tuple[Levels, int]]:
    """Choose a cell for each combination of levels, the first; in the order of cells."""
    first: dict[Levels, int] = {}
    for cell in next(iter(parity.compared(plan))):
        tree = parity.tree(plan.cells[cell])
        first.setdefault(tuple(_level(tree, row) for row in treatment), cell)
    return sorted(first.items(), key=lambda one: one[1])


def _level(tree: Mapping[str, Any], row: Treatment) -> str:
    """Return the level of one treatment in the configuration of a cell."""
    found: Any = tree
    for part in filter(None, row.level.split(".")):
        found = found.get(part, parity.ABSENT) if isinstance(found, Mapping) else parity.ABSENT
    return "" if row.level == "" else str(found)


def _named(treatment: Sequence[Treatment], chosen: Sequence[Levels]) -> str:
    """Write the levels that are compared, as "mechanism=clob and fba"."""
    columns = [[*dict.fromkeys(column)] for column in zip(*chosen, strict=True)]
    return ", ".join(
        f"{row.key}={' and '.join(levels)}"
        for row, levels in zip(treatment, columns, strict=True)
        if len(levels) > 1
    )


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


def shared(drawn: Iterable[Draws]) -> Draws:
    """Return the draws of the first cell at the entities that all cells have."""
    first, *others = drawn
    return {
        stream: {
            entity: numbers
            for entity, numbers in entities.items()
            if all(entity in other.get(stream, {}) for other in others)
        }
        for stream, entities in first.items()
    }


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
    if world.traders.needs_words[trader]:
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
    costs = world.rules.costs
    decide(world.policies, world.traders, view, world.private, costs, intents, 0, trader)
    sent = intents.side, intents.price, intents.lots, intents.lifetime, intents.duration
    return [int(field[0, 0]) for field in sent]
