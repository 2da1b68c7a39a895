"""The constraints there are: a line each, with the code that rows of chains and counts carry.

A constraint is a class in ``models``, a branch in ``chain``, a yaml in ``conf/risk`` and a line
here. The numbers are part of file formats: none is ever changed. Those of other packages come
after ours (``added``).
"""

from __future__ import annotations

NONE = -1
MESSAGE_RATE = 0
ORDER_SIZE = 1
EXPOSURE_PER_SIDE = 2
INVENTORY_LIMIT = 3
CAPITAL = 4
LOSS_LIMIT = 5
LEVERAGE = 6

CONSTRAINTS = {  # in the order of their places
    "loss_limit": LOSS_LIMIT,
    "message_rate": MESSAGE_RATE,
    "order_size": ORDER_SIZE,
    "exposure_per_side": EXPOSURE_PER_SIDE,
    "inventory_limit": INVENTORY_LIMIT,
    "leverage": LEVERAGE,
    "capital": CAPITAL,
}
FIRST_ADDED = len(CONSTRAINTS)
NO_GAS = 900  # no constraint: who keeps to capital cannot pay for the message
