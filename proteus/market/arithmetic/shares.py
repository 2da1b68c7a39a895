"""Sharing an amount by weights, so that the parts add up: the method of largest remainders.

Every part is rounded down, and each unit that is left over goes to the largest remainder; of equal
ones to the one that comes first in a given order. A part is thus within one unit of its exact
value, and no part exceeds its weight where the amount is at most the sum of the weights.

Source
    Balinski & Young, Fair Representation (1982), ch. 3 (the method of Hamilton).
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide, product_rest

_TAKEN = -1  # the remainder of one that has had its unit


@cold_kernel
def share_out(amount, total, weights, order, shares, rests):
    """Share an amount among N in proportion to their weights.

    Parameters
        amount: int64, at least 0. total: int64, the sum of the weights, at least 1.
        weights: int64 [N], at least 0. order: int64 [N], a permutation of 0 .. N-1.
        shares: int64 [N], written; sums to ``amount``. rests: int64 [N], scratch.
    """
    left = amount
    for i in range(weights.shape[0]):
        shares[i] = multiply_divide(amount, weights[i], total, FLOOR)
        rests[i] = product_rest(amount, weights[i], total)
        left -= shares[i]
    while left > 0:
        best = order[0]
        for place in range(1, order.shape[0]):
            if rests[order[place]] > rests[best]:
                best = order[place]
        shares[best] += np.int64(1)
        rests[best] = _TAKEN
        left -= 1
