"""The dual-flow batch inside the engine: who is a maker, what is public, and what is measured.

Every order reaches the venue 1 ms after it is sent, batches are 100 ms; trading ends at T = 10 s,
the first second is warm-up.
"""

import numpy as np
import pytest

from proteus.market.agents.traders import CLASS_INFORMED, CLASS_MAKER, CLASS_NAMES, CLASS_NOISE
from proteus.market.book.codes import BUY, IOC, SELL
from proteus.market.information.history import took_part
from proteus.market.trading import desk
from tests.helpers.cells import cell, finished_plain
from tests.helpers.hand_market import (
    DUAL_FLOW,
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


def quotes(market):
    """The newest public state: best prices of all ladders, last price."""
    data = market.world.data
    at = (data.count[0] - 1) & (data.time.shape[1] - 1)
    return data.best[0, at].tolist(), int(data.last[0, at])


def prints(market):
    """The tape as (price, traders who took part)."""
    data = market.world.data
    return [
        (int(data.print_price[0, at]), {t for t in range(5) if took_part(data, 0, at, t)})
        for at in range(int(data.prints[0]))
    ]


# --- roles ----------------------------------------------------------------------------------------


def test_makers_are_makers_and_everybody_else_takes_whatever_the_order():
    """A resting limit order of a noise trader is a taker's, a crossing quote a maker's."""
    market = HandMarket(*DUAL_FLOW)
    market.order(1 * S, NOISE, SELL, 500, 5)
    market.order(1 * S, OTHER_NOISE, BUY, 520, 5)
    market.order(1 * S, INFORMED, SELL, 490, 2)
    market.quote(1 * S, MAKER, (480, 0), (530, 3), 0.5)
    market.quote(1 * S, OTHER_MAKER, (540, 1), (600, 0), 0.5)
    market.run(1 * S + 100 * MS)
    # Only the maker's bid and the best taker's ask meet: W = [max(490, 490), min(540, 490)].
    assert market.world.progress.fills[0] == 1
    assert prints(market) == [(490, {OTHER_MAKER, INFORMED})]
    assert sorted(market.book()) == [
        (MAKER, SELL, 530, 3), (INFORMED, SELL, 490, 1), (NOISE, SELL, 500, 5),
        (OTHER_NOISE, BUY, 520, 5),
    ]  # fmt: skip


def test_a_stale_quote_is_hit_by_a_maker_in_the_plain_batch_only():
    traded = {}
    for mechanism in (FBA, DUAL_FLOW):
        market = HandMarket(*mechanism)
        market.quote(1 * S, MAKER, (480, 0), (500, 10), 0.49)
        market.quote(2 * S, OTHER_MAKER, (520, 10), (540, 10), 0.53)
        market.run(3 * S)
        traded[mechanism] = int(market.world.progress.fills[0])
    assert traded == {FBA: 1, DUAL_FLOW: 0}


def test_lots_of_makers_are_filled_by_takers_only():
    """A whole run of the baseline: makers trade much, and never among themselves."""
    against = {}
    for name in ("fba", "dual_flow"):
        world = finished_plain(cell(f"mechanism={name}", "latent.jump_rate_per_s=2"), 2, audit=True)
        markouts = world.sums.markouts
        assert (markouts.lots > 20).all()
        against[name] = markouts.lots_by[:, CLASS_MAKER].sum() / markouts.lots.sum()
    assert against["dual_flow"] == 0
    assert against["fba"] > 0


# --- what is public -------------------------------------------------------------------------------


def crowded():
    """Makers 490 / 510; a taker bids 505, another asks 495: they never meet."""
    market = HandMarket(*DUAL_FLOW)
    market.quote(1 * S, MAKER, (490, 10), (510, 7), 0.5)
    market.order(1 * S, NOISE, BUY, 505, 4)
    market.order(1 * S, OTHER_NOISE, SELL, 495, 3)
    market.run(1 * S + 200 * MS)
    return market


def test_the_quotes_are_the_makers_and_the_best_of_the_takers_stand_beside():
    market = crowded()
    assert quotes(market) == ([490, 510, 505, 495], -1)
    data = market.world.data
    at = (data.count[0] - 1) & (data.time.shape[1] - 1)
    assert data.lots[0, at].tolist() == [10, 7, 4, 3]


@pytest.mark.parametrize("trader", [INFORMED, NOISE])
def test_a_taker_could_trade_at_the_makers_quotes(trader):
    market = crowded()
    desk.observe(market.world, 0, trader, 2 * S, MS)
    assert market.world.seen.executable[0].tolist() == [490, 510]
    assert market.world.seen.reference_doubled[0] == 1000


def test_a_maker_could_trade_at_the_best_prices_of_the_takers():
    market = crowded()
    desk.observe(market.world, 0, MAKER, 2 * S, MS)
    assert market.world.seen.executable[0].tolist() == [505, 495]


def test_without_takers_a_maker_falls_back_to_the_last_public_price():
    market = HandMarket(*DUAL_FLOW)
    market.quote(1 * S, MAKER, (490, 10), (510, 7), 0.5)
    market.run(1 * S + 200 * MS)
    desk.observe(market.world, 0, OTHER_MAKER, 2 * S, MS)
    assert market.world.seen.executable[0].tolist() == [500, 500]
    market.order(2 * S, NOISE, BUY, 520, 4, IOC)
    market.run(2 * S + 200 * MS)
    desk.observe(market.world, 0, OTHER_MAKER, 3 * S, MS)
    assert market.world.seen.executable[0].tolist() == [510, 510]


def test_each_auction_is_a_print_with_its_own_parties():
    market = HandMarket(*DUAL_FLOW)
    market.quote(1 * S, MAKER, (490, 10), (600, 0), 0.5)
    market.quote(1 * S, OTHER_MAKER, (400, 0), (510, 7), 0.5)
    market.order(1 * S, NOISE, BUY, 600, 4, IOC)
    market.order(1 * S, OTHER_NOISE, SELL, 400, 3, IOC)
    market.order(1 * S, INFORMED, SELL, 400, 2, IOC)
    market.run(1 * S + 200 * MS)
    assert prints(market) == [(490, {MAKER, OTHER_NOISE, INFORMED}), (510, {OTHER_MAKER, NOISE})]


@pytest.mark.parametrize(
    ("bid", "ask", "before", "last"),
    [
        ((490, True), (510, True), None, 500),  # the middle
        ((490, True), (510, False), None, 490),
        ((490, False), (510, True), None, 510),
        ((490, True), (511, True), None, 500),  # 500.5: nearer p0 = 500
        ((490, True), (511, True), 520, 501),  # nearer the last price
        ((490, True), (511, True), 480, 500),
    ],
)
def test_the_public_price_is_the_middle_of_the_auctions_that_trade(bid, ask, before, last):
    market = HandMarket(*DUAL_FLOW)
    if before is not None:
        market.quote(S // 2, MAKER, (400, 0), (before, 1), 0.5)
        market.order(S // 2, NOISE, BUY, before, 1, IOC)
    market.quote(1 * S, MAKER, (bid[0], 10), (ask[0], 10), 0.5)
    if bid[1]:
        market.order(1 * S, NOISE, SELL, 300, 2, IOC)
    if ask[1]:
        market.order(1 * S, INFORMED, BUY, 700, 2, IOC)
    market.run(2 * S)
    assert quotes(market)[1] == last


# --- what is measured -----------------------------------------------------------------------------


def test_the_spread_of_makers_may_be_negative_and_is_reported_so():
    market = HandMarket(*DUAL_FLOW)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)  # published at 1.1 s
    market.quote(4 * S, OTHER_MAKER, (515, 10), (540, 10), 0.53)  # published at 4.1 s
    measured = market.finish()
    assert measured["quoted_spread"] == near((20 * 3.0 - 5 * 5.9) / 8.9 / 1000)
    assert measured["quoted_coverage"] == near(8.9 / 9)
    assert measured["n_fills"] == 0


def test_orders_of_takers_are_no_depth_and_no_quote():
    market = HandMarket(*DUAL_FLOW)
    market.order(1 * S, NOISE, BUY, 505, 4)
    market.order(1 * S, OTHER_NOISE, SELL, 495, 3)
    measured = market.finish()
    assert np.isnan(measured["quoted_spread"])
    assert measured["quoted_coverage"] == 0
    assert measured["depth_best"] == measured["depth_near"] == 0
    assert measured["price_rmse"] == 0  # the reference stays p0


def test_counterparties_are_split_inside_each_auction():
    """Bid auction: noise sells 6. Ask auction: informed buys 2. No proportion crosses over."""
    market = HandMarket(*DUAL_FLOW)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.order(1 * S, NOISE, SELL, 400, 6, IOC)
    market.order(1 * S, INFORMED, BUY, 600, 2, IOC)
    measured = market.finish()
    by_class = dict(zip(CLASS_NAMES, measured["maker_volume_by_class"], strict=True))
    assert by_class == {"maker": 0, "informed": 2, "noise": 6, "sniper": 0}
    captured = measured["maker_spread_captured_by_class"]
    assert captured[CLASS_NOISE] == near(6 * 0.010)
    assert captured[CLASS_INFORMED] == near(2 * 0.010)
    assert measured["effective_spread"] == near(0.020)
    assert measured["maker_volume_lots"] == measured["volume_lots"] == 8


def test_two_takers_who_want_opposite_things_both_pay_a_half_spread():
    paid = {}
    for mechanism in (FBA, DUAL_FLOW):
        market = HandMarket(*mechanism)
        market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
        market.order(2 * S, NOISE, SELL, 400, 5, IOC)
        market.order(2 * S, OTHER_NOISE, BUY, 600, 5, IOC)
        measured = market.finish()
        paid[mechanism] = measured["taker_execution_error"], measured["maker_pnl_marked"]
    assert paid[FBA] == near((0.0, 0.0))  # W = [490, 510]: they meet at 500
    assert paid[DUAL_FLOW] == near((0.010, 10 * 0.010))
