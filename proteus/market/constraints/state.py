"""The state of constraints: chains as numbers, what traders know of their orders, and counts.

A row is a trader and a place in its chain, so changing a chain compiles nothing. Of a trader whose
chain is empty nothing is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.constraints.added import CODES
from proteus.market.constraints.base import Constraint
from proteus.market.constraints.table import NONE


@state
class ChainTable(NamedTuple):
    """The chains of a cell. A traders, K places, M numbers of a constraint at most."""

    kind: np.ndarray  # int64 [A, K] code of the table, or NONE behind the last
    drops: np.ndarray  # bool [A, K] what does not fit is not sent at all
    numbers: np.ndarray  # int64 [A, K, M] of the constraint
    has_capital: np.ndarray  # bool [A] the venue tests that it can pay
    is_tracked: np.ndarray  # bool [A] it has a chain, so its orders are followed
    is_marked: np.ndarray  # bool [A] what it holds is marked at each of its decisions
    haircut: np.ndarray  # int64 [A] ppm of what fills bring that capital does not count yet


@written_first("trader", "order", "rank", "before")
@state
class Versions(NamedTuple):
    """Limits of versions that may still fill, as their senders know. L lanes, V, a power of two."""

    id: np.ndarray  # int64 [L, V] version that has the place
    trader: np.ndarray  # int32 [L, V] who sent it
    order: np.ndarray  # int32 [L, V] slot of the order that it is, or NO_ORDER of a quote
    lots: np.ndarray  # int64 [L, V] that may fill, as far as the sender has been told
    rank: np.ndarray  # int32 [L, V] its limit
    before: np.ndarray  # int64 [L, V] version that it replaces, or 0


@state
class Constraints(NamedTuple):
    """Chains and what they know. L lanes, A traders, K places, C order slots, R kinds, N prices."""

    table: ChainTable
    versions: Versions
    tick_nano: np.ndarray  # int64 [1] nano per tick
    reserve: np.ndarray  # int64 [2, N] nano kept for fees of a lot, by side and limit in ticks
    open_lots: np.ndarray  # int64 [L, A, 2] that may still fill, as the trader knows
    if_zero: np.ndarray  # int64 [L, A] nano that they cost at most if the contract pays 0
    if_one: np.ndarray  # int64 [L, A] nano, if it pays 1
    untold: np.ndarray  # int64 [L, A] nano that came in by fills of which it does not know
    gas: np.ndarray  # int64 [L, A] nano kept for its messages that are under way
    gas_of: np.ndarray  # int64 [L, G] nano of it, by envelope; G = 0: messages cost nothing
    told: np.ndarray  # int64 [L, A] all fills below this number that are its own it knows of
    uncounted: np.ndarray  # int64 [L, A, 2] nano by payoff that a haircut leaves out, of whoever
    # asks; written before each question
    earned_ns: np.ndarray  # int64 [L, A, K] when all messages sent so far are earned
    reference: np.ndarray  # int64 [L, A] twice the public reference at its last decision, ticks
    wealth: np.ndarray  # int64 [L, A] twice its wealth at that price, nano
    stopped_ns: np.ndarray  # int64 [L, A] until when it has stopped for its losses
    stops: np.ndarray  # bool [L, A] it did so at its last decision
    entered: np.ndarray  # bool [L, C] the order has reached the venue
    counted: np.ndarray  # int64 [L, C, 2] nano that it may cost there, if the contract pays 0 or 1
    promised: np.ndarray  # int64 [L, A, 2] nano, the sum over all orders of a trader there
    used_most: np.ndarray  # int64 [L, A] nano, the most of its capital that was in use
    cuts: np.ndarray  # int64 [L, A, R] intents that each kind cut first
    no_gas: np.ndarray  # int64 [L, A] intents that it could not pay the message of
    no_funds: np.ndarray  # int64 [L, A] messages that the venue refused for want of capital
    shaken: np.ndarray  # int64 [L] 1: fills were just taken back, so accounts may be short


@inline_kernel
def is_unconstrained(constraints):
    """Tell whether no chain of the cell has a constraint for the rich loop."""
    return constraints.table.kind.shape[1] == 0


@inline_kernel
def keeps_gas(constraints):
    """Tell whether messages cost anything, and somebody keeps to what it can pay."""
    return constraints.gas_of.shape[1] != 0


def chain_table(chains: list[tuple[Constraint, ...]]) -> ChainTable:
    """Lay chains out as numbers; there is one per trader, at least one."""
    most = max((len(each.numbers) for chain in chains for each in chain), default=0)
    table = allocate(
        ChainTable, A=len(chains), K=max(len(chain) for chain in chains), M=max(most, 2), kind=NONE
    )
    for trader, chain in enumerate(chains):
        table.is_tracked[trader] = bool(chain)
        for place, each in enumerate(chain):
            table.kind[trader, place] = CODES[each.kind]
            table.drops[trader, place] = each.on_limit == "drop"
            table.numbers[trader, place, : len(each.numbers)] = each.numbers
            table.is_marked[trader] |= each.kind not in _UNMARKED
            if each.kind == "capital":
                table.has_capital[trader] = True
                table.haircut[trader] = each.numbers[0]
    return table


def allocate_constraints(
    table: ChainTable, reserve: NDArray[np.int64], lanes: int, slots: int, envelopes: int = 0
) -> Constraints:
    """Allocate the state of a block.

    Parameters
        reserve: int64 [2, N] nano that a lot's fees may be. slots: orders of a lane at once.
            envelopes: messages of a lane at once; 0 where they cost nothing.
    """
    traders, places = table.kind.shape
    slots = slots if places else 0
    return allocate(
        Constraints, L=lanes, A=traders, K=places, C=slots, R=len(CODES),
        G=envelopes if table.has_capital.any() else 0,
        N=reserve.shape[1], table=table, reserve=reserve,
        tick_nano=NANO // (reserve.shape[1] - 1),
        versions=allocate(Versions, L=lanes, V=_power_of_two(_IDS_PER_SLOT * slots)),
    )  # fmt: skip


_UNMARKED = ("message_rate", "order_size", "exposure_per_side", "inventory_limit", "capital")
_IDS_PER_SLOT = 16  # versions that are younger than the oldest that may still fill


def _power_of_two(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


def cuts_by_kind(constraints: Constraints) -> dict[str, NDArray[np.int64]]:
    """Return the intents that each kind cut first, by trader: int64 [L, A]."""
    return {name: constraints.cuts[:, :, code] for name, code in CODES.items()}
