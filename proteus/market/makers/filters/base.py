"""What every filter has in common, and what one of another package is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from proteus.basics.schema import Schema


class Filter(Schema):
    """Say how an estimate is made, and what of the surroundings it reads.

    One of another package adds its key ``name``, others, and ``numbers``.
    """

    CODE: ClassVar[int]
    reads_sizes: ClassVar[bool] = False  # lots at the best prices
    reads_oracle: ClassVar[bool] = False

    def numbers(self) -> tuple[float, ...]:
        """Return what the kernels of ``FilterKind`` are given of the keys, as float64."""
        return ()


class FilterKind(NamedTuple):
    """A row of the table of filters: the class that reads its keys, and three functions.

    ``init`` is plain Python, (numbers, p0), and returns what the filter remembers at 0, a tuple of
    floats of one length. The others are parts of kernels. ``update``, (numbers, memory, estimate,
    observed, is_signal, elapsed_s), writes to ``memory`` and returns the new estimate; it is
    called for each print of others and each new look at the signal. ``ready``, (numbers, memory),
    tells whether the estimate may be quoted. Estimate and observations are in currency; what is
    outside 0 .. 1 counts as the nearer end, and no number leaves the estimate as it was. elapsed_s
    is the time since the wake-up of the last observation, 0 for others of one wake-up and for a
    price that a maker is told.
    """

    config: type[Filter]
    init: Callable[[tuple[float, ...], float], tuple[float, ...]]
    update: Callable[..., Any]
    ready: Callable[..., Any]
