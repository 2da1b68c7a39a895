"""How many lots fit by constraints that other packages add."""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus import plugins
from proteus.compiler.foreign import or_nothing
from proteus.compiler.jit import inline_kernel
from proteus.market.constraints.base import ConstraintKind
from proteus.market.constraints.table import CONSTRAINTS, FIRST_ADDED

ADDED_KINDS = plugins.rows(plugins.CONSTRAINTS, ConstraintKind, CONSTRAINTS)
CODES = {**CONSTRAINTS, **{name: FIRST_ADDED + at for at, name in enumerate(ADDED_KINDS)}}
GIVEN = (np.zeros(1, np.int64), *[np.int64(1)] * 8)  # what ``fits`` is called with, by type


@inline_kernel
def _none_fits(numbers, side, price, lots, held, buys, sells, cash, reference):
    return np.int64(0)


@inline_kernel
def _nothing(code, numbers, side, price, lots, held, buys, sells, cash, reference):
    return np.int64(0)


def or_else(known: int, fits: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more constraint."""
    asked = or_nothing(fits, GIVEN, _none_fits)

    @inline_kernel
    def added(code, numbers, side, price, lots, held, buys, sells, cash, reference):
        if code == known:
            return np.int64(asked(numbers, side, price, lots, held, buys, sells, cash, reference))
        return others(code, numbers, side, price, lots, held, buys, sells, cash, reference)

    return added


fits_added: Any = _nothing
for _name, _kind in ADDED_KINDS.items():
    fits_added = or_else(CODES[_name], _kind.fits, fits_added)
