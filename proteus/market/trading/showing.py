"""What rules show to everybody beside the market: the last report of an oracle."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel, interface
from proteus.market.makers.filters.oracle import NO_REPORT
from proteus.market.rules.state import Rules
from proteus.market.rules.uses import ORACLE, uses


@interface
def report_shown(rules, lane):
    """Return the report of an oracle that everybody has, nano, or NO_REPORT."""


@report_shown.otherwise
@inline_kernel
def _no_report(rules, lane):
    return np.int64(NO_REPORT)


@report_shown.implement(Rules)
@inline_kernel
def _report_shown(rules, lane):
    if uses(rules, ORACLE):
        return rules.environment.oracle.arrived[lane]
    return np.int64(NO_REPORT)
