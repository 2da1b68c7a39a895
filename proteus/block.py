"""From a cell's configuration to the state of a block of lanes."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus import units
from proteus.accounting import allocate_ledger
from proteus.agents.base import Members
from proteus.agents.theory import KINDS, make_policies
from proteus.clock import allocate_queue
from proteus.config import CellConfig, Group, LatencyLaw
from proteus.latency import LATENCY_CODES
from proteus.latent import NewsParameters
from proteus.latent_setup import allocate_news, parameters_for
from proteus.market_data import Disclosure, allocate_market_data
from proteus.mechanisms.base import Sizes
from proteus.mechanisms.market import allocate_market
from proteus.mechanisms.table import MECHANISMS
from proteus.messages import allocate_messages
from proteus.metrics.sums import allocate_sums, allocate_totals
from proteus.recorder import allocate_log
from proteus.rng import trader_entity
from proteus.schedule import SCHEDULE_CODES
from proteus.traders import (
    CLASS_MAKER,
    Schedules,
    Traders,
    allocate_intents,
    allocate_private,
    allocate_view,
)
from proteus.world import Settings, World, allocate_origins, allocate_progress

BARRIER_STEPS = 1024  # grid steps of the news between two barriers; results do not depend on it
_HISTORY = 256  # public states and prints kept, with nothing shown late
_STATES_PER_WAKE_UP = 2  # at most, of the public: one per message
_FILLS_PER_WAKE_UP = 2  # of takers, that wait for a later reference price
_ROWS_PER_WAKE_UP = 8  # of a log: two messages, their answers, a fill, a new book
_BUSY_S = 0.25  # how long an order may be on its way or in an open batch, for capacities


class Member(NamedTuple):
    """One trader of the cell."""

    group_name: str
    number: int  # within its group
    group: Group


class CellSetup(NamedTuple):
    """What all blocks of a cell share."""

    cell: CellConfig
    members: tuple[Member, ...]
    news: NewsParameters
    settings: Settings
    traders: Traders
    schedules: Schedules
    kinds: dict[str, Members]  # the traders of every kind, of a block without lanes
    disclosure: Disclosure
    signal_window_ns: int  # how far back signals look
    pending: int  # orders and envelopes that a lane has at once, a power of two
    waiting: int  # fills that wait for a later reference price, a power of two
    history: int  # public states and prints kept, a power of two
    log_rows: int  # rows that a lane's log has room for; 0: nothing is recorded


class Block(NamedTuple):
    """A block of lanes, ready to run."""

    mechanism: Any
    world: World


def set_up_cell(cell: CellConfig) -> CellSetup:
    """Prepare what all blocks of a cell share.

    Raises
        ConfigError: the news is too strong to be tabulated.
    """
    members = tuple(
        Member(name, number, group)
        for name, group in cell.population.items()
        for number in range(group.count)
    )
    probability = cell.contract.initial_probability
    delays = [_ns(m.group.signal.delay_ms) for m in members if m.group.signal]
    return CellSetup(
        cell=cell,
        members=members,
        news=parameters_for(cell.latent, cell.horizon_ns, cell.settle_ns, probability),
        settings=_settings(cell),
        traders=_traders(members),
        schedules=_schedules(members),
        kinds=_members_by_kind(cell, members),
        disclosure=cell.leakage.disclosure(),
        signal_window_ns=max(delays, default=0),
        pending=_power_of_two(_pending_orders(cell, members)),
        waiting=_power_of_two(_fills_waiting(cell, members)),
        history=_power_of_two(_states_kept(cell, members)),
        log_rows=0,
    )


def with_log(setup: CellSetup) -> CellSetup:
    """Return the set-up for blocks whose lanes are recorded."""
    return setup._replace(log_rows=_expected_rows(setup))


def build_block(setup: CellSetup, keys: NDArray[np.uint32], growth: int, audit: bool) -> Block:
    """Allocate the state of one block.

    Parameters
        setup: the cell. keys: uint32 [L, 2], replicate keys.
        growth: factor on every capacity, for lanes that outgrew theirs.
        audit: check the invariants after every event, not only at barriers.
    """
    cell, lanes, count = setup.cell, len(keys), max(len(setup.members), 1)
    pending, auctions = growth * setup.pending, cell.mechanism.auctions
    history = growth * setup.history
    sizes = Sizes(lanes, pending, count, keyed=True, delta_ns=cell.delta_ns)
    return Block(
        mechanism=MECHANISMS[cell.mechanism.name].make(cell.mechanism, sizes),
        world=World(
            settings=setup.settings._replace(audit_every_event=audit),
            progress=allocate_progress(lanes),
            queue=allocate_queue(lanes, pending),
            messages=allocate_messages(lanes, pending),
            market=allocate_market(
                lanes, pending, cell.n_ticks, cell.initial_ticks, pending, keys.copy(), auctions
            ),
            origins=allocate_origins(lanes, pending),
            news=_news(setup, lanes, growth),
            news_parameters=setup.news,
            data=allocate_market_data(lanes, history, history, count, auctions, setup.disclosure),
            traders=setup.traders,
            schedules=setup.schedules,
            private=allocate_private(lanes, count),
            policies=make_policies(
                {kind: members._replace(lanes=lanes) for kind, members in setup.kinds.items()},
                cell.contract.initial_probability,
                growth,
            ),
            seen=allocate_view(lanes, history),
            intents=allocate_intents(lanes),
            ledger=allocate_ledger(lanes, count, cell.tick_nano),
            sums=allocate_sums(
                lanes,
                count,
                horizons=len(cell.markout_horizons_ns),
                times=len(cell.elapsed_ns),
                waiting=growth * setup.waiting,
                auctions=auctions,
            ),
            totals=allocate_totals(lanes, count),
            log=allocate_log(lanes, growth * setup.log_rows),
        ),
    )


class BlockPool:
    """Blocks of one cell that are used again and again.

    Fresh memory costs more than starting over in old memory: a page fault for every page of every
    block, and workers wait for each other in the kernel of the machine.
    """

    def __init__(self, setup: CellSetup) -> None:
        """Prepare a pool without blocks."""
        self.setup = setup
        self._free: list[Block] = []

    @functools.cached_property
    def _start(self) -> tuple[Callable[[Block], tuple[Any, ...]], tuple[Any, ...]]:
        """What picks the arrays of a block that must start over, and how each of them starts."""
        unrecorded = self.setup._replace(log_rows=0)
        one, other = (
            build_block(unrecorded, np.zeros((1, 2), np.uint32), growth=1, audit=False)
            for _ in range(2)
        )
        pick = operator.attrgetter(*_starting_over(one, other))
        return pick, pick(one)

    def take(self, keys: NDArray[np.uint32]) -> Block:
        """Return a block that stands at its start, for replicate keys uint32 [L, 2]."""
        try:
            block = self._free.pop()
        except IndexError:
            block = None
        if block is None or len(block.world.market.keys) != len(keys):
            return build_block(self.setup, keys, growth=1, audit=False)
        pick, starts = self._start
        for array, start in zip(pick(block), starts, strict=True):
            array[...] = start
        block.world.market.keys[:] = keys
        return block

    def give_back(self, block: Block) -> None:
        """Take back a block whose results have been read."""
        self._free.append(block)


def _starting_over(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Name the arrays that two blocks do not share, but for what a lane writes first."""
    may_stay = getattr(one, "written_first", ())
    for field, ours, theirs in zip(one._fields, one, other, strict=True):
        if isinstance(ours, np.ndarray):
            if ours is not theirs and field not in may_stay:
                yield path + field
        elif isinstance(ours, tuple):
            yield from _starting_over(ours, theirs, f"{path}{field}.")


def block_bytes(block: Block) -> int:
    """Return the memory of a block's arrays."""

    def size(state: Any) -> int:
        if isinstance(state, np.ndarray):
            return int(state.nbytes)
        return sum(size(field) for field in state) if isinstance(state, tuple) else 0

    return size(block)


def _settings(cell: CellConfig) -> Settings:
    horizons = np.array(cell.markout_horizons_ns, np.int64)
    return Settings(
        horizon_ns=cell.horizon_ns,
        warmup_ns=cell.warmup_ns,
        tau_ns=cell.tau_ns,
        lookahead_ns=int(horizons[-1]),
        barrier_ns=BARRIER_STEPS * units.milliseconds_to_ns(cell.latent.dt),
        tick_nano=cell.tick_nano,
        n_ticks=cell.n_ticks,
        initial_ticks=cell.initial_ticks,
        depth_ticks=cell.metrics.depth_ticks,
        volatility_grid_ns=units.milliseconds_to_ns(cell.metrics.volatility_grid_ms),
        audit_every_event=False,
        elapsed_ns=np.array(cell.elapsed_ns, np.int64),
        horizons_ns=horizons,
    )


def _news(setup: CellSetup, lanes: int, growth: int) -> Any:
    settings = setup.settings
    window = setup.signal_window_ns + settings.barrier_ns + settings.lookahead_ns
    jumps = setup.cell.latent.jump_rate_per_s * window / units.NS_PER_S
    capacity = 8 * growth if growth > 1 else 0
    return allocate_news(lanes, window, setup.news.dt_ns, growth * jumps, capacity)


def _pending_orders(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many orders a lane has at once, with room for six standard deviations."""
    alive = 0.0
    for member in members:
        lifetime_ms = getattr(member.group.policy, "lifetime_ms", 0)
        lifetime_s = min(cell.horizon_s, math.inf if lifetime_ms is None else lifetime_ms / 1000)
        alive += member.group.schedule.wake_ups_per_s * (lifetime_s + _BUSY_S)
    busy = cell.delta_ns / units.NS_PER_S
    alive += busy * sum(member.group.schedule.wake_ups_per_s for member in members)
    alive += cell.mechanism.places(_taker_wake_ups_per_s(members))
    return int(alive + 6 * alive**0.5) + 4 * len(members) + 16


def _fills_waiting(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many fills wait for their markouts, with room for six standard deviations."""
    longest_s = cell.markout_horizons_ns[-1] / units.NS_PER_S
    waiting = _FILLS_PER_WAKE_UP * _taker_wake_ups_per_s(members) * longest_s
    return int(waiting + 6 * waiting**0.5) + 16


def _taker_wake_ups_per_s(members: tuple[Member, ...]) -> float:
    takers = (m for m in members if KINDS[m.group.kind].role != CLASS_MAKER)
    return sum(m.group.schedule.wake_ups_per_s for m in takers)


def _states_kept(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many public states or prints a lane makes before the oldest one is shown."""
    delay_s = max(cell.leakage.delays_ns.values()) / units.NS_PER_S
    wake_ups = sum(member.group.schedule.rate_per_s for member in members)
    clears = units.NS_PER_S / cell.delta_ns if cell.delta_ns else 0.0
    return _HISTORY + int(delay_s * (_STATES_PER_WAKE_UP * wake_ups + clears))


def _expected_rows(setup: CellSetup) -> int:
    """Estimate the rows of a lane: about what its traders send, and what comes of it."""
    wake_ups = sum(member.group.schedule.wake_ups_per_s for member in setup.members)
    of_a_clear = setup.cell.mechanism.auctions + 1  # and the book
    clears = of_a_clear * units.NS_PER_S / setup.cell.delta_ns if setup.cell.delta_ns else 0.0
    rows_per_s = _ROWS_PER_WAKE_UP * wake_ups + clears + setup.cell.latent.jump_rate_per_s
    return int(rows_per_s * setup.cell.horizon_ns / units.NS_PER_S) + 256


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


def _traders(members: tuple[Member, ...]) -> Traders:
    groups = [member.group for member in members]
    signals = [group.signal for group in groups]
    laws = [_legs(group) for group in groups]
    count = max(len(groups), 1)

    def column(values: list[Any], dtype: Any, *legs: int) -> NDArray[Any]:
        array = np.zeros((count, *legs), dtype)
        array[: len(values)] = np.array(values, dtype).reshape(len(values), *legs)
        return array

    return Traders(
        kind=column([KINDS[group.kind].number for group in groups], np.int64),
        role=column([KINDS[group.kind].role for group in groups], np.int64),
        entity=column([trader_entity(m.group_name, m.number) for m in members], np.int64),
        latency_law=column([[LATENCY_CODES[leg.law] for leg in legs] for legs in laws], np.int8, 4),
        latency_base=column([[_ns(leg.base_ms) for leg in legs] for legs in laws], np.int64, 4),
        latency_spread=column(
            [[_ns(leg.spread_ms) for leg in legs] for legs in laws], np.float64, 4
        ),
        latency_shape=column([[leg.shape for leg in legs] for legs in laws], np.float64, 4),
        has_signal=column([s is not None for s in signals], np.bool_),
        signal_delay=column([_ns(s.delay_ms) if s else 0 for s in signals], np.int64),
        signal_noise=column([s.noise_sd if s else 0.0 for s in signals], np.float64),
        signal_look=column([_ns(s.look_ms) if s else 1 for s in signals], np.int64),
    )


def _legs(group: Group) -> tuple[LatencyLaw, LatencyLaw, LatencyLaw, LatencyLaw]:
    """Return the four laws in the order of ``latency``."""
    latency = group.latency
    return latency.submission, latency.acknowledgement, latency.fill_report, latency.market_data


def _ns(milliseconds: float) -> int:
    return units.milliseconds_to_ns(milliseconds)


def _schedules(members: tuple[Member, ...]) -> Schedules:
    schedules = [member.group.schedule for member in members]
    count = max(len(schedules), 1)

    def column(values: list[Any], dtype: Any) -> NDArray[Any]:
        array = np.zeros(count, dtype)
        array[: len(values)] = values
        return array

    gaps = [units.NS_PER_S / s.rate_per_s if s.rate_per_s else 0.0 for s in schedules]
    jitters = [gap * s.jitter for gap, s in zip(gaps, schedules, strict=True)]
    return Schedules(
        law=column([SCHEDULE_CODES[s.law] for s in schedules], np.int8),
        gap_ns=column(gaps, np.float64),
        jitter_ns=column(jitters, np.float64),
        cluster_probability=column([s.cluster_probability for s in schedules], np.float64),
        cluster_gap_ns=column([_ns(s.cluster_gap_ms) for s in schedules], np.float64),
        on_news=column([s.on_news for s in schedules], np.bool_),
        on_fill=column([s.on_fill for s in schedules], np.bool_),
    )


def _members_by_kind(cell: CellConfig, members: tuple[Member, ...]) -> dict[str, Members]:
    latencies = np.zeros(max(len(members), 1))
    for trader, member in enumerate(members):
        latency = member.group.latency
        latencies[trader] = _mean_s(latency.submission) + _mean_s(latency.market_data)
    return {
        kind: Members(
            policies=tuple(
                (trader, member.group.policy)
                for trader, member in enumerate(members)
                if member.group.kind == kind
            ),
            latency_s=latencies,
            traders=len(latencies),
            lanes=0,
            n_ticks=cell.n_ticks,
            protection_ticks=cell.execution.protection_ticks,
        )
        for kind in KINDS
    }


def _mean_s(law: LatencyLaw) -> float:
    """Return the mean latency in seconds."""
    factor = {"constant": 0.0, "uniform": 0.5, "shifted_exponential": 1.0}
    share = factor.get(law.law) if law.law in factor else float(np.exp(law.shape**2 / 2))
    return (law.base_ms + law.spread_ms * float(share or 0.0)) / 1000
