"""Spreads, risk, resilience and incidences, computed by hand on markets of a few orders.

Every order reaches the venue 1 ms after it is sent; trading ends at T = 10 s, the first second is
warm-up, tau = 2 s, markout horizons are 0, 100 and 1,000 ms. v = 0.5, and 0.8 after a jump.
"""

import math

import numpy as np
import pytest

from proteus.market.agents.traders import CLASS_INFORMED, CLASS_MAKER, CLASS_SNIPER
from proteus.market.book.codes import BUY, IOC, SELL
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

# --- after the fill -------------------------------------------------------------------------------


def a_price_that_follows(jump_ns=None):
    """4 bought at 510 when the mid is 500; it is 510 from 2.051 s and 520 from 2.501 s."""
    market = HandMarket(CLOB, jump_ns=jump_ns)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, NOISE, BUY, 600, 4, IOC)  # filled at 2.001 s
    market.quote(2 * S + 50 * MS, MAKER, (500, 10), (520, 10), 0.5)
    market.quote(2 * S + 500 * MS, MAKER, (510, 10), (530, 10), 0.5)
    return market


def test_realised_spread_impact_and_public_markout_follow_the_reference_price():
    measured = a_price_that_follows().finish()
    assert measured["effective_spread"] == near(0.020)
    assert list(measured["realised_spread"]) == near([0.020, 0.0, -0.020])
    assert list(measured["price_impact"]) == near([0.0, 0.020, 0.040])
    assert list(measured["maker_markout_public"]) == near([0.040, 0.0, -0.040])
    assert list(measured["maker_public_left_out_lots"]) == [0, 0, 0]


def test_the_public_markout_knows_nothing_of_v():
    public = a_price_that_follows().finish()["maker_markout_public"]
    jumped = a_price_that_follows(jump_ns=2 * S + 10 * MS).finish()
    assert list(jumped["maker_markout_public"]) == list(public)
    assert list(jumped["maker_markout"]) == near([0.04, -1.16, -1.16])


@pytest.mark.parametrize(("late_ns", "reference"), [(-1, 505), (0, 505), (1, 500)])
def test_a_change_of_the_reference_at_the_horizon_itself_counts(late_ns, reference):
    market = HandMarket(CLOB)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, NOISE, BUY, 600, 4, IOC)
    market.quote(2 * S + 100 * MS + late_ns, MAKER, (490, 10), (520, 10), 0.5)
    measured = market.finish()
    assert measured["maker_markout_public"][1] == near(-4 * (reference - 510) / 1000)


@pytest.mark.parametrize(("late_ns", "left_out"), [(0, 0), (1, 4)])
def test_a_fill_whose_horizon_lies_beyond_the_end_is_left_out_and_counted(late_ns, left_out):
    market = HandMarket(CLOB)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(9 * S - MS + late_ns, NOISE, BUY, 600, 4, IOC)  # filled at 9 s, T is 10 s
    measured = market.finish()
    assert list(measured["maker_public_left_out_lots"]) == [0, 0, left_out]
    last = math.nan if left_out else 0.020
    assert list(measured["realised_spread"]) == near([0.020, 0.020, last])
    assert list(measured["price_impact"]) == near([0, 0, math.nan if left_out else 0])
    assert list(measured["maker_markout_public"]) == near([0.04, 0.04, 2 * last])


def test_a_fill_in_the_warm_up_counts_for_makers_and_not_for_the_market():
    market = HandMarket(CLOB)
    market.quote(S // 10, MAKER, (490, 10), (510, 10), 0.5)
    market.order(S // 2, NOISE, BUY, 600, 4, IOC)
    measured = market.finish()
    assert np.isnan(measured["realised_spread"]).all()
    assert list(measured["maker_markout_public"]) == near([0.04] * 3)


def test_execution_error_is_against_v_and_slippage_against_the_reference_at_the_intent():
    market = HandMarket(CLOB, jump_ns=3 * S)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, NOISE, BUY, 600, 4, IOC)  # pays 0.010 over v and over the mid
    market.order(4 * S, NOISE, SELL, 300, 2, IOC)  # sells at 0.490 what is worth 0.8
    market.order(5 * S, INFORMED, BUY, 600, 5, IOC)
    measured = market.finish()
    assert measured["taker_execution_error"] == near((4 * 0.010 + 2 * 0.310) / 6)
    assert measured["taker_slippage"] == near(0.010)
    by_class = measured["taker_execution_error_by_class"]
    assert by_class[CLASS_INFORMED] == near(0.510 - 0.8)
    assert np.isnan(by_class[[CLASS_MAKER, CLASS_SNIPER]]).all()
    assert list(measured["taker_volume_by_class"]) == [0, 5, 6, 0]
    assert measured["volume_lots"] == 11


# --- who met whom ---------------------------------------------------------------------------------


def test_a_continuous_fill_has_one_counterparty():
    market = HandMarket(CLOB, jump_ns=int(2.5 * S))
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.502)
    market.order(2 * S, NOISE, BUY, 600, 4, IOC)
    market.order(3 * S, INFORMED, BUY, 600, 3, IOC)
    measured = market.finish()
    assert list(measured["maker_volume_by_class"]) == [0, 3, 4, 0]
    assert list(measured["maker_spread_captured_by_class"]) == near([0, 0.024, 0.032, 0])
    at_fill, later = measured["maker_adverse_selection_by_class"][[0, 2]]
    assert list(at_fill) == near([0, -3 * (0.8 - 0.502), -4 * (0.5 - 0.502), 0])
    assert list(later) == near([0, -3 * (0.8 - 0.502), -4 * (0.8 - 0.502), 0])


def test_two_makers_who_meet_gain_from_later_prices_what_the_other_loses():
    market = HandMarket(CLOB)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.quote(2 * S, OTHER_MAKER, (510, 4), (600, 0), 0.5)  # the mid stays at 500
    market.order(int(9.5 * S), NOISE, BUY, 600, 3, IOC)
    measured = market.finish()
    assert list(measured["maker_markout_public"]) == near([0.030, 0.030, 0])
    assert list(measured["maker_public_left_out_lots"]) == [0, 0, 3]
    assert measured["maker_volume_lots"] == 4 + 4 + 3


def test_in_a_clear_counterparties_are_shares_of_the_other_side():
    """10 lots at 510: sold 5 by a maker, 5 by informed; bought 6 by noise, 4 by a maker."""
    market = HandMarket(*FBA)
    market.quote(1 * S, MAKER, (400, 0), (500, 5), 0.5)
    market.order(1 * S, NOISE, BUY, 520, 6)
    market.quote(1 * S, OTHER_MAKER, (520, 4), (600, 0), 0.5)
    market.order(1 * S, INFORMED, SELL, 500, 5)
    measured = market.finish()
    sold, bought = np.array([0.4, 0, 0.6, 0]), np.array([0.5, 0.5, 0, 0])
    assert list(measured["maker_volume_by_class"]) == near(list(5 * sold + 4 * bought))
    captured = 0.05 * sold - 0.04 * bought
    assert list(measured["maker_spread_captured_by_class"]) == near(list(captured))
    assert measured["volume_lots"] == 10
    impact = 0.020 * (6 * 0.5 - 5 * 0.4) / (6 * 0.5 + 5 * 0.4)  # 500 before, 510 after
    assert list(measured["price_impact"]) == near([impact] * 3)
    assert measured["effective_spread"] == near(impact)


def test_snipers_win_the_races_in_which_they_are_filled():
    market = HandMarket(CLOB)
    (sniper,) = np.flatnonzero(market.world.traders.role == CLASS_SNIPER)[:1]
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, sniper, BUY, 520, 4, IOC)
    market.order(3 * S, sniper, BUY, 505, 4, IOC)
    market.order(4 * S, sniper, SELL, 490, 99, IOC)
    measured = market.finish()
    assert measured["sniper_race_share"] == near(2 / 3)
    assert np.isnan(HandMarket(CLOB).finish()["sniper_race_share"])


# --- risk -----------------------------------------------------------------------------------------


def a_loss():
    """Sold 4 at 0.510; v is 0.5 until 5.5 s and 0.8 after: equity 0.04 at 3 s, -1.16 at 6 s."""
    market = HandMarket(CLOB, jump_ns=int(5.5 * S))
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, NOISE, BUY, 600, 4, IOC)
    return market


def test_sharpe_and_drawdown_of_equity_marked_every_second():
    measured = a_loss().finish()
    increments = np.array([0, 0, 0.04, 0, 0, -1.2, 0, 0, 0, 0])
    assert measured["maker_sharpe"] == near(increments.mean() / increments.std(ddof=1))
    assert measured["maker_max_drawdown"] == near(1.2)


def test_a_fall_between_the_last_second_and_the_end_is_a_drawdown_but_no_increment():
    market = HandMarket(CLOB, "horizon_s=10.5", jump_ns=int(10.2 * S))
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(2 * S, NOISE, BUY, 600, 4, IOC)
    measured = market.finish()
    increments = np.array([0, 0, 0.04, *[0] * 7])
    assert measured["maker_sharpe"] == near(increments.mean() / increments.std(ddof=1))
    assert measured["maker_max_drawdown"] == near(1.2)


def test_without_a_move_of_equity_there_is_no_sharpe_ratio():
    measured = HandMarket(CLOB).finish()
    assert np.isnan(measured["maker_sharpe"])
    assert measured["maker_max_drawdown"] == 0


def test_inventory_is_averaged_over_time_and_makers():
    measured = a_loss().finish()
    share = 7.999 / 10  # of the time, one of two makers is short 4
    assert measured["maker_inventory_square"] == near(16 * share / 2)
    assert measured["maker_inventory_variance"] == near((16 * share - (4 * share) ** 2) / 2)
    assert measured["maker_inventory_most"] == 4


# --- the public book ------------------------------------------------------------------------------


def test_depth_at_best_and_near_it():
    """Within 10 ticks; an empty side counts 0; from the end of the warm-up at 1 s."""
    market = HandMarket(CLOB, "metrics.depth_ticks=10")
    market.quote(S // 2, MAKER, (490, 10), (510, 8), 0.5)
    market.order(2 * S, NOISE, BUY, 480, 3)  # near from 2.001 s
    market.order(3 * S, OTHER_NOISE, BUY, 479, 50)  # not near
    market.quote(4 * S, MAKER, (0, 0), (510, 8), 0.5)  # from 4.001 s 480 is the best bid
    measured = market.finish()
    best = (18 * 3.001 + 11 * 5.999) / 9
    near_best = (18 * 1.001 + 21 * 2.0 + 61 * 5.999) / 9
    assert measured["depth_best"] == near(best / 2)
    assert measured["depth_near"] == near(near_best / 2)


def test_realised_volatility_is_of_the_mid_on_the_grid():
    """At 1, 2 .. 10 s the mid is 500, 500, 500, none, none, 510, 510, 504, 504, 504."""
    market = HandMarket(CLOB, "metrics.volatility_grid_ms=1000", jump_ns=int(8.5 * S))
    market.quote(S // 2, MAKER, (490, 10), (510, 10), 0.5)
    market.quote(int(3.5 * S), MAKER, (490, 0), (510, 10), 0.5)
    market.quote(int(5.5 * S), MAKER, (500, 10), (520, 10), 0.5)
    market.order(int(6.2 * S), NOISE, BUY, 600, 1, IOC)  # bounce does not count
    market.quote(int(7.5 * S), MAKER, (494, 10), (514, 10), 0.5)
    measured = market.finish()
    steps = 2 + 4  # seconds with a mid at both ends
    assert measured["realised_volatility"] == near(math.sqrt(36 / steps) / 1000)
    assert measured["volatility_ratio"] == near(6 / 1000 / 0.3)


# --- resilience -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("payoff", "direction"), [(1, 1), (0, -1)])
def test_the_half_life_ends_when_the_reference_reaches_the_halfway_point(payoff, direction):
    """v goes from 0.5 to 0.8 (0.2) at 5 s; the mid is 0.64 from 6.001 s, 0.651 from 7.001 s."""
    market = HandMarket(CLOB, jump_ns=5 * S, payoff=payoff)

    def quote(time, away):
        mid = 500 + direction * away
        market.quote(time, MAKER, (mid - 10, 10), (mid + 10, 10), 0.5)

    quote(1 * S, 0)
    quote(6 * S, 140)
    quote(7 * S, 151)
    quote(8 * S, 0)
    measured = market.finish()
    assert measured["shock_half_life"] == near(2001)
    assert (measured["shock_jumps"], measured["shock_recoveries"]) == (1, 1)


def test_a_jump_that_is_not_followed_has_no_half_life():
    market = HandMarket(CLOB, jump_ns=5 * S)
    market.quote(1 * S, MAKER, (630, 10), (650, 10), 0.5)
    measured = market.finish()
    assert np.isnan(measured["shock_half_life"])
    assert (measured["shock_jumps"], measured["shock_recoveries"]) == (1, 0)
    assert market.world.sums.shocks.watched[0] == 5 * S


def test_a_price_that_is_there_already_follows_at_once_and_a_jump_in_the_warm_up_does_not_count():
    market = HandMarket(CLOB, jump_ns=5 * S)
    market.quote(1 * S, MAKER, (641, 10), (661, 10), 0.5)
    assert market.finish()["shock_half_life"] == 0
    early = HandMarket(CLOB, jump_ns=S - 1)
    assert early.finish()["shock_jumps"] == 0


# --- incidences -----------------------------------------------------------------------------------


def test_a_noise_intent_is_filled_or_ends_unfilled_or_is_still_waiting():
    market = HandMarket(CLOB)
    market.quote(S // 2, MAKER, (490, 9), (510, 9), 0.5)
    market.order(1 * S, NOISE, BUY, 510, 20, IOC)  # filled in part after 1 ms, the rest is no end
    market.order(2 * S, NOISE, BUY, 495, 4)  # filled after 501 ms
    market.order(int(2.5 * S), INFORMED, SELL, 495, 1, IOC)
    market.order(3 * S, NOISE, BUY, 480, 1, duration=300 * MS)  # ended after 301 ms
    market.order(4 * S, OTHER_NOISE, BUY, 480, 1, IOC)  # ended after 1 ms
    market.order(5 * S, OTHER_NOISE, BUY, 400, 1)  # waits
    market.order(9 * S, NOISE, BUY, 480, 1, IOC)  # after T - tau
    measured = market.finish()
    beyond = [math.nan] * 2  # 2,500 and 5,000 ms are beyond tau
    filled = [0.2, 0.2, 0.2, 0.2, 0.4]  # by 50, 100, 250, 500 and 1,000 ms
    ended = [0.2, 0.2, 0.2, 0.4, 0.4]
    assert list(measured["taker_fill_incidence"]) == near([*filled, *beyond])
    assert list(measured["taker_end_incidence"]) == near([*ended, *beyond])
