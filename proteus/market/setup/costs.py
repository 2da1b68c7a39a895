"""Who is charged what in a cell: what all its blocks share of costs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.compiler.arrays import allocate
from proteus.market.cell import CellConfig
from proteus.market.costs import codes
from proteus.market.costs.models import start_volumes
from proteus.market.costs.state import Costs, Payers, make_costs
from proteus.market.costs.tables import CostTables, make_tables
from proteus.market.events import envelopes
from proteus.market.events.queue import NEVER_NS


class CostsOfCell(NamedTuple):
    """What all blocks of a cell share of costs."""

    tables: CostTables
    payers: Payers
    start: NDArray[np.int64]  # [A] nano that each trader had traded before
    sides_per_s: float  # of fills, at most, that must be remembered; 0: only those of an event

    def of_block(self, lanes: int, slots: int, growth: int) -> Costs:
        """Build the costs of a block; ``growth`` multiplies capacities."""
        window_s = min(int(self.tables.window_ns[0]), NEVER_NS) / 10**9
        kept = 0.0 if self.tables.window_ns[0] == NEVER_NS else window_s * self.sides_per_s
        sides = growth * (int(kept) + 2 * slots)
        return make_costs(
            self.tables, self.payers, self.start, lanes, slots, 1 << (sides - 1).bit_length()
        )


def costs_of_cell(cell: CellConfig, members: tuple[Any, ...], wake_ups_per_s: float) -> CostsOfCell:
    """Prepare the costs of a cell.

    Parameters
        members: its traders. wake_ups_per_s: of takers, all together.

    Raises
        ConfigError: as ``make_tables``.
    """
    volumes = start_volumes(cell.costs)
    names = [member.group_name for member in members] or [""]
    start = [Fraction(str(volumes.get(name, 0))) * NANO for name in names]
    return CostsOfCell(
        make_tables(cell.costs_in_force, cell.n_ticks, cell.horizon_ns), _payers(cell, members),
        np.array([int(nano) for nano in start], np.int64), 2 * _FILLS_PER_WAKE_UP * wake_ups_per_s,
    )  # fmt: skip


_FILLS_PER_WAKE_UP = 4  # of a taker


def _payers(cell: CellConfig, members: tuple[Any, ...]) -> Payers:
    """Say who is charged, and for which messages."""
    asks = cell.mechanism.has_requests
    action = np.zeros(7, np.int8)
    for kind, code in (
        (envelopes.MESSAGE_ORDER, codes.ACTION_REQUEST if asks else codes.ACTION_NEW),
        (envelopes.MESSAGE_CANCEL, codes.ACTION_CANCEL),
        (envelopes.MESSAGE_REPLACE, codes.ACTION_REPLACE),
        (envelopes.MESSAGE_QUOTE, codes.ACTION_QUOTE),
        (envelopes.MESSAGE_ACCEPT, codes.ACTION_ACCEPT),
        (envelopes.MESSAGE_CONFIRM, codes.ACTION_CONFIRM),
        (envelopes.MESSAGE_DECLINE, codes.ACTION_CONFIRM),
    ):
        action[kind] = code
    groups = [member.group for member in members]
    knows = [group.knows_costs and cell.has_costs for group in groups] or [False]
    trading = codes.ACTION_ACCEPT if asks else codes.ACTION_NEW
    worth = [group.private_value for group in groups] or [0.0]
    return allocate(
        Payers, A=len(knows), knows=np.array(knows), by_clear=cell.mechanism.uses_delta,
        action=action, trading_action=np.int8(trading), worth=np.array(worth),
    )  # fmt: skip
