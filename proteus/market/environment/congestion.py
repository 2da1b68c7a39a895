"""How full blocks are, and the base fee that follows: the integer rule of EIP-1559.

Rules
    target = limit // elasticity. After a block that used exactly the target the base fee stays.

        above   base + max(base * (used - target) // target // denominator, 1)
        below   base - base * (target - used) // target // denominator

    Both divisions round down, in this order, so a low base fee rises by at least 1 and may stay
    where it is when blocks are empty. One step is within 1 / denominator of the base fee
    (elasticity 2), but for that 1.

    The base fee is quoted for the gas of one message of this market. Others want gas in every
    block: an addressed whole number, uniform around a mean. It ignores the base fee
    (``exogenous``), or whoever values it below the base fee stays away, with values uniform between
    0 and ``highest_value`` (``elastic``). Then the base fee has a fixed point, highest_value *
    (1 - 1 / mean). Messages of this market may count as well; then the base fee depends on what
    happens in it.

What is not realistic
    Others' demand is served before the market's: messages are never crowded out by it, only priced.

Source
    EIP-1559; Leonardos, Monnot, Reijsbergen, Skoulakis & Piliouras (2021), AFT '21, for demand
    with values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW, FLOOR, multiply_divide
from proteus.market.rng import ENTITY_MARKET, STREAM_DEMAND, below, words_at

NOT_INCLUDABLE = -1  # a message that pays less than the base fee
_LARGEST = np.int64(2**63 - 1)


@state
class CongestionParameters(NamedTuple):
    """The numbers of one cell's congestion. Fees are nano for the gas of one message."""

    base_fee: int  # of the first block; 0: there is no congestion
    gas_limit: int  # of a block
    gas_target: int
    denominator: int
    demand_least: int  # gas that others want at a base fee of 0, at least
    demand_most: int  # at most
    highest_value: int  # fee at which none of the others is left; 0: they ignore the fee
    message_gas: int  # that a message of this market adds to a block


@state
class Congestion(NamedTuple):
    """The base fee of each lane. L lanes."""

    base_fee: np.ndarray  # int64 [L] of the last block, nano a message
    next_base_fee: np.ndarray  # int64 [L] of the block after it
    gas_used: np.ndarray  # int64 [L] of the last block


def allocate_congestion(lanes: int, base_fee: int) -> Congestion:
    """Allocate base fees that stand before the first block; 0 lanes without congestion."""
    return allocate(Congestion, L=lanes, base_fee=base_fee, next_base_fee=base_fee)


@inline_kernel
def next_base_fee(base_fee, gas_used, gas_target, denominator):
    """Return the base fee after a block.

    Parameters
        base_fee: nano, at least 0. gas_used: at least 0. gas_target, denominator: at least 1.

    Returns
        int64 nano; AMOUNT_OVERFLOW where it leaves int64.

    Source: EIP-1559, ``block.base_fee_per_gas``.
    """
    if gas_used == gas_target:
        return base_fee
    if gas_used < gas_target:
        step = multiply_divide(base_fee, gas_target - gas_used, gas_target, FLOOR)
        return base_fee - step // denominator
    step = multiply_divide(base_fee, gas_used - gas_target, gas_target, FLOOR)
    rise = max(step // denominator, 1)
    if step == AMOUNT_OVERFLOW or rise > _LARGEST - base_fee:
        return np.int64(AMOUNT_OVERFLOW)
    return base_fee + rise


@inline_kernel
def priority_tip(base_fee, max_fee, tip):
    """Return what is left of a tip once the base fee is paid.

    Parameters
        base_fee, max_fee, tip: nano a message; ``max_fee`` is for the other two together.

    Returns
        The tip, or NOT_INCLUDABLE.
    """
    if base_fee > max_fee:
        return np.int64(NOT_INCLUDABLE)
    return min(tip, max_fee - base_fee)


@inline_kernel
def gas_of_others(parameters, base_fee, word):
    """Return the gas that others want in a block with this base fee."""
    least, most = parameters.demand_least, parameters.demand_most
    wanted = least + below(word, most - least + 1)
    ceiling = parameters.highest_value
    if ceiling == 0:
        return wanted
    if base_fee >= ceiling:
        return np.int64(0)
    return multiply_divide(wanted, ceiling - base_fee, ceiling, FLOOR)


@inline_kernel
def fill_block(congestion, parameters, keys, lane, number, messages):
    """Let a block be used, and derive the base fee of the next one.

    Parameters
        number: of the block, from 0. messages: of this market in it.

    Returns
        False where the next base fee leaves int64.
    """
    base_fee = congestion.next_base_fee[lane]
    word = words_at(keys, lane, STREAM_DEMAND, ENTITY_MARKET, number, 0)[0]
    used = gas_of_others(parameters, base_fee, word) + messages * parameters.message_gas
    used = min(used, np.int64(parameters.gas_limit))
    congestion.base_fee[lane] = base_fee
    congestion.gas_used[lane] = used
    after = next_base_fee(base_fee, used, parameters.gas_target, parameters.denominator)
    if after == AMOUNT_OVERFLOW:
        return False
    congestion.next_base_fee[lane] = after
    return True
