"""The state of what is added to a market: nothing, or one type whose every option is data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state
from proteus.market.incentives.state import Incentives, PolicyTable, allocate_incentives
from proteus.market.rules.roles import Roles


@state
class NoRules(NamedTuple):
    """Nothing is added: every hook compiles to nothing."""


@state
class Rules(NamedTuple):
    """What is added to a market. L lanes, A traders."""

    endowment: np.ndarray  # int64 [A] capital of each trader, nano-currency; 0: no limit
    roles: Roles
    incentives: Incentives
    refused: np.ndarray  # int64 [L] why the ledger refused an entry, or LEDGER_OK


def make_rules(
    lanes: int, orders: int, endowment: NDArray[np.int64], roles: Roles, policies: PolicyTable
) -> Rules:
    """Build the rules of a block.

    Parameters
        orders: most that a lane has at once. endowment: int64 [A] capital of each trader, nano.
        roles: who makes in a fill. policies: of incentives.
    """
    return allocate(
        Rules, L=lanes, A=len(endowment), endowment=endowment, roles=roles,
        incentives=allocate_incentives(policies, lanes, orders),
    )  # fmt: skip
