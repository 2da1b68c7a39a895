"""What a cost model owes: exact tables, charges that are its own words, and lanes that add up."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from proteus.configuration.locate import conf_file
from proteus.market.book.codes import BUY, SELL
from proteus.market.cell import CellConfig
from proteus.market.costs.base import CostModel
from proteus.market.costs.charging import begin_charge, charge_fill, take_order
from proteus.market.costs.codes import FEE, MAKER, REBATE, TAKER
from proteus.market.costs.models import COST_KINDS, parts_of
from proteus.market.costs.state import Costs
from proteus.market.ledger.accounts import CASH
from proteus.market.setup.cell import set_up_cell
from proteus.testing.lanes import TINY, cell, finished_plain

_NANO = 10**9
_LOTS = (1, 7, 1000)


def check_costs(name: str, mechanisms: tuple[str, ...] = ("clob", "fba")) -> None:
    """Check what a file of costs owes to everyone.

    Its model is in the table; its tables fit at ticks of 0.01 and 0.001; a charge of its one part
    is what the model says a lot costs, times lots, to the unit it is rounded to; lanes with it
    conserve cash and are the same twice.

    Parameters
        name: of the file in ``conf/costs``. mechanisms: for the lanes.

    Raises
        AssertionError: what it owes and does not do.
    """
    assert conf_file("costs", name) is not None, f"there is no conf/costs/{name}.yaml"
    for tick in ("0.01", "0.001"):
        config = cell("mechanism=clob", f"costs={name}", f"contract.tick={tick}", *TINY)
        assert config.costs.model in COST_KINDS
        _check_charges(name, config)
    for mechanism in mechanisms:
        _check_lanes(name, mechanism)


def _check_charges(name: str, config: CellConfig) -> None:
    """Compare charges of one lane with what the model says, price by price."""
    costs = set_up_cell(config).costs.of_block(1, 1, 1)
    parts = parts_of(config.costs.at(0))
    assert len(costs.tables.kind) == len(parts)
    if len(parts) != 1 or not _is_per_lot(parts[0]):
        return
    n_ticks, unit = config.n_ticks, Fraction(int(costs.tables.round_to[0, 0]), _NANO)
    for order, price in enumerate(range(1, n_ticks, max(n_ticks // 50, 1))):
        for role in (TAKER, MAKER):
            for side in (BUY, SELL):
                for lots in _LOTS:
                    charged = _charged(costs, order, role, side, price, lots)
                    per_lot = parts[0].per_lot(role, side, Fraction(price, n_ticks), 0)
                    exact = per_lot * parts[0].scale.exact * lots
                    about = f"{name}: {lots} lots at {price} of {n_ticks}"
                    assert abs(charged - exact) < unit, about


def _is_per_lot(part: CostModel) -> bool:
    """Tell whether a part is charged by what it says of a lot, and has no minimum."""
    try:
        part.per_lot(TAKER, BUY, Fraction(1, 2), 0)
    except NotImplementedError:
        return False
    return part.minimum.exact == 0


def _charged(costs: Costs, order: int, role: int, side: int, price: int, lots: int) -> Fraction:
    begin_charge(costs, 0)
    take_order(costs, 0, 0, order + 1)
    costs.kept[:] = costs.fees[:] = costs.paid[:] = 0
    charge_fill(costs, 0, 0, role, side, price, lots, 2 * price, 0)
    return Fraction(int(costs.due[0, FEE] - costs.due[0, REBATE]), _NANO)


def _check_lanes(name: str, mechanism: str) -> None:
    """Run a lane twice: cash sums to zero, and both are the same."""
    worlds = [
        finished_plain(cell(f"mechanism={mechanism}", f"costs={name}", *TINY)) for _ in range(2)
    ]
    balances = worlds[0].ledger.balance, worlds[1].ledger.balance
    assert (balances[0][:, :, CASH].sum(axis=1) == 0).all(), f"{name}: cash is not conserved"
    assert np.array_equal(*balances), f"{name}: a lane is another one the second time"
