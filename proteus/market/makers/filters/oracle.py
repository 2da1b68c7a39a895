"""Oracle: the last report of the environment's oracle that has arrived, and nothing else.

Ready where there is an oracle: before the first report the initial probability stands as reported.
It is as late as the oracle, and by its deviation wrong.
"""

from __future__ import annotations

from proteus.basics.units import NANO
from proteus.compiler.jit import inline_kernel

NO_REPORT = -1


@inline_kernel
def update(report):
    """Return the estimate in currency, from a report in nano."""
    return report / NANO


@inline_kernel
def ready(report):
    """Tell whether there is a report."""
    return report != NO_REPORT
