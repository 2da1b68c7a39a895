"""The fill rate as a function of the distance, lambda(d) = A exp(-k d), fitted to own fills.

A maker keeps, in classes of distance, how long its quotes stood and how often they were hit. The
fit is that of greatest likelihood for Poisson counts with these exposures: k solves

    sum_b n_b d_b / sum_b n_b = sum_b T_b d_b exp(-k d_b) / sum_b T_b exp(-k d_b)

whose right side falls in k, by bisection within bounds; then A = sum_b n_b / sum_b T_b exp(-k d_b).
A fill counts once, however many lots, at the distance of the quote sent last. Distances are in
currency: in half ticks or ticks k would be another number.

Source
    Avellaneda & Stoikov (2008), section 2.5, for the law; McCullagh & Nelder (1989), Generalized
    Linear Models, section 6.2, for the likelihood.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.elementary import portable_exp

CLASSES = 16  # B
_HALVINGS = 50


@inline_kernel
def class_of(distance, width):
    """Return the class of a distance, currency; what is farther counts with the last class."""
    return min(max(int(distance / width), 0), CLASSES - 1)


@inline_kernel
def middle(at, width):
    """Return the distance in the middle of a class, currency."""
    return (at + 0.5) * width


@inline_kernel
def count_of(fills, lane, maker):
    """Return the number of fills in all classes."""
    count = 0.0
    for at in range(CLASSES):
        count += fills[lane, maker, at]
    return count


@inline_kernel
def fit(exposure, fills, lane, maker, width, least_decay, most_decay):
    """Fit A, per second, and k, per currency.

    Parameters
        exposure: float64 [L, M, B] seconds that quotes stood, by class. fills: float64 [L, M, B] of
        them. lane, maker: rows. width: of a class, currency. least_decay, most_decay: bounds of k.

    Returns
        A, k, and whether there is a fit: some fill, exposure in two classes at least, and bounds of
        k at which quotes so far away are hit at all.
    """
    count, sum_of_distances, exposed = count_of(fills, lane, maker), 0.0, 0
    for at in range(CLASSES):
        sum_of_distances += fills[lane, maker, at] * middle(at, width)
        exposed += 1 if exposure[lane, maker, at] > 0.0 else 0
    if count == 0.0 or exposed < 2:
        return 0.0, 0.0, False
    wanted, low, high = sum_of_distances / count, least_decay, most_decay
    for _ in range(_HALVINGS):
        decay = 0.5 * (low + high)
        _, excess = _moments(exposure, lane, maker, width, decay, wanted)
        if excess > 0.0:
            low = decay
        else:
            high = decay
    decay = 0.5 * (low + high)
    weight, _ = _moments(exposure, lane, maker, width, decay, wanted)
    if weight <= 0.0:
        return 0.0, 0.0, False
    return count / weight, decay, True


@inline_kernel
def _moments(exposure, lane, maker, width, decay, wanted):
    """Return sum T exp(-k d) over the classes, and sum T (d - w) exp(-k d).

    The difference is taken of distances and not of the sums: where all fills are of one class, what
    stands farther away is far less than those sums round to, and still says that k has no bound.
    """
    weight, excess = 0.0, 0.0
    for at in range(CLASSES):
        distance = middle(at, width)
        each = exposure[lane, maker, at] * portable_exp(-decay * distance)
        weight += each
        excess += each * (distance - wanted)
    return weight, excess
