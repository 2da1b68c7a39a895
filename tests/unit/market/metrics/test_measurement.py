"""What is measured, computed by hand on markets of a few orders.

Every order reaches the venue 1 ms after it is sent; trading ends at T = 10 s, the first second is
warm-up, tau = 2 s, markout horizons are 0, 100 and 1,000 ms. v = 0.5, and 0.8 after a jump.
"""

import numpy as np
import pytest

from proteus.market.book.codes import BUY, IOC, SELL
from proteus.market.ledger.accounts import CASH, CONTRACT
from tests.helpers.hand_market import (
    CLOB,
    FBA,
    INFORMED,
    MAKER,
    MS,
    NOISE,
    OTHER_MAKER,
    OTHER_NOISE,
    HandMarket,
    S,
    near,
)

pytestmark = [pytest.mark.plain, pytest.mark.filterwarnings("ignore:overflow encountered")]

# --- makers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", [(CLOB,), FBA])
def test_spread_captured_and_adverse_selection_of_one_fill(mechanism):
    """Sold 4 at 0.510 with belief 0.502; v jumps from 0.5 to 0.8 40 ms after the fill."""
    filled_ns = 2 * S + (MS if mechanism == (CLOB,) else 100 * MS)
    market = HandMarket(*mechanism, jump_ns=filled_ns + 40 * MS)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.502)
    market.order(2 * S, NOISE, BUY, 510, 4, IOC)
    measured = market.finish()
    captured = -4 * (0.502 - 0.510)
    assert measured["maker_spread_captured"] == near(captured)
    before, after = -4 * (0.5 - 0.502), -4 * (0.8 - 0.502)
    assert list(measured["maker_adverse_selection"]) == near([before, after, after])
    assert list(measured["maker_markout"]) == near([0.04, -1.16, -1.16])
    assert measured["maker_volume_lots"] == 4
    assert measured["maker_pnl_marked"] == near(4 * 0.510 - 4 * 0.8)
    assert measured["maker_pnl_settled"] == near(4 * 0.510 - 4)
    assert measured["n_fills"] == 1
    assert market.world.totals.final_value[0] == 800_000_000


@pytest.mark.parametrize(("offset_ns", "jumped"), [(-1, True), (0, True), (1, False)])
def test_a_jump_at_the_horizon_itself_counts(offset_ns, jumped):
    market = HandMarket(CLOB, jump_ns=2 * S + MS + 100 * MS + offset_ns)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, NOISE, BUY, 600, 1, IOC)
    adverse = market.finish()["maker_adverse_selection"]
    assert list(adverse) == near([0, -0.3 if jumped else 0, -0.3])


def test_the_belief_is_that_of_the_version_that_was_filled():
    market = HandMarket(CLOB)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.quote(2 * S, MAKER, (490, 10), (512, 10), 0.506)  # replaces the ask only
    market.order(3 * S, NOISE, SELL, 490, 2, IOC)
    market.order(4 * S, NOISE, BUY, 512, 3, IOC)
    measured = market.finish()
    assert measured["maker_spread_captured"] == near(2 * (0.5 - 0.490) - 3 * (0.506 - 0.512))
    assert list(measured["maker_adverse_selection"]) == near([-3 * (0.5 - 0.506)] * 3)


@pytest.mark.parametrize("mechanism", [(CLOB,), FBA])
def test_maker_pnl_decomposes_exactly(mechanism):
    """marked = captured + adverse at 0 + drift after the fills, in nano-currency."""
    market = HandMarket(*mechanism, jump_ns=int(3.5 * S), payoff=0)
    market.quote(1 * S, MAKER, (491, 7), (511, 7), 0.501234567)
    market.quote(1 * S, OTHER_MAKER, (489, 7), (513, 7), 0.49)
    market.order(2 * S, NOISE, BUY, 600, 9, IOC)
    market.order(3 * S, INFORMED, SELL, 300, 3, IOC)
    market.order(4 * S, INFORMED, SELL, 300, 5, IOC)
    market.quote(5 * S, OTHER_MAKER, (480, 3), (484, 4), 0.2)
    market.order(6 * S, NOISE, BUY, 600, 2, IOC)
    market.finish()
    world = market.world
    sums, makers = world.sums, [MAKER, OTHER_MAKER]
    value = world.totals.final_value[0]
    assert value == 200_000_000
    drift = (-9 + 3) * (value - 500_000_000)  # the other fills come after the jump
    marked = world.totals.marked[0, makers].sum()
    assert marked == sums.markouts.captured[0] + sums.markouts.adverse[0, 0] + drift
    assert sums.markouts.adverse[0, 0] != 0
    assert world.totals.marked[0].sum() == 0


@pytest.mark.parametrize("payoff", [0, 1])
def test_classes_sum_to_zero_and_settlement_is_paid_by_the_issuer(payoff):
    market = HandMarket(CLOB, jump_ns=5 * S, payoff=payoff)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, NOISE, BUY, 600, 4, IOC)
    market.order(3 * S, OTHER_NOISE, SELL, 300, 2, IOC)
    market.order(4 * S, OTHER_NOISE, BUY, 505, 3)
    market.order(5 * S, INFORMED, SELL, 300, 1, IOC)
    measured = market.finish()
    classes = [measured[f"pnl_{name}"] for name in ("maker", "noise", "informed", "sniper")]
    v = 0.8 if payoff else 0.2
    assert classes == near([
        4 * 0.510 - 2 * 0.490 - 2 * v,
        -4 * 0.510 + 2 * 0.490 - 0.505 + 3 * v,
        0.505 - v,
        0.0,
    ])  # fmt: skip
    assert sum(classes) + measured["pnl_venue"] == pytest.approx(0, abs=1e-12)
    assert measured["maker_pnl_settled"] == near(4 * 0.510 - 2 * 0.490 - 2 * payoff)
    world = market.world
    assert world.totals.settled[0].sum() == 0
    balance = world.ledger.balance[0]
    assert list(balance[:, CASH].sum(keepdims=True)) == [0]
    assert not balance[:, CONTRACT].any()
    assert not balance[-2:].any()  # venue and issuer


# --- takers ---------------------------------------------------------------------------------------


def test_effective_spread_is_against_the_reference_just_before_the_intent():
    market = HandMarket(CLOB)
    market.order(1 * S, INFORMED, SELL, 530, 1)  # rests; the reference stays at p0 = 500
    market.quote(2 * S, MAKER, (490, 10), (510, 10), 0.5)  # from 2.001 s: mid 500
    market.order(3 * S, NOISE, BUY, 600, 4, IOC)  # 4 at 510, reference 500: 20 each
    market.order(4 * S, OTHER_NOISE, BUY, 495, 2)  # from 4.001 s: mid 502.5
    # Decided at mid 500: 2 at 495 meet no maker, 1 at 490 does: -(2 x 490 - 1000) = 20.
    market.order(4 * S + 1, NOISE, SELL, 480, 3, IOC)
    market.order(5 * S, OTHER_NOISE, BUY, 495, 2)
    market.order(6 * S, INFORMED, BUY, 600, 7, IOC)  # 6 at 510, 1 at 530; mid 502.5: 15 each
    measured = market.finish()
    ticks = (4 * 20 + 1 * 20 + 6 * 15) / 11
    assert measured["effective_spread"] == near(ticks / 1000)
    assert market.world.sums.spreads.effective_lots[0] == 11


def test_effective_spread_is_missing_where_no_taker_met_a_maker():
    market = HandMarket(CLOB)
    market.order(1 * S, OTHER_NOISE, BUY, 495, 2)
    market.order(2 * S, NOISE, SELL, 480, 2, IOC)
    measured = market.finish()
    assert np.isnan(measured["effective_spread"])
    assert measured["n_fills"] == 1


def test_a_limit_order_of_a_taker_that_a_maker_runs_into_counts_with_its_own_reference():
    market = HandMarket(CLOB)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, NOISE, BUY, 496, 3)  # reference 500 when it was decided
    market.quote(3 * S, MAKER, (480, 10), (495, 10), 0.5)  # sells 3 at 496
    measured = market.finish()
    assert measured["effective_spread"] == near((2 * 496 - 1000) / 1000)
    assert measured["maker_spread_captured"] == near(-3 * (0.5 - 0.496))


def test_counterparties_inside_a_clear_are_split_in_proportion_to_lots():
    """10 lots at (500 + 520) / 2: half of the asks and 0.4 of the bids are makers'."""
    market = HandMarket(*FBA)
    market.quote(1 * S, MAKER, (400, 0), (500, 5), 0.5)
    market.order(1 * S, NOISE, BUY, 520, 6)
    market.quote(1 * S, OTHER_MAKER, (520, 4), (600, 0), 0.5)
    market.order(1 * S, INFORMED, SELL, 500, 5)
    measured = market.finish()
    assert market.world.market.volume[0] == 0  # of the last clear
    assert measured["maker_volume_lots"] == 9
    assert market.world.progress.last_price[0] == 510
    noise, informed = 6 * 0.5, 5 * 0.4
    expected = (noise * 20 + informed * -20) / (noise + informed)
    assert market.world.sums.spreads.effective_lots[0] == near(noise + informed)
    assert measured["effective_spread"] == near(expected / 1000)
    assert measured["maker_spread_captured"] == near(-5 * (0.5 - 0.51) + 4 * (0.5 - 0.51))


def test_fill_probability_and_restricted_mean_time_with_censoring():
    market = HandMarket(CLOB)
    market.quote(S // 2, MAKER, (490, 9), (510, 9), 0.5)
    market.order(1 * S, NOISE, BUY, 510, 2, IOC)  # filled after 1 ms
    market.order(int(1.5 * S), NOISE, BUY, 495, 4)  # filled in part after 501 ms, then again
    market.order(2 * S, INFORMED, SELL, 495, 1, IOC)
    market.order(int(2.5 * S), INFORMED, SELL, 495, 3, IOC)
    market.order(3 * S, NOISE, BUY, 480, 1, duration=300 * MS)  # expires: tau
    market.order(int(3.5 * S), NOISE, BUY, 505, 1)  # filled after 2.501 s: tau, not by tau
    market.order(6 * S, INFORMED, SELL, 505, 1, IOC)
    market.order(6 * S + 2 * MS, OTHER_NOISE, BUY, 480, 1, IOC)  # cancelled at once: tau
    market.order(8 * S, NOISE, SELL, 490, 1, IOC)  # at T - tau: counts, 1 ms
    market.order(8 * S + 2, NOISE, SELL, 490, 1, IOC)  # later: excluded
    market.order(9 * S, NOISE, SELL, 530, 1)
    measured = market.finish()
    assert market.world.progress.fills[0] == 6
    assert market.world.sums.execution.intents[0] == 6
    assert measured["taker_fill_probability"] == near(3 / 6)
    waited_ms = 1 + 501 + 2000 + 2000 + 2000 + 1
    assert measured["taker_time_to_execution"] == near(waited_ms / 6)


@pytest.mark.parametrize(
    ("late_ns", "probability", "waited_ms"), [(0, 1.0, 2000.0), (1, 0.0, 2000.0), (-MS, 1.0, 1999)]
)
def test_a_fill_at_tau_is_in_time(late_ns, probability, waited_ms):
    market = HandMarket(CLOB)
    market.order(1 * S, NOISE, BUY, 495, 4)
    market.order(3 * S - MS + late_ns, INFORMED, SELL, 495, 1, IOC)
    measured = market.finish()
    assert measured["taker_fill_probability"] == probability
    assert measured["taker_time_to_execution"] == near(waited_ms)


def test_without_noise_intents_the_taker_measures_are_missing():
    market = HandMarket(CLOB)
    market.order(1 * S, INFORMED, BUY, 495, 4)
    market.order(9 * S, NOISE, BUY, 495, 4)
    measured = market.finish()
    assert np.isnan(measured["taker_fill_probability"])
    assert np.isnan(measured["taker_time_to_execution"])


# --- the public book ------------------------------------------------------------------------------


def test_quoted_spread_and_coverage_are_exact_time_integrals_after_the_warm_up():
    market = HandMarket(CLOB)
    market.quote(S // 2, MAKER, (490, 10), (510, 10), 0.5)  # 20 ticks from 0.501 s
    market.quote(int(2.5 * S), MAKER, (490, 10), (505, 10), 0.5)  # 15 ticks from 2.501 s
    market.quote(4 * S, MAKER, (490, 0), (505, 10), 0.5)  # one side from 4.001 s
    market.quote(7 * S, MAKER, (480, 10), (505, 10), 0.5)  # 25 ticks from 7.001 s
    market.order(9 * S, NOISE, BUY, 600, 10, IOC)  # the ask is gone from 9.001 s
    measured = market.finish()
    # the warm-up ends at 1 s
    covered = [(20, 2.501 - 1), (15, 4.001 - 2.501), (25, 9.001 - 7.001)]
    total = sum(width for _, width in covered)
    spread = sum(ticks * width for ticks, width in covered) / total
    assert measured["quoted_spread"] == near(spread / 1000)
    assert measured["quoted_coverage"] == near(total / 9)


def test_what_happens_in_the_warm_up_only_is_not_measured():
    market = HandMarket(CLOB)
    market.quote(S // 10, MAKER, (490, 10), (510, 10), 0.5)
    market.quote(S // 2, MAKER, (490, 0), (510, 0), 0.5)
    measured = market.finish()
    assert np.isnan(measured["quoted_spread"])
    assert measured["quoted_coverage"] == 0
    assert measured["price_rmse"] == 0
    warm = HandMarket(CLOB)
    warm.quote(S // 10, MAKER, (490, 10), (510, 10), 0.5)
    warm.order(S // 2, NOISE, BUY, 600, 4, IOC)
    assert warm.finish()["maker_spread_captured"] == near(0.04)  # PnL has no warm-up


def test_under_batches_the_book_is_what_the_last_clear_left():
    market = HandMarket(*FBA)
    market.quote(int(2.05 * S), MAKER, (490, 10), (510, 10), 0.5)  # published at 2.1 s
    market.quote(int(4.01 * S), MAKER, (490, 10), (520, 10), 0.5)  # published at 4.1 s
    measured = market.finish()
    spread = (20 * 2.0 + 30 * 5.9) / 7.9
    assert measured["quoted_spread"] == near(spread / 1000)
    assert measured["quoted_coverage"] == near(7.9 / 9)


def test_price_rmse_against_the_integral_by_hand_with_a_jump_in_between():
    jump_ns = 6 * S + 123_456_789
    market = HandMarket(CLOB, jump_ns=jump_ns)
    market.quote(2 * S, MAKER, (480, 10), (500, 10), 0.5)  # p0 until 2.001 s, then 490
    market.quote(4 * S, MAKER, (480, 10), (545, 10), 0.5)  # 512.5 from 4.001 s
    market.order(5 * S, NOISE, BUY, 600, 10, IOC)  # one side from 5.001 s: the last trade, 545
    market.quote(8 * S, MAKER, (700, 10), (750, 10), 0.5)  # 725 from 8.001 s
    measured = market.finish()
    jump = jump_ns / S
    pieces = [
        (1.0, 2.001, 0.5, 0.5),
        (2.001, 4.001, 0.49, 0.5),
        (4.001, 5.001, 0.5125, 0.5),
        (5.001, jump, 0.545, 0.5),
        (jump, 8.001, 0.545, 0.8),
        (8.001, 10.0, 0.725, 0.8),
    ]
    square = sum((end - start) * (price - v) ** 2 for start, end, price, v in pieces)
    assert measured["price_rmse"] == pytest.approx(np.sqrt(square / 9), rel=1e-10)


def test_counts_of_events_messages_and_fills():
    market = HandMarket(CLOB)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)  # 2 messages
    market.quote(2 * S, MAKER, (491, 10), (510, 10), 0.5)  # 1 message, 1 acknowledgement
    market.order(3 * S, NOISE, BUY, 600, 4, IOC)  # 1 message, 1 fill, 2 reports
    market.order(4 * S, NOISE, BUY, 480, 4, duration=100 * MS)  # 1 message, expiry, 1 cancel
    measured = market.finish()
    assert measured["n_messages"] == 2 + 1 + 1 + 2
    assert measured["n_fills"] == 1
    assert measured["n_events"] == measured["n_messages"] + 1 + 2 + 1
