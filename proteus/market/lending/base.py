"""What a rate curve and a liquidation rule of another package are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from proteus.basics.schema import Schema

FIRST_ADDED = 16  # codes of other packages begin here, above all of ours
NO_NUMBERS = np.zeros(0, np.int64)


class RateCurve(Schema):
    """Say how a rate follows from utilisation; adds its key ``name``, others, and ``numbers``."""

    name: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return what its kernel is given of the keys, as int64."""
        return ()


class LiquidationRule(Schema):
    """Say how much may be repaid at once; adds its key ``name``, others, and ``numbers``."""

    name: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return what its kernel is given of the keys, as int64."""
        return ()


class RateKind(NamedTuple):
    """A row of the table of rate curves: the class that reads its keys, and a part of a kernel.

    ``rate``, (numbers, used), returns the rate a year in 1e18, int64; what is below 0 counts as 0.
    ``used`` is the utilisation, debt over cash and debt in 1e18, 0 without debt. More that is lent
    must never be a lower rate.
    """

    config: type[RateCurve]
    rate: Callable[..., Any]


class LiquidationKind(NamedTuple):
    """A row of the table of liquidation rules: the class of its keys, and a part of a kernel.

    ``most_repaid``, (numbers, threshold, lots, value, cost, debt), returns how much of the debt of
    an unhealthy account one liquidation may repay, int64 nano; what is outside 1 to ``debt`` counts
    as the nearer end. ``threshold`` is in 1e18, ``lots`` the collateral, ``value`` and ``cost``
    nano a lot, and what a liquidator pays for it.
    """

    config: type[LiquidationRule]
    most_repaid: Callable[..., Any]
