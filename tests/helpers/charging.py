"""Charging fills by hand: a model, one lane, and amounts in currency as fractions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import proteus
from proteus.compiler.arrays import allocate
from proteus.market.book.codes import BUY
from proteus.market.costs import charging, volume
from proteus.market.costs.base import CostModel
from proteus.market.costs.codes import COMPONENTS, TAKER
from proteus.market.costs.models import COST_MODELS
from proteus.market.costs.state import Costs, Payers, make_costs
from proteus.market.costs.tables import make_tables

CONF = Path(proteus.__file__).parent.parent / "conf" / "costs"
S = 10**9
HORIZON_NS = 20 * S


def model(name: str = "", /, **keys: Any) -> CostModel:
    """Read a model: a file of ``conf/costs``, or keys with ``model`` among them."""
    tree = yaml.safe_load((CONF / f"{name}.yaml").read_text()) if name else {}
    tree |= keys
    return COST_MODELS[tree["model"]].model_validate(tree)


def costs_of(
    read: CostModel, n_ticks: int = 100, slots: int = 4, start: tuple[int, ...] = (0, 0),
    sides: int = 64,
) -> Costs:  # fmt: skip
    """Build the costs of one lane, of traders who know them."""
    traders = len(start)
    payers = allocate(
        Payers, A=traders, knows=True, action=np.arange(7, dtype=np.int8),
    )  # fmt: skip
    tables = make_tables(read, n_ticks, HORIZON_NS)
    return make_costs(tables, payers, np.array(start, np.int64), 1, slots, sides)


def currency(nano: Any) -> Fraction:
    """Return nano-currency in currency."""
    return Fraction(int(nano), 10**9)


def due(costs: Costs) -> dict[str, Fraction]:
    """Return what is due of each component, without those that are nothing."""
    amounts = dict(zip(COMPONENTS, map(currency, costs.due[0]), strict=True))
    return {name: amount for name, amount in amounts.items() if amount}


def charge(
    costs: Costs, price: int, lots: int, role: int = TAKER, side: int = BUY, order: int = 1,
    slot: int = 0, anchor: int = 0, time: int = 0, event: int = 0, trader: int = 0,
) -> dict[str, Fraction]:  # fmt: skip
    """Charge one fill, as a venue where orders trade one by one."""
    if charging.charges_nothing(costs):
        return {}
    charging.begin_charge(costs, 0)
    charging.take_order(costs, 0, slot, order)
    volume.find_tiers(costs, 0, trader, time, event)
    charging.charge_fill(costs, 0, slot, role, side, price, lots, anchor, time)
    value = price * lots * int(costs.tables.tick_nano[0])
    volume.note_fill(costs, 0, trader, role, value, time, event)
    return due(costs)


def net(amounts: dict[str, Fraction]) -> Fraction:
    """Return what a charge takes in all."""
    return sum(amounts.values(), Fraction(0)) - 2 * amounts.get("rebate", Fraction(0))


def cost(read: CostModel, price: int, lots: int, n_ticks: int = 100, **more: Any) -> Fraction:
    """Return what one fill of a new order costs, in currency; below 0: it earns."""
    return net(charge(costs_of(read, n_ticks), price, lots, **more))
