"""Credit in whole lanes: every event audited, every nano of interest in an event, replayed."""

from types import SimpleNamespace

import numpy as np
import pytest

from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import CASH
from proteus.market.ledger.codes import BORROW, DUST, INTEREST, REPAY, SUPPLY
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading.world import FAULT_NONE
from proteus.market.variables import measure
from proteus.market.variables.dimensions import optional_of
from proteus.market.variables.rules import total_of
from proteus.recording import watched_rules
from proteus.recording.columns import CREDIT_ACCRUAL, EVENT_NAMES, POSTING, rows_of
from proteus.recording.credit_traces import accounts
from proteus.replaying.rerun import Rerun
from tests.helpers.cells import MS, ROOT, TINY, build, cell, run_plain
from tests.helpers.crediting import GROUPS, NANO, ByHand

pytestmark = pytest.mark.plain

WORDS = (
    "credit=pool", "credit.accrue_ms=20", "credit.year_s=2", "population.informed.count=2",
    "population.informed.capital=3", "population.informed.target_leverage=3",
    "population.informed.schedule.rate_per_s=30", "+risk@population.informed.risk=capital",
    "+trader@population.lender=lender", "population.lender.capital=30",
    "population.lender.schedule.rate_per_s=40", "latent.jump_rate_per_s=5", *TINY,
)  # fmt: skip
MARKETS = {
    "clob": ("mechanism=clob",),
    "rfq": ("mechanism=rfq",),
    "fba_in_cycles": ("mechanism=fba", "settlement=cycle", "settlement.cycle_ms=30"),
    "clob_by_blocks": (
        "mechanism=clob", "settlement=blocks", "settlement.finality_blocks=2",
        "settlement.fork_probability=0.2", "environment=blocks",
        "environment.blocks.interval_ms=15",
    ),
}  # fmt: skip
SEED = 5


def played(*words):
    """A recorded lane with every event audited, and its rows."""
    setup = with_log(set_up_cell(cell(*words)))
    block = build_block(setup, replicate_keys(ROOT, np.array([SEED])), 2, audit=True)
    run_plain(*block)
    assert block.world.progress.fault[0] == FAULT_NONE
    return setup, block.world, rows_of(block.world.log, 0)


@pytest.mark.parametrize("market", MARKETS)
def test_a_lane_with_credit_is_whole_auditable_and_replayed(market):
    """Credit and spot ledgers agree after every event, however fills become final."""
    setup, world, rows = played(*MARKETS[market], *WORDS)
    names = [EVENT_NAMES[kind] for kind in rows["kind"]]
    seen = {name for name in names if name.startswith("credit_")}
    assert {"credit_offer", "credit_open", "credit_accrual", "credit_collateral_in"} <= seen

    # Between two accruals the debt changes by what is lent, repaid and written off alone.
    debt = interest = 0
    for at, name in enumerate(names):
        amount = rows["amount"][at]
        if name == "credit_accrual":
            assert rows["debt_before"][at] == debt
            debt, interest = rows["debt"][at], interest + amount
            assert rows["debt_before"][at] + amount == debt
        elif name == "credit_open":
            debt += amount
        elif name in ("credit_repay", "credit_bad_debt"):
            debt -= amount
    assert debt == 0  # all is closed at the end
    assert interest == world.rules.credit.pool.interest[0] > 0
    steps = (rows["kind"] == CREDIT_ACCRUAL[1]).sum()
    assert steps == 20  # of 20 ms in 0.4 s, with that at T
    index = rows["index"][rows["kind"] == CREDIT_ACCRUAL[1]]
    assert (np.diff(index) >= 0).all()

    # The ledger says the same: interest charged, and everything borrowed paid back.
    informed = world.traders.group == 1
    charged = -total_of(world, INTEREST, CASH)[0, informed].sum()
    assert abs(charged - interest) <= len(names)  # rounded up, account by account
    back = total_of(world, BORROW, CASH) + total_of(world, REPAY, CASH)
    assert not back[0, informed].any()
    values = measure(world, optional_of(setup.cell))
    without = ("settled", "venue")  # of classes at v_T, and of the accounts beside them
    pnl = sum(values[name][0] for name in values
              if name.startswith("pnl_") and values[name].ndim == 1
              and not name.endswith(without)) + values["pnl_venue"][0]  # fmt: skip
    assert abs(pnl) < 1e-9

    Rerun(setup, ROOT, SEED, rows, len(rows["kind"]), 2).run()


def test_what_rounding_leaves_in_a_pool_is_no_fee_on_the_page_of_a_lane():
    """It made a panel of fees of a nano, where nobody pays any."""
    rows = played("mechanism=clob", *WORDS)[2]
    assert (rows["code"][rows["kind"] == POSTING[1]] == DUST).any()
    assert not len(watched_rules.charges(SimpleNamespace(rows=rows))["amount"])


@pytest.mark.parametrize("market", MARKETS)
def test_accounts_over_time_are_what_the_rows_of_credit_say(market):
    """MODEL2 K1: cash, collateral, debt and health by these names in traces. Just after a loan."""
    setup, _, rows = played(*MARKETS[market], *WORDS)
    opened = np.flatnonzero(np.array([EVENT_NAMES[kind] == "credit_open" for kind in rows["kind"]]))
    assert len(opened) > 0
    found = accounts(rows, setup.cell, rows["time_ns"][opened] + 1, len(setup.members))
    for at, row in enumerate(opened):
        own = {name: of[at, rows["trader"][row]] for name, of in found.items()}
        wanted = {"collateral": float(rows["collateral"][row])}
        wanted |= {name: rows[name][row] / NANO for name in ("cash", "debt", "health_factor")}
        assert own == pytest.approx(wanted, abs=2e-9)
    before = accounts(rows, setup.cell, np.zeros(1, np.int64), len(setup.members))
    capital = [member.group.capital or 0 for member in setup.members]
    assert before["cash"][0].tolist() == capital
    assert not before["debt"].any()
    assert not before["collateral"].any()
    assert np.isnan(before["health_factor"]).all()


def test_a_lender_supplies_from_its_reservation_rate_on():
    """MODEL2 K6. The rate of a step is that of the accrual that ends it; equal is enough."""
    fixed = ("mechanism=clob", *WORDS, "credit.curve=fixed", "credit.base=0.02")
    for rate, offers in (("0.02", True), ("0.020000001", False)):
        world = played(*fixed, f"population.lender.policy.reservation_rate={rate}")[1]
        assert bool(world.rules.credit.pool.supply_shares[0] or total_of(
            world, SUPPLY, CASH)[0].any()) == offers  # fmt: skip

    second = (
        "+trader@population.second=lender", "population.second.policy.reservation_rate=0.015",
        "population.second.schedule.rate_per_s=200", "population.second.policy.deposit=1",
    )  # fmt: skip
    _, world, rows = played("mechanism=clob", *WORDS, *second)
    names = np.array([EVENT_NAMES[kind] for kind in rows["kind"]])
    second_lender = np.flatnonzero(world.rules.credit.reservation)
    steps = np.flatnonzero(names == "credit_accrual")
    offers = np.flatnonzero((names == "credit_offer") & (rows["trader"] == second_lender[0]))
    rates = [rows["rate"][steps[steps > at][0]] / 10**18 for at in offers]
    assert len(rates) > 0
    assert min(rates) >= 0.015 > rows["rate"][steps[0]] / 10**18 == 0.01


def test_a_noise_group_more_changes_no_interest():
    """The grid alone accrues: the same loan in a lane with twice the messages owes the same."""
    quiet = ("population.informed.schedule.law=none", "population.informed.schedule.rate_per_s=0",
             "population.lender.schedule.law=none", "population.lender.schedule.rate_per_s=0",
             "population.noise.count=1", "population.maker.count=1", "credit.curve=fixed",
             "credit.accrue_ms=20")  # fmt: skip
    noise = ("+trader@population.more=noise", "population.more.count=2",
             "population.more.schedule.rate_per_s=40")  # fmt: skip
    groups = [word for word in GROUPS if "maker.count" not in word and "noise.count" not in word]
    found = []
    for words in ((), noise):
        block = build(cell("mechanism=clob", *groups, *TINY, *quiet, *words), audit=True)
        run_plain(*block, MS)
        lane = ByHand(world=block.world)
        lenders = np.flatnonzero(lane.credit.deposit)
        borrowers = np.flatnonzero(lane.credit.leverage)
        lane.supply(lenders[0], 9 * NANO)
        lane.trade(borrowers[0], 10, NANO // 2)
        lane.borrow(borrowers[0], 2 * NANO, NANO // 2)
        block.world.progress.events[0] = lane.event + 1
        run_plain(*block, NEVER_NS)
        assert block.world.progress.fault[0] == FAULT_NONE
        claims = total_of(block.world, SUPPLY, CASH)[0, lenders]
        found.append((lane.pool.interest[0], claims.tolist(), block.world.progress.events[0]))
    assert found[0][:2] == found[1][:2]
    assert found[1][2] > found[0][2] + 20
    assert found[0][0] > 0
