"""Loans that go on from day to day, against one long day, fractions, and sums over accounts."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

import proteus
from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import CASH
from proteus.market.ledger.codes import SUPPLY
from proteus.market.lending.credit import CLAIM, DEBT
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.carrying import put, take
from proteus.market.setup.cell import set_up_cell
from proteus.market.trading.world import FAULT_NONE
from proteus.market.variables import measure
from proteus.market.variables.dimensions import optional_of
from proteus.market.variables.rules import total_of
from tests.helpers.cells import MS, ROOT, TINY, cell, run_plain
from tests.helpers.crediting import GROUPS, NANO, ByHand
from tests.helpers.days import run
from tests.simulation.test_episodes import GOING_ON, assert_same_bits

pytestmark = pytest.mark.nojit

GRID_MS, RATE, FACTOR = 20, Fraction(37, 100), Fraction(1, 10)
WORDS = (
    "mechanism=clob", *GROUPS, *TINY, "latent=log_odds", "latent.dt=1", "latent.sigma=0.1",
    "latent.jump_rate_per_s=0", "credit.curve=fixed", f"credit.base={float(RATE)}",
    f"credit.accrue_ms={GRID_MS}", "credit.year_s=3", "population.informed.schedule.law=none",
    "population.informed.schedule.rate_per_s=0", "population.lender.schedule.law=none",
    "population.lender.schedule.rate_per_s=0", "metrics.tau_ms=100", "metrics.horizons_ms=[0,100]",
    "metrics.elapsed_ms=[50]", "record.warmup_s=0.1",
)  # fmt: skip
GOES_ON = ("episodes.carryover=full_carryover", "episodes.boundary=continue",
           "episodes.ruin_below=0")  # fmt: skip
LENT, DEBTS = 9 * NANO, (1_234_567_891, 2 * NANO - 7)


def quiet_days(days, seconds, *words):
    """Days in which nobody asks for anything, after two loans in the first millisecond."""
    config = cell(*WORDS, f"horizon_s={seconds}", f"episodes.count={days}", *GOES_ON, *words)
    setup, carried, lanes = set_up_cell(config), None, []
    for day in range(days):
        keys = replicate_keys(ROOT, np.array([3]), day)
        block = build_block(setup, keys, 2, audit=True)
        if carried is None:
            run_plain(*block, MS)
            lane = ByHand(world=block.world)
            lender, borrowers = 2, np.flatnonzero(lane.credit.leverage)
            assert lane.supply(lender, LENT)
            for trader, debt, lots in zip(borrowers, DEBTS, (10, -10), strict=True):
                lane.trade(trader, lots, NANO // 2)
                assert lane.borrow(trader, debt, NANO // 2)
            block.world.progress.events[0] = lane.event + 1
        else:
            put(block.world, config, carried)
        run_plain(*block, NEVER_NS)
        assert block.world.progress.fault[0] == FAULT_NONE
        carried = take(block.world, config)
        lanes.append((block.world, measure(block.world, optional_of(config))))
    return lanes


def test_interest_of_days_is_that_of_one_long_day_and_of_fractions():
    three, one = quiet_days(3, 0.2), quiet_days(1, 0.6)
    left, right = three[-1][0].rules.credit, one[-1][0].rules.credit
    for name in ("supply_assets", "supply_shares", "borrow_assets", "borrow_shares", "treasury"):
        assert getattr(left.pool, name)[0] == getattr(right.pool, name)[0], name
    assert (left.booked == right.booked).all()
    assert left.index[0] == right.index[0] > 10**12
    assert sum(day[0].rules.credit.pool.interest[0] for day in three) == right.pool.interest[0]

    debt, treasury, rest = sum(DEBTS), 0, Fraction(0)
    for _ in range(30):
        grown = debt * RATE * GRID_MS / 3_000 + rest
        rest, interest = grown - grown // 1, grown // 1
        debt, treasury = debt + interest, treasury + interest * FACTOR // 1
    assert left.pool.borrow_assets[0] == debt
    assert left.pool.treasury[0] == treasury


def test_nobody_is_richer_or_poorer_between_two_days_and_every_debt_goes_on():
    days = quiet_days(3, 0.2)
    for (before, _), (world, values) in itertools.pairwise(days):
        old, new = before.rules.credit, world.rules.credit
        owed = old.booked[0, :, DEBT]
        assert new.opened[0] == owed.sum() > sum(DEBTS)
        assert (new.booked[0, :, DEBT] > owed)[owed > 0].all()
        wealth = before.rules.endowment[0] + before.totals.settled[0]
        assert (world.rules.endowment[0] == wealth)[:4].all()
        supplied = -total_of(world, SUPPLY, CASH)[0]  # once at the start, then by interest
        assert (supplied == new.booked[0, :, CLAIM])[:4].all()
        assert values["credit_lent"][0] == 0  # nothing new
        assert values["bad_debt"][0] == values["lender_loss"][0] == 0
        names = [name for name in values if name.startswith("pnl_") and values[name].ndim == 1]
        pnl = sum(values[name][0] for name in names if not name.endswith("settled"))
        assert abs(pnl) < 1e-9


def test_who_owes_more_than_it_has_is_closed_at_the_end_of_the_day():
    """5 and a loan of 2.4, less ten lots at 0.5 and 14 at 0.9, and 24 at v: it has about 1.8."""
    config = cell(*WORDS, "horizon_s=0.2", "episodes.count=2", *GOES_ON)
    block = build_block(set_up_cell(config), replicate_keys(ROOT, np.array([3])), 2, audit=True)
    run_plain(*block, 195 * MS)  # after the last accrual before T
    lane = ByHand(world=block.world)
    first, second = np.flatnonzero(lane.credit.leverage)
    lane.time = 195 * MS
    assert lane.supply(2, LENT)
    lane.trade(first, 10, NANO // 2)
    assert lane.borrow(first, 24 * NANO // 10, NANO // 2)
    lane.trade(first, 14, 9 * NANO // 10)
    lane.trade(second, 4, NANO // 2)
    assert lane.borrow(second, NANO // 10, NANO // 2)
    block.world.progress.events[0] = lane.event + 1
    run_plain(*block, NEVER_NS)
    assert block.world.progress.fault[0] == FAULT_NONE
    pool, value = lane.pool, int(block.world.totals.final_value[0])
    debt = 24 * NANO // 10 * (1 + RATE * GRID_MS / 3_000)
    has = 5 * NANO - 5 * NANO + 24 * NANO // 10 - 14 * 9 * NANO // 10 + 24 * value
    assert 0 < has < debt
    assert abs(pool.bad_debt[0] - (debt - has)) <= 2  # rounded up to shares, and to the pool
    assert 0 < lane.credit.lost[0] < pool.bad_debt[0]  # reserves bore their part
    assert pool.treasury[0] == 0
    assert lane.credit.booked[0, first, DEBT] == pool.borrowed[0, first] == 0
    assert lane.credit.booked[0, second, DEBT] == pool.borrow_assets[0] > NANO // 10
    assert pool.cash[0] + pool.borrow_assets[0] == pool.supply_assets[0]


def test_days_on_credit_go_on_from_a_snapshot_as_they_go_straight_through(tmp_path):
    keys = {
        "mechanism": "clob", "credit": "pool", "credit.accrue_ms": 20, "credit.year_s": 5,
        "+trader@population.lender": "lender", "population.lender.schedule.rate_per_s": 40,
        "population.informed.capital": 5, "population.informed.target_leverage": 3,
        "+risk@population.informed.risk": "capital",
        "population.informed.schedule.rate_per_s": 40, "latent.jump_rate_per_s": 8,
        **{key.replace("__", "."): value for key, value in GOING_ON.items()},
    }  # fmt: skip
    whole = run(4, **keys, **{"episodes.count": 3}, output_dir=tmp_path / "whole")
    run(4, **keys, **{"episodes.count": 1}, output_dir=tmp_path / "first")
    rest = proteus.resume_from(tmp_path / "first", episodes=2, output_dir=tmp_path / "rest")
    assert_same_bits(whole.isel(episode=[1, 2]), rest)
    assert (whole["credit_outstanding"].isel(episode=2, credit_side=0) > 0).any()
