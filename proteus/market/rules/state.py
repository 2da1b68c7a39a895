"""The state of what is added to a market: nothing, or one type whose every option is data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state
from proteus.market.constraints.state import Constraints
from proteus.market.costs.state import Costs, Uncharged
from proteus.market.environment.channel_setup import ChannelParameters, Channels
from proteus.market.incentives.state import Incentives, PolicyTable, allocate_incentives
from proteus.market.ledger.accounts import NO_LIMIT
from proteus.market.lending.credit import Credit
from proteus.market.rules.roles import Roles
from proteus.market.rules.uses import uses_of
from proteus.market.settlement.legs import SettlementState
from proteus.market.stress.state import Stress


@state
class NoRules(NamedTuple):
    """Nothing is added: every hook compiles to nothing."""

    costs: Uncharged = Uncharged()


@state
class Rules(NamedTuple):
    """What is added to a market. L lanes, A traders."""

    uses: int  # which of it the cell uses: bits of ``rules.uses``
    has_capital: np.ndarray  # bool [A] the trader's is limited
    endowment: np.ndarray  # int64 [L, A] capital of each trader at 0, nano-currency
    is_ruined: np.ndarray  # bool [L, A] it has lost that, and sends nothing
    opening: np.ndarray  # int64 [L, A] position at 0, carried from an earlier episode, lots
    roles: Roles
    costs: Costs
    settlement: SettlementState
    incentives: Incentives
    channels: ChannelParameters  # the numbers of the environment
    environment: Channels  # its state
    constraints: Constraints  # chains of what may be sent
    credit: Credit
    refused: np.ndarray  # int64 [L] why the ledger refused an entry, or LEDGER_OK
    overflow: np.ndarray  # int64 [L] 1: something that is added found no room
    stress: Stress  # windows in which something is not as usual


def make_rules(
    lanes: int,
    orders: int,
    endowment: NDArray[np.int64],
    roles: Roles,
    costs: Costs,
    settlement: SettlementState,
    policies: PolicyTable,
    channels: ChannelParameters,
    environment: Channels,
    constraints: Constraints,
    credit: Credit,
    stress: Stress,
    adds: bool,
) -> Rules:
    """Build the rules of a block.

    Parameters
        orders: most that a lane has at once. endowment: int64 [A] capital of each trader, nano, or
            NO_LIMIT.
        roles: who makes in a fill. costs: of the block. settlement: its state. policies: of
            incentives. channels: the numbers of the environment. environment: its state.
        constraints: chains and their state. credit: the pool. stress: windows and their state.
        adds: the cell adds something to its market.
    """
    rules: Rules = allocate(
        Rules, uses=0, L=lanes, A=len(endowment), has_capital=endowment != NO_LIMIT,
        endowment=np.maximum(endowment, 0), roles=roles, costs=costs,
        settlement=settlement, incentives=allocate_incentives(policies, lanes, orders),
        channels=channels, environment=environment, constraints=constraints, credit=credit,
        stress=stress,
    )  # fmt: skip
    return rules._replace(uses=uses_of(rules, adds))
