"""The state of constraints: chains as numbers, what traders know of their orders, and counts.

A row is a trader and a place in its chain, so changing a chain compiles nothing. Of a trader whose
chain is empty nothing is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.constraints.models import Constraint
from proteus.market.constraints.table import CONSTRAINTS, NONE


@state
class ChainTable(NamedTuple):
    """The chains of a cell. A traders, K places."""

    kind: np.ndarray  # int64 [A, K] code of the table, or NONE behind the last
    drops: np.ndarray  # bool [A, K] what does not fit is not sent at all
    first: np.ndarray  # int64 [A, K] number of the constraint
    second: np.ndarray  # int64 [A, K]
    has_capital: np.ndarray  # bool [A] the venue tests that it can pay
    is_tracked: np.ndarray  # bool [A] it has a chain, so its orders are followed
    haircut: np.ndarray  # int64 [A] ppm of what fills bring that capital does not count yet


@written_first("rank", "before")
@state
class Versions(NamedTuple):
    """Limits of versions that may still fill, as their senders know. L lanes, V, a power of two."""

    id: np.ndarray  # int64 [L, V] version that has the place
    rank: np.ndarray  # int32 [L, V] its limit
    before: np.ndarray  # int64 [L, V] version that it replaces, or 0


@state
class Constraints(NamedTuple):
    """Chains and what they know. L lanes, A traders, K places, C order slots, R kinds, N prices."""

    table: ChainTable
    versions: Versions
    reserve: np.ndarray  # int64 [2, N] nano kept for fees of a lot, by side and limit in ticks
    open_lots: np.ndarray  # int64 [L, A, 2] that may still fill, as the trader knows
    if_zero: np.ndarray  # int64 [L, A] nano that they cost at most if the contract pays 0
    if_one: np.ndarray  # int64 [L, A] nano, if it pays 1
    untold: np.ndarray  # int64 [L, A] nano that came in by fills of which it does not know
    told: np.ndarray  # int64 [L, A] all fills below this number that are its own it knows of
    uncounted: np.ndarray  # int64 [L, A, 2] nano by payoff that a haircut leaves out, of whoever
    # asks; written before each question
    earned_ns: np.ndarray  # int64 [L, A, K] when all messages sent so far are earned
    entered: np.ndarray  # bool [L, C] the order has reached the venue
    cuts: np.ndarray  # int64 [L, A, R] intents that each kind cut first
    no_funds: np.ndarray  # int64 [L, A] messages that the venue refused for want of capital
    shaken: np.ndarray  # int64 [L] 1: fills were just taken back, so accounts may be short


@inline_kernel
def is_unconstrained(constraints):
    """Tell whether no chain of the cell has a constraint for the rich loop."""
    return constraints.table.kind.shape[1] == 0


def chain_table(chains: list[tuple[Constraint, ...]]) -> ChainTable:
    """Lay chains out as numbers; there is one per trader, at least one."""
    places = max(len(chain) for chain in chains)
    shape = len(chains), places
    table = ChainTable(
        np.full(shape, NONE), np.zeros(shape, np.bool_), np.zeros(shape, np.int64),
        np.zeros(shape, np.int64), np.zeros(len(chains), np.bool_), np.zeros(len(chains), np.bool_),
        np.zeros(len(chains), np.int64),
    )  # fmt: skip
    for trader, chain in enumerate(chains):
        table.is_tracked[trader] = bool(chain)
        for place, each in enumerate(chain):
            table.kind[trader, place] = CONSTRAINTS[each.kind].code
            table.drops[trader, place] = each.on_limit == "drop"
            table.first[trader, place], table.second[trader, place] = each.numbers
            if each.kind == "capital":
                table.has_capital[trader] = True
                table.haircut[trader] = each.numbers[0]
    return table


def allocate_constraints(
    table: ChainTable, reserve: NDArray[np.int64], lanes: int, slots: int
) -> Constraints:
    """Allocate the state of a block.

    Parameters
        reserve: int64 [2, N] nano that a lot's fees may be. slots: orders of a lane at once.
    """
    traders, places = table.kind.shape
    slots = slots if places else 0
    return allocate(
        Constraints, L=lanes, A=traders, K=places, C=slots, R=len(CONSTRAINTS),
        N=reserve.shape[1], table=table, reserve=reserve,
        versions=allocate(Versions, L=lanes, V=_power_of_two(_IDS_PER_SLOT * slots)),
    )  # fmt: skip


_IDS_PER_SLOT = 16  # versions that are younger than the oldest that may still fill


def _power_of_two(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


def cuts_by_kind(constraints: Constraints) -> dict[str, NDArray[np.int64]]:
    """Return the intents that each kind cut first, by trader: int64 [L, A]."""
    return {name: constraints.cuts[:, :, row.code] for name, row in CONSTRAINTS.items()}
