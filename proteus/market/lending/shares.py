"""Shares of a pool: amounts and claims, with virtual ones so that the first share has a price.

An empty pool has ``virtual_shares`` for one virtual unit: nobody can make a share so dear that a
small deposit rounds to nothing (the inflation attack).

Source
    Morpho Blue 1.0.0, SharesMathLib; OpenZeppelin 4.9, ERC4626 (virtual offset).
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import multiply_divide

VIRTUAL_ASSETS = 1
MORPHO_VIRTUAL_SHARES = 1_000_000
PROTEUS_VIRTUAL_SHARES = 1_000


@inline_kernel
def to_shares(assets, total_assets, total_shares, virtual_shares, rounding):
    """Return how many shares an amount is; AMOUNT_OVERFLOW where they leave int64."""
    whole = total_shares + virtual_shares
    return multiply_divide(assets, whole, total_assets + VIRTUAL_ASSETS, rounding)


@inline_kernel
def to_assets(shares, total_assets, total_shares, virtual_shares, rounding):
    """Return how much some shares are; AMOUNT_OVERFLOW where it leaves int64."""
    whole = total_shares + virtual_shares
    return multiply_divide(shares, total_assets + VIRTUAL_ASSETS, whole, rounding)
