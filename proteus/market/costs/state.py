"""The state of costs: the tables, what each order has paid, and what each trader has traded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state, written_first
from proteus.market.costs.charging import OF_THE_MODEL
from proteus.market.costs.codes import COMPONENTS
from proteus.market.costs.tables import CostTables


@written_first("time", "event", "trader", "by_maker", "value")
@state
class Volume(NamedTuple):
    """What was traded in the window. L lanes, A traders, F sides of fills (a power of two)."""

    start: np.ndarray  # int64 [L, A, 2] nano that each trader had traded before: all, and as maker
    traded: np.ndarray  # int64 [L, A, 2] nano in the window: all, and as maker
    everybody: np.ndarray  # int64 [L, 2] the sums of these
    time: np.ndarray  # int64 [L, F] ns of a side of a fill
    event: np.ndarray  # int64 [L, F] number of its event
    trader: np.ndarray  # int32 [L, F]
    by_maker: np.ndarray  # int8 [L, F] 1: as maker
    value: np.ndarray  # int64 [L, F] nano, price times lots
    seen: np.ndarray  # int64 [L] sides noted so far
    counted: np.ndarray  # int64 [L] of these, in the sums or past them
    expired: np.ndarray  # int64 [L] of these, older than the window
    start_left: np.ndarray  # int8 [L] 1: the start is older than the window
    overflow: np.ndarray  # int8 [L] 1: more sides are in the window than there is room for


@state
class Payers(NamedTuple):
    """Who is charged, and for which messages. A traders."""

    knows: np.ndarray  # bool [A] the trader reckons with costs, and there are some
    by_clear: np.ndarray  # bool [1] fills of a clear are charged together, by their orders
    action: np.ndarray  # int8 [7] ACTION_* of each kind of message
    trading_action: np.ndarray  # int8 [1] that of the message by which a taker trades
    worth: np.ndarray  # float64 [A] mean of what trading is worth by itself, currency; 0: unsaid


@state
class Uncharged(NamedTuple):
    """Stands for costs where there can be none: what traders ask of it compiles to nothing."""


@state
class Costs(NamedTuple):
    """What is charged to whom. L lanes, A traders, C order slots, P parts.

    G slots gather what an order fills in a clear: as many as C, or none where there are no clears.
    """

    tables: CostTables
    volume: Volume
    payers: Payers
    is_known: bool  # some trader reckons with costs, and there are some
    has_worth: bool  # it is said of some trader what trading is worth by itself
    tier: np.ndarray  # int64 [L, P] tier of the trader who is charged
    order: np.ndarray  # int64 [L, C] which order the next three are about
    fees: np.ndarray  # int64 [L, C, P] nano of its fees so far, by their rates
    paid: np.ndarray  # int64 [L, C, P] nano that it has paid of them, at least the minimum
    kept: np.ndarray  # int64 [L, C, P] nano of rounding fees that were not given back
    lots: np.ndarray  # int32 [L, G] filled in the clear that is being booked
    price: np.ndarray  # int32 [L, G] ticks, of these
    filled: np.ndarray  # int32 [L, G] slots of the orders with lots there, in order
    n_filled: np.ndarray  # int64 [L] how many
    known_fee: np.ndarray  # int64 [L] base fee that who decides knows, nano, or OF_THE_MODEL
    due: np.ndarray  # int64 [L, 5] nano of each of codes.COMPONENTS of the charge
    against_makers: np.ndarray  # float64 [L] nano for takers' fills against makers, warm-up apart
    gained: np.ndarray  # int64 [L] nano that filled lots were worth by themselves


def make_costs(
    tables: CostTables, payers: Payers, start: NDArray[np.int64], lanes: int, slots: int,
    sides: int,
) -> Costs:  # fmt: skip
    """Build the costs of a block.

    Parameters
        tables, payers: of the cell. start: int64 [A] nano that each trader had traded before.
        lanes, slots: sizes; without parts no order needs a slot.
        sides: of fills that wait or are in the window at most, a power of two; without tiers
            none is noted.
    """
    traders, parts, tiers = len(start), len(tables.kind), tables.bound.shape[2]
    slots = slots if parts else 0
    before = np.stack([start, np.zeros_like(start)], axis=1)
    return allocate(
        Costs, L=lanes, A=traders, C=slots, P=parts, G=slots if payers.by_clear[0] else 0,
        tables=tables, payers=payers, is_known=bool(payers.knows.any()),
        has_worth=bool((payers.worth > 0).any()), known_fee=OF_THE_MODEL,
        volume=allocate(
            Volume, L=lanes, A=traders, F=sides if tiers > 1 else 1, start=before,
            traded=before, everybody=before.sum(axis=0),
        ),
    )  # fmt: skip


assert len(COMPONENTS) == 5  # the last size of ``due``
