"""The constraints there are: a line each, with the code that rows of chains and counts carry.

A constraint is a class in ``models``, a branch in ``chain``, a yaml in ``conf/risk`` and a line
here. The numbers are part of file formats: none is ever changed.
"""

from __future__ import annotations

from typing import NamedTuple

from proteus.market.constraints import models

NONE = -1
MESSAGE_RATE = 0
ORDER_SIZE = 1
EXPOSURE_PER_SIDE = 2
INVENTORY_LIMIT = 3
CAPITAL = 4


class ConstraintKind(NamedTuple):
    """A row of the table."""

    code: int
    model: type[models.Constraint]


CONSTRAINTS = {
    "message_rate": ConstraintKind(MESSAGE_RATE, models.MessageRate),
    "order_size": ConstraintKind(ORDER_SIZE, models.OrderSize),
    "exposure_per_side": ConstraintKind(EXPOSURE_PER_SIDE, models.ExposurePerSide),
    "inventory_limit": ConstraintKind(INVENTORY_LIMIT, models.InventoryLimit),
    "capital": ConstraintKind(CAPITAL, models.Capital),
}
