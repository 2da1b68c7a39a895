"""The state of what is added to a market: nothing, or one type whose every option is data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state
from proteus.market.costs.state import Costs, Uncharged
from proteus.market.environment.channel_setup import ChannelParameters, Channels


@state
class NoRules(NamedTuple):
    """Nothing is added: every hook compiles to nothing."""

    costs: Uncharged = Uncharged()


@state
class Rules(NamedTuple):
    """What is added to a market. L lanes, A traders."""

    endowment: np.ndarray  # int64 [A] capital of each trader, nano-currency; 0: no limit
    channels: ChannelParameters  # the numbers of the environment
    environment: Channels  # its state
    refused: np.ndarray  # int64 [L] why the ledger refused an entry, or LEDGER_OK
    costs: Costs


def make_rules(
    lanes: int,
    endowment: NDArray[np.int64],
    costs: Costs,
    channels: ChannelParameters,
    environment: Channels,
) -> Rules:
    """Build the rules of a block.

    Parameters
        endowment: int64 [A] capital of each trader, nano-currency. costs: of the block. channels:
            the numbers of the environment. environment: its state.
    """
    return allocate(
        Rules, L=lanes, A=len(endowment), endowment=endowment, costs=costs, channels=channels,
        environment=environment,
    )  # fmt: skip
