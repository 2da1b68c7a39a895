"""Roles, actions and components of costs, by number."""

from __future__ import annotations

# Liquidity roles.
TAKER = 0
MAKER = 1

# Messages that may cost gas.
ACTION_NEW = 0
ACTION_CANCEL = 1
ACTION_REPLACE = 2
ACTION_REQUEST = 3
ACTION_QUOTE = 4
ACTION_ACCEPT = 5
ACTION_CONFIRM = 6  # a dealer's answer in a last look, of either kind
ACTIONS = ("new", "cancel", "replace", "request", "quote", "accept", "confirm")

# What a charge is made of; every amount is at least 0.
FEE = 0
REBATE = 1  # received; the others are paid
GAS_BURNED = 2
GAS_TIP = 3
ROUNDING = 4
COMPONENTS = ("fee", "rebate", "gas_burned", "gas_tip", "rounding")
