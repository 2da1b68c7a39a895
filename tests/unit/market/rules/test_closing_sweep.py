"""MODEL2 A7 at T: interest, then the treasury looks at all accounts, then debts close at v.

The price is that which was public last, the lots are worth v; both are given here by hand.
"""

import random

import pytest

from proteus.market.book.codes import SELL
from proteus.market.lending.credit import DEBT
from proteus.market.rules import credit_end
from tests.helpers.crediting import AUTO, BORROWER, DESK, LENDER, NANO, OTHER, ByHand
from tests.unit.market.rules.test_liquidation import (
    HALF,
    MILLI,
    called,
    owing,
    play,
    rest,
    treasury_of,
)

pytestmark = pytest.mark.plain


def test_a_seizure_at_the_end_by_hand():
    """2.5 is owed; at 0.384 eight lots go for 0.35328 each, and v is 0.3.

    The owner keeps two lots and gets 0.32624 back. The desk has lots of 2.4 for 2.82624, and the
    lender bears the 0.42624.
    """
    lane = owing()
    lane.end(300 * MILLI, 384 * MILLI)
    assert (lane.lots(BORROWER), lane.lots(DESK)) == (2, 8)
    assert lane.cash(BORROWER) == 2_500_000_000 + 326_240_000
    assert lane.cash(DESK) == -8 * 300 * MILLI  # which its lots pay next
    assert lane.cash(LENDER) == 30 * NANO - 426_240_000
    assert lane.credit.lost[0] == 426_240_000
    assert (lane.pool.bad_debt[0], treasury_of(lane)) == (0, 0)
    held = lane.credit.liquidations
    assert (held.count[0], held.value[0], held.most[0]) == (1, 8 * 384 * MILLI, 1)


def test_what_is_missing_after_a_seizure_at_the_end_is_bad_debt_though_v_would_have_paid():
    """At 0.2 ten lots bring 1.8 of 2.5; at v = 0.9 they are worth 9, which is the desk's gain."""
    lane = owing()
    lane.end(900 * MILLI, 200 * MILLI)
    assert lane.pool.bad_debt[0] == 700_000_000
    assert lane.cash(BORROWER) == 2_500_000_000  # the loan; its other cash is not touched
    assert treasury_of(lane) == 9 * NANO - 1_800_000_000
    assert lane.cash(LENDER) == 30 * NANO - 700_000_000


def test_interest_of_the_last_step_comes_before_the_look():
    """At 0.3847 ten lots carry 2.50055 of a debt of 2.5, and not the 0.03 of interest."""
    for steps, liquidations in ((0, 0), (1, 1)):
        lane = owing("credit.curve=fixed", "credit.base=6", "credit.year_s=50")  # 0.012 a step
        lane.time += steps * 100_000_000
        lane.end(384 * MILLI, 384_700_000)
        assert lane.credit.liquidations.count[0] == liquidations


def test_an_account_at_a_health_of_one_is_left_alone_at_the_end():
    """0.65 x 10 x 0.4 = 2.6; a nano less of the price is below."""
    for price, liquidations in ((400 * MILLI, 0), (400 * MILLI - 1, 1)):
        lane = owing("credit.ltv=0.6", loan=26 * NANO // 10)
        lane.end(HALF, price)
        assert lane.credit.liquidations.count[0] == liquidations


def test_where_traders_liquidate_nobody_does_at_the_end():
    lane = called()
    lane.end(300 * MILLI, 384 * MILLI)
    assert lane.credit.liquidations.count[0] == 0
    assert (lane.lots(BORROWER), lane.cash(BORROWER)) == (10, 0)  # 2.5 less 2.5


def test_orders_that_are_open_at_the_end_keep_no_lots_back_and_nobody_hears_of_it():
    """Trading is over: they fill no more, and there is nothing to cancel."""
    lane = owing()
    rest(lane, 0, SELL, 10, 600)
    waiting = int(lane.world.queue.size[0])
    lane.end(384 * MILLI, 384 * MILLI)
    assert lane.lots(DESK) == 8
    assert lane.world.market.orders.lots[0, 0] == 10
    assert lane.world.market.outbox.count[0] == 0
    assert lane.world.queue.size[0] == waiting
    assert not lane.world.private.position[0].any()


def test_the_least_health_is_first_at_the_end_too():
    """At 0.384 a debt of 2.5 fails, one of 2.45 does not; at 0.37 both, the larger one first."""
    for price, seized in ((384, [BORROWER]), (370, [BORROWER, OTHER])):
        lane = owing()
        lane.trade(OTHER, 10, HALF)
        assert lane.borrow(OTHER, 245 * NANO // 100, HALF)
        taken, liquidate = [], credit_end.liquidate
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                credit_end, "liquidate",
                lambda *args, to=taken, go=liquidate: (to.append(int(args[-2])), go(*args))[1],
            )  # fmt: skip
            lane.end(384 * MILLI, price * MILLI)
        assert taken == seized


@pytest.mark.parametrize("seed", range(25))
def test_the_sweep_at_the_end_does_what_a_look_just_before_it_would_have_done(seed):
    """Nobody has an order or a pending fill here, so to the nano; and all sums are zero."""
    draw = random.Random(f"sweep {seed}")
    value, price = draw.randrange(1, NANO), draw.randrange(1, 1000) * MILLI
    swept, looked = (ByHand(*AUTO, "credit.ltv=0.6") for _ in range(2))
    for lane in (swept, looked):
        play(lane, seed, 40, mirrored=False)
    looked.keep(price)
    for lane in (swept, looked):
        lane.end(value, price)
    assert (swept.ledger.balance == looked.ledger.balance).all()
    assert (swept.ledger.balance[0].sum(axis=0) == 0).all()
    for name in ("count", "value", "most", "most_lots", "by_jump"):
        left, right = (getattr(lane.credit.liquidations, name)[0] for lane in (swept, looked))
        assert left == right, name
    assert swept.pool.bad_debt[0] == looked.pool.bad_debt[0]


def test_nobody_below_one_comes_to_the_close_uncalled(monkeypatch):
    """Under ``full`` nobody with lots is below 1 when debts begin to close."""
    close, seen = credit_end._close, []

    def watch(rules, *args):
        credit = rules.credit
        lane = args[2]
        for trader in range(len(credit.leverage)):
            debt, lots = credit.booked[lane, trader, DEBT], credit.pool.pledged[lane, trader]
            if debt > 0 and lots > 0:
                price = int(credit.pool.price[lane])
                inside = min(max(price, MILLI), NANO - MILLI)
                worth = NANO - inside if credit.pool.is_short[lane, trader] else inside
                seen.append(65 * int(lots) * worth >= 100 * int(debt))
        close(rules, *args)

    monkeypatch.setattr(credit_end, "_close", watch)
    ends = 0
    for seed in range(60):
        lane = ByHand(*AUTO, "credit.ltv=0.6")
        play(lane, seed, 12, mirrored=False)
        before = int(lane.credit.liquidations.count[0])
        lane.end(HALF, random.Random(seed).randrange(300, 700) * MILLI)
        ends += int(lane.credit.liquidations.count[0]) - before
    assert ends >= 5
    assert len(seen) >= 20
    assert all(seen)
