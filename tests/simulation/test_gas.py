"""Gas and fines of who keeps to capital, in whole markets."""

import numpy as np
import pytest

from proteus.market.book.codes import (
    EVENT_ACK,
    EVENT_CANCEL,
    EVENT_CUT,
    EVENT_RFQ_REJECT,
)
from proteus.market.constraints.table import NO_GAS
from proteus.market.events.log import SOURCE_TRADER
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.ledger.codes import DEFAULT, PENALTY
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.variables import measure
from proteus.market.variables.base import REASON, TERM, TRADER
from proteus.market.variables.constraints import REASONS
from tests.helpers.cells import MECHANISM_NAMES, MS, ROOT, S, cell, run_plain

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
GROUPS = ("maker", "informed", "noise", "sniper")
NANO = 10**9
pytestmark = pytest.mark.plain
POOR = [
    word
    for name in GROUPS
    for word in (
        f"risk@population.{name}.risk=[inventory_limit,capital]", f"population.{name}.capital=3",
    )
]  # fmt: skip
GAS = ["costs=gas", "costs.base_fee=0.01", "horizon_s=3"]


def leaving(mechanism, units):
    """What a message costs by which a trader leaves: a cancel, or a refusal in a last look."""
    if mechanism != "rfq":
        return [f"costs.cancel_units={units}"]
    last_look = ["mechanism.last_look=true", "mechanism.tolerance=0", "mechanism.hold_ms=100"]
    return [f"costs.confirm_units={units}", *last_look]


FINED = ["incentives=message_ratio"] + [
    f"incentives.policies.messages.{word}"
    for word in ("epoch_s=0.5", "measure.most_per_fill=1", "charge.amount=0.1")
]


def built(*words):
    setup = with_log(set_up_cell(cell(*POOR, *words)))
    return build_block(setup, replicate_keys(ROOT, np.arange(2)), 1, True)


def free(world):
    """What neither orders at the venue nor positions keep, at the worse payoff, nano."""
    traders = world.ledger.bought.shape[1]
    promised = world.rules.constraints.promised
    cash = world.ledger.balance[:, :traders, CASH]
    held = world.ledger.balance[:, :traders, CONTRACT] * NANO
    return np.minimum(cash - promised[:, :, 0], cash + held - promised[:, :, 1])


@EVERY_MECHANISM
def test_gas_and_fines_leave_what_orders_reserve(mechanism):
    """Where cancels cost nothing: whatever fills, nobody can be worth less than nothing."""
    block = built(f"mechanism={mechanism}", *GAS, *leaving(mechanism, 0), *FINED)
    world, ledger = block.world, block.world.ledger
    for until in range(50 * MS, 3 * S, 50 * MS):
        run_plain(*block, until)
        assert free(world).min() >= 0
    run_plain(*block)
    assert not world.progress.fault.any()
    assert world.progress.fills.min() > 0
    traders = ledger.bought.shape[1]
    for code in (PENALTY, DEFAULT):
        assert (ledger.total[:, :traders, ledger.place[code], CASH] != 0).any()
    assert world.rules.constraints.no_gas.sum() > 0


@EVERY_MECHANISM
def test_whoever_lacks_gas_still_cancels(mechanism):
    """A cancel, or a refusal in a last look, that nobody can pay is sent, and charged."""
    block = built(f"mechanism={mechanism}", *GAS, *leaving(mechanism, 100))
    world, log, least = block.world, block.world.log, 0
    for until in range(100 * MS, 3 * S, 100 * MS):
        run_plain(*block, until)
        least = min(least, free(world).min())
    rows = np.arange(log.kind.shape[1]) < log.count[:, None]
    leaves = np.isin(log.kind, (EVENT_CANCEL, EVENT_RFQ_REJECT)) & (log.source == SOURCE_TRADER)
    assert (rows & leaves).sum() > 3
    assert least < -NANO // 2  # a message of a currency, of who did not have half of it


@EVERY_MECHANISM
def test_what_could_not_be_paid_is_counted_once(mechanism):
    """The dataset, the counter and the rows of the log say the same, by trader."""
    block = built(f"mechanism={mechanism}", *GAS)
    run_plain(*block)
    world, log = block.world, block.world.log
    measured = measure(world, (TRADER, TERM, REASON))["constraint_cuts_by_trader"]
    for lane in range(2):
        rows = slice(log.count[lane])
        kinds, codes, traders = (each[lane, rows] for each in (log.kind, log.code, log.trader))
        for trader in range(world.traders.role.shape[0]):
            count = ((traders == trader) & (kinds == EVENT_CUT) & (codes == NO_GAS)).sum()
            assert measured[lane, trader, REASONS.index("no_gas")] == count
            assert world.rules.constraints.no_gas[lane, trader] == count
    assert measured[:, :, REASONS.index("no_gas")].sum() > 0
    assert (log.kind == EVENT_ACK).sum() > 0
