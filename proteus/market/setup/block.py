"""From a cell's configuration to the state of a block of lanes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.market.agents.others import make_policies
from proteus.market.agents.traders import (
    CLASS_SPOOFER,
    allocate_intents,
    allocate_private,
    allocate_view,
    classes_among,
)
from proteus.market.constraints.state import allocate_constraints
from proteus.market.environment.channel_setup import allocate_channels
from proteus.market.environment.mempool import TIPS
from proteus.market.environment.setup import allocate_news
from proteus.market.events.envelopes import allocate_messages
from proteus.market.events.log import allocate_log
from proteus.market.events.queue import allocate_queue
from proteus.market.information.history import allocate_market_data
from proteus.market.ledger.accounts import NO_LIMIT, allocate_ledger
from proteus.market.ledger.codes import CREDIT_CODES
from proteus.market.lending.credit import allocate_credit
from proteus.market.mechanisms.base import Sizes
from proteus.market.mechanisms.interface import allocate_market
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.metrics.sums import allocate_sums, allocate_totals
from proteus.market.rules.state import NoRules, Rules, make_rules
from proteus.market.settlement.setup import allocate_settlement
from proteus.market.setup.designs import INTENT_MASKS, NEWS_MASKS, ROW
from proteus.market.setup.members import CellSetup, agent_uids, reads_mempool
from proteus.market.setup.snapshots import arrays_of
from proteus.market.setup.stress import slowest
from proteus.market.stress.state import allocate_stress
from proteus.market.trading.world import World, allocate_origins, allocate_progress


class Block(NamedTuple):
    """A block of lanes, ready to run."""

    mechanism: Any
    world: World


def build_block(setup: CellSetup, keys: NDArray[np.uint32], growth: int, audit: bool) -> Block:
    """Allocate the state of one block.

    Parameters
        setup: the cell. keys: uint32 [L, 2], replicate keys, or [L, ROW] under a design of seeds.
        growth: factor on every capacity, for lanes that outgrew theirs.
        audit: check the invariants after every event, not only at barriers.
    """
    cell, lanes, count = setup.cell, len(keys), max(len(setup.members), 1)
    pending, auctions = growth * setup.pending, cell.mechanism.auctions
    history = growth * setup.history
    sizes = Sizes(lanes, pending, count, keyed=True, delta_ns=cell.delta_ns)
    block = Block(
        mechanism=MECHANISMS[cell.mechanism.name].make(cell.mechanism, sizes),
        world=World(
            settings=setup.settings._replace(audit_every_event=audit),
            progress=allocate_progress(lanes),
            queue=allocate_queue(lanes, growth * setup.entries),
            messages=allocate_messages(lanes, pending),
            market=allocate_market(
                lanes, pending, cell.n_ticks, cell.initial_ticks, pending, keys[:, :2], auctions
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
            ledger=allocate_ledger(
                lanes,
                count,
                cell.tick_nano,
                setup.is_rich,
                CREDIT_CODES if cell.credit.is_used else (),
            ),
            sums=allocate_sums(
                lanes,
                count,
                horizons=len(cell.markout_horizons_ns),
                times=len(cell.elapsed_ns),
                tau_ns=cell.tau_ns,
                waiting=growth * setup.waiting,
                auctions=auctions,
                classes=classes_among(setup.traders.role.tolist()),
                detects=CLASS_SPOOFER in setup.traders.role,
            ),
            totals=allocate_totals(lanes, count),
            log=allocate_log(lanes, growth * setup.log_rows),
            rules=_rules(setup, lanes, pending, growth),
        ),
    )
    _lay_masks(block.world, keys)
    return block


def _lay_masks(world: World, rows: NDArray[np.uint32]) -> None:
    """Let a design of seeds change words; a row without masks changes none."""
    if rows.shape[1] == ROW:
        world.seen.masks[:] = rows[:, INTENT_MASKS:NEWS_MASKS]
        world.news.masks[:] = rows[:, NEWS_MASKS:]


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
        """Return a block that stands at its start, for keys as :func:`build_block` takes them."""
        try:
            block = self._free.pop()
        except IndexError:
            block = None
        if block is None or len(block.world.market.keys) != len(keys):
            return build_block(self.setup, keys, growth=1, audit=False)
        pick, starts = self._start
        for array, start in zip(pick(block), starts, strict=True):
            array[...] = start
        block.world.market.keys[:] = keys[:, :2]
        _lay_masks(block.world, keys)
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
    return sum(array.nbytes for _, array in arrays_of(block))


def _rules(setup: CellSetup, lanes: int, slots: int, growth: int) -> NoRules | Rules:
    """Build what is added to the market."""
    if not setup.is_rich:
        return NoRules()
    cell = setup.cell
    costs = setup.costs.of_block(lanes, slots, growth)
    initial = cell.initial_ticks * cell.tick_nano
    environment = allocate_channels(
        slowest(cell), cell.execution, lanes, reads_mempool(setup.members), slots, initial
    )
    settlement = allocate_settlement(
        cell.settlement, cell.horizon_ns, lanes, growth * setup.legs,
        agent_uids(cell.identity.cohort, setup.members), setup.endowment != NO_LIMIT,
    )  # fmt: skip
    cost_money = setup.costs.tables.has_gas[0] or setup.channels.route.tips != TIPS["none"]
    entities = setup.traders.entity
    constraints = allocate_constraints(
        setup.chains, setup.reserve, lanes, slots, slots if cost_money else 0
    )
    credit = allocate_credit(
        cell.credit, lanes, cell.episodes.continues, cell.horizon_ns, cell.tick_nano, units.NANO,
        *setup.borrowing, agent_uids(cell.identity.cohort, setup.members),
    )  # fmt: skip
    return make_rules(
        lanes, slots, setup.endowment, setup.roles, costs, settlement, setup.policies,
        setup.channels, environment, constraints, credit,
        allocate_stress(setup.windows, lanes, entities), cell.needs_rules,
    )  # fmt: skip


def _news(setup: CellSetup, lanes: int, growth: int) -> Any:
    settings = setup.settings
    window = setup.signal_window_ns + settings.barrier_ns + settings.lookahead_ns
    jumps = setup.cell.latent.jump_rate_per_s * window / units.NS_PER_S
    jumps += float(setup.news.burst_further.max(initial=0.0)) * window
    capacity = 8 * growth if growth > 1 else 0
    return allocate_news(lanes, window, setup.news.dt_ns, growth * jumps, capacity)
