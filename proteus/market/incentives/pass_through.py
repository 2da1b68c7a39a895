"""How a maker passes rewards on: what an own lot has earned lately makes its quotes narrower.

The estimate is an exponential average, over the maker's own epochs, of rewards less penalties per
own lot filled. What epochs without fills bring counts with the next that has any.
"""

from __future__ import annotations

from proteus.basics.units import NANO
from proteus.compiler.jit import inline_kernel


@inline_kernel
def learn_worth(worth, net_nano, lots, decay):
    """Return the estimate after an epoch, or several, in which lots were filled.

    Parameters
        worth: the estimate before, currency per lot. net_nano: rewards less penalties, nano.
        lots: own lots filled, at least 1. decay: weight of the newest, 0 .. 1.
    """
    return worth + decay * (net_nano / (NANO * lots) - worth)


@inline_kernel
def narrowed(half_spread, smallest, reward_pass, worth):
    """Return the half-spread that a maker quotes who knows its rewards, currency.

    It falls by ``reward_pass`` x ``worth`` where that is positive, and never below the smallest,
    which ``half_spread`` is not below.
    """
    return max(half_spread - max(reward_pass * worth, 0.0), smallest)
