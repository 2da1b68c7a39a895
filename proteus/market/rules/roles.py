"""Who makes and who takes in a fill, by the rule of its mechanism.

By arrival: what rested makes, what comes to it takes. By clears: what was published after an
earlier clear makes, what trades in its first one takes, so that a fill may have two takers. By
class: market makers make, all others take, whatever they send.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.mechanisms.base import MechanismConfig

BY_ARRIVAL = 0
BY_CLEAR = 1
BY_CLASS = 2


@state
class Roles(NamedTuple):
    """The rule of a mechanism. A traders."""

    rule: np.ndarray  # int64 [1] BY_*
    is_maker: np.ndarray  # bool [A] by class


def make_roles(mechanism: MechanismConfig, is_maker: NDArray[np.bool_]) -> Roles:
    """Allocate the rule of a mechanism."""
    return allocate(Roles, A=len(is_maker), rule=rule_of(mechanism), is_maker=is_maker)


def rule_of(mechanism: MechanismConfig) -> int:
    """Choose the rule: by class where roles are kept apart."""
    if mechanism.has_requests or mechanism.auctions > 1:
        return BY_CLASS
    return BY_CLEAR if mechanism.uses_delta else BY_ARRIVAL


@inline_kernel
def makes(roles, orders, lane, slot, earlier, clears):
    """Tell whether an order makes in a fill.

    Parameters
        slot: of the order. earlier: of that of both which was there first.
        clears: so far, that of the fill among them.
    """
    if roles.rule[0] == BY_CLASS:
        return roles.is_maker[orders.trader[lane, slot]]
    if roles.rule[0] == BY_CLEAR:
        return orders.batch[lane, slot] < clears - 1
    return slot == earlier
