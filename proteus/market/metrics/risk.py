"""Makers' risk: equity marked at v on a fixed grid, and time integrals of inventory.

Sharpe ratio and drawdown are of the makers together, at 0, every second, and at T: increments of
equity for the first, the largest fall from a peak for the second. Inventory is each maker's own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.ledger.entries import equity_of

EQUITY_GRID_NS = NANO  # one second, the same in all cells


@state
class Risk(NamedTuple):
    """L lanes, A traders; only makers' entries move."""

    equity: np.ndarray  # int64 [L] at the last grid point, nano
    moves: np.ndarray  # float64 [L] sum of its increments over whole seconds, nano
    move_squares: np.ndarray  # float64 [L] sum of their squares, nano^2
    steps: np.ndarray  # int64 [L] whole seconds so far
    peak: np.ndarray  # int64 [L] highest equity so far, nano
    drawdown: np.ndarray  # int64 [L] largest fall from a peak so far, nano
    held: np.ndarray  # int64 [L, A] inventory, lots
    held_most: np.ndarray  # int64 [L, A] largest inventory so far, either way, lots
    held_ns: np.ndarray  # int64 [L, A] time up to which its integrals run
    area: np.ndarray  # int64 [L, A] integral of inventory, lots ns
    square: np.ndarray  # float64 [L, A] integral of its square, lots^2 ns


def allocate_risk(lanes: int, traders: int) -> Risk:
    """Allocate the risk of traders who hold nothing."""
    return allocate(Risk, L=lanes, A=traders)


@inline_kernel
def change_inventory(risk, lane, trader, quantity, time):
    """Bring the integrals of a maker's inventory up to ``time``, then change it."""
    held, width = risk.held[lane, trader], time - risk.held_ns[lane, trader]
    risk.area[lane, trader] += held * width
    risk.square[lane, trader] += np.float64(held * held) * width
    risk.held_ns[lane, trader] = time
    risk.held[lane, trader] = held + quantity
    risk.held_most[lane, trader] = max(risk.held_most[lane, trader], abs(held + quantity))


@inline_kernel
def mark_equity(risk, world, lane, value, is_whole_step):
    """Mark the makers at ``value``, nano; only whole steps of the grid enter the Sharpe ratio."""
    equity = np.int64(0)
    for trader in range(world.traders.role.shape[0]):
        if world.traders.role[trader] == CLASS_MAKER:
            equity += equity_of(world.ledger, lane, trader, value)
    if is_whole_step:
        move = np.float64(equity - risk.equity[lane])
        risk.moves[lane] += move
        risk.move_squares[lane] += move * move
        risk.steps[lane] += 1
    risk.equity[lane] = equity
    risk.peak[lane] = max(risk.peak[lane], equity)
    risk.drawdown[lane] = max(risk.drawdown[lane], risk.peak[lane] - equity)
