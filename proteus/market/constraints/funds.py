"""Capital: what an order may cost at worst, and how many lots can be paid.

An order that may fill takes money from its owner in two worlds: if the contract pays 0, a buyer
loses its limit; if it pays 1, a seller loses one less the limit. A fee takes it in both. So two
sums are kept per account, and an intent fits if afterwards

    cash - (sum of what orders cost if it pays 0) >= 0
    cash + position - (sum of what orders cost if it pays 1) >= 0

and what is equal fits. No fill can break either: it moves an order's cost from the sum into the
balances. So whoever starts with both can pay whatever happens. The trader applies this to what it
knows, the venue to true balances, by the same function.
"""

from __future__ import annotations

from proteus.basics.units import NANO
from proteus.compiler.jit import inline_kernel
from proteus.market.book.codes import BUY


@inline_kernel
def cost_if_zero(side, price, reserve):
    """Return what a lot of an order costs at worst if the contract pays 0, nano.

    Parameters
        price: its limit, nano. reserve: for fees of a lot, nano.
    """
    return price + reserve if side == BUY else max(reserve - price, 0)


@inline_kernel
def cost_if_one(side, price, reserve):
    """Return what a lot of an order costs at worst if the contract pays 1, nano."""
    return max(reserve - (NANO - price), 0) if side == BUY else NANO - price + reserve


@inline_kernel
def payable_lots(cash, position, if_zero, if_one, side, price, reserve, lots):
    """Return how many lots of an intent can be paid beside all that may still fill.

    Parameters
        cash: nano. position: lots. if_zero, if_one: nano, what orders cost at worst by payoff.
        side, price, reserve, lots: of the intent; limit and reserve in nano.
    """
    zero, one = cost_if_zero(side, price, reserve), cost_if_one(side, price, reserve)
    free_zero, free_one = max(cash - if_zero, 0), max(cash + position * NANO - if_one, 0)
    # Divisions are slow, and what is wanted mostly fits.
    if lots * zero > free_zero:
        lots = free_zero // zero
    if lots * one > free_one:
        lots = free_one // one
    return lots
