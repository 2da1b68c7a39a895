"""Rate curves and liquidation rules that other packages add: parts of the kernels of lending."""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus import plugins
from proteus.compiler.jit import inline_kernel
from proteus.market.lending.base import FIRST_ADDED, LiquidationKind, RateKind

OUR_CURVES = ("fixed", "kinked", "adaptive")
OUR_POLICIES = ("full", "close_factor", "target_health")
ADDED_CURVES = plugins.rows(plugins.RATES, RateKind, OUR_CURVES)
ADDED_POLICIES = plugins.rows(plugins.LIQUIDATION, LiquidationKind, OUR_POLICIES)
CURVE_CODES = {name: FIRST_ADDED + at for at, name in enumerate(ADDED_CURVES)}
POLICY_CODES = {name: FIRST_ADDED + at for at, name in enumerate(ADDED_POLICIES)}


@inline_kernel
def _no_rate(code, numbers, used):
    return np.int64(0)


@inline_kernel
def _nothing(code, numbers, threshold, lots, value, cost, debt):
    return np.int64(0)


def or_rate(known: int, rate: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more curve."""

    @inline_kernel
    def added(code, numbers, used):
        if code == known:
            return np.int64(rate(numbers, used))
        return others(code, numbers, used)

    return added


def or_rule(known: int, most_repaid: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more rule."""

    @inline_kernel
    def added(code, numbers, threshold, lots, value, cost, debt):
        if code == known:
            return np.int64(most_repaid(numbers, threshold, lots, value, cost, debt))
        return others(code, numbers, threshold, lots, value, cost, debt)

    return added


rate_added: Any = _no_rate
for _name, _curve in ADDED_CURVES.items():
    rate_added = or_rate(CURVE_CODES[_name], _curve.rate, rate_added)
most_repaid_added: Any = _nothing
for _name, _rule in ADDED_POLICIES.items():
    most_repaid_added = or_rule(POLICY_CODES[_name], _rule.most_repaid, most_repaid_added)
