"""Liquidation in a lane by hand: amounts, who comes first, who bears what, runs."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteus.market.book.codes import BUY, EVENT_CANCEL, GTC, NO_TRADER, SELL
from proteus.market.events.envelopes import NOTICE_FILL, take_envelope
from proteus.market.events.queue import KIND_TAKEN_BACK
from proteus.market.ledger.accounts import CASH, CONTRACT, LENDING, TREASURY, account_of
from proteus.market.ledger.codes import TERM_LIQUIDATION
from proteus.market.ledger.entries import worth_of_term
from proteus.market.lending.credit import CLAIM, DEBT
from proteus.market.mechanisms.interface import enter
from proteus.market.rules import credit_liquidation, settlement
from proteus.market.rules.credit_books import note_jump
from proteus.market.trading import calling
from proteus.replaying.written import place_order
from tests.helpers.budget import budget
from tests.helpers.crediting import (
    AUTO,
    BORROWER,
    CALLER,
    CALLERS,
    DESK,
    LENDER,
    NANO,
    OTHER,
    SECOND,
    SECOND_CALLER,
    ByHand,
)

pytestmark = pytest.mark.plain

HALF = NANO // 2
MILLI = NANO // 1000


def owing(*words, lots=10, price=HALF, loan=5 * HALF):
    """A lane in which the first borrower has lots, and owes a loan."""
    lane = ByHand(*AUTO, *words)
    lane.supply(LENDER, 10 * NANO)
    lane.trade(BORROWER, lots, price)
    assert lane.borrow(BORROWER, loan, price)
    return lane


def treasury_of(lane):
    return int(lane.ledger.balance[0, account_of(lane.ledger, TREASURY), CASH])


def test_all_of_a_debt_by_hand():
    """At 0.384 ten lots carry 0.65 x 3.84 = 2.496 of a debt of 2.5.

    A lot is worth 0.384, the bonus is 0.03072 and the cost 0.35328: 8 lots, 2.82624, of which the
    owner gets back 0.32624.
    """
    lane = owing()
    assert lane.keep(384 * MILLI) == 1
    lane.check()
    assert (lane.lots(BORROWER), lane.lots(DESK)) == (2, 8)
    assert lane.pool.pledged[0, BORROWER] == 2
    assert lane.credit.booked[0, BORROWER, DEBT] == lane.pool.borrow_assets[0] == 0
    assert lane.cash(DESK) == -2_826_240_000
    assert lane.cash(BORROWER) == 2_500_000_000 + 326_240_000  # the loan, which it still has
    assert lane.credit.liquidations.value[0] == 8 * 384 * MILLI
    assert lane.pool.bad_debt[0] == 0
    lane.end(384 * MILLI)
    assert treasury_of(lane) == 8 * 30_720_000  # the bonus, as the desk sold nothing
    assert lane.cash(DESK) == -8 * 384 * MILLI  # which its lots pay next


def test_half_of_a_debt_where_the_health_is_above_the_close_factor_health():
    """2.5 / 2 = 1.25 of 0.35328 a lot is 4 lots, 1.41312; below 0.95 it is all of it."""
    lane = owing("credit.policy=close_factor")
    assert lane.keep(384 * MILLI) == 1
    assert (lane.lots(DESK), lane.credit.booked[0, BORROWER, DEBT]) == (4, 1_250_000_000)
    assert lane.cash(DESK) == -1_413_120_000
    lane.check()
    low = owing("credit.policy=close_factor")
    assert low.keep(365 * MILLI) == 1  # 0.65 x 3.65 / 2.5 = 0.949
    assert low.credit.booked[0, BORROWER, DEBT] == 0


def test_what_restores_a_target_health():
    """(1.05 x 2.5 - 2.496) / (1.05 - 0.65 / 0.92) = 0.3757.. at 0.35328 a lot: 2 lots."""
    lane = owing("credit.policy=target_health")
    assert lane.keep(384 * MILLI) == 1
    repaid = 5 * HALF - int(lane.credit.booked[0, BORROWER, DEBT])
    exact = (1.05 * 2.5 - 2.496) / (1.05 - 0.65 / 0.92)
    assert abs(repaid - exact * NANO) <= 2
    assert lane.lots(DESK) == 2
    lane.check()


def test_a_debt_beyond_the_collateral_is_borne_by_the_treasury_first_then_by_lenders():
    """At 0.2 a lot costs 0.2 - 0.02: ten bring 1.8 of 2.5, and 0.7 and the interest are lost."""
    lane = owing("credit.base=9", "credit.slope_1=0", "credit.slope_2=0",
                 "credit.reserve_factor=0.5")  # fmt: skip
    lane.supply(SECOND, 5 * NANO)
    lane.step()
    owed, reserves = int(lane.credit.booked[0, BORROWER, DEBT]), int(lane.pool.treasury[0])
    claims = int(lane.pool.supply_assets[0])
    assert lane.keep(200 * MILLI) == 1
    lane.check()
    lost = owed - 1_800_000_000
    assert lane.pool.bad_debt[0] == lost
    assert (lane.pool.treasury[0], lane.credit.reserves[0]) == (0, 0)
    assert lane.credit.lost[0] == lost - reserves > 0
    assert lane.pool.supply_assets[0] == claims - lost + reserves
    booked = lane.credit.booked[0, [LENDER, SECOND], CLAIM]
    assert abs(booked.sum() - lane.pool.supply_assets[0]) <= 2
    assert (lane.lots(BORROWER), lane.credit.booked[0, BORROWER, DEBT]) == (0, 0)


def test_an_account_at_a_health_of_one_is_left_alone():
    """0.65 x 10 x 0.4 = 2.6; a nano less of the price is below."""
    lane = owing("credit.ltv=0.6", loan=26 * NANO // 10)
    rest(lane, 0, SELL, 3, 600)
    assert lane.keep(400 * MILLI) == 0
    assert (lane.lots(DESK), lane.cash(DESK)) == (0, 0)
    assert lane.world.market.orders.lots[0, 0] == 3  # not even its order ends
    assert lane.keep(400 * MILLI - 1) == 1
    lane.check()


def test_a_short_is_the_mirror_of_a_long():
    """Short lots go with the whole payoff; the desk has the same in cash and lots at v."""
    long, short = owing(), owing(lots=-10)
    for lane, price in ((long, 384 * MILLI), (short, 616 * MILLI)):
        assert lane.keep(price) == 1
        lane.check()
    assert (long.lots(DESK), short.lots(DESK)) == (8, -8)
    assert short.cash(DESK) == long.cash(DESK) + 8 * NANO
    for lane, value in ((long, 300 * MILLI), (short, 700 * MILLI)):
        lane.end(value)
    assert long.cash(LENDER) == short.cash(LENDER)
    assert long.credit.lost[0] == short.credit.lost[0] > 0  # the desk lost 8 x 0.084 less the bonus
    assert abs(long.credit.lost[0] - 8 * (353_280_000 - 300 * MILLI)) <= 8


def test_the_least_health_comes_first_and_of_equals_the_smaller_uid():
    lane = owing()
    lane.trade(OTHER, 10, HALF)
    assert lane.borrow(OTHER, 5 * HALF - 1, HALF)
    lane.pool.price[0] = 300 * MILLI
    credit_liquidation.forget(lane.credit, 0)
    assert credit_liquidation.worst_of(lane.credit, 0) == BORROWER
    lane.credit.booked[0, OTHER, DEBT] += 2
    assert credit_liquidation.worst_of(lane.credit, 0) == OTHER
    lane.credit.booked[0, OTHER, DEBT] -= 1
    first = min((BORROWER, OTHER), key=lambda trader: lane.credit.liquidations.uid[trader])
    assert credit_liquidation.worst_of(lane.credit, 0) == first
    lane.credit.liquidations.is_done[0, first] = True
    assert credit_liquidation.worst_of(lane.credit, 0) == BORROWER + OTHER - first


def test_both_sides_are_told_and_the_pnl_says_liquidation():
    lane = owing()
    lane.keep(384 * MILLI)
    queue, private = lane.world.queue, lane.world.private
    for at in range(queue.size[0]):
        if queue.key[0, at] & 63 == KIND_TAKEN_BACK:
            settlement.learn(private, 0, queue.item[0, at])
    assert private.position[0, [BORROWER, DESK]].tolist() == [-8, 8]  # by what both are told
    terms = [worth_of_term(lane.ledger, 0, trader, TERM_LIQUIDATION) for trader in (BORROWER, DESK)]
    assert terms[0] == -terms[1] != 0


def test_runs_of_liquidations():
    """Of times 0, 1, 2, 3.1, 4.1 s the longest run is the first three; equal runs by their lots."""
    held = owing().credit.liquidations
    for time, lots in ((0, 5), (1.0, 6), (2.0, 7), (3.000000001, 9), (4.0, 1), (5.0, 20)):
        credit_liquidation._count(held, 0, np.int64(round(time * NANO)), lots, np.int64(1))
    assert (held.count[0], held.value[0]) == (6, 6)
    assert (held.most[0], held.most_lots[0]) == (3, 30)


# --- orders of the account ------------------------------------------------------------------------


def rest(lane, slot, side, lots, ticks):
    """Let an order of the borrower rest on the book."""
    market = lane.world.market
    place_order(lane.world, {
        "slot": slot, "order_id": slot + 1, "side": side, "trader": BORROWER, "cause": 0,
        "price_ticks": ticks, "lots": lots, "lifetime": GTC, "value_nano": 0, "intent_ns": 0,
        "reference_half_ticks": 1000,
    })  # fmt: skip
    enter(lane.mechanism, market, 0, slot, np.int64(0))
    lane.rules.constraints.entered[0, slot] = True
    market.outbox.count[0] = 0


def test_orders_of_who_fails_end_before_its_lots_go_and_of_others_none():
    lane = owing()
    rest(lane, 0, SELL, 3, 600)
    rest(lane, 1, BUY, 2, 300)
    orders, outbox = lane.world.market.orders, lane.world.market.outbox
    assert credit_liquidation.free_lots(lane.rules, orders, 0, BORROWER) == 7  # 3 may yet be sold
    assert lane.keep(NANO // 2) == 0
    assert orders.lots[0, :2].tolist() == [3, 2]
    assert lane.keep(384 * MILLI) == 1
    assert orders.lots[0, :2].tolist() == [0, 0]
    assert outbox.kind[0, : outbox.count[0]].tolist() == [EVENT_CANCEL] * 2
    assert lane.lots(DESK) == 8


# --- calls of liquidators -------------------------------------------------------------------------


def called(*words):
    """A lane with two liquidators, in which the first borrower owes 2.5 and has ten lots."""
    lane = ByHand(*CALLERS, *words)
    lane.supply(LENDER, 10 * NANO)
    lane.trade(BORROWER, 10, HALF)
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    return lane


def test_the_first_valid_call_has_the_lots_and_the_next_finds_a_healthy_account():
    lane = called("credit.protocol_share=0.25")
    assert not lane.call(CALLER, BORROWER, 10, 385 * MILLI)  # 0.65 x 3.85 = 2.5025
    assert lane.call(CALLER, BORROWER, 10, 384 * MILLI)
    lane.check()
    assert not lane.call(SECOND_CALLER, BORROWER, 10, 384 * MILLI)
    lane.check()
    assert (lane.lots(CALLER), lane.lots(SECOND_CALLER), lane.lots(BORROWER)) == (8, 0, 2)
    fee = 8 * 30_720_000 // 4  # of the bonus
    assert lane.cash(CALLER) == 20 * NANO - 2_826_240_000 - fee
    assert lane.pool.treasury[0] == lane.credit.reserves[0] == fee
    assert lane.cash(SECOND_CALLER) == 20 * NANO


def test_who_asks_for_few_lots_gets_few_and_who_cannot_pay_gets_none():
    lane = called("population.liquidator.capital=1")
    assert not lane.call(CALLER, BORROWER, 3, 384 * MILLI)  # 1.06
    assert lane.call(CALLER, BORROWER, 2, 384 * MILLI)
    lane.check()
    assert lane.lots(CALLER) == 2
    assert lane.credit.booked[0, BORROWER, DEBT] == 5 * HALF - 2 * 353_280_000
    assert not lane.call(SECOND_CALLER, BORROWER, 2, 384 * MILLI)  # 1.9968 carry the rest


@pytest.mark.parametrize(
    ("price", "half_spread", "slope", "capital", "lots"),
    [
        (384, 5, 0.0005, 20, 8),  # 0.03072 is more than 0.005 + 8 x 0.0005
        (384, 27, 0.0005, 20, 0),
        (384, 5, 0.0033, 20, 0),
        (384, 27, 0.0005, 1, 2),  # two lots are all that it can pay, and cost less to sell
        (385, 5, 0.0005, 20, 0),  # healthy
    ],
)
def test_a_liquidator_asks_where_the_bonus_is_more_than_selling_costs(
    price, half_spread, slope, capital, lots, monkeypatch
):
    lane = called(f"population.liquidator.capital={capital}")
    monkeypatch.setattr(calling, "price_seen", lambda *_: np.int64(price * MILLI))
    monkeypatch.setattr(calling, "_half_spread_seen", lambda *_: np.int64(half_spread * MILLI))
    lane.credit.liquidators.slope[0, CALLER] = slope
    borrower, wanted, gain = calling.wanted(lane.rules, lane.world, 0, CALLER)
    assert (borrower, wanted) == ((BORROWER, lots) if lots else (NO_TRADER, 0))
    expected = 0.08 * price / 1000 - half_spread / 1000 - slope * lots
    assert gain == pytest.approx(expected if lots else 0)


def test_a_liquidator_learns_what_its_sales_cost():
    """Shown 0.5 and half a spread of 0.005, five lots at 0.48 cost 0.015 more: 0.003 a lot each."""
    lane = called()
    known, messages = lane.credit.liquidators, lane.world.messages
    known.reference[0, CALLER], known.half_spread[0, CALLER] = HALF, 5 * MILLI
    envelope = take_envelope(messages, 0, NOTICE_FILL, CALLER, np.int64(0), np.int64(1))
    messages.side[0, envelope], messages.lots[0, envelope] = SELL, 5
    messages.rank[0, envelope] = 480
    assert known.slope[0, CALLER] == 0.0005
    credit_liquidation.learn_sale(lane.rules, messages, 0, CALLER, envelope)
    assert known.slope[0, CALLER] == pytest.approx(0.0005 + 0.2 * 0.0025)


def test_bad_debt_after_a_jump_beyond_the_buffer_is_told_apart():
    """At 0.5 a lot may fall by 0.25 before it is worth less than the debt of 0.25."""
    for jump, share in ((251, 1), (250, 0)):
        lane = owing()
        assert lane.credit.liquidations.buffer[0, BORROWER] == 250 * MILLI
        note_jump(lane.credit, 0, 600 * MILLI, 800 * MILLI)  # upwards hurts no long lot
        note_jump(lane.credit, 0, 500 * MILLI, (500 - jump) * MILLI)
        assert lane.keep(200 * MILLI) == 1
        assert lane.credit.liquidations.by_jump[0] == share * lane.pool.bad_debt[0]
        assert lane.pool.bad_debt[0] > 0


# --- whatever accounts do -------------------------------------------------------------------------


def play(lane, seed, count, *, mirrored):
    """Act at random; mirrored: every side and price is the other one. Returns what was done."""
    draw, done = random.Random(seed), [lane.supply(LENDER, 20 * NANO)]
    for _ in range(count):
        what = draw.choice(("supply", "borrow", "borrow", "trade", "trade", "step", "look"))
        who, caller, ticks = draw.randrange(2), draw.randrange(2), draw.randrange(300, 700)
        lots, share = draw.choice((-1, 1)) * draw.randrange(1, 9), draw.uniform(0.5, 1.05)
        if what == "look":
            ticks = draw.randrange(1, 1000)
        price, trader = (1000 - ticks if mirrored else ticks) * MILLI, (BORROWER, OTHER)[who]
        if what == "supply":
            done.append(lane.supply((LENDER, SECOND)[who], int(share * NANO)))
        elif what == "borrow":  # about as much as its lots allow
            worth = (NANO - price if lane.lots(trader) < 0 else price) * abs(lane.lots(trader))
            done.append(lane.borrow(trader, int(share * 6 * worth) // 10, price))
        elif what == "trade":
            lane.trade(trader, -lots if mirrored else lots, price)
        elif what == "look" and lane.credit.liquidations.is_auto:
            done.append(lane.keep(price))
        elif what == "look":
            done.append(lane.call((CALLER, SECOND_CALLER)[caller], trader, 3 * abs(lots), price))
        else:
            lane.step()
        lane.check()
        done.append((lane.credit.booked[0].tolist(), int(lane.pool.bad_debt[0])))
    return done


def test_those_who_act_at_random_are_liquidated():
    for keeper in (AUTO, CALLERS):
        lanes = [ByHand(*keeper, "credit.ltv=0.6") for _ in range(4)]
        for seed, lane in enumerate(lanes):
            play(lane, seed, 30, mirrored=False)
        assert sum(lane.credit.liquidations.count[0] for lane in lanes) >= 4
        assert sum(lane.pool.bad_debt[0] for lane in lanes) > 0


@pytest.mark.parametrize("keeper", [AUTO, CALLERS], ids=["auto", "traders"])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=budget("liquidations"), deadline=None, database=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
def test_nothing_is_made_or_lost_and_mirrored_lanes_are_equal(keeper, seed):
    lanes = [ByHand(*keeper, "credit.ltv=0.6"), ByHand(*keeper, "credit.ltv=0.6")]
    first, second = (
        play(lane, seed, budget("credit_actions"), mirrored=mirrored)
        for lane, mirrored in zip(lanes, (False, True), strict=True)
    )
    assert first == second
    draw = random.Random(seed)
    value, price = draw.randrange(1, NANO), draw.randrange(1, 1000) * MILLI
    for lane, worth, last in zip(lanes, (value, NANO - value), (price, NANO - price), strict=True):
        lane.end(worth, last)
        assert (lane.ledger.balance[0].sum(axis=0) == 0).all()
        assert lane.ledger.balance[0, account_of(lane.ledger, LENDING), CASH] == 0
        assert not lane.pool.borrowed[0].any()
    held = [lane.ledger.balance[0, :, CONTRACT] for lane in lanes]
    assert (held[0] == -held[1]).all()
    assert treasury_of(lanes[0]) == treasury_of(lanes[1])
    assert lanes[0].credit.lost[0] == lanes[1].credit.lost[0]
    wealth = [lane.ledger.balance[0, :, CASH] + lane.ledger.balance[0, :, CONTRACT] * worth
              for lane, worth in zip(lanes, (value, NANO - value), strict=True)]  # fmt: skip
    traders = len(lanes[0].credit.leverage)
    assert (wealth[0][:traders] == wealth[1][:traders]).all()
