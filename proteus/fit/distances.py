"""How far behind the reference limit orders stand: uniform between cuts, by maximum likelihood.

A noise trader places its limits uniformly over some distances. So a law of distances is a few such
traders beside each other. The cuts are those of the largest likelihood; one more is worth it if it
gains more than Schwarz's criterion takes for its two parameters.

Source
    Schwarz (1978) Annals of Statistics 6:461. Fisher (1958) JASA 53:789 (cuts by recursion).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.fit.estimates import LEAST, Fit, Whole, chi_square

KEPT = 0.99  # share of the distances that are represented, those in the middle
_MOST = 5  # pieces
_SMALLEST = 0.02  # piece, share of the orders
_CANDIDATES = 200  # distances between which there may be a cut


class Distances(NamedTuple):
    """Pieces from near to far: both ends belong to them."""

    low: list[int]
    high: list[int]
    fit: Fit | None


def pieces(distance: Whole) -> Distances:
    """Cut distances into pieces in which they are uniform.

    Parameters
        distance: ticks behind the reference, at least one.
    """
    outside = (1 - KEPT) / 2
    low, high = np.quantile(distance, [outside, 1 - outside], method="nearest").astype(int)
    kept = distance[(distance >= low) & (distance <= high)]
    counts = np.bincount(kept - low, minlength=high - low + 1)
    ends = _ends(counts)  # of steps, exclusive
    begins = np.concatenate([[0], ends[:-1]])
    sums = np.add.reduceat(counts, begins)
    cuts = _cuts(sums, ends)
    first = [0, *cuts[:-1]]
    shares = np.concatenate([
        np.full(last - begin, counts[begin:last].sum() / (last - begin))
        for begin, last in zip(first, cuts, strict=True)
    ])  # fmt: skip
    fit = chi_square(
        "chi-square, distances", counts.astype(float), shares / shares.sum(), len(cuts) - 1
    )
    return Distances(
        [int(low + begin) for begin in first], [int(low + last - 1) for last in cuts], fit
    )


def _ends(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where steps end: at every distance, or at some with as many orders between them."""
    if len(counts) <= _CANDIDATES:
        return np.arange(1, len(counts) + 1)
    until = np.cumsum(counts)
    wanted = np.linspace(0, until[-1], _CANDIDATES + 1)[1:]
    return np.unique(np.searchsorted(until, wanted) + 1)


def _cuts(sums: NDArray[np.int64], ends: NDArray[np.int64]) -> list[int]:
    """Return where pieces end, with the best likelihood of each number of pieces."""
    total, steps = int(sums.sum()), len(ends)
    until = np.concatenate([[0], np.cumsum(sums)])
    at = np.concatenate([[0], ends])
    least = max(LEAST, _SMALLEST * total)
    gain = np.full((steps + 1, steps + 1), -np.inf)  # of a piece of steps begin .. end
    for begin in range(steps):
        many = (until[begin + 1 :] - until[begin]).astype(float)
        width = at[begin + 1 :] - at[begin]
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(many > 0, many * np.log(many / (total * width)), 0.0)
        gain[begin, begin + 1 :] = np.where(many >= least, found, -np.inf)
    gain[0, steps] = total * -np.log(at[-1])  # there is always one
    best, before = gain[0], []
    found_best, chosen = best[steps], 1
    for many in range(2, _MOST + 1):
        sums_of = best[:, None] + gain
        before.append(np.argmax(sums_of, axis=0))
        best = sums_of.max(axis=0)
        worth = best[steps] - (many - 1) * np.log(total)
        if worth > found_best:
            found_best, chosen = worth, many
    made, last = [steps], steps
    for step in range(chosen - 2, -1, -1):
        last = int(before[step][last])
        made.insert(0, last)
    return [int(at[end]) for end in made]
