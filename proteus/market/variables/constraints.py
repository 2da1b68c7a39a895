"""What constraints cut and the venue refused for want of capital, and how much capital was used.

They are measured where some cell of a sweep has rules; a cell without chains has zeros.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.traders import NO_GROUP
from proteus.market.constraints.added import CODES
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    CLASS,
    GROUP,
    REASON,
    TERM,
    TRADER,
    Values,
    Variable,
    classes_of,
    currency,
)
from proteus.market.variables.population import by_group_and_trader

NO_GAS, NO_FUNDS = "no_gas", "no_funds"
REASONS = (*CODES, NO_GAS, NO_FUNDS)  # why lots are not sent, or not taken

Counts = NDArray[np.int64]  # [L, A, reasons]
Amounts = NDArray[np.int64]  # [L, A]


def _cuts(world: World) -> Counts:
    """Return how often each constraint cut first, and how often the venue refused, by trader."""
    lanes, traders = world.ledger.bought.shape
    if not isinstance(world.rules, Rules):
        return np.zeros((lanes, traders, len(REASONS)), np.int64)
    constraints = world.rules.constraints
    cuts = [constraints.cuts[:, :, code] for code in CODES.values()]
    return np.stack([*cuts, constraints.no_gas, constraints.no_funds], axis=2)


def _used(world: World) -> Amounts:
    if not isinstance(world.rules, Rules):
        return np.zeros_like(world.ledger.bought)
    return np.asarray(world.rules.constraints.used_most)


def _sums(counts: NDArray[np.int64], which: NDArray[np.int64], many: int) -> Values:
    """Add up the traders of each class or group: [L, many, ...]."""
    members = which == np.arange(many)[:, None]
    found = np.empty((len(counts), many, *counts.shape[2:]))  # nobody has no group
    for number, of in enumerate(members):
        found[:, number] = counts[:, of].sum(axis=1)
    return found


def _cuts_by_class(world: World) -> Values:
    return _sums(_cuts(world), world.traders.role, classes_of(world))


def _cuts_by_group(world: World) -> Values:
    groups = world.traders.group
    return _sums(_cuts(world), groups, int(groups.max()) + 1)


def _cuts_by_trader(world: World) -> Values:
    return _cuts(world)[:, world.traders.group != NO_GROUP].astype(float)


def _used_by_class(world: World) -> Values:
    return currency(_used(world) @ (world.traders.role[:, None] == np.arange(classes_of(world))))


_CUTS = Variable(
    name="constraint_cuts",
    dims=(CLASS, REASON),
    unit="1",
    long_name="intents of which constraints let less be sent, and messages that nobody could pay",
    formula=(
        "number of intents by the first constraint that cut them (constraint_cut); no_gas: "
        "intents whose message could not be paid; no_funds: "
        "messages that the venue refused for want of capital (no_funds, rfq_no_funds)"
    ),
    source="count",
    compute=_cuts_by_class,
)
_USED = "capital that is not free, at its most"
_USED_FORMULA = (
    "max over events in which an order of its own is acknowledged, filled, cancelled or ends "
    "(ack, fill, cancel, rfq_expire), at least 0, of capital - min(cash - B, "
    "cash + position - S): B and S are what its open orders there may cost if the contract pays 0 "
    "and 1, limit x lots of buys and (1 - limit) x lots of sells, with what is kept for fees, and "
    "all with what a haircut leaves out until it is final; of traders whose chain has capital, "
    "else 0"
)

CONSTRAINT_VARIABLES: tuple[Variable, ...] = (
    _CUTS,
    _CUTS._replace(
        name="constraint_cuts_by_group", dims=(GROUP, REASON), compute=_cuts_by_group,
        long_name=f"{_CUTS.long_name}, by group",
    ),
    _CUTS._replace(
        name="constraint_cuts_by_trader", dims=(TRADER, REASON), compute=_cuts_by_trader,
        long_name=f"{_CUTS.long_name}, by trader",
    ),
    Variable(
        name="capital_used_most", dims=(CLASS,), unit="currency", long_name=_USED,
        formula=f"sum over traders of {_USED_FORMULA}", source="count", compute=_used_by_class,
        needs=TERM,
    ),
    *(
        row._replace(source="count", needs=TERM)
        for row in by_group_and_trader(
            "capital_used_most", "currency", _USED, _USED_FORMULA, _used, currency
        )
    ),
)  # fmt: skip
