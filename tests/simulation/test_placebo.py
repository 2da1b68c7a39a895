"""The placebo of phase 5: an oracle that reads v cuts what sales do to the health of others.

Positions and loans are given at the start, the treasury liquidates at the accruals, the curve is
fixed. Then nobody's loan depends on another's: who is liquidated, when and of how many lots is the
union of what happens in lanes in which one account alone owes something. With an oracle that reads
the market it is not.
"""

import numpy as np
import pytest

from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading.world import FAULT_NONE
from proteus.recording.columns import CREDIT_SEIZED, is_kind, rows_of
from tests.helpers.cells import MS, ROOT, TINY, cell, run_plain
from tests.helpers.crediting import AUTO, NANO, ByHand

pytestmark = pytest.mark.plain

WORDS = (
    "mechanism=clob", "credit=pool", "credit.price=oracle", "credit.curve=fixed",
    "credit.accrue_ms=20", "credit.ltv=0.64", "credit.bonus_least=0.001",
    "population.informed.count=3", "population.informed.capital=30",
    "population.informed.target_leverage=2", "population.informed.schedule.law=none",
    "population.informed.schedule.rate_per_s=0", "+risk@population.informed.risk=capital",
    "population.maker.policy.belief_gain_trade=0.3",
    "population.maker.policy.belief_gain_signal=0.05",
    "population.sniper.count=0", "+trader@population.lender=lender", "population.lender.capital=90",
    "population.lender.schedule.law=none", "population.lender.schedule.rate_per_s=0",
    "latent.jump_rate_per_s=8", "latent.jump_accuracy=0.55", *AUTO, *TINY, "horizon_s=0.6",
    "environment=ORACLE", "environment.oracle.check_ms=10",
    "environment.oracle.lag_ms=5",
)  # fmt: skip
LOTS = (30, 30, 30)  # of each account
DEBTS = (9.4, 9.2, 8.0)  # currency, where it owes something
SEED = 2


def seized(oracle, indebted, seed=SEED):
    """Who is liquidated, when, and of how many lots, where some of the accounts owe something."""
    words = [word.replace("ORACLE", oracle) for word in WORDS]
    setup = with_log(set_up_cell(cell(*words)))
    block = build_block(setup, replicate_keys(ROOT, np.array([seed])), 2, audit=True)
    run_plain(*block, 30 * MS)  # until the oracle has reported
    lane = ByHand(world=block.world)
    lane.time = 30 * MS
    lender = np.flatnonzero(lane.credit.deposit)[0]
    lane.supply(lender, 80 * NANO)
    borrowers = np.flatnonzero(lane.credit.leverage)
    for at, trader in enumerate(borrowers):
        lane.trade(trader, LOTS[at], NANO // 2)
        if at in indebted:
            assert lane.borrow(trader, round(DEBTS[at] * NANO), NANO // 2)
    block.world.progress.events[0] = lane.event + 1
    run_plain(*block, NEVER_NS)
    assert block.world.progress.fault[0] == FAULT_NONE
    rows = rows_of(block.world.log, 0)
    found = is_kind(rows, CREDIT_SEIZED)
    columns = (rows[name][found].tolist() for name in ("trader", "time_ns", "lots"))
    return sorted(zip(*columns, strict=True))


EVERYBODY = range(len(LOTS))


def test_with_an_oracle_of_v_nobody_is_liquidated_for_another():
    together = seized("oracle_value", EVERYBODY)
    alone = [row for one in EVERYBODY for row in seized("oracle_value", [one])]
    assert together == sorted(alone)
    assert len({trader for trader, _, _ in together}) >= 2


def test_with_an_oracle_of_the_market_somebody_is():
    together = seized("oracle", EVERYBODY)
    assert together != sorted(row for one in EVERYBODY for row in seized("oracle", [one]))
