"""What a cell uses of the rules, as bits of one word: what it does not use costs one test.

Rules are one type whose every option is data, so the rich loop asks at each hook whether there is
anything to do. What says so lies in a dozen states, three pointers deep. Here it is beside those
pointers, and one test stands for all that a hook may do.
"""

from __future__ import annotations

from typing import Any

from proteus.compiler.jit import inline_kernel
from proteus.market.constraints.state import is_unconstrained, keeps_gas
from proteus.market.costs.charging import charges_nothing, has_gas
from proteus.market.costs.volume import has_tiers
from proteus.market.environment.mempool import sees_edges
from proteus.market.incentives.state import has_policies
from proteus.market.lending.credit import lends
from proteus.market.settlement.legs import is_immediate

ANYTHING = 1 << 0  # the cell adds something to its market
FEES = 1 << 1  # the model of costs has parts
GAS = 1 << 2  # messages cost something
TIERS = 1 << 3  # what is charged depends on what was traded
WORTH = 1 << 4  # trading is worth something by itself to some trader
BASE_FEE = 1 << 5  # traders are shown that of the next block
DELAYED = 1 << 6  # fills are not final when they happen
POLICIES = 1 << 7  # of incentives
BLOCKS = 1 << 8  # messages wait for them
EDGES = 1 << 9  # tips depend on what senders expect
ORACLE = 1 << 10
CHAINS = 1 << 11  # of constraints
KEPT_GAS = 1 << 12  # somebody keeps to what it can pay, and messages cost something
CAPITAL = 1 << 13  # of somebody is limited, who may be ruined
CREDIT = 1 << 14  # there is a pool
STRESS = 1 << 15  # there are windows

AT_DOOR = GAS | KEPT_GAS | POLICIES | BLOCKS
AT_FILL = CREDIT | FEES | WORTH | DELAYED | POLICIES
BEFORE_SENDING = BLOCKS | CHAINS
AT_NOTICE = CHAINS | CREDIT


@inline_kernel
def uses(rules, what):
    """Tell whether the cell uses any of some rules (the bits above)."""
    return (rules.uses & what) != 0


def uses_of(rules: Any, adds: bool) -> int:
    """Return the word of rules: the bits above, or-ed.

    Parameters
        rules: ``state.Rules``, whose word is not read. adds: the cell adds something at all.
    """
    costs, route = rules.costs, rules.channels.route
    found = {
        FEES: not charges_nothing(costs),
        GAS: has_gas(costs),
        TIERS: has_tiers(costs),
        WORTH: costs.has_worth,
        BASE_FEE: route.shows_base_fee,
        DELAYED: not is_immediate(rules.settlement),
        POLICIES: has_policies(rules.incentives),
        BLOCKS: route.by_blocks,
        EDGES: sees_edges(route),
        ORACLE: rules.channels.oracle.check_ns > 0,
        CHAINS: not is_unconstrained(rules.constraints),
        KEPT_GAS: keeps_gas(rules.constraints),
        CAPITAL: rules.has_capital.any(),
        CREDIT: lends(rules.credit),
        STRESS: rules.stress.windows.what.shape[0] > 0,
    }
    word = sum(bit for bit, is_used in found.items() if is_used)
    return word | ANYTHING if adds or word else 0
