"""The state of what is added to a market: nothing, or one type whose every option is data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state
from proteus.market.settlement.legs import SettlementState


@state
class NoRules(NamedTuple):
    """Nothing is added: every hook compiles to nothing."""


@state
class Rules(NamedTuple):
    """What is added to a market. L lanes, A traders."""

    endowment: np.ndarray  # int64 [A] capital of each trader, nano-currency; 0: no limit
    settlement: SettlementState
    refused: np.ndarray  # int64 [L] why the ledger refused an entry, or LEDGER_OK
    overflow: np.ndarray  # int64 [L] 1: something that is added found no room


def make_rules(lanes: int, endowment: NDArray[np.int64], settlement: SettlementState) -> Rules:
    """Build the rules of a block.

    Parameters
        endowment: int64 [A] capital of each trader, nano-currency. settlement: its state.
    """
    return allocate(Rules, L=lanes, A=len(endowment), endowment=endowment, settlement=settlement)
