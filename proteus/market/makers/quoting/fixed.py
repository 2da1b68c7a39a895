"""Fixed: the same half-spread around the estimate, whatever is held.

It takes on inventory without limit but that of its risk, and so lives or dies by its estimate: the
rule that every other one must beat.

Source
    Glosten & Milgrom (1985) JFE 14:71, quotes around an expectation, with a spread that is given.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel


@inline_kernel
def quote(estimate, half_spread):
    """Return reservation price and half-spread, currency."""
    return estimate, half_spread
