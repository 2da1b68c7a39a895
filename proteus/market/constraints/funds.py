"""Capital: what an order may cost at worst, and how many lots can be paid.

An order that may fill takes money from its owner in two worlds: if the contract pays 0, a buyer
loses its limit; if it pays 1, a seller loses one less the limit. A fee takes it in both. So two
sums are kept per account, and an intent fits if afterwards

    cash - (sum of what orders cost if it pays 0) >= 0
    cash + position - (sum of what orders cost if it pays 1) >= 0

and what is equal fits. No fill can break either: it moves an order's cost from the sum into the
balances. So whoever starts with both can pay whatever happens. The trader applies this to what it
knows, the venue to true balances, by the same function.

What a fill takes counts at once. What it brings, cash or contracts, counts less a ``haircut`` (ppm)
until it is final: nothing of it is missing where economic balances count, all of it where settled
ones do. So with a haircut an order costs more, as less comes in for what goes out.
"""

from __future__ import annotations

from proteus.basics.units import NANO
from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import CEIL, multiply_divide
from proteus.market.book.codes import BUY

WHOLE_PPM = 1_000_000


@inline_kernel
def counted(amount, haircut):
    """Return what counts of an amount for a lot that is not final yet, nano."""
    return amount * (WHOLE_PPM - haircut) // WHOLE_PPM


@inline_kernel
def uncounted(cash, lots, haircut):
    """Return what does not count of all that comes in, if the contract pays 0 and if it pays 1.

    Parameters
        cash: nano. lots: of contracts.
    """
    missing = multiply_divide(cash, haircut, WHOLE_PPM, CEIL)
    return missing, missing + lots * (NANO // WHOLE_PPM) * haircut


@inline_kernel
def cost_if_zero(side, price, reserve, haircut):
    """Return what a lot of an order costs at worst if the contract pays 0, nano.

    Parameters
        price: its limit, nano. reserve: for fees of a lot, nano. haircut: ppm.
    """
    return price + reserve if side == BUY else max(reserve - counted(price, haircut), 0)


@inline_kernel
def cost_if_one(side, price, reserve, haircut):
    """Return what a lot of an order costs at worst if the contract pays 1, nano."""
    if side == BUY:
        return max(price + reserve - counted(NANO, haircut), 0)
    return NANO - counted(price, haircut) + reserve


@inline_kernel
def payable_lots(cash, position, if_zero, if_one, side, price, reserve, haircut, lots):
    """Return how many lots of an intent can be paid beside all that may still fill.

    Parameters
        cash: nano. position: lots. if_zero, if_one: nano by payoff, what orders cost at worst, and
            what does not count of cash and position.
        side, price, reserve, lots: of the intent; limit and reserve in nano. haircut: ppm.
    """
    zero = cost_if_zero(side, price, reserve, haircut)
    one = cost_if_one(side, price, reserve, haircut)
    free_zero, free_one = max(cash - if_zero, 0), max(cash + position * NANO - if_one, 0)
    # Divisions are slow, and what is wanted mostly fits.
    if lots * zero > free_zero:
        lots = free_zero // zero
    if lots * one > free_one:
        lots = free_one // one
    return lots
