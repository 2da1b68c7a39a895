"""What mechanisms, traders and rules must obey, for those that other packages add.

    from proteus.testing import check_costs, check_mechanism, check_trader

    check_mechanism("speed_bump")
    check_trader("momentum", mechanisms=["clob"])
    check_costs("kalshi")
    check_settlement("t_plus")
    check_incentives("polymarket")
    check_channel("twap")
    check_constraint("order_size")
    check_filter("kalman")
    check_quoting("glft")
    check_rates("kinked", {"slope_1": 4 * 10**16})
    check_liquidation("close_factor")

A check runs short lanes and raises AssertionError with what is wrong. Proteus holds its own tables
to the same checks. Under ``NUMBA_DISABLE_JIT=1`` nothing is compiled.
"""

from __future__ import annotations

from proteus.testing.channels import check_channel as check_channel
from proteus.testing.constraints import check_constraint as check_constraint
from proteus.testing.contract import check_mechanism as check_mechanism
from proteus.testing.contract import check_trader as check_trader
from proteus.testing.costs import check_costs as check_costs
from proteus.testing.incentives import check_incentives as check_incentives
from proteus.testing.lending import check_liquidation as check_liquidation
from proteus.testing.lending import check_rates as check_rates
from proteus.testing.makers import check_filter as check_filter
from proteus.testing.makers import check_quoting as check_quoting
from proteus.testing.settlement import check_settlement as check_settlement

__all__ = [
    "check_channel",
    "check_constraint",
    "check_costs",
    "check_filter",
    "check_incentives",
    "check_liquidation",
    "check_mechanism",
    "check_quoting",
    "check_rates",
    "check_settlement",
    "check_trader",
]
