"""How much room a lane needs: orders, fills that wait, public states, rows of a log."""

from __future__ import annotations

import math

import numpy as np

from proteus.basics import units
from proteus.market.agents.kinds import KINDS, LENDERS, LIQUIDATORS
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.cell import CellConfig
from proteus.market.settlement.models import BlockSettlement, DelayedSettlement
from proteus.market.setup.members import CellSetup, Member
from proteus.market.setup.stress import slowest, wake_ups_per_s
from proteus.market.stress.models import FORKS

_HISTORY = 256  # public states and prints kept, with nothing shown late
_STATES_PER_WAKE_UP = 2  # at most, of the public: one per message
_FILLS_PER_WAKE_UP = 2  # of takers, that wait for a later reference price
_ROWS_PER_WAKE_UP = 8  # of a log: two messages, their answers, a fill, a new book
_BUSY_S = 0.25  # how long an order may be on its way or in an open batch, for capacities


def pending_orders(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many orders a lane has at once, with room for six standard deviations."""
    alive = 0.0
    for member in members:
        lifetime_ms = getattr(member.group.policy, "lifetime_ms", 0)
        lifetime_s = min(cell.horizon_s, math.inf if lifetime_ms is None else lifetime_ms / 1000)
        alive += wake_ups_per_s(cell, member) * (lifetime_s + _BUSY_S)
    busy = cell.delta_ns / units.NS_PER_S
    alive += busy * sum(wake_ups_per_s(cell, member) for member in members)
    if cell.block_ns and cell.environment.blocks:  # they wait for blocks, one per wake-up
        gap_s = cell.environment.blocks.mean_gap_ms / 1000
        alive += gap_s * sum(wake_ups_per_s(cell, member) for member in members)
    if cell.credit.is_used:  # a message to the pool beside those of a wake-up
        of_credit = (*LENDERS, *LIQUIDATORS)
        asks = (m for m in members if m.group.target_leverage or m.group.kind in of_credit)
        alive += _BUSY_S * sum(wake_ups_per_s(cell, member) for member in asks)
    alive += cell.mechanism.places(taker_wake_ups_per_s(cell, members))
    return int(alive + 6 * alive**0.5) + 4 * len(members) + 16


def queue_entries(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many entries a lane's queue has at once: of orders and traders, and of rules."""
    return pending_orders(cell, members) + _of_rules(cell, members) + _taken_back(cell, members)


def _of_rules(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Return how many entries of their own rules have at once, but for fills that go back.

    The next block and check, the warm-up, what is due, what a block settles, and the next of the
    policies; of an oracle each report that is on its way; in stress a wake-up of each trader.
    """
    if not cell.needs_rules:
        return 0
    oracle = slowest(cell).oracle
    further = len(members) if cell.stress.is_used else 0
    checks = oracle.lag_ns // oracle.check_ns + 1 if oracle else 0
    return 6 + cell.credit.is_used + further + checks


def _taken_back(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many traders are told at once that a fill goes back, with room as for orders."""
    blocks, after = cell.environment.blocks, cell.settlement
    if isinstance(after, BlockSettlement) and _forks(cell, after) and blocks:
        window_s = after.fork_depth * blocks.mean_gap_ms / 1000
    elif isinstance(after, DelayedSettlement) and cell.has_capital:
        window_s = (after.cycle_ms or 0) / 1000
    else:
        return 0
    fills = taker_wake_ups_per_s(cell, members) * min(window_s, cell.horizon_ns / units.NS_PER_S)
    return 2 * (int(fills + 6 * fills**0.5) + 1)


def _forks(cell: CellConfig, after: BlockSettlement) -> bool:
    return after.fork_probability > 0 or len(cell.stress.about(FORKS)) > 0


def fills_waiting(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many fills wait for their markouts, with room for six standard deviations."""
    longest_s = cell.markout_horizons_ns[-1] / units.NS_PER_S
    waiting = _FILLS_PER_WAKE_UP * taker_wake_ups_per_s(cell, members) * longest_s
    return int(waiting + 6 * waiting**0.5) + 16


def legs_pending(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many fills are not final at once, with room for six standard deviations."""
    pending_s = min(cell.settlement.pending_ns, cell.horizon_ns) / units.NS_PER_S
    pending = taker_wake_ups_per_s(cell, members) * min(pending_s, _finality_s(cell))
    return int(pending + 6 * pending**0.5) + 16


def _finality_s(cell: CellConfig) -> float:
    """Return how long the blocks take that make a fill final, with the same room."""
    settlement, blocks = cell.settlement, cell.environment.blocks
    if not isinstance(settlement, BlockSettlement) or not blocks:
        return math.inf
    count = settlement.finality_blocks + 1  # with the one that carries it
    longest = count + 6 * math.sqrt(count * blocks.gap_variance)
    return longest * blocks.mean_gap_ms / 1000


def taker_wake_ups_per_s(cell: CellConfig, members: tuple[Member, ...]) -> float:
    """Return how often takers wake up on their schedules, all together."""
    takers = (m for m in members if KINDS[m.group.kind].role != CLASS_MAKER)
    return sum(wake_ups_per_s(cell, m) for m in takers)


def states_kept(cell: CellConfig, members: tuple[Member, ...]) -> int:
    """Estimate how many public states or prints a lane makes before the oldest one is shown."""
    delay_s = max(cell.leakage.delays_ns.values()) / units.NS_PER_S
    wake_ups = sum(
        max(member.group.schedule.rate_per_s, wake_ups_per_s(cell, member)) for member in members
    )
    clears = units.NS_PER_S / cell.delta_ns if cell.delta_ns else 0.0
    return _HISTORY + int(delay_s * (_STATES_PER_WAKE_UP * wake_ups + clears))


def expected_rows(setup: CellSetup) -> int:
    """Estimate the rows of a lane: about what its traders send, and what comes of it."""
    cell = setup.cell
    wake_ups = sum(wake_ups_per_s(cell, member) for member in setup.members)
    of_a_clear = cell.mechanism.auctions + 1  # and the book
    clears = of_a_clear * units.NS_PER_S / cell.delta_ns if cell.delta_ns else 0.0
    rows_per_s = _ROWS_PER_WAKE_UP * wake_ups + clears + cell.latent.jump_rate_per_s
    if cell.credit.is_used:
        rows_per_s += (1 + 4 * _accounts(setup)) * units.NS_PER_S / cell.credit.grid_ns
    return int(rows_per_s * cell.horizon_ns / units.NS_PER_S) + 256


def _accounts(setup: CellSetup) -> int:
    """Return how many traders may owe or be owed something by a pool."""
    return int(np.count_nonzero(setup.borrowing.leverage + setup.borrowing.deposit))


def whole_rows(least: int) -> int:
    """Return the smallest multiple of 8 that is at least ``least``: cache lines of int64.

    A power of two would be more, and let the rows of all fields begin at the same sets of a cache.
    """
    return (least + 7) & ~7


def power_of_two(least: int) -> int:
    """Return the smallest power of two that is at least ``least``."""
    return 1 << (least - 1).bit_length()


LARGEST_GROWTH = 64  # a lane that needs more than this many times the usual room is a violation
