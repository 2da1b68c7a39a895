"""The state of costs: the tables, what each order has paid, and what each trader has traded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state, written_first
from proteus.market.costs.base import CostModel
from proteus.market.costs.codes import COMPONENTS
from proteus.market.costs.models import parts_of
from proteus.market.costs.tables import CostTables, make_tables


@written_first("time", "event", "trader", "by_maker", "value")
@state
class Volume(NamedTuple):
    """What was traded in the window. L lanes, A traders, F sides of fills (a power of two)."""

    start: np.ndarray  # int64 [A] nano that each trader had traded before the lane
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
class Costs(NamedTuple):
    """What is charged to whom. L lanes, A traders, C order slots, P parts, T tiers."""

    tables: CostTables
    volume: Volume
    tier: np.ndarray  # int64 [L, P] tier of the trader who is charged
    order: np.ndarray  # int64 [L, C] which order the next three are about
    fees: np.ndarray  # int64 [L, C, P] nano of its fees so far, by their rates
    paid: np.ndarray  # int64 [L, C, P] nano that it has paid of them, at least the minimum
    kept: np.ndarray  # int64 [L, C, P] nano of rounding fees that were not given back
    due: np.ndarray  # int64 [L, 5] nano of each of codes.COMPONENTS of the charge


def make_costs(
    model: CostModel, lanes: int, slots: int, n_ticks: int, horizon_ns: int,
    start_nano: Sequence[int], sides: int,
) -> Costs:  # fmt: skip
    """Build the costs of a block; of a model that charges nothing they have no part.

    Parameters
        model: of ``models``. lanes, slots: sizes. n_ticks: prices are 1 .. n_ticks - 1.
        horizon_ns: the window of tiers that name none.
        start_nano: what each trader had traded before, nano; its length is that of traders.
        sides: of fills that wait or are in the window at most, a power of two.

    Raises
        ConfigError: as ``make_tables``.
    """
    parts, traders = len(parts_of(model.at(0))), len(start_nano)
    return allocate(
        Costs, L=lanes, A=traders, C=slots, P=parts,
        tables=make_tables(model, n_ticks, horizon_ns),
        volume=allocate(
            Volume, L=lanes, A=traders, F=sides, start=np.array(start_nano, np.int64),
            traded=np.array([[nano, 0] for nano in start_nano], np.int64).reshape(traders, 2),
            everybody=np.array([sum(start_nano), 0], np.int64),
        ),
    )  # fmt: skip


assert len(COMPONENTS) == 5  # the last size of ``due``
