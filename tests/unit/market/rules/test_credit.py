"""Lending bound to the ledger: a lane by hand, and what holds whatever accounts do."""

import random
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteus.market.ledger.accounts import CASH, DUST_ACCOUNT, LENDING, TREASURY, account_of
from proteus.market.ledger.codes import INTEREST
from proteus.market.lending.credit import CLAIM, DEBT
from proteus.market.rng import replicate_keys
from proteus.market.rules import credit
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.snapshots import arrays_of
from proteus.market.variables.rules import total_of
from tests.helpers.budget import budget
from tests.helpers.cells import ROOT, cell
from tests.helpers.crediting import BORROWER, LENDER, NANO, OTHER, SECOND, ByHand

pytestmark = pytest.mark.plain

HALF = NANO // 2


def test_a_loan_by_hand():
    """10 lots at 0.5, a loan of 2.5 out of 10 supplied, two accruals, 4 lots sold at 0.6."""
    lane = ByHand()
    assert lane.supply(LENDER, 10 * NANO)
    lane.trade(BORROWER, 10, HALF)
    assert lane.cash(BORROWER) == 0
    assert not lane.borrow(BORROWER, 5 * HALF + 1, HALF)  # beyond 0.5 x 10 x 0.5
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    lane.check()
    assert lane.cash(BORROWER) == 5 * HALF

    # The first step has the rate of an empty pool, 0.01 a year of 200 s; 0.1 s is 1/2000 of it.
    lane.step()
    assert lane.credit.booked[0, BORROWER, DEBT] == 2_500_012_500
    assert lane.credit.reserves[0] == 1_250  # a tenth
    # The second that of 2.5000125 of 10.0000125: 0.01 + 0.04 u / 0.8.
    lane.step()
    used = Fraction(2_500_012_500, 10_000_012_500)
    interest = 2_500_012_500 * (Fraction(1, 100) + used / 20) / 2000
    debt = 2_500_012_500 + int(interest)
    assert lane.credit.booked[0, BORROWER, DEBT] - debt in (0, 1)  # rounded for the pool
    assert lane.pool.borrow_assets[0] == debt
    lane.check()

    lane.trade(BORROWER, -4, 6 * NANO // 10)
    assert lane.lots(BORROWER) == lane.pool.pledged[0, BORROWER] == 6
    assert lane.cash(BORROWER) == 5 * HALF  # what 4 lots brought, 2.4, was repaid
    assert lane.credit.booked[0, BORROWER, DEBT] - (debt - 24 * NANO // 10) in (0, 1)
    lane.check()

    lane.end(HALF)
    assert (
        lane.cash(BORROWER) == 5 * HALF + 24 * NANO // 10 - lane.pool.interest[0] - 25 * NANO // 10
    )
    paid = lane.cash(LENDER) - 30 * NANO
    accounts = {which: int(lane.ledger.balance[0, account_of(lane.ledger, which), CASH])
                for which in (LENDING, TREASURY, DUST_ACCOUNT)}  # fmt: skip
    assert accounts[LENDING] == 0
    assert paid + accounts[TREASURY] + accounts[DUST_ACCOUNT] == lane.pool.interest[0]
    assert accounts[TREASURY] == 1_250 + int(interest) // 10
    assert 0 <= accounts[DUST_ACCOUNT] <= 2


def test_a_short_is_released_with_one_less_the_price():
    lane = ByHand()
    lane.supply(LENDER, 10 * NANO)
    lane.trade(BORROWER, -5, 4 * NANO // 10)  # worth 0.6 a lot
    assert not lane.borrow(BORROWER, 15 * NANO // 10 + 1, 4 * NANO // 10)
    assert lane.borrow(BORROWER, 15 * NANO // 10, 4 * NANO // 10)
    before = lane.cash(BORROWER)
    lane.trade(BORROWER, 1, 3 * NANO // 10)
    assert lane.credit.booked[0, BORROWER, DEBT] == 8 * NANO // 10
    assert lane.cash(BORROWER) == before - NANO  # the price, and the released rest of 1
    assert lane.pool.pledged[0, BORROWER] == 4
    lane.trade(BORROWER, 6, 3 * NANO // 10)
    assert (lane.pool.pledged[0, BORROWER], lane.pool.is_short[0, BORROWER]) == (2, False)
    lane.check()


def test_cash_that_a_short_locks_repays_nothing():
    lane = ByHand()
    lane.supply(LENDER, 10 * NANO)
    lane.trade(BORROWER, -12, 4 * NANO // 10)  # 9.8 of cash, of which 12 would be locked
    lane.borrow(BORROWER, NANO, 4 * NANO // 10)
    lane.trade(BORROWER, 2, 4 * NANO // 10)  # brings 1.2; 10 of cash are left, and 10 lots lock it
    assert lane.credit.booked[0, BORROWER, DEBT] == NANO
    lane.trade(BORROWER, 1, 4 * NANO // 10)
    assert lane.credit.booked[0, BORROWER, DEBT] == 4 * NANO // 10
    lane.check()


def test_health_is_exact_where_it_is_one():
    """A debt of 0.65 x the worth of the lots is healthy; a nano more or less is seen."""
    lane = ByHand("credit.ltv=0.6")
    lane.supply(LENDER, 10 * NANO)
    lane.trade(BORROWER, 10, HALF)
    lane.borrow(BORROWER, 26 * NANO // 10, HALF)
    for price, least, unhealthy in (
        (4 * NANO // 10, NANO, 0),  # 0.65 x 4 = 2.6
        (4 * NANO // 10 - 1, NANO - 3, 1),  # 1 - 2.5e-9, rounded down
    ):
        lane.pool.price[0] = price
        credit.watch_health(lane.credit, 0)
        assert (lane.credit.least[0], lane.credit.unhealthy[0]) == (least, unhealthy)


def test_what_is_missing_at_the_end_is_borne_by_the_treasury_first_then_by_lenders():
    lane = ByHand("credit.reserve_factor=0.5", "credit.base=9", "credit.slope_1=0",
                  "credit.slope_2=0")  # fmt: skip
    lane.supply(LENDER, 6 * NANO)
    lane.supply(SECOND, 2 * NANO)
    lane.trade(BORROWER, 10, HALF)
    lane.borrow(BORROWER, 5 * HALF, HALF)
    lane.step()
    lane.trade(BORROWER, 5, HALF)  # all cash is in lots again
    lane.check()
    owed, reserves = int(lane.credit.booked[0, BORROWER, DEBT]), int(lane.pool.treasury[0])
    claims = [int(lane.credit.booked[0, lender, CLAIM]) for lender in (LENDER, SECOND)]
    lane.end(NANO // 10)  # 15 lots are worth 1.5
    lost = owed - 15 * NANO // 10
    assert lane.pool.bad_debt[0] == lost
    assert lane.cash(BORROWER) == -15 * NANO // 10  # which the contracts pay next
    assert lane.ledger.balance[0, account_of(lane.ledger, TREASURY), CASH] == 0
    borne = lost - reserves
    assert lane.credit.lost[0] == borne
    for lender, claim in zip((LENDER, SECOND), claims, strict=True):
        expected = 30 * NANO + (6 if lender == LENDER else 2) * -NANO + claim
        fallen = expected - lane.cash(lender)
        assert abs(fallen - Fraction(borne * claim, sum(claims))) <= 2
    assert lane.ledger.balance[0, account_of(lane.ledger, LENDING), CASH] == 0


def test_the_pool_lends_no_more_than_it_has():
    lane = ByHand()
    lane.supply(LENDER, NANO)
    lane.trade(BORROWER, 10, HALF)
    assert not lane.borrow(BORROWER, NANO + 1, HALF)
    assert lane.borrow(BORROWER, NANO, HALF)
    assert not lane.borrow(OTHER, 1, HALF)  # no lots, and nothing left
    lane.check()


# --- whatever accounts do -------------------------------------------------------------------------


def actions(seed, count):
    draw = random.Random(seed)
    for _ in range(count):
        yield (
            draw.choice(("supply", "borrow", "borrow", "trade", "trade", "step")),
            draw.randrange(2), int(10 ** draw.uniform(0, 10.3)), draw.randrange(1, 1000),
            draw.choice((-1, 1)) * draw.randrange(1, 12),
        )  # fmt: skip


def play(lane, seed, count, *, mirrored):
    """Act at random; mirrored: every side and price is the other one. Returns what was done."""
    done = []
    for what, who, amount, ticks, lots in actions(seed, count):
        price = (1000 - ticks if mirrored else ticks) * 10**6
        if what == "supply":
            done.append(lane.supply((LENDER, SECOND)[who], amount))
        elif what == "borrow":
            done.append(lane.borrow((BORROWER, OTHER)[who], amount, price))
        elif what == "trade":
            lane.trade((BORROWER, OTHER)[who], -lots if mirrored else lots, price)
        else:
            lane.step()
        lane.check()
        done.append((lane.credit.booked[0].tolist(), lane.pool.borrow_assets[0]))
    return done


@given(seed=st.integers(0, 2**32))
@settings(max_examples=budget("credit_in_lanes"), deadline=None, database=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
def test_pool_and_ledger_agree_after_every_action_and_mirrored_lanes_are_equal(seed):
    lanes = [ByHand(), ByHand()]
    count = budget("credit_actions")
    first, second = (
        play(lane, seed, count, mirrored=mirrored)
        for lane, mirrored in zip(lanes, (False, True), strict=True)
    )
    assert first == second
    value = random.Random(seed).randrange(1, NANO)
    for lane, worth in zip(lanes, (value, NANO - value), strict=True):
        lane.end(worth)
    assert lanes[0].pool.bad_debt[0] == lanes[1].pool.bad_debt[0]
    for lane in lanes:
        pool = lane.pool
        assert not pool.borrowed[0].any()
        assert not pool.supplied[0].any()
        assert lane.ledger.balance[0, account_of(lane.ledger, LENDING), CASH] == 0
        assert (lane.ledger.balance[0].sum(axis=0) == 0).all()
        charged = total_of(lane.world, INTEREST, CASH)[0]
        assert abs(-charged[:2].sum() - pool.interest[0]) <= 2 * len(first)  # a unit a booking


def test_interest_is_that_of_the_debt_however_often_others_act():
    """The grid alone accrues: another account's messages, refused or not, change no nano of it."""
    quiet, busy = ByHand("credit.curve=fixed"), ByHand("credit.curve=fixed")
    for lane in (quiet, busy):
        lane.supply(LENDER, 9 * NANO)
        lane.trade(BORROWER, 10, HALF)
        lane.borrow(BORROWER, 2 * NANO, HALF)
    for _ in range(5):
        quiet.step()
        busy.supply(SECOND, 1_000_003)
        busy.borrow(OTHER, 10 * NANO, HALF)
        busy.trade(OTHER, 3, HALF)
        busy.step()
    debts = [int(lane.pool.borrow_assets[0]) for lane in (quiet, busy)]
    assert debts[0] == debts[1]
    assert 0 <= debts[0] - 2 * NANO * (1 + Fraction(1, 200_000)) ** 5 + 1 <= 1  # whole nanos


def test_no_lane_without_credit_has_memory_for_it():
    for rich in (False, True):
        block = build_block(
            set_up_cell(cell("mechanism=clob"), rich), replicate_keys(ROOT, [0]), 1, False
        )
        assert sum(a.nbytes for path, a in arrays_of(block) if ".credit." in path) == 0
