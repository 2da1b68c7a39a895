"""The dual-flow batch's kernels, rule by rule, on examples worked by hand through the door."""

import pytest

import proteus
from tests.unit.market.mechanisms.test_clob_rules import (
    SELF_TRADE_MODES,
    book,
    cancels,
    fills,
    rejects,
    table,
)
from tests.unit.market.mechanisms.test_fba_rules import DELTA_NS, IMMEDIATE, fba, filled, in_batch
from tests.unit.reference.test_reference_twin import amend, cancel, limit, market

MAKER, TAKER = {"role": "maker"}, {"role": "taker"}
PRICE_RULES = ("midpoint", "reference", "lower", "upper", "takers", "t7")


def dual(*rows, **parameters):
    return proteus.replay(list(rows), mechanism="dual_flow", **parameters)


def clears(result):
    """Clears as (auction, price, volume, surplus, low, high)."""
    columns = ("auction", "price_ticks", "volume", "surplus", "low", "high")
    return table(result.clears, *columns)


# The published example, in ticks of 0.01 (Jump Crypto 2025, as quoted by its implementations).

PUBLISHED = [
    limit(1, "buy", 1000, 100, **MAKER),
    limit(2, "buy", 997, 1000, **MAKER),
    limit(3, "sell", 1001, 100, **TAKER),
    limit(4, "sell", 990, 500, **TAKER),
    limit(5, "sell", 1001, 100, **MAKER),
    limit(6, "sell", 1003, 1000, **MAKER),
    limit(7, "sell", 1003, 200, **MAKER),
    limit(8, "buy", 1005, 300, **TAKER),
    limit(9, "buy", 1003, 100, **TAKER),
]


@pytest.mark.parametrize("rule", PRICE_RULES)
def test_the_published_example(rule):
    """Bid auction 500 at 9.97, makers 100 and 400; ask auction 400 at 10.03, 100, 250 and 50."""
    result = dual(*PUBLISHED, n_ticks=2000, price_rule=rule)
    assert clears(result) == [
        ("bid", 997, 500, 600, 997, 997),
        ("ask", 1003, 400, -900, 1003, 1003),
    ]
    assert filled(result) == {1: 100, 2: 400, 4: 500, 5: 100, 6: 250, 7: 50, 8: 300, 9: 100}
    assert book(result) == [(2, 997, 600), (3, 1001, 100), (6, 1003, 750), (7, 1003, 150)]
    assert set(result.fills["time_ns"]) == {DELTA_NS}


# Two auctions, side by side.


def test_a_clear_is_a_row_for_each_auction_that_trades():
    bids = [limit(1, "buy", 60, 5, **MAKER), limit(2, "sell", 50, 5)]
    asks = [limit(3, "sell", 70, 4, **MAKER), limit(4, "buy", 80, 4)]
    both = dual(*asks, *bids)
    assert table(both.clears, "time_ns", "auction", "price_ticks", "volume") == [
        (DELTA_NS, "bid", 55, 5),
        (DELTA_NS, "ask", 75, 4),
    ]
    assert clears(dual(*bids)) == [("bid", 55, 5, 0, 50, 60)]
    assert clears(dual(*asks)) == [("ask", 75, 4, 0, 70, 80)]
    assert list(dual().clears) == [*fba().clears, "auction"]
    assert clears(dual()) == []


@pytest.mark.parametrize(
    ("rule", "bid_price", "ask_price"),
    [
        ("midpoint", 55, 75),
        ("reference", 60, 70),  # 65, moved into each interval
        ("lower", 50, 70),
        ("upper", 60, 80),
        ("takers", 60, 70),  # high where takers sell, low where they buy
    ],
)
def test_point_in_the_interval_of_each_auction(rule, bid_price, ask_price):
    result = dual(
        limit(1, "buy", 60, 5, **MAKER), limit(2, "sell", 50, 5),
        limit(3, "sell", 70, 4, **MAKER), limit(4, "buy", 80, 4),
        price_rule=rule, reference_ticks=65,
    )  # fmt: skip
    assert [clear[:2] for clear in clears(result)] == [("bid", bid_price), ("ask", ask_price)]


def test_each_auction_has_its_own_last_price_as_reference():
    """Market orders alone trade at the reference: 60 and 70 after the first batch, 65 before."""
    pairs = [("buy", MAKER), ("sell", TAKER), ("sell", MAKER), ("buy", TAKER)]
    prices = (60, 60, 70, 70)
    first = [
        limit(i, side, price, 1, **role)
        for i, ((side, role), price) in enumerate(zip(pairs, prices, strict=True))
    ]
    markets = [market(10 + i, side, 1, **role) for i, (side, role) in enumerate(pairs)]
    later = [in_batch(1, row) for row in markets]
    assert [row[1] for row in clears(dual(*first, *later, reference_ticks=65))] == [60, 70, 60, 70]
    assert [row[1] for row in clears(dual(*markets, reference_ticks=65))] == [65, 65]


def test_quotes_of_makers_may_cross_and_never_trade():
    result = dual(limit(1, "buy", 60, 5, **MAKER), limit(2, "sell", 50, 5, **MAKER))
    assert result.fills.empty
    assert book(result) == [(1, 60, 5), (2, 50, 5)]


# The sharp contrasts with the plain batch, on the same messages.


def test_netting_between_takers_is_lost():
    """One buys 5, one sells 5, makers quote 490 and 510: they pay a half-spread each, or none."""
    makers = [limit(1, "buy", 490, 9, **MAKER), limit(2, "sell", 510, 9, **MAKER)]
    takers = [limit(3, "buy", 520, 5), limit(4, "sell", 480, 5)]
    plain, apart = fba(*makers, *takers), dual(*makers, *takers)
    assert fills(plain) == [(3, 4, 500, 5)]  # W = [490, 510]
    assert fills(apart) == [(1, 4, 490, 5), (2, 3, 510, 5)]
    assert fills(fba(*takers)) == [(3, 4, 500, 5)]
    assert dual(*takers).fills.empty


def test_a_stale_maker_is_not_hit_by_a_maker():
    """News moves the value to 530: one maker is late at 500, the other bids 520, a sniper too."""
    stale, fresh = limit(1, "sell", 500, 9, **MAKER), limit(2, "buy", 520, 9, **MAKER)
    assert fills(fba(stale, fresh)) == [(1, 2, 510, 9)]
    assert dual(stale, fresh).fills.empty
    sniper = limit(3, "buy", 525, 4, tif="ioc", **TAKER)
    assert fills(dual(stale, fresh, sniper)) == [(1, 3, 500, 4)]  # of takers it is no protection


def test_by_default_everybody_is_a_taker():
    pair = [limit(1, "buy", 60, 5), limit(2, "sell", 50, 5)]
    assert dual(*pair).fills.empty
    assert fills(dual(pair[0] | MAKER, pair[1])) == [(1, 2, 55, 5)]


@pytest.mark.parametrize("mechanism", ["clob", "fba"])
def test_other_mechanisms_do_not_look_at_the_role(mechanism):
    rows = [limit(1, "buy", 60, 5), limit(2, "sell", 50, 5)]
    expected = fills(proteus.replay(rows, mechanism))
    assert len(expected) == 1
    for role in (MAKER, TAKER):
        assert fills(proteus.replay([row | role for row in rows], mechanism)) == expected


def test_a_fill_names_the_maker_by_role_and_not_by_time():
    taker_first = dual(limit(1, "sell", 50, 5), limit(2, "buy", 50, 5, **MAKER))
    assert fills(taker_first) == [(2, 1, 50, 5)]
    assert fills(fba(limit(1, "sell", 50, 5), limit(2, "buy", 50, 5))) == [(1, 2, 50, 5)]


# What rests.


def test_the_rest_stays_with_its_role():
    """2 of 5 lots of a taker's sell are left: no taker buys them, a maker of a later batch does."""
    first = [limit(1, "sell", 50, 5), limit(2, "buy", 50, 3, **MAKER)]
    taker = in_batch(1, limit(3, "buy", 60, 9))
    maker = in_batch(2, limit(4, "buy", 50, 9, **MAKER))
    assert book(dual(*first, taker)) == [(3, 60, 9), (1, 50, 2)]
    result = dual(*first, taker, maker)
    assert table(result.fills, "time_ns", "maker_order_id", "quantity") == [
        (DELTA_NS, 2, 3),
        (3 * DELTA_NS, 4, 2),
    ]
    assert book(result) == [(3, 60, 9), (4, 50, 7)]


@pytest.mark.parametrize("role", ["maker", "taker"])
def test_immediate_orders_of_both_roles_live_for_one_clear(role):
    other = "taker" if role == "maker" else "maker"
    rows = [market(1, "buy", 5, role=role), limit(2, "buy", 60, 4, tif="ioc", role=role)]
    result = dual(*rows, limit(3, "sell", 50, 7, role=other))
    assert filled(result) == {1: 5, 2: 2, 3: 7}
    assert cancels(result) == [(2, 2, IMMEDIATE)]
    assert cancels(dual(*rows, limit(3, "sell", 50, 7, role=role))) == [
        (1, 5, IMMEDIATE),
        (2, 4, IMMEDIATE),
    ]


@pytest.mark.parametrize("more", [{"tif": "fok"}, {"post_only": True}])
def test_orders_without_a_meaning_in_a_batch_are_rejected(more):
    result = dual(limit(1, "buy", 60, 5, **MAKER, **more), market(2, "sell", 5, **more))
    assert rejects(result) == [(1, "not_in_batch"), (2, "not_in_batch")]
    assert book(result) == []


def test_an_amended_order_keeps_its_role():
    """It may say so and nothing else; a cancel works as everywhere."""
    refused = amend(1, price_ticks=60, quantity=7, **TAKER)
    rows = [limit(1, "buy", 40, 5, **MAKER), refused, {**refused, **MAKER}]
    result = dual(*rows, limit(2, "sell", 50, 7), limit(3, "sell", 50, 7, **MAKER), cancel(3))
    assert fills(result) == [(1, 2, 55, 7)]
    assert cancels(result) == [(3, 7, "requested")]


def test_a_message_at_the_close_belongs_to_the_next_batch():
    late = limit(2, "sell", 50, 5, time_ns=DELTA_NS)
    assert set(dual(limit(1, "buy", 50, 5, **MAKER), late).clears["time_ns"]) == {2 * DELTA_NS}


def test_both_auctions_close_at_one_random_time():
    result = dual(*PUBLISHED, n_ticks=2000, random_close=1.0)
    (time,) = set(result.clears["time_ns"])
    assert 0 < time < DELTA_NS
    assert len(result.clears) == 2


# The marginal level: 5, 3 and 2 lots (ids 9, 4, 7, in this order of arrival).


@pytest.mark.parametrize(("side", "role"), [("buy", "maker"), ("sell", "taker"),
                                            ("buy", "taker"), ("sell", "maker")])  # fmt: skip
@pytest.mark.parametrize(
    ("lots", "shares"),
    [
        (5, {9: 2, 4: 2, 7: 1}),  # 2.5, 1.5, 1.0: equal remainders, lower id
        (9, {9: 4, 4: 3, 7: 2}),  # 4.5, 2.7, 1.8
    ],
)
@pytest.mark.parametrize("batches", [(0, 0, 0), (0, 1, 2)])
def test_the_marginal_level_is_shared_by_size_whenever_it_arrived(
    batches, lots, shares, side, role
):
    sizes = [(9, 5), (4, 3), (7, 2)]
    level = [
        in_batch(batch, limit(order_id, side, 50, quantity, role=role))
        for batch, (order_id, quantity) in zip(batches, sizes, strict=True)
    ]
    other_side, other_role = (
        {"buy": "sell", "sell": "buy"}[side],
        {"maker": "taker", "taker": "maker"}[role],
    )
    better = in_batch(2, limit(8, side, 51 if side == "buy" else 49, 1, role=role))
    meeting = in_batch(2, market(1, other_side, lots + 1, role=other_role))
    assert filled(dual(*level, better, meeting)) == {**shares, 8: 1, 1: lots + 1}


def test_dust_goes_to_the_lower_ids():
    """3 x 10 share 10: 3.33 each, one lot of dust (rounding down would trade only 9)."""
    asks = [limit(order_id, "sell", 50, 10, **MAKER) for order_id in (7, 3, 5)]
    assert filled(dual(*asks, limit(1, "buy", 50, 10))) == {3: 4, 5: 3, 7: 3, 1: 10}


def test_random_allocation_fills_in_full_in_an_order_that_the_seed_fixes():
    """Two asks of 2 share 2: one gets all. Same winner in 60 seeds by chance: 2e-18."""
    asks = [limit(order_id, "sell", 50, 2, **MAKER) for order_id in (1, 2)]

    def winner(seed):
        lots = filled(dual(*asks, limit(9, "buy", 50, 2), allocation="random", seed=seed))
        (order_id,) = set(lots) - {9}
        return order_id

    assert [winner(seed) for seed in range(60)] == [winner(seed) for seed in range(60)]
    assert {winner(seed) for seed in range(60)} == {1, 2}


# Self-trades: an agent whose orders have both roles.


@pytest.mark.parametrize(
    ("mode", "volume", "cancelled"),
    [
        ("none", 5, []),
        ("cancel_newest", 4, [(2, 3)]),
        ("cancel_oldest", 0, [(1, 5)]),
        ("cancel_both", 0, [(1, 5), (2, 3)]),
        ("decrement", 2, [(1, 3), (2, 3)]),
    ],
)
def test_self_trade_inside_an_auction(mode, volume, cancelled):
    own = [limit(1, "buy", 60, 5, agent=1, **MAKER), limit(2, "sell", 50, 3, agent=1)]
    result = dual(*own, limit(3, "sell", 55, 4, agent=2), self_trade=mode)
    assert sum(result.fills["quantity"]) == volume
    assert cancels(result) == [(order_id, lots, "self_trade") for order_id, lots in cancelled]


@pytest.mark.parametrize("mode", SELF_TRADE_MODES)
def test_own_orders_that_can_never_meet_are_left_alone(mode):
    """A maker's own quotes cross, and so do a taker's own orders."""
    own = [limit(1, "buy", 60, 5, agent=1, **MAKER), limit(2, "sell", 50, 5, agent=1, **MAKER)]
    own += [limit(3, "buy", 60, 5, agent=2), limit(4, "sell", 55, 5, agent=2)]
    result = dual(*own, self_trade=mode)
    assert cancels(result) == []
    assert fills(result) == [(1, 4, 58, 5), (2, 3, 55, 5)]
