"""What a delay of settlement does where capital counts what is settled, and only there."""

import numpy as np
import pytest

from proteus.basics.units import NANO
from proteus.market.constraints.table import CAPITAL, NONE
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from tests.helpers.budget import is_proof
from tests.helpers.cells import MECHANISM_NAMES, ROOT, cell, run_plain

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
GROUPS = ("maker", "informed", "noise", "sniper")
LANES = 20 if is_proof() else 3
DELAYS_MS = (50, 400, 2000)
pytestmark = pytest.mark.plain


def traded(*words, lanes=LANES):
    setup = set_up_cell(cell(*words, "settlement=t_plus"))
    block = build_block(setup, replicate_keys(ROOT, np.arange(lanes)), 4, True)
    run_plain(*block)
    assert not block.world.progress.fault.any()
    return block.world


def volumes(*words):
    """Lots filled, with common seeds: [delay, lane]."""
    return np.array([
        traded("horizon_s=4", f"settlement.delay_ms={delay}", *words).rules.settlement.sums.lots
        for delay in DELAYS_MS
    ])  # fmt: skip


def limited(name, capital, counts):
    risk = f"population.{name}.risk"
    return [
        f"population.{name}.capital={capital}", f"risk@{risk}=[inventory_limit,capital]",
        f"{risk}.capital.counts={counts}",
    ]  # fmt: skip


def test_locked_capital_reduces_volume():
    """The longer what fills bring is not final, the fewer follow; common seeds."""
    everybody = [word for name in GROUPS for word in limited(name, 2, "settled")]
    lots = volumes("mechanism=clob", *everybody).sum(axis=1)
    assert lots[0] > 1.2 * lots[1] > 1.2 * 1.2 * lots[2] > 0


def test_without_capital_a_delay_changes_nothing_that_is_traded():
    lots = volumes("mechanism=clob")[:, :1]
    assert (lots == lots[0]).all()


@EVERY_MECHANISM
@pytest.mark.parametrize("netting", ["gross", "net"])
def test_nobody_fails_to_pay_who_counts_what_is_settled(mechanism, netting):
    """What is owed is in settled cash from the fill on, so no fill ever fails."""
    everybody = [word for name in GROUPS for word in limited(name, 3, "settled")]
    words = f"mechanism={mechanism}", "settlement.delay_ms=300", f"settlement.netting={netting}"
    world = traded(*words, *everybody, lanes=2)
    assert world.rules.settlement.sums.fails.sum() == 0
    assert world.rules.constraints.cuts.sum() > 0
    assert world.progress.fills.sum() > 0


@EVERY_MECHANISM
@pytest.mark.parametrize("reckons", [True, False])
def test_settled_wealth_is_never_below_nothing(mechanism, reckons):
    """Cash and contracts less what comes in, at either payoff, after every 100 ms.

    So it is also where traders do not reckon at all, and only the venue tests what arrives.
    """
    capital = 3 if reckons else 30  # orders are large where nobody reckons
    everybody = [word for name in GROUPS for word in limited(name, capital, "settled")]
    setup = set_up_cell(cell(f"mechanism={mechanism}", *everybody, "settlement=cycle"))
    block = build_block(setup, replicate_keys(ROOT, np.arange(2)), 4, True)
    world, traders = block.world, block.world.ledger.bought.shape[1]
    legs, kinds = world.rules.settlement.legs, world.rules.constraints.table.kind
    if not reckons:
        kinds[kinds == CAPITAL] = NONE
    for until in range(1, 20):
        run_plain(*block, until * 100_000_000)
        for lane in range(2):
            counted = world.ledger.balance[lane, :traders].copy()
            for at in range(legs.count[lane]):
                counted[legs.seller[lane, at], CASH] -= legs.cash[lane, at]
                counted[legs.buyer[lane, at], CONTRACT] -= legs.lots[lane, at]
            worst = np.minimum(counted[:, CASH], counted[:, CASH] + counted[:, CONTRACT] * NANO)
            assert worst.min() >= 0
            used = world.rules.constraints.used_most[lane]
            assert (capital * NANO - worst <= used).all()
            assert used.max() <= capital * NANO
    assert world.progress.fills.sum() > 0
    assert reckons or world.rules.constraints.no_funds.sum() > 0
